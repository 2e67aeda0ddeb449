//! Reading a part of a log again, because messages may lie there whose key came late.

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::{StorageError, TxError};
use crate::{Profile, servers};

/// Least time between the moment at which it is known that a part is to be read again and that at which it is asked for: nobody
/// is to tell from it when a key came.
pub(super) const REFETCH_AFTER: i64 = 3_600;

impl Profile {
    /// Has a server's log read again from an index on with the key of this epoch, once, an hour from now at the earliest; from
    /// the start for `None`. For an epoch whose key came after its first entries were read.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn refetch_from(
        &mut self,
        server: &Address,
        epoch: &GroupId,
        index: Option<u64>,
        now: i64,
    ) -> Result<(), StorageError> {
        self.write("plan to read a log again", |tx| read_again(tx, server, epoch, index, now))
    }
}

/// As [`Profile::refetch_from`].
pub(crate) fn read_again(
    tx: &Connection,
    server: &Address,
    epoch: &GroupId,
    index: Option<u64>,
    now: i64,
) -> Result<(), TxError> {
    let server = servers::row_of(tx, server)?;
    let row: Option<i64> = tx
        .prepare_cached("SELECT id FROM epochs WHERE group_id = ?1 AND server = ?2 AND key IS NOT NULL")?
        .query_row(params![epoch.as_bytes(), server], |row| row.get(0))
        .optional()?;
    plan(tx, server, row.ok_or(StorageError::UnknownGroup)?, index, now)
}

/// Nothing is to be read again for these epochs: all that came behind their packages was tried with their keys.
pub(crate) fn read_behind(tx: &Connection, server: i64, epochs: &[GroupId]) -> Result<(), TxError> {
    for epoch in epochs {
        tx.prepare_cached("UPDATE epochs SET unread = 0 WHERE group_id = ?1 AND server = ?2")?
            .execute(params![epoch.as_bytes(), server])?;
        tx.prepare_cached(
            "UPDATE servers SET refetch = 0, refetch_index = NULL, refetch_after = 0
             WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM epochs WHERE server = ?1 AND unread = 1)",
        )?
        .execute([server])?;
    }
    Ok(())
}

/// An epoch was entered whose buffer had no room for all of it.
pub(super) fn of_overflowed(tx: &Connection, epoch: i64, now: i64) -> Result<(), TxError> {
    let found: Option<(i64, Option<i64>)> = tx
        .prepare_cached(
            // The size of another server's log says nothing about this one.
            "SELECT e.server, CASE WHEN p.server = e.server THEN e.begins END FROM epochs e
             LEFT JOIN epochs p ON p.conversation = e.conversation AND p.number = e.parent
             WHERE e.id = ?1 AND e.overflowed = 1",
        )?
        .query_row([epoch], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((server, begins)) = found else { return Ok(()) };
    plan(tx, server, epoch, begins.map(i64::cast_unsigned), now)
}

/// The same, with rows.
pub(crate) fn plan(
    tx: &Connection,
    server: i64,
    epoch: i64,
    index: Option<u64>,
    now: i64,
) -> Result<(), TxError> {
    tx.prepare_cached("UPDATE epochs SET unread = 1 WHERE id = ?1")?.execute([epoch])?;
    // Of several plans, one replay serves all: from the lowest index, after the latest moment. A group that was joined does
    // not wait: there nobody can tell one reason from the other. A server without a log knows no indexes: there, all is read.
    tx.prepare_cached(
        "UPDATE servers SET
             refetch_index = CASE WHEN ?2 IS NULL OR (refetch = 1 AND refetch_index IS NULL) THEN NULL
                 ELSE min(?2, coalesce(refetch_index, ?2)) END,
             refetch_after = CASE WHEN refetch = 1 AND refetch_after = 0 THEN 0 ELSE max(refetch_after, ?3) END,
             -- A replay for an earlier plan that is under way is not the one for this.
             epoch = epoch + refetch, refetch = 1
         WHERE id = ?1",
    )?
    .execute(params![server, index.map(u64::cast_signed), now.saturating_add(REFETCH_AFTER)])?;
    Ok(())
}
