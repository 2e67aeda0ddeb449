//! Why a connection of a client ends.

use cwtch_wire::WireError;

#[cfg(doc)]
use super::{BoardHost, MAX_POSTS_IN_FLIGHT};

/// Why a connection is to be closed, or a call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardHostError {
    /// Malformed JSON, or a type without its body.
    #[error("the client sent a malformed request: {0}")]
    Malformed(#[source] WireError),
    /// More than [`MAX_POSTS_IN_FLIGHT`] posts; a caller that heeds [`BoardHost::wants_input`] never sees it.
    #[error("the client has too many posts without an answer")]
    TooManyPosts,
    /// A third replay request while one is under way and one waits.
    #[error("the client asked for a replay too often")]
    TooManyReplays,
    /// Too much waits to be sent: the client reads too slowly. Drain first, or close.
    #[error("the client reads too slowly, too much is waiting for it")]
    QueueFull,
    /// A replay call that does not fit the state, or an answer to what does not wait for one: a bug.
    #[error("an answer was given that was not asked for; this is a bug in the server")]
    Misuse,
}
