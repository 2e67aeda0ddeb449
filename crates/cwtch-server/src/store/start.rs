//! Beginning, continuing and ending the log: everything that a start signs, in one transaction.

use cwtch_log::{BOUNDARY, Certificate, Hash};
use rusqlite::{Transaction, TransactionBehavior};

use super::log_rows::{self, LogState, save_certificate, save_nonce};
use super::sqlite_writer::{WriterState, sign_boundaries};
use super::tree::SqlNodes;
use super::{SqliteStore, StoreError};
use crate::signer::{Keeper, Nonce};

/// What a database knows of its log when a server starts.
#[derive(Debug, Clone, Default)]
pub struct Start {
    /// Where the log stands.
    pub log: LogState,
    /// Entries in the log.
    pub size: u64,
    /// Whether nothing was ever stored in it.
    pub empty: bool,
    /// The newest certificate's bytes; `None` while there is no log.
    pub certificate: Option<Vec<u8>>,
}

/// What a start changes.
pub(crate) struct Changes<'a> {
    /// What signs from now on.
    pub(crate) keeper: &'a mut Keeper,
    /// Whether the keeper's certificate is new: then its incarnation begins.
    pub(crate) begins: bool,
    /// Earlier certificates that the database may not know.
    pub(crate) missing: &'a [Certificate],
    /// The new nonce.
    pub(crate) nonce: Nonce,
    /// The retention to be promised, in seconds; 0 for none.
    pub(crate) retention: u64,
}

impl SqliteStore {
    /// What the database knows of its log.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn log_start(&self) -> Result<Start, StoreError> {
        let conn = self.connect()?;
        let log = LogState::load(&conn)?;
        let state = WriterState::load(&conn)?;
        let certificates =
            log_rows::certificates(&conn).map_err(StoreError::of("reading its certificates"))?;
        let empty = state.status.newest == 0 && state.status.spent == 0;
        Ok(Start {
            size: state.size(),
            empty,
            certificate: certificates.map(|all| all.current.to_vec()),
            log,
        })
    }

    /// The root that the log's tree had at a size that it has reached.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn root_at(&self, size: u64) -> Result<Hash, StoreError> {
        let conn = self.connect()?;
        let log = LogState::load(&conn)?;
        Ok(SqlNodes::new(&conn, log.began).range(size)?.root())
    }

    /// The consistency proof between any two sizes.
    #[cfg(test)]
    pub(super) fn proof_between(&self, from: u64, size: u64) -> Vec<Hash> {
        let conn = self.connect().unwrap();
        let began = LogState::load(&conn).unwrap().began;
        cwtch_log::tree::consistency_proof(&mut SqlNodes::new(&conn, began), from, size).unwrap()
    }

    /// Signs what is missing for a log that goes on, and commits it: the certificate of a new incarnation, a policy that
    /// changed, the Retain and the boundary checkpoints that the new incarnation does not have yet, a checkpoint
    /// where the newest one is not of this incarnation and size. Gives the size and time signed last.
    ///
    /// # Errors
    /// [`StoreError::ShorterRetention`], or if the database fails; then nothing was changed.
    pub(crate) fn start_log(&self, changes: Changes<'_>) -> Result<(u64, u64), StoreError> {
        let mut conn = self.connect()?;
        let failed = StoreError::of("starting its log");
        let state = WriterState::load(&conn)?;
        let mut log = state.log.clone();
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let Changes { keeper, begins, missing, nonce, retention } = changes;
        let certificate = keeper.signer().certificate().clone();
        if begins {
            for certificate in missing.iter().chain([&certificate]) {
                save_certificate(&transaction, certificate).map_err(&failed)?;
            }
            (log.policy, log.checkpoint, log.retain) = (None, None, None);
            log.time = log.time.max(certificate.incarnation());
        } else if retention < log.retention {
            return Err(StoreError::ShorterRetention { wanted: retention, promised: log.retention });
        }
        let time = keeper.time(log.time);
        let cap = self.max_messages().unwrap_or(0);
        if log.policy.is_none() || (log.retention, log.cap) != (retention, cap) {
            log.set_policy(&keeper.signer().policy(time, retention, cap)?);
        }
        if log.retain.is_none() && log.min_index > 0 {
            let root = SqlNodes::new(&transaction, log.began).range(log.min_index)?.root();
            log.set_retain(&keeper.signer().retain(time, log.min_index, root)?);
        }
        let size = state.size();
        if log.checkpoint.is_none() || log.signed_size != size {
            // What an earlier incarnation had reached stays signed by it.
            let signed = match certificate.previous().filter(|_| begins) {
                Some(previous) => previous.size,
                None if begins => 0,
                None => log_rows::newest_boundary(&transaction).map_err(&failed)?.map_or(0, |(size, _)| size),
            };
            if begins {
                log_rows::drop_boundaries(&transaction, signed).map_err(&failed)?;
            }
            let boundaries = missing_boundaries(&transaction, &log, signed, size)?;
            sign_boundaries(&transaction, keeper, &boundaries, time)?;
            log.set_checkpoint(&keeper.signer().checkpoint(size, state.range.root(), time)?);
        }
        log.save(&transaction).map_err(&failed)?;
        save_nonce(&transaction, nonce).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok((size, log.time))
    }

    /// Ends the log: stores the certificate that says so. Afterwards there is no checkpoint and no policy.
    ///
    /// # Errors
    /// If the database fails; then nothing was changed.
    pub(crate) fn end_log(&self, retired: &Certificate, nonce: Nonce) -> Result<(), StoreError> {
        let mut conn = self.connect()?;
        let failed = StoreError::of("ending its log");
        let mut log = LogState::load(&conn)?;
        let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        save_certificate(&transaction, retired).map_err(&failed)?;
        (log.policy, log.checkpoint, log.retain) = (None, None, None);
        (log.retention, log.cap) = (0, 0);
        log.time = log.time.max(retired.incarnation());
        log.save(&transaction).map_err(&failed)?;
        save_nonce(&transaction, nonce).map_err(&failed)?;
        transaction.commit().map_err(&failed)
    }
}

/// The boundaries that this incarnation has still to sign, and their roots: those above `signed`. Not those below what
/// was pruned: a checkpoint of today that is smaller than what was pruned yesterday would contradict the promised
/// retention (fraud kind 9).
fn missing_boundaries(
    transaction: &Transaction<'_>,
    log: &LogState,
    signed: u64,
    size: u64,
) -> Result<Vec<(u64, Hash)>, StoreError> {
    let mut nodes = SqlNodes::new(transaction, log.began);
    let sizes = (signed.max(log.min_index) / BOUNDARY + 1..=size / BOUNDARY).map(|n| n * BOUNDARY);
    sizes.map(|size| Ok((size, nodes.range(size)?.root()))).collect()
}
