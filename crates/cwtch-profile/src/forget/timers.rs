//! Messages that vanish by agreement with a contact: when they begin to count, and what becomes of them.
//!
//! A message of the contact counts from the moment at which the read mark passes it, an own one from its acknowledgement, or when it was given
//! up. That is noticed here, whoever changed it, so that no path of the program can forget it. Its end is a moment by the own clock.
//! Of a clock that is set back, no time has gone by: all ends move back with it, so that nothing stays longer than it is used.

use rusqlite::{Connection, OptionalExtension, params};

use super::texts::forget_one;
use crate::Profile;
use crate::error::{StorageError, TxError};
use crate::types::{ConversationId, MessageId};

/// Messages that vanish in one step: some milliseconds on a common disk.
const STEP: i64 = 64;
/// Time after which it is kept again how late it is, in seconds.
const CLOCK: i64 = 60;

/// A message that is to count, and does not yet: read, or on its way no more.
const STARTS: &str = "messages m INDEXED BY messages_to_count
    WHERE m.vanish IS NOT NULL AND m.vanishes IS NULL AND m.erased = 0 AND m.forgotten = 0
        AND CASE m.own WHEN 1 THEN m.state NOT IN (1, 2)
            ELSE m.id <= (SELECT v.read_to FROM conversations v WHERE v.id = m.conversation) END";

/// A message that counts.
const COUNTS: &str = "messages INDEXED BY messages_to_vanish
    WHERE vanishes IS NOT NULL AND erased = 0 AND forgotten = 0";

/// The same, unless it is sent once more: then it is kept until it was sent or given up.
const GOES: &str = "messages INDEXED BY messages_to_vanish
    WHERE vanishes IS NOT NULL AND erased = 0 AND forgotten = 0 AND state NOT IN (1, 2)";

impl Profile {
    /// Has messages count that were read or acknowledged, and takes note of a clock that was set back.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn count_vanishing(&mut self, now: i64) -> Result<(), StorageError> {
        let (seen, starts) = self.read("look for messages that are to vanish", |conn| {
            let starts = conn.prepare_cached(&format!("SELECT 1 FROM {STARTS} LIMIT 1"))?.exists([])?;
            let counts =
                starts || conn.prepare_cached(&format!("SELECT 1 FROM {COUNTS} LIMIT 1"))?.exists([])?;
            Ok((if counts { seen(conn)?.or(Some(i64::MIN)) } else { None }, starts))
        })?;
        // `None`: nothing counts, or is to.
        let Some(seen) = seen else { return Ok(()) };
        let is_back = now < seen && seen != i64::MIN;
        if !starts && !is_back && now < seen.saturating_add(CLOCK) {
            return Ok(());
        }
        self.write("note when messages vanish", |tx| {
            if is_back {
                tx.prepare_cached(&format!(
                    "UPDATE messages SET vanishes = vanishes - ?1 WHERE id IN (SELECT id FROM {COUNTS})"
                ))?
                .execute([seen.saturating_sub(now)])?;
            }
            tx.prepare_cached(&format!(
                "UPDATE messages SET vanishes = ?1 + vanish WHERE id IN (SELECT m.id FROM {STARTS})"
            ))?
            .execute([now])?;
            tx.prepare_cached("INSERT OR REPLACE INTO vanish_clock (id, seen) VALUES (1, ?1)")?
                .execute([now])?;
            Ok(())
        })
    }

    /// Forgets a little of what is to vanish; tells whether there may be more.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn vanish_some(&mut self, now: i64) -> Result<bool, StorageError> {
        self.count_vanishing(now)?;
        if !self.read("look for messages that are to vanish", |conn| is_due(conn, now))? {
            return Ok(false);
        }
        self.erase("let messages vanish", |tx| {
            let due =
                format!("SELECT id, conversation FROM {GOES} AND vanishes <= ?1 ORDER BY vanishes LIMIT ?2");
            let mut statement = tx.prepare_cached(&due)?;
            let some = statement.query_map(params![now, STEP], |row| {
                Ok((row.get::<_, i64>(0)?, ConversationId(row.get(1)?)))
            })?;
            for (message, conversation) in some.collect::<Result<Vec<_>, _>>()? {
                forget_one(tx, message, conversation)?;
            }
            Ok(true)
        })
    }

    /// Moment at which the next message vanishes, of those that count.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn next_to_vanish(&self) -> Result<Option<i64>, StorageError> {
        self.read("look for messages that are to vanish", |conn| {
            let next = format!("SELECT vanishes FROM {GOES} ORDER BY vanishes LIMIT 1");
            Ok(conn.prepare_cached(&next)?.query_row([], |row| row.get(0)).optional()?)
        })
    }

    /// True if a message is to vanish at some time.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn is_to_vanish(&self, message: MessageId) -> Result<bool, StorageError> {
        self.read("look for messages that are to vanish", |conn| {
            let found = "SELECT 1 FROM messages WHERE id = ?1 AND vanish IS NOT NULL";
            Ok(conn.prepare_cached(found)?.exists([message.0])?)
        })
    }
}

/// True if something that counts is over.
pub(super) fn is_due(conn: &Connection, now: i64) -> Result<bool, TxError> {
    Ok(conn.prepare_cached(&format!("SELECT 1 FROM {GOES} AND vanishes <= ?1 LIMIT 1"))?.exists([now])?)
}

/// Time at which it was looked last.
fn seen(conn: &Connection) -> Result<Option<i64>, TxError> {
    Ok(conn
        .prepare_cached("SELECT seen FROM vanish_clock WHERE id = 1")?
        .query_row([], |row| row.get(0))
        .optional()?)
}
