//! The client tors, which play the system's Tor for the programs under test.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::control::{self, ControlAddress, Credential};
use super::error::TornetError;
use super::folder;
use super::ports::Lot;
use super::process::Process;
use super::programs::Programs;
use super::relay::cookie_file;
use super::torrc;
use super::wait::{Bootstrap, Patience, bootstrapped};

/// Time that a restarted client has to find its network.
const RESTART: Duration = Duration::from_secs(180);

/// Settings of one client tor. The default is Debian's way: a TCP control port and a cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientOptions {
    /// Address at which it listens for controllers.
    pub control: ControlKind,
    /// True if a controller may authenticate by the cookie. With neither this nor a password it needs no
    /// authentication.
    pub cookie: bool,
    /// A password by which a controller may authenticate.
    pub password: Option<String>,
    /// Starts it without the network, as Tor Browser does; the network does not wait for it.
    pub disable_network: bool,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self { control: ControlKind::Port, cookie: true, password: None, disable_network: false }
    }
}

/// The kinds of control ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ControlKind {
    /// A TCP port on 127.0.0.1.
    #[default]
    Port,
    /// The Unix socket `control` in the data directory.
    Socket,
}

/// A client tor. Its methods may be called from any thread.
#[derive(Debug)]
pub struct Client {
    name: String,
    data_dir: PathBuf,
    control: ControlAddress,
    socks: SocketAddr,
    options: ClientOptions,
    programs: Programs,
    defaults: PathBuf,
    process: Mutex<Option<Process>>,
}

impl Client {
    pub(super) fn new(dir: &Path, lot: Lot, n: u8, options: ClientOptions, programs: Programs) -> Self {
        let name = format!("client{n}");
        let data_dir = dir.join(&name);
        let (port, socks) = lot.client_ports(n);
        let control = match options.control {
            ControlKind::Port => ControlAddress::Tcp(port),
            ControlKind::Socket => ControlAddress::Unix(data_dir.join("control")),
        };
        let defaults = dir.join(torrc::DEFAULTS);
        Self { name, data_dir, control, socks, options, programs, defaults, process: Mutex::new(None) }
    }

    /// Makes the files that it needs to be started.
    pub(super) fn prepare(&self, authorities: &str) -> Result<(), TornetError> {
        folder::make_dir(&self.data_dir)?;
        let hash = self.options.password.as_deref().map(|password| self.programs.hash_password(password));
        let hash = hash.transpose()?;
        let text = torrc::client(self, std::process::id(), hash.as_deref(), authorities);
        folder::write(&self.data_dir.join("torrc"), &text)
    }

    /// Starts it, without waiting for anything; does nothing if it runs.
    pub(super) fn launch(&self) -> Result<(), TornetError> {
        let mut process = self.process();
        if process.is_none() {
            *process = Some(Process::start(&self.programs, &self.name, &self.data_dir, &self.defaults)?);
        }
        Ok(())
    }

    /// Waits until it can be used.
    pub(super) fn wait(&self, patience: &Patience) -> Result<(), TornetError> {
        let mut bootstrap = Bootstrap::beginning();
        loop {
            self.check()?;
            let ask = |command: &str| self.command(command);
            if self.options.disable_network && self.is_ready() || bootstrap.is_done(ask) {
                return Ok(());
            }
            patience.pause(|| format!("{} to bootstrap", self.name))?;
        }
    }

    /// Fails if it should run and does not.
    pub(super) fn check(&self) -> Result<(), TornetError> {
        self.process().as_mut().map_or(Ok(()), Process::check)
    }

    /// Takes its process, for the one who ends it.
    pub(super) fn take_process(&self) -> Option<Process> {
        self.process().take()
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        // The process is consistent even if a thread panicked while it held the lock.
        self.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// Its name, which is its directory's, too: `client0` and so on.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its data directory; `notice.log` in it says what it does.
    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Address at which it listens for controllers.
    pub fn control(&self) -> &ControlAddress {
        &self.control
    }

    /// The cookie's file, if it takes the cookie.
    pub fn cookie_file(&self) -> Option<PathBuf> {
        self.options.cookie.then(|| cookie_file(&self.data_dir))
    }

    /// The password, if it takes one.
    pub fn password(&self) -> Option<&str> {
        self.options.password.as_deref()
    }

    /// Address at which it listens for SOCKS.
    pub fn socks(&self) -> SocketAddr {
        self.socks
    }

    /// Its process's number while it runs.
    pub fn pid(&self) -> Option<u32> {
        self.process().as_ref().map(Process::pid)
    }

    /// Sends one command over a control connection of its own, for example `GETINFO circuit-status`. Answers the lines
    /// of the reply without their status.
    ///
    /// # Errors
    /// The tor does not run, or refuses the command.
    pub fn command(&self, command: &str) -> Result<Vec<String>, TornetError> {
        let cookie = self.cookie_file();
        let credential = match (&cookie, self.password()) {
            (Some(file), _) => Credential::Cookie(file),
            (None, Some(password)) => Credential::Password(password),
            (None, None) => Credential::Nothing,
        };
        control::ask(&self.control, credential, command)
            .map_err(|problem| TornetError::Control { name: self.name.clone(), problem })
    }

    /// True if it knows the network and has a circuit; with the network disabled, if it answers.
    pub fn is_ready(&self) -> bool {
        let ask = |command: &str| self.command(command);
        if self.options.disable_network { ask("GETINFO version").is_ok() } else { bootstrapped(ask) }
    }

    /// Ends it, and waits for the end. Its ports stay reserved, and its data directory stays as it is.
    pub fn stop(&self) {
        // Dropped, it ends.
        self.take_process();
    }

    /// Starts it again after [`stop`](Self::stop), and waits until it can be used. Does nothing but wait if it runs.
    ///
    /// # Errors
    /// It ended by itself, or did not find its network in three minutes.
    pub fn start(&self) -> Result<(), TornetError> {
        self.launch()?;
        self.wait(&Patience::new(RESTART, Arc::default()))
    }

    /// [`stop`](Self::stop), then [`start`](Self::start).
    ///
    /// # Errors
    /// As for [`start`](Self::start).
    pub fn restart(&self) -> Result<(), TornetError> {
        self.stop();
        self.start()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A usual client, and one with everything unusual.
    pub(in super::super) fn two() -> [Client; 2] {
        let unusual = ClientOptions {
            control: ControlKind::Socket,
            cookie: false,
            password: Some("secret".to_owned()),
            disable_network: true,
        };
        let client = |n, options| {
            Client::new(Path::new("/net"), Lot::nth(21_000, 0).unwrap(), n, options, Programs::nowhere())
        };
        [client(0, ClientOptions::default()), client(1, unusual)]
    }

    #[test]
    fn a_client_that_was_not_started_has_no_process_and_is_not_ready() {
        let [client, _] = two();
        assert_eq!(client.pid(), None);
        assert!(!client.is_ready());
        client.stop();
    }
}
