//! Errors as a person meets them.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::Advice;
use crate::reply::{CandidateInfo, MessageInfo};

/// Kind of trouble: decides what a person or a program can do. Each kind has its exit code, see `cwtch help`.
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
    /// Changes that are asked for are not kept any more: what they changed is to be read anew.
    ChangesGone,
    /// A password is missing, wrong, empty, or not wanted.
    Password,
    /// Another process has the profile open.
    Locked,
}

/// The numbers of the changes that are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedInfo {
    /// The oldest.
    pub oldest: i64,
    /// The newest: a client that reads everything anew continues after it.
    pub newest: i64,
}

impl ErrorKind {
    /// Its name, as JSON has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::NotFound => "not-found",
            Self::Refused => "refused",
            Self::Unreachable => "unreachable",
            Self::Protocol => "protocol",
            Self::Storage => "storage",
            Self::Closed => "closed",
            Self::ChangesGone => "changes-gone",
            Self::Password => "password",
            Self::Locked => "locked",
        }
    }

    /// Its number in a JSON-RPC error.
    pub fn code(self) -> i64 {
        match self {
            Self::Usage => 1,
            Self::NotFound => 2,
            Self::Refused => 3,
            Self::Unreachable => 4,
            Self::Protocol => 5,
            Self::Storage => 6,
            Self::Closed => 7,
            Self::ChangesGone => 9,
            Self::Password => 10,
            Self::Locked => 11,
        }
    }
}

/// A refusal: one sentence that says what was wrong, and advice. It never carries a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct ApiError {
    /// The kind of trouble.
    pub kind: ErrorKind,
    /// The sentence.
    pub message: String,
    /// Our own message that the error is about, where there is one: it exists, and sent once more it would arrive
    /// twice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concerns: Option<Box<MessageInfo>>,
    /// Conversations that an ambiguous name may stand for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<CandidateInfo>,
    /// The changes that are kept, with [`ErrorKind::ChangesGone`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feed: Option<FeedInfo>,
    /// Things that a person can do about it, for a user interface to offer in its own words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub advice: Vec<Advice>,
}

impl ApiError {
    /// An error of a kind with its sentence.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
            concerns: None,
            candidates: Vec::new(),
            feed: None,
            advice: Vec::new(),
        }
    }

    /// The error that a caller gets while the engine stops.
    pub fn closed() -> Self {
        Self::new(ErrorKind::Closed, "The engine is stopping; run the command again.")
    }

    /// Its values for programs, beside kind and sentence: as `message` our own message that it is about, which exists
    /// and must not be sent once more; as `candidates` the conversations that an ambiguous name may stand for; as
    /// `changes` the range of changes that are kept; as `advice` what a person can do about it.
    pub fn data(&self) -> Map<String, Value> {
        let mut data = Map::new();
        if let Some(message) = &self.concerns {
            data.insert("message".to_owned(), json!(message));
        }
        if !self.candidates.is_empty() {
            data.insert("candidates".to_owned(), json!(self.candidates));
        }
        if let Some(feed) = &self.feed {
            data.insert("changes".to_owned(), json!(feed));
        }
        if !self.advice.is_empty() {
            data.insert("advice".to_owned(), json!(self.advice));
        }
        data
    }

    /// The same error with something that a person can do about it.
    #[must_use]
    pub fn advise(mut self, advice: impl IntoIterator<Item = Advice>) -> Self {
        self.advice.extend(advice);
        self
    }

    /// The same error about a message.
    #[must_use]
    pub fn about(self, message: MessageInfo) -> Self {
        Self { concerns: Some(Box::new(message)), ..self }
    }
}

/// The text of an error as a sentence of its own: with a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str().trim_end_matches('.')),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_has_one_name_and_one_number() {
        let kinds = [
            ErrorKind::Usage,
            ErrorKind::NotFound,
            ErrorKind::Refused,
            ErrorKind::Unreachable,
            ErrorKind::Protocol,
            ErrorKind::Storage,
            ErrorKind::Closed,
        ];
        // 8 was that of a kind that a daemon did not know.
        let later = [(9, ErrorKind::ChangesGone), (10, ErrorKind::Password), (11, ErrorKind::Locked)];
        for (code, kind) in (1..).zip(kinds).chain(later) {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.name());
            assert_eq!(kind.code(), code);
        }
    }
}
