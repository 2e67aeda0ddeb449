//! Options of a private Tor network.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::client::ClientOptions;
use super::error::TornetError;
use super::ports;
use super::torrc::Voting;

/// Usual seconds between later votes. A time period of onion services lasts 24 of them and ends 12 after a full multiple of
/// itself: those of one end at odd hours (UTC), those of the other at even ones.
const INTERVALS: [u32; 2] = [300, 600];

/// Seconds that the time period must last from the start on: longer than any test.
const STEADY: u64 = 3600;

/// Seconds after `now` (Unix time) at which the time period of onion services ends.
fn period_left(interval: u32, now: u64) -> Option<u64> {
    let period = u64::from(interval) * 24;
    let into = now.checked_add(period / 2)?.checked_rem(period)?;
    Some(period - into)
}

/// Interval for a network that begins at this Unix time. Without shared randomness, which the authorities of a young network
/// have not made yet, arti's services publish for the present time period only: those who have the next consensus would
/// look for them in vain until the services have it too, minutes later.
fn steady_interval(now: u64) -> u32 {
    let [usual, _] = INTERVALS;
    let steady = |interval: &u32| period_left(*interval, now).is_some_and(|left| left >= STEADY);
    INTERVALS.into_iter().find(steady).unwrap_or(usual)
}

/// The network to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The network's directory: new, empty, or of an earlier network, which is removed. A temporary one if it is not named.
    pub dir: Option<PathBuf>,
    /// The client tors, one of the usual kind by default.
    pub clients: Vec<ClientOptions>,
    /// Port at which the search for free ports begins.
    pub base_port: u16,
    /// Seconds until the first consensus. Tor wants a divisor of half an hour, at least 5.
    pub initial_interval: u32,
    /// Seconds for votes to travel, and again for signatures: both together less than half of the initial interval.
    pub delay: u32,
    /// Seconds between later votes; `None` for the shorter of the usual ones whose time period lasts another hour. Short ones
    /// confuse clients, which then find files replaced under them.
    pub interval: Option<u32>,
    /// Time that the whole start may take.
    pub deadline: Duration,
    /// Set by another thread, it ends the start with [`TornetError::Cancelled`].
    pub cancel: Arc<AtomicBool>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            dir: None,
            clients: vec![ClientOptions::default()],
            base_port: ports::FIRST_PORT,
            initial_interval: 10,
            delay: 2,
            interval: None,
            deadline: Duration::from_secs(180),
            cancel: Arc::default(),
        }
    }
}

impl Options {
    /// The usual options with this many usual clients.
    pub fn with_clients(clients: usize) -> Self {
        Self { clients: vec![ClientOptions::default(); clients], ..Self::default() }
    }

    pub(super) fn check(&self) -> Result<(), TornetError> {
        let wrong = |what| Err(TornetError::Options(what));
        if self.clients.len() > ports::MAX_CLIENTS {
            return wrong("more than 32 clients");
        }
        if self.clients.iter().any(|client| client.password.as_ref().is_some_and(String::is_empty)) {
            return wrong("an empty password");
        }
        if self.initial_interval < 5 || 1800 % self.initial_interval != 0 {
            return wrong("the initial interval must be 5 s or more, and a divisor of half an hour");
        }
        if self.delay < 2 || u64::from(self.delay) * 4 >= self.initial_interval.into() {
            return wrong("the delay must be 2 s or more, and less than a quarter of the initial interval");
        }
        if self.interval.is_some_and(|later| later < self.initial_interval || 86_400 % later != 0) {
            return wrong("the interval must be a divisor of a day, and not less than the initial one");
        }
        Ok(())
    }

    /// The schedule of a network that begins at this Unix time.
    pub(super) fn voting(&self, now: u64) -> Voting {
        let later = self.interval.unwrap_or_else(|| steady_interval(now));
        Voting { initial: self.initial_interval, delay: self.delay, later, offset: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_period_outlasts_the_tests_at_any_hour() {
        const DAY: u64 = 86_400;
        for now in (0..DAY).step_by(60).map(|second| 20_000 * DAY + second) {
            let interval = steady_interval(now);
            // As C tor and arti number time periods: by minutes, less half of one.
            let number = |at: u64| (at / 60 - u64::from(interval) / 5) / (u64::from(interval) * 24 / 60);
            assert_eq!(number(now), number(now + STEADY - 1), "{now}");
        }
        assert_eq!(period_left(300, 20_000 * DAY + 18 * 3600 + 3540), Some(60), "300 s: ends at 19:00");
        assert_eq!(period_left(0, 0), None);
    }

    #[test]
    fn options_that_tor_would_refuse_are_refused() {
        let wrong: [fn(&mut Options); 6] = [
            |o| o.clients = vec![ClientOptions::default(); 33],
            |o| o.clients = vec![ClientOptions { password: Some(String::new()), ..ClientOptions::default() }],
            |o| o.initial_interval = 0,
            |o| o.initial_interval = 7,
            |o| o.delay = 3,
            |o| o.interval = Some(0),
        ];
        Options::default().check().unwrap();
        for change in wrong {
            let mut options = Options::default();
            change(&mut options);
            assert!(matches!(options.check(), Err(TornetError::Options(_))), "{options:?}");
        }
    }
}
