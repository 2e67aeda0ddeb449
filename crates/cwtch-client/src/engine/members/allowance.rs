//! How much of a contact's messages about logs is looked at.

use std::time::Duration;

use tokio::time::Instant;

/// Messages that a contact may send in one go.
const BURST: f64 = 32.0;
/// After that, one in so much time.
const EVERY: Duration = Duration::from_secs(4);

/// A token bucket. What is beyond it is ignored.
pub(super) struct Allowance {
    level: f64,
    at: Instant,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Self {
        Self { level: BURST, at: now }
    }

    /// Takes one message's worth; false if there is none.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let since = now.saturating_duration_since(self.at);
        self.level = (self.level + since.as_secs_f64() / EVERY.as_secs_f64()).min(BURST);
        self.at = now;
        let granted = self.level >= 1.0;
        if granted {
            self.level -= 1.0;
        }
        granted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_little() {
        let start = Instant::now();
        let mut allowance = Allowance::new(start);
        assert_eq!((0..1000).filter(|_| allowance.take(start)).count(), 32);
        assert_eq!((0..1000).filter(|n| allowance.take(start + Duration::from_millis(n * 40))).count(), 9);
    }
}
