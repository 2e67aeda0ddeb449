//! Readers: replays as deployed clients have them, the counters. The log's part is in [`super::log_view`].

use cwtch_log::EntryId;
use cwtch_wire::board::HeadLog;
use rusqlite::{Connection, params};

use super::log_rows::LogState;
use super::prune::free_below;
use super::sqlite_writer::{contains, read_status};
use super::tree::int;
use super::{
    EntryRef, Fill, LogRecord, LogReplay, ReplayPlan, Seq, StoreError, StoreReader, StoreStatus, log_view,
    short_hash,
};

pub(super) struct SqliteReader {
    conn: Connection,
}

impl SqliteReader {
    pub(super) fn new(conn: Connection) -> Self {
        Self { conn }
    }
}

impl StoreReader for SqliteReader {
    fn contains(&mut self, entry: &EntryId) -> Result<bool, StoreError> {
        contains(&self.conn, entry).map_err(StoreError::of("looking for a message"))
    }

    fn plan(&mut self, last_commit: Option<&[u8]>) -> Result<ReplayPlan, StoreError> {
        let mut plan = || {
            // One transaction, so that the count belongs to the range.
            let transaction = self.conn.transaction()?;
            let (oldest, newest): (Option<Seq>, Option<Seq>) = transaction
                .prepare_cached("SELECT (SELECT min(seq) FROM messages), (SELECT max(seq) FROM messages)")?
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let (Some(oldest), Some(newest)) = (oldest, newest) else {
                let last: Seq = transaction.query_row("SELECT newest FROM log", [], |row| row.get(0))?;
                return Ok(ReplayPlan { from: last + 1, to: last, count: 0 });
            };
            let known: Option<Seq> = match last_commit.filter(|signature| !signature.is_empty()) {
                Some(signature) => transaction
                    .prepare_cached("SELECT min(seq) FROM messages WHERE signature_hash = ?1")?
                    .query_row([short_hash(signature)], |row| row.get(0))?,
                None => None,
            };
            let from = known.unwrap_or(oldest);
            let shadowed: i64 = transaction
                .prepare_cached("SELECT count(*) FROM messages WHERE shadowed = 1 AND seq BETWEEN ?1 AND ?2")?
                .query_row([from, newest], |row| row.get(0))?;
            let count = u64::try_from(newest - from + 1 - shadowed).unwrap_or(0);
            Ok(ReplayPlan { from, to: newest, count })
        };
        plan().map_err(StoreError::of("planning a replay"))
    }

    fn read(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut dyn FnMut(EntryRef<'_>),
    ) -> Result<Seq, StoreError> {
        if from > to {
            return Ok(from);
        }
        let reading = StoreError::of("reading messages");
        // One transaction, so that nothing goes between the look and the reading.
        let transaction = self.conn.transaction().map_err(&reading)?;
        let oldest: Option<Seq> = transaction
            .prepare_cached("SELECT min(seq) FROM messages")
            .and_then(|mut oldest| oldest.query_row([], |row| row.get(0)))
            .map_err(&reading)?;
        if oldest.is_none_or(|oldest| oldest > from) {
            return Err(StoreError::Pruned);
        }
        let mut read = || {
            let mut statement = transaction.prepare_cached(
                "SELECT seq, signature, ciphertext FROM messages NOT INDEXED \
                 WHERE seq BETWEEN ?1 AND ?2 AND shadowed = 0 ORDER BY seq LIMIT ?3",
            )?;
            let mut rows = statement.query(params![from, to, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let (mut next, mut seen) = (from, 0);
            while let Some(row) = rows.next()? {
                let seq: Seq = row.get(0)?;
                visit(EntryRef {
                    seq,
                    signature: row.get_ref(1)?.as_blob()?,
                    ciphertext: row.get_ref(2)?.as_blob()?,
                });
                next = seq + 1;
                seen += 1;
            }
            Ok(if seen < limit { to + 1 } else { next })
        };
        read().map_err(reading)
    }

    fn log_replay(&mut self, from: u64) -> Result<Option<LogReplay>, StoreError> {
        log_view::replay(&mut self.conn, from)
    }

    fn read_log(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut dyn FnMut(LogRecord<'_>),
    ) -> Result<Seq, StoreError> {
        log_view::read(&mut self.conn, from, to, limit, visit)
    }

    fn log_head(&mut self) -> Result<Option<HeadLog>, StoreError> {
        log_view::head(&mut self.conn)
    }

    fn log_proof(&mut self, from: u64, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        log_view::proof(&mut self.conn, from, size)
    }

    fn receipt(&mut self, entry: &EntryId) -> Result<Option<Vec<u8>>, StoreError> {
        log_view::receipt(&mut self.conn, entry)
    }

    fn fill(&mut self, cap: Option<u64>, now: u64) -> Result<Option<Fill>, StoreError> {
        let transaction = self.conn.transaction().map_err(StoreError::of("reading its counters"))?;
        let (log, status) = (LogState::load(&transaction)?, read_status(&transaction)?);
        let Some(cap) = Some(log.cap).filter(|cap| *cap > 0).or(cap) else { return Ok(None) };
        let promised = log.retention > 0;
        let free = if promised { Some(free_below(&transaction, &log, now)?) } else { None };
        let oldest = status.newest + 1 - int(status.messages);
        Ok(Some(Fill {
            cap,
            counted: Fill::counted(status.messages, oldest, free),
            promised,
            deleted: status.pruned > 0,
        }))
    }

    fn log_state(&mut self) -> Result<Option<LogState>, StoreError> {
        let log = LogState::load(&self.conn)?;
        Ok(log.incarnation.is_some().then_some(log))
    }

    fn status(&mut self) -> Result<StoreStatus, StoreError> {
        read_status(&self.conn)
    }
}
