//! Deleting the oldest messages: first the statement that they may be gone, then their bodies, in bounded steps, whose cost
//! does not depend on how much is stored.
//!
//! Ids and tree stay for ever. Where a retention was promised, a body goes only once a boundary checkpoint above it is
//! older than that (docs/verifiable-log.md, 6.6); if the cap is reached before, posts are refused.

use rusqlite::{Connection, TransactionBehavior};

use super::fill::Fill;
use super::log_rows::{LogState, boundary_before};
use super::sqlite_writer::SqliteWriter;
use super::tree::{SqlNodes, index_of, int, seq_of};
use super::{Seq, StoreError};

/// Rows deleted in one transaction, so that posts wait for milliseconds only while the cap is enforced.
pub(super) const PRUNE_STEP: i64 = 256;

/// After so many steps what they wrote to the journal, a megabyte each, is moved into the database. SQLite itself would
/// do that after 32 of them, and posts would wait for it.
const CHECKPOINT_STEPS: u32 = 4;

/// Shows deployed clients what is now the first message under a signature.
const UNSHADOW: &str = "UPDATE messages SET shadowed = 0 WHERE shadowed = 1 AND seq = \
                        (SELECT seq FROM messages WHERE signature_hash = ?1 ORDER BY seq LIMIT 1)";

/// Below which number messages are kept for no promise any more, at a time in unix seconds.
pub(super) fn free_below(conn: &Connection, log: &LogState, now: u64) -> Result<Seq, StoreError> {
    let eligible = match now.checked_sub(log.retention.saturating_add(60)) {
        Some(time) => {
            boundary_before(conn, time).map_err(StoreError::of("looking for what may be deleted"))?
        }
        None => 0,
    };
    Ok(seq_of(eligible, log.began))
}

impl SqliteWriter {
    /// How many messages the next batch may store. Without a promised retention old ones always make room.
    pub(super) fn room(&mut self) -> Result<u64, StoreError> {
        let (Some(cap), true) = (self.max_messages, self.promises()) else { return Ok(u64::MAX) };
        let room = cap.saturating_sub(self.state.status.messages);
        // While there is something to delete it makes room right behind this batch.
        let soon = room == 0 && (self.prune_below > self.state.oldest || self.target(cap)?.is_some());
        Ok(if soon { u64::MAX } else { room })
    }

    fn promises(&self) -> bool {
        self.keeper.is_some() && self.state.log.retention > 0
    }

    /// Goes on with what was announced before this writer was opened.
    pub(super) fn resume_pruning(&mut self) {
        self.prune_below =
            if self.keeper.is_some() { self.state.seq_of(self.state.log.min_index) } else { 0 };
    }

    /// Below which number messages may and should be deleted now, if any.
    fn target(&mut self, cap: u64) -> Result<Option<Seq>, StoreError> {
        let held = self.state.status.messages;
        let promises = self.promises();
        if held < cap || (held == cap && !promises) {
            return Ok(None);
        }
        let tenth = (held / 10).max(held - cap);
        let mut target = self.state.oldest.saturating_add(int(tenth));
        if promises && let Some(keeper) = &mut self.keeper {
            target = target.min(free_below(&self.conn, &self.state.log, keeper.now())?);
        }
        Ok((target > self.state.oldest).then_some(target))
    }

    pub(super) fn prune(&mut self) -> Result<bool, StoreError> {
        let Some(cap) = self.max_messages else { return Ok(false) };
        self.watch_fill(cap)?;
        if self.prune_below <= self.state.oldest {
            let Some(target) = self.target(cap)? else { return Ok(false) };
            self.announce(target)?;
            self.prune_below = target;
        }
        let end = self.prune_below.min(self.state.oldest.saturating_add(PRUNE_STEP));
        self.delete_below(end)?;
        self.prune_steps = (self.prune_steps + 1) % CHECKPOINT_STEPS;
        if self.prune_steps == 0 {
            // Readers may keep a part of it back; then that is moved the next time.
            self.conn
                .query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
                .map_err(StoreError::of("deleting old messages"))?;
        }
        Ok(self.prune_below > self.state.oldest)
    }

    /// Warns the operator when the cap comes near. Looks each time that another hundredth was posted.
    fn watch_fill(&mut self, cap: u64) -> Result<(), StoreError> {
        let status = self.state.status;
        let hundredth = status.newest / int(cap / 100).max(1);
        if std::mem::replace(&mut self.fill_seen, hundredth) == hundredth {
            return Ok(());
        }
        let promised = self.promises();
        let free = match &mut self.keeper {
            Some(keeper) if promised => Some(free_below(&self.conn, &self.state.log, keeper.now())?),
            _ => None,
        };
        let counted = Fill::counted(status.messages, self.state.oldest, free);
        let fill = Fill { cap, counted, promised, deleted: status.pruned > 0 };
        if let Some(warning) = self.fill_alarm.warning(&fill) {
            tracing::warn!("{warning}");
        }
        Ok(())
    }

    /// Signs and stores that the bodies below a number may be gone.
    fn announce(&mut self, below: Seq) -> Result<(), StoreError> {
        let Some(keeper) = &mut self.keeper else { return Ok(()) };
        let mut log = self.state.log.clone();
        let min_index = index_of(below, log.began);
        let root = SqlNodes::new(&self.conn, log.began).range(min_index)?.root();
        let time = keeper.time(log.time);
        log.set_retain(&keeper.signer().retain(time, min_index, root)?);
        log.save(&self.conn).map_err(StoreError::of("announcing what will be deleted"))?;
        self.state.log = log;
        self.note();
        Ok(())
    }

    /// How many steps SQLite has taken to look for what is not shadowed any more: the cost, on any machine.
    #[cfg(test)]
    pub(super) fn unshadowing_work(&self) -> i32 {
        let statement = self.conn.prepare_cached(UNSHADOW).unwrap();
        statement.get_status(rusqlite::StatementStatus::VmStep)
    }

    fn delete_below(&mut self, end: Seq) -> Result<(), StoreError> {
        let mut state = self.state.clone();
        let mut delete = || {
            let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Those that were not shadowed shadowed whatever came later under their signatures.
            let signatures: Vec<Vec<u8>> = transaction
                .prepare_cached("SELECT signature_hash FROM messages WHERE seq < ?1 AND shadowed = 0")?
                .query_map([end], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            let deleted =
                transaction.prepare_cached("DELETE FROM messages WHERE seq < ?1")?.execute([end])? as u64;
            // With the first entry of a signature gone, the next is the first.
            for signature in signatures {
                transaction.prepare_cached(UNSHADOW)?.execute([signature])?;
            }
            state.oldest = end;
            state.status.messages = state.status.messages.saturating_sub(deleted);
            state.status.pruned += deleted;
            state.save(&transaction)?;
            transaction.commit()
        };
        delete().map_err(StoreError::of("deleting old messages"))?;
        self.state = state;
        Ok(())
    }
}
