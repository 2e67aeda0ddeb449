//! Errors as a person meets them.

use serde::{Deserialize, Serialize};

/// What kind of trouble it is: decides the exit code and what a person can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request itself is malformed: an address, an invite, a text over the limit. Exit code 2.
    Usage,
    /// There is no such contact, group, server or message, or a name fits several. Exit code 1.
    NotFound,
    /// The request is well-formed but the current state forbids it (an experiment is off, a contact is
    /// not accepted, a bundle changed a key). Exit code 1.
    Refused,
    /// Nobody answered in time, or the other side cannot be reached; what was queued stays queued. Exit code 1.
    Unreachable,
    /// The other side broke the protocol. Exit code 1.
    Protocol,
    /// The local database or file system. Exit code 1.
    Storage,
    /// The engine is stopping. Exit code 1.
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
}

impl ApiError {
    /// An error of a kind with its sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
