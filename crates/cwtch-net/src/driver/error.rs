//! Failures of a connection, and who is at fault for each.

use std::io;

use cwtch_protocol::channel::{ChannelError, HandshakeError};
use cwtch_wire::packet::PacketError;

use crate::network::NetError;

/// Reason why a connection could not be made or could not go on. No text contains an address or a payload.
///
/// After any error but [`Full`](Self::Full) and [`Unsendable`](Self::Unsendable) the connection is of no use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnError {
    /// The network gave no stream to the peer.
    #[error(transparent)]
    Network(NetError),
    /// The peer is not the expected one, or does not follow §1.5.
    #[error("the handshake with the peer failed: {0}")]
    Handshake(HandshakeError),
    /// A packet of the peer does not open (§1.3), or repeats an earlier one.
    #[error("the encrypted connection failed: {0}")]
    Channel(ChannelError),
    /// A plain packet of the peer is malformed.
    #[error("a packet of the peer is malformed: {0}")]
    Packet(PacketError),
    /// Our own payload is empty or too long; the connection goes on.
    #[error("this payload cannot be sent: {0}")]
    Unsendable(PacketError),
    /// The peer did not do something in time.
    #[error("the peer is too slow or gone: {0} took too long")]
    Deadline(Awaiting),
    /// The stream ended inside a packet.
    #[error("the peer closed the connection in the middle of a packet")]
    Truncated,
    /// The stream ended while an answer was due.
    #[error("the peer closed the connection before it answered")]
    ClosedEarly,
    /// The connection has ended or failed before.
    #[error("the connection is closed; open a new one")]
    Closed,
    /// Too many packets wait to be written.
    #[error("too many packets wait to be written to the peer; wait until some are")]
    Full,
    /// The stream failed.
    #[error("the connection was lost: could not {doing}: {source}")]
    Io {
        /// The action that failed, to follow "could not".
        doing: &'static str,
        /// The network's answer.
        source: io::Error,
    },
}

/// Purpose of a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Awaiting {
    /// Waiting for a stream to the peer.
    #[error("reaching it")]
    Dial,
    /// Waiting until the peer takes our hello (§1.5 step 1).
    #[error("taking our hello")]
    TakeHello,
    /// Waiting for the peer's hello.
    #[error("its hello")]
    Hello,
    /// Waiting until the peer takes our proof (§1.5 step 4).
    #[error("taking our proof")]
    TakeProof,
    /// Waiting for the peer's proof.
    #[error("its proof")]
    Proof,
    /// Waiting until the peer reads what is written to it.
    #[error("reading what was sent to it")]
    Write,
    /// Waiting for the rest of a packet of which a part has arrived.
    #[error("the rest of a packet")]
    RestOfPacket,
    /// Waiting for an answer that the protocol requires.
    #[error("its answer")]
    Answer,
    /// Waiting for any packet, where silence has a limit.
    #[error("any sign of life")]
    Silence,
}

/// The party that is at fault for an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtFault {
    /// The peer broke the protocol.
    Peer,
    /// The caller asked for something impossible.
    Caller,
    /// The peer is away or slow, or the network lost it: a retry can help.
    Network,
    /// This machine refused something.
    Local,
}

impl ConnError {
    /// The party at fault, for counters and for the decision to retry.
    pub fn at_fault(&self) -> AtFault {
        match self {
            Self::Handshake(_) | Self::Channel(_) | Self::Packet(_) | Self::Truncated => AtFault::Peer,
            Self::Closed | Self::Full | Self::Unsendable(_) => AtFault::Caller,
            Self::Deadline(_) | Self::ClosedEarly | Self::Io { .. } => AtFault::Network,
            Self::Network(NetError::Unreachable { .. } | NetError::NotReady { .. }) => AtFault::Network,
            Self::Network(_) => AtFault::Local,
        }
    }

    /// Converts an error of sealing, which our own payload caused.
    pub(super) fn sealing(error: ChannelError) -> Self {
        match error {
            ChannelError::Unsendable(why) => Self::Unsendable(why),
            other => Self::Channel(other),
        }
    }

    pub(super) fn io(doing: &'static str, source: io::Error) -> Self {
        Self::Io { doing, source }
    }
}
