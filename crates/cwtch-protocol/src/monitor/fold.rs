//! The fold of what is being received: a compact range that grows, and the sizes at which something is to be
//! compared.

use cwtch_log::tree::CompactRange;
use cwtch_log::{BOUNDARY, Checkpoint, EntryId, Hash};

use super::limits::FOLD_IDS_MAX;
use super::statement::Statement;
use super::tail::Tail;

/// A reply or live messages on top of the verified log, not yet covered by a signature.
#[derive(Debug, Clone)]
pub(crate) struct Fold {
    pub(crate) range: CompactRange,
    pub(crate) tail: Tail,
    /// Sizes at which something is to be compared, ascending.
    watches: Vec<Watch>,
    next: usize,
    /// The size of the next watch; the greatest number if there is none.
    next_size: u64,
    /// Numbers of waiting heads that agreed.
    pub(crate) matched: Vec<u64>,
    /// Statements that disagreed; `None` where the verified log itself has no checkpoint.
    pub(crate) conflicts: Vec<Option<Statement>>,
    /// True if the boundary checkpoint of the present size has not come yet.
    pub(crate) boundary_due: bool,
    /// The size of the newest boundary checkpoint that agreed with everything before it.
    pub(crate) settled: u64,
    pub(crate) replay: Option<Replay>,
}

/// The reply that is being received.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    pub(crate) checkpoint: Checkpoint,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Watch {
    pub(crate) size: u64,
    pub(crate) what: Watched,
}

/// Object that is compared at a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Watched {
    /// The verified log, where a reply begins before its end.
    Verified,
    /// The newest Retain.
    Retain,
    /// The tree that the certificate of an incarnation claims to continue.
    Start(u64),
    /// A waiting head.
    Head(u64),
}

impl Fold {
    pub(crate) fn at(range: CompactRange, mut watches: Vec<Watch>) -> Self {
        watches.sort_unstable();
        let mut fold = Self {
            tail: Tail::at(range.clone()),
            settled: range.size(),
            range,
            watches,
            next: 0,
            next_size: u64::MAX,
            matched: Vec::new(),
            conflicts: Vec::new(),
            boundary_due: false,
            replay: None,
        };
        fold.find_next();
        fold
    }

    pub(crate) fn size(&self) -> u64 {
        self.range.size()
    }

    /// Appends an entry; `true` if something is to be compared now.
    pub(crate) fn push(&mut self, id: EntryId) -> bool {
        self.range.push(id.leaf());
        let size = self.range.size();
        if self.tail.end() - self.tail.first() >= FOLD_IDS_MAX as u64 {
            // Only a reply without verifiable boundaries grows so far. The kept part begins anew after this entry.
            self.tail = Tail::at(self.range.clone());
        } else {
            self.tail.push(id, &self.range);
        }
        if size.is_multiple_of(BOUNDARY) {
            self.boundary_due = true;
        }
        size == self.next_size
    }

    /// Takes the objects that are to be compared at the present size.
    pub(crate) fn due(&mut self) -> Vec<Watched> {
        let mut due = Vec::new();
        while let Some(watch) = self.watches.get(self.next)
            && watch.size <= self.range.size()
        {
            if watch.size == self.range.size() {
                due.push(watch.what);
            }
            self.next += 1;
        }
        self.find_next();
        due
    }

    /// Adds a watch for a size above the present one.
    pub(crate) fn watch(&mut self, watch: Watch) {
        let at = self.watches.partition_point(|other| *other <= watch).max(self.next);
        self.watches.insert(at, watch);
        self.find_next();
    }

    /// Our own root of a size that is held here.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        self.tail.root_at(size)
    }

    pub(crate) fn id(&self, index: u64) -> Option<&EntryId> {
        self.tail.id(index)
    }

    /// Takes out the entries that are covered now.
    pub(crate) fn take_covered(&mut self) -> Tail {
        core::mem::replace(&mut self.tail, Tail::at(self.range.clone()))
    }

    fn find_next(&mut self) {
        while self.watches.get(self.next).is_some_and(|watch| watch.size <= self.range.size()) {
            self.next += 1;
        }
        self.next_size = self.watches.get(self.next).map_or(u64::MAX, |watch| watch.size);
    }
}
