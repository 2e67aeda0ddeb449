//! Events of a board's client.

use cwtch_log::object::CheckpointBytes;
use cwtch_wire::board::stream::Record;
use cwtch_wire::board::{EncryptedGroupMessage, HeadLog, LiveLog, PostLog, ReplayLog};

use super::PostId;

/// Something that happened on the connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A replay begins; `count` [`Event::Entry`] follow, then [`Event::Synced`].
    ReplayStarted {
        /// Number of entries that the server announced.
        count: u64,
        /// The log's part of the answer, not yet verified, if a replay of the log was asked for and the server has
        /// one. A [`start`](ReplayLog::start) in it lies where it must for what was asked.
        log: Option<Box<ReplayLog>>,
    },
    /// A stored message. In a deployed replay the first is the one that was named in the request, if the server has
    /// it.
    Entry {
        /// The message.
        message: EncryptedGroupMessage,
        /// The message's index, in a replay of the log.
        index: Option<u64>,
    },
    /// The boundary checkpoint of the log up to the last entry.
    Boundary {
        /// The log's size there.
        size: u64,
        /// The checkpoint, not yet verified.
        checkpoint: Box<CheckpointBytes>,
    },
    /// The replay is complete; from now on new messages come by themselves.
    Synced,
    /// Somebody, perhaps we, posted this just now.
    NewMessage {
        /// The message; `None` if there is only news of the log.
        message: Option<EncryptedGroupMessage>,
        /// The message's place in the log, not yet verified, after a replay of the log. An index beyond what is held
        /// means that something is missing: ask for a replay.
        log: Option<Box<LiveLog>>,
    },
    /// The oldest unanswered post was answered.
    PostAnswered {
        /// The post.
        id: PostId,
        /// True if the server says that it stored the message. If not, the token is invalid or spent, or the server
        /// is in trouble.
        success: bool,
        /// The log's part of the answer, not yet verified, if it was asked for and the server has a log.
        log: Option<PostLog>,
    },
    /// The newest head of the log, not yet verified.
    Head(Box<HeadLog>),
    /// A proof that was asked for, not yet verified.
    Proof {
        /// The smaller size.
        from: u64,
        /// The larger size.
        size: u64,
        /// The hashes, one after the other.
        proof: Vec<u8>,
    },
}

impl Event {
    /// Converts a record of a log's stream; `size` is the log's size before it.
    pub(super) fn of_stream(size: u64, record: Record) -> Self {
        match record {
            Record::Entry(message) => Self::Entry { message, index: Some(size) },
            Record::Boundary(checkpoint) => Self::Boundary { size, checkpoint },
        }
    }
}
