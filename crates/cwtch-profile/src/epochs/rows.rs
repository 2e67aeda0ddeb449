//! Rows of the buffer: what [`super::buffer`] is made of, below everything that fills it.

use cwtch_log::EntryId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::TxError;
use crate::types::LogPlace;

/// Entries that wait on one server at most.
pub const BUFFER_ENTRIES: u64 = 16_384;
/// The most bytes that they have.
pub const BUFFER_BYTES: u64 = 48 << 20;

/// An entry as it was posted, with what was found when it was opened.
pub(crate) struct Sealed<'a> {
    pub(crate) author: &'a [u8; 32],
    pub(crate) sent: Option<i64>,
    pub(crate) entry: &'a EntryId,
    pub(crate) place: Option<LogPlace>,
    pub(crate) signature: &'a [u8],
    pub(crate) ciphertext: &'a [u8],
}

/// Keeps an entry for later; one that is there already is the same.
pub(crate) fn put(tx: &Connection, epoch: i64, entry: &Sealed<'_>) -> Result<(), TxError> {
    let place = entry.place;
    let added = tx
        .prepare_cached(
            "INSERT OR IGNORE INTO buffered (epoch, author, sent, entry, log_index, incarnation, log_root, signature,
                 ciphertext)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?
        .execute(params![
            epoch,
            entry.author,
            entry.sent,
            entry.entry.as_bytes(),
            place.map(|place| place.index.cast_signed()),
            place.map(|place| place.incarnation.cast_signed()),
            place.map(|place| place.root),
            entry.signature,
            entry.ciphertext,
        ])?;
    if added > 0 {
        count(tx, epoch, 1, entry.ciphertext.len() as i64)?;
    }
    Ok(())
}

fn count(tx: &Connection, epoch: i64, entries: i64, bytes: i64) -> Result<(), TxError> {
    tx.prepare_cached(
        "UPDATE epochs SET buffered = buffered + ?2, buffered_bytes = buffered_bytes + ?3 WHERE id = ?1",
    )?
    .execute(params![epoch, entries, bytes])?;
    Ok(())
}

/// Takes an entry off; false if it is gone.
pub(super) fn take_off(tx: &Connection, id: i64) -> Result<bool, TxError> {
    let taken = tx
        .prepare_cached("DELETE FROM buffered WHERE id = ?1 RETURNING epoch, length(ciphertext)")?
        .query_row([id], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((epoch, bytes)) = taken else { return Ok(false) };
    count(tx, epoch, -1, -bytes)?;
    Ok(true)
}

/// Keeps the buffer of a server within its bounds: the oldest entries go, because the newest tell where their authors write. What
/// went is read again once its epoch is entered.
pub(crate) fn trim(tx: &Connection, server: i64) -> Result<(), TxError> {
    trim_to(tx, server, BUFFER_ENTRIES, BUFFER_BYTES)
}

pub(crate) fn trim_to(tx: &Connection, server: i64, most: u64, most_bytes: u64) -> Result<(), TxError> {
    let size = || {
        Ok::<_, TxError>(
            tx.prepare_cached(
                "SELECT coalesce(sum(buffered), 0), coalesce(sum(buffered_bytes), 0) FROM epochs WHERE server = ?1",
            )?
            .query_row([server], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?,
        )
    };
    let (mut entries, mut bytes) = size()?;
    let within =
        |entries: i64, bytes: i64| entries.cast_unsigned() <= most && bytes.cast_unsigned() <= most_bytes;
    while !within(entries, bytes) {
        // Not of an epoch that was entered: its entries are on their way into the conversation.
        let oldest: Option<(i64, i64)> = tx
            .prepare_cached(
                "SELECT b.id, b.epoch FROM buffered b JOIN epochs e ON e.id = b.epoch
                 WHERE e.server = ?1 AND e.state = 2 ORDER BY b.id LIMIT 1",
            )?
            .query_row([server], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((id, epoch)) = oldest else { break };
        tx.prepare_cached("UPDATE epochs SET overflowed = 1 WHERE id = ?1")?.execute([epoch])?;
        take_off(tx, id)?;
        (entries, bytes) = size()?;
    }
    Ok(())
}

/// Forgets everything that waits for the decision on an epoch. Should it be entered after all, that is read again.
pub(super) fn empty(tx: &Connection, epoch: i64) -> Result<(), TxError> {
    tx.prepare_cached("DELETE FROM buffered WHERE epoch = ?1")?.execute([epoch])?;
    tx.prepare_cached("UPDATE epochs SET buffered = 0, buffered_bytes = 0, overflowed = 1 WHERE id = ?1")?
        .execute([epoch])?;
    Ok(())
}

/// A server takes the places of entries in its log away: those that wait are read again with what comes in their place, or given
/// by whoever has them.
pub(crate) fn lost(tx: &Connection, server: i64, from: i64) -> Result<(), TxError> {
    let mut lost = tx.prepare_cached(
        "SELECT b.id, b.epoch FROM buffered b JOIN epochs e ON e.id = b.epoch
         WHERE e.server = ?1 AND b.log_index >= ?2",
    )?;
    let lost = lost.query_map([server, from], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
    for row in lost.collect::<Result<Vec<_>, _>>()? {
        let (id, epoch) = row;
        tx.prepare_cached("UPDATE epochs SET overflowed = 1 WHERE id = ?1")?.execute([epoch])?;
        take_off(tx, id)?;
    }
    Ok(())
}
