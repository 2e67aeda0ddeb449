//! Writing what the machine changes, as [`cwtch_protocol::group::Memory`] defines it.

use cwtch_protocol::group::{AuthorChain, Change, Hole, How, Place, Row, Verdict, Which};
use rusqlite::{Connection, params};

use super::keep::{Message, keep};
use super::rows::code;
use super::shelf::Shelf;
use crate::error::{StorageError, TxError};
use crate::types::{MessageId, MessageState};
use crate::{forks, log};

/// The effect of changes.
#[derive(Default)]
pub(crate) struct Applied {
    /// The message of the step, where it is kept.
    pub(crate) this: Option<MessageId>,
    /// Messages before which a gap was closed.
    pub(crate) closed_gaps: u64,
    /// Positions of the server's order that were given out.
    pub(crate) positions: i64,
}

/// Writes changes in their order; `this` is the message that the step is about.
pub(crate) fn apply(
    shelf: &Shelf<'_>,
    changes: &[Change],
    this: Option<&Message<'_>>,
) -> Result<Applied, TxError> {
    let mut applied = Applied::default();
    for change in changes {
        one(shelf, change, this, &mut applied)?;
    }
    Ok(applied)
}

/// Writes verdicts, which may be of several groups.
pub(super) fn verdicts(conn: &Connection, changes: &[Change]) -> Result<(), TxError> {
    changes.iter().try_for_each(|change| verdict(conn, change))
}

fn one(
    shelf: &Shelf<'_>,
    change: &Change,
    this: Option<&Message<'_>>,
    applied: &mut Applied,
) -> Result<(), TxError> {
    let (conn, conversation, epoch) = (shelf.conn, shelf.conversation.0, shelf.epoch);
    let next = shelf.next_position + applied.positions;
    let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| conn.prepare_cached(sql)?.execute(params);
    match change {
        Change::Keep(kept) => {
            let this = this.ok_or(StorageError::UnknownMessage)?;
            applied.this = Some(keep(shelf, kept, this, next)?);
            applied.positions += i64::from(matches!(kept.how, How::Shown | How::Adopted(_)));
        }
        Change::Confirm(row) => {
            run(
                "UPDATE messages SET state = ?2, position = coalesce(position, ?3) WHERE id = ?1",
                params![row.0, MessageState::Stored.code(), next],
            )?;
            log::keep_bytes(conn, MessageId(row.0))?;
            applied.positions += 1;
        }
        Change::Show(row) => {
            run("UPDATE messages SET from_member = 0, position = ?2 WHERE id = ?1", params![row.0, next])?;
            run("DELETE FROM posts WHERE message = ?1", params![row.0])?;
            applied.positions += 1;
        }
        Change::Locate { row, entry, place } => {
            let Place { index, incarnation, root } = place;
            run(
                "UPDATE messages SET entry_id = ?2, log_index = ?3, incarnation = ?4, log_root = ?5 WHERE id = ?1",
                params![row.0, entry.as_bytes(), index.cast_signed(), incarnation.cast_signed(), root],
            )?;
        }
        Change::Copy { of, entry, index } => {
            run(
                "INSERT OR IGNORE INTO message_copies (conversation, entry, message, log_index)
                 VALUES (?1, ?2, ?3, ?4)",
                params![conversation, entry.as_bytes(), of.0, index.map(u64::cast_signed)],
            )?;
        }
        Change::StandBefore { which, stands } => {
            let row = match which {
                Which::This => applied.this.map(|this| this.0),
                Which::Held(row) => Some(row.0),
            };
            let place = shelf.stretch.place(*stands);
            run("UPDATE messages SET place = ?2 WHERE id = ?1 AND place > ?2", params![row, place])?;
        }
        Change::CloseGaps { signature } => {
            let closed = run(
                "UPDATE messages SET gap = 0
                 WHERE conversation = ?1 AND gap = 1 AND previous = ?2 AND epoch = ?3",
                params![conversation, signature, epoch],
            )?;
            applied.closed_gaps += closed as u64;
        }
        Change::Settle { entry, but } => {
            run(
                "UPDATE parents SET verdict = ?3
                 WHERE conversation = ?1 AND entry = ?2 AND verdict NOT IN (?3, ?4)
                     AND (SELECT epoch FROM messages WHERE id = parents.message) = ?5",
                params![conversation, entry.as_bytes(), code(Verdict::Fine), code(*but), epoch],
            )?;
        }
        Change::Judged { .. }
        | Change::Waited { .. }
        | Change::Compared { .. }
        | Change::ViewWaited { .. } => verdict(conn, change)?,
        Change::Chain { author, label, chain, other_holes } => {
            keep_chain(shelf, author, *label, chain, *other_holes)?;
        }
        Change::ReadFrom(index) => {
            run(
                "UPDATE epochs SET read_from = ?3 WHERE conversation = ?1 AND number = ?2",
                params![conversation, epoch, index.cast_signed()],
            )?;
        }
        Change::Own(chain) => {
            run(
                "UPDATE epochs SET chain_label = ?3, chain_next = ?4 WHERE conversation = ?1 AND number = ?2",
                params![conversation, epoch, chain.label, chain.next],
            )?;
        }
        Change::Abandon(sequence) => {
            run(
                "INSERT OR IGNORE INTO abandoned (conversation, epoch, sequence) VALUES (?1, ?2, ?3)",
                params![conversation, epoch, sequence],
            )?;
        }
        Change::Told(sequence) => {
            run(
                "UPDATE abandoned SET told_in = ?4 WHERE conversation = ?1 AND epoch = ?2 AND sequence = ?3",
                params![conversation, epoch, sequence, applied.this.map(|this| this.0)],
            )?;
        }
        Change::Untold(row) => {
            run("UPDATE abandoned SET told_in = NULL WHERE told_in = ?1", params![row.0])?;
        }
        Change::Retract(sequence) => {
            run(
                "DELETE FROM abandoned WHERE conversation = ?1 AND epoch = ?2 AND sequence = ?3",
                params![conversation, epoch, sequence],
            )?;
        }
        Change::RetractAll => {
            run(
                "DELETE FROM abandoned WHERE conversation = ?1 AND epoch = ?2",
                params![conversation, epoch],
            )?;
        }
        Change::Unnumber(row) => unnumber(conn, *row)?,
    }
    Ok(())
}

/// Writes what judging a reference or a computed root changes.
fn verdict(conn: &Connection, change: &Change) -> Result<(), TxError> {
    let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| conn.prepare_cached(sql)?.execute(params);
    match change {
        Change::Judged { row, number, verdict } => {
            run(
                "UPDATE parents SET verdict = ?3 WHERE message = ?1 AND number = ?2",
                params![row.0, number, code(*verdict)],
            )?;
        }
        Change::Waited { row, number } => {
            run(
                "UPDATE parents SET waited = waited + 1 WHERE message = ?1 AND number = ?2 AND verdict = 0",
                params![row.0, number],
            )?;
        }
        Change::Compared { row, differs } => {
            run("UPDATE views SET differs = ?2 WHERE message = ?1", params![row.0, differs])?;
        }
        Change::ViewWaited { row } => {
            run("UPDATE views SET waited = waited + 1 WHERE message = ?1", params![row.0])?;
        }
        _ => {}
    }
    Ok(())
}

fn keep_chain(
    shelf: &Shelf<'_>,
    author: &[u8; 32],
    label: u32,
    chain: &AuthorChain,
    other_holes: bool,
) -> Result<(), TxError> {
    let (conn, conversation) = (shelf.conn, shelf.conversation.0);
    conn.prepare_cached(
        "INSERT OR REPLACE INTO chains (conversation, epoch, author, label, highest, highest_index, forgotten)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        conversation,
        shelf.epoch,
        author,
        label,
        chain.highest(),
        chain.highest_index().map(u64::cast_signed),
        chain.forgotten(),
    ])?;
    if !other_holes {
        return Ok(());
    }
    keep_holes(shelf, author, label, chain.holes())
}

/// Writes only the holes that are not as they were: each that is written is told with the messages behind it.
fn keep_holes(shelf: &Shelf<'_>, author: &[u8; 32], label: u32, holes: &[Hole]) -> Result<(), TxError> {
    let (conn, conversation) = (shelf.conn, shelf.conversation.0);
    let run = |sql: &str, params: &[&dyn rusqlite::ToSql]| conn.prepare_cached(sql)?.execute(params);
    let stored = shelf.holes(author, label)?;
    for hole in stored.iter().filter(|old| holes.iter().all(|hole| hole.first != old.first)) {
        run(
            "DELETE FROM chain_holes
             WHERE conversation = ?1 AND epoch = ?2 AND author = ?3 AND label = ?4 AND first = ?5",
            params![conversation, shelf.epoch, author, label, hole.first],
        )?;
    }
    for hole in holes.iter().filter(|hole| !stored.contains(hole)) {
        run(
            "INSERT INTO chain_holes (conversation, epoch, author, label, first, last, after_index, before_index)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (conversation, epoch, author, label, first) DO UPDATE SET last = excluded.last,
                 after_index = excluded.after_index, before_index = excluded.before_index",
            params![
                conversation,
                shelf.epoch,
                author,
                label,
                hole.first,
                hole.last,
                hole.after.map(u64::cast_signed),
                hole.before.cast_signed(),
            ],
        )?;
    }
    Ok(())
}

/// Makes an own message that waits a draft again.
pub(super) fn unnumber(conn: &Connection, row: Row) -> Result<(), TxError> {
    forks::said::unsaid(conn, MessageId(row.0))?;
    for statement in [
        "UPDATE posts SET ciphertext = NULL, day = NULL, token = NULL, token_session = NULL WHERE message = ?1",
        "UPDATE messages SET state = 1, signature = NULL, previous = NULL, message_hash = NULL, gap = 0,
             entry_id = NULL, chain_label = NULL, chain_sequence = NULL, chain_previous = NULL
         WHERE id = ?1",
        "DELETE FROM parents WHERE message = ?1",
        "DELETE FROM views WHERE message = ?1",
        "DELETE FROM received_entries WHERE message = ?1",
    ] {
        conn.prepare_cached(statement)?.execute([row.0])?;
    }
    Ok(())
}
