//! Pauses between two dials of one contact.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use rand::Rng;

use super::limits::{RETRY_FIRST, RETRY_MAX, RETRY_SEEN_LATELY, RETRY_SEEN_NOW, RETRY_SEEN_TODAY};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// Doubles from [`RETRY_FIRST`] on, for ever; how far depends on when the contact was last seen. Half of each pause is
/// random: two sides that lost each other do not meet in lockstep, and many contacts are not dialled at once.
pub(super) struct Backoff(ExponentialBackoff);

impl Backoff {
    pub(super) fn new() -> Self {
        let steps = ExponentialBuilder::default().with_min_delay(RETRY_FIRST).with_max_delay(RETRY_MAX);
        Self(steps.without_max_times().build())
    }

    /// The next pause; `unseen` is how many seconds the contact has been away.
    pub(super) fn next(&mut self, unseen: i64, rng: &mut impl Rng) -> Duration {
        let step = self.0.next().unwrap_or(RETRY_MAX);
        let (shortest, longest) = bounds(unseen);
        step.clamp(shortest, longest).mul_f64(rng.gen_range(0.5..1.0))
    }
}

/// Seconds for which a contact has been away. One that never was here may still have to accept us: it counts as gone for a
/// day at least, and for as long as it is known.
pub(super) fn unseen(seen: Option<i64>, added: i64, now: i64) -> i64 {
    match seen {
        Some(at) => now.saturating_sub(at),
        None => now.saturating_sub(added).max(DAY),
    }
}

/// The shortest and the longest pause. Who has been away for long is not sought more often because the program has just
/// begun.
fn bounds(unseen: i64) -> (Duration, Duration) {
    match unseen {
        ..HOUR => (RETRY_FIRST, RETRY_SEEN_NOW),
        HOUR..DAY => (RETRY_FIRST, RETRY_SEEN_TODAY),
        DAY..WEEK => (RETRY_FIRST, RETRY_SEEN_LATELY),
        WEEK.. => (RETRY_MAX / 2, RETRY_MAX),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(unseen: i64) -> Vec<Duration> {
        let (mut backoff, mut rng) = (Backoff::new(), cwtch_testkit::rng(3));
        (0..24).map(|_| backoff.next(unseen, &mut rng)).collect()
    }

    #[test]
    fn who_was_seen_lately_is_dialled_more_often() {
        for (unseen, longest) in [
            (-5, 30),
            (0, 30),
            (HOUR - 1, 30),
            (HOUR, 120),
            (DAY - 1, 120),
            (DAY, 600),
            (WEEK - 1, 600),
            (WEEK, 3600),
            (i64::MAX, 3600),
        ] {
            let longest = Duration::from_secs(longest);
            let pauses = pauses(unseen);
            if unseen < WEEK {
                assert!(pauses[0] <= RETRY_FIRST, "the first one is short for who was here lately");
            }
            assert!(pauses.iter().all(|pause| *pause <= longest), "{unseen:?}: {pauses:?}");
            assert!(pauses[15..].iter().all(|pause| *pause >= longest / 2), "{unseen:?}: {pauses:?}");
            let last = &pauses[15..];
            assert!(last.iter().any(|pause| pause != &last[0]), "at the longest, too, they differ");
        }
    }

    #[test]
    fn who_has_been_away_for_long_is_sought_seldom_from_the_start() {
        assert!(pauses(WEEK).iter().all(|pause| *pause >= RETRY_MAX / 4));
    }

    #[test]
    fn who_never_was_here_is_sought_as_who_has_been_known_for_long_or_a_day() {
        assert_eq!(unseen(Some(100), 0, 130), 30);
        assert_eq!(unseen(None, 100, 130), DAY);
        assert_eq!(unseen(None, 100, 100 + 2 * WEEK), 2 * WEEK);
        assert_eq!(unseen(None, i64::MAX, 0), DAY, "a clock that was set back");
    }
}
