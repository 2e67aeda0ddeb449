//! The tree of RFC 6962 section 2.1: hashes, compact ranges, proofs and their verification (section 2).
//!
//! A *node* `(level, index)` is the root of the complete subtree over the leaves `index·2^level .. (index +
//! 1)·2^level`; leaves are nodes of level 0. Everything is generated from such nodes only, so that a server or client
//! stores each of them once and none ever changes.

mod memory;
mod prove;
mod range;
#[cfg(test)]
mod tests;
mod verify;

use sha2::{Digest, Sha256};

pub use memory::{MemoryTree, MissingNode};
pub use prove::{Nodes, TreeError, consistency_proof, inclusion_path, range_of, subtree_path};
pub use range::CompactRange;
pub use verify::{root_from_path, root_from_subtree, roots_from_consistency};

use crate::entry::{EntryId, LeafKind};
use crate::{HASH_LEN, Hash, MAX_SIZE};

/// The largest number of hashes in the inclusion path of an entry: the height of a tree of [`MAX_SIZE`] entries.
pub const PATH_MAX: usize = MAX_SIZE.ilog2() as usize + 1;

/// Upper bound on the number of hashes in a proof that one log is the beginning of another: more than any proof has.
pub const PROOF_MAX: usize = 64;

/// Splits the bytes of a path, a proof or a compact range into hashes; `None` if they are no whole number of hashes.
pub const fn hashes(bytes: &[u8]) -> Option<&[Hash]> {
    match bytes.as_chunks::<HASH_LEN>() {
        (hashes, []) => Some(hashes),
        _ => None,
    }
}

/// The root of the tree without leaves.
pub fn empty_root() -> Hash {
    Sha256::digest(b"").into()
}

/// The hash of a leaf.
pub fn leaf_hash(kind: LeafKind, id: &EntryId) -> Hash {
    Sha256::new().chain_update([0, kind.byte()]).chain_update(id.as_bytes()).finalize().into()
}

/// The hash of a node over its two children.
pub fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}
