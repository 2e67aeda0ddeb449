//! Waits by a clock that people can set.

use core::ops::RangeInclusive;

use rand_core::RngCore;

/// A time that has to pass, in seconds by the own clock.
///
/// The beginning is kept and not only the end: a clock that was years ahead when the wait began, and is set right later, would otherwise
/// make it last for years. Before its beginning a wait is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// The beginning, in unix seconds.
    pub since: u64,
    /// The length, in seconds.
    pub seconds: u64,
}

impl Wait {
    /// A wait that begins now.
    pub const fn new(now: u64, seconds: u64) -> Self {
        Self { since: now, seconds }
    }

    /// A wait of a random length that begins now.
    pub fn drawn(now: u64, seconds: RangeInclusive<u64>, rng: &mut impl RngCore) -> Self {
        Self::new(now, draw(seconds, rng))
    }

    /// True if the time has passed.
    pub const fn is_over(&self, now: u64) -> bool {
        now < self.since || now - self.since >= self.seconds
    }

    /// The time at which it ends, if the clock is not set.
    pub const fn end(&self) -> u64 {
        self.since.saturating_add(self.seconds)
    }
}

/// A number of a range; an empty one gives its beginning.
pub(super) fn draw(range: RangeInclusive<u64>, rng: &mut impl RngCore) -> u64 {
    let span = range.end().saturating_sub(*range.start()).saturating_add(1);
    // A remainder favours some numbers by less than one in a billion, for the ranges that are drawn from here.
    range.start().saturating_add(rng.next_u64() % span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_ends_a_wait_and_never_prolongs_it() {
        let wait = Wait::new(1000, 60);
        assert!(!wait.is_over(1000) && !wait.is_over(1059) && wait.is_over(1060));
        assert!(wait.is_over(999), "set back before the beginning");
        assert_eq!(wait.end(), 1060);
        assert_eq!(Wait::new(u64::MAX, 60).end(), u64::MAX);
    }
}
