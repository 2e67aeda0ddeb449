//! The verifiable log of each server as a client keeps it (docs/verifiable-log.md, section 7).
//!
//! [`Snapshot`] and [`Change`] are the monitor's; this stores exactly what [`Snapshot::apply`] defines. The changes
//! of a step and the messages that they cover are one transaction ([`SyncBatch::log`](super::SyncBatch)), so that a
//! crash leaves a state that the monitor was in.

mod apply;
mod evidence;
mod floor;
mod notices;
mod own;
mod read;
mod status;

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Change, Notice, Snapshot};

pub use evidence::StoredEvidence;
pub use notices::{Noticed, StoredNotice};
pub use status::{LogLoss, LogStatus};

pub(super) use apply::apply;
#[cfg(test)]
pub(super) use notices::KEPT as NOTICES_KEPT;
pub(super) use notices::note;
pub(super) use own::{keep_bytes, note_receipt};
pub(super) use read::snapshot;
pub(super) use status::{certificate, hold_alarm, place_of, status_of};

use super::error::StorageError;
use super::{Profile, servers};

impl Profile {
    /// Snapshot of a server's monitor as of its last stored changes; empty for a server whose log was never seen.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn log_snapshot(&self, server: &Address) -> Result<Snapshot, StorageError> {
        self.read("read a server's log", |conn| {
            let server = servers::row_of(conn, server)?;
            read::snapshot(conn, server)
        })
    }

    /// The part of [`Profile::log_snapshot`] by which members' messages are judged that name these sizes of the log.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn log_for_judging(&self, server: &Address, sizes: &BTreeSet<u64>) -> Result<Snapshot, StorageError> {
        self.read("read a server's log", |conn| {
            let server = servers::row_of(conn, server)?;
            read::for_judging(conn, server, sizes)
        })
    }

    /// Stores the changes of one or more steps that cover no messages, in their order.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database: then nothing is stored.
    pub fn apply_log_changes(&mut self, server: &Address, changes: &[Change]) -> Result<(), StorageError> {
        self.apply_log_step(server, changes, &[], 0)
    }

    /// The same with the notices of these steps, in one transaction.
    ///
    /// # Errors
    /// As [`Profile::apply_log_changes`].
    pub fn apply_log_step(
        &mut self,
        server: &Address,
        changes: &[Change],
        notices: &[Notice],
        now: i64,
    ) -> Result<(), StorageError> {
        if changes.is_empty() && notices.is_empty() {
            return Ok(());
        }
        self.write("store a server's log", |tx| {
            let server = servers::row_of(tx, server)?;
            apply(tx, server, changes)?;
            note(tx, server, notices, now)
        })
    }
}

/// A 64-bit number as the integer with the same bits.
fn int(number: u64) -> i64 {
    number.cast_signed()
}
