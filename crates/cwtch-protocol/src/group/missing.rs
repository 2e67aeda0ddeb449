//! Messages that are missing, and why.

use super::chain::Hole;

/// Numbers of a chain that are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Missing {
    /// The count.
    pub count: u32,
    /// The reason, as far as it can be told.
    pub why: Why,
}

/// A reason why numbers are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The messages were not delivered, by the author or by the server.
    NotDelivered,
    /// The messages may be among entries that expired or were declared lost.
    PerhapsExpired,
}

/// Parts of a log that were never shown to this client, as far as it matters for one group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gone {
    /// The index from which the group was read; 0 where it is not known.
    pub read_from: u64,
    /// Ranges of indexes that were passed over, or that the server declared lost: the first, and the one behind.
    pub ranges: Vec<(u64, u64)>,
}

impl Gone {
    /// The reason why the messages of a hole are missing: they were posted between their neighbours, if each was posted before the
    /// next.
    pub fn why(&self, hole: &Hole) -> Why {
        let from = hole.after.map_or(0, |index| index.saturating_add(1));
        let unseen = |(first, behind): &(u64, u64)| *first < hole.before && from < *behind;
        if from < self.read_from || self.ranges.iter().any(unseen) {
            Why::PerhapsExpired
        } else {
            Why::NotDelivered
        }
    }
}
