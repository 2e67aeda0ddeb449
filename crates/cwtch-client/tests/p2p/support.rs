//! A small world: a data directory and a loopback network, and people in it.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use async_trait::async_trait;
use cwtch_client::api::{Command, Event};
use cwtch_client::engine::{EngineOptions, Mode};
use cwtch_client::profile::Profile;
use cwtch_net::{BoxStream, Deadlines, Isolation, Listener, Loopback, NetError, Network, SecureConnection};
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_protocol::app::peer::{Event as PeerEvent, Peer};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;

pub use crate::person::{Person, profile, soon};

pub struct World {
    dir: TempDir,
    pub network: Arc<CountingNetwork>,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let network = Arc::new(CountingNetwork {
            inner: Loopback::new(dir.path().join("net")),
            streams: watch::Sender::new(0),
        });
        Self { dir, network }
    }

    /// The address of a profile, made if need be.
    pub fn address(&self, name: &str) -> String {
        profile(self.dir.path(), name).address().to_string()
    }

    /// Whether somebody listens under an address.
    pub fn is_listening(&self, address: &str) -> bool {
        self.dir.path().join("net").join(address).exists()
    }

    pub async fn daemon(&self, name: &str) -> Person {
        self.start(name, Mode::Daemon).await
    }

    pub async fn one_shot(&self, name: &str) -> Person {
        self.start(name, Mode::OneShot).await
    }

    /// The profile of somebody whose engine does not run.
    pub fn profile(&self, name: &str) -> Profile {
        profile(self.dir.path(), name)
    }

    pub async fn start_with(&self, name: &str, options: EngineOptions) -> Person {
        Person::start_with(profile(self.dir.path(), name), self.network.clone(), options).await
    }

    async fn start(&self, name: &str, mode: Mode) -> Person {
        Person::start(profile(self.dir.path(), name), self.network.clone(), mode).await
    }

    /// Two daemons that have accepted each other and are connected.
    pub async fn friends(&self) -> (Person, Person) {
        let (mut alice, mut bob) = (self.daemon("alice").await, self.daemon("bob").await);
        alice.add(&bob.address).await;
        bob.add(&alice.address).await;
        alice.online_with(&bob.address.clone()).await;
        bob.online_with(&alice.address.clone()).await;
        (alice, bob)
    }
}

impl Person {
    pub async fn add(&self, address: &str) {
        self.call(Command::ContactAdd { address: address.to_owned(), name: None }).await.unwrap();
    }

    pub async fn accept(&self, address: &str) {
        self.call(Command::ContactAccept { contact: address.to_owned() }).await.unwrap();
    }

    pub async fn online_with(&mut self, contact: &str) {
        self.event("a contact to come online", |event| {
            matches!(event, Event::ContactOnline { address, .. } if address == contact).then_some(())
        })
        .await;
    }

    pub async fn offline_with(&mut self, contact: &str) {
        self.event("a contact to go offline", |event| {
            matches!(event, Event::ContactOffline { address, .. } if address == contact).then_some(())
        })
        .await;
    }

    pub async fn contact_request(&mut self) -> String {
        self.event("a contact request", |event| match event {
            Event::ContactRequest { address } => Some(address.clone()),
            _ => None,
        })
        .await
    }
}

/// Somebody who speaks the protocol by hand.
pub struct Stranger {
    pub identity: Identity,
}

pub struct StrangerLine {
    pub connection: SecureConnection,
    pub machine: Peer,
}

impl Stranger {
    pub fn new(seed: u8) -> Self {
        Self { identity: Identity::from_seed(&[seed; 32]) }
    }

    pub fn address(&self) -> String {
        self.identity.address().to_string()
    }

    pub async fn dial(&self, world: &World, whom: &str) -> StrangerLine {
        let whom: Address = whom.parse().unwrap();
        let deadlines = Deadlines::default();
        let connecting = SecureConnection::connect(
            &*world.network,
            &self.identity,
            &whom,
            Isolation::new(),
            &deadlines,
            OsRng,
        );
        let connection = soon("a connection", connecting).await.unwrap();
        StrangerLine { connection, machine: Peer::new() }
    }
}

impl StrangerLine {
    async fn send_all(&mut self) {
        while let Some(payload) = self.machine.poll_send() {
            // The other side may be gone; what it sent before is still to be read.
            let _ = self.connection.send(&payload).await;
        }
    }

    /// Sends what the machine has; then the next event that `pick` wants, or `None` at the end of the line.
    pub async fn event<T>(&mut self, mut pick: impl FnMut(PeerEvent) -> Option<T>) -> Option<T> {
        loop {
            self.send_all().await;
            while let Some(event) = self.machine.poll_event() {
                if let Some(found) = pick(event) {
                    return Some(found);
                }
            }
            match soon("a packet", self.connection.recv()).await {
                Ok(Some(payload)) => self.machine.handle(&payload).unwrap(),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The id of the next acknowledgement; `None` if the line ends.
    pub async fn acknowledgement(&mut self) -> Option<String> {
        self.event(|event| match event {
            PeerEvent::Acknowledged { id } => Some(id),
            _ => None,
        })
        .await
    }

    /// Asks for an attribute, behind all that waits to be sent; the outer `None` is the end of the line.
    pub async fn ask(&mut self, scope: &str, path: &str) -> Option<Option<String>> {
        // A question is control, which would go before a message.
        self.send_all().await;
        let question = self.machine.get_val(scope, path, &mut OsRng).unwrap();
        self.event(|event| match event {
            PeerEvent::RetVal { id, value } if id == question => Some(value),
            _ => None,
        })
        .await
    }
}

/// The loopback network, with a count of the streams that are open at either end.
pub struct CountingNetwork {
    inner: Loopback,
    streams: watch::Sender<usize>,
}

impl CountingNetwork {
    pub async fn until_streams(&self, count: usize) {
        let mut streams = self.streams.subscribe();
        soon("the number of streams", streams.wait_for(|now| *now == count)).await.unwrap();
    }

    fn count(&self, stream: BoxStream) -> BoxStream {
        self.streams.send_modify(|count| *count += 1);
        Box::new(Counted { stream, streams: self.streams.clone() })
    }
}

struct Counted {
    stream: BoxStream,
    streams: watch::Sender<usize>,
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.streams.send_modify(|count| *count -= 1);
    }
}

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

struct CountingListener {
    inner: Box<dyn Listener>,
    streams: watch::Sender<usize>,
}

#[async_trait]
impl Listener for CountingListener {
    async fn accept(&mut self) -> Result<BoxStream, NetError> {
        let stream = self.inner.accept().await?;
        self.streams.send_modify(|count| *count += 1);
        Ok(Box::new(Counted { stream, streams: self.streams.clone() }))
    }
    fn address(&self) -> &Address {
        self.inner.address()
    }
    async fn close(self: Box<Self>) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Network for CountingNetwork {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        let inner = self.inner.listen(identity).await?;
        Ok(Box::new(CountingListener { inner, streams: self.streams.clone() }))
    }
    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        Ok(self.count(self.inner.dial(address, isolation).await?))
    }
    fn describe(&self) -> &'static str {
        self.inner.describe()
    }
}
