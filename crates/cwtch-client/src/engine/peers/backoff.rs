//! Pauses between two dials of one contact.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBackoff, ExponentialBuilder};
use rand::Rng;

use super::limits::{RETRY_FIRST, RETRY_MAX, RETRY_SEEN_NOW, RETRY_SEEN_TODAY};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

/// Doubles from [`RETRY_FIRST`] on, for ever; how far depends on when the contact was last seen. Half of each pause is
/// random: two sides that lost each other do not meet in lockstep, and many contacts are not dialled at once.
pub(super) struct Backoff(ExponentialBackoff);

impl Backoff {
    pub(super) fn new() -> Self {
        let steps = ExponentialBuilder::default().with_min_delay(RETRY_FIRST).with_max_delay(RETRY_MAX);
        Self(steps.without_max_times().build())
    }

    /// The next pause; `unseen` is how many seconds ago the contact was last seen, `None` if it never was.
    pub(super) fn next(&mut self, unseen: Option<i64>, rng: &mut impl Rng) -> Duration {
        let step = self.0.next().unwrap_or(RETRY_MAX);
        step.min(longest(unseen)).mul_f64(rng.gen_range(0.5..1.0))
    }
}

fn longest(unseen: Option<i64>) -> Duration {
    match unseen {
        Some(..HOUR) => RETRY_SEEN_NOW,
        Some(..DAY) => RETRY_SEEN_TODAY,
        _ => RETRY_MAX,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(unseen: Option<i64>) -> Vec<Duration> {
        let (mut backoff, mut rng) = (Backoff::new(), cwtch_testkit::rng(3));
        (0..20).map(|_| backoff.next(unseen, &mut rng)).collect()
    }

    #[test]
    fn who_was_seen_lately_is_dialled_more_often() {
        for (unseen, longest) in [
            (Some(-5), 30),
            (Some(0), 30),
            (Some(HOUR - 1), 30),
            (Some(HOUR), 120),
            (Some(DAY - 1), 120),
            (Some(DAY), 600),
            (Some(i64::MAX), 600),
            (None, 600),
        ] {
            let longest = Duration::from_secs(longest);
            let pauses = pauses(unseen);
            assert!(pauses[0] <= RETRY_FIRST, "the first one is short for all");
            assert!(pauses.iter().all(|pause| *pause <= longest), "{unseen:?}: {pauses:?}");
            assert!(pauses[15..].iter().all(|pause| *pause >= longest / 2), "{unseen:?}: {pauses:?}");
            let last = &pauses[15..];
            assert!(last.iter().any(|pause| pause != &last[0]), "at the longest, too, they differ");
        }
    }
}
