//! Packets over a stream (§1.3), and the connections of the protocol on top.
//!
//! Shape: [`PacketStream`] moves packets of 8192 bytes and enforces deadlines; [`SecureConnection`] adds the
//! handshake of §1.5 and its encryption; [`PlainConnection`] adds the plain framing of the token service.
//! One task owns a connection and drives both directions:
//!
//! ```text
//! loop {
//!     tokio::select! {
//!         received = connection.recv() => match received? {
//!             Some(payload) => machine.handle(&payload)?,
//!             None => break,
//!         },
//!         Some(payload) = outgoing.recv(), if connection.has_room() => connection.queue(&payload)?,
//!     }
//! }
//! ```
//!
//! If there are many payloads, queue while there is room before waiting again: what is queued together leaves in one
//! write. `recv` also writes what was queued, so neither side waits for the other to read first, and it may be
//! dropped at any moment without losing a byte. An idle connection holds no buffer: packets are read through the
//! stack, and only incomplete ones, or ones that wait to be written, occupy memory (at most 72 KiB and 64 KiB).

mod deadlines;
mod error;
mod inbox;
mod outbox;
mod packets;
mod plain;
mod secure;
mod timer;

#[cfg(test)]
mod tests;

use cwtch_primitives::CryptoRngCore;

pub use deadlines::Deadlines;
pub use error::{AtFault, Awaiting, ConnError};
pub use packets::PacketStream;
pub use plain::PlainConnection;
pub use secure::{SecureConnection, dial};

/// A connection's source of randomness, for ephemeral keys and nonces. Programs pass
/// [`OsRng`](cwtch_primitives::OsRng): boxing it costs no memory, and a draw costs a seventh of sealing the
/// packet it is for, so no generator state has to be kept (and erased) for every connection.
pub type Rng = Box<dyn CryptoRngCore + Send>;
