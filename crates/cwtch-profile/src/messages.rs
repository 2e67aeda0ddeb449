//! The table that all conversations share: inserting into it and reading from it.

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_protocol::group::LAST;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Profile;
use super::columns::{address, from_list, key_bytes, quote_hash, unsigned};
use super::db::Tx;
use super::error::{StorageError, TxError};
use super::hidden::{self, UNHIDDEN};
use super::types::{Content, ConversationId, LogPlace, MessageId, MessageState, StoredMessage};

const COLUMNS: &str = "SELECT id, conversation, author, own, state, kind, data, overlay, sent, received,
    protocol_id, signature, previous, gap, position, entry_id, log_index, reposted, erased, place, epoch,
    forgotten FROM messages";
/// Condition for a message to be shown: nothing of a conversation that was left is shown any more.
const SHOWN: &str = "conversation NOT IN (SELECT conversation FROM erasing)";

/// A row of `messages` to be inserted.
pub(super) struct NewMessage<'a> {
    pub(super) conversation: ConversationId,
    /// The number of the epoch that it is of; 1 with a contact.
    pub(super) epoch: u64,
    pub(super) author: &'a Address,
    pub(super) own: bool,
    pub(super) state: MessageState,
    pub(super) content: &'a Content,
    pub(super) sent: Option<i64>,
    pub(super) received: i64,
    pub(super) protocol_id: Option<&'a str>,
    pub(super) group: Option<GroupPart<'a>>,
    /// True for what is no chat: nothing of what it says is kept, and nobody is shown or told of it.
    pub(super) hidden: bool,
}

/// Columns that only group messages have.
pub(super) struct GroupPart<'a> {
    pub(super) signature: &'a [u8],
    /// Empty for none.
    pub(super) previous: &'a [u8],
    pub(super) message_hash: &'a [u8; 32],
    pub(super) gap: bool,
    pub(super) position: Option<i64>,
    pub(super) entry: &'a EntryId,
    pub(super) place: Option<LogPlace>,
    /// Place in the conversation's order.
    pub(super) stands: i64,
}

impl NewMessage<'_> {
    /// Place in the conversation's order: 0 with a contact; behind all others for a group message that is not composed
    /// yet.
    fn place(&self) -> i64 {
        match &self.group {
            Some(group) => group.stands,
            // What goes to a group and is not composed yet.
            None if self.protocol_id.is_none() => LAST,
            None => 0,
        }
    }

    /// Message as it is read once it is stored.
    fn stored(&self, id: MessageId) -> StoredMessage {
        let group = self.group.as_ref();
        StoredMessage {
            id,
            conversation: self.conversation,
            author: *self.author,
            own: self.own,
            state: self.state,
            content: self.content.clone(),
            sent: self.sent,
            received: self.received,
            protocol_id: self.protocol_id.map(str::to_owned),
            signature: group.map(|g| g.signature.to_vec()),
            previous: group.map(|g| g.previous.to_vec()).filter(|previous| !previous.is_empty()),
            gap: group.is_some_and(|g| g.gap),
            position: group.and_then(|g| g.position).map(i64::cast_unsigned),
            entry: group.map(|g| *g.entry),
            log_index: group.and_then(|g| g.place).map(|place| place.index),
            reposted: false,
            erased: self.hidden,
            forgotten: false,
            place: self.place(),
            epoch: self.epoch,
        }
    }
}

/// Inserts a message, unless one of the unique keys of its conversation is taken: then `None`.
pub(super) fn insert(tx: &Tx<'_>, message: &NewMessage<'_>) -> Result<Option<MessageId>, TxError> {
    let group = message.group.as_ref();
    let place = group.and_then(|g| g.place);
    let nothing = Content { kind: message.content.kind, data: String::new(), json: Vec::new() };
    let content = if message.hidden { &nothing } else { message.content };
    let inserted = tx
        .prepare_cached(
            "INSERT INTO messages (conversation, author, own, state, kind, data, overlay, quote_hash, sent,
                 received, protocol_id, signature, previous, message_hash, gap, position, entry_id, log_index,
                 incarnation, log_root, place, erased, epoch)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,
                 ?21, ?22, ?23)
             ON CONFLICT DO NOTHING",
        )?
        .execute(params![
            message.conversation.0,
            key_bytes(message.author),
            message.own,
            message.state.code(),
            content.kind.cast_signed(),
            content.data,
            content.json,
            if message.hidden { [0; 32] } else { quote_hash(message.author, &content.json) },
            message.sent,
            message.received,
            message.protocol_id,
            group.map(|g| g.signature),
            group.map(|g| g.previous).filter(|p| !p.is_empty()),
            group.map(|g| g.message_hash),
            group.is_some_and(|g| g.gap),
            group.and_then(|g| g.position),
            group.map(|g| g.entry.as_bytes()),
            place.map(|place| place.index.cast_signed()),
            place.map(|place| place.incarnation.cast_signed()),
            place.map(|place| place.root),
            message.place(),
            message.hidden,
            message.epoch.cast_signed(),
        ])?;
    if inserted == 0 {
        return Ok(None);
    }
    let id = MessageId(tx.last_insert_rowid());
    if !hidden::is_hidden(tx, message.conversation, message.author)? {
        tx.stored(|| message.stored(id));
    }
    Ok(Some(id))
}

impl Profile {
    /// The `limit` messages of a conversation with the lowest numbers above `since`: a page of what came, in the
    /// conversation's order. Numbers never change and grow with what comes, so that whoever goes on at the highest number
    /// of a page gets everything once, wherever it stands.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn messages_since(
        &self,
        conversation: ConversationId,
        since: MessageId,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StorageError> {
        self.read("read messages", |conn| {
            let clause = format!(
                "WHERE conversation = ?1 AND id > ?2 AND erased = 0 AND {UNHIDDEN} ORDER BY id LIMIT ?3"
            );
            let mut found = select(conn, &clause, params![conversation.0, since.0, limit])?;
            found.sort_unstable_by_key(|message| (message.place, message.id));
            Ok(found)
        })
    }

    /// Messages of a conversation in its order, behind the message `after` (`None`: from the beginning), at most
    /// `limit`; only those with a number above `since`. For reading a conversation in pages.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`] if `after` is no message of the conversation, or trouble with the database.
    pub fn messages_after(
        &self,
        conversation: ConversationId,
        since: MessageId,
        after: Option<MessageId>,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StorageError> {
        self.read("read messages", |conn| {
            let (place, id) = match after {
                None => (i64::MIN, 0),
                Some(after) => (place_of(conn, conversation, after)?, after.0),
            };
            let clause = format!(
                "INDEXED BY messages_by_place WHERE conversation = ?1 AND (place, id) > (?2, ?3)
                     AND id > ?4 AND erased = 0 AND {UNHIDDEN} ORDER BY place, id LIMIT ?5"
            );
            select(conn, &clause, params![conversation.0, place, id, since.0, limit])
        })
    }

    /// Messages of a conversation in its order, before the message `before`, at most `limit`: those that stand next to it.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`] if `before` is no message of the conversation, or trouble with the database.
    pub fn messages_before(
        &self,
        conversation: ConversationId,
        before: MessageId,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StorageError> {
        self.read("read messages", |conn| {
            let place = place_of(conn, conversation, before)?;
            let clause = format!(
                "INDEXED BY messages_by_place WHERE conversation = ?1 AND (place, id) < (?2, ?3)
                     AND erased = 0 AND {UNHIDDEN} ORDER BY place DESC, id DESC LIMIT ?4"
            );
            let mut found = select(conn, &clause, params![conversation.0, place, before.0, limit])?;
            found.reverse();
            Ok(found)
        })
    }

    /// The last messages in the order of a conversation with a number above `since`, at most `limit`, the first of
    /// them first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn messages(
        &self,
        conversation: ConversationId,
        since: MessageId,
        limit: u32,
    ) -> Result<Vec<StoredMessage>, StorageError> {
        self.read("read messages", |conn| {
            let clause = format!(
                "INDEXED BY messages_by_place WHERE conversation = ?1 AND id > ?2 AND erased = 0 AND {UNHIDDEN}
                     ORDER BY place DESC, id DESC LIMIT ?3"
            );
            let mut found = select(conn, &clause, params![conversation.0, since.0, limit])?;
            found.reverse();
            Ok(found)
        })
    }

    /// One message, and be it one that was deleted here. Not one by whoever is hidden in its group.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn message(&self, id: MessageId) -> Result<Option<StoredMessage>, StorageError> {
        self.read("read a message", |conn| {
            Ok(conn
                .prepare_cached(&format!("{COLUMNS} WHERE id = ?1 AND {SHOWN} AND {UNHIDDEN}"))?
                .query_row([id.0], stored)
                .optional()?)
        })
    }

    /// The newest message of a conversation with a quoted reply's hash (SHA-256 of the author's address and
    /// the overlay's JSON).
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn quoted_message(
        &self,
        conversation: ConversationId,
        hash: &[u8; 32],
    ) -> Result<Option<MessageId>, StorageError> {
        self.read("find a quoted message", |conn| {
            Ok(conn
                .prepare_cached(&format!(
                    "SELECT id FROM messages WHERE conversation = ?1 AND quote_hash = ?2 AND erased = 0
                         AND {UNHIDDEN} ORDER BY id DESC LIMIT 1"
                ))?
                .query_row(params![conversation.0, hash], |row| Ok(MessageId(row.get(0)?)))
                .optional()?)
        })
    }

    /// Own messages that nobody has confirmed yet, in all conversations.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn count_unconfirmed(&self) -> Result<u64, StorageError> {
        self.read("count the queued messages", |conn| {
            Ok(conn
                // By the index alone, so that it is quick, and answered whatever became of the messages' pages. Messages that
                // are no chat are few.
                .prepare_cached(&format!(
                    "SELECT (SELECT count(*) FROM messages WHERE state IN (1, 2) AND {SHOWN})
                         - (SELECT count(*) FROM fork_posts f CROSS JOIN messages ON id = f.message
                            WHERE f.control = 1 AND state IN (1, 2) AND {SHOWN})"
                ))?
                .query_row([], |row| unsigned(row, 0))?)
        })
    }

    /// The same in the groups of one server.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn count_unconfirmed_on(&self, server: &Address) -> Result<u64, StorageError> {
        self.read("count a server's queued messages", |conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT count(*) FROM servers s JOIN epochs g ON g.server = s.id
                     JOIN messages m ON m.conversation = g.conversation AND m.epoch = g.number
                     WHERE s.key = ?1 AND m.state IN (1, 2) AND m.erased = 0",
                )?
                .query_row([key_bytes(server)], |row| unsigned(row, 0))?)
        })
    }
}

/// The last message of a conversation in its order.
pub(super) fn last(
    conn: &Connection,
    conversation: ConversationId,
) -> Result<Option<StoredMessage>, TxError> {
    let clause = format!(
        "INDEXED BY messages_by_place WHERE conversation = ?1 AND erased = 0 AND {UNHIDDEN}
         ORDER BY place DESC, id DESC LIMIT 1"
    );
    Ok(select(conn, &clause, params![conversation.0])?.pop())
}

/// A message that a search may find: neither deleted nor forgotten, and shown; where `without_groups`, between contacts.
pub(super) fn searched(
    conn: &Connection,
    id: MessageId,
    without_groups: bool,
) -> Result<Option<StoredMessage>, TxError> {
    let clause = format!(
        "WHERE id = ?1 AND erased = 0 AND forgotten = 0 AND {SHOWN} AND {UNHIDDEN}
             AND (?2 = 0 OR conversation IN (SELECT conversation FROM contacts))"
    );
    Ok(select(conn, &clause, params![id.0, without_groups])?.pop())
}

fn select(
    conn: &Connection,
    clause: &str,
    params: &[&dyn rusqlite::ToSql],
) -> Result<Vec<StoredMessage>, TxError> {
    let mut statement = conn.prepare_cached(&format!("{COLUMNS} {clause}"))?;
    let rows = statement.query_map(params, stored)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads the place of a message in its conversation's order.
fn place_of(conn: &Connection, conversation: ConversationId, message: MessageId) -> Result<i64, TxError> {
    let found = conn
        .prepare_cached("SELECT place FROM messages WHERE id = ?2 AND conversation = ?1")?
        .query_row(params![conversation.0, message.0], |row| row.get(0))
        .optional()?;
    Ok(found.ok_or(StorageError::UnknownMessage)?)
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredMessage> {
    Ok(StoredMessage {
        id: MessageId(row.get(0)?),
        conversation: ConversationId(row.get(1)?),
        author: address(row, 2)?,
        own: row.get(3)?,
        state: from_list(row, 4, MessageState::from_code)?,
        content: content(row, 5)?,
        sent: row.get(8)?,
        received: row.get(9)?,
        protocol_id: row.get(10)?,
        signature: row.get(11)?,
        previous: row.get(12)?,
        gap: row.get(13)?,
        position: row.get::<_, Option<i64>>(14)?.map(i64::cast_unsigned),
        entry: row.get::<_, Option<[u8; 32]>>(15)?.map(EntryId::from_bytes),
        log_index: row.get::<_, Option<i64>>(16)?.map(i64::cast_unsigned),
        reposted: row.get(17)?,
        erased: row.get(18)?,
        place: row.get(19)?,
        epoch: unsigned(row, 20)?,
        forgotten: row.get(21)?,
    })
}

/// `kind`, `data` and `overlay`, from three columns in a row.
pub(super) fn content(row: &Row<'_>, first: usize) -> rusqlite::Result<Content> {
    Ok(Content { kind: unsigned(row, first)?, data: row.get(first + 1)?, json: row.get(first + 2)? })
}
