//! Rows of own messages: what they said about forks, and when to speak in each epoch.

use cwtch_protocol::group::fork::delivery::{Voice, Wait};
use cwtch_wire::group::fork::{ForkId, Mode, Prekey};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{mode, optional_time, time};
use super::{contents, own, posted};
use crate::error::TxError;
use crate::types::{ConversationId, MessageId};

/// The epoch of a queued message.
pub(super) struct Place {
    pub(super) conversation: ConversationId,
    pub(super) epoch: ForkId,
    pub(super) mode: Mode,
    pub(super) parent: Option<u64>,
}

pub(super) fn place_of(conn: &Connection, post: MessageId) -> Result<Option<Place>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT m.conversation, e.fork_id, e.mode, e.parent FROM messages m
             JOIN epochs e ON e.conversation = m.conversation AND e.number = m.epoch WHERE m.id = ?1",
        )?
        .query_row([post.0], |row| {
            Ok(Place {
                conversation: ConversationId(row.get(0)?),
                epoch: row.get::<_, Option<[u8; 32]>>(1)?.map_or(ForkId::NONE, ForkId::from_bytes),
                mode: mode(row, 2)?,
                parent: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
            })
        })
        .optional()?)
}

/// True if a message that is no chat, or any other, waits to be composed in the epoch that is written in.
pub(super) fn waits(conn: &Connection, conversation: ConversationId) -> Result<bool, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT 1 FROM posts p JOIN messages m ON m.id = p.message
             JOIN epochs e ON e.conversation = m.conversation AND e.number = m.epoch AND e.state = 1
             WHERE m.conversation = ?1 AND p.ciphertext IS NULL",
        )?
        .exists([conversation.0])?)
}

/// True if a queued message is no chat.
pub(crate) fn is_control(conn: &Connection, post: MessageId) -> Result<bool, TxError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM fork_posts WHERE message = ?1 AND control = 1")?
        .exists([post.0])?)
}

/// A message was composed: what it says of an own prekey, and that there is one more.
pub(crate) fn composed(
    conn: &Connection,
    post: MessageId,
    prekey: Option<&Prekey>,
    now: i64,
) -> Result<(), TxError> {
    let Some(place) = place_of(conn, post)? else { return Ok(()) };
    let bytes = prekey.map(Prekey::to_bytes);
    conn.prepare_cached(
        "INSERT INTO fork_posts (message, control, prekey) VALUES (?1, 0, ?2)
         ON CONFLICT (message) DO UPDATE SET prekey = excluded.prekey",
    )?
    .execute(params![post.0, bytes])?;
    conn.prepare_cached(
        "INSERT INTO fork_voices (conversation, epoch, since, seconds, written, last, told)
         VALUES (?1, ?2, ?3 - 1, 0, 1, ?3, ?4)
         ON CONFLICT (conversation, epoch) DO UPDATE SET written = written + 1, last = excluded.last,
             told = coalesce(excluded.told, told)",
    )?
    .execute(params![place.conversation.0, place.epoch.as_bytes(), now, bytes])?;
    Ok(())
}

/// A message was given up, or is a draft again: nobody hears the prekey that it would have said.
pub(crate) fn unsaid(conn: &Connection, post: MessageId) -> Result<(), TxError> {
    conn.prepare_cached(
        "UPDATE fork_voices SET told = NULL
         WHERE (conversation, told) = (SELECT m.conversation, f.prekey FROM fork_posts f JOIN messages m ON m.id = f.message
             WHERE f.message = ?1 AND f.prekey IS NOT NULL)",
    )?
    .execute([post.0])?;
    Ok(())
}

/// The server has a message.
pub(crate) fn stored(conn: &Connection, post: MessageId, now: i64) -> Result<(), TxError> {
    let now = now.max(0).cast_unsigned();
    type Found = (Option<Vec<u8>>, Option<ForkId>, Option<u8>, i64);
    let found: Option<Found> = conn
        .prepare_cached(
            "SELECT f.prekey, f.fork, f.part, m.conversation FROM fork_posts f JOIN messages m ON m.id = f.message
             WHERE f.message = ?1",
        )?
        .query_row([post.0], |row| {
            let fork = row.get::<_, Option<[u8; 32]>>(1)?.map(ForkId::from_bytes);
            Ok((row.get(0)?, fork, row.get(2)?, row.get(3)?))
        })
        .optional()?;
    let Some((prekey, fork, part, conversation)) = found else { return Ok(()) };
    if let Some(prekey) = prekey.and_then(|bytes| Prekey::from_bytes(&bytes).ok()) {
        own::confirm(conn, &prekey, now)?;
    }
    if let Some((fork, part)) = fork.zip(part) {
        let content = contents::content(conn, ConversationId(conversation), &fork)?;
        if let Some(content) = content {
            posted::part_confirmed(conn, &content.package.id(), part, now)?;
        }
    }
    Ok(())
}

/// The own voice in an epoch.
pub(super) fn voice(
    conn: &Connection,
    conversation: ConversationId,
    epoch: &ForkId,
) -> Result<Option<Voice>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT since, seconds, written, last FROM fork_voices WHERE conversation = ?1 AND epoch = ?2",
        )?
        .query_row(params![conversation.0, epoch.as_bytes()], |row| {
            let speaks = Wait { since: time(row, 0)?, seconds: time(row, 1)? };
            Ok(Voice { speaks, written: row.get(2)?, last: optional_time(row, 3)? })
        })
        .optional()?)
}

/// The newest own prekey that a message in an epoch says.
pub(super) fn told(
    conn: &Connection,
    conversation: ConversationId,
    epoch: &ForkId,
) -> Result<Option<Prekey>, TxError> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("SELECT told FROM fork_voices WHERE conversation = ?1 AND epoch = ?2")?
        .query_row(params![conversation.0, epoch.as_bytes()], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(bytes.and_then(|bytes| Prekey::from_bytes(&bytes).ok()))
}

/// Plans when to speak in an epoch, if nothing is written before.
pub(super) fn plan_voice(
    conn: &Connection,
    conversation: ConversationId,
    epoch: &ForkId,
    voice: &Voice,
) -> Result<(), TxError> {
    conn.prepare_cached(
        "INSERT INTO fork_voices (conversation, epoch, since, seconds) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (conversation, epoch) DO UPDATE SET since = excluded.since, seconds = excluded.seconds",
    )?
    .execute(params![
        conversation.0,
        epoch.as_bytes(),
        voice.speaks.since.cast_signed(),
        voice.speaks.seconds.cast_signed(),
    ])?;
    Ok(())
}
