//! Heads that wait until our own log has exactly their size.

use std::collections::BTreeMap;

use cwtch_log::{Checkpoint, EntryId, Receipt};

use super::snapshot::{HeadSource, StoredHead};
use super::statement::Statement;
use crate::monitor::limits::{HEADS_WAITING_MAX, RECEIPTS_WAITING_MAX, REPLY_HEADS_MAX};

/// A signed statement of a size that our own log has not reached.
#[derive(Debug, Clone)]
pub(crate) struct WaitingHead {
    pub(crate) statement: Statement,
    pub(crate) source: HeadSource,
    /// The receipt that states it, if it is one's.
    pub(crate) receipt: Option<Receipt>,
}

/// Waiting heads by a number of their own, in the order in which they came.
#[derive(Debug, Clone, Default)]
pub(crate) struct Waiting {
    next: u64,
    heads: BTreeMap<u64, WaitingHead>,
}

impl Waiting {
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &WaitingHead)> {
        self.heads.iter().map(|(id, head)| (*id, head))
    }

    pub(crate) fn get(&self, id: u64) -> Option<&WaitingHead> {
        self.heads.get(&id)
    }

    /// The checkpoints among the waiting heads.
    pub(crate) fn checkpoints(&self) -> impl Iterator<Item = &Checkpoint> {
        self.heads.values().filter_map(|head| match &head.statement {
            Statement::Checkpoint(checkpoint) => Some(checkpoint),
            _ => None,
        })
    }

    /// The number of the next head.
    pub(crate) fn next(&self) -> u64 {
        self.next
    }

    pub(super) fn insert(&mut self, id: u64, head: WaitingHead) {
        self.next = self.next.max(id.saturating_add(1));
        self.heads.insert(id, head);
    }

    pub(super) fn remove(&mut self, id: u64) {
        self.heads.remove(&id);
    }

    /// Finds room for a head; there is none for one whose statement waits already.
    pub(crate) fn room(&self, head: &WaitingHead) -> Room {
        let known = self.heads.values().any(|other| {
            other.statement == head.statement && other.receipt.is_some() == head.receipt.is_some()
        });
        if known {
            return Room::None;
        }
        let alike = || self.iter().filter(|(_, other)| Kind::of(other) == Kind::of(head));
        match Kind::of(head) {
            Kind::Receipt if alike().count() >= RECEIPTS_WAITING_MAX => {
                alike().next().map_or(Room::None, |(oldest, _)| Room::InPlaceOf(oldest))
            }
            Kind::Reply if alike().count() >= REPLY_HEADS_MAX => {
                let smallest = alike().min_by_key(|(_, head)| head.statement.size());
                smallest.map_or(Room::None, |(smallest, _)| Room::InPlaceOf(smallest))
            }
            Kind::Learnt if alike().count() >= HEADS_WAITING_MAX => Room::None,
            // A certificate's statement goes with the certificate, and those are bounded.
            _ => Room::Free,
        }
    }
}

/// Room for a head to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    None,
    Free,
    /// There is room if the head with this number goes.
    InPlaceOf(u64),
}

/// Group of heads that have a bound in common.
#[derive(PartialEq, Eq)]
enum Kind {
    Receipt,
    Reply,
    Certificate,
    /// Heads that a probe or a comparison brought.
    Learnt,
}

impl Kind {
    fn of(head: &WaitingHead) -> Self {
        match head.source {
            _ if head.receipt.is_some() => Self::Receipt,
            HeadSource::Reply => Self::Reply,
            HeadSource::Certificate => Self::Certificate,
            _ => Self::Learnt,
        }
    }
}

impl WaitingHead {
    /// The incarnation of the certificate that it verifies under, or that it is.
    pub(crate) fn signed_by(&self) -> u64 {
        match &self.statement {
            Statement::Checkpoint(checkpoint) => checkpoint.incarnation(),
            Statement::Retain(retain) => retain.incarnation(),
            Statement::Previous(certificate) => certificate.incarnation(),
        }
    }

    /// The entry that was posted, if the head is a receipt.
    pub(crate) fn posted(&self) -> Option<EntryId> {
        match self.source {
            HeadSource::Receipt { entry } => Some(entry),
            _ => None,
        }
    }

    /// The head as it is stored under a number.
    pub(crate) fn stored(&self, id: u64) -> StoredHead {
        let bytes = match (&self.statement, &self.receipt) {
            (_, Some(receipt)) => receipt.to_bytes(),
            (Statement::Checkpoint(checkpoint), None) => checkpoint.to_bytes().to_vec(),
            (Statement::Retain(retain), None) => retain.to_bytes().to_vec(),
            (Statement::Previous(_), None) => Vec::new(),
        };
        StoredHead { id, source: self.source, incarnation: self.signed_by(), bytes }
    }
}
