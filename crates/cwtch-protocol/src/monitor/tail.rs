//! The end of the tree that a client keeps: compact ranges on the grid, and entry ids since one of them.

use std::collections::VecDeque;

use cwtch_log::tree::{CompactRange, Nodes, node_hash};
use cwtch_log::{BOUNDARY, EntryId, GRID, Hash};

use super::limits::RANGES_KEPT;

/// The last compact ranges at multiples of 64, and the ids of all entries from one of their sizes on.
///
/// It gives the root of every size that it reaches and, as [`Nodes`], every path and consistency proof from such a size
/// to a later one: what lies before the ids is needed only as the hashes of a compact range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tail {
    /// By size, ascending; never empty. One of them has the size `first`.
    ranges: VecDeque<CompactRange>,
    first: u64,
    ids: VecDeque<EntryId>,
}

/// The tail does not reach back that far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfReach;

impl Tail {
    /// A tail that begins behind a compact range.
    pub(crate) fn at(range: CompactRange) -> Self {
        Self { first: range.size(), ranges: VecDeque::from([range]), ids: VecDeque::new() }
    }

    /// A tail from its parts; `None` if they do not fit together.
    pub(crate) fn from_parts(ranges: Vec<CompactRange>, first: u64, ids: Vec<EntryId>) -> Option<Self> {
        let end = first.checked_add(ids.len() as u64)?;
        let ascending = ranges.windows(2).all(|pair| matches!(pair, [a, b] if a.size() < b.size()));
        let reaches = ranges.last().is_some_and(|last| last.size() <= end);
        let founded = ranges.iter().any(|range| range.size() == first);
        (ascending && reaches && founded).then(|| Self { ranges: ranges.into(), first, ids: ids.into() })
    }

    pub(crate) fn ranges(&self) -> impl DoubleEndedIterator<Item = &CompactRange> {
        self.ranges.iter()
    }

    pub(crate) fn ids(&self) -> impl ExactSizeIterator<Item = &EntryId> {
        self.ids.iter()
    }

    /// The index of the first id.
    pub(crate) fn first(&self) -> u64 {
        self.first
    }

    /// The index behind the last id: the size of the tree.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.ids.len() as u64
    }

    /// Appends an entry; `range` is the compact range with it.
    pub(crate) fn push(&mut self, id: EntryId, range: &CompactRange) {
        self.ids.push_back(id);
        if range.size().is_multiple_of(GRID) {
            self.ranges.push_back(range.clone());
        }
    }

    /// The id at an index, if it is kept.
    pub(crate) fn id(&self, index: u64) -> Option<&EntryId> {
        self.ids.get(usize::try_from(index.checked_sub(self.first)?).ok()?)
    }

    /// The compact range of a size, if it can be told.
    pub(crate) fn range_at(&self, size: u64) -> Option<CompactRange> {
        if size == 0 {
            return Some(CompactRange::new());
        }
        let after = self.ranges.partition_point(|range| range.size() <= size);
        let mut range = self.ranges.get(after.checked_sub(1)?)?.clone();
        if range.size() < size && (range.size() < self.first || size > self.end()) {
            return None;
        }
        while range.size() < size {
            range.push(self.id(range.size())?.leaf());
        }
        Some(range)
    }

    /// The root of a size, if it can be told.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        self.range_at(size).map(|range| range.root())
    }

    /// The largest size up to `size` whose compact range is kept; `None` if all are larger.
    pub(crate) fn kept_at_or_below(&self, size: u64) -> Option<&CompactRange> {
        let after = self.ranges.partition_point(|range| range.size() <= size);
        self.ranges.get(after.checked_sub(1)?)
    }

    /// Takes over what another tail has beyond this one; where it begins beyond this one's end, all of it.
    pub(crate) fn absorb(&mut self, other: Self) {
        if other.first > self.end() {
            *self = other;
            return;
        }
        let old_end = self.end();
        let skip = usize::try_from(old_end - other.first).unwrap_or(usize::MAX);
        self.ids.extend(other.ids.into_iter().skip(skip));
        self.ranges.extend(other.ranges.into_iter().filter(|range| range.size() > old_end));
    }

    /// Forgets what the specification does not ask to keep: ids before the last two boundaries, and compact ranges
    /// but for the last 64.
    pub(crate) fn trim(&mut self) {
        let wanted = (self.end() / BOUNDARY).saturating_sub(1) * BOUNDARY;
        if wanted > self.first && self.ranges.iter().any(|range| range.size() == wanted) {
            let gone = usize::try_from(wanted - self.first).unwrap_or(usize::MAX);
            self.ids.drain(..gone.min(self.ids.len()));
            self.first = wanted;
        }
        while self.ranges.len() > RANGES_KEPT
            && self.ranges.front().is_some_and(|range| range.size() < self.first)
        {
            self.ranges.pop_front();
        }
    }

    /// Goes back to a size whose compact range is kept; `false`, and nothing changed, if it is not.
    pub(crate) fn truncate(&mut self, size: u64) -> bool {
        let Some(range) = self.range_at(size) else { return false };
        self.ranges.retain(|kept| kept.size() < size);
        self.ranges.push_back(range);
        if size < self.first {
            self.first = size;
            self.ids.clear();
        } else {
            self.ids.truncate(usize::try_from(size - self.first).unwrap_or(usize::MAX));
        }
        true
    }
}

impl Nodes for &Tail {
    type Error = OutOfReach;

    fn node(&mut self, level: u8, index: u64) -> Result<Hash, OutOfReach> {
        let width = 1u64.checked_shl(u32::from(level)).ok_or(OutOfReach)?;
        let start = index.checked_mul(width).ok_or(OutOfReach)?;
        if level == 0 && start >= self.first {
            return self.id(index).map(EntryId::leaf).ok_or(OutOfReach);
        }
        if start < self.first && start + width <= self.first {
            return self.base_node(level, start);
        }
        // It lies in the ids, or across their beginning.
        if start + width > self.end() {
            return Err(OutOfReach);
        }
        let below = level.checked_sub(1).ok_or(OutOfReach)?;
        let left = self.node(below, index * 2)?;
        let right = self.node(below, index * 2 + 1)?;
        Ok(node_hash(&left, &right))
    }
}

impl Tail {
    /// A subtree before the ids: one of those that the compact range at their beginning consists of.
    fn base_node(&self, level: u8, start: u64) -> Result<Hash, OutOfReach> {
        let base = self.kept_at_or_below(self.first).ok_or(OutOfReach)?;
        let mut at = 0u64;
        for (hash, bit) in
            base.hashes().iter().zip((0..64u32).rev().filter(|bit| base.size() >> bit & 1 == 1))
        {
            if at == start && bit == u32::from(level) {
                return Ok(*hash);
            }
            at += 1 << bit;
        }
        Err(OutOfReach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cwtch_log::tree::{MemoryTree, consistency_proof, inclusion_path, roots_from_consistency};
    use proptest::prelude::*;

    fn id(index: u64) -> EntryId {
        EntryId::of(b"signature", &index.to_be_bytes())
    }

    /// A tail that began at `base`, and the whole tree beside it.
    fn grown(base: u64, size: u64) -> (Tail, MemoryTree, CompactRange) {
        let (mut tree, mut range) = (MemoryTree::new(), CompactRange::new());
        for index in 0..base {
            tree.push(id(index).leaf());
            range.push(id(index).leaf());
        }
        let mut tail = Tail::at(range.clone());
        for index in base..size {
            tree.push(id(index).leaf());
            range.push(id(index).leaf());
            tail.push(id(index), &range);
        }
        (tail, tree, range)
    }

    proptest! {
        #[test]
        fn roots_and_proofs_are_those_of_the_whole_tree(
            base in 0u64..300, more in 0u64..900, trimmed: bool, from in 0u64..1200, size in 0u64..1200,
        ) {
            let end = base + more;
            let (mut tail, tree, _) = grown(base, end);
            if trimmed {
                tail.trim();
            }
            if let Some(root) = tail.root_at(from) {
                prop_assert_eq!(Some(root), tree.root_at(from));
            } else {
                prop_assert!(from > 0 && (from < tail.first() || from > end));
            }
            if tail.first() <= from && from <= size && size <= end {
                let mine = consistency_proof(&mut &tail, from, size);
                prop_assert_eq!(mine.clone().ok(), consistency_proof(&mut &tree, from, size).ok());
                prop_assert!(mine.is_ok());
                if from > 0 && from < size {
                    let roots = roots_from_consistency(from, size, &mine.unwrap());
                    prop_assert_eq!(roots, tree.root_at(from).zip(tree.root_at(size)));
                }
                if from < size {
                    let path = inclusion_path(&mut &tail, from, size);
                    prop_assert_eq!(path.ok(), inclusion_path(&mut &tree, from, size).ok());
                }
            }
        }

        #[test]
        fn a_tail_that_absorbed_another_is_the_longer_one(
            base in 0u64..200, n in 0u64..600, back in 0u64..10, more in 0u64..600,
        ) {
            let n = base + n;
            let (mut verified, _, _) = grown(base, n);
            let from = verified.ranges().map(CompactRange::size).rev().nth(back as usize).unwrap_or(base);
            let (whole, tree, range) = grown(from, n + more);
            verified.trim();
            verified.absorb(whole);
            prop_assert_eq!(verified.end(), n + more);
            prop_assert_eq!(verified.root_at(n + more), Some(range.root()));
            verified.trim();
            let kept: Vec<u64> = verified.ranges().map(CompactRange::size).collect();
            prop_assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
            for kept in verified.ranges() {
                prop_assert_eq!(Some(kept.root()), tree.root_at(kept.size()));
            }
            // What section 7 asks for.
            let least = ((n + more) / BOUNDARY).saturating_sub(1) * BOUNDARY;
            prop_assert!(verified.first() <= least.max(base));
        }
    }

    #[test]
    fn truncating_leaves_a_tail_that_grows_on() {
        let (mut tail, tree, _) = grown(0, 1000);
        tail.trim();
        assert!(tail.truncate(640));
        assert_eq!((tail.end(), tail.root_at(640)), (640, tree.root_at(640)));
        assert!(!tail.truncate(700));
        assert!(tail.truncate(64 * 3));
        assert_eq!((tail.first(), tail.end()), (192, 192));
    }
}
