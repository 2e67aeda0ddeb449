//! The fold of what is being received: a compact range that grows, and the sizes at which something is to be
//! compared.

use cwtch_log::tree::CompactRange;
use cwtch_log::{BOUNDARY, Certificate, Checkpoint, EntryId, Hash};

use super::log::KeptLog;
use super::snapshot::HeadSource;
use super::statement::Statement;
use super::tail::Tail;
use crate::monitor::limits::FOLD_IDS_MAX;

/// A reply or live messages on top of the verified log, not yet covered by a signature.
#[derive(Debug, Clone)]
pub(crate) struct Fold {
    /// The compact range up to the last entry that was received.
    pub(crate) range: CompactRange,
    /// The entries that no checkpoint covers yet.
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
    /// The checkpoint that the reply which is being received leads to; `None` between replies.
    pub(crate) reply: Option<Checkpoint>,
}

/// A size, and what is compared with the fold when it gets there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Watch {
    size: u64,
    what: Watched,
}

/// Object that is compared at a size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Watched {
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
    /// A fold on the whole verified log.
    pub(crate) fn at_end(log: &KeptLog) -> Self {
        Self::after(log.tail.range_at(log.verified_size()).unwrap_or_default(), log)
    }

    /// A fold that begins after a compact range, which everything that `log` knows of larger sizes is compared with.
    pub(crate) fn after(range: CompactRange, log: &KeptLog) -> Self {
        let mut watches = watches(log, range.size());
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
            reply: None,
        };
        fold.find_next();
        fold
    }

    /// The number of entries up to the last one that was received.
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

    /// Compares the size at which the fold begins; later sizes are compared when they are crossed.
    pub(crate) fn compare_base(&mut self, log: &KeptLog) {
        let (size, own) = (self.size(), self.range.root());
        let differ = |certificate: &Certificate| {
            certificate.previous().is_some_and(|previous| previous.size == size && previous.root != own)
        };
        let starts = log.starts().map(|(_, certificate)| certificate).filter(|one| differ(one));
        self.conflicts.extend(starts.map(|one| Some(Statement::Previous(one.clone()))));
    }

    /// Compares everything that is due at the present size. Returns the certificates' statements that agree: they cover
    /// what was received so far.
    pub(crate) fn cross(&mut self, log: &KeptLog) -> Vec<Statement> {
        let own = self.range.root();
        let mut covers = Vec::new();
        for what in self.due() {
            match what {
                Watched::Verified => {
                    if log.root_at(self.size()) != Some(own) {
                        self.conflicts.push(log.head.clone().map(Statement::Checkpoint));
                    }
                }
                Watched::Retain => {
                    if let Some(retain) = &log.retain
                        && *retain.root() != own
                    {
                        self.conflicts.push(Some(Statement::Retain(retain.clone())));
                    }
                }
                Watched::Start(incarnation) => {
                    let certificate = log.certificates.get(incarnation).cloned();
                    let Some(start) = certificate.map(Statement::Previous) else { continue };
                    if start.root() == Some(&own) {
                        covers.push(start);
                    } else {
                        self.conflicts.push(Some(start));
                    }
                }
                Watched::Head(id) => self.compare_head(id, own, log),
            }
        }
        let agreed =
            self.matched.iter().filter_map(|id| log.waiting.get(*id)).filter(|head| {
                head.source == HeadSource::Certificate && head.statement.size() == self.size()
            });
        covers.extend(agreed.map(|head| head.statement.clone()));
        covers
    }

    /// Compares a head that waits since now: when the fold gets to its size, or at once if that was passed.
    pub(crate) fn add_head(&mut self, id: u64, log: &KeptLog) {
        let Some(size) = log.waiting.get(id).map(|head| head.statement.size()) else { return };
        if size > self.size() {
            self.watch(Watch { size, what: Watched::Head(id) });
        } else if let Some(own) = self.root_at(size) {
            self.compare_head(id, own, log);
        }
    }

    fn compare_head(&mut self, id: u64, own: Hash, log: &KeptLog) {
        let Some(head) = log.waiting.get(id) else { return };
        if head.statement.root() == Some(&own) {
            self.matched.push(id);
        } else {
            self.conflicts.push(Some(head.statement.clone()));
        }
    }

    /// Our own root of a size that is held here.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        self.tail.root_at(size)
    }

    /// The id of the entry at an index that is held here.
    pub(crate) fn id(&self, index: u64) -> Option<&EntryId> {
        self.tail.id(index)
    }

    /// Takes out the entries that are covered now.
    pub(crate) fn take_covered(&mut self) -> Tail {
        core::mem::replace(&mut self.tail, Tail::at(self.range.clone()))
    }

    /// Takes the objects that are to be compared at the present size.
    fn due(&mut self) -> Vec<Watched> {
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
    fn watch(&mut self, watch: Watch) {
        let at = self.watches.partition_point(|other| *other <= watch).max(self.next);
        self.watches.insert(at, watch);
        self.find_next();
    }

    fn find_next(&mut self) {
        while self.watches.get(self.next).is_some_and(|watch| watch.size <= self.range.size()) {
            self.next += 1;
        }
        self.next_size = self.watches.get(self.next).map_or(u64::MAX, |watch| watch.size);
    }
}

/// Everything known of sizes above `from`, to be compared when a fold gets there.
fn watches(log: &KeptLog, from: u64) -> Vec<Watch> {
    let heads = log.waiting.iter();
    let mut watches: Vec<Watch> =
        heads.map(|(id, head)| Watch { size: head.statement.size(), what: Watched::Head(id) }).collect();
    watches.push(Watch { size: log.verified_size(), what: Watched::Verified });
    if let Some(retain) = &log.retain
        && !log.is_void(&Statement::Retain(retain.clone()))
    {
        watches.push(Watch { size: retain.min_index(), what: Watched::Retain });
    }
    let starts = log.starts();
    watches.extend(
        starts.map(|(size, certificate)| Watch { size, what: Watched::Start(certificate.incarnation()) }),
    );
    watches.retain(|watch| watch.size > from);
    watches
}
