//! Errors as a person meets them.

use serde_json::{Map, Value, json};

use crate::advice::Advice;
use crate::kind::{ErrorKind, FeedInfo};
use crate::message::MessageInfo;
use crate::name::CandidateInfo;
use crate::problem::Problem;

/// A refusal: what was wrong, and advice. It never carries a secret, and no sentence: whoever shows it has the words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", problem.code())]
pub struct ApiError {
    /// The problem.
    pub problem: Problem,
    /// Our own message that the error is about, where there is one: it exists, and sent once more it would arrive
    /// twice.
    pub concerns: Option<Box<MessageInfo>>,
    /// Conversations that an ambiguous name may stand for.
    pub candidates: Vec<CandidateInfo>,
    /// Things that a person can do about it, for a user interface to offer in its own words.
    pub advice: Vec<Advice>,
}

impl ApiError {
    /// The error that the engine is stopping.
    pub fn closed() -> Self {
        Problem::Closed.into()
    }

    /// The kind of trouble.
    pub fn kind(&self) -> ErrorKind {
        self.problem.kind()
    }

    /// Its values for programs, beside kind and sentence: as `code` and `args` what was wrong; as `message` our own message
    /// that it is about, which exists and must not be sent once more; as `candidates` the conversations that an ambiguous
    /// name may stand for; as `changes` the range of changes that are kept; as `advice` what a person can do about it.
    pub fn data(&self) -> Map<String, Value> {
        let mut data = match json!(self.problem) {
            Value::Object(problem) => problem,
            _ => Map::new(),
        };
        if let Some(message) = &self.concerns {
            data.insert("message".to_owned(), json!(message));
        }
        if !self.candidates.is_empty() {
            data.insert("candidates".to_owned(), json!(self.candidates));
        }
        if let Problem::ChangesGone { oldest, newest, .. } = self.problem {
            data.insert("changes".to_owned(), json!(FeedInfo { oldest, newest }));
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

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self { problem, concerns: None, candidates: Vec::new(), advice: Vec::new() }
    }
}
