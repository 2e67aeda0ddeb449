//! Messages that came under an old key: after the group had moved on to another one.

use cwtch_primitives::Address;
use rusqlite::{OptionalExtension, params};

use crate::Profile;
use crate::columns::{address, unsigned};
use crate::error::StorageError;
use crate::types::StoredMessage;

/// Facts about a message that was written under an old key.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OldKey {
    /// Members whom the key behind it leaves out, who can read the message all the same. Forgotten when the epoch closes.
    pub left_out: Vec<Address>,
    /// Their number.
    pub left_out_count: u64,
}

impl Profile {
    /// Tells whether a message came behind the beginning of a key that was followed, and was written under the one before, in an
    /// epoch that is closing or closed: whoever has that key reads it. `None` for any other.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn old_key(&self, message: &StoredMessage) -> Result<Option<OldKey>, StorageError> {
        self.read("find the key of a message", |conn| {
            // The key behind is a fork of the message's, or, where another fork of the same one was followed after all, the one that
            // is written in. That one's own parent was left before. What is said on a server that the group has left stands before
            // all on the new one: there the old log's size at the move tells what came behind it, or without a log, when it came.
            let behind = conn
                .prepare_cached(
                    "SELECT e.id, e.left_out FROM epochs m
                     JOIN epochs e ON e.conversation = m.conversation AND e.number <> m.number
                         AND (e.state = 1 OR (e.parent = m.number AND e.entered IS NOT NULL))
                         AND e.number IS NOT m.parent
                         AND CASE WHEN e.server = m.server THEN e.place < ?3
                             WHEN e.parent = m.number AND e.begins IS NOT NULL AND ?4 IS NOT NULL
                                 THEN ?4 >= e.begins
                             ELSE ?5 >= e.entered END
                     WHERE m.conversation = ?1 AND m.number = ?2 AND m.state IN (3, 4)
                     ORDER BY e.parent = m.number DESC, e.number DESC LIMIT 1",
                )?
                .query_row(
                    params![
                        message.conversation.0,
                        message.epoch.cast_signed(),
                        message.place,
                        message.log_index.map(u64::cast_signed),
                        message.received,
                    ],
                    |row| Ok((row.get::<_, i64>(0)?, unsigned(row, 1)?)),
                )
                .optional()?;
            let Some((epoch, left_out_count)) = behind else { return Ok(None) };
            let mut people = conn.prepare_cached(
                "SELECT person FROM epoch_people WHERE epoch = ?1 AND how = 1 ORDER BY person",
            )?;
            let left_out = people.query_map([epoch], |row| address(row, 0))?.collect::<Result<_, _>>()?;
            Ok(Some(OldKey { left_out, left_out_count }))
        })
    }
}
