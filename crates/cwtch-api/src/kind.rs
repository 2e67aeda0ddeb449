//! Kinds of errors.

use serde::{Deserialize, Serialize};

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
