//! The private network and the people on it.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cwtch_testkit::tornet::{Client, ClientOptions, ControlKind, Options, TorNet};
use serde_json::Value;

use crate::common::{Person, Server, World};

/// How long anything may take over Tor on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);
/// How long `send` waits, in seconds.
pub(crate) const WAIT: &str = "150";

/// The system Tor of most people.
pub(crate) const PEOPLE: usize = 0;
/// The system Tor of servers, whose circuits tests look at.
pub(crate) const SERVERS: usize = 1;
/// The system Tor that is restarted; its control port is a Unix socket.
pub(crate) const RESTARTED: usize = 2;
/// The system Tor that takes a password and no cookie.
pub(crate) const GUARDED: usize = 3;
/// Its password.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// The private network, started by whoever needs it first.
pub(crate) struct Stage(Mutex<Option<Arc<TorNet>>>);

impl Stage {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The network, running.
    pub(crate) fn net(&self) -> Arc<TorNet> {
        let mut net = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(net) = &*net {
            return net.clone();
        }
        let usual = ClientOptions::default;
        let clients = vec![
            usual(),
            usual(),
            ClientOptions { control: ControlKind::Socket, ..usual() },
            ClientOptions { cookie: false, password: Some(PASSWORD.to_owned()), ..usual() },
        ];
        let options = Options { clients, ..Options::default() };
        let started = Arc::new(TorNet::start(options).expect("a private Tor network"));
        *net = Some(started.clone());
        started
    }

    /// Ends the network, if it runs.
    pub(crate) fn end(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// A directory of its own for a test.
    pub(crate) fn world(&self) -> Place {
        Place { net: self.net(), world: World::new() }
    }
}

/// A test's directory, beside the network.
pub(crate) struct Place {
    pub(crate) net: Arc<TorNet>,
    pub(crate) world: World,
}

impl Place {
    /// A file with the settings of Tor, for the embedded one and a system's.
    pub(crate) fn tor_toml(&self, client: usize) -> PathBuf {
        let path = self.world.path(&format!("tor-{client}.toml"));
        let settings = self.net.tor_toml(Some(client)).expect("settings");
        std::fs::write(&path, format!("[onion]\ncheck_seconds = 10\n\n{settings}")).expect("a file");
        path
    }

    fn settings(&self, client: usize) -> Vec<String> {
        vec!["--tor-config".to_owned(), self.tor_toml(client).display().to_string()]
    }

    /// Somebody with the embedded Tor; offline.
    pub(crate) fn embedded(&self, name: &str) -> Person {
        let mut person = self.world.person(name);
        person.network = "arti".to_owned();
        // A failed test shows the end of this.
        person.log_level = "info,cwtch_client=debug,cwtch_arti=debug";
        person.extra.extend(self.settings(PEOPLE));
        person
    }

    /// Somebody with a system's Tor; offline.
    pub(crate) fn system(&self, name: &str, client: usize) -> Person {
        let mut person = self.embedded(name);
        person.network = "system-tor".to_owned();
        person.extra = self.settings(client);
        person
    }

    /// Several profiles in one data directory, with the embedded Tor or a system's; offline.
    pub(crate) fn household<const N: usize>(&self, network: &str, names: [&str; N]) -> [Person; N] {
        self.world.household(names).map(|mut person| {
            network.clone_into(&mut person.network);
            person.extra.extend(self.settings(PEOPLE));
            person
        })
    }

    /// A server with the embedded Tor, reachable.
    pub(crate) fn embedded_server(&self, name: &str) -> Server {
        let mut server = self.world.server_over(name, "arti", &self.settings(PEOPLE));
        server.start();
        server
    }

    /// A server with the system's Tor that is kept for servers, reachable.
    pub(crate) fn system_server(&self, name: &str) -> Server {
        let mut server = self.world.server_over(name, "system-tor", &self.settings(SERVERS));
        server.start();
        server
    }
}

/// What the tests ask of people on a slow network.
pub(crate) trait Slow {
    /// Waits until others can reach this person.
    fn is_online(&self);
    /// Starts the daemon and waits until others can reach it.
    fn goes_online(&mut self);
    /// Waits until a contact is connected.
    fn meets(&self, other: &Person);
    /// Sends a text and waits for the acknowledgement.
    fn says(&self, to: &str, text: &str);
    /// Waits for a text.
    fn hears(&self, conversation: &str, text: &str);
}

impl Slow for Person {
    fn is_online(&self) {
        until("the person is online", || (self.ok(&["status"])["online"] == true).then_some(()));
    }

    fn goes_online(&mut self) {
        self.start();
        self.is_online();
    }

    fn meets(&self, other: &Person) {
        until("the contact is connected", || {
            (self.contact(&other.address)?["connection"]["phase"] == "authenticated").then_some(())
        });
    }

    fn says(&self, to: &str, text: &str) {
        let sent = self.ok(&["--network", &self.network, "send", to, text, "--timeout", WAIT]);
        assert!(sent["state"] == "acknowledged" || sent["state"] == "stored", "{sent}");
    }

    fn hears(&self, conversation: &str, text: &str) {
        until(&format!("{text:?} arrives"), || {
            self.messages(conversation).into_iter().find(|message| message["text"] == text)
        });
    }
}

/// Looks again and again until there is something.
pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "expected that {what}; it did not happen within {PATIENCE:?}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// The trouble that a person's status names, of the network or of the own address.
pub(crate) fn trouble(person: &Person) -> Option<String> {
    let status: Value = person.ok(&["status"]);
    let of = |part: &str| status[part]["trouble"].as_str().map(str::to_owned);
    of("network_readiness").or_else(|| of("address_readiness"))
}

/// The circuits of a system's Tor that fit, one line each; the first word is the circuit's number.
pub(crate) fn circuits(client: &Client, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = client.command("GETINFO circuit-status").expect("an answer");
    lines
        .into_iter()
        .map(|line| line.strip_prefix("circuit-status=").unwrap_or(&line).to_owned())
        .filter(|line| fits(line))
        .collect()
}
