//! The keys of a simulated server.

use cwtch_primitives::{Address, Identity};

/// A server's identity and the log keys that follow from it: the same number gives the same keys.
#[derive(Clone)]
pub struct ServerKeys {
    identity: Identity,
    seed: u64,
}

impl ServerKeys {
    /// The keys of the server with this number.
    pub fn new(seed: u64) -> Self {
        Self { identity: Identity::from_seed(&bytes(b"server", seed, 0, 0)), seed }
    }

    /// The identity: the key behind the onion address.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The server's address.
    pub fn address(&self) -> Address {
        self.identity.address()
    }

    /// The log key of an incarnation. Equivocation needs a second one: `which` tells them apart.
    pub fn log_key(&self, incarnation: u64, which: u64) -> Identity {
        Identity::from_seed(&bytes(b"logkey", self.seed, incarnation, which))
    }
}

fn bytes(what: &[u8; 6], a: u64, b: u64, c: u64) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes[..6].copy_from_slice(what);
    bytes[8..16].copy_from_slice(&a.to_be_bytes());
    bytes[16..24].copy_from_slice(&b.to_be_bytes());
    bytes[24..].copy_from_slice(&c.to_be_bytes());
    bytes
}
