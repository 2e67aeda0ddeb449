//! Deadlines of a connection.

use std::time::Duration;

use cwtch_protocol::channel::deadlines;

/// The time limits of a connection. The defaults, 90 s to dial, 30 s for a step of the handshake, 60 s for a packet, suit Tor, where reaching an onion service takes many
/// seconds and a dead peer is not always signalled; tests inject shorter ones.
///
/// The deployed protocol has no heartbeat, so a connection on which nothing is due may stay silent for ever:
/// [`idle`](Self::idle) has no limit by default. A client that wants to know whether its peer lives asks
/// something (a peer for an attribute, a board for a replay from the last message) and limits the wait for the
/// reply with `recv_within`; how long what may take stands in [`cwtch_protocol::channel::deadlines`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Reaching the peer: a stream from the network.
    pub dial: Duration,
    /// Each step of the handshake: writing a packet, and waiting for one (four steps).
    pub handshake_step: Duration,
    /// The peer must take each packet that is written to it within this time; else it is a slow reader and
    /// the connection ends.
    pub write: Duration,
    /// The rest of a packet after its first byte.
    pub packet: Duration,
    /// Silence of the peer; `None` is no limit.
    pub idle: Option<Duration>,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            dial: deadlines::DIAL,
            handshake_step: deadlines::HELLO,
            write: deadlines::PACKET,
            packet: deadlines::PACKET,
            idle: None,
        }
    }
}

impl Deadlines {
    /// Every limit the same, silence unlimited: for tests.
    pub fn all(limit: Duration) -> Self {
        Self { dial: limit, handshake_step: limit, write: limit, packet: limit, idle: None }
    }
}
