//! Notes for a person about a message.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use cwtch_primitives::Address;
use cwtch_protocol::group::{Facts, Gone, Hole, Note, Verdict, Why};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::from_code;
use super::shelf::hole;
use crate::Profile;
use crate::columns::{address_of, unsigned};
use crate::error::{StorageError, TxError};
use crate::types::{ConversationId, MessageId};

/// An author of whom messages are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingFrom {
    /// The author.
    pub author: Address,
    /// The count.
    pub count: u64,
}

impl Profile {
    /// Notes about a message, the gravest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn notes(&self, message: MessageId) -> Result<Vec<Note>, StorageError> {
        self.read("read what is known about a message", |conn| {
            let is = |sql: &str| Ok::<_, TxError>(conn.prepare_cached(sql)?.exists([message.0])?);
            let hole = hole_before(conn, message)?;
            let facts = Facts {
                verdicts: verdicts(conn, message)?,
                differs: is("SELECT 1 FROM views WHERE message = ?1 AND differs = 1")?,
                copied: is("SELECT 1 FROM message_copies WHERE message = ?1")?,
                from_member: is("SELECT 1 FROM messages WHERE id = ?1 AND from_member = 1")?,
                conflicting: is(
                    "SELECT 1 FROM messages m JOIN messages o ON o.conversation = m.conversation
                         AND o.author = m.author AND o.chain_label = m.chain_label
                         AND o.chain_sequence = m.chain_sequence AND o.epoch = m.epoch AND o.id <> m.id
                     WHERE m.id = ?1 AND m.chain_label IS NOT NULL",
                )?,
                hole: hole.map(|(hole, _)| hole),
            };
            let gone = hole.map(|(_, epoch)| gone(conn, epoch)).transpose()?;
            Ok(facts.notes(&gone.unwrap_or_default()))
        })
    }

    /// The authors of a group of whom messages are missing that were not delivered, and how many.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn missing(&self, conversation: ConversationId) -> Result<Vec<MissingFrom>, StorageError> {
        self.read("count missing messages", |conn| {
            let mut counts: BTreeMap<[u8; 32], u64> = BTreeMap::new();
            let mut gone_of: BTreeMap<i64, Gone> = BTreeMap::new();
            let mut holes = conn.prepare_cached(
                "SELECT first, last, after_index, before_index, author, epoch FROM chain_holes
                 WHERE conversation = ?1",
            )?;
            for row in
                holes.query_map([conversation.0], |row| Ok((hole(row, 0)?, row.get(4)?, row.get(5)?)))?
            {
                let (hole, author, epoch) = row?;
                let gone = match gone_of.entry(epoch) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => new.insert(gone(conn, (conversation, epoch))?),
                };
                if gone.why(&hole) == Why::NotDelivered {
                    *counts.entry(author).or_default() += u64::from(hole.count());
                }
            }
            let mut forgotten = conn.prepare_cached(
                "SELECT author, forgotten FROM chains WHERE conversation = ?1 AND forgotten > 0",
            )?;
            for row in forgotten.query_map([conversation.0], |row| Ok((row.get(0)?, unsigned(row, 1)?)))? {
                let (author, count) = row?;
                *counts.entry(author).or_default() += count;
            }
            let named = |(author, count): ([u8; 32], u64)| {
                Ok::<_, TxError>(MissingFrom { author: address_of(&author)?, count })
            };
            counts.into_iter().map(named).collect()
        })
    }
}

fn verdicts(conn: &Connection, message: MessageId) -> Result<Vec<(Verdict, u64)>, TxError> {
    let mut statement =
        conn.prepare_cached("SELECT verdict, count(*) FROM parents WHERE message = ?1 GROUP BY verdict")?;
    let found = statement.query_map([message.0], |row| Ok((from_code(row.get(0)?), unsigned(row, 1)?)))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// An epoch: its conversation and its number.
type EpochName = (ConversationId, i64);

/// Parts that were never shown of the log of an epoch's server.
fn gone(conn: &Connection, (conversation, epoch): EpochName) -> Result<Gone, TxError> {
    let found = conn
        .prepare_cached("SELECT server, read_from FROM epochs WHERE conversation = ?1 AND number = ?2")?
        .query_row([conversation.0, epoch], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned)))
        })
        .optional()?;
    // Nothing of a group that was left is told.
    let Some((server, read_from)) = found else { return Ok(Gone::default()) };
    let mut ranges = conn.prepare_cached(
        "SELECT first, behind FROM log_unread WHERE server = ?1
         UNION ALL SELECT first, behind FROM log_losses WHERE server = ?1",
    )?;
    let ranges = ranges.query_map([server], |row| Ok((unsigned(row, 0)?, unsigned(row, 1)?)))?;
    Ok(Gone { read_from: read_from.unwrap_or(0), ranges: ranges.collect::<Result<_, _>>()? })
}

/// The hole of its author's chain that ends right before a message, and the message's epoch.
fn hole_before(conn: &Connection, message: MessageId) -> Result<Option<(Hole, EpochName)>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT h.first, h.last, h.after_index, h.before_index, m.conversation, m.epoch
             FROM messages m JOIN chain_holes h ON h.conversation = m.conversation AND h.author = m.author
                 AND h.label = m.chain_label AND h.last = m.chain_sequence - 1 AND h.epoch = m.epoch
             WHERE m.id = ?1 AND m.chain_label IS NOT NULL LIMIT 1",
        )?
        .query_row(params![message.0], |row| Ok((hole(row, 0)?, (ConversationId(row.get(4)?), row.get(5)?))))
        .optional()?)
}
