//! Roots computed from paths and proofs that somebody sent.
//!
//! Each function gives the root that a path leads to, or `None` if the path's length is not exactly the one that
//! follows from index and size. The caller compares that root with the right one.

use super::node_hash;
use super::prove::is_complete;
use crate::{Hash, MAX_SIZE};

/// The root to which the inclusion path of a leaf leads.
pub fn root_from_path(leaf: &Hash, index: u64, size: u64, path: &[Hash]) -> Option<Hash> {
    root_from_subtree(0, index, leaf, size, path)
}

/// The root to which the path of the complete subtree `(level, index)` with this hash leads.
///
/// `None` also if that subtree is not complete in a tree of `size` leaves, or the size is 2^48 or more.
pub fn root_from_subtree(level: u8, index: u64, hash: &Hash, size: u64, path: &[Hash]) -> Option<Hash> {
    let mut climb = Climb::new(level, index, size)?;
    let mut root = *hash;
    for sibling in path {
        root = match climb.step()? {
            Side::Left => node_hash(sibling, &root),
            Side::Right => node_hash(&root, sibling),
        };
    }
    climb.is_at_root().then_some(root)
}

/// The two roots, of `from` and of `size` leaves, to which a self-contained consistency proof leads.
///
/// `None` also unless `0 < from < size < 2^48`: there is no proof for other sizes.
pub fn roots_from_consistency(from: u64, size: u64, proof: &[Hash]) -> Option<(Hash, Hash)> {
    if from == 0 || from >= size {
        return None;
    }
    let (first, path) = proof.split_first()?;
    let level = from.trailing_zeros();
    let mut climb = Climb::new(u8::try_from(level).ok()?, (from >> level) - 1, size)?;
    // Hashes to the left of the way up belong to both trees, those to the right to the larger one only.
    let (mut smaller, mut larger) = (*first, *first);
    for sibling in path {
        match climb.step()? {
            Side::Left => {
                smaller = node_hash(sibling, &smaller);
                larger = node_hash(sibling, &larger);
            }
            Side::Right => larger = node_hash(&larger, sibling),
        }
    }
    climb.is_at_root().then_some((smaller, larger))
}

/// Side on which the next sibling lies.
enum Side {
    Left,
    Right,
}

/// A way from a node up to the root: its index and that of the last node on its level.
struct Climb {
    index: u64,
    last: u64,
}

impl Climb {
    fn new(level: u8, index: u64, size: u64) -> Option<Self> {
        if size > MAX_SIZE || !is_complete(level, index, size) {
            return None;
        }
        // The last node of the level may be incomplete; the size is positive, as a complete subtree is in it.
        Some(Self { index, last: (size - 1) >> level })
    }

    /// Climbs to the next node that has a sibling, then over it; `None` at the root.
    fn step(&mut self) -> Option<Side> {
        if self.is_at_root() {
            return None;
        }
        // A left node that is the last of its level has no sibling: it is its own parent.
        while self.index == self.last && self.index.is_multiple_of(2) {
            self.up();
        }
        let side = if self.index.is_multiple_of(2) { Side::Right } else { Side::Left };
        self.up();
        Some(side)
    }

    fn up(&mut self) {
        self.index >>= 1;
        self.last >>= 1;
    }

    const fn is_at_root(&self) -> bool {
        self.last == 0
    }
}
