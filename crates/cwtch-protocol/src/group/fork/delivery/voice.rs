//! Messages in an epoch that was moved to: the first one shows the others where the member writes now.

use cwtch_wire::group::fork::Mode;
use rand_core::RngCore;

use super::super::DAY;
use super::wait::{Wait, draw};

/// The longest time before a member shows by a control message that they moved. Drawn evenly, it is three days on average; and it is over before
/// the contest of the epoch is, so that all who are there are counted in it.
const SPEAKS: core::ops::RangeInclusive<u64> = 0..=6 * DAY;
/// Time after which a new prekey is made, with any message.
const PREKEY: u64 = 7 * DAY;
/// Time of silence after which a prekey is published by itself.
const SILENT: u64 = 28 * DAY;
/// Number of messages of which one carries an end mark.
const END_MARKS: u32 = 16;

/// A member's own messages in the epoch that is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// The wait before the first control message, if no other message comes before it.
    pub speaks: Wait,
    /// Number of messages that the member wrote here.
    pub written: u32,
    /// Time of the newest.
    pub last: Option<u64>,
}

/// Records that a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Carries {
    /// A prekey that is made for it.
    pub prekey: bool,
    /// The end of what the member wrote in the epoch before, where there is one.
    pub end_mark: bool,
}

impl Voice {
    /// The voice of a member who has just moved, joined, or founded.
    pub fn new(now: u64, rng: &mut impl RngCore) -> Self {
        Self { speaks: Wait::new(now, draw(SPEAKS, rng)), written: 0, last: None }
    }

    /// Records for the message that is written now; `prekey` is the time of the newest own one, in whichever group it was published.
    pub fn carries(&self, prekey: Option<u64>, now: u64) -> Carries {
        let old = prekey.is_none_or(|made| Wait::new(made, PREKEY).is_over(now));
        Carries { prekey: self.written == 0 || old, end_mark: self.written.is_multiple_of(END_MARKS) }
    }

    /// True if a control message is due: the first one after a move, or one after a long silence, so that copies of old devices can be
    /// locked out. Only in trusted groups: elsewhere nobody counts, and a message says that somebody is there.
    pub fn is_due(&self, mode: Mode, now: u64) -> bool {
        mode == Mode::Trusted
            && match self.last {
                None => self.speaks.is_over(now),
                Some(last) => Wait::new(last, SILENT).is_over(now),
            }
    }

    /// The time at which a control message is due, if nothing is written before.
    pub fn wakes(&self, mode: Mode) -> Option<u64> {
        let due = self.last.map_or(self.speaks.end(), |last| Wait::new(last, SILENT).end());
        (mode == Mode::Trusted).then_some(due)
    }

    /// Notes that a message was written, which is durable.
    pub fn wrote(&mut self, now: u64) {
        self.written = self.written.saturating_add(1);
        self.last = Some(now);
    }
}
