//! The log of a server in memory: the honest one, with the parts that malice is made of (`docs/verifiable-log.md`).
//!
//! A [`HonestLog`] keeps the rules of section 6 and gives the answers of section 5 as the values of
//! `cwtch_wire::board`, so that a test can hand them to a machine or encode them for a real connection. It knows no
//! clock and draws no randomness. A test that wants more than one history clones it: the clone signs with the same
//! key.

mod answer;
mod honest;
mod keys;
#[cfg(test)]
mod tests;

pub use answer::{Appended, Live, Reply};
pub use honest::{HonestLog, Signed};
pub use keys::ServerKeys;

use cwtch_log::EntryId;
use cwtch_wire::board::EncryptedGroupMessage;

/// A time at which a simulation may begin: unix seconds, a multiple of 60.
pub const START: u64 = 1_700_000_040;

/// An entry of which only the name matters: the same number gives the same bytes.
pub fn entry(number: u64) -> EncryptedGroupMessage {
    let mut signature = vec![0; 64];
    signature[..8].copy_from_slice(&number.to_be_bytes());
    EncryptedGroupMessage { signature, ciphertext: number.to_le_bytes().to_vec() }
}

/// The name of an entry.
pub fn entry_id(entry: &EncryptedGroupMessage) -> EntryId {
    EntryId::of(&entry.signature, &entry.ciphertext)
}
