//! The connection between two identities: handshake (§1.5), then encrypted packets (§1.3).

pub mod deadlines;
pub mod established;
pub mod handshake;
mod nonces;

pub use established::{Channel, ChannelError};
pub use handshake::{AwaitHello, AwaitProof, HandshakeError, Role, Start};

/// One packet as it travels: always 8192 bytes (§1.3).
pub type Packet = [u8; cwtch_wire::packet::PACKET_LEN];

/// A packet of zeros on the heap.
pub fn empty_packet() -> Box<Packet> {
    Box::new([0; cwtch_wire::packet::PACKET_LEN])
}
