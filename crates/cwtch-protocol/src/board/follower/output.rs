//! Outputs of a follower, which its caller carries out.

use core::borrow::Borrow;
use core::fmt;
use std::time::Duration;

use cwtch_log::EntryId;
use cwtch_log::tree::CompactRange;
use cwtch_wire::board::EncryptedGroupMessage;

use crate::app::board_client::{BoardClientError, PostId};
use crate::monitor::{Change, Notice, Refused};

/// The next thing to do; outputs are carried out in their order.
#[derive(Debug)]
pub enum Output {
    /// A replay begins. Messages that no checkpoint covered come again in it.
    Replay {
        /// Number of entries in it that were not here.
        total: u64,
    },
    /// The server shows its log, perhaps again after it had not.
    LogShown,
    /// A message to be opened and kept.
    Message(Box<Received>),
    /// Changes and notices of the monitor up to here.
    Step(Box<Step>),
    /// The log was read again, as [`Start::refetch`](super::Start::refetch) asked.
    Refetched,
    /// A server without a log shows messages that do not join those that are here: some of ours may be among what it
    /// deleted.
    OwnMayBeMissing,
    /// Everything that the server has now was read.
    AllRead,
    /// Call [`Follower::stored`](super::Follower::stored) when everything before this is committed.
    Flush,
    /// A replay is complete and stored.
    Synced,
    /// A replay was stored, but not for all groups that there are now: call
    /// [`Follower::want_replay`](super::Follower::want_replay) when no more of them are to come.
    Incomplete,
    /// The server was caught, and is asked for what may prove it: report it when the connection ends, not before.
    Caught,
    /// The server has a post.
    Posted(Box<PostStored>),
    /// The server does not take a post.
    PostRefused {
        /// The refused post.
        id: PostId,
        /// True if the server named the token as the reason; one without a log does not say why.
        token: bool,
    },
    /// The server has no room for a post now, or could not store it: it is asked again later. The token is untouched.
    PostWaits {
        /// The waiting post.
        id: PostId,
        /// The server's reason.
        why: NotNow,
    },
    /// The connection is over, and closed when everything before this is committed.
    End(End),
}

/// Reason of a server for not taking a post that it may take later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotNow {
    /// The server has no room, and may not delete anything yet.
    NoRoom,
    /// The server could not store the post.
    NotStored,
}

/// Reason why a connection ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// The monitor refused what the server said.
    Refused(Refused),
    /// The server broke the protocol.
    Misbehaved(BoardClientError),
    /// The server owed something, and was silent for this long.
    Silent(Duration),
}

/// A message as it was read.
#[derive(Debug, Clone)]
pub struct Received {
    /// The message.
    pub message: EncryptedGroupMessage,
    /// Its name in the log.
    pub entry: EntryId,
    /// The message's place.
    pub place: Place,
    /// True if the message was read before: then it is only for groups whose past was not looked for at that time.
    pub known: bool,
}

impl Borrow<EncryptedGroupMessage> for &Received {
    fn borrow(&self) -> &EncryptedGroupMessage {
        &self.message
    }
}

/// Place of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// The message is on a server without a log.
    Plain {
        /// True if all messages before it are here.
        moves_cursor: bool,
    },
    /// The message is in a log, provisionally until a [`Step`] covers more entries than its index.
    Log {
        /// Its index.
        index: u64,
        /// The incarnation that the index belongs to.
        incarnation: u64,
        /// The log up to and with this entry.
        range: CompactRange,
    },
}

impl Place {
    /// The index in a log.
    pub const fn index(&self) -> Option<u64> {
        match self {
            Self::Plain { .. } => None,
            Self::Log { index, .. } => Some(*index),
        }
    }
}

/// Changes and notices of the monitor: committed in one transaction, together with the messages that they cover.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Step {
    /// Changes, in their order.
    pub changes: Vec<Change>,
    /// Notices, told once the changes are durable.
    pub notices: Vec<Notice>,
    /// Index below which entries are covered by a signed checkpoint.
    pub covers: u64,
}

impl Step {
    /// True if the step concerns messages that were stored before: then it is committed alone, after them.
    pub fn is_barrier(&self) -> bool {
        self.changes.iter().any(|change| matches!(change, Change::Loss { .. } | Change::StartedOver))
    }

    pub(super) fn merge(&mut self, next: Self) {
        self.changes.extend(next.changes);
        self.notices.extend(next.notices);
        self.covers = next.covers;
    }
}

/// A post that the server says it has.
#[derive(Debug)]
pub struct PostStored {
    /// The stored post.
    pub id: PostId,
    /// Index and incarnation, from a valid receipt.
    pub place: Option<(u64, u64)>,
    /// Changes and notices of the monitor about the answer; it covers nothing.
    pub step: Step,
    /// True if the server had no room before.
    pub room_again: bool,
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(why) => why.fmt(f),
            Self::Misbehaved(error) => error.fmt(f),
            Self::Silent(_) => f.write_str("the server does not answer"),
        }
    }
}
