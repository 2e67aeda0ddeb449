//! Allowance for what a remote asks for: a bucket that refills, without a clock of its own.

use std::time::Duration;

use tokio::time::Instant;

/// Units of work that a remote may ask for: a burst at once, one more each time that an interval has passed.
#[derive(Debug, Clone, Copy)]
pub struct Allowance {
    each: Duration,
    burst: Duration,
    longest: Option<Duration>,
    /// Moment at which everything that was used will have been refilled.
    full: Option<Instant>,
}

impl Allowance {
    /// An allowance of `burst` units at once, and one more each time that `each` has passed.
    pub fn new(burst: u32, each: Duration) -> Self {
        Self { each, burst: each.saturating_mul(burst), longest: None, full: None }
    }

    /// The same allowance, closed for at most `longest`, however much was asked for.
    #[must_use]
    pub fn at_most(self, longest: Duration) -> Self {
        Self { longest: Some(longest), ..self }
    }

    /// Counts units that were used, even if there were fewer left.
    pub fn charge(&mut self, units: u32, now: Instant) {
        let full = self.full.map_or(now, |full| full.max(now));
        let charged = full.checked_add(self.each.saturating_mul(units));
        let longest = self.longest.and_then(|longest| now.checked_add(self.burst.saturating_add(longest)));
        self.full = match (charged, longest) {
            (Some(charged), Some(longest)) => Some(charged.min(longest)),
            // The moment is farther away than the clock can represent: the allowance stays as it was.
            (charged, longest) => charged.or(longest).or(Some(full)),
        };
    }

    /// The moment from which on the next unit may be asked for, if not now.
    pub fn opens(&self, now: Instant) -> Option<Instant> {
        let opens = self.full?.checked_sub(self.burst)?;
        (opens > now).then_some(opens)
    }

    /// Uses one unit if there is one; false if there is none.
    pub fn take(&mut self, now: Instant) -> bool {
        let mut taken = *self;
        taken.charge(1, now);
        let granted = taken.opens(now).is_none();
        if granted {
            *self = taken;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EACH: Duration = Duration::from_secs(1);

    #[test]
    fn a_burst_is_free_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut allowance = Allowance::new(3, EACH);
        for _ in 0..3 {
            assert_eq!(allowance.opens(start), None);
            allowance.charge(1, start);
        }
        assert_eq!(allowance.opens(start), None, "the burst is used, and nothing is owed");
        allowance.charge(1, start);
        assert_eq!(allowance.opens(start), Some(start + EACH));
        let later = start + EACH;
        assert_eq!(allowance.opens(later), None);
        allowance.charge(1, later);
        assert_eq!(allowance.opens(later), Some(later + EACH));
        // A pause fills it up again, to the burst and no more.
        let rested = start + 1000 * EACH;
        (0..4).for_each(|_| allowance.charge(1, rested));
        assert_eq!(allowance.opens(rested), Some(rested + EACH));
    }

    #[test]
    fn what_is_taken_is_there() {
        let start = Instant::now();
        let mut allowance = Allowance::new(32, 4 * EACH);
        assert_eq!((0..1000).filter(|_| allowance.take(start)).count(), 32);
        assert_eq!((0..1000).filter(|n| allowance.take(start + Duration::from_millis(n * 40))).count(), 9);
    }

    #[test]
    fn nobody_is_left_out_for_longer_than_was_said() {
        let (start, longest) = (Instant::now(), 30 * EACH);
        let mut allowance = Allowance::new(3, EACH).at_most(longest);
        allowance.charge(u32::MAX, start);
        allowance.charge(u32::MAX, start);
        assert_eq!(allowance.opens(start), Some(start + longest));
    }
}
