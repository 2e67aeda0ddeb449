//! The reader of a server's answers.

use cwtch_log::EntryId;

use crate::monitor::memory::{Fold, KeptLog};

/// The reader of one server's answers: what was asked for, and what is received of it.
///
/// Its methods take the [`Judge`](crate::monitor::statements::Judge) where signed statements are compared, and only
/// what is known of the log otherwise.
pub(crate) struct ReplyReader {
    /// The fold of what is being received, on top of the verified log.
    pub(crate) fold: Fold,
    /// Index that the last replay asked for.
    pub(super) asked: Option<u64>,
    /// True if the reply that is being received is only for evidence.
    pub(super) gathering: bool,
    /// True if such a reply was asked for.
    pub(super) gathered: bool,
}

impl ReplyReader {
    /// A reader that has asked for nothing.
    pub(crate) fn new(log: &KeptLog) -> Self {
        Self { fold: Fold::at_end(log), asked: None, gathering: false, gathered: false }
    }

    /// Drops everything that no checkpoint covers.
    pub(crate) fn abandon(&mut self, log: &KeptLog) {
        self.gathering = false;
        self.reset_fold(log);
    }

    /// Sets the fold back to the end of the verified log.
    pub(super) fn reset_fold(&mut self, log: &KeptLog) {
        self.fold = Fold::at_end(log);
    }

    /// True if a reply is being received: it began, and neither ended nor was given up.
    pub(crate) fn is_reading(&self) -> bool {
        self.fold.reply.is_some()
    }

    /// The id of the entry at an index, verified or provisional, if it is kept.
    pub(crate) fn entry_at(&self, index: u64, log: &KeptLog) -> Option<EntryId> {
        log.tail.id(index).or_else(|| self.fold.id(index)).copied()
    }
}
