//! Notices that the machine was asleep.

use std::time::Duration;

/// The wall clock must run ahead of the other one by so much: less is a correction of the time.
const ASLEEP: Duration = Duration::from_secs(10);

/// Compares the wall clock with the monotonic one, which stands still while the machine sleeps.
///
/// A wall clock that is set back says nothing. Where the monotonic clock goes on during sleep, timers expire by
/// themselves and nobody needs to be told.
#[derive(Debug, Default)]
pub(super) struct WakeDetector {
    last: Option<(i64, Duration)>,
}

impl WakeDetector {
    /// Takes what both clocks show: unix seconds, and the time since any fixed moment. True if the machine has
    /// slept since the last call.
    pub(super) fn tick(&mut self, wall: i64, monotonic: Duration) -> bool {
        let Some((last_wall, last_monotonic)) = self.last.replace((wall, monotonic)) else { return false };
        let by_wall = Duration::from_secs(u64::try_from(wall.saturating_sub(last_wall)).unwrap_or(0));
        let by_monotonic = monotonic.saturating_sub(last_monotonic);
        by_wall.saturating_sub(by_monotonic) >= ASLEEP
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(steps: &[(i64, u64)]) -> Vec<bool> {
        let mut detector = WakeDetector::default();
        let (mut wall, mut monotonic) = (1_700_000_000, Duration::from_secs(5));
        let mut seen = vec![detector.tick(wall, monotonic)];
        for (by_wall, by_monotonic) in steps {
            wall += by_wall;
            monotonic += Duration::from_secs(*by_monotonic);
            seen.push(detector.tick(wall, monotonic));
        }
        seen
    }

    #[test]
    fn clocks_that_go_together_are_no_sleep() {
        assert_eq!(run(&[(12, 12), (13, 12), (12, 13), (600, 600)]), [false; 5]);
    }

    #[test]
    fn a_wall_clock_that_ran_ahead_is_a_sleep_once() {
        assert_eq!(run(&[(12, 12), (3612, 12), (12, 12)]), [false, false, true, false]);
    }

    #[test]
    fn a_clock_that_is_set_back_or_corrected_a_little_is_none() {
        assert_eq!(run(&[(-3600, 12), (12, 12), (21, 12), (22, 12)]), [false, false, false, false, true]);
    }

    #[test]
    fn clocks_at_their_ends_do_no_harm() {
        let mut detector = WakeDetector::default();
        assert!(!detector.tick(i64::MIN, Duration::ZERO));
        assert!(!detector.tick(i64::MAX, Duration::MAX));
        assert!(!detector.tick(i64::MIN, Duration::ZERO));
        assert!(detector.tick(0, Duration::ZERO));
    }
}
