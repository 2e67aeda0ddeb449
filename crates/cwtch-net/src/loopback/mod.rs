//! The loopback network (§1.2): TCP on this machine, found through a shared directory. For tests, the demo
//! and first steps; it gives no anonymity.

mod address_file;
#[cfg(test)]
mod tests;

use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use cwtch_primitives::{Address, Identity};
use tokio::net::{TcpListener, TcpStream};

use crate::exhaustion::Exhaustion;
use crate::network::{BoxStream, Isolation, Listener, NetError, Network, UnreachableWhy};
use address_file::Published;

/// Limit for a connection, which takes microseconds on one machine: it only ends a wait for a full backlog.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The loopback network in one directory. All participants use the same directory; a file there named
/// after an address says on which port of this machine it listens.
#[derive(Debug, Clone)]
pub struct Loopback {
    dir: PathBuf,
}

impl Loopback {
    /// The network in `dir`, which is created when something first listens.
    pub fn new(dir: impl AsRef<Path>) -> Self {
        Self { dir: dir.as_ref().to_owned() }
    }

    /// Creates the directory, for its owner only, if it is missing.
    ///
    /// # Errors
    /// If it cannot be created or is not a directory.
    pub fn create_directory(&self) -> Result<(), NetError> {
        cwtch_files::make_dir(&self.dir)
            .map_err(|error| NetError::io("create the loopback network's directory", error.into_io()))
    }

    async fn bind(&self, address: Address) -> Result<LoopbackListener, NetError> {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .map_err(|e| NetError::io("listen on 127.0.0.1", e))?;
        let at = match socket.local_addr() {
            Ok(SocketAddr::V4(at)) => at,
            Ok(SocketAddr::V6(_)) => return Err(NetError::Closed),
            Err(e) => return Err(NetError::io("listen on 127.0.0.1", e)),
        };
        let this = self.clone();
        let published = blocking("publish the address file in the loopback directory", move || {
            this.create_directory()?;
            Published::new(&this.dir, &address, at)
        })
        .await?;
        Ok(LoopbackListener { published, socket, address, exhaustion: Exhaustion::default() })
    }
}

#[async_trait]
impl Network for Loopback {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        Ok(Box::new(self.bind(identity.address()).await?))
    }

    async fn dial(&self, address: &Address, _: Isolation) -> Result<BoxStream, NetError> {
        let path = address_file::path(&self.dir, address);
        let at = blocking("read the peer's address file", move || address_file::read(&path)).await?;
        let stream = tokio::time::timeout(CONNECT_LIMIT, connect(at))
            .await
            .map_err(|_| NetError::unreachable(UnreachableWhy::TimedOut))??;
        Ok(Box::new(stream))
    }

    fn describe(&self) -> &'static str {
        "loopback (this machine only)"
    }

    fn warning(&self) -> Option<&'static str> {
        Some(
            "The loopback network gives no anonymity: it connects programs on this machine only, for tests and demos.",
        )
    }
}

async fn connect(at: SocketAddrV4) -> Result<TcpStream, NetError> {
    let stream = TcpStream::connect(at).await.map_err(|e| match e.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionReset => {
            NetError::unreachable(UnreachableWhy::Refused)
        }
        ErrorKind::TimedOut => NetError::unreachable(UnreachableWhy::TimedOut),
        _ => NetError::io("connect to the peer's port on this machine", e),
    })?;
    no_delay(&stream);
    Ok(stream)
}

/// Switches off Nagle's algorithm: packets are written whole, so waiting to fill a segment only delays them.
fn no_delay(stream: &TcpStream) {
    if stream.set_nodelay(true).is_err() {
        tracing::debug!("TCP_NODELAY refused; packets may be delayed");
    }
}

/// Runs file work off the async threads.
async fn blocking<T: Send + 'static>(
    doing: &'static str,
    work: impl FnOnce() -> Result<T, NetError> + Send + 'static,
) -> Result<T, NetError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(_) => Err(NetError::io(doing, io::Error::other("the program is shutting down"))),
    }
}

/// A listening TCP socket and its address file.
struct LoopbackListener {
    // Declared before `socket`: fields drop in this order, and the file must go while the port is still ours.
    published: Published,
    socket: TcpListener,
    address: Address,
    exhaustion: Exhaustion,
}

#[async_trait]
impl Listener for LoopbackListener {
    async fn accept(&mut self) -> Result<BoxStream, NetError> {
        loop {
            match self.socket.accept().await {
                Ok((stream, _)) => {
                    self.exhaustion.over();
                    no_delay(&stream);
                    return Ok(Box::new(stream));
                }
                Err(e) if passes(&e) => {}
                Err(e) if exhausted(&e) => self.exhaustion.wait().await,
                Err(e) => return Err(NetError::io("accept a connection", e)),
            }
        }
    }

    fn address(&self) -> &Address {
        &self.address
    }

    async fn close(self: Box<Self>) {
        let Self { published, socket, .. } = *self;
        let _ = blocking("withdraw the address file", move || {
            drop(published);
            drop(socket);
            Ok(())
        })
        .await;
    }
}

/// True for an error of one connection that ended before it was accepted; the next one can be accepted.
fn passes(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset | ErrorKind::Interrupted)
}

/// True for ENOMEM, ENFILE, EMFILE and ENOBUFS, which pass when connections end and make room again.
fn exhausted(error: &io::Error) -> bool {
    error.kind() == ErrorKind::OutOfMemory || matches!(error.raw_os_error(), Some(12 | 23 | 24 | 105))
}
