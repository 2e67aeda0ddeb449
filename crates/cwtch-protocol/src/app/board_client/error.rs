//! Faults between a client and a board.

use cwtch_wire::WireError;
use cwtch_wire::board::stream::StreamError;

#[cfg(doc)]
use super::{MAX_HEADS, MAX_POSTS_IN_FLIGHT, MAX_PROOFS};

/// Fault of a server, or of a request to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardClientError {
    /// The server sent something that cannot be read.
    #[error("the server sent a malformed message: {0}")]
    Malformed(#[source] WireError),
    /// The server sent something else where an entry of the replay must come.
    #[error("the server sent something else in the middle of a replay: {0}")]
    NotAnEntry(#[source] WireError),
    /// The server began a replay that nobody asked for.
    #[error("the server started a replay that nobody asked for")]
    UnsolicitedReplay,
    /// The server began a replay of its log where a deployed one was asked for.
    #[error("the server answered with its log, which was not asked for")]
    UnsolicitedLog,
    /// A replay of the log begins at another place than it must.
    #[error("the server's log begins with message {from}, where message {asked} was asked for")]
    WrongStart {
        /// Index at which it begins.
        from: u64,
        /// Index that was asked for.
        asked: u64,
    },
    /// The entries of the log cannot be read.
    #[error("the server sent a malformed log: {0}")]
    Stream(#[source] StreamError),
    /// The server sent a result without a post.
    #[error("the server answered a post that was not made")]
    UnsolicitedResult,
    /// A replay has more entries than the caller allows.
    #[error("the server announced {announced} messages, more than the {limit} that are allowed here")]
    ReplayTooLong {
        /// Number of entries that the server announced.
        announced: u64,
        /// Largest number of entries that the caller allows.
        limit: u64,
    },
    /// The caller did not drain the events.
    #[error("events are not being read; this is a bug in the program")]
    EventsFull,
    /// The caller asked for a second replay before the first was complete.
    #[error("a replay is under way; wait until it is complete")]
    ReplayUnderWay,
    /// The limit of [`MAX_POSTS_IN_FLIGHT`] posts that await their answer is reached.
    #[error("too many posts await their answer; wait for one")]
    TooManyPosts,
    /// The limit of [`MAX_HEADS`] questions for heads, or of [`MAX_PROOFS`] for proofs, is reached on this
    /// connection: no further one would be answered.
    #[error("the server answers no further questions about its log on this connection; make a new one")]
    TooManyQuestions,
    /// A message lacks ciphertext or signature; servers drop such a one without an answer.
    #[error("a message without ciphertext or signature cannot be posted")]
    Incomplete,
    /// The post does not fit a packet.
    #[error("the message is too large for the server: {bytes} bytes, at most {limit} fit")]
    TooLong {
        /// The request's length in bytes.
        bytes: usize,
        /// Longest request that fits, in bytes.
        limit: usize,
    },
}
