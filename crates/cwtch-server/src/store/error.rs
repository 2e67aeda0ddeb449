//! Errors of the store and of the table layer below it.

use std::path::PathBuf;

/// Reason why the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database was written by a later version of this program.
    #[error("the database has schema version {found}, this program knows {known}: run a newer cwtch-server")]
    Newer {
        /// The database's version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// The database was written by an earlier version of this program and has not been converted yet.
    #[error(
        "the database has schema version {found}, this program writes {known}: start the server once, it converts \
         the database"
    )]
    Older {
        /// The database's version.
        found: i64,
        /// The version that this program writes.
        known: i64,
    },
    /// The file is not a database of this program.
    #[error("{} is not the database of a cwtch server: move it away or name another directory", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The database belongs to another server's keys.
    #[error("the database belongs to another server key: restore database and keys from the same backup")]
    OtherServer,
    /// The stored rows contradict each other.
    #[error("the database is damaged ({what}): restore it from a backup")]
    Damaged {
        /// The contradiction.
        what: &'static str,
    },
    /// Messages that were to be read have meanwhile been deleted.
    #[error("messages were deleted while they were being read")]
    Pruned,
    /// The disk is full.
    #[error("the disk is full: make room; nothing was half-written")]
    Full,
    /// The database failed.
    #[error("the database failed while {action}: {source}")]
    Database {
        /// The action that failed, as a participle.
        action: &'static str,
        /// The back end's error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database file could not be opened or made.
    #[error("the database file {} cannot be opened: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The system's error.
        source: std::io::Error,
    },
    /// A statement of the log could not be signed.
    #[error("the log cannot be signed: {0}; this is a bug in the server")]
    Sign(#[from] cwtch_log::ObjectError),
    /// The promised retention would become shorter.
    #[error(
        "storage.min_retention is {wanted} seconds, but {promised} are promised to the server's users, and a promise \
         may only become longer: set it to at least {promised}"
    )]
    ShorterRetention {
        /// Retention in the configuration, in seconds.
        wanted: u64,
        /// Retention in the last policy, in seconds.
        promised: u64,
    },
}

impl StoreError {
    /// Converts a failure of the table layer; `action` says what was being done.
    pub(super) fn of(action: &'static str) -> impl Fn(TableError) -> Self {
        move |error| match error {
            TableError::Full => Self::Full,
            TableError::Failed(source) => Self::Database { action, source },
        }
    }
}

/// Reason why a back end failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TableError {
    /// There is no room left on the disk.
    #[error("the disk is full")]
    Full,
    /// Any other failure, in the back end's words.
    #[error(transparent)]
    Failed(Box<dyn std::error::Error + Send + Sync>),
}
