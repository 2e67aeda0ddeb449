//! Intake of what a server sends: tried against every group's key and stored, in two stages beside the connection.
//!
//! [`Feed`] is what the connection has read. [`trial()`] takes as much as is there, up to a batch, and tries it
//! over all cores in one pass; [`store()`] writes each batch and the cursor behind it in one durable
//! transaction. Both channels are bounded, so a server that sends faster than this machine can try is
//! read more slowly.
//!
//! Messages of a log are held back until a signed checkpoint covers them: a [`Step`] says so. What is stored together is
//! the business of a [`Collector`](cwtch_protocol::board::follower::Collector).

pub(in crate::engine::groups) mod behind;
pub(in crate::engine::groups) mod store;
pub(in crate::engine::groups) mod trial;

use std::collections::HashSet;
use std::sync::Arc;

use cwtch_primitives::group::GroupId;
use cwtch_protocol::board::follower::{Received, Step};
use cwtch_protocol::group::TrialSet;
use cwtch_protocol::monitor::Notice;
use tokio::sync::oneshot;

pub(super) use self::store::store;
pub(super) use self::trial::trial;
use crate::engine::groups::read;
use crate::profile::{Confirmation, Group, PendingPost, SyncBatch, SyncStart};

/// Item that the connection has read, in its order.
pub(super) enum Feed {
    /// Keys of the groups that messages from here on are tried against.
    Keys(Arc<Keys>),
    /// A replay of so many entries begins. What was not covered before comes again in it.
    Replay { total: u64 },
    /// A message.
    Message(Box<Received>),
    /// Step of the monitor up to here: its changes and notices, and how far messages are verified.
    Step(Box<Step>),
    /// The server stored a post.
    Posted(Box<StoredPost>),
    /// The log was read from its start, in the sync of this epoch.
    Refetched { epoch: i64 },
    /// Everything that the server has was read.
    Synced,
    /// An epoch may have been entered: what waited for that enters its conversation.
    Entered,
    /// Tell when everything before this is stored.
    Flush(oneshot::Sender<()>),
}

/// A post that the server says it has.
pub(super) struct StoredPost {
    pub(super) post: PendingPost,
    pub(super) confirmation: Confirmation,
    pub(super) notices: Vec<Notice>,
}

/// The groups of a server, ready to be tried.
pub(in crate::engine::groups) struct Keys {
    set: TrialSet,
    /// Whose keys they are.
    groups: Vec<GroupId>,
    /// Those among them whose past is still to be read.
    unread: TrialSet,
    /// The sync that batches belong to; see [`SyncStart::epoch`].
    epoch: i64,
}

impl Keys {
    pub(in crate::engine::groups) fn new(start: &SyncStart) -> Self {
        let of = |groups: &mut dyn Iterator<Item = &Group>| {
            let mut set = TrialSet::new();
            for group in groups {
                read::add(&mut set, group);
            }
            set
        };
        let set = of(&mut start.groups.iter());
        let unread = of(&mut start.groups.iter().filter(|group| group.unread));
        let groups = start.groups.iter().map(|group| group.id).collect();
        Self { set, groups, unread, epoch: start.epoch }
    }

    /// Those of the groups of `start` that are not among these, in the same sync; `None` if all are.
    pub(in crate::engine::groups) fn lacking(&self, start: &SyncStart) -> Option<Self> {
        let known: HashSet<&GroupId> = self.groups.iter().collect();
        let new = start.groups.iter().filter(|group| !known.contains(&group.id));
        let start = SyncStart { groups: new.cloned().collect(), ..start.clone() };
        (!start.groups.is_empty()).then(|| self.with_groups_of(&start))
    }

    /// The groups of `start` in the sync of `self`: keys may change in the middle of one.
    pub(in crate::engine::groups) fn with_groups_of(&self, start: &SyncStart) -> Self {
        Self { epoch: self.epoch, ..Self::new(start) }
    }
}

/// Item that [`trial()`] hands to [`store()`].
pub(super) enum Tried {
    Replay {
        total: u64,
    },
    Batch(Box<Batch>),
    Posted(Box<StoredPost>),
    Refetched {
        epoch: i64,
    },
    Synced,
    Entered,
    Flush(oneshot::Sender<()>),
    /// Parts of forks were stored: tell which epochs' keys they brought, of which nothing stands before them.
    Brought(oneshot::Sender<Vec<GroupId>>),
}

/// Messages to be stored, and what to tell when they are.
#[derive(Default)]
pub(super) struct Batch {
    pub(super) batch: SyncBatch,
    /// Number of messages tried since the batch before.
    pub(super) messages: u64,
    pub(super) notices: Vec<Notice>,
}
