//! The verdict on one reference.

use cwtch_log::{EntryPrefix, Hash};
use cwtch_wire::group::{Gossip, Parent};

use crate::monitor::Monitor;

/// A server's log as far as it is verified.
pub trait Log {
    /// The number of entries that a signed checkpoint covers.
    fn verified_size(&self) -> u64;
    /// The index below which the server may have deleted entries.
    fn min_index(&self) -> u64;
    /// The incarnation that signs for an index.
    fn incarnation_at(&self, index: u64) -> Option<u64>;
    /// The own root of a size, if it is known.
    fn root_at(&self, size: u64) -> Option<Hash>;
    /// The entry at an index, whosever it is, if it is known.
    fn entry_at(&self, index: u64) -> Option<EntryPrefix>;
    /// True if the server declared the entry at an index lost.
    fn is_lost(&self, index: u64) -> bool;
}

impl Log for Monitor {
    fn verified_size(&self) -> u64 {
        self.verified_size()
    }

    fn min_index(&self) -> u64 {
        self.min_index()
    }

    fn incarnation_at(&self, index: u64) -> Option<u64> {
        self.incarnation_at(index)
    }

    fn root_at(&self, size: u64) -> Option<Hash> {
        // What is provisional does not judge anybody.
        (size <= self.verified_size()).then(|| self.root_at(size)).flatten()
    }

    fn entry_at(&self, index: u64) -> Option<EntryPrefix> {
        let verified = (index < self.verified_size()).then(|| self.entry_at(index)).flatten();
        verified.map(|entry| entry.prefix())
    }

    fn is_lost(&self, index: u64) -> bool {
        self.is_lost(index)
    }
}

/// The outcome of a reference to an earlier message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Verdict {
    /// The message is here.
    Fine,
    /// The own log does not reach there yet.
    Waiting,
    /// The message may have been deleted on the server before it was fetched.
    Expired,
    /// The message is in the log, but no key opens it.
    Unreadable,
    /// The message is not in the log, and the author knew it: with the same log before it, it named another entry.
    /// Certain, but only the group's members can check it.
    AuthorLies,
    /// The message is not in the own log, and the author says to see another log. Not proven: it may be the author's
    /// invention, or the server's.
    SplitView,
    /// The message is missing, and nothing tells why.
    Undecided,
    /// The server keeps no log.
    CannotTell,
}

impl Verdict {
    /// Every verdict.
    pub const ALL: [Self; 8] = [
        Self::Fine,
        Self::Waiting,
        Self::Expired,
        Self::Unreadable,
        Self::AuthorLies,
        Self::SplitView,
        Self::Undecided,
        Self::CannotTell,
    ];

    /// True if a contact may be asked for the message (`im.cwtch.log.want`).
    pub fn may_be_repaired(self) -> bool {
        matches!(self, Self::Expired | Self::SplitView | Self::Undecided | Self::CannotTell)
    }
}

/// The outcome of comparing an author's root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GossipVerdict {
    /// The root is the own one.
    Agrees,
    /// The root is another one. That accuses nobody by itself.
    Differs,
    /// The own root of that size is not known (yet), or another incarnation signs for it.
    Unknown,
}

/// A message's words, and the store's knowledge of where they point to.
pub(super) struct Case<'a> {
    /// The root that its author computed.
    pub(super) gossip: Option<&'a Gossip>,
    /// The message's own index; `None` for one that the server has not shown.
    pub(super) index: Option<u64>,
    /// The own root of the gossip's size, where the store has it.
    pub(super) root: Option<Hash>,
}

/// The verdict on a reference to an entry that is not here; `entry` is the one at its index where the store has it, and
/// `waits` whether it may still wait for the log.
pub(super) fn judge(
    parent: &Parent,
    entry: Option<EntryPrefix>,
    case: &Case<'_>,
    waits: bool,
    log: Option<&impl Log>,
) -> Verdict {
    let Some(log) = log else { return Verdict::CannotTell };
    // Nobody refers to what comes after the own message: the author's log is not the own one, whatever stands there.
    let behind = case.index.is_some_and(|index| parent.index >= index);
    if parent.index >= log.verified_size() && !behind {
        return if waits { Verdict::Waiting } else { Verdict::Undecided };
    }
    let there = entry.or_else(|| log.entry_at(parent.index));
    if there == Some(parent.id) {
        return Verdict::Unreadable;
    }
    if there.is_none() && parent.index < log.min_index() {
        return Verdict::Expired;
    }
    let Some(gossip) = case.gossip else { return Verdict::Undecided };
    match compare(gossip, case, log) {
        // Under one root there is one entry at an index: the author had the same one there.
        GossipVerdict::Agrees
            if there.is_some() && gossip.size > parent.index && !log.is_lost(parent.index) =>
        {
            Verdict::AuthorLies
        }
        GossipVerdict::Differs if !log.is_lost(parent.index) => Verdict::SplitView,
        _ => Verdict::Undecided,
    }
}

/// Compares an author's root with the own one.
pub(super) fn compare(gossip: &Gossip, case: &Case<'_>, log: &impl Log) -> GossipVerdict {
    let Some(last) = gossip.size.checked_sub(1) else { return GossipVerdict::Unknown };
    if let Some(index) = case.index
        && gossip.size > index
    {
        // A message that was posted again after a declared loss still tells the old incarnation.
        let same = log.incarnation_at(index) == Some(gossip.incarnation);
        return if same { GossipVerdict::Differs } else { GossipVerdict::Unknown };
    }
    if gossip.size > log.verified_size() || log.incarnation_at(last) != Some(gossip.incarnation) {
        return GossipVerdict::Unknown;
    }
    match case.root.or_else(|| log.root_at(gossip.size)) {
        None => GossipVerdict::Unknown,
        Some(own) if own == gossip.root => GossipVerdict::Agrees,
        Some(_) => GossipVerdict::Differs,
    }
}
