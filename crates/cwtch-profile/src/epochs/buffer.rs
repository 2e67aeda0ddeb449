//! The buffer: entries of epochs that nobody has decided on, as they were posted.
//!
//! They are not kept as messages that are hidden, for four reasons. Numbers of messages grow with what a person is shown: whoever
//! has read up to a number has seen all below it, and what is uncovered later would lie below. Counts, unread messages, authors
//! and the change feed follow the rows of messages by triggers, and would have to leave out and make up for each of them. A
//! person who declines a fork wants nothing of it kept, and rows of one table are surely gone, where chains, references and views
//! that messages left behind would have to be found. And a text whose conversation may never take it in is best kept sealed.
//!
//! When the epoch is entered, the entries enter the conversation in their order, some in each transaction, and each leaves the
//! buffer in the transaction that stores it. Until all have, what else comes for the epoch queues up behind them.

use core::fmt;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_wire::board::EncryptedGroupMessage;
use rusqlite::params;

use crate::columns::{group_id, key_bytes};
use crate::epochs::rows::take_off;
use crate::error::StorageError;
use crate::sync::{Chains, Times};
use crate::types::LogPlace;
use crate::{ItemOutcome, Profile, SyncItem, SyncOutcome, servers};

/// An entry that is to enter its conversation.
#[derive(Clone)]
pub struct Buffered {
    /// Its number in the buffer.
    pub id: i64,
    /// The epoch whose key opens it.
    pub group: GroupId,
    /// Its place in the log, on a server with one.
    pub place: Option<LogPlace>,
    /// The message as it was posted.
    pub message: EncryptedGroupMessage,
}

impl fmt::Debug for Buffered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Buffered").field("id", &self.id).field("place", &self.place).finish_non_exhaustive()
    }
}

impl Profile {
    /// Entries on a server whose epoch was entered, the oldest first, at most `limit`.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn buffered(&self, server: &Address, limit: u32) -> Result<Vec<Buffered>, StorageError> {
        self.read("read what waited", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT b.id, e.group_id, b.log_index, b.incarnation, b.log_root, b.signature, b.ciphertext
                 FROM buffered b JOIN epochs e ON e.id = b.epoch JOIN servers s ON s.id = e.server
                 WHERE s.key = ?1 AND e.state IN (1, 3) ORDER BY b.id LIMIT ?2",
            )?;
            let rows = statement.query_map(params![key_bytes(server), limit], |row| {
                let place = match (row.get::<_, Option<i64>>(2)?, row.get::<_, Option<i64>>(3)?, row.get(4)?)
                {
                    (Some(index), Some(incarnation), Some(root)) => Some(LogPlace {
                        index: index.cast_unsigned(),
                        incarnation: incarnation.cast_unsigned(),
                        root,
                    }),
                    _ => None,
                };
                Ok(Buffered {
                    id: row.get(0)?,
                    group: group_id(row, 1)?,
                    place,
                    message: EncryptedGroupMessage { signature: row.get(5)?, ciphertext: row.get(6)? },
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Entries enter their conversations, in this order, and leave the buffer; `None` for one that does not open any more.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], [`StorageError::TooLong`], or trouble with the database: then nothing has changed.
    pub fn enter_buffered(
        &mut self,
        server: &Address,
        entries: &[(i64, Option<SyncItem>)],
        now: i64,
    ) -> Result<SyncOutcome, StorageError> {
        for item in entries.iter().filter_map(|(_, item)| item.as_ref()) {
            item.content.check()?;
        }
        let own = self.address;
        self.erase("take in what waited", |tx| {
            let (board, server) = (server, servers::row_of(tx, server)?);
            let mut chains = Chains::load(tx, (server, board), &own)?;
            let (times, mut outcome) = (Times { now, alone_since: None }, SyncOutcome::default());
            for (id, item) in entries {
                // Taken by somebody else meanwhile, or gone with its epoch.
                if !take_off(tx, *id)? {
                    continue;
                }
                if let Some(item) = item {
                    let fate = chains.append(item, true, times, &mut outcome)?;
                    outcome.items.push(fate);
                }
            }
            chains.store()?;
            let stored = outcome.items.iter().filter(|fate| matches!(fate, ItemOutcome::Stored(_))).count();
            tx.execute(
                "UPDATE servers SET received = received + ?2 WHERE id = ?1",
                params![server, stored as i64],
            )?;
            outcome.current = true;
            Ok(outcome)
        })
    }
}
