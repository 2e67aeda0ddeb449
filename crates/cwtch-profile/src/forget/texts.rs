//! Texts of messages, forgotten by age.
//!
//! The age counts from the moment at which a message came here or was written here, by the own clock: nobody else can make
//! a text go early or keep it. What waits to be sent is kept until it was sent or given up.

use rusqlite::{Connection, OptionalExtension, params};

use super::list::{POSTED, TEXT};
use super::timers::is_due;
use crate::Profile;
use crate::columns::unsigned;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// Messages whose texts are forgotten in one step: some milliseconds on a common disk.
const STEP: i64 = 64;

/// The shortest and the longest time for which a conversation's texts may be kept, in seconds: an hour, and a hundred years.
pub const KEEP_MIN: u64 = 3_600;
/// See [`KEEP_MIN`].
pub const KEEP_MAX: u64 = 100 * 365 * 86_400;

/// Messages of a conversation that came before a moment and still say something, the oldest first.
const OLD: &str = "SELECT id FROM messages INDEXED BY messages_to_forget
    WHERE conversation = ?1 AND received < ?2 AND erased = 0 AND forgotten = 0 AND state NOT IN (1, 2)
    ORDER BY received, id LIMIT ?3";

/// The part of a conversation that is remembered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembered {
    /// Seconds for which its texts are kept; `None` for ever.
    pub keep: Option<u64>,
    /// Messages that still say something.
    pub texts: u64,
    /// Time at which the oldest of them came or was written.
    pub oldest: Option<i64>,
    /// Messages that are shown and say nothing any more.
    pub forgotten: u64,
    /// Messages that are kept as they were posted: with the group's key they say what their texts say.
    pub posted: u64,
    /// Time at which the group was sealed last.
    pub sealed: Option<i64>,
}

impl Profile {
    /// Forgets a little of what is to vanish, of what is older than its conversation keeps, of what is to be cleared, and of invites to groups that were
    /// left; tells whether there may be more. Done with the [`Profile::sweep`] behind it.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn forget_some(&mut self, now: i64) -> Result<bool, StorageError> {
        if self.vanish_some(now)? {
            return Ok(true);
        }
        match self.read("look for old texts", |conn| due(conn, now))? {
            Some((conversation, before)) => {
                self.erase("forget old texts", |tx| forget_older(tx, conversation, before, STEP))?;
                Ok(true)
            }
            None => Ok(self.clear_some()? || self.scrub_some()?),
        }
    }

    /// True if something is to be erased or forgotten that is not yet.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn has_to_forget(&self, now: i64) -> Result<bool, StorageError> {
        self.read("see what is to be forgotten", |conn| {
            let rows =
                "SELECT 1 FROM erasing UNION ALL SELECT 1 FROM clearing UNION ALL SELECT 1 FROM scrubbing";
            Ok(conn.prepare_cached(rows)?.exists([])? || is_due(conn, now)? || due(conn, now)?.is_some())
        })
    }

    /// Counts how much of a conversation is remembered.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`], or trouble with the database.
    pub fn remembered(&self, conversation: ConversationId) -> Result<Remembered, StorageError> {
        self.read("see what is kept", |conn| {
            let found = conn
                .prepare_cached(
                    // What is hidden is here all the same, and not in the conversation's count.
                    "SELECT v.retention, v.messages
                         + CASE WHEN EXISTS (SELECT 1 FROM hidden WHERE conversation = ?1)
                           THEN (SELECT count(*) FROM messages WHERE conversation = ?1 AND erased = 0
                                     AND author IN (SELECT member FROM hidden WHERE conversation = ?1))
                           ELSE 0 END,
                         v.sealed,
                         (SELECT count(*) FROM messages INDEXED BY messages_to_forget
                          WHERE conversation = ?1 AND erased = 0 AND forgotten = 0),
                         (SELECT min(received) FROM messages INDEXED BY messages_to_forget
                          WHERE conversation = ?1 AND erased = 0 AND forgotten = 0),
                         (SELECT count(*) FROM received_entries WHERE conversation = ?1)
                         + (SELECT count(*) FROM own_entries o JOIN messages m ON m.id = o.message
                            WHERE m.conversation = ?1)
                     FROM conversations v WHERE v.id = ?1",
                )?
                .query_row([conversation.0], |row| {
                    let texts = unsigned(row, 3)?;
                    Ok(Remembered {
                        keep: row.get::<_, Option<i64>>(0)?.map(i64::cast_unsigned),
                        texts,
                        oldest: row.get(4)?,
                        forgotten: unsigned(row, 1)?.saturating_sub(texts),
                        posted: unsigned(row, 5)?,
                        sealed: row.get(2)?,
                    })
                })
                .optional()?;
            Ok(found.ok_or(StorageError::UnknownConversation)?)
        })
    }
}

/// A conversation with something that is too old, and the moment before which it came.
fn due(conn: &Connection, now: i64) -> Result<Option<(ConversationId, i64)>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT v.id, ?1 - v.retention FROM conversations v
             WHERE v.retention IS NOT NULL AND v.id NOT IN (SELECT conversation FROM erasing)
                 AND EXISTS (SELECT 1 FROM messages m INDEXED BY messages_to_forget
                             WHERE m.conversation = v.id AND m.received < ?1 - v.retention AND m.erased = 0
                                 AND m.forgotten = 0 AND m.state NOT IN (1, 2))
             LIMIT 1",
        )?
        .query_row([now], |row| Ok((ConversationId(row.get(0)?), row.get(1)?)))
        .optional()?)
}

/// Forgets what messages say that came before a moment, at most `limit` of them (all with -1); tells how many.
pub(super) fn forget_older(
    conn: &Connection,
    conversation: ConversationId,
    before: i64,
    limit: i64,
) -> Result<u64, TxError> {
    for table in POSTED {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE message IN ({OLD})"))?.execute(params![
            conversation.0,
            before,
            limit
        ])?;
    }
    let forgotten = conn
        .prepare_cached(&format!("UPDATE messages SET {TEXT}, forgotten = 1 WHERE id IN ({OLD})"))?
        .execute(params![conversation.0, before, limit])?;
    tell(conn, conversation, forgotten)
}

/// Forgets what one message says; tells its conversation.
pub(super) fn forget_one(
    conn: &Connection,
    message: i64,
    conversation: ConversationId,
) -> Result<(), TxError> {
    for table in POSTED {
        conn.prepare_cached(&format!("DELETE FROM {table} WHERE message = ?1"))?.execute([message])?;
    }
    let forgotten = conn
        .prepare_cached(&format!("UPDATE messages SET {TEXT}, forgotten = 1 WHERE id = ?1"))?
        .execute([message])?;
    tell(conn, conversation, forgotten).map(|_| ())
}

/// Has it told that texts of a conversation were forgotten.
fn tell(conn: &Connection, conversation: ConversationId, forgotten: usize) -> Result<u64, TxError> {
    let forgotten = u64::try_from(forgotten).unwrap_or(u64::MAX);
    conn.prepare_cached("UPDATE conversations SET forgotten = forgotten + ?2 WHERE id = ?1")?
        .execute(params![conversation.0, forgotten.cast_signed()])?;
    Ok(forgotten)
}
