//! A Tor in the tests' process: a control port, and a SOCKS port that leads to its own onion services.

mod filter;
mod port;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use cwtch_net::{Network, Obstacle};
use cwtch_primitives::{Address, Identity, OsRng};
use tokio::io::duplex;
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;

pub(super) use self::filter::Filter;
use super::SystemTor;
use super::hosting::{Defences, OnionKey};
use super::places::{Connect, ControlStream};
use super::session::Setup;
use crate::config::Listen;
use crate::endpoint::Endpoint;

/// Behaviour of the fake Tor. Each test changes what it is about.
pub(super) struct Behaviour {
    /// Reason why the Tor cannot be reached, if it cannot.
    pub(super) unreachable: Option<Obstacle>,
    /// The address at which the Tor is reached, and the user that it runs as.
    pub(super) host: Option<IpAddr>,
    pub(super) user: Option<u32>,
    pub(super) version: &'static str,
    /// The text after `AUTH METHODS=`.
    pub(super) methods: &'static str,
    pub(super) cookie: [u8; 32],
    pub(super) cookie_file: Option<PathBuf>,
    pub(super) password: &'static [u8],
    /// Answer to `GETINFO status/bootstrap-phase`, if it is known.
    pub(super) phase: Option<&'static str>,
    pub(super) circuit: &'static str,
    pub(super) disabled: bool,
    /// The time for which its directory is valid, if it tells.
    pub(super) valid: Option<(&'static str, &'static str)>,
    pub(super) socks: String,
    /// Answer to `GETCONF SocksPort`.
    pub(super) socks_lines: &'static str,
    /// A command at which the connection breaks, once.
    pub(super) breaks_at: Option<&'static str>,
    /// Arguments of ADD_ONION that are not known.
    pub(super) unknown: &'static [&'static str],
    /// True if onion services of version 3 are known.
    pub(super) v3: bool,
    /// True if each service is served already by another program.
    pub(super) collides: bool,
    /// The filter before the control port.
    pub(super) filter: Option<Filter>,
}

pub(super) const DONE: &str = "NOTICE BOOTSTRAP PROGRESS=100 TAG=done SUMMARY=\"Done\"";
pub(super) const HALF: &str =
    "NOTICE BOOTSTRAP PROGRESS=50 TAG=loading SUMMARY=\"Loading relay descriptors\"";

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            unreachable: None,
            host: None,
            user: Some(rustix::process::geteuid().as_raw()),
            version: "0.4.9.11",
            methods: "NULL",
            cookie: [7; 32],
            cookie_file: None,
            password: b"",
            phase: Some(DONE),
            circuit: "1",
            disabled: false,
            valid: Some(("2026-11-29 12:00:00", "2026-11-29 15:00:00")),
            socks: String::new(),
            socks_lines: "250 SocksPort\r\n",
            breaks_at: None,
            unknown: &[],
            v3: true,
            collides: false,
            filter: None,
        }
    }
}

struct FakeState {
    does: Behaviour,
    /// Keys that the tests know, with their addresses.
    keys: HashMap<String, Address>,
    /// The onion services that are served, with what Tor connects to.
    served: HashMap<Address, String>,
    /// Commands as they came in, keys replaced by `KEY`.
    heard: VecDeque<String>,
    /// True if a key was ever in a command that was filtered.
    leaked: bool,
    connection: CancellationToken,
}

/// The fake Tor. All clones share one state.
#[derive(Clone)]
pub(super) struct FakeTor {
    state: Arc<Mutex<FakeState>>,
    events: broadcast::Sender<String>,
}

impl FakeTor {
    pub(super) fn new(does: Behaviour) -> Self {
        let state = FakeState {
            does,
            keys: HashMap::new(),
            served: HashMap::new(),
            heard: VecDeque::new(),
            leaked: false,
            connection: CancellationToken::new(),
        };
        Self { state: Arc::new(Mutex::new(state)), events: broadcast::channel(256).0 }
    }

    fn state(&self) -> MutexGuard<'_, FakeState> {
        self.state.lock().unwrap()
    }

    /// Changes what the Tor does.
    pub(super) fn change(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut self.state().does);
    }

    /// A network over this Tor with nothing configured.
    pub(super) fn network(&self) -> SystemTor {
        self.network_with(|_| {})
    }

    pub(super) fn network_with(&self, change: impl FnOnce(&mut Setup)) -> SystemTor {
        let mut setup = Setup {
            connect: Arc::new(self.clone()),
            socks: None,
            password: None,
            listen: Some(Listen::Unix),
            proof_of_work: true,
        };
        change(&mut setup);
        SystemTor::with(setup)
    }

    /// A fresh identity whose key the Tor recognises.
    pub(super) fn identity(&self) -> Identity {
        let identity = Identity::generate(&mut OsRng);
        let line = Defences { proof_of_work: false, stream_limit: false }.add(&OnionKey::of(&identity), "x");
        let line = String::from_utf8(line.to_vec()).unwrap();
        let key = line.split([':', ' ']).nth(2).unwrap().to_owned();
        self.state().keys.insert(key, identity.address());
        identity
    }

    /// Breaks the control connection, with which its onion services end.
    pub(super) fn disconnect(&self) {
        let mut state = self.state();
        state.served.clear();
        state.connection.cancel();
    }

    /// Sends an event.
    pub(super) fn event(&self, text: &str) {
        self.events.send(text.to_owned()).unwrap();
    }

    /// Target to which Tor connects for an address, if it is served.
    pub(super) fn target(&self, address: &Address) -> Option<String> {
        self.state().served.get(address).cloned()
    }

    /// Waits until an address is served, or not.
    pub(super) async fn until_served(&self, address: &Address, served: bool) {
        while self.target(address).is_some() != served {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }

    /// The commands that began with a word.
    pub(super) fn heard(&self, word: &str) -> Vec<String> {
        self.state().heard.iter().filter(|line| line.starts_with(word)).cloned().collect()
    }

    /// True if a filter was ever shown a key that it refused.
    pub(super) fn leaked(&self) -> bool {
        self.state().leaked
    }

    /// Opens a SOCKS port whose streams reach the onion services that are served.
    pub(super) async fn open_socks(&self) {
        let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = port.local_addr().unwrap();
        self.change(|does| does.socks = format!("\"{at}\""));
        let this = self.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = port.accept().await.unwrap();
                let this = this.clone();
                tokio::spawn(async move { this.lead(stream).await });
            }
        });
    }

    async fn lead(&self, mut stream: tokio::net::TcpStream) {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let counted = async |stream: &mut tokio::net::TcpStream| {
            let mut text = vec![0; usize::from(stream.read_u8().await.unwrap())];
            stream.read_exact(&mut text).await.unwrap();
            String::from_utf8(text).unwrap()
        };
        stream.read_exact(&mut [0; 3]).await.unwrap();
        stream.write_all(&[5, 2]).await.unwrap();
        stream.read_u8().await.unwrap();
        for _credential in 0..2 {
            counted(&mut stream).await;
        }
        stream.write_all(&[1, 0]).await.unwrap();
        stream.read_exact(&mut [0; 4]).await.unwrap();
        let host = counted(&mut stream).await;
        stream.read_u16().await.unwrap();
        let target = host.strip_suffix(".onion").and_then(|host| self.target(&host.parse().unwrap()));
        let reply = |code| [5, code, 0, 1, 0, 0, 0, 0, 0, 0];
        let Some(target) = target else { return stream.write_all(&reply(0xF0)).await.unwrap() };
        let place: Endpoint = target.parse().unwrap();
        let (mut local, _) = super::places::open(&place).await.unwrap();
        stream.write_all(&reply(0)).await.unwrap();
        let _ = tokio::io::copy_bidirectional(&mut stream, &mut local).await;
    }
}

#[async_trait]
impl Connect for FakeTor {
    async fn connect(&self) -> Result<ControlStream, Obstacle> {
        let mut state = self.state();
        if let Some(obstacle) = &state.does.unreachable {
            return Err(obstacle.clone());
        }
        let (ours, theirs) = duplex(64 * 1024);
        state.connection = CancellationToken::new();
        let (broken, this) = (state.connection.clone(), self.clone());
        tokio::spawn(broken.run_until_cancelled_owned(async move { this.serve(theirs).await }));
        Ok(ControlStream { stream: Box::new(ours), host: state.does.host, user: state.does.user })
    }
}

/// Waits until a network is in trouble, and says what it is.
pub(super) async fn trouble_of(network: &SystemTor) -> Obstacle {
    let mut readiness = network.readiness();
    let troubled = readiness.wait_for(|readiness| readiness.trouble.is_some());
    // A day by the test's clock, which advances by itself: otherwise the wait for the trouble of a network that is
    // well would never end.
    let readiness = tokio::time::timeout(std::time::Duration::from_secs(86_400), troubled).await;
    readiness.expect("trouble").unwrap().trouble.clone().unwrap()
}
