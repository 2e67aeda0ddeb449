//! The encrypted channel after authentication (§1.3).

use core::fmt;

use cwtch_primitives::secretbox::{BoxKey, NONCE_LEN, open_into, seal_in_place};
use cwtch_primitives::{Address, CryptoRngCore};
use cwtch_wire::packet::{PacketError, SEALED_BODY, read_frame, write_frame};
use zeroize::Zeroize;

use super::Packet;
use super::nonces::{NonceMemory, OwnNonces};

/// Number of received nonces that a side remembers, to refuse them the second time.
pub const RECEIVED_MEMORY: usize = 256;

/// A connection whose two ends have proved who they are.
///
/// Only a finished handshake makes one. Packets of both directions are sealed with one key and carry no counter, as
/// in the deployed protocol; therefore a side refuses packets that it sent itself, which it always recognises by
/// their nonces, and those that it received recently ([`RECEIVED_MEMORY`]). Older replays, reordering and withheld
/// packets cannot be noticed here.
///
/// After any error of [`Channel::open`] the channel is closed: every later call fails. A channel is small: well under
/// 1 KiB when idle, and never above 4 KiB.
pub struct Channel {
    key: BoxKey,
    local: Address,
    peer: Address,
    own: OwnNonces,
    received: NonceMemory<RECEIVED_MEMORY>,
    closed: bool,
}

/// Reason why a packet was not sealed or opened. All but [`ChannelError::Unsendable`] end the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// Our own payload is empty or too long; the channel stays usable.
    #[error("this payload cannot be sent: {0}")]
    Unsendable(#[source] PacketError),
    /// The packet is one of our own, sent back.
    #[error("the peer sent one of our own packets back; the connection is closed")]
    Reflected,
    /// The packet repeats an earlier one.
    #[error("the peer sent a packet twice; the connection is closed")]
    Replayed,
    /// The packet was changed or sealed with another key.
    #[error("a packet does not open with this connection's key; the connection is closed")]
    Open,
    /// The packet opened, but its length field is wrong.
    #[error("a packet of the peer is malformed; the connection is closed")]
    Malformed(#[source] PacketError),
    /// An earlier error closed this channel.
    #[error("this connection was closed after an error; dial again")]
    Closed,
}

impl Channel {
    pub(super) fn new(
        key: BoxKey,
        local: Address,
        peer: Address,
        own: OwnNonces,
        received: &[u8; NONCE_LEN],
    ) -> Self {
        let mut channel = Self { key, local, peer, own, received: NonceMemory::default(), closed: false };
        channel.received.insert(received);
        channel
    }

    /// The address that the other end has proved to own.
    pub fn peer(&self) -> &Address {
        &self.peer
    }

    /// Our own address on this connection.
    pub fn local(&self) -> &Address {
        &self.local
    }

    /// Seals a payload of 1 to 8150 bytes into a packet. `out` is overwritten whole.
    ///
    /// # Errors
    /// [`ChannelError::Unsendable`] for a payload of another length; [`ChannelError::Closed`].
    pub fn seal(
        &mut self,
        payload: &[u8],
        rng: &mut impl CryptoRngCore,
        out: &mut Packet,
    ) -> Result<(), ChannelError> {
        if self.closed {
            return Err(ChannelError::Closed);
        }
        seal_packet(&self.key, &self.own, payload, rng, out).map_err(ChannelError::Unsendable)
    }

    /// Opens a received packet and returns its payload.
    ///
    /// # Errors
    /// Any [`ChannelError`] but `Unsendable`; the channel is closed then.
    pub fn open(&mut self, packet: &Packet) -> Result<Vec<u8>, ChannelError> {
        let mut body = [0; SEALED_BODY];
        let payload = self.open_into(packet, &mut body).map(<[u8]>::to_vec);
        // Erased as a slice: an array would be erased byte by byte, which costs as much as the decryption.
        body.as_mut_slice().zeroize();
        payload
    }

    /// Opens a received packet like [`Channel::open`], without allocating: the payload is a part of `body`.
    ///
    /// # Errors
    /// As [`Channel::open`].
    pub fn open_into<'b>(
        &mut self,
        packet: &Packet,
        body: &'b mut [u8; SEALED_BODY],
    ) -> Result<&'b [u8], ChannelError> {
        if self.closed {
            return Err(ChannelError::Closed);
        }
        let opened = self.try_open(packet, body);
        self.closed = opened.is_err();
        opened
    }

    fn try_open<'b>(
        &mut self,
        packet: &Packet,
        body: &'b mut [u8; SEALED_BODY],
    ) -> Result<&'b [u8], ChannelError> {
        let (nonce, boxed) = packet.split_first_chunk::<NONCE_LEN>().ok_or(ChannelError::Open)?;
        if self.own.made(nonce) {
            return Err(ChannelError::Reflected);
        }
        if self.received.contains(nonce) {
            return Err(ChannelError::Replayed);
        }
        open_into(&self.key, nonce, boxed, body).map_err(|_| ChannelError::Open)?;
        // Remembered only now: a forged packet must not push an honest nonce out of the memory.
        self.received.insert(nonce);
        read_frame(body).map_err(ChannelError::Malformed)
    }
}

impl fmt::Debug for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Channel").field("closed", &self.closed).finish_non_exhaustive()
    }
}

/// Frames and seals a payload with a fresh nonce.
pub(super) fn seal_packet(
    key: &BoxKey,
    own: &OwnNonces,
    payload: &[u8],
    rng: &mut impl CryptoRngCore,
    out: &mut Packet,
) -> Result<(), PacketError> {
    let (head, boxed) = out.split_at_mut(NONCE_LEN);
    // The frame is written where it is sealed, so there is no other copy of the plaintext to be erased.
    let (body, _) = boxed.split_at_mut(SEALED_BODY);
    write_frame(payload, body)?;
    let nonce = own.draw(rng);
    head.copy_from_slice(&nonce);
    // This cannot fail: a packet is exactly nonce, authenticator and body. If it did, the plaintext must not leave.
    if seal_in_place(key, &nonce, boxed).is_err() {
        debug_assert!(false, "a packet has room for its authenticator");
        boxed.fill(0);
    }
    Ok(())
}
