//! References that are still to be judged, and the verdicts.

use cwtch_log::{EntryId, EntryPrefix};
use cwtch_primitives::Address;
use cwtch_protocol::group::{Change, Open, OpenReference, OpenView, Row as MessageRow};
use cwtch_wire::group::{Gossip, Parent};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::apply;
use crate::columns::unsigned;
use crate::error::{StorageError, TxError};
use crate::types::MessageId;
use crate::{Profile, servers};

/// A condition that a message `m` is meant; the parameter is that of [`covered`].
fn condition(which: Open) -> &'static str {
    match which {
        Open::Covered(_) => "coalesce(m.log_index < ?5, 0)",
        Open::Uncovered(_) => "NOT coalesce(m.log_index < ?5, 0)",
        Open::All => "?5 IS NULL",
    }
}

fn covered(which: Open) -> Option<i64> {
    match which {
        Open::Covered(size) | Open::Uncovered(size) => Some(size.cast_signed()),
        Open::All => None,
    }
}

impl Profile {
    /// References of the groups of a server that are to be judged, at most `limit`, oldest message first and behind the
    /// one given.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn open_parents(
        &self,
        server: &Address,
        which: Open,
        after: Option<(MessageId, u8)>,
        limit: u32,
    ) -> Result<Vec<OpenReference>, StorageError> {
        self.read("read what messages refer to", |conn| {
            let server = servers::row_of(conn, server)?;
            let mut statement = conn.prepare_cached(&format!(
                "SELECT p.message, p.number, p.entry, p.log_index, p.waited, m.log_index, v.incarnation, v.size,
                     v.root
                 FROM epochs g JOIN parents p ON p.conversation = g.conversation AND p.verdict = 0
                 JOIN messages m ON m.id = p.message AND m.epoch = g.number LEFT JOIN views v ON v.message = p.message
                 WHERE g.server = ?1 AND (p.message, p.number) > (?3, ?4) AND {}
                 ORDER BY p.message, p.number LIMIT ?2",
                condition(which)
            ))?;
            let (message, number) = after.map_or((0, -1), |(message, number)| (message.0, i64::from(number)));
            let rows = statement.query_map(params![server, limit, message, number, covered(which)], |row| {
                Ok(OpenReference {
                    row: MessageRow(row.get(0)?),
                    number: row.get(1)?,
                    parent: Parent { id: EntryPrefix::from_bytes(row.get(2)?), index: unsigned(row, 3)? },
                    index: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
                    gossip: gossip(row, 6)?,
                    waited: row.get(4)?,
                    own_entry: None,
                    own_root: None,
                })
            })?;
            let mut found: Vec<OpenReference> = rows.collect::<Result<_, _>>()?;
            for open in &mut found {
                open.own_entry = entry_at(conn, server, open.parent.index)?;
                if let Some(gossip) = &open.gossip {
                    open.own_root = root_of(conn, server, gossip.size)?;
                }
            }
            Ok(found)
        })
    }

    /// Views of a server's log that messages of others claim and that are not judged yet, at most `limit`, oldest
    /// message first and behind the one given.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn open_views(
        &self,
        server: &Address,
        which: Open,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<OpenView>, StorageError> {
        self.read("read what members say about a log", |conn| {
            let server = servers::row_of(conn, server)?;
            let mut statement = conn.prepare_cached(&format!(
                // In this order: few are not judged yet, and the groups have all messages.
                "SELECT v.message, m.author, m.log_index, v.incarnation, v.size, v.root, v.waited
                 FROM views v INDEXED BY views_to_be_judged
                 CROSS JOIN messages m ON m.id = v.message
                 CROSS JOIN epochs g ON g.conversation = m.conversation AND g.number = m.epoch
                 WHERE v.differs IS NULL AND g.server = ?1 AND m.own = 0 AND v.message > ?3 AND {}
                 ORDER BY v.message LIMIT ?2",
                condition(which).replace("?5", "?4")
            ))?;
            let after = after.map_or(0, |message| message.0);
            let rows = statement.query_map(params![server, limit, after, covered(which)], |row| {
                let index = row.get::<_, Option<i64>>(2)?;
                Ok((MessageRow(row.get(0)?), row.get(1)?, index, gossip(row, 3)?, row.get(6)?))
            })?;
            let mut found = Vec::new();
            for row in rows {
                if let (row, author, index, Some(gossip), waited) = row? {
                    let own_root = root_of(conn, server, gossip.size)?;
                    let index = index.map(i64::cast_unsigned);
                    found.push(OpenView { row, author, index, gossip, waited, own_root });
                }
            }
            Ok(found)
        })
    }

    /// True if anything is to be judged in the groups of a server.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn anything_open(&self, server: &Address) -> Result<bool, StorageError> {
        self.read("look for what is to be judged", |conn| {
            let server = servers::row_of(conn, server)?;
            let parents =
                "SELECT 1 FROM epochs g JOIN parents p ON p.conversation = g.conversation AND p.verdict = 0
                 JOIN messages m ON m.id = p.message AND m.epoch = g.number
                 WHERE g.server = ?1 LIMIT 1";
            let views = "SELECT 1 FROM views v INDEXED BY views_to_be_judged
                 CROSS JOIN messages m ON m.id = v.message
                 CROSS JOIN epochs g ON g.conversation = m.conversation AND g.number = m.epoch
                 WHERE v.differs IS NULL AND g.server = ?1 AND m.own = 0 LIMIT 1";
            Ok(conn.prepare_cached(parents)?.exists([server])?
                || conn.prepare_cached(views)?.exists([server])?)
        })
    }

    /// Keeps what was judged.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn keep_verdicts(&mut self, changes: &[Change]) -> Result<(), StorageError> {
        if changes.is_empty() {
            return Ok(());
        }
        self.write("keep what was found about messages", |tx| apply::verdicts(tx, changes))
    }
}

fn gossip(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Gossip>> {
    let Some(root) = row.get(first + 2)? else { return Ok(None) };
    Ok(Some(Gossip { incarnation: unsigned(row, first)?, size: unsigned(row, first + 1)?, root }))
}

/// The entry at a place of a server's log: of the own groups, or among the newest.
fn entry_at(conn: &Connection, server: i64, index: u64) -> Result<Option<EntryPrefix>, TxError> {
    let index = index.cast_signed();
    let found: Option<[u8; 32]> = conn
        .prepare_cached(
            "SELECT entry FROM log_ids WHERE server = ?1 AND place = ?2
             UNION ALL
             SELECT m.entry_id FROM epochs g
             JOIN messages m ON m.conversation = g.conversation AND m.epoch = g.number
             WHERE g.server = ?1 AND m.log_index = ?2 AND m.log_root IS NOT NULL AND m.entry_id IS NOT NULL
             LIMIT 1",
        )?
        .query_row(params![server, index], |row| row.get(0))
        .optional()?;
    Ok(found.map(|id| EntryId::from_bytes(id).prefix()))
}

/// The own root of a size, where a message stands at its end.
fn root_of(conn: &Connection, server: i64, size: u64) -> Result<Option<[u8; 32]>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT m.log_root FROM epochs g
             JOIN messages m ON m.conversation = g.conversation AND m.epoch = g.number
             WHERE g.server = ?1 AND m.log_index = ?2 AND m.log_root IS NOT NULL LIMIT 1",
        )?
        .query_row(params![server, size.wrapping_sub(1).cast_signed()], |row| row.get(0))
        .optional()?)
}
