//! What can be wrong between a client and a board.

use cwtch_wire::WireError;
use cwtch_wire::board::stream::StreamError;

#[cfg(doc)]
use super::{MAX_HEADS, MAX_POSTS_IN_FLIGHT, MAX_PROOFS};

/// What is wrong with a server or a request to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardClientError {
    /// The server sent something that cannot be read.
    #[error("the server sent a malformed message: {0}")]
    Malformed(#[source] WireError),
    /// Something else where an entry of the replay must come.
    #[error("the server sent something else in the middle of a replay: {0}")]
    NotAnEntry(#[source] WireError),
    /// A replay that nobody asked for.
    #[error("the server started a replay that nobody asked for")]
    UnsolicitedReplay,
    /// A replay of the log where a deployed one was asked for.
    #[error("the server answered with its log, which was not asked for")]
    UnsolicitedLog,
    /// A replay of the log that begins at another place than it must.
    #[error("the server's log begins with message {from}, where message {asked} was asked for")]
    WrongStart {
        /// Where it begins.
        from: u64,
        /// What was asked for.
        asked: u64,
    },
    /// The entries of the log cannot be read.
    #[error("the server sent a malformed log: {0}")]
    Stream(#[source] StreamError),
    /// A result without a post.
    #[error("the server answered a post that was not made")]
    UnsolicitedResult,
    /// More entries than the caller allows.
    #[error("the server announced {announced} messages, more than the {limit} that are allowed here")]
    ReplayTooLong {
        /// What it announced.
        announced: u64,
        /// The most allowed.
        limit: u64,
    },
    /// The caller did not drain the events.
    #[error("events are not being read; this is a bug in the program")]
    EventsFull,
    /// The caller asked for a second replay before the first was complete.
    #[error("a replay is under way; wait until it is complete")]
    ReplayUnderWay,
    /// [`MAX_POSTS_IN_FLIGHT`] posts await their answer.
    #[error("too many posts await their answer; wait for one")]
    TooManyPosts,
    /// [`MAX_HEADS`] heads or [`MAX_PROOFS`] proofs were asked for on this connection: no further one is answered.
    #[error("the server answers no further questions about its log on this connection; make a new one")]
    TooManyQuestions,
    /// A message without ciphertext or signature, which servers drop without an answer.
    #[error("a message without ciphertext or signature cannot be posted")]
    Incomplete,
    /// The post does not fit a packet.
    #[error("the message is too large for the server: {bytes} bytes, at most {limit} fit")]
    TooLong {
        /// The request's length in bytes.
        bytes: usize,
        /// What fits, in bytes.
        limit: usize,
    },
}
