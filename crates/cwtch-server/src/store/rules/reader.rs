//! Readers: replays for deployed clients, and the counters. [`super::log_reader`] has the log's part.

use cwtch_log::EntryId;
use cwtch_wire::board::HeadLog;

use super::deletion::free_below;
use super::fill::Fill;
use super::log_reader;
use super::tree::int;
use super::wait::wait;
use crate::store::tables::{LogState, Messages, Tables, View};
use crate::store::{
    EntryRef, LogRecord, LogReplay, ReplayPlan, Seq, ShortHash, StoreError, StoreReader, StoreStatus,
    short_hash,
};

/// A reader of some tables.
pub(super) struct Reader<T> {
    tables: T,
}

impl<T: Tables> Reader<T> {
    pub(super) fn new(tables: T) -> Self {
        Self { tables }
    }

    async fn plan_after(&mut self, signature: Option<ShortHash>) -> Result<ReplayPlan, StoreError> {
        let planning = StoreError::of("planning a replay");
        // One view, so that the count belongs to the range.
        let mut view = self.tables.view().await.map_err(&planning)?;
        let status = view.log().await.map_err(&planning)?.status;
        let (oldest, newest) = (oldest(&status), status.newest);
        let known = match &signature {
            Some(signature) => view.firsts(&[signature], oldest).await.map_err(&planning)?.pop().flatten(),
            None => None,
        };
        let from = known.unwrap_or(oldest);
        let held = u64::try_from(newest + 1 - from).unwrap_or(0);
        let shadowed = match held {
            0 => 0,
            _ => view.count_shadowed(from, newest).await.map_err(&planning)?,
        };
        Ok(ReplayPlan { from, to: newest, count: held.saturating_sub(shadowed) })
    }

    async fn read_shown(
        &mut self,
        (from, to): (Seq, Seq),
        limit: usize,
        visit: &mut (dyn FnMut(EntryRef<'_>) + Send),
    ) -> Result<Seq, StoreError> {
        if from > to {
            return Ok(from);
        }
        let reading = StoreError::of("reading messages");
        // One view, so that nothing is deleted between the check and the reading.
        let mut view = self.tables.view().await.map_err(&reading)?;
        let status = view.log().await.map_err(&reading)?.status;
        if status.messages == 0 || oldest(&status) > from {
            return Err(StoreError::Pruned);
        }
        let (mut next, mut seen) = (from, 0);
        let wanted = Messages { from, to, limit, shadowed: false };
        let mut visit = |entry: EntryRef<'_>| {
            next = entry.seq + 1;
            seen += 1;
            visit(entry);
        };
        view.messages(wanted, &mut visit).await.map_err(reading)?;
        Ok(if seen < limit { to + 1 } else { next })
    }

    async fn look_how_full(&mut self, cap: Option<u64>, now: u64) -> Result<Option<Fill>, StoreError> {
        let reading = StoreError::of("reading its counters");
        let mut view = self.tables.view().await.map_err(&reading)?;
        let row = view.log().await.map_err(&reading)?;
        let (status, log) = (row.status, row.log);
        let Some(cap) = Some(log.cap).filter(|cap| *cap > 0).or(cap) else { return Ok(None) };
        let promised = log.retention > 0;
        let free = if promised { Some(free_below(&mut view, &log, now).await?) } else { None };
        let counted = Fill::counted(status.messages, oldest(&status), free);
        Ok(Some(Fill { cap, counted, promised, deleted: status.pruned > 0 }))
    }

    async fn find(&mut self, entry: &EntryId) -> Result<Option<Seq>, StoreError> {
        let looking = StoreError::of("looking for a message");
        let mut view = self.tables.view().await.map_err(&looking)?;
        Ok(view.numbers(&[entry]).await.map_err(looking)?.pop().flatten())
    }
}

/// The number of the oldest message that is held; one above the newest where there is none.
fn oldest(status: &StoreStatus) -> Seq {
    status.newest + 1 - int(status.messages)
}

impl<T: Tables> StoreReader for Reader<T> {
    fn contains(&mut self, entry: &EntryId) -> Result<bool, StoreError> {
        Ok(wait(self.find(entry))?.is_some())
    }

    fn plan(&mut self, last_commit: Option<&[u8]>) -> Result<ReplayPlan, StoreError> {
        let signature = last_commit.filter(|signature| !signature.is_empty()).map(short_hash);
        wait(self.plan_after(signature))
    }

    fn read(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut (dyn FnMut(EntryRef<'_>) + Send),
    ) -> Result<Seq, StoreError> {
        wait(self.read_shown((from, to), limit, visit))
    }

    fn log_replay(&mut self, from: u64) -> Result<Option<LogReplay>, StoreError> {
        wait(log_reader::replay(&mut self.tables, from))
    }

    fn read_log(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut (dyn FnMut(LogRecord<'_>) + Send),
    ) -> Result<Seq, StoreError> {
        wait(log_reader::read(&mut self.tables, (from, to), limit, visit))
    }

    fn log_head(&mut self) -> Result<Option<HeadLog>, StoreError> {
        wait(log_reader::head(&mut self.tables))
    }

    fn log_proof(&mut self, from: u64, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
        wait(log_reader::proof(&mut self.tables, from, size))
    }

    fn receipt(&mut self, entry: &EntryId) -> Result<Option<Vec<u8>>, StoreError> {
        wait(log_reader::receipt(&mut self.tables, entry))
    }

    fn fill(&mut self, cap: Option<u64>, now: u64) -> Result<Option<Fill>, StoreError> {
        wait(self.look_how_full(cap, now))
    }

    fn log_state(&mut self) -> Result<Option<LogState>, StoreError> {
        let (_view, row) = wait(log_reader::begin(&mut self.tables))?;
        Ok(Some(row.log).filter(|log| log.incarnation.is_some()))
    }

    fn status(&mut self) -> Result<StoreStatus, StoreError> {
        let (_view, row) = wait(log_reader::begin(&mut self.tables))?;
        Ok(row.status)
    }
}
