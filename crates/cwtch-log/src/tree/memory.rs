//! A tree held in memory.

use alloc::vec::Vec;

use super::{CompactRange, Nodes, range_of};
use crate::Hash;

/// All nodes of a tree in memory, 64 bytes for each leaf: for the tail that a client keeps, for tests and
/// simulations. [`MemoryTree::default`] is empty, like [`MemoryTree::new`].
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    range: CompactRange,
    /// The complete nodes of each level.
    levels: Vec<Vec<Hash>>,
}

/// The error for a node that a tree in memory does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tree has no complete subtree {index} of level {level}")]
pub struct MissingNode {
    /// Level of the subtree; leaves are level 0.
    pub level: u8,
    /// The subtree's index on that level.
    pub index: u64,
}

impl MemoryTree {
    /// The tree without leaves.
    pub const fn new() -> Self {
        Self { range: CompactRange::new(), levels: Vec::new() }
    }

    /// Appends a leaf.
    pub fn push(&mut self, leaf: Hash) {
        let Self { range, levels } = self;
        let mut store = |level: u8, hash: Hash| {
            let level = usize::from(level);
            if levels.len() <= level {
                levels.resize_with(level + 1, Vec::new);
            }
            if let Some(nodes) = levels.get_mut(level) {
                nodes.push(hash);
            }
        };
        store(0, leaf);
        range.push_with(leaf, &mut |level, _, hash| store(level, hash));
    }

    /// The number of leaves.
    pub const fn size(&self) -> u64 {
        self.range.size()
    }

    /// The root of the whole tree.
    pub fn root(&self) -> Hash {
        self.range.root()
    }

    /// The root that the tree had at a size, `None` for sizes that it does not have yet.
    pub fn root_at(&self, size: u64) -> Option<Hash> {
        self.range_at(size).map(|range| range.root())
    }

    /// The compact range that the tree had at a size, `None` for sizes that it does not have yet.
    pub fn range_at(&self, size: u64) -> Option<CompactRange> {
        range_of(&mut &*self, size).ok()
    }
}

impl Nodes for &MemoryTree {
    type Error = MissingNode;

    fn node(&mut self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        let nodes = self.levels.get(usize::from(level));
        usize::try_from(index).ok().and_then(|at| nodes?.get(at)).copied().ok_or(MissingNode { level, index })
    }
}

impl Nodes for MemoryTree {
    type Error = MissingNode;

    fn node(&mut self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        (&*self).node(level, index)
    }
}
