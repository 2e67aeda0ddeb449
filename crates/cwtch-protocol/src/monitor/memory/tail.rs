//! The end of the tree that a client keeps: compact ranges on the grid, and entry ids since one of them.

use std::collections::VecDeque;

use cwtch_log::tree::{CompactRange, Nodes, node_hash};
use cwtch_log::{BOUNDARY, EntryId, GRID, Hash};

use crate::monitor::limits::{BLOCK_MAX, BLOCKS_KEPT, RANGES_KEPT};

/// Compact ranges at multiples of 64 from which a request may begin, and the ids of all entries from one of their sizes on.
///
/// It gives the root of every size that it reaches and, as [`Nodes`], every path and consistency proof from such a
/// size to a later one: the entries before the ids are needed only as the hashes of a compact range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tail {
    /// Compact ranges by size, ascending; never empty. One of them has the size `first`.
    ranges: VecDeque<CompactRange>,
    first: u64,
    ids: VecDeque<EntryId>,
}

/// Growth of a tail, and what it forgets with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TailGrowth {
    /// The index of the first of `ids`: the tail's end, or a later one, which drops all ids before it.
    pub(crate) first: u64,
    pub(crate) ids: Vec<EntryId>,
    pub(crate) ranges: Vec<CompactRange>,
    /// Index below which ids are dropped.
    pub(crate) ids_from: u64,
    /// Sizes of the ranges that are dropped.
    pub(crate) ranges_gone: Vec<u64>,
}

/// Distance from a size to the end of the log up to which the size's compact range is kept. The cursor names
/// multiples of blocks, and goes back by a bounded number of them: the larger the block of which a size is a
/// multiple, the longer it is of use.
fn reach(size: u64) -> u64 {
    let block = if size == 0 { BLOCK_MAX } else { (1 << size.trailing_zeros()).min(BLOCK_MAX) };
    (RANGES_KEPT * GRID).max(BLOCKS_KEPT * block)
}

/// The error of a tail that does not reach back so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct OutOfReach;

/// The empty log.
impl Default for Tail {
    fn default() -> Self {
        Self::at(CompactRange::new())
    }
}

impl Tail {
    /// A tail that begins after a compact range.
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

    /// The index after the last id, which is the size of the tree.
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

    /// The compact range of a size, if it is known.
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

    /// The root of a size, if it is known.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        self.range_at(size).map(|range| range.root())
    }

    /// The kept compact range of the largest size up to `size`; `None` if all are larger.
    pub(crate) fn kept_at_or_below(&self, size: u64) -> Option<&CompactRange> {
        let after = self.ranges.partition_point(|range| range.size() <= size);
        self.ranges.get(after.checked_sub(1)?)
    }

    /// Computes what this tail gains by the entries of another one that begins at or before its end, and what it then
    /// forgets because the specification does not ask to keep it: ids before the last two boundaries, and compact
    /// ranges from which no request will begin.
    pub(crate) fn growth(&self, other: &Self) -> TailGrowth {
        let (old_end, end) = (self.end(), other.end().max(self.end()));
        let new = || other.ranges.iter().filter(|range| range.size() > old_end);
        let wanted = (end / BOUNDARY).saturating_sub(1) * BOUNDARY;
        let founded = self.ranges.iter().chain(new()).any(|range| range.size() == wanted);
        let ids_from = if wanted > self.first && founded { wanted } else { self.first };
        let first = old_end.max(ids_from);
        let skip = usize::try_from(first.saturating_sub(other.first)).unwrap_or(usize::MAX);
        let keeps =
            |range: &&CompactRange| range.size() >= ids_from || end - range.size() <= reach(range.size());
        let gone = self.ranges.iter().filter(|range| !keeps(range));
        TailGrowth {
            first,
            ids: other.ids.iter().skip(skip).copied().collect(),
            ranges: new().filter(keeps).cloned().collect(),
            ids_from,
            ranges_gone: gone.map(CompactRange::size).collect(),
        }
    }

    /// Applies a growth that [`Tail::growth`] computed.
    pub(crate) fn grow(&mut self, growth: TailGrowth) {
        let TailGrowth { first, ids, ranges, ids_from, ranges_gone } = growth;
        if first > self.end() {
            self.ids.clear();
            self.first = first;
        }
        self.ids.extend(ids);
        let gone = usize::try_from(ids_from.saturating_sub(self.first)).unwrap_or(usize::MAX);
        self.ids.drain(..gone.min(self.ids.len()));
        self.first = self.first.max(ids_from);
        self.ranges.extend(ranges);
        self.ranges.retain(|range| !ranges_gone.contains(&range.size()));
    }

    /// Goes back to a size whose compact range is known; false, and nothing changed, if it is not.
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
        // The node lies in the ids, or across their beginning.
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
    /// Finds a subtree before the ids: one of those that the compact range at their beginning consists of.
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

    /// Forgets what growing forgets.
    fn trim(tail: &mut Tail) {
        let nothing = Tail::at(tail.range_at(tail.end()).unwrap());
        tail.grow(tail.growth(&nothing));
    }

    proptest! {
        #[test]
        fn roots_and_proofs_are_those_of_the_whole_tree(
            base in 0u64..300, more in 0u64..900, trimmed: bool, from in 0u64..1200, size in 0u64..1200,
        ) {
            let end = base + more;
            let (mut tail, tree, _) = grown(base, end);
            if trimmed {
                trim(&mut tail);
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
        fn a_tail_that_grew_by_another_is_the_longer_one(
            base in 0u64..200, n in 0u64..600, back in 0u64..10, more in 0u64..600,
        ) {
            let n = base + n;
            let (mut verified, _, _) = grown(base, n);
            let from = verified.ranges().map(CompactRange::size).rev().nth(back as usize).unwrap_or(base);
            let (whole, tree, range) = grown(from, n + more);
            trim(&mut verified);
            verified.grow(verified.growth(&whole));
            prop_assert_eq!(verified.end(), n + more);
            prop_assert_eq!(verified.root_at(n + more), Some(range.root()));
            trim(&mut verified);
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

    proptest! {
        /// Every size that the cursor may name is kept, whatever the block: and few others.
        #[test]
        fn what_a_request_may_begin_at_is_kept(end in 0u64..(1 << 40), block in 6u32..17, draw in 0u64..32) {
            let block = 1 << block;
            let named = (end / block * block).saturating_sub(block * draw);
            prop_assert!(end - named <= reach(named));
        }
    }

    #[test]
    fn few_ranges_are_kept() {
        for end in [0, 63, 64, 5000, 1 << 22, (1 << 22) + 65_535, (1 << 40) - 1] {
            let lowest = end / GRID * GRID - (end / GRID * GRID).min(40 * BLOCK_MAX);
            let kept = (lowest..=end).step_by(64).filter(|size| end - size <= reach(*size)).count();
            assert!(kept <= 256, "{kept} at {end}");
        }
    }

    #[test]
    fn truncating_leaves_a_tail_that_grows_on() {
        let (mut tail, tree, _) = grown(0, 1000);
        trim(&mut tail);
        assert!(tail.truncate(640));
        assert_eq!((tail.end(), tail.root_at(640)), (640, tree.root_at(640)));
        assert!(!tail.truncate(700));
        assert!(tail.truncate(64 * 3));
        assert_eq!((tail.first(), tail.end()), (192, 192));
    }
}
