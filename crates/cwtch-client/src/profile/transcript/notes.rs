//! What a person is told about a message.

use cwtch_primitives::Address;
use cwtch_protocol::transcript::Verdict;
use rusqlite::{Connection, OptionalExtension, params};

use super::open::from_code;
use crate::profile::Profile;
use crate::profile::columns::{address, unsigned};
use crate::profile::error::{Fault, StorageError};
use crate::profile::types::{ConversationId, MessageId};

/// What there is to say about a message, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoteKind {
    /// Its author used its number for another message, too.
    Conflicting,
    /// Its author reports a different log of the server.
    OtherLog,
    /// So many messages of its author are missing before it.
    Missing,
    /// The same, and they may have expired on the server.
    MissingExpired,
    /// What its references came to.
    Parent(Verdict),
    /// Somebody posted it again.
    Copy,
    /// A member gave it; the server has not shown it.
    Late,
}

/// One thing that a person is told about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    /// What.
    pub kind: NoteKind,
    /// How many messages it is about, where that matters.
    pub count: u64,
}

/// An author of whom messages are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissingFrom {
    /// The author.
    pub author: Address,
    /// How many.
    pub count: u64,
}

impl Profile {
    /// What there is to say about a message, the gravest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn notes(&self, message: MessageId) -> Result<Vec<Note>, StorageError> {
        self.read("read what is known about a message", |conn| {
            let mut notes = parents(conn, message)?;
            let one = |kind| Note { kind, count: 1 };
            if exists(conn, "SELECT 1 FROM views WHERE message = ?1 AND differs = 1", message)? {
                notes.push(one(NoteKind::OtherLog));
            }
            if exists(conn, "SELECT 1 FROM message_copies WHERE message = ?1", message)? {
                notes.push(one(NoteKind::Copy));
            }
            if exists(conn, "SELECT 1 FROM messages WHERE id = ?1 AND from_member = 1", message)? {
                notes.push(one(NoteKind::Late));
            }
            let conflicting = "SELECT 1 FROM messages m JOIN messages o ON o.conversation = m.conversation
                     AND o.author = m.author AND o.chain_label = m.chain_label
                     AND o.chain_sequence = m.chain_sequence AND o.id <> m.id
                 WHERE m.id = ?1 AND m.chain_label IS NOT NULL";
            if exists(conn, conflicting, message)? {
                notes.push(one(NoteKind::Conflicting));
            }
            if let Some((count, expired)) = hole_before(conn, message)? {
                let kind = if expired { NoteKind::MissingExpired } else { NoteKind::Missing };
                notes.push(Note { kind, count });
            }
            notes.sort_unstable();
            notes.dedup_by_key(|note| note.kind);
            Ok(notes)
        })
    }

    /// The authors of a group of whom messages are missing, and how many.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn missing(&self, conversation: ConversationId) -> Result<Vec<MissingFrom>, StorageError> {
        self.read("count missing messages", |conn| {
            let mut statement = conn.prepare_cached(
                &("SELECT author, sum(count) AS count FROM (
                     SELECT h.author AS author, h.last - h.first + 1 AS count FROM chain_holes h
                     JOIN epochs g ON g.conversation = h.conversation
                     WHERE h.conversation = ?1 AND NOT "
                    .to_owned()
                    + EXPIRED
                    + " UNION ALL
                     SELECT author, forgotten FROM chains WHERE conversation = ?1 AND forgotten > 0)
                 GROUP BY author ORDER BY author"),
            )?;
            let found = statement.query_map([conversation.0], |row| {
                Ok(MissingFrom { author: address(row, 0)?, count: unsigned(row, 1)? })
            })?;
            Ok(found.collect::<Result<_, _>>()?)
        })
    }
}

fn exists(conn: &Connection, sql: &str, message: MessageId) -> Result<bool, Fault> {
    Ok(conn.prepare_cached(sql)?.exists([message.0])?)
}

fn parents(conn: &Connection, message: MessageId) -> Result<Vec<Note>, Fault> {
    let mut statement =
        conn.prepare_cached("SELECT verdict, count(*) FROM parents WHERE message = ?1 GROUP BY verdict")?;
    let found = statement.query_map([message.0], |row| Ok((row.get::<_, i64>(0)?, unsigned(row, 1)?)))?;
    let mut notes = Vec::new();
    for row in found {
        let (code, count) = row?;
        let kind = match from_code(code) {
            Some(Verdict::Fine) => continue,
            Some(verdict) => NoteKind::Parent(verdict),
            // Of a later version.
            None => NoteKind::Parent(Verdict::Undecided),
        };
        notes.push(Note { kind, count });
    }
    Ok(notes)
}

/// Whether the entries between the neighbours of a hole `h` in a group `g` may never have been shown: they expired before
/// they were read, or were declared lost. As [`cwtch_protocol::transcript::View::unseen`].
const EXPIRED: &str = "(coalesce(h.after_index + 1, 0) < coalesce(g.read_from, 0)
    OR EXISTS (SELECT 1 FROM log_unread u WHERE u.server = g.server AND u.first < h.before_index
               AND u.behind > coalesce(h.after_index + 1, 0))
    OR EXISTS (SELECT 1 FROM log_losses l WHERE l.server = g.server AND l.first < h.before_index
               AND l.behind > coalesce(h.after_index + 1, 0)))";

/// How many numbers are missing right before a message, and whether they may have expired.
fn hole_before(conn: &Connection, message: MessageId) -> Result<Option<(u64, bool)>, Fault> {
    let sql = "SELECT h.last - h.first + 1, ".to_owned()
        + EXPIRED
        + " FROM messages m JOIN epochs g ON g.conversation = m.conversation
             JOIN chain_holes h ON h.conversation = m.conversation AND h.author = m.author
                 AND h.label = m.chain_label AND h.last = m.chain_sequence - 1
             WHERE m.id = ?1 AND m.chain_label IS NOT NULL LIMIT 1";
    Ok(conn
        .prepare_cached(&sql)?
        .query_row(params![message.0], |row| Ok((unsigned(row, 0)?, row.get(1)?)))
        .optional()?)
}
