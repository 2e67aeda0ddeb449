//! Syncing with a server: one transaction for each batch of messages, and the cursor with it.
//!
//! A batch and the cursor behind it are one transaction: after a crash the sync goes on at a message whose
//! predecessors are stored. Messages that come twice are recognised by their signature and by their hash.

mod batch;
mod chain;

use std::collections::HashMap;

use cwtch_api::Purpose;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use rusqlite::{OptionalExtension, Transaction, params};

pub use self::batch::{
    ItemOutcome, Refetch, SyncBatch, SyncItem, SyncOutcome, SyncReject, SyncStart, Unread,
};
pub(crate) use self::chain::{Chains, Times};
use super::Profile;
use super::columns::{SIGNATURE_MAX, key_bytes, limit};
use super::epochs::rows as waiting;
use super::error::{StorageError, TxError};
use super::forks::{Act, Read, Reading};
use super::servers::{self, REJECTS_MAX};
use super::types::Writes;
use super::{SeenBy, Twin, Unshown, copies, days, epochs, groups, log, order};

/// The most bytes of a reject's reason.
const REASON_MAX: usize = 256;

impl Profile {
    /// Reads the starting point of a sync: from where on to ask a server, and which keys to try.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn begin_sync(&self, server: &Address) -> Result<SyncStart, StorageError> {
        self.read("begin a sync", |conn| {
            let found = conn
                .prepare_cached(
                    "SELECT cursor, epoch, refetch, refetch_index, refetch_after FROM servers WHERE key = ?1",
                )?
                .query_row([key_bytes(server)], |row| {
                    let from = row.get::<_, Option<i64>>(3)?.map_or(0, i64::cast_unsigned);
                    let refetch = row.get::<_, bool>(2)?.then_some(Refetch { from, after: row.get(4)? });
                    Ok((row.get(0)?, row.get(1)?, refetch))
                })
                .optional()?;
            let (cursor, epoch, refetch) = found.ok_or(StorageError::UnknownServer)?;
            Ok(SyncStart { cursor, epoch, groups: groups::of_server(conn, server)?, refetch })
        })
    }

    /// Notes that a log was read again from where [`SyncStart::refetch`] said, in the sync of this epoch.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn note_refetched(&mut self, server: &Address, epoch: i64) -> Result<(), StorageError> {
        self.write("note a sync", |tx| {
            let server = servers::row_of(tx, server)?;
            // None was joined since: all of them were read.
            let read = tx.execute(
                "UPDATE servers SET refetch = 0, refetch_index = NULL, refetch_after = 0
                 WHERE id = ?1 AND epoch = ?2",
                params![server, epoch],
            )?;
            if read > 0 {
                tx.execute(
                    "UPDATE epochs SET unread = 0, overflowed = 0 WHERE server = ?1 AND unread = 1",
                    [server],
                )?;
            }
            Ok(())
        })
    }

    /// Stores a batch, advances the cursor and counts the rejects, in one transaction.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], [`StorageError::TooLong`], or trouble with the database: then nothing
    /// of the batch is stored.
    pub fn apply_sync_batch(
        &mut self,
        server: &Address,
        batch: &SyncBatch,
        now: i64,
    ) -> Result<SyncOutcome, StorageError> {
        limit(Purpose::Signature, batch.cursor.as_ref().map_or(0, Vec::len), SIGNATURE_MAX)?;
        for item in &batch.items {
            item.content.check()?;
            limit(Purpose::Signature, item.signature.len().max(item.previous.len()), SIGNATURE_MAX)?;
        }
        for reject in &batch.rejects {
            limit(Purpose::Reason, reject.reason.len(), REASON_MAX)?;
        }
        let own = self.address;
        self.write("store a sync", |tx| {
            let (board, server) = (server, servers::row_of(tx, server)?);
            if batch.hold_alarm {
                log::hold_alarm(tx, server, &batch.log)?;
            }
            log::apply(tx, server, &batch.log)?;
            log::note(tx, server, &batch.notices, now)?;
            let mut outcome = SyncOutcome::default();
            let mut chains = Chains::load(tx, (server, board), &own)?;
            let times = Times { now, alone_since: batch.alone_since };
            for (item, keep) in batch.items.iter().zip(newest(&batch.items)) {
                let fate = chains.take(item, keep, times, &mut outcome)?;
                outcome.items.push(fate);
            }
            chains.store()?;
            let act = Act { tx, own: &own, now: now.max(0).cast_unsigned(), late: true };
            let mut reading = Reading::new(act, board);
            for (item, fate) in batch.items.iter().zip(&outcome.items) {
                if !matches!(fate, ItemOutcome::Duplicate | ItemOutcome::UnknownGroup) {
                    reading.message(item)?;
                }
            }
            Read { epochs: outcome.epochs, brought: outcome.brought } = reading.finish()?;
            epochs::read_behind(tx, server, &batch.read_behind)?;
            note_unshown(tx, &batch.sealed, &chains)?;
            waiting::trim(tx, server)?;
            if outcome.twin {
                copies::note_twin(tx, Twin { by: SeenBy::Message, at: now })?;
            }
            let stored: i64 =
                outcome.items.iter().map(|fate| i64::from(matches!(fate, ItemOutcome::Stored(_)))).sum();
            outcome.rejected = count_rejects(tx, server, &batch.rejects, &chains, now)?;
            for group in groups::of_server(tx, board)?.iter().filter(|group| group.writes != Writes::Yes) {
                outcome.may_write |= days::confirm_newcomer(tx, group, &own, false)?;
            }
            outcome.current = tx.execute(
                "UPDATE servers SET received = received + ?2, cursor = coalesce(?3, cursor)
                 WHERE id = ?1 AND epoch = ?4",
                params![server, stored, batch.cursor, batch.epoch],
            )? > 0;
            if !outcome.current {
                tx.execute(
                    "UPDATE servers SET received = received + ?2 WHERE id = ?1",
                    params![server, stored],
                )?;
            }
            Ok(outcome)
        })
    }
}

/// Tells for each item whether it is among the newest of its group, which are kept as they were posted.
fn newest(items: &[SyncItem]) -> Vec<bool> {
    let mut counts: HashMap<GroupId, u32> = HashMap::new();
    let mut keep: Vec<bool> = items
        .iter()
        .rev()
        .map(|item| {
            let count = counts.entry(item.group).or_default();
            *count += 1;
            *count <= order::KEPT_MAX
        })
        .collect();
    keep.reverse();
    keep
}

/// Counts messages of days whose keys are erased.
fn note_unshown(
    tx: &Transaction<'_>,
    sealed: &[(GroupId, Option<u64>)],
    chains: &Chains<'_>,
) -> Result<(), TxError> {
    let mut counts: HashMap<i64, (u64, u64)> = HashMap::new();
    for (group, index) in sealed {
        let Some((epoch, _)) = chains.epoch(group) else { continue };
        let (count, behind) = counts.entry(epoch).or_default();
        *count += 1;
        *behind = index.map_or(*behind, |index| (*behind).max(index.saturating_add(1)));
    }
    for (epoch, (sealed, behind)) in counts {
        days::count(tx, epoch, Unshown { sealed, ..Unshown::default() })?;
        days::read_from(tx, epoch, behind)?;
    }
    Ok(())
}

/// Counts and keeps rejects that are not among the kept ones; tells how many.
fn count_rejects(
    tx: &Transaction<'_>,
    server: i64,
    rejects: &[SyncReject],
    chains: &Chains<'_>,
    now: i64,
) -> Result<u64, TxError> {
    if rejects.is_empty() {
        return Ok(0);
    }
    let mut keep = tx.prepare_cached(
        "INSERT OR IGNORE INTO rejects (server, conversation, reason, message_hash, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for reject in rejects {
        let group = reject.group.and_then(|id| chains.epoch(&id));
        let row = group.map(|(_, conversation)| conversation.0);
        let new = keep.execute(params![server, row, reject.reason, reject.message_hash, now])? > 0;
        if new {
            *counts.entry(&reject.reason).or_default() += 1;
        }
        if let (Some((epoch, conversation)), Unread::OtherKey) = (group, reject.why) {
            days::count(tx, epoch, Unshown { unfit: new.into(), ..Unshown::default() })?;
            days::doubt(tx, conversation, &reject.signature)?;
        }
    }
    let mut count = tx.prepare_cached(
        "INSERT INTO reject_counts (server, reason, count) VALUES (?1, ?2, ?3)
         ON CONFLICT (server, reason) DO UPDATE SET count = count + excluded.count",
    )?;
    for (reason, new) in &counts {
        count.execute(params![server, reason, new])?;
    }
    tx.execute(
        "DELETE FROM rejects WHERE id IN (
             SELECT id FROM rejects WHERE server = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
        params![server, REJECTS_MAX],
    )?;
    Ok(counts.values().sum::<i64>().cast_unsigned())
}
