//! Deadlines of a connection.

use std::time::Duration;

use cwtch_protocol::channel::deadlines;

/// The time limits of a connection. The defaults (90 s to dial, 30 s for a step of the handshake, 60 s for a packet)
/// suit Tor, where reaching an onion service takes many seconds and a dead peer is not always signalled; tests inject
/// shorter ones.
///
/// The deployed protocol has no heartbeat, so a connection on which nothing is due may stay silent for ever:
/// [`idle`](Self::idle) has no limit by default. A client that wants to know whether its peer lives asks something (a
/// peer for an attribute, a board for a replay from the last message) and limits the wait for the reply with
/// `recv_within`; [`cwtch_protocol::channel::deadlines`] lists how long each answer may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Time to reach the peer: to get a stream from the network.
    pub dial: Duration,
    /// Time for each step of the handshake: writing a packet, and waiting for one (four steps).
    pub handshake_step: Duration,
    /// Time within which the peer must take each packet that is written to it; otherwise it is a slow reader and the
    /// connection ends.
    pub write: Duration,
    /// Time for the rest of a packet after its first byte.
    pub packet: Duration,
    /// Time for which the peer may be silent; `None` is no limit.
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
    /// Deadlines with the same limit for everything and unlimited silence, for tests.
    pub fn all(limit: Duration) -> Self {
        Self { dial: limit, handshake_step: limit, write: limit, packet: limit, idle: None }
    }
}
