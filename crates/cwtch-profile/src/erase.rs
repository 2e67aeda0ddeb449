//! Leaving a group: at once for everybody, on the disk little by little.
//!
//! What is left is marked in one small transaction that takes the key away, and is invisible from then on. Its messages are
//! erased in steps that are short enough for everybody who waits behind one; the mark stays until the last of them, so that
//! a program that was killed meanwhile goes on. The same group may be joined again before that: it is another conversation.

use cwtch_primitives::group::GroupId;
use rusqlite::{OptionalExtension, params};

use super::error::StorageError;
use super::forget;
use super::forget::list::{OF_CONVERSATION, OF_FORKS};
use super::{Profile, groups};

/// Messages that are erased in one step: some milliseconds on a common disk.
const MESSAGES: u32 = 64;
/// Rows of other tables that are erased in one step.
const ROWS: u32 = 1024;

impl Profile {
    /// Leaves a group: its key and its waiting posts are erased, its messages are invisible from now on and erased by
    /// [`Profile::erase_some`], invites to it by [`Profile::forget_some`]. Each is done with the next [`Profile::sweep`].
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn remove_group(&mut self, id: &GroupId) -> Result<(), StorageError> {
        self.erase("remove a group", |tx| {
            let conversation = groups::of_any_id(tx, id)?.ok_or(StorageError::UnknownGroup)?.conversation;
            tx.execute(
                "DELETE FROM posts WHERE server IN (SELECT server FROM epochs WHERE conversation = ?1)
                     AND (SELECT m.conversation FROM messages m WHERE m.id = posts.message) = ?1",
                [conversation.0],
            )?;
            forget::keys_go(tx, conversation)?;
            tx.execute("INSERT INTO erasing (conversation) VALUES (?1)", [conversation.0])?;
            tx.execute("DELETE FROM epochs WHERE conversation = ?1", [conversation.0])?;
            for table in OF_FORKS {
                tx.execute(&format!("DELETE FROM {table} WHERE conversation = ?1"), [conversation.0])?;
            }
            Ok(())
        })
    }

    /// Erases a little of what was left; tells whether there may be more. Once there is not, [`Profile::sweep`] removes what
    /// it left in the files.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn erase_some(&mut self) -> Result<bool, StorageError> {
        let left = self.read("look for what was left", |conn| {
            Ok(conn
                .prepare_cached("SELECT conversation FROM erasing ORDER BY conversation LIMIT 1")?
                .query_row([], |row| row.get::<_, i64>(0))
                .optional()?)
        })?;
        let Some(conversation) = left else { return Ok(false) };
        self.erase("erase a group", |tx| {
            let messages = tx
                .prepare_cached(
                    "DELETE FROM messages WHERE id IN
                         (SELECT id FROM messages WHERE conversation = ?1 ORDER BY id LIMIT ?2)",
                )?
                .execute(params![conversation, MESSAGES])?;
            if messages > 0 {
                return Ok(());
            }
            for (table, key) in OF_CONVERSATION {
                let rows = tx
                    .prepare_cached(&format!(
                        "DELETE FROM {table} WHERE ({key}) IN
                             (SELECT {key} FROM {table} WHERE conversation = ?1 LIMIT ?2)"
                    ))?
                    .execute(params![conversation, ROWS])?;
                if rows > 0 {
                    return Ok(());
                }
            }
            tx.prepare_cached("DELETE FROM conversations WHERE id = ?1")?.execute([conversation])?;
            Ok(())
        })?;
        // Else one of the next commits, anybody's, would move all that was erased into the file at once.
        self.read("erase a group", |conn| {
            Ok(conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?)
        })?;
        Ok(true)
    }
}
