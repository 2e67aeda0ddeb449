//! Comparisons of logs and repairs of gaps between contacts who are in a group together (sections 7.2 and 8).

use cwtch_api::Purpose;
use cwtch_log::EntryPrefix;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::{Messages, Turns, Verdict, given};
use cwtch_wire::board::EncryptedGroupMessage;
use rusqlite::{OptionalExtension, params};

use super::apply::apply;
use super::rows::{code, wrote_in};
use super::shelf::{rows_of, shelf_of};
use crate::columns::{SIGNATURE_MAX, address, group_id, key_bytes, limit};
use crate::error::StorageError;
use crate::forks::{Act, Reading};
use crate::types::{MessageId, OVERLAY_MAX};
use crate::{Profile, SyncItem, groups, servers};

/// An accepted contact who wrote in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Companion {
    /// The contact.
    pub contact: Address,
    /// The group.
    pub group: GroupId,
    /// The group's server.
    pub server: Address,
}

/// Result of keeping a message that a member gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromMember {
    /// New: kept, and queued to be posted again.
    Stored(MessageId),
    /// It was here.
    Known,
}

impl Profile {
    /// The epochs of groups that were entered, are read and in which an accepted contact wrote. What it costs grows with those
    /// only. Whoever was left out of an epoch has written in none of its messages, and is asked nothing about it.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn companions(&self, contact: &Address) -> Result<Vec<Companion>, StorageError> {
        self.read("find contacts in groups", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT g.group_id, s.key FROM contacts c JOIN group_authors a ON a.author = c.key
                 JOIN epochs g ON g.conversation = a.conversation AND g.number = a.epoch AND g.state IN (1, 3)
                 JOIN servers s ON s.id = g.server
                 WHERE c.key = ?1 AND c.state = 1 ORDER BY s.key, g.conversation, g.state, g.number",
            )?;
            let found = statement.query_map([key_bytes(contact)], |row| {
                Ok(Companion { contact: *contact, group: group_id(row, 0)?, server: address(row, 1)? })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }

    /// The accepted contacts who wrote in an epoch of a group.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn companions_in(&self, group: &GroupId) -> Result<Vec<Companion>, StorageError> {
        self.read("find contacts in a group", |conn| {
            let found = groups::by_id(conn, group)?.ok_or(StorageError::UnknownGroup)?;
            let mut statement = conn.prepare_cached(
                "SELECT c.key FROM group_authors a JOIN contacts c ON c.key = a.author AND c.state = 1
                 WHERE a.conversation = ?1 AND a.epoch = ?2 ORDER BY c.key",
            )?;
            let rows = statement.query_map([found.conversation.0, found.epoch.cast_signed()], |row| {
                Ok(Companion { contact: address(row, 0)?, group: found.id, server: found.server })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// True if somebody wrote in an epoch of a group.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn is_author(&self, group: &GroupId, author: &Address) -> Result<bool, StorageError> {
        self.read("find an author", |conn| {
            let group = groups::by_id(conn, group)?.ok_or(StorageError::UnknownGroup)?;
            wrote_in(conn, &group, author)
        })
    }

    /// Time at which the log of a server was last compared with a contact, unix seconds; `None` if it never was.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn last_comparison(&self, server: &Address, contact: &Address) -> Result<Option<i64>, StorageError> {
        self.read("read a comparison", |conn| {
            let server = servers::row_of(conn, server)?;
            Ok(conn
                .prepare_cached("SELECT at FROM comparisons WHERE server = ?1 AND contact = ?2")?
                .query_row(params![server, key_bytes(contact)], |row| row.get(0))
                .optional()?)
        })
    }

    /// Notes that the log of a server is compared with a contact.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn note_comparison(
        &mut self,
        server: &Address,
        contact: &Address,
        now: i64,
    ) -> Result<(), StorageError> {
        self.write("note a comparison", |tx| {
            let server = servers::row_of(tx, server)?;
            tx.execute(
                "INSERT OR REPLACE INTO comparisons (server, contact, at) VALUES (?1, ?2, ?3)",
                params![server, key_bytes(contact), now],
            )?;
            Ok(())
        })
    }

    /// The beginnings of the ids of entries of a group that are missing and that a member may have: what messages name,
    /// and who came before a missing number. Of each author's messages the newest first, by turns, so that nobody who
    /// names many stands in the way of another; at most `limit`, without the first `skipped`. Tells also whether there are
    /// more behind these.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn wanted_entries(
        &self,
        group: &GroupId,
        skipped: u32,
        limit: u32,
    ) -> Result<(Vec<EntryPrefix>, bool), StorageError> {
        self.read("find missing messages", |conn| {
            let group = groups::by_id(conn, group)?.ok_or(StorageError::UnknownGroup)?;
            let repaired = Verdict::ALL.into_iter().filter(|verdict| verdict.may_be_repaired());
            let repaired: Vec<String> = repaired.map(|verdict| code(verdict).to_string()).collect();
            let mut named = conn.prepare_cached(&format!(
                "SELECT m.author, p.message, p.entry
                 FROM parents p INDEXED BY parents_missing CROSS JOIN messages m ON m.id = p.message
                 WHERE p.conversation = ?1 AND p.verdict > 1 AND p.verdict IN ({}) AND m.epoch = ?2
                 UNION ALL
                 SELECT m.author, m.id, m.chain_previous FROM chain_holes h CROSS JOIN messages m
                     ON m.conversation = h.conversation AND m.author = h.author
                     AND m.chain_label = h.label AND m.chain_sequence = h.last + 1 AND m.epoch = h.epoch
                 WHERE h.conversation = ?1 AND h.epoch = ?2 AND m.chain_previous IS NOT NULL",
                repaired.join(", ")
            ))?;
            let most = usize::try_from(skipped.saturating_add(limit)).unwrap_or(usize::MAX);
            let mut turns = Turns::new(most);
            let mut rows = named.query([group.conversation.0, group.epoch.cast_signed()])?;
            while let Some(row) = rows.next()? {
                turns.add(row.get(0)?, row.get(1)?, EntryPrefix::from_bytes(row.get(2)?));
            }
            let first = turns.first();
            let skipped = usize::try_from(skipped).unwrap_or(usize::MAX);
            let shelf = rows_of(conn, &group, &self.address);
            let mut missing = Vec::new();
            for entry in first.iter().skip(skipped) {
                if !shelf.has_entry(entry)? {
                    missing.push(*entry);
                }
            }
            Ok((missing, first.len() >= most))
        })
    }

    /// Those of some entries of a group that are here, by the beginnings of their ids.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn held_entries(
        &self,
        group: &GroupId,
        entries: &[EntryPrefix],
    ) -> Result<Vec<EntryPrefix>, StorageError> {
        self.read("find messages of a group", |conn| {
            let group = groups::by_id(conn, group)?.ok_or(StorageError::UnknownGroup)?;
            let shelf = rows_of(conn, &group, &self.address);
            let mut held = Vec::new();
            for entry in entries {
                if shelf.has_entry(entry)? {
                    held.push(*entry);
                }
            }
            Ok(held)
        })
    }

    /// An entry of a group as it was posted, by the beginning of its id: an own one, or one of the newest received.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn kept_entry(
        &self,
        group: &GroupId,
        entry: &EntryPrefix,
    ) -> Result<Option<EncryptedGroupMessage>, StorageError> {
        self.read("find a message for a member", |conn| {
            let group = groups::by_id(conn, group)?.ok_or(StorageError::UnknownGroup)?;
            let (least, greatest) = entry.range();
            Ok(conn
                .prepare_cached(
                    "SELECT m.signature, coalesce(r.ciphertext, o.ciphertext, p.ciphertext) AS bytes
                     FROM messages m INDEXED BY messages_by_entry
                     LEFT JOIN received_entries r ON r.message = m.id
                     LEFT JOIN own_entries o ON o.message = m.id LEFT JOIN posts p ON p.message = m.id
                     WHERE m.entry_id BETWEEN ?2 AND ?3 AND m.conversation = ?1 AND m.epoch = ?4
                         AND bytes IS NOT NULL LIMIT 1",
                )?
                .query_row(
                    params![
                        group.conversation.0,
                        least.as_bytes(),
                        greatest.as_bytes(),
                        group.epoch.cast_signed()
                    ],
                    |row| Ok(EncryptedGroupMessage { signature: row.get(0)?, ciphertext: row.get(1)? }),
                )
                .optional()?)
        })
    }

    /// Keeps a verified message that a member gave and that the server has not shown, and queues it to be posted again,
    /// with the same bytes.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], [`StorageError::TooLong`], or trouble with the database.
    pub fn store_from_member(&mut self, item: &SyncItem, now: i64) -> Result<FromMember, StorageError> {
        item.content.check()?;
        limit(Purpose::EncryptedMessage, item.ciphertext.len(), OVERLAY_MAX)?;
        limit(Purpose::Signature, item.signature.len().max(item.previous.len()), SIGNATURE_MAX)?;
        let own = self.address;
        self.write("store a message of a member", |tx| {
            let group = groups::by_id(tx, &item.group)?.ok_or(StorageError::UnknownGroup)?;
            let shelf = shelf_of(tx, &group, &own)?;
            // What the server says of its place, only the server says.
            let message = item.message(tx, None, now, true);
            let step = given(&shelf, &message.arrival)?;
            let applied = apply(&shelf, &step.changes, Some(&message))?;
            if applied.this.is_some() {
                let act = Act { tx, own: &own, now: now.max(0).cast_unsigned(), late: true };
                let mut reading = Reading::new(act, &group.server);
                reading.message(item)?;
                reading.finish()?;
            }
            Ok(applied.this.map_or(FromMember::Known, FromMember::Stored))
        })
    }
}
