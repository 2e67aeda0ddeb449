//! What a reader knows.

use cwtch_log::{EntryPrefix, Hash};

use crate::monitor::Monitor;

/// What a reader knows of a server's log and of one group's messages in it.
pub trait View {
    /// Whether the server has a log.
    fn has_log(&self) -> bool;
    /// The number of entries that a signed checkpoint covers.
    fn verified_size(&self) -> u64;
    /// The index below which the server may have deleted entries.
    fn min_index(&self) -> u64;
    /// How many syncs with the server were completed; it counts up.
    fn syncs(&self) -> u64;
    /// The incarnation that signs for an index.
    fn incarnation_at(&self, index: u64) -> Option<u64>;
    /// The own root of a size, if it is known.
    fn root_at(&self, size: u64) -> Option<Hash>;
    /// The entry at an index, whosever it is, if it is known.
    fn entry_at(&self, index: u64) -> Option<EntryPrefix>;
    /// Whether the server declared the entry at an index lost.
    fn is_lost(&self, index: u64) -> bool;
    /// Whether a message of the group with this name is here: it came, was opened, and verified.
    fn is_here(&self, id: &EntryPrefix) -> bool;
    /// Whether some entry with an index from `from` to `to` (exclusive) was never shown to this client: it expired
    /// before, or was declared lost.
    fn unseen(&self, from: u64, to: u64) -> bool;
}

/// What a database knows of one group.
pub trait Messages {
    /// As [`View::is_here`].
    fn is_here(&self, id: &EntryPrefix) -> bool;
    /// The own root of a size, kept when the group's message at `size - 1` was stored
    /// ([`Monitor::root_at`]).
    fn root_at(&self, size: u64) -> Option<Hash>;
    /// The group's entry at an index, opened or not.
    fn entry_at(&self, index: u64) -> Option<EntryPrefix>;
    /// Whether a range of indexes that was passed over ([`Notice::Expired`](crate::monitor::Notice::Expired)) meets this
    /// one.
    fn expired(&self, from: u64, to: u64) -> bool;
    /// As [`View::syncs`].
    fn syncs(&self) -> u64;
}

/// The view of a monitor and a database.
#[derive(Debug)]
pub struct LogView<'a, M> {
    /// The server's monitor.
    pub monitor: &'a Monitor,
    /// The group's messages.
    pub messages: &'a M,
}

impl<M: Messages> View for LogView<'_, M> {
    fn has_log(&self) -> bool {
        self.monitor.expects_log()
    }

    fn verified_size(&self) -> u64 {
        self.monitor.verified_size()
    }

    fn min_index(&self) -> u64 {
        self.monitor.min_index()
    }

    fn syncs(&self) -> u64 {
        self.messages.syncs()
    }

    fn incarnation_at(&self, index: u64) -> Option<u64> {
        self.monitor.incarnation_at(index)
    }

    fn root_at(&self, size: u64) -> Option<Hash> {
        // What is provisional does not judge anybody.
        let verified = (size <= self.monitor.verified_size()).then(|| self.monitor.root_at(size)).flatten();
        verified.or_else(|| self.messages.root_at(size))
    }

    fn entry_at(&self, index: u64) -> Option<EntryPrefix> {
        let verified = index < self.monitor.verified_size();
        let id = verified.then(|| self.monitor.entry_at(index)).flatten();
        id.map(|id| id.prefix()).or_else(|| self.messages.entry_at(index))
    }

    fn is_lost(&self, index: u64) -> bool {
        self.monitor.is_lost(index)
    }

    fn is_here(&self, id: &EntryPrefix) -> bool {
        self.messages.is_here(id)
    }

    fn unseen(&self, from: u64, to: u64) -> bool {
        let lost = |loss: &crate::monitor::Loss| loss.from < to && from < loss.to;
        self.messages.expired(from, to) || self.monitor.losses().iter().any(lost)
    }
}
