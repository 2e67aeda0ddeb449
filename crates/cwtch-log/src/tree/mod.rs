//! The tree of RFC 6962 section 2.1: hashes, compact ranges, proofs and their verification (section 2).
//!
//! A *node* `(level, index)` is the root of the complete subtree over the leaves
//! `index·2^level .. (index + 1)·2^level`; leaves are nodes of level 0. What is generated here is computed from
//! such nodes only, so that a server or client stores each of them once and none ever changes.

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

use crate::Hash;
use crate::entry::{EntryId, LeafKind};

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
