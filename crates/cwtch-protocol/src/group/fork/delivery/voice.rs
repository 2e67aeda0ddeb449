//! Messages in an epoch that was moved to: the first one shows the others where the member writes now.

use cwtch_wire::group::fork::Mode;
use rand_core::RngCore;

use super::super::DAY;
use super::wait::{Wait, draw};

/// The longest time before a member shows by a control message that they moved. Drawn evenly, it is three days on average; and it is over before
/// the contest of the epoch is, so that all who are there are counted in it.
const SPEAKS: core::ops::RangeInclusive<u64> = 0..=6 * DAY;
/// Part of that time after which a member shows it while concurrent rekeys are settled.
const SOONER: u64 = 3;
/// Time of silence after which a member says again where they are, while concurrent rekeys are settled: who is counted late, because a message was
/// lost, makes others go back and forth.
const SPEAKS_AGAIN: core::ops::RangeInclusive<u64> = DAY..=3 * DAY;
/// Time after which a new prekey is made, with any message.
const PREKEY: u64 = 7 * DAY;
/// Time of silence after which a prekey is published by itself.
const SILENT: u64 = 28 * DAY;
/// Number of messages of which one carries an end mark.
const END_MARKS: u32 = 16;

/// A member's own messages in the epoch that is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Voice {
    /// The wait before the first control message, if no other message comes before it; afterwards the one before the next while rekeys are
    /// contested.
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
    /// locked out; both sooner while concurrent rekeys are settled (`contested`). Only in trusted groups: elsewhere nobody counts, and a
    /// message says that somebody is there.
    pub fn is_due(&self, mode: Mode, contested: bool, now: u64) -> bool {
        mode == Mode::Trusted && self.silence(contested).is_over(now)
    }

    /// The time at which a control message is due, if nothing is written before.
    pub fn wakes(&self, mode: Mode, contested: bool) -> Option<u64> {
        (mode == Mode::Trusted).then(|| self.silence(contested).end())
    }

    fn silence(&self, contested: bool) -> Wait {
        let Wait { since, seconds } = self.speaks;
        match (self.last, contested) {
            (None, true) => Wait::new(since, seconds / SOONER),
            (Some(last), false) => Wait::new(last, SILENT),
            (None, false) | (Some(_), true) => self.speaks,
        }
    }

    /// Notes that a message was written, which is durable.
    pub fn wrote(&mut self, now: u64, rng: &mut impl RngCore) {
        self.written = self.written.saturating_add(1);
        self.last = Some(now);
        self.speaks = Wait::drawn(now, SPEAKS_AGAIN, rng);
    }
}
