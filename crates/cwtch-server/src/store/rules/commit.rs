//! The result of a commit, with what its clients are told of the log.

use std::collections::HashMap;
use std::sync::Arc;

use cwtch_log::object::CheckpointBytes;
use cwtch_log::tree::{CompactRange, MissingNode, Nodes, inclusion_path};
use cwtch_log::{BOUNDARY, Checkpoint, Hash, Receipt};
use cwtch_wire::board::LiveLog;

use crate::signer::Keeper;
use crate::store::tables::Boundary;
use crate::store::{Outcome, StoreError};

/// A commit that returned.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// The outcomes of the posts, in their order.
    pub outcomes: Vec<Outcome>,
    /// The log's part; `None` if nothing was appended, or the store does not sign.
    pub log: Option<Arc<CommitLog>>,
}

/// The checkpoints of a commit, and what is needed to prove that its entries are in them.
#[derive(Debug)]
pub struct CommitLog {
    first: u64,
    size: u64,
    checkpoint: CheckpointBytes,
    boundaries: Vec<Boundary>,
    tree: CommitTree,
}

impl CommitLog {
    pub(super) fn new(tree: CommitTree, checkpoint: &Checkpoint, boundaries: Vec<Boundary>) -> Self {
        Self {
            first: tree.first,
            size: checkpoint.size(),
            checkpoint: checkpoint.to_bytes(),
            boundaries,
            tree,
        }
    }

    /// The commit's checkpoint, the same bytes for everybody.
    pub fn checkpoint(&self) -> &CheckpointBytes {
        &self.checkpoint
    }

    /// The log's part of the NewMessage for an entry of this commit.
    pub fn live(&self, index: u64) -> LiveLog {
        let size = index.saturating_add(1);
        let boundary = || self.boundaries.iter().find(|boundary| boundary.size == size);
        let mark = size.is_multiple_of(BOUNDARY).then(boundary).flatten();
        LiveLog {
            index,
            checkpoint: (size == self.size).then_some(self.checkpoint),
            mark: mark.map(|boundary| boundary.bytes),
        }
    }

    /// The receipt for an entry of this commit; `None` for any other entry.
    pub fn receipt(&self, index: u64) -> Option<Vec<u8>> {
        if !(self.first..self.size).contains(&index) {
            return None;
        }
        let path = inclusion_path(&mut &self.tree, index, self.size).ok()?;
        Some(Receipt::encode(index, &self.checkpoint, &path))
    }
}

/// Signs the boundary checkpoints of these sizes.
///
/// # Errors
/// If one cannot be signed.
pub(super) fn sign_boundaries(
    keeper: &Keeper,
    sizes: &[(u64, Hash)],
    time: u64,
) -> Result<Vec<Boundary>, StoreError> {
    let sign =
        |(size, root): &(u64, Hash)| Ok(Boundary::from(&keeper.signer().boundary(*size, *root, time)?));
    sizes.iter().map(sign).collect()
}

/// The nodes of the tree from which every path of a commit's entries is made: those that the commit completed, and the
/// compact range before it.
#[derive(Debug)]
pub(super) struct CommitTree {
    first: u64,
    nodes: HashMap<(u8, u64), Hash>,
}

impl CommitTree {
    /// The nodes before anything was appended.
    pub(super) fn new(range: &CompactRange) -> Self {
        let size = range.size();
        let mut nodes = HashMap::new();
        // One complete subtree for each bit that is set, the highest first.
        let levels = (0..64u8).rev().filter(|level| size >> level & 1 == 1);
        for (level, hash) in levels.zip(range.hashes()) {
            nodes.insert((level, (size >> level) - 1), *hash);
        }
        Self { first: size, nodes }
    }

    /// Adds a node that was completed.
    pub(super) fn insert(&mut self, level: u8, index: u64, hash: Hash) {
        self.nodes.insert((level, index), hash);
    }
}

impl Nodes for &CommitTree {
    type Error = MissingNode;

    fn node(&mut self, level: u8, index: u64) -> Result<Hash, MissingNode> {
        self.nodes.get(&(level, index)).copied().ok_or(MissingNode { level, index })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cwtch_log::tree::{MemoryTree, range_of};

    #[test]
    fn the_paths_of_a_commits_entries_need_only_its_own_nodes() {
        let leaf = |n: u64| [u8::try_from(n).unwrap(); 32];
        for before in 0..40 {
            for appended in 1..24 {
                let mut whole = MemoryTree::new();
                (0..before).for_each(|n| whole.push(leaf(n)));
                let mut range = range_of(&mut whole, before).unwrap();
                let mut tree = CommitTree::new(&range);
                for n in before..before + appended {
                    tree.insert(0, n, leaf(n));
                    range.push_with(leaf(n), &mut |level, index, hash| tree.insert(level, index, hash));
                    whole.push(leaf(n));
                }
                let size = before + appended;
                for index in before..size {
                    let path = inclusion_path(&mut &tree, index, size).unwrap();
                    assert_eq!(path, inclusion_path(&mut whole, index, size).unwrap());
                }
            }
        }
    }
}
