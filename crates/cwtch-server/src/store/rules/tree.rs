//! The log's tree as it is stored.
//!
//! The complete subtrees of the levels 4, 8, 12, … are stored, one row for sixteen of the level below. The leaves
//! follow from the entries' ids, and any other node is computed from at most eight stored ones. The nodes that a path
//! or a proof needs depend on sizes only, so each is generated twice: first to learn what it reads, and then from
//! those nodes, which were fetched in one batch.

use std::collections::{BTreeMap, HashMap};

use cwtch_log::tree::{
    CompactRange, Nodes, TreeError, consistency_proof, inclusion_path, node_hash, range_of,
};
use cwtch_log::{EntryId, Hash};

use crate::store::tables::{Node, Span, View};
use crate::store::{Seq, StoreError};

/// Distance between the levels whose subtrees are stored.
const EVERY: u8 = 4;

/// The number of the entry with an index, in a log that began after `began` messages.
pub(in crate::store) fn seq_of(index: u64, began: Seq) -> Seq {
    i64::try_from(index).unwrap_or(i64::MAX).saturating_add(began).saturating_add(1)
}

/// The index of the entry with a number, in a log that began after `began` messages.
pub(in crate::store) fn index_of(seq: Seq, began: Seq) -> u64 {
    u64::try_from(seq - 1 - began).unwrap_or(0)
}

/// A count as a number of messages.
pub(in crate::store) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Appends an entry's leaf to a compact range. The subtrees that it completes are added to `stored` if their level is
/// stored; `completed` gets all of them, the leaf first.
pub(in crate::store) fn append(
    range: &mut CompactRange,
    id: &EntryId,
    stored: &mut Vec<Node>,
    completed: &mut impl FnMut(u8, u64, Hash),
) {
    let leaf = id.leaf();
    completed(0, range.size(), leaf);
    range.push_with(leaf, &mut |level, place, hash| {
        completed(level, place, hash);
        if level % EVERY == 0 {
            stored.push(Node { level, place, hash });
        }
    });
}

/// The stored tree of a log that began after `began` messages.
pub(super) struct StoredTree<'a, V> {
    view: &'a mut V,
    began: Seq,
}

impl<'a, V: View> StoredTree<'a, V> {
    pub(super) fn new(view: &'a mut V, began: Seq) -> Self {
        Self { view, began }
    }

    /// The compact range of a size.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], or if the database fails.
    pub(super) async fn range(&mut self, size: u64) -> Result<CompactRange, StoreError> {
        self.generate(|nodes| range_of(nodes, size)).await
    }

    /// The inclusion path of an entry in the tree of a size.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub(super) async fn inclusion_path(&mut self, index: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        self.generate(|nodes| inclusion_path(nodes, index, size)).await
    }

    /// The consistency proof between two sizes.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub(super) async fn consistency_proof(&mut self, from: u64, size: u64) -> Result<Vec<Hash>, StoreError> {
        self.generate(|nodes| consistency_proof(nodes, from, size)).await
    }

    /// Generates a value that depends on nodes of the tree, fetching them in one batch.
    ///
    /// # Errors
    /// As [`range`](Self::range).
    pub(super) async fn generate<T>(
        &mut self,
        generator: impl Fn(&mut Fetched) -> Result<T, TreeError<Unknown>>,
    ) -> Result<T, StoreError> {
        let mut nodes = Fetched { wanted: Some(BTreeMap::new()), known: HashMap::new() };
        generator(&mut nodes).map_err(failed)?;
        let wanted = nodes.wanted.take().unwrap_or_default();
        self.fetch(wanted, &mut nodes.known).await?;
        generator(&mut nodes).map_err(failed)
    }

    /// Reads spans of stored nodes, and computes from each the one node that is wanted.
    async fn fetch(
        &mut self,
        wanted: BTreeMap<(u8, u64), Span>,
        known: &mut HashMap<(u8, u64), Hash>,
    ) -> Result<(), StoreError> {
        let reading = StoreError::of("reading the log's tree");
        let (leaves, inner): (Vec<_>, Vec<_>) = wanted.into_iter().partition(|(_, span)| span.level == 0);
        let mut found = Vec::with_capacity(leaves.len() + inner.len());
        if !leaves.is_empty() {
            let last = |span: &Span| span.first.saturating_add(span.count - 1);
            let ranges: Vec<_> = leaves
                .iter()
                .map(|(_, span)| (seq_of(span.first, self.began), seq_of(last(span), self.began)))
                .collect();
            let ids = self.view.ids(&ranges).await.map_err(&reading)?;
            let hashes = ids.iter().map(|ids| ids.iter().map(EntryId::leaf).collect::<Vec<_>>());
            found.extend(leaves.into_iter().zip(hashes));
        }
        if !inner.is_empty() {
            let spans: Vec<_> = inner.iter().map(|(_, span)| *span).collect();
            let hashes = self.view.nodes(&spans).await.map_err(&reading)?;
            found.extend(inner.into_iter().zip(hashes));
        }
        for ((node, span), hashes) in found {
            known.insert(node, root_over(hashes, span.count).ok_or(MISSING)?);
        }
        Ok(())
    }
}

const MISSING: StoreError = StoreError::Damaged { what: "a part of the log's tree is missing" };

/// Computes the root over `count` neighbouring nodes, a power of two; `None` if they are not all there.
fn root_over(mut hashes: Vec<Hash>, count: u64) -> Option<Hash> {
    if hashes.len() as u64 != count {
        return None;
    }
    while hashes.len() > 1 {
        let (pairs, _) = hashes.as_chunks::<2>();
        hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
    }
    hashes.pop()
}

/// The fetched nodes; before the fetch, a list of those that are wanted.
pub(super) struct Fetched {
    /// The stored nodes below each node that was asked for; `None` once they were fetched.
    wanted: Option<BTreeMap<(u8, u64), Span>>,
    known: HashMap<(u8, u64), Hash>,
}

/// The error for a node that was not fetched: then what is asked for would depend on more than sizes.
#[derive(Debug)]
pub(super) struct Unknown;

impl Nodes for Fetched {
    type Error = Unknown;

    fn node(&mut self, level: u8, index: u64) -> Result<Hash, Unknown> {
        let Some(wanted) = &mut self.wanted else {
            return self.known.get(&(level, index)).copied().ok_or(Unknown);
        };
        let above = level % EVERY;
        let span = Span { level: level - above, first: index << above, count: 1 << above };
        wanted.insert((level, index), span);
        Ok([0; 32])
    }
}

/// Converts the failure of a proof whose sizes had been checked: the stored tree is at fault.
fn failed(error: TreeError<Unknown>) -> StoreError {
    match error {
        TreeError::Node(Unknown) => MISSING,
        TreeError::OutOfRange => StoreError::Damaged { what: "the log is shorter than it says" },
    }
}
