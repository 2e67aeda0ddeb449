//! Options of a private Tor network.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::client::ClientOptions;
use super::error::TornetError;
use super::ports;
use super::torrc::Voting;

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
    /// Seconds between later votes. Short ones confuse clients, which then find files replaced under them.
    pub interval: u32,
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
            interval: 300,
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
        if self.interval < self.initial_interval || 86_400 % self.interval != 0 {
            return wrong("the interval must be a divisor of a day, and not less than the initial one");
        }
        Ok(())
    }

    pub(super) fn voting(&self) -> Voting {
        Voting { initial: self.initial_interval, delay: self.delay, later: self.interval, offset: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_tor_would_refuse_are_refused() {
        let wrong: [fn(&mut Options); 6] = [
            |o| o.clients = vec![ClientOptions::default(); 33],
            |o| o.clients = vec![ClientOptions { password: Some(String::new()), ..ClientOptions::default() }],
            |o| o.initial_interval = 0,
            |o| o.initial_interval = 7,
            |o| o.delay = 3,
            |o| o.interval = 0,
        ];
        Options::default().check().unwrap();
        for change in wrong {
            let mut options = Options::default();
            change(&mut options);
            assert!(matches!(options.check(), Err(TornetError::Options(_))), "{options:?}");
        }
    }
}
