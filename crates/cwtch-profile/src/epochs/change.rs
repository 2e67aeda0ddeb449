//! Changes of the state of epochs, within a transaction.

use cwtch_api::Purpose;
use cwtch_primitives::Address;
use cwtch_protocol::group::{LAST, Stretch, at_first};
use rusqlite::{Connection, OptionalExtension, params};

use super::{EpochState, Moved, NewEpoch, refetch};
use crate::columns::{check_name, from_list, key_bytes, unsigned};
use crate::error::{StorageError, TxError};
use crate::types::{Added, ConversationId, MessageId};
use crate::{forget, groups, lookup, posts, servers};

/// An epoch as far as its changes need it.
struct Epoch {
    row: i64,
    number: u64,
    state: EpochState,
    server: i64,
    stretch: Stretch,
    parent: Option<u64>,
    by_me: bool,
}

fn find(
    conn: &Connection,
    own: Option<&Address>,
    conversation: ConversationId,
    and: &str,
    value: i64,
) -> Result<Option<Epoch>, TxError> {
    Ok(conn
        .prepare_cached(&format!(
            "SELECT id, number, state, server, parent, forker IS ?3, stretch FROM epochs WHERE conversation = ?1 AND {and} = ?2"
        ))?
        .query_row(params![conversation.0, value, own.map(key_bytes)], |row| {
            Ok(Epoch {
                row: row.get(0)?,
                number: unsigned(row, 1)?,
                state: from_list(row, 2, EpochState::from_code)?,
                server: row.get(3)?,
                parent: row.get::<_, Option<i64>>(4)?.map(i64::cast_unsigned),
                by_me: row.get(5)?,
                stretch: Stretch::beginning(row.get(6)?),
            })
        })
        .optional()?)
}

fn by_number(conn: &Connection, conversation: ConversationId, number: u64) -> Result<Option<Epoch>, TxError> {
    find(conn, None, conversation, "number", number.cast_signed())
}

/// The epoch of a group that is written in.
fn written(conn: &Connection, own: Option<&Address>, conversation: ConversationId) -> Result<Epoch, TxError> {
    let found = find(conn, own, conversation, "state", EpochState::Written.code())?;
    Ok(found.ok_or(StorageError::UnknownGroup)?)
}

/// As [`Profile::add_epoch`](crate::Profile::add_epoch).
pub(crate) fn add(
    tx: &Connection,
    conversation: ConversationId,
    new: &NewEpoch,
    now: i64,
) -> Result<Added<u64>, TxError> {
    let now_written = written(tx, None, conversation)?;
    let server = servers::row_of(tx, &new.server)?;
    by_number(tx, conversation, new.parent)?.ok_or(StorageError::EpochState)?;
    if let Some(known) = groups::by_id(tx, &new.id)? {
        if known.conversation != conversation || known.key != new.key || known.server != new.server {
            return Err(StorageError::GroupChanged.into());
        }
        return Ok(Added::Known(known.epoch));
    }
    if groups::of_any_id(tx, &new.id)?.is_some() {
        // It is closed: whoever reads it again would hold its key again.
        return Err(StorageError::EpochState.into());
    }
    let count = |people: &[Address]| i64::try_from(people.len()).unwrap_or(i64::MAX);
    let number: i64 = tx
        .prepare_cached(
            "INSERT INTO epochs (conversation, number, group_id, key, name, server, joined, state, since, parent, forker,
                 made, listed, left_out, added, begins)
             VALUES (?1, (SELECT max(number) + 1 FROM epochs WHERE conversation = ?1), ?2, ?3,
                 coalesce(?4, (SELECT name FROM epochs WHERE id = ?15)), ?5, ?6, ?7, ?6, ?8, ?9, ?10, ?11, ?12, ?13, ?14)
             RETURNING number",
        )?
        .query_row(
            params![
                conversation.0,
                new.id.as_bytes(),
                new.key.expose(),
                // A name that cannot be shown is no reason to refuse a key: the group keeps its own.
                check_name(Purpose::GroupName, &new.name).is_ok().then_some(&new.name),
                server,
                now,
                EpochState::Undecided.code(),
                new.parent.cast_signed(),
                key_bytes(&new.forker),
                new.made,
                new.listed,
                count(&new.left_out),
                count(&new.added),
                new.begins.map(u64::cast_signed),
                now_written.row,
            ],
            |row| row.get(0),
        )?;
    if let Some(notice) = &new.notice {
        groups::announce(tx, &new.id, notice)?;
    }
    let people =
        new.left_out.iter().map(|person| (person, 1)).chain(new.added.iter().map(|person| (person, 2)));
    for (person, how) in people {
        tx.prepare_cached(
            "INSERT OR IGNORE INTO epoch_people (epoch, person, how)
             SELECT id, ?3, ?4 FROM epochs WHERE conversation = ?1 AND number = ?2",
        )?
        .execute(params![conversation.0, number, key_bytes(person), how])?;
    }
    Ok(Added::New(number.cast_unsigned()))
}

/// As [`Profile::move_to_epoch`](crate::Profile::move_to_epoch).
pub(crate) fn enter(
    tx: &Connection,
    conversation: ConversationId,
    epoch: u64,
    now: i64,
) -> Result<Moved, TxError> {
    let from = written(tx, None, conversation)?;
    let to = by_number(tx, conversation, epoch)?.ok_or(StorageError::EpochState)?;
    go(tx, conversation, &from, &to, now)
}

/// As [`Profile::return_to_epoch`](crate::Profile::return_to_epoch).
pub(crate) fn take_back(
    tx: &Connection,
    own: &Address,
    conversation: ConversationId,
    now: i64,
) -> Result<Moved, TxError> {
    let from = written(tx, Some(own), conversation)?;
    let parent = from.parent.filter(|_| from.by_me).ok_or(StorageError::EpochState)?;
    let to = by_number(tx, conversation, parent)?.ok_or(StorageError::EpochState)?;
    go(tx, conversation, &from, &to, now)
}

fn go(
    tx: &Connection,
    conversation: ConversationId,
    from: &Epoch,
    to: &Epoch,
    now: i64,
) -> Result<Moved, TxError> {
    if to.state == EpochState::Closed {
        return Err(StorageError::EpochState.into());
    }
    let mut moved = Moved { from: from.number, to: to.number, drafts: 0, buffered: 0 };
    if from.number != to.number {
        // In this order: of a group only one epoch is written in at a time.
        let mut state = tx.prepare_cached("UPDATE epochs SET state = ?2, since = ?3 WHERE id = ?1")?;
        state.execute(params![from.row, EpochState::Closing.code(), now])?;
        state.execute(params![to.row, EpochState::Written.code(), now])?;
        // The epoch that is written in has the last stretch. On one server indexes go on; on another, everything comes behind
        // what stands here, also where the group was on that server before.
        let stretch = if from.server == to.server { from.stretch } else { from.stretch.next() };
        tx.prepare_cached("UPDATE epochs SET stretch = ?2 WHERE id = ?1")?
            .execute(params![to.row, stretch.begins()])?;
        place(tx, conversation, to, stretch, from.server == to.server)?;
        tx.prepare_cached(
            "UPDATE epochs SET entered = ?2 WHERE id = ?1 AND entered IS NULL AND parent IS NOT NULL",
        )?
        .execute(params![to.row, now])?;
        moved.drafts = take_along(tx, conversation, to)?;
        lookup::refresh_group(tx, conversation)?;
        refetch::of_overflowed(tx, to.row, now)?;
    }
    moved.buffered = tx
        .prepare_cached("SELECT buffered FROM epochs WHERE id = ?1")?
        .query_row([to.row], |row| unsigned(row, 0))?;
    Ok(moved)
}

/// Own messages that are not composed, and are chat, go where the group is written to now: they have no number yet, and nobody has seen them.
fn take_along(tx: &Connection, conversation: ConversationId, to: &Epoch) -> Result<u64, TxError> {
    let drafts = "SELECT p.message FROM posts p JOIN messages m ON m.id = p.message
         WHERE m.conversation = ?1 AND m.epoch <> ?2 AND m.own = 1 AND m.from_member = 0 AND p.ciphertext IS NULL
             AND NOT EXISTS (SELECT 1 FROM fork_posts f WHERE f.message = p.message AND f.control = 1)";
    tx.prepare_cached(&format!("UPDATE posts SET server = ?3 WHERE message IN ({drafts})"))?
        .execute(params![conversation.0, to.number.cast_signed(), to.server])?;
    let taken = tx
        .prepare_cached(&format!("UPDATE messages SET epoch = ?2 WHERE id IN ({drafts})"))?
        .execute(params![conversation.0, to.number.cast_signed()])?;
    Ok(taken as u64)
}

/// Keeps where an epoch begins in the conversation's order, the first time that it is entered: on the server of the one before at
/// its place in the log, which is the same for all members, or without a log behind what is here; on another server before
/// everything that is there.
fn place(
    tx: &Connection,
    conversation: ConversationId,
    epoch: &Epoch,
    stretch: Stretch,
    same_server: bool,
) -> Result<(), TxError> {
    let (begins, next): (Option<i64>, i64) = tx
        .prepare_cached(
            "SELECT CASE WHEN EXISTS (SELECT 1 FROM logs WHERE server = e.server AND pinned IS NOT NULL) THEN begins END,
                 (SELECT max(next_position) FROM epochs WHERE conversation = e.conversation)
             FROM epochs e WHERE e.id = ?1",
        )?
        .query_row([epoch.row], |row| Ok((row.get(0)?, row.get(1)?)))?;
    // Right before the message at that index, or at the next position; messages stand at odd numbers.
    let told = if same_server {
        begins.map(|index| stretch.place(at_first(Some(index.cast_unsigned()), None) - 1))
    } else {
        Some(stretch.begins())
    };
    tx.prepare_cached(
        "UPDATE epochs SET place = coalesce(
             ?3,
             (SELECT m.place + (m.place & 1) FROM messages m
                 WHERE m.conversation = ?2 AND m.place < ?4 ORDER BY m.place DESC LIMIT 1),
             ?5)
         WHERE id = ?1 AND place IS NULL AND parent IS NOT NULL",
    )?
    .execute(params![
        epoch.row,
        conversation.0,
        told,
        LAST,
        stretch.place(at_first(None, Some(next)) - 1)
    ])?;
    Ok(())
}

/// As [`Profile::close_epoch`](crate::Profile::close_epoch).
pub(crate) fn close(
    tx: &Connection,
    own: &Address,
    conversation: ConversationId,
    epoch: u64,
    now: i64,
) -> Result<bool, TxError> {
    let closing = by_number(tx, conversation, epoch)?.ok_or(StorageError::EpochState)?;
    match closing.state {
        EpochState::Closed => return Ok(false),
        EpochState::Written | EpochState::Undecided => return Err(StorageError::EpochState.into()),
        EpochState::Closing => {}
    }
    end(tx, own, conversation, &closing, now)?;
    Ok(true)
}

/// Closes an epoch that was never entered and cannot be any more.
pub(crate) fn expire(
    tx: &Connection,
    own: &Address,
    conversation: ConversationId,
    epoch: u64,
    now: i64,
) -> Result<(), TxError> {
    let found = by_number(tx, conversation, epoch)?.ok_or(StorageError::EpochState)?;
    if found.state != EpochState::Undecided {
        return Err(StorageError::EpochState.into());
    }
    end(tx, own, conversation, &found, now)
}

/// Erases what only an epoch's keys are good for, and them.
fn end(
    tx: &Connection,
    own: &Address,
    conversation: ConversationId,
    epoch: &Epoch,
    now: i64,
) -> Result<(), TxError> {
    let (row, number) = (epoch.row, epoch.number);
    give_up_waiting(tx, own, conversation, number)?;
    let of_epoch = "(SELECT conversation, epoch FROM messages WHERE id = message) = (?1, ?2)";
    for sql in [
        format!("DELETE FROM received_entries WHERE conversation = ?1 AND {of_epoch}"),
        format!("DELETE FROM own_entries WHERE {of_epoch}"),
    ] {
        tx.prepare_cached(&sql)?.execute(params![conversation.0, number.cast_signed()])?;
    }
    forget::key_goes(tx, row)?;
    tx.execute(forget::SECRET, [row])?;
    tx.execute("DELETE FROM buffered WHERE epoch = ?1", [row])?;
    tx.execute("DELETE FROM epoch_people WHERE epoch = ?1", [row])?;
    tx.execute(
        "UPDATE epochs SET key = NULL, day_key = NULL, notice = NULL, inviter = NULL, state = ?2, since = ?3, unread = 0,
             buffered = 0, buffered_bytes = 0, overflowed = 0
         WHERE id = ?1",
        params![row, EpochState::Closed.code(), now],
    )?;
    Ok(())
}

/// Gives up what still waits to be posted in an epoch: nobody reads it there any more. What a member gave is not posted again.
fn give_up_waiting(
    tx: &Connection,
    own: &Address,
    conversation: ConversationId,
    epoch: u64,
) -> Result<(), TxError> {
    let mut waiting = tx.prepare_cached(
        "SELECT p.message, m.from_member OR m.reposted FROM posts p JOIN messages m ON m.id = p.message
         WHERE m.conversation = ?1 AND m.epoch = ?2",
    )?;
    let waiting = waiting.query_map(params![conversation.0, epoch.cast_signed()], |row| {
        Ok((MessageId(row.get(0)?), row.get::<_, bool>(1)?))
    })?;
    for row in waiting.collect::<Result<Vec<_>, _>>()? {
        match row {
            // It had been stored once, or is not ours: nothing failed.
            (message, true) => {
                tx.prepare_cached("DELETE FROM posts WHERE message = ?1")?.execute([message.0])?;
                tx.prepare_cached("UPDATE messages SET state = 4 WHERE id = ?1 AND reposted = 1")?
                    .execute([message.0])?;
            }
            (message, false) => posts::give_up(tx, own, message)?,
        }
    }
    Ok(())
}

/// As [`Profile::drop_epoch`](crate::Profile::drop_epoch).
pub(crate) fn drop(tx: &Connection, conversation: ConversationId, epoch: u64) -> Result<bool, TxError> {
    let Some(found) = by_number(tx, conversation, epoch)? else { return Ok(false) };
    let is_parent = tx
        .prepare_cached("SELECT 1 FROM epochs WHERE conversation = ?1 AND parent = ?2")?
        .exists(params![conversation.0, epoch.cast_signed()])?;
    let was_entered = tx
        .prepare_cached("SELECT 1 FROM epochs WHERE id = ?1 AND entered IS NOT NULL")?
        .exists([found.row])?;
    let unused = match found.state {
        EpochState::Undecided => true,
        EpochState::Closed => !was_entered,
        EpochState::Written | EpochState::Closing => false,
    };
    if !unused || is_parent {
        return Err(StorageError::EpochState.into());
    }
    forget::key_goes(tx, found.row)?;
    tx.execute("DELETE FROM epochs WHERE id = ?1", [found.row])?;
    Ok(true)
}
