//! The encrypted connection to a peer or a board (§1.5, §1.3).

use std::fmt;
use std::future::{Future, poll_fn};
use std::task::{Context, Poll};
use std::time::Duration;

use cwtch_primitives::{Address, CryptoRngCore, Identity};
use cwtch_protocol::channel::handshake::{AwaitHello, Start};
use cwtch_protocol::channel::{Channel, Packet};
use tokio::time::timeout;

use super::Rng;
use super::deadlines::Deadlines;
use super::error::{Awaiting, ConnError};
use super::packets::PacketStream;
use crate::network::{BoxStream, Isolation, Network};

/// An authenticated, encrypted connection; it exists only once the handshake is done.
///
/// Use it from one task, see [the module](super). Both directions go through `&mut self`; with [`queue`](Self::queue)
/// and [`recv`](Self::recv) neither waits for the other. Memory while idle: below 1 KiB besides the stream's own,
/// up to 3 KiB more when many packets have passed (remembered nonces).
pub struct SecureConnection {
    packets: PacketStream,
    channel: Channel,
    rng: Rng,
}

impl SecureConnection {
    /// Dials `peer` and authenticates both sides. A client of a board passes a fresh identity each time.
    ///
    /// # Errors
    /// [`ConnError::Network`] if nobody is there, [`ConnError::Handshake`] if the one there is somebody
    /// else or misbehaves, [`ConnError::Deadline`] naming the step that took too long.
    pub async fn connect(
        network: &dyn Network,
        identity: &Identity,
        peer: &Address,
        isolation: Isolation,
        deadlines: &Deadlines,
        rng: impl CryptoRngCore + Send + 'static,
    ) -> Result<Self, ConnError> {
        let stream = dial(network, peer, isolation, deadlines).await?;
        Self::outbound(stream, identity, peer, deadlines, rng).await
    }

    /// Authenticates both sides of a stream that was dialled already.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub async fn outbound(
        stream: BoxStream,
        identity: &Identity,
        peer: &Address,
        deadlines: &Deadlines,
        rng: impl CryptoRngCore + Send + 'static,
    ) -> Result<Self, ConnError> {
        let mut rng: Rng = Box::new(rng);
        let start = Start::outbound(identity, peer, &mut rng);
        // Boxed, so that a task which goes on to serve the connection keeps no room for the handshake's state.
        Box::pin(handshake(stream, start, deadlines, rng)).await
    }

    /// Authenticates both sides of a stream that a [`Listener`](crate::Listener) accepted; the peer's address
    /// becomes known here.
    ///
    /// # Errors
    /// As [`connect`](Self::connect), but for the network.
    pub async fn accept(
        stream: BoxStream,
        identity: &Identity,
        deadlines: &Deadlines,
        rng: impl CryptoRngCore + Send + 'static,
    ) -> Result<Self, ConnError> {
        let mut rng: Rng = Box::new(rng);
        let start = Start::inbound(identity, &mut rng);
        Box::pin(handshake(stream, start, deadlines, rng)).await
    }

    /// The authenticated peer.
    pub fn peer(&self) -> &Address {
        self.channel.peer()
    }

    /// Our own address on this connection.
    pub fn local(&self) -> &Address {
        self.channel.local()
    }

    /// True if [`queue`](Self::queue) takes a payload now.
    pub fn has_room(&self) -> bool {
        self.packets.has_room()
    }

    /// True if everything that was queued is written to the stream.
    pub fn is_drained(&self) -> bool {
        self.packets.is_drained()
    }

    /// Seals a payload (1 to [`SEALED_MAX`](cwtch_wire::packet::SEALED_MAX) bytes) and queues it, without waiting; it
    /// leaves with the next [`flush`](Self::flush) or [`recv`](Self::recv).
    ///
    /// # Errors
    /// [`ConnError::Full`] if eight packets wait, [`ConnError::Unsendable`] for a payload of a wrong length; the
    /// connection goes on after both. [`ConnError::Closed`].
    pub fn queue(&mut self, payload: &[u8]) -> Result<(), ConnError> {
        let Self { packets, channel, rng } = self;
        packets.queue_with(|packet| channel.seal(payload, rng, packet).map_err(ConnError::sealing))
    }

    /// Writes all that is queued. Cancel-safe.
    ///
    /// # Errors
    /// [`ConnError::Deadline`] if the peer does not read, [`ConnError::Io`], [`ConnError::Closed`].
    pub async fn flush(&mut self) -> Result<(), ConnError> {
        self.packets.flush().await
    }

    /// Sends one payload and waits until the stream has taken it. It does not read meanwhile: two sides that
    /// both send much this way end in the write deadline; such a side uses [`queue`](Self::queue). If the future
    /// is dropped the payload may or may not leave later.
    ///
    /// # Errors
    /// As [`queue`](Self::queue) (never `Full`) and [`flush`](Self::flush).
    pub async fn send(&mut self, payload: &[u8]) -> Result<(), ConnError> {
        self.packets.room().await?;
        self.queue(payload)?;
        self.flush().await
    }

    /// Sends many payloads, eight packets to a write, and waits until the stream has taken them. Reads as little
    /// meanwhile as [`send`](Self::send).
    ///
    /// # Errors
    /// As [`send`](Self::send); payloads before the refused one may have left.
    pub async fn send_batch<P: AsRef<[u8]>>(
        &mut self,
        payloads: impl IntoIterator<Item = P>,
    ) -> Result<(), ConnError> {
        for payload in payloads {
            self.packets.room().await?;
            self.queue(payload.as_ref())?;
        }
        self.flush().await
    }

    /// Receives the next payload; `None` once the peer has closed after a whole packet. Writes what is queued
    /// meanwhile. Cancel-safe: a dropped future loses nothing.
    ///
    /// # Errors
    /// [`ConnError::Channel`] for a packet that does not open or was seen before, [`ConnError::Truncated`],
    /// [`ConnError::Deadline`], [`ConnError::Io`]; [`ConnError::Closed`] after any of these.
    pub async fn recv(&mut self) -> Result<Option<Vec<u8>>, ConnError> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Polls for the next payload, as [`recv`](Self::recv) does.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ConnError>> {
        let channel = &mut self.channel;
        self.packets.poll_read(cx, |packet| channel.open(packet).map_err(ConnError::Channel))
    }

    /// Receives an answer that is due within `limit`. Cancel-safe, but each call begins a new wait.
    ///
    /// # Errors
    /// As [`recv`](Self::recv), [`ConnError::ClosedEarly`] at the end of the stream, [`ConnError::Deadline`].
    pub async fn recv_within(&mut self, limit: Duration) -> Result<Vec<u8>, ConnError> {
        within(limit, Awaiting::Answer, self.recv()).await?.ok_or(ConnError::ClosedEarly)
    }

    /// Writes all that is queued and closes.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn close(self) -> Result<(), ConnError> {
        self.packets.close().await
    }

    #[cfg(test)]
    pub(super) fn packets(&mut self) -> &mut PacketStream {
        &mut self.packets
    }

    #[cfg(test)]
    pub(super) fn into_stream(self) -> BoxStream {
        self.packets.into_stream()
    }
}

impl fmt::Debug for SecureConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecureConnection(…)")
    }
}

/// Performs the handshake: both sides send, then read, twice (§1.5); each of the four steps has its deadline.
async fn handshake(
    stream: BoxStream,
    (awaiting, hello): (AwaitHello, Box<Packet>),
    deadlines: &Deadlines,
    mut rng: Rng,
) -> Result<SecureConnection, ConnError> {
    let limit = deadlines.handshake_step;
    let mut packets = PacketStream::unlimited(stream);
    packets.queue(&hello)?;
    within(limit, Awaiting::TakeHello, packets.flush()).await?;
    let hello = expected(&mut packets, limit, Awaiting::Hello).await?;
    let (awaiting, proof) = awaiting.on_packet(&hello, &mut rng).map_err(ConnError::Handshake)?;
    packets.queue(&proof)?;
    within(limit, Awaiting::TakeProof, packets.flush()).await?;
    let proof = expected(&mut packets, limit, Awaiting::Proof).await?;
    let channel = awaiting.on_packet(&proof).map_err(ConnError::Handshake)?;
    packets.set_limits(deadlines);
    Ok(SecureConnection { packets, channel, rng })
}

async fn expected(
    packets: &mut PacketStream,
    limit: Duration,
    step: Awaiting,
) -> Result<Box<Packet>, ConnError> {
    within(limit, step, packets.recv()).await?.ok_or(ConnError::ClosedEarly)
}

/// Opens a stream to `peer` within the dial deadline, for callers that want to know when it is open;
/// [`SecureConnection::outbound`] continues from it.
///
/// # Errors
/// [`ConnError::Network`] if nobody is there, [`ConnError::Deadline`].
pub async fn dial(
    network: &dyn Network,
    peer: &Address,
    isolation: Isolation,
    deadlines: &Deadlines,
) -> Result<BoxStream, ConnError> {
    let dialled = async { network.dial(peer, isolation).await.map_err(ConnError::Network) };
    within(deadlines.dial, Awaiting::Dial, dialled).await
}

/// Runs `work` under a deadline.
pub(super) async fn within<T>(
    limit: Duration,
    step: Awaiting,
    work: impl Future<Output = Result<T, ConnError>>,
) -> Result<T, ConnError> {
    timeout(limit, work).await.unwrap_or(Err(ConnError::Deadline(step)))
}
