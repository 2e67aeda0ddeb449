//! Storage of the server: messages, spent tokens, counters, the log; and the rules that hold between them.
//!
//! A [`Store`] provides one [`StoreWriter`] and any number of [`StoreReader`]s. [`TableStore`] is the only
//! implementation: the `rules` over the [`tables`] of a back end, which holds rows and decides nothing.
//! [`SqliteStore`] uses SQLite. `group_commit` runs the thread that owns the writer.
//!
//! The rules are:
//!
//! - Messages are numbered from 1 without gaps; only a prefix is ever deleted.
//! - A message is unique by its signature and ciphertext together, also after it was deleted. Deployed clients take a
//!   signature for a message's name, so what repeats an earlier signature is *shadowed*: stored, but not sent to
//!   them.
//! - Every message is an entry of the log (`docs/verifiable-log.md`); its index is its number − 1, less what had been
//!   deleted before the log began. The ids of the entries and the tree over them are never deleted.
//! - A token is spent in the same durable transaction that stores the message it pays for, and that holds the
//!   signature over the log's new size.
//! - No time of a message, no connection and no address is stored.

mod entry;
mod error;
mod group_commit;
mod replay;
mod rules;
mod sqlite;
pub mod tables;
#[cfg(test)]
pub(crate) mod tests;

use cwtch_log::{Certificate, EntryId, Hash};
use cwtch_net::Validity;
use cwtch_wire::board::HeadLog;

use crate::signer::{Keeper, Nonce};
pub use entry::{EntryRef, NewEntry, NewPost, Outcome, Seq, ShortHash, short_hash};
pub use error::StoreError;
pub use group_commit::{Answered, Committed, Publication, Submitter, WriterHandle, spawn_writer};
pub use replay::{LogRecord, LogReplay, ReplayPlan};
pub use rules::{Changes, Commit, CommitLog, Fill, Start, TableStore};
pub use sqlite::{SqliteDatabase, SqliteStore};
pub use tables::{LogState, StoreStatus};

/// The one writer.
pub trait StoreWriter: Send {
    /// Stores a batch in one durable transaction, with the log's checkpoint over it, and returns the outcomes.
    ///
    /// # Errors
    /// On any error nothing of the batch was acknowledged; call [`recover`](Self::recover) before anything else.
    fn commit(&mut self, batch: &[NewPost]) -> Result<Commit, StoreError>;

    /// Signs the log once more, if its last signature is from an earlier minute.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    fn refresh(&mut self) -> Result<(), StoreError>;

    /// Does a bounded piece of the deletion that the storage cap asks for; true if there is more to do. The statement
    /// that a body may be gone is durable before the first body is deleted.
    ///
    /// # Errors
    /// As [`commit`](Self::commit).
    fn prune_step(&mut self) -> Result<bool, StoreError>;

    /// Reads the state from the disk again after an error. Returns the number of the newest message.
    ///
    /// # Errors
    /// If that fails, too; then this writer must not be used any more.
    fn recover(&mut self) -> Result<Seq, StoreError>;

    /// Takes the time for which a network's directory is valid, which may confirm the machine's clock; `None` if the
    /// network cannot tell.
    fn confirm_clock(&mut self, valid: Option<Validity>);

    /// Writes what was signed last into the guard beside the log key. To be called at the end.
    fn finish(&mut self);

    /// Commits while the disk has only `room` left, in the back end's measure.
    #[cfg(test)]
    fn with_full_disk(&mut self, _room: i64, batch: &[NewPost]) -> Result<Commit, StoreError> {
        self.commit(batch)
    }
}

/// One of any number of readers. Reads see what has been committed.
pub trait StoreReader: Send {
    /// True if this very message is in the log, its body perhaps deleted.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn contains(&mut self, entry: &EntryId) -> Result<bool, StoreError>;

    /// Plans a replay from the lowest message with this signature, inclusive; of everything where the
    /// signature is `None`, empty or unknown.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn plan(&mut self, last_commit: Option<&[u8]>) -> Result<ReplayPlan, StoreError>;

    /// Visits, in order, the first `limit` unshadowed messages of `from..=to`; returns the number after the
    /// last that was looked at (above `to` when the range is exhausted).
    ///
    /// # Errors
    /// If the database cannot be read; [`StoreError::Pruned`] if the first of the range is not there any more.
    fn read(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut (dyn FnMut(EntryRef<'_>) + Send),
    ) -> Result<Seq, StoreError>;

    /// Plans a replay of the log from an index on; `None` if this database has no log.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn log_replay(&mut self, from: u64) -> Result<Option<LogReplay>, StoreError>;

    /// Visits, in order, the first `limit` entries of `from..=to`, shadowed or not, and the boundary checkpoints that
    /// follow them; returns the number after the last one.
    ///
    /// # Errors
    /// If the database cannot be read; [`StoreError::Pruned`] if an entry of the range is not there any more.
    fn read_log(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut (dyn FnMut(LogRecord<'_>) + Send),
    ) -> Result<Seq, StoreError>;

    /// The newest statements of the log; `None` if this database has none.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn log_head(&mut self) -> Result<Option<HeadLog>, StoreError>;

    /// The consistency proof between two sizes of the log; `None` if it has no such size or has ended.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn log_proof(&mut self, from: u64, size: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// A receipt for an entry in the newest checkpoint; `None` if the log does not have it or has ended.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn receipt(&mut self, entry: &EntryId) -> Result<Option<Vec<u8>>, StoreError>;

    /// Computes how full the board is at a time in unix seconds; `None` without a cap. The cap is the log's, or `cap`
    /// where the log has none.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn fill(&mut self, cap: Option<u64>, now: u64) -> Result<Option<Fill>, StoreError>;

    /// Reads the state of the log; `None` if this database has none.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn log_state(&mut self) -> Result<Option<LogState>, StoreError>;

    /// Reads the counters.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn status(&mut self) -> Result<StoreStatus, StoreError>;
}

/// A database of messages and its rules.
pub trait Store: Send + Sync {
    /// Opens a writer that does not sign; there must be only one writer at a time.
    ///
    /// # Errors
    /// If the database cannot be opened.
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError>;

    /// Opens a writer that signs the log as it grows; there must be only one writer at a time.
    ///
    /// # Errors
    /// If the database cannot be opened.
    fn signing_writer(&self, keeper: Keeper) -> Result<Box<dyn StoreWriter>, StoreError>;

    /// Opens a further reader.
    ///
    /// # Errors
    /// If the database cannot be opened.
    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError>;

    /// Reads what the database knows of its log.
    ///
    /// # Errors
    /// If it cannot be read.
    fn log_start(&self) -> Result<Start, StoreError>;

    /// Computes the root that the log's tree had at a size that it has reached.
    ///
    /// # Errors
    /// If it cannot be read.
    fn root_at(&self, size: u64) -> Result<Hash, StoreError>;

    /// Signs and commits the changes of a start; returns the size and time signed last.
    ///
    /// # Errors
    /// [`StoreError::ShorterRetention`], or if the database fails; then nothing was changed.
    fn start_log(&self, changes: Changes<'_>) -> Result<(u64, u64), StoreError>;

    /// Ends the log: stores the certificate that says so. Afterwards there is no checkpoint and no policy.
    ///
    /// # Errors
    /// If the database fails; then nothing was changed.
    fn end_log(&self, retired: &Certificate, nonce: Nonce) -> Result<(), StoreError>;

    /// The consistency proof between any two sizes.
    #[cfg(test)]
    fn proof_between(&self, from: u64, size: u64) -> Vec<Hash>;
}
