//! Clearing a conversation: all that was said in it until now is deleted here, as if message by message, and the draft with it.
//!
//! One small transaction says so, and takes back what waits to be sent. The messages go in steps that are short enough for everybody who
//! waits behind one; what was said goes on until the last of them, also in a program that was killed meanwhile.

use rusqlite::{OptionalExtension, params};

use crate::Profile;
use crate::afterwards::{erase, take_back};
use crate::error::StorageError;
use crate::types::{ConversationId, MessageId};

/// Messages that are deleted in one step: some milliseconds on a common disk.
const STEP: u32 = 64;

impl Profile {
    /// Has everything deleted that was said in a conversation until now, and erases its draft; gives own messages that waited to be sent,
    /// and are given up. The rest is done by [`Profile::forget_some`], and with the [`Profile::sweep`] behind it.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`], or trouble with the database.
    pub fn clear(&mut self, conversation: ConversationId) -> Result<Vec<MessageId>, StorageError> {
        let own = self.address;
        self.erase("clear a conversation", |tx| {
            let known = tx.execute("UPDATE conversations SET draft = NULL WHERE id = ?1", [conversation.0])?;
            if known == 0 {
                return Err(StorageError::UnknownConversation.into());
            }
            let mut statement = tx.prepare_cached(
                "SELECT id FROM messages WHERE conversation = ?1 AND own = 1 AND erased = 0 AND state IN (1, 2)",
            )?;
            let waiting = statement.query_map([conversation.0], |row| Ok(MessageId(row.get(0)?)))?;
            let waiting = waiting.collect::<Result<Vec<_>, _>>()?;
            for message in &waiting {
                take_back(tx, &own, *message)?;
            }
            tx.execute(
                "INSERT OR REPLACE INTO clearing (conversation, last)
                 SELECT ?1, id FROM messages WHERE conversation = ?1 ORDER BY id DESC LIMIT 1",
                [conversation.0],
            )?;
            Ok(waiting)
        })
    }

    /// Deletes a little of what is to be cleared; tells whether there may be more.
    pub(super) fn clear_some(&mut self) -> Result<bool, StorageError> {
        let next = self.read("look for what is to be cleared", |conn| {
            Ok(conn
                .prepare_cached("SELECT conversation, last FROM clearing LIMIT 1")?
                .query_row([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
                .optional()?)
        })?;
        let Some((conversation, last)) = next else { return Ok(false) };
        let own = self.address;
        self.erase("clear a conversation", |tx| {
            let mut statement = tx.prepare_cached(
                "SELECT id FROM messages WHERE conversation = ?1 AND id <= ?2 AND erased = 0 ORDER BY id LIMIT ?3",
            )?;
            let some = statement.query_map(params![conversation, last, STEP], |row| Ok(MessageId(row.get(0)?)))?;
            let some = some.collect::<Result<Vec<_>, _>>()?;
            for message in &some {
                erase(tx, &own, *message)?;
            }
            if some.is_empty() {
                tx.execute("DELETE FROM clearing WHERE conversation = ?1", [conversation])?;
            }
            Ok(())
        })?;
        Ok(true)
    }
}
