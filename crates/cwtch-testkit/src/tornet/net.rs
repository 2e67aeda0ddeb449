//! A private Tor network that runs.

use std::net::SocketAddr;
use std::path::Path;

use super::client::Client;
use super::config;
use super::error::TornetError;
use super::folder::Folder;
use super::options::Options;
use super::ports::HeldLot;
use super::process::{self, Process};
use super::programs::Programs;
use super::relay::Relay;
use super::start::{Progress, start};

/// A private Tor network that runs. It ends when this is dropped.
#[derive(Debug)]
pub struct TorNet {
    pub(super) relays: Vec<Relay>,
    // Fields are dropped in this order: the tors before the directory and the ports that they use.
    pub(super) relay_processes: Vec<Process>,
    pub(super) clients: Vec<Client>,
    pub(super) folder: Folder,
    pub(super) _lot: HeldLot,
}

impl TorNet {
    /// The installed programs, which [`start`](Self::start) will use.
    ///
    /// # Errors
    /// [`TornetError::NotInstalled`] says what is missing and how to install it.
    pub fn installed() -> Result<Programs, TornetError> {
        Programs::find()
    }

    /// True if a test that needs a network can run; if not, a line on stderr says why: the calling test then ends.
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
        start(options, report)
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
