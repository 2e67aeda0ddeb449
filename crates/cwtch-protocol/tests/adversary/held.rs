//! The signed heads that a client was given, with what the model knows about each.

use std::sync::Arc;

use cwtch_log::{Checkpoint, EntryId};
use cwtch_testkit::log::HonestLog;

/// A head and the entries that it covers.
#[derive(Clone)]
pub(crate) struct Held {
    pub(crate) incarnation: u64,
    pub(crate) size: u64,
    pub(crate) time: u64,
    /// The whole history when it was signed; the head covers the first `size`.
    list: Arc<[EntryId]>,
}

impl Held {
    /// A checkpoint of this history.
    pub(crate) fn checkpoint(checkpoint: &Checkpoint, log: &HonestLog) -> Self {
        Self {
            incarnation: checkpoint.incarnation(),
            size: checkpoint.size(),
            time: checkpoint.time(),
            list: log.ids().into(),
        }
    }

    /// The newest checkpoint of this history.
    pub(crate) fn newest(log: &HonestLog) -> Self {
        Self::checkpoint(log.checkpoint(), log)
    }

    pub(crate) fn entries(&self) -> &[EntryId] {
        &self.list[..self.size as usize]
    }

    /// The number of entries that both begin with.
    pub(crate) fn common(&self, other: &Self) -> u64 {
        self.entries().iter().zip(other.entries()).take_while(|(a, b)| a == b).count() as u64
    }

    /// True if neither is the beginning of the other.
    pub(crate) fn diverges(&self, other: &Self) -> bool {
        self.common(other) < self.size.min(other.size)
    }
}
