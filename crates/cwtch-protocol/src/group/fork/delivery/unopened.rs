//! Packages that are whole and do not open.

use super::super::{DAY, HOUR};
use super::wait::Wait;

/// Time for which other ways are waited for, before anybody is asked.
const PATIENCE: u64 = HOUR;
/// Time after which the person is told.
const TOLD: u64 = DAY;
/// The longest time between two questions to one contact.
const SELDOM: u64 = DAY;

/// A fork whose package is whole and holds no box for a prekey of one's own: the member was left out, or the device was restored from a
/// backup, or the box was lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unopened {
    /// Time at which the package was whole.
    pub since: u64,
    /// True if the person was told.
    pub told: bool,
}

impl Unopened {
    /// A package that did not open now.
    pub const fn new(now: u64) -> Self {
        Self { since: now, told: false }
    }

    /// True if a contact who wrote in the group is to be asked, who was asked last at a time, and so often before. The pause between two
    /// questions doubles from an hour to a day: who was removed would otherwise ask every hour for a month.
    pub fn asks(&self, asked: Option<(u64, u32)>, now: u64) -> bool {
        let pause = |times: u32| HOUR.saturating_mul(1 << times.saturating_sub(1).min(8)).min(SELDOM);
        let patient = Wait::new(self.since, PATIENCE).is_over(now);
        patient && asked.is_none_or(|(last, times)| Wait::new(last, pause(times)).is_over(now))
    }

    /// True if the person is to be told that somebody made a new key which was not for them, or that a copy of it was lost.
    pub fn tells(&self, now: u64) -> bool {
        !self.told && Wait::new(self.since, TOLD).is_over(now)
    }
}
