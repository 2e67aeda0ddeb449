//! Answers to readers of the log, each from one state of the database.
//!
//! Everything is stored bytes, or computed from stored nodes: nothing is ever signed for one client.

use cwtch_log::object::{CheckpointBytes, POLICY_LEN};
use cwtch_log::{BOUNDARY, EntryId, GRID, Receipt};
use cwtch_wire::board::{CHAIN_MAX, Certificates, HeadLog, HeadState, ReplayLog, ReplayStart, Skipped};

use super::tree::{StoredTree, index_of, seq_of};
use crate::store::tables::{LogRow, LogState, Messages, TableError, Tables, View};
use crate::store::{EntryRef, LogRecord, LogReplay, ReplayPlan, Seq, StoreError};

const NOTHING: ReplayPlan = ReplayPlan { from: 1, to: 0, count: 0 };

/// Begins a view and reads its row of the log.
///
/// # Errors
/// If the database fails.
pub(super) async fn begin<T: Tables>(tables: &mut T) -> Result<(T::View<'_>, LogRow), StoreError> {
    let reading = StoreError::of("reading its log");
    let mut view = tables.view().await.map_err(&reading)?;
    let row = view.log().await.map_err(reading)?;
    Ok((view, row))
}

/// Reads the newest certificate and those before it; `None` while there is no log.
async fn certificates(view: &mut impl View) -> Result<Option<Certificates>, TableError> {
    let mut newest_first = view.certificates(CHAIN_MAX + 1).await?.into_iter();
    let current = newest_first.next();
    Ok(current.map(|current| Certificates { current, earlier: newest_first.collect() }))
}

/// The checkpoint and the policy, which every running log has; `None` for a log that has ended or has not begun.
fn running(log: &LogState) -> Option<(&CheckpointBytes, &[u8; POLICY_LEN])> {
    log.checkpoint.as_ref().zip(log.policy.as_ref())
}

/// Plans a replay from an index on.
///
/// # Errors
/// If the database fails.
pub(super) async fn replay(tables: &mut impl Tables, asked: u64) -> Result<Option<LogReplay>, StoreError> {
    let (mut view, LogRow { log, .. }) = begin(tables).await?;
    let certificates = certificates(&mut view).await.map_err(StoreError::of("reading its log"))?;
    let Some(certificates) = certificates else { return Ok(None) };
    let Some((checkpoint, policy)) = running(&log) else {
        let log = Box::new(ReplayLog { certificates, start: None });
        return Ok(Some(LogReplay { log, entries: NOTHING }));
    };
    let size = log.signed_size;
    let from = asked.max(log.min_index).min(size);
    let skipped = if asked < log.min_index {
        let mut tree = StoredTree::new(&mut view, log.began);
        let frontier = tree.range(from).await?.to_bytes();
        Some(Skipped { frontier, proof: tree.consistency_proof(asked, from).await?.concat() })
    } else {
        None
    };
    let entries =
        ReplayPlan { from: seq_of(from, log.began), to: seq_of(size, log.began) - 1, count: size - from };
    let start = ReplayStart { checkpoint: *checkpoint, policy: *policy, from, retain: log.retain, skipped };
    Ok(Some(LogReplay { log: Box::new(ReplayLog { certificates, start: Some(start) }), entries }))
}

/// Visits the first `limit` entries of a range of numbers, and the boundary checkpoints that follow them; returns the
/// number after the last one.
///
/// # Errors
/// [`StoreError::Pruned`] if one of them is gone, or if the database fails.
pub(super) async fn read(
    tables: &mut impl Tables,
    (from, to): (Seq, Seq),
    limit: usize,
    visit: &mut (dyn FnMut(LogRecord<'_>) + Send),
) -> Result<Seq, StoreError> {
    let (mut view, LogRow { log, .. }) = begin(tables).await?;
    let reading = StoreError::of("reading messages");
    let to = to.min(from.saturating_add(i64::try_from(limit).unwrap_or(i64::MAX)).saturating_sub(1));
    let (first, last) = (index_of(from, log.began), index_of(to, log.began));
    let boundaries = view.boundaries(first + 1, last + 1).await.map_err(&reading)?;
    let mut boundaries = boundaries.into_iter().peekable();
    let mut next = from;
    let mut visit = |entry: EntryRef<'_>| {
        // Nothing after a gap is shown.
        if entry.seq != next {
            return;
        }
        visit(LogRecord::Entry(entry));
        next += 1;
        let size = index_of(next, log.began);
        if size.is_multiple_of(BOUNDARY)
            && let Some(boundary) = boundaries.next_if(|boundary| boundary.size == size)
        {
            visit(LogRecord::Boundary(&boundary.bytes));
        }
    };
    let wanted = Messages { from, to, limit, shadowed: true };
    view.messages(wanted, &mut visit).await.map_err(reading)?;
    if next <= to {
        return Err(StoreError::Pruned);
    }
    Ok(next)
}

/// Reads the newest statements of the log.
///
/// # Errors
/// If the database fails.
pub(super) async fn head(tables: &mut impl Tables) -> Result<Option<HeadLog>, StoreError> {
    let reading = StoreError::of("reading its log");
    let (mut view, LogRow { log, .. }) = begin(tables).await?;
    let Some(certificates) = certificates(&mut view).await.map_err(&reading)? else {
        return Ok(None);
    };
    let state = match running(&log) {
        Some((checkpoint, policy)) => {
            let newest = view.boundary_by(u64::MAX).await.map_err(&reading)?;
            Some(HeadState {
                checkpoint: *checkpoint,
                policy: *policy,
                retain: log.retain,
                mark: newest.map(|boundary| boundary.bytes),
            })
        }
        None => None,
    };
    Ok(Some(HeadLog { certificates, state }))
}

/// Makes the consistency proof between two sizes; `None` if the log has ended or is shorter, or if a size is neither
/// a multiple of the grid nor the newest.
///
/// # Errors
/// If the database fails.
pub(super) async fn proof(
    tables: &mut impl Tables,
    from: u64,
    size: u64,
) -> Result<Option<Vec<u8>>, StoreError> {
    let (mut view, LogRow { log, .. }) = begin(tables).await?;
    let answered = |size: u64| size.is_multiple_of(GRID) || size == log.signed_size;
    if running(&log).is_none() || size > log.signed_size || from > size || !answered(from) || !answered(size)
    {
        return Ok(None);
    }
    let proof = StoredTree::new(&mut view, log.began).consistency_proof(from, size).await?;
    Ok(Some(proof.concat()))
}

/// Makes the receipt for an entry in the newest checkpoint; `None` if the log does not have it or has ended.
///
/// # Errors
/// If the database fails.
pub(super) async fn receipt(
    tables: &mut impl Tables,
    entry: &EntryId,
) -> Result<Option<Vec<u8>>, StoreError> {
    let (mut view, LogRow { log, .. }) = begin(tables).await?;
    let found = view.numbers(&[entry]).await.map_err(StoreError::of("looking for a message"))?.pop();
    let (Some(seq), Some((checkpoint, _))) = (found.flatten(), running(&log)) else { return Ok(None) };
    let index = index_of(seq, log.began);
    let path = StoredTree::new(&mut view, log.began).inclusion_path(index, log.signed_size).await?;
    Ok(Some(Receipt::encode(index, checkpoint, &path)))
}
