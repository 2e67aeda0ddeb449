//! How a command fails: one sentence, a kind for programs, and an exit code.

use std::fmt;

use cwtch_client::api::{ApiError, ErrorKind};
use serde_json::json;

/// Done.
pub(crate) const EXIT_OK: u8 = 0;
/// Failed.
pub(crate) const EXIT_FAILURE: u8 = 1;
/// Wrong usage.
pub(crate) const EXIT_USAGE: u8 = 2;

/// Why a command ended without doing what it was asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The kind, as `--json` shows it.
    pub(crate) kind: String,
    /// One sentence (for malformed command lines, clap's several lines).
    pub(crate) message: String,
}

impl Fault {
    pub(crate) fn new(kind: &str, message: impl Into<String>) -> Self {
        Self { kind: kind.to_owned(), message: message.into() }
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

    /// What the process exits with.
    pub(crate) fn exit_code(&self) -> u8 {
        if self.kind == "usage" { EXIT_USAGE } else { EXIT_FAILURE }
    }

    /// The line that `--json` writes to standard error.
    pub(crate) fn to_json(&self) -> String {
        json!({"error": {"kind": self.kind, "message": self.message}}).to_string()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<ApiError> for Fault {
    fn from(error: ApiError) -> Self {
        Self { kind: kind_name(error.kind), message: error.message }
    }
}

/// A kind's name, as serde writes it.
pub(crate) fn kind_name(kind: ErrorKind) -> String {
    match serde_json::to_value(kind) {
        Ok(serde_json::Value::String(name)) => name,
        _ => "internal".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn usage_alone_exits_with_two() {
        let code = |kind| Fault::from(ApiError::new(kind, "x")).exit_code();
        assert_eq!(code(ErrorKind::Usage), EXIT_USAGE);
        for kind in [ErrorKind::NotFound, ErrorKind::Refused, ErrorKind::Unreachable, ErrorKind::Storage] {
            assert_eq!(code(kind), EXIT_FAILURE);
        }
    }

    #[test]
    fn the_kind_is_written_as_the_engine_writes_it() {
        let fault = Fault::from(ApiError::new(ErrorKind::NotFound, "No such contact."));
        assert_eq!(fault.to_json(), r#"{"error":{"kind":"not-found","message":"No such contact."}}"#);
    }
}
