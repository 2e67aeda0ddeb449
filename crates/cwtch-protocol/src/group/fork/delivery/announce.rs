//! Posts of a package in the group, and the hour in which a fork's maker says nothing else of it.

use cwtch_wire::group::fork::Class;
use rand_core::RngCore;

use super::super::HOUR;
use super::wait::Wait;

/// Seconds between two parts. Together they would be one event on the server; apart they still are within minutes.
const PAUSE: core::ops::RangeInclusive<u64> = 5..=60;
/// The longest time for which the server is waited for, before the new key is used all the same.
const CONFIRMATION: u64 = HOUR;

/// Parts of a package on their way into the group, each in a control message of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Posting {
    /// The number of parts.
    pub parts: u8,
    /// The part that is posted next; [`Posting::parts`] when all were.
    pub next: u8,
    /// The pause before it.
    pub pause: Wait,
}

impl Posting {
    /// A posting whose first part is due at once.
    pub const fn new(class: Class, now: u64) -> Self {
        Self { parts: class.parts(), next: 0, pause: Wait::new(now, 0) }
    }

    /// The index of the part that is to be posted now.
    pub fn due(&self, now: u64) -> Option<u8> {
        (self.next < self.parts && self.pause.is_over(now)).then_some(self.next)
    }

    /// The time at which the next part is due; `None` when all were posted.
    pub fn wakes(&self) -> Option<u64> {
        (self.next < self.parts).then(|| self.pause.end())
    }

    /// Notes that the message with the part that was due is durable and on its way, and draws the next pause.
    pub fn posted(&mut self, now: u64, rng: &mut impl RngCore) {
        if self.next < self.parts {
            self.next += 1;
            self.pause = Wait::drawn(now, PAUSE, rng);
        }
    }
}

/// A fork of one's own, from the transaction that made it on.
///
/// Until the server has confirmed every part, nothing is written in the new epoch and nothing passed on to contacts: whoever is not in the
/// group any more would otherwise see first that something has happened. After an hour it goes on all the same, or a server that refuses
/// parts could forbid the fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Announcement {
    /// The posting of the parts; `None` for a fork that goes to contacts only, because the person wants it so.
    pub posting: Option<Posting>,
    /// The hour for which the server is waited for.
    pub hour: Wait,
    /// The parts that the server has confirmed, a bit for each.
    pub confirmed: u8,
}

/// Progress of a fork of one's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Standing {
    /// The server has not confirmed every part: nothing else may show of the fork yet.
    Waits,
    /// All parts are in the group.
    Announced,
    /// Not all parts are in the group, and the fork goes on: the person is told. Parts that are queued are tried further.
    Quiet,
}

impl Announcement {
    /// A fork that was made now; `quiet` for one that is not put into the group.
    pub fn new(class: Class, quiet: bool, now: u64) -> Self {
        let posting = (!quiet).then(|| Posting::new(class, now));
        Self { posting, hour: Wait::new(now, CONFIRMATION), confirmed: 0 }
    }

    /// Notes that the server has confirmed a part.
    pub fn confirmed(&mut self, index: u8) {
        self.confirmed |= 1u8.checked_shl(index.into()).unwrap_or(0);
    }

    /// Tells whether the fork goes on. Once it does, it never waits again.
    pub fn standing(&self, now: u64) -> Standing {
        let Some(posting) = self.posting else { return Standing::Quiet };
        let all = (0..posting.parts).all(|index| self.confirmed & (1 << index) != 0);
        match (all, self.hour.is_over(now)) {
            (true, _) => Standing::Announced,
            (false, true) => Standing::Quiet,
            (false, false) => Standing::Waits,
        }
    }
}
