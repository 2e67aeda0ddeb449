//! Reasons why a start cannot open the log.

use cwtch_log::ObjectError;

use super::decision::{Mismatch, Refusal};
use super::guard::GuardError;
use crate::keys::KeyError;
use crate::store::StoreError;

/// Reason why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Continuing could contradict what was signed.
    #[error(
        "the database is not the one that this server used last: {0}. If you restored or moved it, start once with \
         --declare-restore (clients are then told which messages the server lost). If you did not, put the right \
         database back, and make sure that no other copy of this server runs"
    )]
    Refused(Mismatch),
    /// The identity's keys exist, but no database.
    #[error(
        "the keys of this server are here, but no database: it had one, and clients remember what it signed. Put the newest \
         backup of board.sqlite into the data directory and start once with --declare-restore. If there is none, start \
         once with --declare-total-loss (clients are then told that the server lost everything)"
    )]
    NoDatabase,
    /// A restore was declared without a database.
    #[error(
        "there is no database that could have been restored: put the newest backup of board.sqlite into the data directory. \
         If there is none, start once with --declare-total-loss instead of --declare-restore"
    )]
    NothingToRestore,
    /// A total loss was declared, but there is a database.
    #[error(
        "not everything is lost: a database is here that does not fit what this server signed last. Start once with \
         --declare-restore to go on with what it has; to give it up all the same, move board.sqlite away first"
    )]
    NotLost,
    /// A key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The guard file cannot be used.
    #[error(transparent)]
    Guard(GuardError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate that is stored is not valid, or one cannot be signed.
    #[error("the log's certificate cannot be used: {0}")]
    Certificate(#[from] ObjectError),
    /// There is no log to end.
    #[error("the server has no log yet: start it once")]
    NotBegun,
    /// The log has ended already.
    #[error("the server's log has been retired already")]
    AlreadyRetired,
}

impl From<crate::data_dir::DataDirError> for LogError {
    fn from(error: crate::data_dir::DataDirError) -> Self {
        Self::Key(error.into())
    }
}

impl From<Refusal> for LogError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Database(mismatch) => Self::Refused(mismatch),
            Refusal::NoDatabase => Self::NoDatabase,
            Refusal::NothingToRestore => Self::NothingToRestore,
            Refusal::NotLost => Self::NotLost,
        }
    }
}
