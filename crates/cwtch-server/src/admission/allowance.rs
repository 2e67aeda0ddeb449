//! How much work that nobody pays for a connection may ask for: a bucket that refills, without a clock of its own.

use std::time::Duration;

use tokio::time::Instant;

/// How long a connection that asked for too much is left unread at most. A client waits for an answer twice as long and
/// longer.
const LONGEST: Duration = Duration::from_secs(30);

/// Units of work: so many at once, one more each time that an interval has passed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Allowance {
    each: Duration,
    burst: Duration,
    /// When everything that was used will have been refilled.
    full: Option<Instant>,
}

impl Allowance {
    /// `burst` units at once, `per_minute` more in each minute.
    pub(crate) fn new(burst: u32, per_minute: u32) -> Self {
        let each = Duration::from_secs(60) / per_minute.max(1);
        Self { each, burst: each.saturating_mul(burst), full: None }
    }

    /// Some units were used.
    pub(crate) fn charge(&mut self, units: u32, now: Instant) {
        let full = self.full.map_or(now, |full| full.max(now));
        let longest = now + self.burst + LONGEST;
        self.full =
            full.checked_add(self.each.saturating_mul(units)).map(|full| full.min(longest)).or(Some(longest));
    }

    /// From when on the next unit may be asked for, if not now.
    pub(crate) fn opens(&self, now: Instant) -> Option<Instant> {
        let opens = self.full?.checked_sub(self.burst)?;
        (opens > now).then_some(opens)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_free_and_then_the_rate_holds() {
        let start = Instant::now();
        let mut allowance = Allowance::new(3, 60);
        for _ in 0..3 {
            assert_eq!(allowance.opens(start), None);
            allowance.charge(1, start);
        }
        assert_eq!(allowance.opens(start), None, "the burst is used, and nothing is owed");
        allowance.charge(1, start);
        assert_eq!(allowance.opens(start), Some(start + Duration::from_secs(1)));
        let later = start + Duration::from_secs(1);
        assert_eq!(allowance.opens(later), None);
        allowance.charge(1, later);
        assert_eq!(allowance.opens(later), Some(later + Duration::from_secs(1)));
        // A pause fills it up again, to the burst and no more.
        let rested = start + Duration::from_secs(1000);
        (0..4).for_each(|_| allowance.charge(1, rested));
        assert_eq!(allowance.opens(rested), Some(rested + Duration::from_secs(1)));
    }

    #[test]
    fn nobody_is_left_unread_for_longer_than_a_client_waits() {
        let start = Instant::now();
        let mut allowance = Allowance::new(3, 60);
        allowance.charge(u32::MAX, start);
        allowance.charge(u32::MAX, start);
        assert_eq!(allowance.opens(start), Some(start + LONGEST));
    }
}
