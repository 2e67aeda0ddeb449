//! Reasons why a client's connection ends.

use cwtch_wire::WireError;

#[cfg(doc)]
use super::{BoardHost, MAX_POSTS_IN_FLIGHT};

/// Reason why a connection is to be closed, or a call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardHostError {
    /// The client sent malformed JSON, or a type without its body.
    #[error("the client sent a malformed request: {0}")]
    Malformed(#[source] WireError),
    /// The client has more than [`MAX_POSTS_IN_FLIGHT`] posts; a caller that heeds [`BoardHost::wants_input`] never
    /// sees this.
    #[error("the client has too many posts without an answer")]
    TooManyPosts,
    /// The client sent a third replay request while one was under way and one waited.
    #[error("the client asked for a replay too often")]
    TooManyReplays,
    /// Too much waits to be sent: the client reads too slowly. Drain first, or close.
    #[error("the client reads too slowly, too much is waiting for it")]
    QueueFull,
    /// A call about a replay does not fit the state, or an answer was given that nothing waits for: a bug of the
    /// caller.
    #[error("an answer was given that was not asked for; this is a bug in the server")]
    Misuse,
}
