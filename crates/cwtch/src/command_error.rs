//! Failures of a command: one sentence, a kind for programs, and an exit code.

use std::fmt;

use cwtch_api::rpc::{LineFault, RpcError};
use cwtch_api::{Advice, ApiError, Problem};
use serde_json::{Map, Value, json};

use crate::advice;
use crate::words::{say, words};

/// Done.
pub(crate) const EXIT_OK: u8 = 0;
/// Failed in a way that no other code stands for.
pub(crate) const EXIT_FAILURE: u8 = 1;
/// Wrong usage.
pub(crate) const EXIT_USAGE: u8 = 2;
/// Queued, and not confirmed within the time.
pub(crate) const EXIT_QUEUED: u8 = 3;
/// Done in part.
pub(crate) const EXIT_PARTLY: u8 = 10;

/// Kinds and what the process exits with; `cwtch help` and docs/json-rpc.md list them.
const EXIT_CODES: [(&str, u8); 10] = [
    ("usage", EXIT_USAGE),
    ("unreachable", 4),
    ("refused", 5),
    ("not-found", 6),
    ("password", 7),
    ("locked", 8),
    ("no-daemon", 9),
    ("closed", 11),
    ("busy", 12),
    ("changes-gone", 13),
];

/// Reason why a command ended without doing what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandError {
    /// The kind, as `--json` shows it.
    pub(crate) kind: String,
    /// One sentence (for malformed command lines, clap's several lines).
    pub(crate) message: String,
    /// Its values for programs, see [`ApiError::data`].
    pub(crate) data: Map<String, Value>,
}

impl CommandError {
    pub(crate) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into(), data: Map::new() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new("usage", message)
    }

    /// Trouble with the local disk.
    pub(crate) fn storage(message: impl Into<String>) -> Self {
        Self::new("storage", message)
    }

    /// Something that should not happen: a daemon of another version, a child that does not answer.
    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new("internal", message)
    }

    /// Exit code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        EXIT_CODES.iter().find(|(kind, _)| *kind == self.kind).map_or(EXIT_FAILURE, |(_, code)| *code)
    }

    /// The line that `--json` writes to standard error.
    pub(crate) fn to_json(&self) -> String {
        let mut error = json!({"kind": self.kind, "message": self.message});
        if let (false, Some(error)) = (self.data.is_empty(), error.as_object_mut()) {
            error.insert("data".to_owned(), self.data.clone().into());
        }
        json!({"error": error}).to_string()
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {}

/// A sentence with what there is to do about it on a command line alone.
fn here(sentence: String, problem: Option<&Problem>) -> String {
    match problem.and_then(advice::on_a_command_line) {
        Some(tip) => format!("{sentence} {tip}"),
        None => sentence,
    }
}

impl From<ApiError> for CommandError {
    fn from(error: ApiError) -> Self {
        let message =
            advice::with(&here(cwtch_words::error(words(), &error), Some(&error.problem)), &error.advice);
        Self { data: error.data(), ..Self::new(error.kind().name(), message) }
    }
}

impl From<RpcError> for CommandError {
    fn from(error: RpcError) -> Self {
        let usage = if error.is_invalid_params() { "usage" } else { "internal" };
        let advised = error.data.get("advice").cloned().map(serde_json::from_value::<Vec<Advice>>);
        // A daemon has said it already in its own words.
        let problem = serde_json::from_value(error.data.clone().into()).ok();
        let sentence = here(error.message, problem.as_ref());
        let message = advice::with(&sentence, &advised.and_then(Result::ok).unwrap_or_default());
        Self { data: error.data, ..Self::new(error.kind.as_deref().unwrap_or(usage), message) }
    }
}

impl From<LineFault> for CommandError {
    fn from(fault: LineFault) -> Self {
        let what = fault.to_string().replacen("the ", "The ", 1);
        Self::internal(match fault {
            LineFault::Reply(_) => say("cli-daemon-reply-fault", [("what", what.into())]),
            _ => say("cli-daemon-line-fault", [("what", what.into())]),
        })
    }
}

#[cfg(test)]
mod tests {
    use cwtch_api::ErrorKind;

    use super::*;

    #[test]
    fn what_a_script_does_differently_has_a_code_of_its_own() {
        let code = |kind: ErrorKind| CommandError::new(kind.name(), "x").exit_code();
        for (kind, expected) in [
            (ErrorKind::Usage, EXIT_USAGE),
            (ErrorKind::Unreachable, 4),
            (ErrorKind::Refused, 5),
            (ErrorKind::NotFound, 6),
            (ErrorKind::Closed, 11),
            (ErrorKind::ChangesGone, 13),
            (ErrorKind::Storage, EXIT_FAILURE),
            (ErrorKind::Protocol, EXIT_FAILURE),
        ] {
            assert_eq!(code(kind), expected);
        }
        let mut codes: Vec<u8> = EXIT_CODES.iter().map(|(_, code)| *code).collect();
        codes.extend([EXIT_OK, EXIT_FAILURE, EXIT_QUEUED, EXIT_PARTLY]);
        let all = codes.len();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), all, "each stands for one thing");
        let help = crate::text::AFTER_LONG_HELP;
        for (kind, code) in EXIT_CODES {
            assert!(help.contains(&format!("\n{code:>3}  ")), "{code} ({kind}) is not in the help");
        }
    }

    #[test]
    fn kind_and_code_are_written_as_the_engine_writes_them() {
        let error = CommandError::from(ApiError::from(Problem::NotYours { id: 7 }));
        assert_eq!(
            error.to_json(),
            r#"{"error":{"data":{"args":{"id":7},"code":"not-yours"},"kind":"refused","message":"Message 7 is not yours: only own messages can be sent again."}}"#
        );
    }
}
