//! Messages of a log that no signed checkpoint covers yet.

use std::collections::VecDeque;

use crate::api::{ApiError, ErrorKind};
use crate::engine::groups::limits;
use crate::profile::{SyncBatch, SyncItem, SyncReject};

/// One message of an own group.
pub(super) enum Opened {
    Item(Box<SyncItem>),
    Reject(SyncReject),
}

/// What was opened, in the order of the log, until it is covered.
#[derive(Default)]
pub(super) struct Held(VecDeque<(u64, Opened)>);

impl Held {
    /// Holds a message back.
    ///
    /// # Errors
    /// If a server leaves more than [`limits::HELD`] messages of own groups unsigned.
    pub(super) fn push(&mut self, index: u64, opened: Opened) -> Result<(), ApiError> {
        if self.0.len() >= limits::HELD {
            return Err(ApiError::new(
                ErrorKind::Protocol,
                "The server sends many messages without its signature; the sync is broken off.",
            ));
        }
        self.0.push_back((index, opened));
        Ok(())
    }

    /// Moves what is covered into a batch.
    pub(super) fn release(&mut self, covers: u64, batch: &mut SyncBatch) {
        while self.0.front().is_some_and(|(index, _)| *index < covers) {
            match self.0.pop_front() {
                Some((_, Opened::Item(item))) => batch.items.push(*item),
                Some((_, Opened::Reject(reject))) => batch.rejects.push(reject),
                None => return,
            }
        }
    }

    /// What is held comes again, or never was.
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
