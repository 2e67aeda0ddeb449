//! Start, batches and outcomes of a sync.

use core::fmt;

use cwtch_log::{EntryId, MsgId};
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::Arrival;
use cwtch_protocol::monitor::{Change, Notice};
use cwtch_wire::group::Extensions;
use cwtch_wire::group::fork::ForkRecords;

use crate::columns::key_bytes;
use crate::db::Tx;
use crate::order::Message;
use crate::types::{Content, Group, LogPlace, MessageId};

/// Starting point of a sync.
#[derive(Clone)]
pub struct SyncStart {
    /// Signature of the newest message seen, the `LastCommit` to ask for; `None` asks for everything.
    pub cursor: Option<Vec<u8>>,
    /// Number of the sync's epoch, to be given back with each [`SyncBatch`] of this sync.
    pub epoch: i64,
    /// The groups whose keys to try.
    pub groups: Vec<Group>,
    /// Part of a log that is to be read again: messages of a group or an epoch may lie there whose key was not here when it
    /// was read.
    pub refetch: Option<Refetch>,
}

/// Part of a server's log that is to be read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refetch {
    /// The index from which on; 0 for all that the server holds.
    pub from: u64,
    /// The time before which it is not asked for, unix seconds: who asks at once shows what made them ask.
    pub after: i64,
}

impl fmt::Debug for SyncStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncStart")
            .field("epoch", &self.epoch)
            .field("groups", &self.groups.len())
            .finish_non_exhaustive()
    }
}

/// A group message whose group, id and author's signature have been verified.
#[derive(Clone)]
pub struct SyncItem {
    /// The group.
    pub group: GroupId,
    /// The author, whose signature was verified.
    pub author: Address,
    /// Content of the message.
    pub content: Content,
    /// Time at which it was sent, as the author says, if that is sane; unix seconds.
    pub sent: Option<i64>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The signature of the newest message that the author had seen, empty for none.
    pub previous: Vec<u8>,
    /// The message's MsgId.
    pub msg_id: MsgId,
    /// Its entry.
    pub entry: EntryId,
    /// Place of the entry in the log, on a server with one.
    pub place: Option<LogPlace>,
    /// Statements of the author about the messages before it.
    pub extensions: Option<Extensions>,
    /// The encrypted message, as it was posted.
    pub ciphertext: Vec<u8>,
    /// The day with whose key it is sealed, in days since 1970; `None` in the static form.
    pub day: Option<u64>,
    /// True for what is no chat: it takes its place among its author's messages, and nobody is shown it.
    pub hidden: bool,
    /// Statements of the author about forks.
    pub records: ForkRecords,
}

impl fmt::Debug for SyncItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncItem")
            .field("content", &self.content)
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

impl SyncItem {
    /// The message as the machine takes it, with a place of the log, if the server shows it there.
    pub(crate) fn message<'a>(
        &'a self,
        tx: &'a Tx<'a>,
        place: Option<LogPlace>,
        received: i64,
        keep: bool,
    ) -> Message<'a> {
        Message {
            tx,
            arrival: Arrival {
                author: key_bytes(&self.author),
                id: self.msg_id,
                entry: self.entry,
                signature: &self.signature,
                previous: &self.previous,
                place,
                words: Message::words(&self.content, self.sent),
                extensions: self.extensions.as_ref(),
            },
            author: &self.author,
            content: &self.content,
            received,
            ciphertext: &self.ciphertext,
            day: self.day,
            hidden: self.hidden,
            keep,
        }
    }
}

/// A message that an own key opened, but that failed a check.
#[derive(Clone)]
pub struct SyncReject {
    /// The group whose key opened it.
    pub group: Option<GroupId>,
    /// Reason for the refusal: a name or a sentence of this program, at most 256 bytes.
    pub reason: String,
    /// A hash of the encrypted message, so that one that is delivered twice counts once.
    pub message_hash: [u8; 32],
    /// The signature beside the encrypted message, which nobody has verified.
    pub signature: Vec<u8>,
    /// Kind of the refusal.
    pub why: Unread,
}

/// Kind of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unread {
    /// It was read, and is not valid.
    Invalid,
    /// Its box was made with another key than that of its day.
    OtherKey,
}

impl fmt::Debug for SyncReject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncReject").field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// Consecutive messages of a server, tried and verified.
#[derive(Clone, Default)]
pub struct SyncBatch {
    /// Number of the epoch from [`SyncStart`].
    pub epoch: i64,
    /// Verified messages, in the server's order.
    pub items: Vec<SyncItem>,
    /// Refused messages.
    pub rejects: Vec<SyncReject>,
    /// The groups of messages of days whose keys are erased, one for each message, with its index in a log.
    pub sealed: Vec<(GroupId, Option<u64>)>,
    /// Signature of the last message of the batch, whosever it is; `None` leaves the cursor.
    pub cursor: Option<Vec<u8>>,
    /// Changes that the monitor made meanwhile: with them, a log's messages up to here are verified.
    pub log: Vec<Change>,
    /// Notices of the monitor meanwhile that a person is to be told of.
    pub notices: Vec<Notice>,
    /// An alarm that these changes raise is told when it is known what it is worth: see
    /// [`Profile::release_alarm`](crate::Profile::release_alarm).
    pub hold_alarm: bool,
    /// Time since when whoever writes under the own name is a twin, unix seconds: the opening of the database, once a
    /// sync that began after it was completed. `None` before that: what comes may be from before a backup was put back.
    pub alone_since: Option<i64>,
    /// Epochs that were in [`SyncOutcome::brought`]: with this batch, everything that had come behind their packages is tried
    /// with their keys, and nothing is to be read again for them.
    pub read_behind: Vec<GroupId>,
}

impl fmt::Debug for SyncBatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { items, rejects, log, .. } = self;
        let (items, rejects, log) = (items.len(), rejects.len(), log.len());
        write!(f, "SyncBatch({items} messages, {rejects} rejects, {log} changes)")
    }
}

impl SyncBatch {
    /// True if there is nothing to store.
    pub fn is_empty(&self) -> bool {
        let Self { items, rejects, sealed, cursor, log, notices, read_behind, .. } = self;
        let nothing = items.is_empty() && rejects.is_empty() && sealed.is_empty();
        nothing && cursor.is_none() && log.is_empty() && notices.is_empty() && read_behind.is_empty()
    }
}

/// Outcome of storing a [`SyncItem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemOutcome {
    /// New, now stored.
    Stored(MessageId),
    /// An own message that was waiting: the server has it.
    Confirmed(MessageId),
    /// Duplicate of a message that had been stored before.
    Duplicate,
    /// Kept until somebody decides on its epoch, or until what came before has entered the conversation.
    Buffered,
    /// The group has been left, or its epoch was closed, meanwhile.
    UnknownGroup,
}

impl ItemOutcome {
    /// The message that is new.
    pub fn stored(&self) -> Option<MessageId> {
        match self {
            Self::Stored(id) => Some(*id),
            _ => None,
        }
    }
}

/// Outcome of storing a [`SyncBatch`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncOutcome {
    /// One for each item, in order.
    pub items: Vec<ItemOutcome>,
    /// Number of new messages that are shown: chat by nobody who is hidden.
    pub shown: u64,
    /// Rejects that were not known before.
    pub rejected: u64,
    /// New messages whose predecessor is not known.
    pub gaps: u64,
    /// Earlier messages whose missing predecessor has come now.
    pub closed_gaps: u64,
    /// True if the sync still goes on from where it is. `false` if a group was joined since
    /// [`Profile::begin_sync`](crate::Profile::begin_sync): the batch is stored, but the sync must begin again.
    pub current: bool,
    /// True if messages came that confirm the keys of a newcomer: what is queued in that group may leave.
    pub may_write: bool,
    /// A message came that only a [`Twin`](crate::Twin) can have written; it is kept that there is one.
    pub twin: bool,
    /// The keys of an epoch came, or another epoch is written in now.
    pub epochs: bool,
    /// Epochs whose keys came with these messages, and of which nothing stands before them. What had arrived behind them was
    /// tried without those keys: unless that is made up for ([`SyncBatch::read_behind`]), it is read again.
    pub brought: Vec<GroupId>,
}
