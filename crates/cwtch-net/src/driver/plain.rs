//! The plain connection of the token service (§1.6): framed, not authenticated, not encrypted by us.

use std::fmt;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

use cwtch_primitives::Address;
use cwtch_wire::packet::{PACKET_LEN, read_frame, write_frame};

use super::deadlines::Deadlines;
use super::error::{Awaiting, ConnError};
use super::packets::PacketStream;
use super::secure::{dial, within};
use crate::network::{BoxStream, Isolation, Network};

/// A connection of plain packets. Over Tor the network itself authenticates the service's address and
/// encrypts; what is said here carries its own proofs (§1.6).
pub struct PlainConnection {
    packets: PacketStream,
}

impl PlainConnection {
    /// Dials `service`.
    ///
    /// # Errors
    /// [`ConnError::Network`] if nobody is there, [`ConnError::Deadline`].
    pub async fn connect(
        network: &dyn Network,
        service: &Address,
        isolation: Isolation,
        deadlines: &Deadlines,
    ) -> Result<Self, ConnError> {
        Ok(Self::new(dial(network, service, isolation, deadlines).await?, deadlines))
    }

    /// A connection over an existing stream, for either side.
    pub fn new(stream: BoxStream, deadlines: &Deadlines) -> Self {
        Self { packets: PacketStream::new(stream, deadlines) }
    }

    /// True if [`queue`](Self::queue) takes a payload now.
    pub fn has_room(&self) -> bool {
        self.packets.has_room()
    }

    /// Frames a payload (1 to [`PLAIN_MAX`](cwtch_wire::packet::PLAIN_MAX) bytes) and queues it; it leaves with the
    /// next [`flush`](Self::flush) or [`recv`](Self::recv).
    ///
    /// # Errors
    /// [`ConnError::Full`] if eight packets wait, [`ConnError::Unsendable`] for a payload of a wrong length; the
    /// connection goes on after both. [`ConnError::Closed`].
    pub fn queue(&mut self, payload: &[u8]) -> Result<(), ConnError> {
        self.packets.queue_with(|packet| write_frame(payload, packet).map_err(ConnError::Unsendable))
    }

    /// Writes all that is queued. Cancel-safe.
    ///
    /// # Errors
    /// [`ConnError::Deadline`] if the peer does not read, [`ConnError::Io`], [`ConnError::Closed`].
    pub async fn flush(&mut self) -> Result<(), ConnError> {
        self.packets.flush().await
    }

    /// Sends one payload and waits until the stream has taken it.
    ///
    /// # Errors
    /// As [`queue`](Self::queue) (never `Full`) and [`flush`](Self::flush).
    pub async fn send(&mut self, payload: &[u8]) -> Result<(), ConnError> {
        self.packets.room().await?;
        self.queue(payload)?;
        self.flush().await
    }

    /// Receives the next payload; `None` once the peer has closed after a whole packet. Cancel-safe.
    ///
    /// # Errors
    /// [`ConnError::Packet`] for a malformed packet, [`ConnError::Truncated`], [`ConnError::Deadline`],
    /// [`ConnError::Io`]; [`ConnError::Closed`] after any of these.
    pub async fn recv(&mut self) -> Result<Option<Vec<u8>>, ConnError> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Vec<u8>>, ConnError>> {
        let read =
            |packet: &[u8; PACKET_LEN]| read_frame(packet).map(<[u8]>::to_vec).map_err(ConnError::Packet);
        self.packets.poll_read(cx, read)
    }

    /// Receives an answer that is due within `limit`.
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
}

impl fmt::Debug for PlainConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlainConnection(…)")
    }
}
