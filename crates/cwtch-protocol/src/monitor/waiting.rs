//! Heads that wait until the own log has exactly their size.

use std::collections::BTreeMap;

use cwtch_log::{Checkpoint, EntryId, Receipt};

use super::limits::{HEADS_WAITING_MAX, RECEIPTS_WAITING_MAX, REPLY_HEADS_MAX};
use super::snapshot::{Change, StoredHead};
use super::statement::Statement;

/// Where a waiting head was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadSource {
    /// A reply or live message whose entries did not come.
    Reply,
    /// A cold probe.
    Probe,
    /// A contact's answer to a comparison.
    Comparison,
    /// A certificate that continues or ends the incarnation before.
    Certificate,
    /// The receipt of an own post.
    Receipt {
        /// The entry that was posted.
        entry: EntryId,
    },
}

#[derive(Debug, Clone)]
pub(crate) struct WaitingHead {
    pub(crate) statement: Statement,
    pub(crate) source: HeadSource,
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

    pub(crate) fn checkpoints(&self) -> impl Iterator<Item = &Checkpoint> {
        self.heads.values().filter_map(|head| match &head.statement {
            Statement::Checkpoint(checkpoint) => Some(checkpoint),
            _ => None,
        })
    }

    /// Adds a head under its old number.
    pub(crate) fn restore(&mut self, id: u64, head: WaitingHead) {
        self.next = self.next.max(id.saturating_add(1));
        self.heads.insert(id, head);
    }

    /// Adds a head unless the same statement waits already or there is no room.
    pub(crate) fn add(&mut self, head: WaitingHead, changes: &mut Vec<Change>) -> Option<u64> {
        let known = self.heads.values().any(|other| {
            other.statement == head.statement && other.receipt.is_some() == head.receipt.is_some()
        });
        if known || !self.make_room(&head, changes) {
            return None;
        }
        let id = self.next;
        self.next = self.next.saturating_add(1);
        changes.push(Change::HeadAdded(head.stored(id)));
        self.heads.insert(id, head);
        Some(id)
    }

    pub(crate) fn remove(&mut self, id: u64, changes: &mut Vec<Change>) -> Option<WaitingHead> {
        let head = self.heads.remove(&id)?;
        changes.push(Change::HeadGone(id));
        Some(head)
    }

    fn make_room(&mut self, head: &WaitingHead, changes: &mut Vec<Change>) -> bool {
        let count = |wanted: fn(&WaitingHead) -> bool| self.heads.values().filter(|h| wanted(h)).count();
        let is_reply = |head: &WaitingHead| head.source == HeadSource::Reply;
        if head.receipt.is_some() {
            if count(|head| head.receipt.is_some()) >= RECEIPTS_WAITING_MAX {
                let oldest = self.iter().find(|(_, head)| head.receipt.is_some()).map(|(id, _)| id);
                oldest.map(|id| self.remove(id, changes));
            }
            return true;
        }
        if is_reply(head) && count(|head| head.source == HeadSource::Reply) >= REPLY_HEADS_MAX {
            let replies = self.iter().filter(|(_, head)| is_reply(head));
            let smallest = replies.min_by_key(|(_, head)| head.statement.size()).map(|(id, _)| id);
            smallest.map(|id| self.remove(id, changes));
            return true;
        }
        // What a certificate says is needed to judge the incarnation; certificates are bounded themselves.
        head.source == HeadSource::Certificate || count(|head| head.receipt.is_none()) < HEADS_WAITING_MAX
    }
}

impl WaitingHead {
    pub(crate) fn stored(&self, id: u64) -> StoredHead {
        let (incarnation, bytes) = match (&self.statement, &self.receipt) {
            (_, Some(receipt)) => (receipt.checkpoint().incarnation(), receipt.to_bytes()),
            (Statement::Checkpoint(checkpoint), None) => {
                (checkpoint.incarnation(), checkpoint.to_bytes().to_vec())
            }
            (Statement::Retain(retain), None) => (retain.incarnation(), retain.to_bytes().to_vec()),
            (Statement::Previous(certificate), None) => (certificate.incarnation(), Vec::new()),
        };
        StoredHead { id, source: self.source, incarnation, bytes }
    }
}
