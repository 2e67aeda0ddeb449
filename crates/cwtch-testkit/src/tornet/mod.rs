//! A private Tor network on loopback addresses: three authorities, which are relays, too, five more relays, and client
//! tors, all from the installed `tor`.
//!
//! [`TorNet::start`] blocks until the network can be used: every authority has a consensus that lists
//! all relays, and every client tor has bootstrapped. [`TorNet::tor_toml`] then is a configuration for both ways of
//! this workspace's programs to reach Tor. Everything lives in one directory, temporary unless it is named, and ends with
//! the [`TorNet`]; if this process is killed, each tor notices within some fifteen seconds and ends by itself.
//!
//! There are no exits: onion services need none. Nothing is reached but 127.0.0.0/8, of which every relay has an address
//! in a /16 of its own. That works on Linux, where all of it is the own machine.
#![warn(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod client;
mod config;
mod control;
mod error;
mod folder;
mod keys;
mod ports;
mod process;
mod programs;
mod relay;
mod start;
mod torrc;
mod wait;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use client::{Client, ClientOptions, ControlKind};
pub use control::ControlAddress;
pub use error::TornetError;
pub use programs::Programs;
pub use relay::Relay;
pub use start::Progress;

use folder::Folder;
use ports::HeldLot;
use process::Process;
use torrc::Voting;

/// How many authorities a network has; they are relays, too.
pub const AUTHORITIES: u8 = 3;
/// How many relays it has beside them.
pub const RELAYS: u8 = 5;

/// The empty file that stands in for the machine's own defaults.
const DEFAULTS: &str = "torrc-defaults";

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The network's directory: new, empty, or of an earlier network, which is removed. A temporary one if it is not named.
    pub dir: Option<PathBuf>,
    /// The client tors, one of the usual kind by default.
    pub clients: Vec<ClientOptions>,
    /// Where the search for free ports begins.
    pub base_port: u16,
    /// Seconds until the first consensus. Tor wants a divisor of half an hour, at least 5.
    pub initial_interval: u32,
    /// Seconds for votes to travel, and again for signatures: both together less than half of the initial interval.
    pub delay: u32,
    /// Seconds between later votes. Short ones confuse clients, which then find files replaced under them.
    pub interval: u32,
    /// How long the whole start may take.
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

    fn check(&self) -> Result<(), TornetError> {
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

    fn voting(&self) -> Voting {
        Voting { initial: self.initial_interval, delay: self.delay, later: self.interval, offset: 0 }
    }
}

/// A private Tor network that runs. It ends when this is dropped.
#[derive(Debug)]
pub struct TorNet {
    relays: Vec<Relay>,
    // Fields are dropped in this order: the tors before the directory and the ports that they use.
    relay_processes: Vec<Process>,
    clients: Vec<Client>,
    folder: Folder,
    _lot: HeldLot,
}

impl TorNet {
    /// The installed programs, which [`start`](Self::start) will use.
    ///
    /// # Errors
    /// [`TornetError::NotInstalled`] says what is missing and how to install it.
    pub fn installed() -> Result<Programs, TornetError> {
        Programs::find()
    }

    /// Whether a test that needs a network can run; if not, a line on stderr says why: the calling test then ends.
    pub fn installed_or_skip() -> bool {
        Self::installed().inspect_err(|error| eprintln!("skipped: {error}")).is_ok()
    }

    /// Starts a network, and waits until it can be used.
    ///
    /// # Errors
    /// A program is missing, ended by itself, or was not ready in time; whatever ran is stopped.
    pub fn start(options: Options) -> Result<Self, TornetError> {
        Self::start_reporting(options, &mut |_| {})
    }

    /// As [`start`](Self::start); `report` hears of each step.
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn start_reporting(options: Options, report: &mut dyn FnMut(Progress)) -> Result<Self, TornetError> {
        start::start(options, report)
    }

    /// A `tor.toml` for the programs of this workspace: the table `embedded`, and for a client tor the table `system`.
    ///
    /// # Errors
    /// There is no such client.
    pub fn tor_toml(&self, client: Option<usize>) -> Result<String, TornetError> {
        let embedded = config::embedded(&self.relays);
        match client {
            Some(index) => Ok(format!("{embedded}\n{}", config::system(self.client(index)?))),
            None => Ok(embedded),
        }
    }

    /// The network's directory, in which each tor has one named as itself.
    pub fn dir(&self) -> &Path {
        self.folder.path()
    }

    /// A client tor.
    ///
    /// # Errors
    /// There are fewer.
    pub fn client(&self, index: usize) -> Result<&Client, TornetError> {
        self.clients.get(index).ok_or(TornetError::NoSuchClient { index, clients: self.clients.len() })
    }

    /// All client tors.
    pub fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// All relays, the authorities first.
    pub fn relays(&self) -> &[Relay] {
        &self.relays
    }

    /// The relays that are authorities.
    pub fn authorities(&self) -> impl Iterator<Item = &Relay> {
        self.relays.iter().filter(|relay| relay.v3_identity().is_some())
    }

    /// Every address at which the network accepts connections of clients: the relays' ports and the authorities'
    /// directories. A program that connects elsewhere leaves Tor.
    pub fn relay_addresses(&self) -> Vec<SocketAddr> {
        self.relays.iter().flat_map(|relay| [Some(relay.or_port()), relay.dir_port()]).flatten().collect()
    }

    /// The process numbers of all tors that were started and not stopped.
    pub fn pids(&self) -> Vec<u32> {
        let relays = self.relay_processes.iter().map(Process::pid);
        relays.chain(self.clients.iter().filter_map(Client::pid)).collect()
    }

    /// Fails if a tor that should run has ended by itself.
    ///
    /// # Errors
    /// [`TornetError::Exited`], with the end of its log.
    pub fn check(&mut self) -> Result<(), TornetError> {
        self.relay_processes.iter_mut().try_for_each(Process::check)?;
        self.clients.iter().try_for_each(Client::check)
    }

    /// Ends all tors, and waits for their end: SIGINT, and after five seconds SIGKILL. Dropping does the same.
    pub fn stop(&mut self) {
        let mut clients: Vec<_> = self.clients.iter().filter_map(Client::take_process).collect();
        process::end_all(self.relay_processes.iter_mut().chain(&mut clients));
        self.relay_processes.clear();
    }
}

impl Drop for TorNet {
    fn drop(&mut self) {
        self.stop();
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
