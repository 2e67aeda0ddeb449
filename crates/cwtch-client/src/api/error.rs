//! Errors as a person meets them.

use serde::{Deserialize, Serialize};

use super::reply::{CandidateInfo, MessageInfo};

/// What kind of trouble it is: decides what a person or a program can do. Each kind has its exit code, see `cwtch help`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request itself is malformed: an address, an invite, a text over the limit.
    Usage,
    /// There is no such contact, group, server or message, or a name fits several.
    NotFound,
    /// The request is well-formed but the current state forbids it (an experiment is off, a contact is
    /// not accepted, a bundle changed a key).
    Refused,
    /// Nobody answered in time, or the other side cannot be reached. What was queued stays queued; of a message that is
    /// sent that is no error, but the answer: the message in the state `queued`.
    Unreachable,
    /// The other side broke the protocol.
    Protocol,
    /// The local database or file system.
    Storage,
    /// The engine is stopping: nothing was done.
    Closed,
}

/// A refusal: one sentence that says what was wrong and what to do. It never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The kind of trouble.
    pub kind: ErrorKind,
    /// The sentence.
    pub message: String,
    /// The own message that it is about, where there is one: it exists, and sent once more it would arrive twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concerns: Option<Box<MessageInfo>>,
    /// What a name may stand for that does not stand for one conversation alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateInfo>,
}

impl ApiError {
    /// An error of a kind with its sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), concerns: None, candidates: Vec::new() }
    }

    /// What a caller hears while the engine stops.
    pub fn closed() -> Self {
        Self::new(ErrorKind::Closed, "The engine is stopping; run the command again.")
    }

    /// The same about a message.
    #[must_use]
    pub fn about(self, message: MessageInfo) -> Self {
        Self { concerns: Some(Box::new(message)), ..self }
    }
}
