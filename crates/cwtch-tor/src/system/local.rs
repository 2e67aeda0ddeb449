//! The socket at which Tor hands over the connections of an onion service.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use cwtch_net::onion::Arrivals;
use cwtch_net::{BoxStream, Exhaustion, Obstacle};
use tempfile::TempDir;
use tokio::net::{TcpListener, UnixListener};
use tokio_util::task::AbortOnDropHandle;

use crate::config::Listen;

/// Longest path of a Unix socket that every system takes.
const MAX_PATH: usize = 100;

/// The local side of an onion service: it accepts until it is dropped.
pub(crate) struct Local {
    target: String,
    // Declared before the directory: fields drop in this order.
    _accepting: AbortOnDropHandle<()>,
    _dir: Option<TempDir>,
}

enum Socket {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// Chooses the place at which Tor hands connections over: for a Tor that runs as `user` on the machine of `host`,
/// where these are known.
///
/// A Unix socket of ours can only be reached by a Tor that runs as this user, or as root.
pub(crate) fn suitable(user: Option<u32>, host: Option<IpAddr>) -> Result<Listen, Obstacle> {
    if host.is_some_and(|host| !host.is_loopback()) {
        // An address of this machine that others can reach would show them who is behind an onion service.
        return Err(Obstacle::NeedsListen);
    }
    let own = rustix::process::geteuid().as_raw();
    Ok(match user {
        Some(user) if user == own || user == 0 => Listen::Unix,
        _ => Listen::Tcp(IpAddr::V4(Ipv4Addr::LOCALHOST), 0..=0),
    })
}

impl Local {
    /// Opens the socket and begins to accept. Connections wait in the system while nobody takes them.
    pub(crate) async fn open(listen: &Listen, arrivals: Arrivals) -> Result<Self, Obstacle> {
        let refused = |e: io::Error| Obstacle::NoSocket { detail: e.kind().to_string() };
        let (socket, target, dir) = match listen {
            Listen::Unix => {
                let (socket, path, dir) = unix().map_err(refused)?;
                (Socket::Unix(socket), format!("unix:{path}"), Some(dir))
            }
            Listen::Tcp(ip, ports) => {
                let (socket, at) = tcp(*ip, ports.clone()).await.map_err(refused)?;
                (Socket::Tcp(socket), at.to_string(), None)
            }
        };
        let accepting = AbortOnDropHandle::new(tokio::spawn(accept_all(socket, arrivals)));
        Ok(Self { target, _accepting: accepting, _dir: dir })
    }

    /// The socket's name as the command ADD_ONION takes it.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }
}

/// Opens a socket in a fresh directory that only this user may enter.
fn unix() -> io::Result<(UnixListener, String, TempDir)> {
    let mut last = ErrorKind::InvalidInput.into();
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|dir| dir.is_absolute());
    for parent in runtime.into_iter().chain([std::env::temp_dir()]) {
        match unix_in(&parent) {
            Ok(opened) => return Ok(opened),
            Err(e) => last = e,
        }
    }
    Err(last)
}

fn unix_in(parent: &Path) -> io::Result<(UnixListener, String, TempDir)> {
    let dir = cwtch_files::fresh_dir(parent, "cwtch-")?;
    let path = dir.path().join("onion");
    // A path is refused if it would need quotes on a control line, or is longer than a socket's name may be.
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let text = path.to_str().filter(|path| path.len() <= MAX_PATH && path.chars().all(plain));
    let text = text.ok_or(ErrorKind::InvalidFilename)?.to_owned();
    Ok((UnixListener::bind(&path)?, text, dir))
}

async fn tcp(ip: IpAddr, ports: std::ops::RangeInclusive<u16>) -> io::Result<(TcpListener, SocketAddr)> {
    let mut last = ErrorKind::AddrInUse.into();
    for port in ports {
        match TcpListener::bind((ip, port)).await {
            Ok(socket) => {
                let at = socket.local_addr()?;
                return Ok((socket, at));
            }
            Err(e) => last = e,
        }
    }
    Err(last)
}

async fn accept_all(socket: Socket, arrivals: Arrivals) {
    let mut exhaustion = Exhaustion::default();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            () = arrivals.abandoned() => return,
        };
        match accepted {
            Ok(stream) => {
                exhaustion.over();
                let arrival = arrivals.note();
                let Some(place) = arrivals.room().await else { return };
                place.send(arrival, stream);
            }
            // The connection ended before it was accepted; the next one is not concerned.
            Err(e) if matches!(e.kind(), ErrorKind::ConnectionAborted | ErrorKind::Interrupted) => {}
            Err(_) => exhaustion.wait().await,
        }
    }
}

impl Socket {
    async fn accept(&self) -> io::Result<BoxStream> {
        Ok(match self {
            Self::Unix(socket) => Box::new(socket.accept().await?.0),
            Self::Tcp(socket) => {
                let stream = socket.accept().await?.0;
                if stream.set_nodelay(true).is_err() {
                    tracing::debug!("TCP_NODELAY refused; packets may be delayed");
                }
                Box::new(stream)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::super::places::open;
    use super::*;

    async fn talk(listen: &Listen) -> Local {
        let (arrivals, mut streams) = Arrivals::new();
        let local = Local::open(listen, arrivals.clone()).await.unwrap();
        let (mut ours, _) = open(&local.target().parse().unwrap()).await.unwrap();
        let mut theirs = streams.recv().await.unwrap();
        ours.write_all(b"x").await.unwrap();
        assert_eq!(theirs.read_u8().await.unwrap(), b'x');
        local
    }

    #[tokio::test]
    async fn a_unix_socket_is_private_and_goes_with_its_owner() {
        let local = talk(&Listen::Unix).await;
        let path = PathBuf::from(local.target().strip_prefix("unix:").unwrap());
        let dir = path.parent().unwrap().to_owned();
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        drop(local);
        assert!(!dir.exists());
    }

    #[tokio::test]
    async fn a_range_of_ports_gives_its_first_free_one() {
        let any = Listen::Tcp([127, 0, 0, 1].into(), 0..=0);
        let first = talk(&any).await;
        let at: SocketAddr = first.target().parse().unwrap();
        let taken = Listen::Tcp(at.ip(), at.port()..=at.port());
        let refused = Local::open(&taken, Arrivals::new().0).await.err().unwrap();
        assert!(
            matches!(&refused, Obstacle::NoSocket { detail } if detail.contains("in use")),
            "{refused:?}"
        );
        talk(&Listen::Tcp(at.ip(), at.port()..=u16::MAX)).await;
    }

    #[tokio::test]
    async fn a_connection_without_room_is_known_to_wait() {
        let (arrivals, mut streams) = Arrivals::new();
        let local = Local::open(&Listen::Unix, arrivals.clone()).await.unwrap();
        let place = local.target().parse().unwrap();
        let mut held = Vec::new();
        while !arrivals.is_blocked() {
            held.push(open(&place).await.unwrap());
            tokio::task::yield_now().await;
        }
        assert_eq!(streams.len(), streams.max_capacity());
        streams.recv().await.unwrap();
    }

    #[test]
    fn the_socket_suits_the_tor() {
        let own = rustix::process::geteuid().as_raw();
        let loopback = Ok(Listen::Tcp([127, 0, 0, 1].into(), 0..=0));
        assert_eq!(suitable(Some(own), None), Ok(Listen::Unix));
        assert_eq!(suitable(Some(0), Some([127, 0, 0, 1].into())), Ok(Listen::Unix));
        assert_eq!(suitable(Some(own + 1), None), loopback);
        assert_eq!(suitable(None, Some([127, 0, 0, 1].into())), loopback);
        assert_eq!(suitable(None, Some([10, 0, 0, 1].into())), Err(Obstacle::NeedsListen));
    }
}
