//! Pauses of an accept loop while the process or the system has no file left.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The first pause, in which connections that end may make room again.
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(2);
/// Time without exhaustion after which the next one is a new episode.
const EPISODE: Duration = Duration::from_secs(60);

/// Pauses that grow while nothing can be accepted, and one line in the log for each episode.
#[derive(Debug, Default)]
pub struct Exhaustion {
    pause: Option<Duration>,
    last: Option<Instant>,
}

impl Exhaustion {
    /// Waits before the next try. A dropped wait counts as done.
    pub async fn wait(&mut self) {
        let (pause, news) = self.hit(Instant::now());
        if news {
            tracing::warn!(
                "no file descriptor or memory is left for a new connection; newcomers wait until connections end (raise the \
                 limit of open files)"
            );
        }
        sleep(pause).await;
    }

    /// Notes that a connection was accepted.
    pub fn over(&mut self) {
        self.pause = None;
    }

    /// Computes the pause to wait, and whether an episode begins.
    fn hit(&mut self, now: Instant) -> (Duration, bool) {
        let news = self.last.is_none_or(|last| now.saturating_duration_since(last) > EPISODE);
        let pause = self.pause.map_or(FIRST, |pause| (2 * pause).min(LONGEST));
        (self.last, self.pause) = (Some(now), Some(pause));
        (pause, news)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_episode_is_told_once_and_pauses_grow() {
        let (mut exhaustion, mut now) = (Exhaustion::default(), Instant::now());
        let (mut told, mut waited) = (0, Duration::ZERO);
        for round in 0..1000 {
            let (pause, news) = exhaustion.hit(now);
            told += u32::from(news);
            assert!((FIRST..=LONGEST).contains(&pause));
            now += pause;
            waited += pause;
            // Now and then one gets in.
            if round % 10 == 9 {
                exhaustion.over();
            }
        }
        assert_eq!(told, 1, "an accepted connection ends no episode");
        assert!(waited > 1000 * 4 * FIRST, "the pauses grow");
        let (pause, news) = exhaustion.hit(now + EPISODE + LONGEST);
        assert!(news && pause == FIRST);
    }
}
