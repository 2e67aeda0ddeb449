//! Own messages and the log: their bytes are kept, because a server may lose what it confirmed.

use cwtch_log::Retain;
use cwtch_log::object::RetainFields;
use cwtch_primitives::Address;
use rusqlite::{Connection, params};

use super::int;
use crate::epochs::rows as waiting;
use crate::error::{StorageError, TxError};
use crate::types::MessageId;
use crate::{Profile, order};

impl Profile {
    /// Own messages that the server lost and that wait to be posted again.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn count_reposts(&self, server: &Address) -> Result<u64, StorageError> {
        self.read("count the lost messages", |conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT count(*) FROM posts p JOIN messages m ON m.id = p.message
                     JOIN servers s ON s.id = p.server WHERE s.key = ?1 AND m.reposted = 1",
                )?
                .query_row([crate::columns::key_bytes(server)], |row| crate::columns::unsigned(row, 0))?)
        })
    }
}

/// A post is confirmed: takes it off the way to its server. Where that server has a log, its bytes stay.
pub(crate) fn keep_bytes(conn: &Connection, post: MessageId) -> Result<(), TxError> {
    conn.prepare_cached(
        "INSERT OR REPLACE INTO own_entries (message, ciphertext, day)
         SELECT p.message, p.ciphertext, p.day FROM posts p JOIN logs l ON l.server = p.server
         WHERE p.message = ?1 AND l.pinned IS NOT NULL",
    )?
    .execute([post.0])?;
    conn.prepare_cached("DELETE FROM posts WHERE message = ?1")?.execute([post.0])?;
    Ok(())
}

/// The server said, signed, where a post is.
pub(crate) fn note_receipt(
    conn: &Connection,
    post: MessageId,
    index: u64,
    incarnation: u64,
) -> Result<(), TxError> {
    conn.prepare_cached(
        "UPDATE messages SET log_index = ?2, incarnation = ?3 WHERE id = ?1 AND log_index IS NULL",
    )?
    .execute(params![post.0, int(index), int(incarnation)])?;
    Ok(())
}

/// The server declared the entries from an index on lost: own messages among them go out again with the same bytes,
/// and nothing is known any more about the places of the others.
pub(super) fn queue_lost(conn: &Connection, server: i64, from: u64) -> Result<(), TxError> {
    let from = int(from);
    conn.execute(
        "INSERT OR IGNORE INTO posts (message, server, ciphertext, day)
         SELECT o.message, ?1, o.ciphertext, o.day FROM own_entries o JOIN messages m ON m.id = o.message
         WHERE m.log_index >= ?2
             AND (m.conversation, m.epoch) IN (SELECT conversation, number FROM epochs WHERE server = ?1)",
        params![server, from],
    )?;
    conn.execute(
        "UPDATE messages SET state = 1, reposted = 1 WHERE log_index >= ?2 AND id IN
             (SELECT o.message FROM own_entries o JOIN posts p ON p.message = o.message WHERE p.server = ?1)",
        params![server, from],
    )?;
    conn.execute(
        "DELETE FROM own_entries WHERE message IN (SELECT message FROM posts WHERE server = ?1)",
        [server],
    )?;
    order::lost(conn, server, from)?;
    waiting::lost(conn, server, from)?;
    conn.execute(
        "UPDATE messages SET log_index = NULL, incarnation = NULL, log_root = NULL
         WHERE log_index >= ?2
             AND (conversation, epoch) IN (SELECT conversation, number FROM epochs WHERE server = ?1)",
        params![server, from],
    )?;
    Ok(())
}

/// Forgets the indexes of messages in a log that is not followed any more; their order stays.
pub(super) fn forget_places(conn: &Connection, server: i64) -> Result<(), TxError> {
    conn.execute(
        "UPDATE messages SET log_index = NULL, incarnation = NULL, log_root = NULL
         WHERE log_index IS NOT NULL
             AND (conversation, epoch) IN (SELECT conversation, number FROM epochs WHERE server = ?1)",
        [server],
    )?;
    waiting::lost(conn, server, i64::MIN)?;
    order::start_over(conn, server)
}

/// The bytes of own messages that the server may have deleted by its rule are not needed any more.
pub(super) fn forget_expired(conn: &Connection, server: i64, retain: &[u8]) -> Result<(), TxError> {
    let Some(RetainFields { min_index, .. }) = Retain::peek(retain) else { return Ok(()) };
    conn.execute(
        "DELETE FROM own_entries WHERE message IN (
             SELECT m.id FROM messages m JOIN epochs g ON g.conversation = m.conversation AND g.number = m.epoch
             WHERE g.server = ?1 AND m.own = 1 AND m.log_index < ?2)",
        params![server, int(min_index)],
    )?;
    Ok(())
}
