//! Times of the last activity of contacts and servers: they tell which of them matters most to the person.

use cwtch_primitives::Address;
use rusqlite::{Row, params};

use super::Profile;
use super::columns::{address, key_bytes};
use super::error::StorageError;
use super::types::ContactState;

/// Least number of seconds between two updates of when a contact was last seen, however often a connection notes it.
const SEEN_EVERY: i64 = 60;

impl Profile {
    /// Keeps that an accepted contact was seen just now over an authenticated connection, at most once a minute;
    /// tells whether it wrote.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn note_seen(&mut self, contact: &Address, now: i64) -> Result<bool, StorageError> {
        self.write("note that a contact was seen", |tx| {
            // A clock that was wrong once must not keep the time that it said for ever.
            let changed = tx
                .prepare_cached(
                    "UPDATE contacts SET last_seen = ?2 WHERE key = ?1 AND state = ?3
                     AND (last_seen IS NULL OR last_seen NOT BETWEEN ?2 - ?4 + 1 AND ?2)",
                )?
                .execute(params![key_bytes(contact), now, ContactState::Accepted.code(), SEEN_EVERY])?;
            Ok(changed > 0)
        })
    }

    /// All accepted contacts, each with the time of the last message with it or of when it was last seen, whichever
    /// is later; 0 for neither.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn contact_activity(&self) -> Result<Vec<(Address, i64)>, StorageError> {
        self.read("see which contacts are active", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT c.key, max(coalesce(c.last_seen, 0), v.active)
                 FROM contacts c JOIN conversations v ON v.id = c.conversation
                 WHERE c.state = ?1 ORDER BY c.conversation",
            )?;
            let found = statement.query_map([ContactState::Accepted.code()], entry)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// All servers that carry a group, each with the time of the last message in any group on it; 0 for none.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn server_activity(&self) -> Result<Vec<(Address, i64)>, StorageError> {
        self.read("see which servers are active", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT s.key, max(v.active) FROM servers s JOIN epochs e ON e.server = s.id AND e.key IS NOT NULL
                 JOIN conversations v ON v.id = e.conversation GROUP BY s.id ORDER BY s.id",
            )?;
            let found = statement.query_map([], entry)?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

fn entry(row: &Row<'_>) -> rusqlite::Result<(Address, i64)> {
    Ok((address(row, 0)?, row.get(1)?))
}
