//! What is still to be judged, and the verdicts.

use cwtch_log::{EntryId, EntryPrefix};
use cwtch_primitives::Address;
use cwtch_protocol::transcript::Verdict;
use cwtch_wire::group::{Gossip, Parent};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Touched;
use crate::profile::columns::{address, key_bytes, unsigned};
use crate::profile::error::{Fault, StorageError};
use crate::profile::types::MessageId;
use crate::profile::{Profile, servers};

/// The schema's number of [`Verdict::AuthorLies`]: another entry stands where the message says.
pub(in crate::profile) const AUTHOR_LIES: i64 = 4;

/// The schema's number of a verdict; 0 is looked at again.
pub(super) fn code(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Waiting => 0,
        Verdict::Fine => 1,
        Verdict::Expired => 2,
        Verdict::Unreadable => 3,
        Verdict::AuthorLies => AUTHOR_LIES,
        Verdict::SplitView => 5,
        Verdict::Undecided => 6,
        Verdict::CannotTell => 7,
    }
}

/// The verdict of a number of the schema.
pub(super) fn from_code(number: i64) -> Option<Verdict> {
    const ALL: [Verdict; 8] = [
        Verdict::Waiting,
        Verdict::Fine,
        Verdict::Expired,
        Verdict::Unreadable,
        Verdict::AuthorLies,
        Verdict::SplitView,
        Verdict::Undecided,
        Verdict::CannotTell,
    ];
    ALL.into_iter().find(|verdict| code(*verdict) == number)
}

/// Which of what is open.
///
/// What a message says that the verified log holds can be decided at once, whatever it says: nobody refers to what comes
/// after the own message. Only a message that the server has not shown yet, and so its references, may have to wait for
/// the log; what waits is looked at when a sync ends, and waits for a number of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Of messages below this size of the log.
    Covered(u64),
    /// Of the others.
    Uncovered(u64),
    /// All: the server has no log.
    All,
}

impl Open {
    /// Whether a message `m` is meant; the parameter is [`Open::covered`].
    fn condition(self) -> &'static str {
        match self {
            Self::Covered(_) => "coalesce(m.log_index < ?5, 0)",
            Self::Uncovered(_) => "NOT coalesce(m.log_index < ?5, 0)",
            Self::All => "?5 IS NULL",
        }
    }

    fn covered(self) -> Option<i64> {
        match self {
            Self::Covered(size) | Self::Uncovered(size) => Some(size.cast_signed()),
            Self::All => None,
        }
    }
}

/// A reference that is to be judged.
#[derive(Debug, Clone)]
pub struct OpenParent {
    /// The message that has it.
    pub message: MessageId,
    /// Which of its references.
    pub number: u8,
    /// What it names.
    pub parent: Parent,
    /// What its author computed over the log.
    pub gossip: Option<Gossip>,
    /// The message's own index; `None` for one that came from a member.
    pub index: Option<u64>,
    /// Syncs that it has waited for.
    pub waited: u32,
    /// The own entry at the place that it names, as far as the tables of messages and of the newest entries tell.
    pub own_entry: Option<EntryId>,
    /// The own root of the size of `gossip`, as far as the messages tell.
    pub own_root: Option<[u8; 32]>,
}

/// What an author computed over the log, to be compared.
#[derive(Debug, Clone)]
pub struct OpenView {
    /// The message that says it.
    pub message: MessageId,
    /// Its author.
    pub author: Address,
    /// Its own index; `None` for one that came from a member.
    pub index: Option<u64>,
    /// What it says.
    pub gossip: Gossip,
    /// Syncs that it has waited for.
    pub waited: u32,
    /// The own root of that size, as far as the messages tell.
    pub own_root: Option<[u8; 32]>,
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
    ) -> Result<Vec<OpenParent>, StorageError> {
        self.read("read what messages refer to", |conn| {
            let server = servers::row_of(conn, server)?;
            let mut statement = conn.prepare_cached(&format!(
                "SELECT p.message, p.number, p.entry, p.log_index, p.waited, m.log_index, v.incarnation, v.size,
                     v.root
                 FROM epochs g JOIN parents p ON p.conversation = g.conversation AND p.verdict = 0
                 JOIN messages m ON m.id = p.message LEFT JOIN views v ON v.message = p.message
                 WHERE g.server = ?1 AND (p.message, p.number) > (?3, ?4) AND {}
                 ORDER BY p.message, p.number LIMIT ?2",
                which.condition()
            ))?;
            let (message, number) = after.map_or((0, -1), |(message, number)| (message.0, i64::from(number)));
            let rows = statement.query_map(params![server, limit, message, number, which.covered()], |row| {
                Ok(OpenParent {
                    message: MessageId(row.get(0)?),
                    number: row.get(1)?,
                    parent: Parent { id: EntryPrefix::from_bytes(row.get(2)?), index: unsigned(row, 3)? },
                    index: row.get::<_, Option<i64>>(5)?.map(i64::cast_unsigned),
                    gossip: gossip(row, 6)?,
                    waited: row.get(4)?,
                    own_entry: None,
                    own_root: None,
                })
            })?;
            let mut found: Vec<OpenParent> = rows.collect::<Result<_, _>>()?;
            for open in &mut found {
                open.own_entry = entry_at(conn, server, open.parent.index)?;
                if let Some(gossip) = &open.gossip {
                    open.own_root = root_of(conn, server, gossip.size)?;
                }
            }
            Ok(found)
        })
    }

    /// What authors computed over the log of a server and what is not compared yet, at most `limit`, oldest message first and
    /// behind the one given.
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
                 CROSS JOIN messages m ON m.id = v.message CROSS JOIN epochs g ON g.conversation = m.conversation
                 WHERE v.differs IS NULL AND g.server = ?1 AND m.own = 0 AND v.message > ?3 AND {}
                 ORDER BY v.message LIMIT ?2",
                which.condition().replace("?5", "?4")
            ))?;
            let after = after.map_or(0, |message| message.0);
            let rows = statement.query_map(params![server, limit, after, which.covered()], |row| {
                let index = row.get::<_, Option<i64>>(2)?;
                Ok((MessageId(row.get(0)?), address(row, 1)?, index, gossip(row, 3)?, row.get(6)?))
            })?;
            let mut found = Vec::new();
            for row in rows {
                if let (message, author, index, Some(gossip), waited) = row? {
                    let own_root = root_of(conn, server, gossip.size)?;
                    let index = index.map(i64::cast_unsigned);
                    found.push(OpenView { message, author, index, gossip, waited, own_root });
                }
            }
            Ok(found)
        })
    }

    /// Whether anything is to be judged in the groups of a server.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn anything_open(&self, server: &Address) -> Result<bool, StorageError> {
        self.read("look for what is to be judged", |conn| {
            let server = servers::row_of(conn, server)?;
            let parents = "SELECT 1 FROM epochs g JOIN parents p ON p.conversation = g.conversation AND p.verdict = 0
                 WHERE g.server = ?1 LIMIT 1";
            let views = "SELECT 1 FROM views v INDEXED BY views_to_be_judged
                 CROSS JOIN messages m ON m.id = v.message CROSS JOIN epochs g ON g.conversation = m.conversation
                 WHERE v.differs IS NULL AND g.server = ?1 AND m.own = 0 LIMIT 1";
            Ok(conn.prepare_cached(parents)?.exists([server])? || conn.prepare_cached(views)?.exists([server])?)
        })
    }

    /// Keeps verdicts. [`Verdict::Waiting`] leaves a reference open, and counts a sync. Gives the messages about which a
    /// person may be told something else than before.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn judge_parents(
        &mut self,
        verdicts: &[(MessageId, u8, Verdict)],
    ) -> Result<Vec<MessageId>, StorageError> {
        if verdicts.is_empty() {
            return Ok(Vec::new());
        }
        self.write("keep what was found about messages", |tx| {
            let mut touched = Touched::new();
            for (message, number, verdict) in verdicts {
                if *verdict == Verdict::Waiting {
                    wait(tx, *message, *number)?;
                    continue;
                }
                tx.prepare_cached("UPDATE parents SET verdict = ?3 WHERE message = ?1 AND number = ?2")?
                    .execute(params![message.0, number, code(*verdict)])?;
                touched.insert(*message);
            }
            Ok(touched.into_iter().collect())
        })
    }

    /// Keeps whether what authors computed is another log; `None` leaves it open, and counts a sync. Gives the messages about
    /// which a person may be told something else than before.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn judge_views(
        &mut self,
        verdicts: &[(MessageId, Option<bool>)],
    ) -> Result<Vec<MessageId>, StorageError> {
        if verdicts.is_empty() {
            return Ok(Vec::new());
        }
        self.write("keep what members say about a log", |tx| {
            let mut touched = Vec::new();
            for (message, differs) in verdicts {
                let Some(differs) = differs else {
                    tx.prepare_cached("UPDATE views SET waited = waited + 1 WHERE message = ?1")?
                        .execute([message.0])?;
                    continue;
                };
                tx.prepare_cached("UPDATE views SET differs = ?2 WHERE message = ?1")?
                    .execute(params![message.0, differs])?;
                touched.extend(differs.then_some(*message));
            }
            Ok(touched)
        })
    }
}

/// Counts a sync that brought nothing.
fn wait(conn: &Connection, message: MessageId, number: u8) -> Result<(), Fault> {
    conn.prepare_cached(
        "UPDATE parents SET waited = waited + 1 WHERE message = ?1 AND number = ?2 AND verdict = 0",
    )?
    .execute(params![message.0, number])?;
    Ok(())
}

fn gossip(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<Gossip>> {
    let Some(root) = row.get(first + 2)? else { return Ok(None) };
    Ok(Some(Gossip { incarnation: unsigned(row, first)?, size: unsigned(row, first + 1)?, root }))
}

/// The entry at a place of a server's log: of the own groups, or among the newest.
fn entry_at(conn: &Connection, server: i64, index: u64) -> Result<Option<EntryId>, Fault> {
    let index = index.cast_signed();
    let found: Option<[u8; 32]> = conn
        .prepare_cached(
            "SELECT entry FROM log_ids WHERE server = ?1 AND place = ?2
             UNION ALL
             SELECT m.entry_id FROM epochs g JOIN messages m ON m.conversation = g.conversation
             WHERE g.server = ?1 AND m.log_index = ?2 AND m.log_root IS NOT NULL AND m.entry_id IS NOT NULL
             LIMIT 1",
        )?
        .query_row(params![server, index], |row| row.get(0))
        .optional()?;
    Ok(found.map(EntryId::from_bytes))
}

/// The own root of a size, where a message stands at its end.
fn root_of(conn: &Connection, server: i64, size: u64) -> Result<Option<[u8; 32]>, Fault> {
    Ok(conn
        .prepare_cached(
            "SELECT m.log_root FROM epochs g JOIN messages m ON m.conversation = g.conversation
             WHERE g.server = ?1 AND m.log_index = ?2 AND m.log_root IS NOT NULL LIMIT 1",
        )?
        .query_row(params![server, size.wrapping_sub(1).cast_signed()], |row| row.get(0))
        .optional()?)
}

/// Where a message that was given by its id's beginning is held.
pub(super) fn held_message(
    conn: &Connection,
    conversation: i64,
    entry: &EntryPrefix,
) -> Result<Option<MessageId>, Fault> {
    let (least, greatest) = entry.range();
    Ok(conn
        .prepare_cached(
            // Left to itself, SQLite goes through the whole conversation: it takes equality for better than a range.
            "SELECT id FROM messages INDEXED BY messages_by_entry
             WHERE entry_id BETWEEN ?2 AND ?3 AND conversation = ?1 LIMIT 1",
        )?
        .query_row(params![conversation, least.as_bytes(), greatest.as_bytes()], |row| {
            Ok(MessageId(row.get(0)?))
        })
        .optional()?)
}

/// Whether a key is an author's of a group.
pub(super) fn wrote_in(conn: &Connection, conversation: i64, author: &Address) -> Result<bool, Fault> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM group_authors WHERE conversation = ?1 AND author = ?2")?
        .exists(params![conversation, key_bytes(author)])?)
}
