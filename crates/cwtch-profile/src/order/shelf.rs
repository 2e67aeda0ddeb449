//! One group's rows, as the machine asks for them.

use cwtch_log::object::CERTIFICATE_LEN;
use cwtch_log::{EntryId, EntryPrefix, Hash, MsgId};
use cwtch_primitives::Address;
use cwtch_protocol::group::{
    Answer, AuthorChain, Held, Hole, Messages, Named, Newest, Numbered, OwnChain, Place, Row, Stretch, Words,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::rows::{from_code, held_message};
use crate::columns::{key_bytes, unsigned};
use crate::error::TxError;
use crate::log;
use crate::types::{ConversationId, Group};

/// The facts of a server's log that the machine asks for: it costs a signature's check, so it is read once for many messages.
#[derive(Clone, Copy, Default)]
pub(crate) struct GroupLog {
    /// The server must show a log.
    pub(crate) expected: bool,
    /// The index below which the server may have deleted entries.
    pub(crate) min_index: u64,
}

impl GroupLog {
    pub(crate) fn of(conn: &Connection, server: &Address) -> Result<Self, TxError> {
        let status = log::status_of(conn, server)?;
        Ok(Self { expected: status.known && !status.retired, min_index: status.min_index })
    }
}

/// The rows of a group, for a step that does not ask about the server's log.
pub(super) fn rows_of<'a>(conn: &'a Connection, group: &'a Group, own: &'a Address) -> Shelf<'a> {
    let (conversation, epoch, stretch) = (group.conversation, group.epoch.cast_signed(), group.stretch);
    let (server, log) = (&group.server, GroupLog::default());
    Shelf { conn, conversation, epoch, stretch, own, server, log, next_position: 0 }
}

/// The rows of a group.
pub(super) fn shelf_of<'a>(
    conn: &'a Connection,
    group: &'a Group,
    own: &'a Address,
) -> Result<Shelf<'a>, TxError> {
    Ok(Shelf { log: GroupLog::of(conn, &group.server)?, ..rows_of(conn, group, own) })
}

/// The rows of an epoch of a group, within a transaction or between them. To the machine each epoch is a group: nothing that
/// messages say of others leads out of it, and only places are those of the whole conversation.
pub(crate) struct Shelf<'a> {
    pub(crate) conn: &'a Connection,
    pub(crate) conversation: ConversationId,
    /// The epoch's number.
    pub(crate) epoch: i64,
    /// The stretch in which its messages stand: the machine's places are those of the epoch alone.
    pub(crate) stretch: Stretch,
    pub(crate) own: &'a Address,
    pub(crate) server: &'a Address,
    pub(crate) log: GroupLog,
    /// The position of the next message that the server shows.
    pub(crate) next_position: i64,
}

impl Shelf<'_> {
    fn one<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnOnce(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, TxError> {
        Ok(self.conn.prepare_cached(sql)?.query_row(params, read).optional()?)
    }

    fn exists(&self, sql: &str, params: impl rusqlite::Params) -> Result<bool, TxError> {
        Ok(self.conn.prepare_cached(sql)?.exists(params)?)
    }

    fn all<T>(
        &self,
        sql: &str,
        params: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, TxError> {
        let mut statement = self.conn.prepare_cached(sql)?;
        let rows = statement.query_map(params, read)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// As [`Shelf::all`], at most `limit` rows. The limit is written into the statement: SQLite prepares a statement with an order
    /// anew each time that its limit is bound, which costs more than running it.
    fn first<T>(
        &self,
        sql: &str,
        limit: usize,
        params: impl rusqlite::Params,
        read: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, TxError> {
        self.all(&format!("{sql} LIMIT {}", most(limit)), params, read)
    }

    /// The stored holes of a chain, by number.
    pub(super) fn holes(&self, author: &[u8; 32], label: u32) -> Result<Vec<Hole>, TxError> {
        self.all(
            "SELECT first, last, after_index, before_index FROM chain_holes
             WHERE conversation = ?1 AND epoch = ?2 AND author = ?3 AND label = ?4 ORDER BY first",
            params![self.conversation.0, self.epoch, author, label],
            |row| hole(row, 0),
        )
    }
}

/// A limit as SQL takes it.
fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn number(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned))
}

fn entry(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<Option<EntryId>> {
    Ok(row.get::<_, Option<[u8; 32]>>(column)?.map(EntryId::from_bytes))
}

impl Messages for Shelf<'_> {
    type Error = TxError;

    fn own(&self) -> &[u8; 32] {
        key_bytes(self.own)
    }

    fn has_log(&self) -> bool {
        self.log.expected
    }

    fn min_index(&self) -> u64 {
        self.log.min_index
    }

    fn next_position(&self) -> i64 {
        self.next_position
    }

    fn certificate(&self) -> Result<Option<Box<[u8; CERTIFICATE_LEN]>>, TxError> {
        let bytes = log::certificate(self.conn, self.server)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map(Box::new))
    }

    fn own_chain(&self) -> Result<OwnChain, TxError> {
        let found = self.one(
            "SELECT chain_label, chain_next FROM epochs WHERE conversation = ?1 AND number = ?2",
            [self.conversation.0, self.epoch],
            |row| Ok(OwnChain { label: row.get(0)?, next: row.get(1)? }),
        )?;
        Ok(found.unwrap_or(OwnChain::FRESH))
    }

    fn newest_own(&self, label: u32, below: u32) -> Result<Option<EntryPrefix>, TxError> {
        // State 5: given up.
        let found = self.one(
            "SELECT entry_id FROM messages WHERE conversation = ?1 AND author = ?2 AND chain_label = ?3
                 AND chain_sequence < ?4 AND state <> 5 AND entry_id IS NOT NULL AND epoch = ?5
             ORDER BY chain_sequence DESC LIMIT 1",
            params![self.conversation.0, self.own(), label, below, self.epoch],
            |row| entry(row, 0),
        )?;
        Ok(found.flatten().map(|entry| entry.prefix()))
    }

    fn untold(&self, limit: usize) -> Result<Vec<u32>, TxError> {
        self.first(
            "SELECT sequence FROM abandoned WHERE conversation = ?1 AND epoch = ?2 AND told_in IS NULL
             ORDER BY sequence",
            limit,
            [self.conversation.0, self.epoch],
            |row| row.get(0),
        )
    }

    fn named(&self, row: Row) -> Result<Option<Named>, TxError> {
        self.one(
            "SELECT own, author, entry_id, chain_label, chain_sequence FROM messages WHERE id = ?1",
            [row.0],
            |row| {
                let (label, sequence): (Option<u32>, Option<u32>) = (row.get(3)?, row.get(4)?);
                let number = label.zip(sequence);
                Ok(Named { own: row.get(0)?, author: row.get(1)?, entry: entry(row, 2)?, number })
            },
        )
    }

    fn waiting(&self, label: u32, sequence: u32, limit: usize) -> Result<Vec<Row>, TxError> {
        self.first(
            "SELECT m.id FROM posts p JOIN messages m ON m.id = p.message
             WHERE m.conversation = ?1 AND m.own = 1 AND m.from_member = 0 AND m.chain_label = ?2
                 AND m.chain_sequence = ?3 AND m.reposted = 0 AND m.epoch = ?4 ORDER BY m.id",
            limit,
            params![self.conversation.0, label, sequence, self.epoch],
            |row| row.get(0).map(Row),
        )
    }

    fn draft(&self, words: &Words<'_>) -> Result<Option<Row>, TxError> {
        self.one(
            "SELECT m.id FROM posts p JOIN messages m ON m.id = p.message
             WHERE m.conversation = ?1 AND p.ciphertext IS NULL AND m.sent = ?2 AND m.kind = ?3 AND m.data = ?4
                 AND m.epoch = ?5
             ORDER BY m.id LIMIT 1",
            params![self.conversation.0, words.sent, words.kind.cast_signed(), words.data, self.epoch],
            |row| row.get(0).map(Row),
        )
    }

    fn newest(&self, limit: usize) -> Result<Vec<Newest>, TxError> {
        // A root is kept with a message when a checkpoint covers it.
        let mut found = self.first(
            "SELECT id, entry_id, log_index, incarnation, log_root, signature, previous FROM messages
             WHERE conversation = ?1 AND epoch = ?2 AND log_index IS NOT NULL AND log_root IS NOT NULL
                 AND entry_id IS NOT NULL
             ORDER BY log_index DESC",
            limit,
            [self.conversation.0, self.epoch],
            |row| {
                let place =
                    Place { index: unsigned(row, 2)?, incarnation: unsigned(row, 3)?, root: row.get(4)? };
                let previous: Option<Vec<u8>> = row.get(6)?;
                let newest = Newest {
                    id: EntryId::from_bytes(row.get(1)?).prefix(),
                    place,
                    signature: row.get(5)?,
                    previous: previous.unwrap_or_default(),
                    parents: Vec::new(),
                };
                Ok((row.get::<_, i64>(0)?, newest))
            },
        )?;
        for (row, newest) in &mut found {
            let parents = "SELECT entry FROM parents WHERE message = ?1 ORDER BY number";
            newest.parents = self.all(parents, [*row], |row| row.get(0).map(EntryPrefix::from_bytes))?;
        }
        Ok(found.into_iter().map(|(_, newest)| newest).collect())
    }

    fn held(&self, signature: &[u8], id: &MsgId) -> Result<Option<Held>, TxError> {
        // State 4: the server has it. Its signature binds a message to one epoch, so nothing of another one is found here.
        self.one(
            "SELECT id, entry_id, signature = ?2, own, state = 4, position IS NOT NULL, from_member, log_index,
                 log_root IS NOT NULL
             FROM messages WHERE conversation = ?1 AND (message_hash = ?3 OR signature = ?2) LIMIT 1",
            params![self.conversation.0, signature, id.as_bytes()],
            |row| {
                let index = number(row, 7)?;
                Ok(Held {
                    row: Row(row.get(0)?),
                    entry: entry(row, 1)?,
                    same_signature: row.get(2)?,
                    own: row.get(3)?,
                    stored: row.get(4)?,
                    positioned: row.get(5)?,
                    from_member: row.get(6)?,
                    index,
                    covered: index.is_some() && row.get(8)?,
                })
            },
        )
    }

    fn has_signature(&self, signature: &[u8]) -> Result<bool, TxError> {
        self.exists(
            "SELECT 1 FROM messages WHERE conversation = ?1 AND signature = ?2 AND epoch = ?3",
            params![self.conversation.0, signature, self.epoch],
        )
    }

    fn has_entry(&self, entry: &EntryPrefix) -> Result<bool, TxError> {
        let here = held_message(self.conn, (self.conversation.0, self.epoch), entry)?.is_some();
        let (least, greatest) = entry.range();
        Ok(here
            || self.exists(
                "SELECT 1 FROM message_copies c JOIN messages m ON m.id = c.message
                 WHERE c.conversation = ?1 AND c.entry BETWEEN ?2 AND ?3 AND m.epoch = ?4",
                params![self.conversation.0, least.as_bytes(), greatest.as_bytes(), self.epoch],
            )?)
    }

    fn root_at(&self, size: u64) -> Result<Option<Hash>, TxError> {
        self.one(
            "SELECT log_root FROM messages
             WHERE conversation = ?1 AND epoch = ?3 AND log_index = ?2 AND log_root IS NOT NULL",
            params![self.conversation.0, size.wrapping_sub(1).cast_signed(), self.epoch],
            |row| row.get(0),
        )
    }

    fn answers(&self, entry: &EntryPrefix, limit: usize) -> Result<Vec<Answer>, TxError> {
        self.first(
            "SELECT child.place, child.log_index, p.log_index, p.verdict
             FROM parents p JOIN messages child ON child.id = p.message
             WHERE p.conversation = ?1 AND p.entry = ?2 AND child.epoch = ?3 ORDER BY child.place, child.id",
            limit,
            params![self.conversation.0, entry.as_bytes(), self.epoch],
            |row| {
                Ok(Answer {
                    stands: self.stretch.stands(row.get(0)?),
                    index: number(row, 1)?,
                    named: unsigned(row, 2)?,
                    verdict: from_code(row.get(3)?),
                })
            },
        )
    }

    fn chain(&self, author: &[u8; 32], label: u32) -> Result<Option<AuthorChain>, TxError> {
        let name = params![self.conversation.0, self.epoch, author, label];
        let found = self.one(
            "SELECT highest, highest_index, forgotten FROM chains
             WHERE conversation = ?1 AND epoch = ?2 AND author = ?3 AND label = ?4",
            name,
            |row| Ok((row.get(0)?, number(row, 1)?, row.get(2)?)),
        )?;
        let Some((highest, index, forgotten)) = found else { return Ok(None) };
        Ok(Some(AuthorChain::restore(highest, index, self.holes(author, label)?, forgotten)))
    }

    fn chains_of(&self, author: &[u8; 32]) -> Result<usize, TxError> {
        let found: Option<i64> = self.one(
            "SELECT count(*) FROM chains WHERE conversation = ?1 AND epoch = ?2 AND author = ?3",
            params![self.conversation.0, self.epoch, author],
            |row| row.get(0),
        )?;
        Ok(found.and_then(|count| usize::try_from(count).ok()).unwrap_or(0))
    }

    fn numbered(
        &self,
        author: &[u8; 32],
        label: u32,
        sequence: u32,
        limit: usize,
    ) -> Result<Vec<Numbered>, TxError> {
        self.first(
            "SELECT id, message_hash, place FROM messages WHERE conversation = ?1 AND author = ?2
                 AND chain_label = ?3 AND chain_sequence = ?4 AND epoch = ?5 AND message_hash IS NOT NULL
             ORDER BY id",
            limit,
            params![self.conversation.0, author, label, sequence, self.epoch],
            |row| {
                Ok(Numbered {
                    row: Row(row.get(0)?),
                    id: MsgId::from_bytes(row.get(1)?),
                    stands: self.stretch.stands(row.get(2)?),
                })
            },
        )
    }

    fn knows_where_reading_began(&self) -> Result<bool, TxError> {
        self.exists(
            "SELECT 1 FROM epochs WHERE conversation = ?1 AND number = ?2 AND read_from IS NOT NULL",
            [self.conversation.0, self.epoch],
        )
    }
}

/// A hole of a chain, from four columns in a row.
pub(super) fn hole(row: &rusqlite::Row<'_>, first: usize) -> rusqlite::Result<Hole> {
    Ok(Hole {
        first: row.get(first)?,
        last: row.get(first + 1)?,
        after: number(row, first + 2)?,
        before: unsigned(row, first + 3)?,
    })
}
