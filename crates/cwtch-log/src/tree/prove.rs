//! Generation of compact ranges, paths and proofs from stored nodes.

use alloc::vec::Vec;

use super::{CompactRange, node_hash};
use crate::{Hash, MAX_SIZE};

/// A source of the roots of complete subtrees: a table, a file, a [`MemoryTree`](super::MemoryTree).
pub trait Nodes {
    /// Reason why a node could not be read.
    type Error;

    /// Reads the root of the complete subtree `(level, index)`. Asked only for subtrees that are complete in the size
    /// that the caller of the proof named.
    ///
    /// # Errors
    /// If the node is not there or cannot be read.
    fn node(&mut self, level: u8, index: u64) -> Result<Hash, Self::Error>;
}

impl<N: Nodes + ?Sized> Nodes for &mut N {
    type Error = N::Error;

    fn node(&mut self, level: u8, index: u64) -> Result<Hash, Self::Error> {
        (**self).node(level, index)
    }
}

/// Reason why a proof was not generated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError<E> {
    /// The requested node does not lie in a tree of that size, or the size is 2^48 or more.
    #[error("the tree has no such node or size")]
    OutOfRange,
    /// A node could not be read.
    #[error("a node of the tree could not be read: {0}")]
    Node(E),
}

/// The compact range of a tree of `size` leaves. Reads one node for each bit that is set in the size.
///
/// # Errors
/// [`TreeError::OutOfRange`] for sizes of 2^48 or more, and errors of reading a node.
pub fn range_of<N: Nodes>(nodes: &mut N, size: u64) -> Result<CompactRange, TreeError<N::Error>> {
    let hashes = complete_subtrees(nodes, 0, size)?;
    CompactRange::from_hashes(size, hashes).map_err(|_| TreeError::OutOfRange)
}

/// The inclusion path of the leaf `index` in the tree of `size` leaves (RFC 6962 section 2.1.1), from the
/// leaf's sibling upwards.
///
/// # Errors
/// [`TreeError::OutOfRange`] unless `index < size < 2^48`, and errors of reading a node.
pub fn inclusion_path<N: Nodes>(
    nodes: &mut N,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, TreeError<N::Error>> {
    subtree_path(nodes, 0, index, size)
}

/// The path that leads from the complete subtree `(level, index)` to the root of the tree of `size` leaves.
///
/// # Errors
/// [`TreeError::OutOfRange`] unless `(index + 1)·2^level ≤ size < 2^48`, and errors of reading a node.
pub fn subtree_path<N: Nodes>(
    nodes: &mut N,
    level: u8,
    index: u64,
    size: u64,
) -> Result<Vec<Hash>, TreeError<N::Error>> {
    if size > MAX_SIZE || !is_complete(level, index, size) {
        return Err(TreeError::OutOfRange);
    }
    let (start, len) = (index << level, 1 << level);
    let mut path = Vec::new();
    // The subtree [low, high) contains the wanted one; each step halves it and puts the other half on the path.
    let (mut low, mut high) = (0, size);
    while high - low > len {
        let middle = low + split(high - low);
        let other = if start < middle { (middle, high) } else { (low, middle) };
        path.push(subtree_root(nodes, other.0, other.1)?);
        if start < middle {
            high = middle;
        } else {
            low = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// Generates the consistency proof between the trees of `from` and of `size` leaves. It is self-contained: that of
/// RFC 6962 section 2.1.2, with the smaller root in front where `from` is a power of two. Empty if `from` is 0 or
/// equals `size`: then there is nothing to prove.
///
/// # Errors
/// [`TreeError::OutOfRange`] unless `from ≤ size < 2^48`, and errors of reading a node.
pub fn consistency_proof<N: Nodes>(
    nodes: &mut N,
    from: u64,
    size: u64,
) -> Result<Vec<Hash>, TreeError<N::Error>> {
    if from > size || size > MAX_SIZE {
        return Err(TreeError::OutOfRange);
    }
    if from == 0 || from == size {
        return Ok(Vec::new());
    }
    // The last complete subtree of the smaller tree lies in both; the proof is that subtree and its path.
    let level = from.trailing_zeros();
    let index = (from >> level) - 1;
    let level = u8::try_from(level).map_err(|_| TreeError::OutOfRange)?;
    let mut proof = alloc::vec![nodes.node(level, index).map_err(TreeError::Node)?];
    proof.extend(subtree_path(nodes, level, index, size)?);
    Ok(proof)
}

/// True if the subtree `(level, index)` is complete in a tree of `size` leaves: `(index + 1)·2^level ≤ size`.
pub(crate) fn is_complete(level: u8, index: u64, size: u64) -> bool {
    // (index + 1)·2^level ≤ size exactly if index + 1 ≤ ⌊size / 2^level⌋; this form cannot overflow.
    size.checked_shr(u32::from(level)).is_some_and(|subtrees| index < subtrees)
}

/// The largest power of two that is smaller than `len`; `len` is at least 2.
const fn split(len: u64) -> u64 {
    1 << (63 - (len - 1).leading_zeros())
}

/// The root over the leaves `low..high`, a subtree as RFC 6962 splits: `low` is a multiple of the smallest power
/// of two that is not below its length.
fn subtree_root<N: Nodes>(nodes: &mut N, low: u64, high: u64) -> Result<Hash, TreeError<N::Error>> {
    let hashes = complete_subtrees(nodes, low, high)?;
    hashes.into_iter().rev().reduce(|right, left| node_hash(&left, &right)).ok_or(TreeError::OutOfRange)
}

/// The complete subtrees that the leaves `low..high` split into, largest first; `low` as above.
fn complete_subtrees<N: Nodes>(
    nodes: &mut N,
    mut low: u64,
    high: u64,
) -> Result<Vec<Hash>, TreeError<N::Error>> {
    if high > MAX_SIZE {
        return Err(TreeError::OutOfRange);
    }
    let mut hashes = Vec::new();
    while low < high {
        let level = (high - low).ilog2();
        let name = u8::try_from(level).map_err(|_| TreeError::OutOfRange)?;
        hashes.push(nodes.node(name, low >> level).map_err(TreeError::Node)?);
        low += 1 << level;
    }
    Ok(hashes)
}
