//! The table layer: what the rules ask of a database, and all that a back end has to do.
//!
//! A back end holds rows and decides nothing. Everything is asked for in batches, sets of keys in and sets of rows
//! out, so that a commit costs a fixed number of calls whatever it stores; and every call may wait, so that the
//! database may be behind a socket. The tables are
//!
//! | table | key | holds |
//! |---|---|---|
//! | spent | token | nothing else: tokens are never deleted |
//! | messages | number | signature and ciphertext, the signature's short hash, whether it is shadowed; only a prefix is ever deleted |
//! | entries | number, id | the id of every message since the log began; never deleted |
//! | nodes | level, place | subtrees of the log's tree; never changed |
//! | boundaries | size | boundary checkpoints; their times do not decrease with their sizes |
//! | certificates | incarnation | the log's certificates; never deleted |
//! | log | | one row: [`LogRow`] |
//!
//! The rules rely on two things. A [`View`] is one state of all tables, whatever is committed meanwhile. And a [`Change`] is
//! durable as a whole when [`WritableTables::apply`] returns, or nothing of it ever shows.
//!
//! There is one writer. What it has read still holds when it writes, so nothing is locked in between; a back end that
//! several processes can open must refuse, in the transaction of the change, whoever is not the writer any more.

mod rows;

use std::future::Future;

use cwtch_log::{EntryId, Hash};

pub use super::error::TableError;
use super::{EntryRef, Seq, ShortHash, StoreError};
pub use rows::{
    Appended, Boundary, CertificateBytes, Change, Ends, LogRow, LogState, Messages, Node, Span, StoreStatus,
    Token,
};

/// A database that can be opened any number of times.
pub trait Database: Send + Sync {
    /// Tables that are read.
    type Reading: Tables + 'static;
    /// Tables that are read and changed.
    type Writing: WritableTables + 'static;

    /// Opens the tables for the one writer.
    ///
    /// # Errors
    /// If the database cannot be opened.
    fn writing(&self) -> impl Future<Output = Result<Self::Writing, StoreError>> + Send;

    /// Opens the tables for a further reader.
    ///
    /// # Errors
    /// If the database cannot be opened.
    fn reading(&self) -> impl Future<Output = Result<Self::Reading, StoreError>> + Send;
}

/// Opened tables.
pub trait Tables: Send {
    /// The state of the tables at one moment.
    type View<'a>: View
    where
        Self: 'a;

    /// Begins a view of the committed state: what is committed after the first question to it does not show.
    ///
    /// # Errors
    /// If the database fails.
    fn view(&mut self) -> impl Future<Output = Result<Self::View<'_>, TableError>> + Send;
}

/// Opened tables that may be changed.
pub trait WritableTables: Tables {
    /// Commits a change in one transaction, which is durable when this returns. After an error either all of it is
    /// committed or nothing: the next [`view`](Tables::view) tells.
    ///
    /// # Errors
    /// [`TableError::Full`], or if the database fails or contradicts the change: a token that was spent before, a number
    /// or a node that is there.
    fn apply(&mut self, change: &Change<'_>) -> impl Future<Output = Result<(), TableError>> + Send;

    /// Leaves only `room` on the disk, in the back end's measure; `None` ends that.
    #[cfg(test)]
    fn leave_room(&mut self, _room: Option<i64>) {}
}

/// One state of all tables.
pub trait View: Send {
    /// Reads the row of the log, with the newest certificate's incarnation.
    ///
    /// # Errors
    /// If the database fails.
    fn log(&mut self) -> impl Future<Output = Result<LogRow, TableError>> + Send;

    /// Reads the ends of the tables of messages and entries from their rows, not from the counters.
    ///
    /// # Errors
    /// If the database fails.
    fn ends(&mut self) -> impl Future<Output = Result<Ends, TableError>> + Send;

    /// Looks up for each token whether it is spent.
    ///
    /// # Errors
    /// If the database fails.
    fn spent(&mut self, tokens: &[&Token]) -> impl Future<Output = Result<Vec<bool>, TableError>> + Send;

    /// Finds the number of each entry.
    ///
    /// # Errors
    /// If the database fails.
    fn numbers(
        &mut self,
        entries: &[&EntryId],
    ) -> impl Future<Output = Result<Vec<Option<Seq>>, TableError>> + Send;

    /// Finds the lowest number from `from` on under each signature, given its short hash.
    ///
    /// # Errors
    /// If the database fails.
    fn firsts(
        &mut self,
        signatures: &[&ShortHash],
        from: Seq,
    ) -> impl Future<Output = Result<Vec<Option<Seq>>, TableError>> + Send;

    /// Lists the short hashes of the signatures of all messages below a number that are not shadowed.
    ///
    /// # Errors
    /// If the database fails.
    fn shown_below(&mut self, below: Seq) -> impl Future<Output = Result<Vec<ShortHash>, TableError>> + Send;

    /// Counts the shadowed messages in `from..=to`.
    ///
    /// # Errors
    /// If the database fails.
    fn count_shadowed(&mut self, from: Seq, to: Seq) -> impl Future<Output = Result<u64, TableError>> + Send;

    /// Visits messages in the order of their numbers.
    ///
    /// # Errors
    /// If the database fails; some may have been visited then.
    fn messages(
        &mut self,
        wanted: Messages,
        visit: &mut (dyn FnMut(EntryRef<'_>) + Send),
    ) -> impl Future<Output = Result<(), TableError>> + Send;

    /// Reads the ids of the entries of each range of numbers, `first..=last`; shorter where some are not there.
    ///
    /// # Errors
    /// If the database fails.
    fn ids(
        &mut self,
        ranges: &[(Seq, Seq)],
    ) -> impl Future<Output = Result<Vec<Vec<EntryId>>, TableError>> + Send;

    /// Reads the nodes of each span; fewer where some are not there.
    ///
    /// # Errors
    /// If the database fails.
    fn nodes(&mut self, spans: &[Span]) -> impl Future<Output = Result<Vec<Vec<Hash>>, TableError>> + Send;

    /// Reads the newest certificates, at most `limit`, newest first.
    ///
    /// # Errors
    /// If the database fails.
    fn certificates(
        &mut self,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<CertificateBytes>, TableError>> + Send;

    /// Reads the boundary checkpoints whose sizes are in `from..=to`, in order.
    ///
    /// # Errors
    /// If the database fails.
    fn boundaries(
        &mut self,
        from: u64,
        to: u64,
    ) -> impl Future<Output = Result<Vec<Boundary>, TableError>> + Send;

    /// Finds the greatest boundary checkpoint that was signed no later than a time in unix seconds.
    ///
    /// # Errors
    /// If the database fails.
    fn boundary_by(&mut self, time: u64)
    -> impl Future<Output = Result<Option<Boundary>, TableError>> + Send;
}
