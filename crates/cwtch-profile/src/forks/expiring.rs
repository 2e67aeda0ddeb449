//! Forks that were never followed, and that nobody can follow any more: their keys are erased, and what they are stays known.

use cwtch_primitives::Address;
use cwtch_protocol::group::fork::{Event, OPENABLE};
use cwtch_wire::group::fork::ForkId;
use rusqlite::{Connection, params};

use super::act::Act;
use super::rows::fork_id;
use super::view;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;
use crate::{Profile, epochs, log, servers};

impl Profile {
    /// Behind a completed sync with a server: erases the keys of forks that nobody followed for 30 days and that neither the person nor the rules
    /// can follow any more, with what others wrote there. They are those that are read on the server, and those of groups on it which
    /// lead to servers that are not known here. Time is the earlier of the own clock, in unix seconds, and what the server or other authors
    /// say. Tells whether there was one: then keys that are in use are to be read again.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn expire_forks(&mut self, server: &Address, now: i64) -> Result<bool, StorageError> {
        let own = self.address;
        let expired = self.write("erase forks that are over", |tx| {
            let old = old(tx, servers::row_of(tx, server)?, now)?;
            if old.is_empty() {
                return Ok(0);
            }
            let checkpoint = log::status_of(tx, server)?.checked;
            let mut expired = 0;
            for (conversation, fork) in old {
                let time = epochs::erasing_time(tx, conversation, checkpoint, now)?;
                if !view::load(tx, &own, conversation)?.can_be_followed(&fork, time) {
                    let act = Act { tx, own: &own, now: u64::try_from(now).unwrap_or(0), late: false };
                    act.happens(conversation, &Event::Expires(fork))?;
                    expired += 1;
                }
            }
            Ok(expired)
        })?;
        self.erased(expired);
        Ok(expired > 0)
    }
}

/// The forks that were opened long enough ago that they may be over.
fn old(tx: &Connection, server: i64, now: i64) -> Result<Vec<(ConversationId, ForkId)>, TxError> {
    let mut statement = tx.prepare_cached(
        "SELECT f.conversation, f.fork FROM forks f
         LEFT JOIN epochs e ON (e.conversation, e.fork_id) = (f.conversation, f.fork)
         WHERE f.opened < ?2 AND ((e.state = 2 AND e.server = ?1)
             OR (e.id IS NULL
                 AND EXISTS (SELECT 1 FROM epochs w
                     WHERE w.conversation = f.conversation AND w.state = 1 AND w.server = ?1)
                 AND EXISTS (SELECT 1 FROM fork_contents c
                     WHERE (c.conversation, c.fork) = (f.conversation, f.fork) AND c.secret IS NOT NULL)))
         ORDER BY f.conversation, f.depth",
    )?;
    let rows = statement.query_map(params![server, now.saturating_sub(OPENABLE.cast_signed())], |row| {
        Ok((ConversationId(row.get(0)?), fork_id(row, 1)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
