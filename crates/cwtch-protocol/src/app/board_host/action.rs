//! Actions that a board's host asks of the server, and the answers to them.

use core::fmt;

use cwtch_primitives::token::SpentToken;
use cwtch_wire::board::{EncryptedGroupMessage, PostLog};

#[cfg(doc)]
use super::BoardHost;
use super::PostId;

/// Action that the server is to carry out.
#[derive(Clone, PartialEq, Eq)]
pub enum Action {
    /// Check the token, store the message durably, then call [`BoardHost::post_answer`].
    Post {
        /// The post's name, for the answer.
        id: PostId,
        /// The token; `None` if the client sent something that cannot be one: answer [`PostAnswer::Refused`].
        token: Option<SpentToken>,
        /// The message. With an empty signature it is not stored: [`PostAnswer::Silent`] if the token is valid.
        message: EncryptedGroupMessage,
        /// True if the client wants to know about the log: then answer [`PostAnswer::Log`], if there is one.
        log: bool,
    },
    /// Find the messages, call [`BoardHost::replay_result`], then [`BoardHost::replay_entry`] for each.
    Replay {
        /// The signature of the last message that the client has: start with that very message. `None`,
        /// empty, unknown or pruned: everything.
        last_commit: Option<Vec<u8>>,
    },
    /// Find the entries of the log, call [`BoardHost::log_replay_result`], then [`BoardHost::replay_packet`] with the
    /// payloads of their stream and [`BoardHost::replay_end`]. Without a log: as [`Action::Replay`].
    LogReplay {
        /// Index of the first entry that the client wants.
        from: u64,
        /// The last message as in [`Action::Replay`], for a server without a log.
        last_commit: Option<Vec<u8>>,
    },
    /// Call [`BoardHost::log_head`]; without a log, nothing.
    LogHead,
    /// Call [`BoardHost::log_proof`], if the sizes are among those that are answered; otherwise nothing.
    LogProof {
        /// The smaller size.
        from: u64,
        /// The larger size, or the same.
        size: u64,
    },
}

/// Shows neither tokens nor what visitors ask for.
impl fmt::Debug for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Post { id, message, log, .. } => write!(f, "Post({id:?}, {message:?}, log: {log})"),
            Self::Replay { .. } => f.write_str("Replay(…)"),
            Self::LogReplay { .. } => f.write_str("LogReplay(…)"),
            Self::LogHead => f.write_str("LogHead"),
            Self::LogProof { .. } => f.write_str("LogProof(…)"),
        }
    }
}

/// Outcome of a post.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostAnswer {
    /// The message is durably stored, now or before.
    Stored,
    /// The token is invalid or spent, or the message could not be stored.
    Refused,
    /// The token is valid, but the signature empty: dropped without an answer, as deployed servers do.
    Silent,
    /// The outcome with the log's part. A client that did not ask about the log reads only whether the message is
    /// stored.
    Log(PostLog),
}

/// Outcome of passing on a live message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The message waits to be sent.
    Queued,
    /// The message waits for the end of the replay that is streaming.
    Held,
    /// This client is not synced: it gets live messages only after its first replay.
    NotSynced,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_token_and_no_message() {
        let token = SpentToken { t: [0xc5; 32], mac: [0xc5; 64] };
        let message = EncryptedGroupMessage { signature: vec![0xc5; 64], ciphertext: vec![0xc5; 9] };
        let actions = [
            Action::Post { id: PostId(3), token: Some(token), message, log: true },
            Action::Replay { last_commit: Some(vec![0xc5; 64]) },
            Action::LogReplay { from: 197, last_commit: Some(vec![0xc5; 64]) },
        ];
        let shown = format!("{actions:?}");
        assert!(!shown.contains("197") && !shown.contains("c5") && shown.contains("9 bytes"), "{shown}");
    }
}
