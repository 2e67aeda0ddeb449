//! The verifiable log: how a server commits to what it stores, and how anybody proves that it cheated.
//!
//! Pure functions over bytes: no IO, no clock, no randomness, no standard library. A server signs with a
//! [`Signer`], a client keeps a [`tree::CompactRange`] and compares [`Head`]s, and a third party who has only the
//! server's address checks a [`FraudProof`].
//!
//! Every signed object is verified by construction: a value of its type has passed the checks of its structure
//! *and* of its signature. Nothing here panics on any input.
//!
//! Section numbers in the documentation are those of `docs/verifiable-log.md`.
#![no_std]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod armour;
mod bytes;
mod entry;
pub mod fraud;
pub mod object;
mod signer;
pub mod tree;
mod utc;

pub use entry::{EntryId, EntryPrefix, LeafKind, MsgId, PREFIX_LEN};
pub use fraud::{FraudKind, FraudProof, ProofError};
pub use object::{
    Certificate, CertificateKind, Checkpoint, CheckpointKind, Head, Object, ObjectError, Policy, Previous,
    Receipt, Retain,
};
pub use signer::Signer;
pub use utc::Utc;

/// A SHA-256 value.
pub type Hash = [u8; HASH_LEN];

/// Length of a [`Hash`](type@Hash) in bytes.
pub const HASH_LEN: usize = 32;

/// Number of entries between two boundary checkpoints (section 3.2).
pub const BOUNDARY: u64 = 256;

/// Divisor of all sizes that a client names to a server (section 7, *Cursor*).
pub const GRID: u64 = 64;

/// The greatest size of a log (section 1): the greatest that gossip can state (section 8).
pub const MAX_SIZE: u64 = (1 << 48) - 1;

/// Divisor of all signed times, in seconds (section 3.2).
pub const TICK: u64 = 60;

/// The last multiple of 60 seconds that is not after `time` (unix seconds).
pub const fn floor60(time: u64) -> u64 {
    time - time % TICK
}
