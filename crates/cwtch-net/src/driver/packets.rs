//! A stream of 8192-byte packets (§1.3), with deadlines.

use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use cwtch_wire::packet::PACKET_LEN;
use tokio::io::AsyncWrite as _;

use super::deadlines::Deadlines;
use super::error::{Awaiting, ConnError};
use super::inbox::Inbox;
use super::outbox::Outbox;
use super::timer::Timer;
use crate::network::BoxStream;

/// The limits that hold on every packet; `None` is no limit.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Limits {
    write: Option<Duration>,
    packet: Option<Duration>,
    idle: Option<Duration>,
}

impl From<&Deadlines> for Limits {
    fn from(deadlines: &Deadlines) -> Self {
        Self { write: Some(deadlines.write), packet: Some(deadlines.packet), idle: deadlines.idle }
    }
}

/// Packets in both directions over one stream, neither encrypted nor understood. The two kinds of
/// connection are built on it; by itself it is for tests, benches and hostile peers.
///
/// After an error, every further call answers [`ConnError::Closed`].
pub struct PacketStream {
    stream: BoxStream,
    inbox: Inbox,
    outbox: Outbox,
    limits: Limits,
    /// Bytes written since the write timer was last disarmed.
    written: usize,
    /// True if something was written that the stream may still hold back.
    unflushed: bool,
    state: StreamState,
    /// Reason why nothing can be written any more, while there may still be packets to read.
    unwritable: Option<ConnError>,
    write_timer: Timer,
    packet_timer: Timer,
    idle_timer: Timer,
}

/// State of the stream below, as far as reading is concerned.
#[derive(Clone, Copy, PartialEq, Eq)]
enum StreamState {
    Open,
    /// The peer sends nothing more.
    Ended,
    Failed,
}

impl PacketStream {
    /// Packets over `stream`, under the write, packet and idle deadlines.
    pub fn new(stream: BoxStream, deadlines: &Deadlines) -> Self {
        Self::with_limits(stream, deadlines.into())
    }

    /// Packets over `stream` without limits: the steps of a handshake have their own.
    pub(super) fn unlimited(stream: BoxStream) -> Self {
        Self::with_limits(stream, Limits::default())
    }

    fn with_limits(stream: BoxStream, limits: Limits) -> Self {
        Self {
            stream,
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            limits,
            written: 0,
            unflushed: false,
            state: StreamState::Open,
            unwritable: None,
            write_timer: Timer::default(),
            packet_timer: Timer::default(),
            idle_timer: Timer::default(),
        }
    }

    pub(super) fn set_limits(&mut self, deadlines: &Deadlines) {
        self.limits = deadlines.into();
    }

    /// True if [`queue`](Self::queue) takes a packet now.
    pub fn has_room(&self) -> bool {
        self.outbox.has_room()
    }

    /// True if everything that was queued is written to the stream.
    pub fn is_drained(&self) -> bool {
        self.outbox.pending().is_empty()
    }

    /// Queues a packet; it leaves with the next [`flush`](Self::flush) or [`recv`](Self::recv).
    ///
    /// # Errors
    /// [`ConnError::Full`] if eight packets wait, [`ConnError::Closed`].
    pub fn queue(&mut self, packet: &[u8; PACKET_LEN]) -> Result<(), ConnError> {
        self.queue_with(|out| {
            *out = *packet;
            Ok(())
        })
    }

    /// Queues a packet that `fill` writes in place; an error of `fill` changes nothing.
    pub(super) fn queue_with(
        &mut self,
        fill: impl FnOnce(&mut [u8; PACKET_LEN]) -> Result<(), ConnError>,
    ) -> Result<(), ConnError> {
        if self.state == StreamState::Failed || self.unwritable.is_some() {
            return Err(ConnError::Closed);
        }
        if !self.outbox.has_room() {
            return Err(ConnError::Full);
        }
        self.outbox.push(fill)
    }

    /// Waits until a packet may be queued, by writing. Cancel-safe.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn room(&mut self) -> Result<(), ConnError> {
        let done =
            poll_fn(|cx| if self.has_room() { Poll::Ready(Ok(())) } else { self.poll_write(cx) }).await;
        if done.is_err() {
            self.fail();
        }
        done
    }

    /// Writes all that is queued. Cancel-safe: what is not written yet stays queued.
    ///
    /// # Errors
    /// [`ConnError::Deadline`] if the peer does not read, [`ConnError::Io`], [`ConnError::Closed`].
    pub async fn flush(&mut self) -> Result<(), ConnError> {
        let done = poll_fn(|cx| self.poll_flush(cx)).await;
        if done.is_err() {
            self.fail();
        }
        done
    }

    /// Receives the next packet; `None` once the peer has closed after a whole packet. Writes what is queued
    /// meanwhile. Cancel-safe.
    ///
    /// # Errors
    /// [`ConnError::Truncated`], [`ConnError::Deadline`] for the rest of a packet, for silence or for a peer
    /// that does not read, [`ConnError::Io`], [`ConnError::Closed`].
    pub async fn recv(&mut self) -> Result<Option<Box<[u8; PACKET_LEN]>>, ConnError> {
        if !poll_fn(|cx| self.poll_packet(cx)).await? {
            return Ok(None);
        }
        let packet = self.inbox.front().map(|packet| Box::new(*packet));
        self.inbox.pop();
        Ok(packet)
    }

    /// Writes all that is queued and tells the peer that nothing more comes.
    ///
    /// # Errors
    /// As [`flush`](Self::flush).
    pub async fn close(mut self) -> Result<(), ConnError> {
        self.flush().await?;
        poll_fn(|cx| {
            match Pin::new(&mut self.stream).poll_shutdown(cx) {
                Poll::Ready(done) => return Poll::Ready(done.map_err(|e| ConnError::io("close", e))),
                Poll::Pending => ready!(self.write_timer.poll(cx, self.limits.write)),
            }
            Poll::Ready(Err(ConnError::Deadline(Awaiting::Write)))
        })
        .await
    }

    /// Marks the connection as of no use.
    pub(super) fn fail(&mut self) {
        self.state = StreamState::Failed;
    }

    /// Polls for the next packet and parses it with `read`; `None` at the end of the stream. An error of `read` ends
    /// the connection.
    pub(super) fn poll_read<T>(
        &mut self,
        cx: &mut Context<'_>,
        read: impl FnOnce(&[u8; PACKET_LEN]) -> Result<T, ConnError>,
    ) -> Poll<Result<Option<T>, ConnError>> {
        if !ready!(self.poll_packet(cx))? {
            return Poll::Ready(Ok(None));
        }
        let Some(packet) = self.front() else { return Poll::Ready(Ok(None)) };
        let payload = read(packet);
        self.pop();
        if payload.is_err() {
            self.fail();
        }
        Poll::Ready(payload.map(Some))
    }

    /// The packet that [`poll_packet`](Self::poll_packet) announced.
    pub(super) fn front(&self) -> Option<&[u8; PACKET_LEN]> {
        self.inbox.front()
    }

    /// Drops the packet that [`front`](Self::front) shows.
    pub(super) fn pop(&mut self) {
        self.inbox.pop();
    }

    /// Polls for the next packet: ready with `true` when [`front`](Self::front) has it, with `false` at the end of
    /// the stream.
    pub(super) fn poll_packet(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, ConnError>> {
        let polled = self.poll_packet_inner(cx);
        if matches!(polled, Poll::Ready(Err(_))) {
            self.fail();
        }
        polled
    }

    fn poll_packet_inner(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool, ConnError>> {
        if self.state == StreamState::Failed {
            return Poll::Ready(Err(ConnError::Closed));
        }
        match self.poll_flush(cx) {
            // What the peer sent before it went away is still worth having.
            Poll::Ready(Err(error @ ConnError::Io { .. })) => self.unwritable = Some(error),
            Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
            Poll::Ready(Ok(())) | Poll::Pending => {}
        }
        loop {
            if self.inbox.front().is_some() {
                self.packet_timer.disarm();
                self.idle_timer.disarm();
                return Poll::Ready(Ok(true));
            }
            if self.state == StreamState::Ended {
                return Poll::Ready(Ok(false));
            }
            match self.inbox.poll_fill(&mut self.stream, cx) {
                Poll::Ready(Ok(0)) if self.inbox.is_empty() => self.state = StreamState::Ended,
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(ConnError::Truncated)),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(e)) => return Poll::Ready(Err(ConnError::io("read from the peer", e))),
                Poll::Pending => {
                    if let Some(error) = self.unwritable.take() {
                        return Poll::Ready(Err(error));
                    }
                    if !self.inbox.is_empty() && self.packet_timer.poll(cx, self.limits.packet).is_ready() {
                        return Poll::Ready(Err(ConnError::Deadline(Awaiting::RestOfPacket)));
                    }
                    ready!(self.idle_timer.poll(cx, self.limits.idle));
                    return Poll::Ready(Err(ConnError::Deadline(Awaiting::Silence)));
                }
            }
        }
    }

    /// Polls until everything is written and flushed; then the buffer is freed.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnError>> {
        ready!(self.poll_write(cx))?;
        self.outbox.release();
        if !self.unflushed {
            return Poll::Ready(Ok(()));
        }
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                self.unflushed = false;
                self.write_progress();
                Poll::Ready(Ok(()))
            }
            Poll::Ready(Err(e)) => Poll::Ready(Err(ConnError::io("write to the peer", e))),
            Poll::Pending => self.poll_write_limit(cx),
        }
    }

    /// Polls until everything is handed to the stream.
    fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnError>> {
        if self.state == StreamState::Failed {
            return Poll::Ready(Err(ConnError::Closed));
        }
        if self.unwritable.is_some() {
            return Poll::Pending;
        }
        while !self.outbox.pending().is_empty() {
            match Pin::new(&mut self.stream).poll_write(cx, self.outbox.pending()) {
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(ConnError::Closed)),
                Poll::Ready(Ok(count)) => {
                    self.outbox.advance(count);
                    self.unflushed = true;
                    self.written += count;
                    // The limit is for each packet, so that a trickle does not extend it.
                    if self.written >= PACKET_LEN {
                        self.write_progress();
                    }
                }
                Poll::Ready(Err(e)) => return Poll::Ready(Err(ConnError::io("write to the peer", e))),
                Poll::Pending => return self.poll_write_limit(cx),
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_limit(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), ConnError>> {
        ready!(self.write_timer.poll(cx, self.limits.write));
        Poll::Ready(Err(ConnError::Deadline(Awaiting::Write)))
    }

    fn write_progress(&mut self) {
        self.written = 0;
        self.write_timer.disarm();
    }

    #[cfg(test)]
    pub(super) fn swap_stream(&mut self, other: BoxStream) -> BoxStream {
        std::mem::replace(&mut self.stream, other)
    }

    #[cfg(test)]
    pub(super) fn into_stream(self) -> BoxStream {
        self.stream
    }

    /// Bytes of buffers that this connection holds now.
    #[cfg(test)]
    pub(super) fn buffered_capacity(&self) -> usize {
        self.inbox.capacity() + self.outbox.capacity()
    }
}
