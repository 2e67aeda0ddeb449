//! One login at a control port: the authentication, and the questions and commands after it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use cwtch_primitives::{Address, Zeroizing};

use super::auth::{self, ProtocolInfo, Way};
use super::control::Control;
use super::directory::Directory;
use super::hosting::{self, Answer, Defences, OnionKey};
use super::isolation;
use super::local::suitable;
use super::places::{Connect, ControlStream};
use super::reply::Reply;
use super::status::{Phase, Status};
use super::words::{Word, words};
use crate::config::Listen;
use crate::endpoint::Endpoint;
use crate::secret_file;
use cwtch_net::Obstacle;

/// Events to subscribe to: progress, clock and network for the person who waits, uploads for the services' progress.
const EVENTS: [&str; 4] = ["HS_DESC", "NETWORK_LIVENESS", "STATUS_CLIENT", "STATUS_GENERAL"];

/// SOCKS ports of a Tor by its manual, and of Tor Browser.
const USUAL_SOCKS: [u16; 2] = [9050, 9150];

/// Settings that do not change from login to login.
pub(crate) struct Setup {
    pub(crate) connect: Arc<dyn Connect>,
    pub(crate) socks: Option<Endpoint>,
    pub(crate) password: Option<Zeroizing<Vec<u8>>>,
    pub(crate) listen: Option<Listen>,
    pub(crate) proof_of_work: bool,
}

/// A login. After an `Err` the connection is of no use.
pub(crate) struct ControlSession {
    control: Control,
    setup: Arc<Setup>,
    host: Option<IpAddr>,
    /// Progress of the Tor, as it has told.
    pub(crate) status: Status,
    /// The time for which its directory is valid, as far as it has told.
    pub(crate) directory: Directory,
    /// True if the Tor tells of uploads.
    pub(crate) tells_uploads: bool,
    /// True if the Tor tells of its progress by itself.
    pub(crate) tells_progress: bool,
    /// Place at which the Tor hands connections over.
    pub(crate) listen: Result<Listen, Obstacle>,
    defences: Option<Defences>,
}

impl ControlSession {
    /// Connects, logs in, subscribes to events and asks how far the Tor is.
    pub(crate) async fn open(setup: Arc<Setup>) -> Result<Self, Obstacle> {
        let ControlStream { stream, host, user } = setup.connect.connect().await?;
        let mut control = Control::new(stream);
        let reply = control.command(b"PROTOCOLINFO 1\r\n").await?;
        let info = match reply.code {
            510 => return Err(Obstacle::ControlFiltered { command: "PROTOCOLINFO".to_owned() }),
            _ => ProtocolInfo::of(&reply)?,
        };
        login(&mut control, &info, setup.password.as_ref()).await?;
        if info.is_too_old() {
            return Err(Obstacle::TorTooOld);
        }
        let owner = match info.cookie_file() {
            Some(file) => tokio::fs::metadata(file).await.ok().map(|file| file.uid()),
            None => None,
        };
        let listen = setup.listen.clone().map_or_else(|| suitable(owner.or(user), host), Ok);
        let events = subscribe(&mut control).await?;
        let mut session = Self {
            control,
            setup,
            host,
            status: Status::default(),
            directory: Directory::Unknown,
            tells_uploads: events.contains(&"HS_DESC"),
            tells_progress: events.contains(&"STATUS_CLIENT"),
            listen,
            defences: None,
        };
        session.poll().await?;
        Ok(session)
    }

    /// Waits for an event. Cancel-safe.
    pub(crate) async fn event(&mut self) -> Result<Reply, Obstacle> {
        self.control.event().await
    }

    /// Asks how far the Tor is; this also shows whether the connection still works.
    pub(crate) async fn poll(&mut self) -> Result<(), Obstacle> {
        let phase = self.get("status/bootstrap-phase").await?;
        self.status.phase = phase.as_deref().and_then(Phase::of);
        if self.status.phase.is_none() {
            let circuit = self.get("status/circuit-established").await?;
            self.status.circuit = circuit.map(|has| has == "1");
        }
        self.status.disabled = false;
        if !self.status.readiness().is_ready() {
            let reply = self.control.command(b"GETCONF DisableNetwork\r\n").await?;
            self.status.disabled = reply.value("DisableNetwork") == Some("1");
        }
        self.ask_for_directory().await
    }

    /// Asks for the time for which the directory is valid. Another machine's Tor says nothing about this one's clock, and
    /// one that complains about the clock does not vouch for it.
    async fn ask_for_directory(&mut self) -> Result<(), Obstacle> {
        if self.host.is_some_and(|host| !host.is_loopback()) {
            self.directory = Directory::Silent;
        } else if self.status.complains_about_clock() {
            self.directory = Directory::Unknown;
        } else if self.status.readiness().is_ready() {
            let after = self.get("consensus/valid-after").await?;
            let until = self.get("consensus/valid-until").await?;
            self.directory = Directory::of(after.as_deref(), until.as_deref()).unwrap_or(Directory::Silent);
        }
        Ok(())
    }

    /// The SOCKS ports at which it keeps streams apart, the likeliest first.
    pub(crate) async fn socks(&mut self) -> Result<Vec<Endpoint>, Obstacle> {
        let mut places = self.socks_places().await?;
        let configured = self.control.command(isolation::QUESTION).await?;
        places.retain(|place| !isolation::mixes(&configured, place));
        if places.is_empty() { Err(Obstacle::MixesStreams) } else { Ok(places) }
    }

    /// Addresses of its SOCKS ports, the likeliest first; never none.
    async fn socks_places(&mut self) -> Result<Vec<Endpoint>, Obstacle> {
        if let Some(configured) = &self.setup.socks {
            return Ok(vec![configured.clone()]);
        }
        let told = self.get("net/listeners/socks").await?.unwrap_or_default();
        let host = self.host.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let mut places: Vec<Endpoint> =
            words(&told).iter().map(Word::text).filter_map(|text| text.parse().ok()).collect();
        for place in &mut places {
            if let Endpoint::Tcp(at) = place {
                // A Tor's own loopback, or "everywhere", is its machine.
                if at.ip().is_unspecified() || (at.ip().is_loopback() && !host.is_loopback()) {
                    at.set_ip(host);
                }
            }
        }
        // A Unix socket may be another user's.
        places.sort_by_key(|place| matches!(place, Endpoint::Unix(_)));
        if places.is_empty() {
            places.extend(USUAL_SOCKS.map(|port| Endpoint::Tcp(SocketAddr::new(host, port))));
        }
        Ok(places)
    }

    /// Has the Tor serve an onion service. The inner error is the service's own, and the connection is still good.
    pub(crate) async fn serve(
        &mut self,
        key: &OnionKey,
        target: &str,
    ) -> Result<Result<(), Obstacle>, Obstacle> {
        let defences = match self.defences {
            Some(known) => known,
            None => match self.negotiate(target).await? {
                Ok(found) => *self.defences.insert(found),
                Err(obstacle) => return Ok(Err(obstacle)),
            },
        };
        let reply = self.control.command(&defences.add(key, target)).await?;
        Ok(match hosting::answer(&reply) {
            Answer::Served => Ok(()),
            Answer::Obstacle(obstacle) => Err(obstacle),
            Answer::OnlyKey | Answer::Argument => {
                self.defences = None;
                Err(Obstacle::ServiceRefused { reply: reply.code })
            }
        })
    }

    /// Ends an onion service. It is no error if there is none.
    pub(crate) async fn withdraw(&mut self, address: &Address) -> Result<(), Obstacle> {
        self.control.command(&hosting::remove(address)).await.map(drop)
    }

    /// Finds out which defences this Tor, and a filter before it, accept, without showing them a key.
    async fn negotiate(&mut self, target: &str) -> Result<Result<Defences, Obstacle>, Obstacle> {
        let mut obstacle = Obstacle::NotTor;
        for level in Defences::levels(self.setup.proof_of_work) {
            let reply = self.control.command(&level.probe(target)).await?;
            match hosting::answer(&reply) {
                Answer::OnlyKey | Answer::Served => {
                    let on = |on| if on { "on" } else { "off" };
                    tracing::info!(
                        "defences of onion services in this Tor: proof of work {}, limit of streams {}",
                        on(level.proof_of_work),
                        on(level.stream_limit)
                    );
                    return Ok(Ok(level));
                }
                Answer::Obstacle(other) => return Ok(Err(other)),
                Answer::Argument if reply.code == 510 => {
                    obstacle = Obstacle::ControlFiltered { command: "onion services (ADD_ONION)".to_owned() }
                }
                Answer::Argument => obstacle = Obstacle::ServiceRefused { reply: reply.code },
            }
        }
        Ok(Err(obstacle))
    }

    async fn get(&mut self, key: &str) -> Result<Option<String>, Obstacle> {
        let reply = self.control.command(format!("GETINFO {key}\r\n").as_bytes()).await?;
        Ok(if reply.is_ok() { reply.value(key).map(str::to_owned) } else { None })
    }
}

async fn login(
    control: &mut Control,
    info: &ProtocolInfo,
    password: Option<&Zeroizing<Vec<u8>>>,
) -> Result<(), Obstacle> {
    let mut unreadable = false;
    for way in info.ways(password.is_some()) {
        let (line, refused) = match (&way, password) {
            (Way::SafeCookie(file), _) => {
                let Some(cookie) = read_cookie(file).await? else {
                    unreadable = true;
                    continue;
                };
                let nonce = rand::random();
                let reply = control.command(&auth::challenge(&nonce)).await?;
                (auth::answer(&cookie, &nonce, &reply)?, Obstacle::CookieWrong)
            }
            (Way::Cookie(file), _) => {
                let Some(cookie) = read_cookie(file).await? else {
                    unreadable = true;
                    continue;
                };
                (auth::authenticate(&cookie), Obstacle::CookieWrong)
            }
            (Way::Password, Some(password)) => (auth::authenticate(password), Obstacle::ControlPasswordWrong),
            (Way::Password, None) => continue,
            (Way::Null, _) => (Zeroizing::new(b"AUTHENTICATE\r\n".to_vec()), Obstacle::NoLogin),
        };
        let reply = control.command(&line).await?;
        return match reply.code {
            510 => Err(Obstacle::ControlFiltered { command: "AUTHENTICATE".to_owned() }),
            _ if reply.is_ok() => Ok(()),
            _ => Err(refused),
        };
    }
    Err(info.no_way(unreadable))
}

/// Reads a cookie; `None` if this user may not.
async fn read_cookie(file: &Path) -> Result<Option<Zeroizing<Vec<u8>>>, Obstacle> {
    let file = file.to_owned();
    let read = tokio::task::spawn_blocking(move || secret_file::read_bounded(&file, auth::LEN)).await;
    match read.map_err(|_| Obstacle::ControlBroken)? {
        Ok(cookie) if cookie.len() == auth::LEN => Ok(Some(cookie)),
        Err(e) if e.kind() != std::io::ErrorKind::Other => Ok(None),
        // The file does not have 32 bytes.
        Ok(_) | Err(_) => Err(Obstacle::CookieWrong),
    }
}

/// Subscribes to as many of the events as a restricted port lets through.
async fn subscribe(control: &mut Control) -> Result<Vec<&'static str>, Obstacle> {
    let mut set = async |events: &[&str]| {
        let line = format!("SETEVENTS {}\r\n", events.join(" "));
        control.command(line.as_bytes()).await.map(|reply| reply.is_ok())
    };
    if set(&EVENTS).await? {
        return Ok(EVENTS.to_vec());
    }
    let mut allowed = Vec::new();
    for event in EVENTS {
        if set(&[event]).await? {
            allowed.push(event);
        }
    }
    tracing::debug!("the control port lets {} of {} kinds of events through", allowed.len(), EVENTS.len());
    if !allowed.is_empty() && !set(&allowed).await? {
        allowed.clear();
    }
    Ok(allowed)
}
