//! The one writer: batches of posts, each in one transaction with the log's signatures over it.

use cwtch_log::BOUNDARY;
use cwtch_log::tree::CompactRange;
use cwtch_net::Validity;
use cwtch_wire::board::CheckpointBytes;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use std::sync::Arc;

use super::commit::CommitTree;
use super::fill::FillAlarm;
use super::log_rows::{self, LogState, count};
use super::tree::{self, SqlNodes, index_of, int};
use super::{Commit, CommitLog, NewEntry, NewPost, Outcome, Seq, StoreError, StoreStatus, StoreWriter};
use crate::signer::Keeper;

/// What the writer knows without asking: it is the only one that changes it.
#[derive(Debug, Clone)]
pub(super) struct WriterState {
    pub(super) status: StoreStatus,
    /// Number of the oldest message held; one above the newest where there is none.
    pub(super) oldest: Seq,
    pub(super) range: CompactRange,
    pub(super) log: LogState,
}

impl WriterState {
    pub(super) fn load(conn: &Connection) -> Result<Self, StoreError> {
        let status = read_status(conn)?;
        let oldest: Option<Seq> = conn
            .query_row("SELECT min(seq) FROM messages", [], |row| row.get(0))
            .map_err(StoreError::of("reading its counters"))?;
        let log = LogState::load(conn)?;
        let range = SqlNodes::new(conn, log.began).range(index_of(status.newest + 1, log.began))?;
        Ok(Self { status, oldest: oldest.unwrap_or(status.newest + 1), range, log })
    }

    /// Refuses a database whose tables contradict each other: everything that counts a range relies on numbers without
    /// gaps.
    pub(super) fn check(&self, conn: &Connection) -> Result<(), StoreError> {
        if int(self.status.messages) != self.status.newest + 1 - self.oldest {
            return Err(StoreError::Damaged { what: "messages are missing from its middle" });
        }
        let newest: Option<Seq> = conn
            .query_row("SELECT max(seq) FROM entries", [], |row| row.get(0))
            .map_err(StoreError::of("reading its log"))?;
        if newest.unwrap_or(self.log.began) != self.status.newest {
            return Err(StoreError::Damaged { what: "messages and log do not have the same end" });
        }
        Ok(())
    }

    /// Entries in the log.
    pub(super) fn size(&self) -> u64 {
        self.range.size()
    }

    /// The number of the entry with this index.
    pub(super) fn seq_of(&self, index: u64) -> Seq {
        tree::seq_of(index, self.log.began)
    }

    pub(super) fn save(&self, transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        let StoreStatus { messages, spent, pruned, newest } = self.status;
        transaction
            .prepare_cached("UPDATE log SET messages = ?1, spent = ?2, pruned = ?3, newest = ?4")?
            .execute(params![int(messages), int(spent), int(pruned), newest])?;
        Ok(())
    }
}

pub(super) fn read_status(conn: &Connection) -> Result<StoreStatus, StoreError> {
    let read = || {
        conn.prepare_cached("SELECT messages, spent, pruned, newest FROM log")?.query_row([], |row| {
            Ok(StoreStatus {
                messages: count(row, 0)?,
                spent: count(row, 1)?,
                pruned: count(row, 2)?,
                newest: row.get(3)?,
            })
        })
    };
    read().map_err(StoreError::of("reading its counters"))
}

pub(super) struct SqliteWriter {
    pub(super) conn: Connection,
    pub(super) state: WriterState,
    pub(super) keeper: Option<Keeper>,
    pub(super) max_messages: Option<u64>,
    /// Messages below this number are on their way out.
    pub(super) prune_below: Seq,
    /// Steps of deleting since the journal was moved into the database.
    pub(super) prune_steps: u32,
    /// Up to which hundredth of the cap it was looked how full the board is.
    pub(super) fill_seen: i64,
    pub(super) fill_alarm: FillAlarm,
}

impl SqliteWriter {
    pub(super) fn new(
        conn: Connection,
        keeper: Option<Keeper>,
        max_messages: Option<u64>,
    ) -> Result<Self, StoreError> {
        let state = WriterState::load(&conn)?;
        let fill_alarm = FillAlarm::default();
        let mut writer = Self {
            conn,
            state,
            keeper,
            max_messages,
            prune_below: 0,
            prune_steps: 0,
            fill_seen: -1,
            fill_alarm,
        };
        writer.resume_pruning();
        Ok(writer)
    }

    fn write(&mut self, state: &mut WriterState, batch: &[NewPost]) -> Result<Commit, StoreError> {
        let failed = StoreError::of("storing posts");
        let room = self.room()?;
        // Dropped without commit, a transaction is rolled back.
        let transaction =
            self.conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&failed)?;
        let mut appending = Appending {
            transaction: &transaction,
            tree: self.keeper.is_some().then(|| CommitTree::new(&state.range)),
            boundaries: Vec::new(),
            room,
        };
        let mut outcomes = Vec::with_capacity(batch.len());
        for post in batch {
            outcomes.push(appending.post(state, post).map_err(&failed)?);
        }
        let Appending { tree, boundaries, .. } = appending;
        let mut log = None;
        if let (Some(keeper), Some(tree)) = (&mut self.keeper, tree)
            && outcomes.iter().any(|outcome| matches!(outcome, Outcome::Stored { .. }))
        {
            let time = keeper.time(state.log.time);
            let marks = sign_boundaries(&transaction, keeper, &boundaries, time)?;
            let checkpoint = keeper.signer().checkpoint(state.size(), state.range.root(), time)?;
            state.log.set_checkpoint(&checkpoint);
            state.log.save(&transaction).map_err(&failed)?;
            log = Some(Arc::new(CommitLog::new(tree, &checkpoint, marks)));
        }
        state.save(&transaction).map_err(&failed)?;
        transaction.commit().map_err(&failed)?;
        Ok(Commit { outcomes, log })
    }

    /// After a commit: what was signed goes beside the log key, once a minute.
    pub(super) fn note(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.note(self.state.log.signed_size, self.state.log.time);
        }
    }
}

impl StoreWriter for SqliteWriter {
    fn commit(&mut self, batch: &[NewPost]) -> Result<Commit, StoreError> {
        let mut state = self.state.clone();
        let commit = self.write(&mut state, batch)?;
        self.state = state;
        self.note();
        Ok(commit)
    }

    fn refresh(&mut self) -> Result<(), StoreError> {
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        let time = keeper.time(self.state.log.time);
        if time == self.state.log.time {
            return Ok(());
        }
        let mut log = self.state.log.clone();
        log.set_checkpoint(&keeper.signer().checkpoint(self.state.size(), self.state.range.root(), time)?);
        log.save(&self.conn).map_err(StoreError::of("signing its log"))?;
        self.state.log = log;
        self.note();
        Ok(())
    }

    fn prune_step(&mut self) -> Result<bool, StoreError> {
        self.prune()
    }

    fn recover(&mut self) -> Result<Seq, StoreError> {
        let state = WriterState::load(&self.conn)?;
        state.check(&self.conn)?;
        self.state = state;
        self.resume_pruning();
        Ok(self.state.status.newest)
    }

    fn confirm_clock(&mut self, valid: Option<Validity>) {
        if let Some(keeper) = &mut self.keeper {
            keeper.confirm_clock(valid);
        }
    }

    fn finish(&mut self) {
        if let Some(keeper) = &mut self.keeper {
            keeper.finish(self.state.log.signed_size, self.state.log.time);
        }
    }

    #[cfg(test)]
    fn with_full_disk(&mut self, pages: i64, batch: &[NewPost]) -> Result<Commit, StoreError> {
        let failed = StoreError::of("being limited");
        let now: i64 = self.conn.pragma_query_value(None, "page_count", |row| row.get(0)).map_err(&failed)?;
        let limit = |pages: i64| self.conn.execute_batch(&format!("PRAGMA max_page_count = {pages}"));
        limit(now + pages).map_err(&failed)?;
        let commit = self.commit(batch);
        let limit = |pages: i64| self.conn.execute_batch(&format!("PRAGMA max_page_count = {pages}"));
        limit(1 << 30).map_err(&failed)?;
        commit
    }
}

/// Signs and stores the boundary checkpoints of these sizes.
pub(super) fn sign_boundaries(
    transaction: &Transaction<'_>,
    keeper: &Keeper,
    sizes: &[(u64, cwtch_log::Hash)],
    time: u64,
) -> Result<Vec<(u64, CheckpointBytes)>, StoreError> {
    let mut marks = Vec::with_capacity(sizes.len());
    for (size, root) in sizes {
        let boundary = keeper.signer().boundary(*size, *root, time)?;
        log_rows::save_boundary(transaction, &boundary)
            .map_err(StoreError::of("storing a boundary checkpoint"))?;
        marks.push((*size, boundary.to_bytes()));
    }
    Ok(marks)
}

/// The posts of a batch, one after the other.
struct Appending<'a> {
    transaction: &'a Transaction<'a>,
    tree: Option<CommitTree>,
    /// Sizes of boundaries that were reached, and the roots there.
    boundaries: Vec<(u64, cwtch_log::Hash)>,
    /// Messages that may still be stored.
    room: u64,
}

impl Appending<'_> {
    /// One post inside the transaction of its batch: the same message again costs nothing; else the token is
    /// spent, and then the message stored.
    fn post(&mut self, state: &mut WriterState, post: &NewPost) -> Result<Outcome, rusqlite::Error> {
        if let Some(entry) = &post.entry {
            if contains(self.transaction, entry.id())? {
                return Ok(Outcome::Duplicate);
            }
            if self.room == 0 {
                return Ok(Outcome::Full);
            }
        }
        let fresh = self
            .transaction
            .prepare_cached("INSERT INTO spent (token) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([post.token])?;
        if fresh == 0 {
            return Ok(Outcome::TokenSpent);
        }
        state.status.spent += 1;
        match &post.entry {
            Some(entry) => self.append(state, entry),
            None => Ok(Outcome::TokenOnly),
        }
    }

    fn append(&mut self, state: &mut WriterState, entry: &NewEntry) -> Result<Outcome, rusqlite::Error> {
        let shadowed: bool = self
            .transaction
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM messages WHERE signature_hash = ?1)")?
            .query_row([entry.signature_hash()], |row| row.get(0))?;
        let seq = state.status.newest + 1;
        self.transaction
            .prepare_cached(
                "INSERT INTO messages (seq, shadowed, signature_hash, signature, ciphertext) \
                 VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![seq, shadowed, entry.signature_hash(), entry.signature(), entry.ciphertext()])?;
        self.transaction
            .prepare_cached("INSERT INTO entries (seq, id) VALUES (?1, ?2)")?
            .execute(params![seq, entry.id().as_bytes()])?;
        let index = state.size();
        let tree = &mut self.tree;
        tree::append(self.transaction, &mut state.range, entry.id(), &mut |level, index, hash| {
            if let Some(tree) = tree {
                tree.insert(level, index, hash);
            }
        })?;
        if state.size().is_multiple_of(BOUNDARY) {
            self.boundaries.push((state.size(), state.range.root()));
        }
        state.status.newest = seq;
        state.status.messages += 1;
        self.room -= 1;
        Ok(Outcome::Stored { seq, index, shadowed })
    }
}

/// Whether an entry is in the log.
pub(super) fn contains(conn: &Connection, id: &cwtch_log::EntryId) -> Result<bool, rusqlite::Error> {
    Ok(find(conn, id)?.is_some())
}

/// The number of an entry of the log.
pub(super) fn find(conn: &Connection, id: &cwtch_log::EntryId) -> Result<Option<Seq>, rusqlite::Error> {
    conn.prepare_cached("SELECT seq FROM entries WHERE id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()
}
