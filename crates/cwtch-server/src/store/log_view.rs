//! What readers of the log are shown: each answer from one state of the database.
//!
//! Everything is stored bytes, or computed from stored nodes: nothing is ever signed for one client.

use cwtch_log::tree::{consistency_proof, inclusion_path};
use cwtch_log::{BOUNDARY, EntryId, GRID};
use cwtch_wire::board::{HeadLog, HeadState, ReplayLog, ReplayStart, Skipped};
use rusqlite::{Connection, Transaction, params};

use super::commit::receipt as receipt_bytes;
use super::log_rows::{self, LogState};
use super::sqlite_writer::find;
use super::tree::{SqlNodes, failed, index_of, seq_of};
use super::{EntryRef, LogRecord, LogReplay, ReplayPlan, Seq, StoreError};

const NOTHING: ReplayPlan = ReplayPlan { from: 1, to: 0, count: 0 };

fn begin<'a>(conn: &'a mut Connection) -> Result<(Transaction<'a>, LogState), StoreError> {
    let transaction = conn.transaction().map_err(StoreError::of("reading its log"))?;
    let log = LogState::load(&transaction)?;
    Ok((transaction, log))
}

/// The statements that every running log has; `None` for one that has ended or has not begun.
fn running(log: &LogState) -> Option<(&[u8; 113], &[u8; 96])> {
    log.checkpoint.as_ref().zip(log.policy.as_ref())
}

pub(super) fn replay(conn: &mut Connection, asked: u64) -> Result<Option<LogReplay>, StoreError> {
    let (transaction, log) = begin(conn)?;
    let certificates = log_rows::certificates(&transaction).map_err(StoreError::of("reading its log"))?;
    let Some(certificates) = certificates else { return Ok(None) };
    let Some((checkpoint, policy)) = running(&log) else {
        let log = Box::new(ReplayLog { certificates, start: None });
        return Ok(Some(LogReplay { log, entries: NOTHING }));
    };
    let size = log.signed_size;
    let from = asked.max(log.min_index).min(size);
    let skipped = if asked < log.min_index {
        let mut nodes = SqlNodes::new(&transaction, log.began);
        let frontier = nodes.range(from)?.to_bytes();
        let proof = consistency_proof(&mut nodes, asked, from).map_err(failed)?;
        Some(Skipped { frontier, proof: proof.concat() })
    } else {
        None
    };
    let entries =
        ReplayPlan { from: seq_of(from, log.began), to: seq_of(size, log.began) - 1, count: size - from };
    let start = ReplayStart { checkpoint: *checkpoint, policy: *policy, from, retain: log.retain, skipped };
    Ok(Some(LogReplay { log: Box::new(ReplayLog { certificates, start: Some(start) }), entries }))
}

pub(super) fn read(
    conn: &mut Connection,
    from: Seq,
    to: Seq,
    limit: usize,
    visit: &mut dyn FnMut(LogRecord<'_>),
) -> Result<Seq, StoreError> {
    let (transaction, log) = begin(conn)?;
    let to = to.min(from.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX)).saturating_sub(1));
    let mut read = || {
        let (first, last) = (index_of(from, log.began), index_of(to, log.began));
        let mut marks = log_rows::boundaries(&transaction, first + 1, last + 1)?.into_iter().peekable();
        let mut statement = transaction.prepare_cached(
            "SELECT seq, signature, ciphertext FROM messages NOT INDEXED WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query(params![from, to])?;
        let mut next = from;
        while let Some(row) = rows.next()? {
            let seq: Seq = row.get(0)?;
            if seq != next {
                break;
            }
            visit(LogRecord::Entry(EntryRef {
                seq,
                signature: row.get_ref(1)?.as_blob()?,
                ciphertext: row.get_ref(2)?.as_blob()?,
            }));
            next = seq + 1;
            let size = index_of(next, log.began);
            if size.is_multiple_of(BOUNDARY)
                && let Some((_, mark)) = marks.next_if(|(at, _)| *at == size)
            {
                visit(LogRecord::Boundary(&mark));
            }
        }
        Ok(next)
    };
    let next = read().map_err(StoreError::of("reading messages"))?;
    if next <= to {
        return Err(StoreError::Pruned);
    }
    Ok(next)
}

pub(super) fn head(conn: &mut Connection) -> Result<Option<HeadLog>, StoreError> {
    let reading = StoreError::of("reading its log");
    let (transaction, log) = begin(conn)?;
    let Some(certificates) = log_rows::certificates(&transaction).map_err(&reading)? else {
        return Ok(None);
    };
    let state = match running(&log) {
        Some((checkpoint, policy)) => Some(HeadState {
            checkpoint: *checkpoint,
            policy: *policy,
            retain: log.retain,
            mark: log_rows::newest_boundary(&transaction).map_err(&reading)?.map(|(_, mark)| mark),
        }),
        None => None,
    };
    Ok(Some(HeadLog { certificates, state }))
}

pub(super) fn proof(conn: &mut Connection, from: u64, size: u64) -> Result<Option<Vec<u8>>, StoreError> {
    let (transaction, log) = begin(conn)?;
    let answered = |size: u64| size.is_multiple_of(GRID) || size == log.signed_size;
    if running(&log).is_none() || size > log.signed_size || from > size || !answered(from) || !answered(size)
    {
        return Ok(None);
    }
    let mut nodes = SqlNodes::new(&transaction, log.began);
    Ok(Some(consistency_proof(&mut nodes, from, size).map_err(failed)?.concat()))
}

pub(super) fn receipt(conn: &mut Connection, entry: &EntryId) -> Result<Option<Vec<u8>>, StoreError> {
    let (transaction, log) = begin(conn)?;
    let found = find(&transaction, entry).map_err(StoreError::of("looking for a message"))?;
    let (Some(seq), Some((checkpoint, _))) = (found, running(&log)) else { return Ok(None) };
    let index = index_of(seq, log.began);
    let mut nodes = SqlNodes::new(&transaction, log.began);
    let path = inclusion_path(&mut nodes, index, log.signed_size).map_err(failed)?;
    Ok(Some(receipt_bytes(index, checkpoint, &path)))
}
