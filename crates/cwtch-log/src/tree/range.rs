//! Compact ranges: the state of a reader that appends without keeping the tree.

use alloc::vec::Vec;

use super::{empty_root, hashes, node_hash};
use crate::object::{Fault, Object, ObjectError};
use crate::{Hash, MAX_SIZE};

/// The roots of the complete subtrees that a size splits into, largest first: one hash for each bit that is set
/// in the size. At most 48 hashes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CompactRange {
    size: u64,
    hashes: Vec<Hash>,
}

impl CompactRange {
    /// The range of the empty tree.
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// A range from its parts.
    ///
    /// # Errors
    /// If the size is 2^48 or more or the number of hashes does not belong to it.
    pub fn from_hashes(size: u64, hashes: Vec<Hash>) -> Result<Self, ObjectError> {
        if size > MAX_SIZE {
            return Err(Object::CompactRange.fault(Fault::Size));
        }
        if hashes.len() != size.count_ones() as usize {
            return Err(Object::CompactRange.fault(Fault::Length));
        }
        Ok(Self { size, hashes })
    }

    /// A range from its size and its concatenated hashes.
    ///
    /// # Errors
    /// As [`CompactRange::from_hashes`].
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Result<Self, ObjectError> {
        // There is at most one hash for each bit, so nothing longer is copied.
        let hashes = hashes(bytes).filter(|hashes| hashes.len() <= u64::BITS as usize);
        Self::from_hashes(size, hashes.ok_or(Object::CompactRange.fault(Fault::Length))?.to_vec())
    }

    /// The concatenated hashes; the size stands elsewhere.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.hashes.concat()
    }

    /// The number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the subtrees, largest first.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        self.push_with(leaf, &mut |_, _, _| {});
    }

    /// Appends a leaf and reports every subtree that it completes, from level 1 upwards, as level, index and hash.
    /// These and the leaves, stored, suffice to generate every proof ([`Nodes`](super::Nodes)).
    pub fn push_with(&mut self, leaf: Hash, completed: &mut impl FnMut(u8, u64, Hash)) {
        let mut hash = leaf;
        for level in 0..self.size.trailing_ones() {
            // There is one hash for each bit that is set, so none is missing here.
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            let above = level + 1;
            completed(
                u8::try_from(above).unwrap_or(u8::MAX),
                self.size.checked_shr(above).unwrap_or(0),
                hash,
            );
        }
        self.hashes.push(hash);
        // Sizes of 2^48 or more are accepted from nobody, and nobody counts up to 2^64.
        self.size = self.size.wrapping_add(1);
    }

    /// The root of the tree, folded from the right.
    pub fn root(&self) -> Hash {
        self.hashes
            .iter()
            .rev()
            .copied()
            .reduce(|right, left| node_hash(&left, &right))
            .unwrap_or_else(empty_root)
    }
}
