//! Readings that several of these files share: verdicts as numbers, entries by their beginnings, messages as they were posted.

use cwtch_log::EntryPrefix;
use cwtch_primitives::Address;
use cwtch_protocol::group::Verdict;
use rusqlite::{Connection, OptionalExtension, params};

use super::keep::Message;
use crate::columns::key_bytes;
use crate::error::TxError;
use crate::types::{ConversationId, Group, MessageId};

/// Received messages of each group that are kept as they were posted: two to three MiB.
pub(crate) const KEPT_MAX: u32 = 512;

/// The schema's number of a verdict; 0 is looked at again.
pub(super) fn code(verdict: Verdict) -> i64 {
    match verdict {
        Verdict::Waiting => 0,
        Verdict::Fine => 1,
        Verdict::Expired => 2,
        Verdict::Unreadable => 3,
        Verdict::AuthorLies => 4,
        Verdict::SplitView => 5,
        Verdict::Undecided => 6,
        Verdict::CannotTell => 7,
    }
}

/// The verdict of a number of the schema; one of a later version says nothing here.
pub(super) fn from_code(number: i64) -> Verdict {
    let known = Verdict::ALL.into_iter().find(|verdict| code(*verdict) == number);
    known.unwrap_or(Verdict::Undecided)
}

/// The message of an epoch that an entry's beginning names.
pub(super) fn held_message(
    conn: &Connection,
    (conversation, epoch): (i64, i64),
    entry: &EntryPrefix,
) -> Result<Option<MessageId>, TxError> {
    let (least, greatest) = entry.range();
    Ok(conn
        .prepare_cached(
            // Left to itself, SQLite goes through the whole conversation: it takes equality for better than a range.
            "SELECT id FROM messages INDEXED BY messages_by_entry
             WHERE entry_id BETWEEN ?3 AND ?4 AND conversation = ?1 AND epoch = ?2 LIMIT 1",
        )?
        .query_row(params![conversation, epoch, least.as_bytes(), greatest.as_bytes()], |row| {
            Ok(MessageId(row.get(0)?))
        })
        .optional()?)
}

/// True if a key is an author's of an epoch.
pub(super) fn wrote_in(conn: &Connection, epoch: &Group, author: &Address) -> Result<bool, TxError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM group_authors WHERE conversation = ?1 AND author = ?2 AND epoch = ?3")?
        .exists(params![epoch.conversation.0, key_bytes(author), epoch.epoch.cast_signed()])?)
}

/// Keeps a received message as it was posted.
pub(crate) fn keep_received(
    conn: &Connection,
    conversation: ConversationId,
    message: MessageId,
    this: &Message<'_>,
) -> Result<(), TxError> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO received_entries (message, conversation, ciphertext, day) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute(params![message.0, conversation.0, this.ciphertext, this.day.map(u64::cast_signed)])?;
    Ok(())
}

/// Forgets the oldest received messages of a group as they were posted, beyond [`KEPT_MAX`].
pub(crate) fn trim_received(conn: &Connection, conversation: ConversationId) -> Result<(), TxError> {
    conn.prepare_cached(
        "DELETE FROM received_entries WHERE conversation = ?1 AND message <
             (SELECT message FROM received_entries WHERE conversation = ?1
              ORDER BY message DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![conversation.0, KEPT_MAX - 1])?;
    Ok(())
}
