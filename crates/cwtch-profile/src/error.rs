//! Errors of a profile. Their texts are for logs; what people read is made of [`cwtch_api::Problem`], see `answer.rs`.

use std::io;
use std::path::PathBuf;

use cwtch_api::{MistakenName, Purpose};
use cwtch_files::{FileError, Why};

/// The numbers of the feed that can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedBounds {
    /// The number of the oldest row; above [`Self::newest`] where there is none.
    pub oldest: i64,
    /// The number of the newest row; 0 where there is none.
    pub newest: i64,
}

impl FeedBounds {
    /// True if every row after a number is there.
    pub fn covers(&self, after: i64) -> bool {
        after >= self.oldest - 1 && after <= self.newest
    }
}

/// An operation on the data directory or on a profile failed.
///
/// No variant carries a password, a key, an address or a text. A failed operation has changed nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    // --- the caller asked for something impossible ---
    /// A profile's label that cannot be a directory's name.
    #[error("not a profile's name")]
    Label,
    /// There is a profile of this name.
    #[error("there is a profile of this name already")]
    ProfileExists,
    /// There is no profile of this name.
    #[error("there is no profile of this name")]
    NoSuchProfile,
    /// An empty password.
    #[error("the password is empty")]
    EmptyPassword,
    /// The profile has a password and none was given.
    #[error("this profile has a password")]
    PasswordNeeded,
    /// A password was given for a profile that has none.
    #[error("this profile has no password")]
    NoPasswordSet,
    /// The password does not open the profile.
    #[error("wrong password")]
    WrongPassword,
    /// Too long, empty, or with control characters.
    #[error("{what:?} must have 1 to {max} bytes and no control characters")]
    Text {
        /// Purpose of the text.
        what: Purpose,
        /// The most bytes it may have.
        max: usize,
    },
    /// Longer than the store takes.
    #[error("{what:?} is too long: at most {max} bytes are kept")]
    TooLong {
        /// Purpose of the text or data.
        what: Purpose,
        /// The most bytes it may have.
        max: usize,
    },
    /// No contact with this address or name.
    #[error("there is no such contact")]
    UnknownContact,
    /// No server with this address.
    #[error("this server is not known")]
    UnknownServer,
    /// No group with this id or name.
    #[error("there is no such group")]
    UnknownGroup,
    /// Neither a contact nor a group has this address, id or name.
    #[error("no contact and no group has this address, id or name")]
    UnknownConversation,
    /// No message, or no pending post, with this id.
    #[error("there is no such message")]
    UnknownMessage,
    /// Changes that are not kept any more, or numbers that this database has not given.
    #[error("not all changes after {after} can be told, but those from {} to {}", bounds.oldest, bounds.newest)]
    ChangesGone {
        /// The number after which everything was wanted.
        after: i64,
        /// Numbers of the changes that can still be had.
        bounds: FeedBounds,
    },
    /// A name that would be taken for something else.
    #[error("{what:?} would be taken for something else: {like:?}")]
    Name {
        /// Purpose of the name.
        what: Purpose,
        /// The thing that the name would be taken for.
        like: MistakenName,
    },
    /// A time for which texts are to be kept that is too short or too long.
    #[error("texts are kept for an hour to a hundred years, or for ever")]
    Retention,
    /// A time after which messages are to vanish that is too short or too long, or one too many.
    #[error("messages vanish after a minute to a year, or not at all")]
    Vanishing,
    /// A group, where a contact was meant.
    #[error("this is a group, and no contact")]
    NoContact,
    /// A search that names nothing to look for.
    #[error("there is no word to look for")]
    QueryEmpty,
    /// A search with too many words, or too long.
    #[error("the words to look for are too many")]
    QueryTooLong,
    /// A contact that is blocked, where one is added.
    #[error("this contact is blocked")]
    Blocked,
    /// A contact that exists and is called otherwise, where one is added.
    #[error("this is a contact already, under another name")]
    Named,
    /// A contact, where somebody was meant who only connected.
    #[error("this is a contact, and nobody who only connected")]
    NoRequest,
    /// A server that carries groups.
    #[error("this server carries groups")]
    ServerInUse,
    /// A server against which there is evidence.
    #[error("there is evidence against this server")]
    ServerHasEvidence,
    /// A number of days for which keys are to be kept that is too small or too large.
    #[error("keys of days are kept for 16 to 365 days")]
    KeyDays,
    /// A static group, where one with a key for each day was meant.
    #[error("the group has no keys of days")]
    NoDays,
    /// Somebody who neither wrote in a group nor is listed in it, where a member was meant.
    #[error("nobody of this address is known to be in the group")]
    NotInGroup,
    /// As many members of a group are hidden as can be.
    #[error("at most {max} members of a group are hidden")]
    TooManyHidden {
        /// The most of them.
        max: usize,
    },
    /// The own address where a contact's was expected.
    #[error("this is your own address")]
    OwnAddress,
    /// An own message with this id or signature exists.
    #[error("a message with this id is stored already")]
    DuplicateMessage,
    /// The number of an own group message is taken meanwhile.
    #[error("the message's number is taken")]
    NumberTaken,
    /// A bundle names another key than the one first seen.
    #[error("the server's keys differ from those seen first")]
    BundleChanged,
    /// A known group id with another key or another server.
    #[error("this group is known with another key or server")]
    GroupChanged,

    /// An epoch that is not known, or not in a state in which this can be done with it.
    #[error("this epoch of the group cannot be used so now")]
    EpochState,

    // --- the place ---
    /// Another process holds the profile.
    #[error("another process has this profile open")]
    Locked,
    /// Somebody else can read or write what must be private.
    #[error("other users can {access} {}", path.display())]
    Permissions {
        /// Path of the file or directory.
        path: PathBuf,
        /// `"read"` or `"change"`.
        access: &'static str,
        /// The mode that it should have.
        mode: &'static str,
    },
    /// Owned by another user.
    #[error("{} belongs to another user", .0.display())]
    Owner(PathBuf),
    /// Path of something that is no directory, or no regular file, where one is needed.
    #[error("{} is neither a directory nor a regular file", .0.display())]
    WrongKind(PathBuf),
    /// Written by a later release.
    #[error("this profile was made by a newer version")]
    NewerVersion,
    /// Key derivation parameters that no version of this project writes.
    #[error("profile.json asks for an absurd key derivation")]
    AbsurdKdf,
    /// Files that are missing, cut or changed.
    #[error("the profile's files are damaged or incomplete")]
    Damaged,
    /// Stored data about a server's log does not verify.
    #[error("what is stored about the server's log is damaged")]
    DamagedLog,
    /// No room.
    #[error("the disk is full ({doing})")]
    DiskFull {
        /// Step that failed, as an infinitive: "make the database".
        doing: &'static str,
    },
    /// Something else uses the database file.
    #[error("the database is in use by another program ({doing})")]
    Busy {
        /// Step that failed, as an infinitive.
        doing: &'static str,
    },
    /// The operating system refused.
    #[error("cannot {doing}: {source}")]
    Io {
        /// Step that failed, as an infinitive.
        doing: &'static str,
        /// Error of the operating system.
        source: io::Error,
    },
    /// The database answers nothing any more, because a part of it was read that is damaged, or for want of memory.
    #[error("the database answers nothing any more ({doing})")]
    Unusable {
        /// Step that failed, as an infinitive.
        doing: &'static str,
    },
    /// The database refused for another reason.
    #[error("the database could not {doing}: {source}")]
    Database {
        /// Step that failed, as an infinitive.
        doing: &'static str,
        /// Error of the database.
        source: rusqlite::Error,
    },
}

impl StorageError {
    /// Sorts an operating system's error.
    pub(super) fn io(doing: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull { doing },
            _ => Self::Io { doing, source },
        }
    }

    /// Sorts what is wrong with a file or directory that a profile must have.
    pub(super) fn kept(doing: &'static str) -> impl FnOnce(FileError) -> Self {
        move |error| if error.is_missing() { Self::Damaged } else { Self::file(doing)(error) }
    }

    /// Sorts what is wrong with a file or directory.
    pub(super) fn file(doing: &'static str) -> impl FnOnce(FileError) -> Self {
        move |FileError { path, why }| match why {
            Why::NotADirectory | Why::NotAFile => Self::WrongKind(path),
            Why::Owner => Self::Owner(path),
            Why::Open { wrong, .. } => {
                let access = if wrong & 0o022 != 0 { "change" } else { "read" };
                let mode = if path.is_dir() { "700" } else { "600" };
                Self::Permissions { path, access, mode }
            }
            Why::System { source, .. } => Self::io(doing, source),
            _ => Self::Damaged,
        }
    }

    /// Sorts a database's error.
    fn database(doing: &'static str, source: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        use rusqlite::ErrorCode as Code;
        match &source {
            E::SqliteFailure(failure, _) => match failure.code {
                Code::DiskFull => Self::DiskFull { doing },
                Code::DatabaseBusy | Code::DatabaseLocked => Self::Busy { doing },
                Code::NotADatabase | Code::DatabaseCorrupt => Self::Damaged,
                // SQLCipher's answer to everything, once a page was not what it had written.
                Code::OutOfMemory => Self::Unusable { doing },
                _ => Self::Database { doing, source },
            },
            // A value that the schema's types and our own writers rule out.
            E::FromSqlConversionFailure(..)
            | E::IntegralValueOutOfRange(..)
            | E::InvalidColumnType(..)
            | E::Utf8Error(..) => Self::Damaged,
            _ => Self::Database { doing, source },
        }
    }
}

/// An error on its way out of a transaction: a refusal, or SQLite's error before it is known what was
/// being done.
#[derive(Debug)]
pub(super) enum TxError {
    Sql(rusqlite::Error),
    Refused(StorageError),
}

impl TxError {
    /// Names what was being done.
    pub(super) fn during(self, doing: &'static str) -> StorageError {
        match self {
            Self::Sql(source) => StorageError::database(doing, source),
            Self::Refused(error) => error,
        }
    }
}

impl From<rusqlite::Error> for TxError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<StorageError> for TxError {
    fn from(error: StorageError) -> Self {
        Self::Refused(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_room_is_told_apart_from_other_trouble() {
        let full = io::Error::from_raw_os_error(rustix::io::Errno::NOSPC.raw_os_error());
        assert!(matches!(StorageError::io("write a file", full), StorageError::DiskFull { .. }));
        let quota = io::Error::from_raw_os_error(rustix::io::Errno::DQUOT.raw_os_error());
        assert!(matches!(StorageError::io("write a file", quota), StorageError::DiskFull { .. }));
        let other = io::Error::from_raw_os_error(rustix::io::Errno::IO.raw_os_error());
        assert!(matches!(StorageError::io("write a file", other), StorageError::Io { .. }));
    }

    #[test]
    fn sqlite_codes_are_sorted_by_what_a_person_can_do() {
        let code = |raw| {
            TxError::from(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(raw), None)).during("test")
        };
        assert!(matches!(code(rusqlite::ffi::SQLITE_FULL), StorageError::DiskFull { doing: "test" }));
        assert!(matches!(code(rusqlite::ffi::SQLITE_BUSY), StorageError::Busy { .. }));
        assert!(matches!(code(rusqlite::ffi::SQLITE_LOCKED), StorageError::Busy { .. }));
        assert!(matches!(code(rusqlite::ffi::SQLITE_CORRUPT), StorageError::Damaged));
        assert!(matches!(code(rusqlite::ffi::SQLITE_NOTADB), StorageError::Damaged));
        assert!(matches!(code(rusqlite::ffi::SQLITE_NOMEM), StorageError::Unusable { .. }));
        assert!(matches!(code(rusqlite::ffi::SQLITE_READONLY), StorageError::Database { .. }));
    }
}
