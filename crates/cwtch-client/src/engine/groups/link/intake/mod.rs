//! What a server sends, tried against every group's key and stored: two stages beside the connection.
//!
//! [`Feed`] is what the connection has read. [`trial()`] takes as much as is there, up to a batch, and tries it
//! over all cores in one pass; [`store()`] writes each batch and the cursor behind it in one durable
//! transaction. Both channels are bounded, so a server that sends faster than this machine can try is
//! read more slowly.
//!
//! Messages of a log are held back until a signed checkpoint covers them: a [`Step`] says so. They are stored in one
//! transaction with what the monitor changed in that step, and what no step ever covers is dropped.

mod held;
mod store;
mod trial;

use std::borrow::Borrow;
use std::sync::Arc;

use cwtch_log::EntryId;
use cwtch_log::tree::CompactRange;
use cwtch_protocol::group::TrialSet;
use cwtch_protocol::monitor::{Change, Notice};
use cwtch_wire::board::EncryptedGroupMessage;
use tokio::sync::oneshot;

pub(super) use self::store::store;
pub(super) use self::trial::trial;
use crate::profile::{Confirmation, Group, PendingPost, SyncBatch, SyncStart};

/// What the connection has read, in its order.
pub(super) enum Feed {
    /// From here on, these groups.
    Keys(Arc<Keys>),
    /// A replay of so many entries begins. What was not covered before comes again in it.
    Replay { total: u64 },
    /// A message.
    Message(Box<Message>),
    /// What the monitor made of it up to here.
    Step(Box<Step>),
    /// The server stored a post.
    Posted(Box<PostStored>),
    /// The log was read from its start, in the sync of this epoch.
    Refetched { epoch: i64 },
    /// Everything that the server has was read.
    Synced,
    /// Tell when everything before this is stored.
    Flush(oneshot::Sender<()>),
}

/// A message as it was read.
pub(super) struct Message {
    pub(super) message: EncryptedGroupMessage,
    pub(super) entry: EntryId,
    pub(super) place: Placed,
    /// It was read before: only for groups that were joined since it is looked at.
    pub(super) known: bool,
}

impl Borrow<EncryptedGroupMessage> for &Message {
    fn borrow(&self) -> &EncryptedGroupMessage {
        &self.message
    }
}

/// Where a message stands.
pub(super) enum Placed {
    /// On a server without a log. It moves the cursor if it is the newest of which all before are here.
    Plain { moves_cursor: bool },
    /// In a log, provisionally.
    Log {
        index: u64,
        /// The incarnation that the index belongs to.
        incarnation: u64,
        /// The log up to and with this entry.
        range: CompactRange,
    },
}

/// What a monitor did.
#[derive(Default)]
pub(super) struct Step {
    pub(super) changes: Vec<Change>,
    pub(super) notices: Vec<Notice>,
    /// Entries below this index are covered by a signed checkpoint.
    pub(super) covers: u64,
}

impl Step {
    /// Whether it concerns messages that were stored before: it is stored alone, behind them.
    fn is_barrier(&self) -> bool {
        self.changes.iter().any(|change| matches!(change, Change::Loss { .. } | Change::StartedOver))
    }

    fn merge(&mut self, next: Self) {
        self.changes.extend(next.changes);
        self.notices.extend(next.notices);
        self.covers = next.covers;
    }
}

/// A post that the server says it has.
pub(super) struct PostStored {
    pub(super) post: PendingPost,
    pub(super) confirmation: Confirmation,
    pub(super) notices: Vec<Notice>,
}

/// The groups of a server, ready to be tried.
pub(super) struct Keys {
    set: TrialSet,
    /// Those among them whose past is still to be read.
    unread: TrialSet,
    /// The sync that batches belong to; see [`SyncStart::epoch`].
    epoch: i64,
}

impl Keys {
    pub(super) fn new(start: &SyncStart) -> Self {
        let of = |groups: &mut dyn Iterator<Item = &Group>| {
            let mut set = TrialSet::new();
            for group in groups {
                set.push(group.id, group.key.clone(), group.server);
            }
            set
        };
        let set = of(&mut start.groups.iter());
        let unread = of(&mut start.groups.iter().filter(|group| group.unread));
        Self { set, unread, epoch: start.epoch }
    }

    /// The groups of `start` in the sync of `self`: keys may change in the middle of one.
    pub(super) fn with_groups_of(&self, start: &SyncStart) -> Self {
        Self { epoch: self.epoch, ..Self::new(start) }
    }
}

/// What [`trial()`] hands to [`store()`].
pub(super) enum Tried {
    Replay { total: u64 },
    Batch(Box<Batch>),
    Posted(Box<PostStored>),
    Refetched { epoch: i64 },
    Synced,
    Flush(oneshot::Sender<()>),
}

/// Messages to be stored, and what to tell when they are.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) batch: SyncBatch,
    /// How many messages were tried since the batch before.
    pub(super) messages: u64,
    pub(super) notices: Vec<Notice>,
}
