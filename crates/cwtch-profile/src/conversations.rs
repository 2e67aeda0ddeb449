//! Conversations: what contacts and groups have in common, and what the person does with them.

use cwtch_api::Purpose;
use cwtch_protocol::app::vanish::Agreement;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Profile;
use super::columns::{limit, unsigned};
use super::contacts::conversation;
use super::db::Tx;
use super::error::{StorageError, TxError};
use super::forget::{KEEP_MAX, KEEP_MIN};
use super::hidden::UNHIDDEN;
use super::messages;
use super::types::{Conversation, ConversationId, MessageId, Note, OVERLAY_MAX, StoredMessage};
use super::vanish::agreement;

/// A conversation as it is kept, beside what carries it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Kept {
    /// The text that the person was writing.
    pub draft: Option<Draft>,
    /// The note that the person made for themselves.
    pub note: Option<Note>,
    /// True if the person wants to hear nothing of it.
    pub muted: bool,
    /// True if it is out of the way.
    pub archived: bool,
    /// True if it stands first.
    pub pinned: bool,
    /// Seconds for which what its messages say is kept; `None` for ever.
    pub keep: Option<u64>,
    /// The read mark: what has come up to this message's id is read, wherever it stands.
    pub read_to: MessageId,
    /// Messages of others that came behind it.
    pub unread: u64,
    /// Messages in all.
    pub messages: u64,
    /// Time at which the newest message came or was written; 0 without one.
    pub active: i64,
}

/// A text that a person was writing.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft(pub String);

impl core::fmt::Debug for Draft {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Draft({} bytes)", self.0.len())
    }
}

/// The most bytes of a note.
pub const NOTE_MAX: usize = 4_000;

/// A conversation in a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// The contact or the group.
    pub conversation: Conversation,
    /// The part of it that is kept beside its messages.
    pub kept: Kept,
    /// The last message in its order.
    pub last: Option<StoredMessage>,
    /// The agreement about messages that vanish; nothing for a group.
    pub vanish: Agreement,
}

/// One thing that a person does with a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keep {
    /// Keeps what was written, or nothing.
    Draft(Option<Draft>),
    /// Keeps a note, or none; whichever there was is erased.
    Note(Option<Note>),
    /// Silences it, or no longer.
    Muted(bool),
    /// Puts it out of the way, or back.
    Archived(bool),
    /// Puts it first, or no longer.
    Pinned(bool),
    /// Keeps what messages say for so many seconds, or for ever.
    Retention(Option<u64>),
    /// Everything up to this message's id is read; `None`: everything that is here.
    ReadTo(Option<MessageId>),
}

impl Keep {
    /// A note as it was typed: none, if nothing is in it.
    pub fn note(text: Option<String>) -> Self {
        Self::Note(text.filter(|text| !text.trim().is_empty()).map(Note))
    }
}

const COLUMNS: &str = "draft, muted, archived, pinned, read_to, unread, messages, active, retention, note";

impl Profile {
    /// All conversations with contacts and in groups, without strangers: pinned ones first, then those of which the newest
    /// message is the newest.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn conversations(&self) -> Result<Vec<Listed>, StorageError> {
        self.read("list the conversations", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT v.id FROM conversations v
                 LEFT JOIN contacts c ON c.conversation = v.id
                 LEFT JOIN epochs e ON e.conversation = v.id AND e.state = 1
                 WHERE c.state IN (1, 2) OR e.id IS NOT NULL
                 ORDER BY v.pinned DESC, max(v.active, coalesce(c.added, e.joined)) DESC,
                     -- Of one second, the newest message tells.
                     (SELECT m.id FROM messages m WHERE m.conversation = v.id ORDER BY m.id DESC LIMIT 1) DESC,
                     v.id DESC",
            )?;
            let ids = statement.query_map([], |row| Ok(ConversationId(row.get(0)?)))?;
            let ids = ids.collect::<Result<Vec<_>, _>>()?;
            ids.into_iter().map(|id| listed(conn, id)).collect()
        })
    }

    /// One conversation, as it stands in a list.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`], or trouble with the database.
    pub fn listed(&self, id: ConversationId) -> Result<Listed, StorageError> {
        self.read("read a conversation", |conn| listed(conn, id))
    }

    /// Keeps what a person does with a conversation. The read mark never goes back.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`], [`StorageError::UnknownMessage`], [`StorageError::TooLong`] for a draft
    /// or a note, [`StorageError::Retention`], or trouble with the database.
    pub fn keep(&mut self, id: ConversationId, keep: &Keep) -> Result<(), StorageError> {
        if let Keep::Draft(Some(Draft(text))) = keep {
            limit(Purpose::Draft, text.len(), OVERLAY_MAX)?;
        }
        if let Keep::Note(Some(Note(text))) = keep {
            limit(Purpose::Note, text.len(), NOTE_MAX)?;
        }
        if matches!(keep, Keep::Retention(Some(seconds)) if !(KEEP_MIN..=KEEP_MAX).contains(seconds)) {
            return Err(StorageError::Retention);
        }
        let work = |tx: &Tx<'_>| {
            let set = |column: &str, value: &dyn rusqlite::ToSql| {
                tx.prepare_cached(&format!("UPDATE conversations SET {column} = ?2 WHERE id = ?1"))?
                    .execute(params![id.0, value])
            };
            let changed = match keep {
                Keep::Draft(draft) => set("draft", &draft.as_ref().map(|Draft(text)| text))?,
                Keep::Note(note) => set("note", &note.as_ref().map(|Note(text)| text))?,
                Keep::Muted(on) => set("muted", on)?,
                Keep::Archived(on) => set("archived", on)?,
                Keep::Pinned(on) => set("pinned", on)?,
                Keep::Retention(seconds) => set("retention", &seconds.map(u64::cast_signed))?,
                Keep::ReadTo(to) => read_to(tx, id, *to)?,
            };
            if changed == 0 {
                return Err(StorageError::UnknownConversation.into());
            }
            Ok(())
        };
        match keep {
            Keep::Draft(None) | Keep::Note(_) => self.erase("change a conversation", work),
            _ => self.write("change a conversation", work),
        }
    }
}

/// Sets the read mark, unless it is further already; tells how many conversations there are with this number.
fn read_to(conn: &Connection, id: ConversationId, to: Option<MessageId>) -> Result<usize, TxError> {
    let newest: Option<i64> = conn
        .prepare_cached("SELECT id FROM messages WHERE conversation = ?1 ORDER BY id DESC LIMIT 1")?
        .query_row([id.0], |row| row.get(0))
        .optional()?;
    let to = match to {
        None => newest.unwrap_or(0),
        Some(to) if Some(to.0) > newest => return Err(StorageError::UnknownMessage.into()),
        Some(to) => to.0,
    };
    Ok(conn
        .prepare_cached(&format!(
            "UPDATE conversations SET read_to = max(read_to, ?2), unread =
                 (SELECT count(*) FROM messages WHERE conversation = ?1 AND id > max(read_to, ?2)
                      AND own = 0 AND erased = 0 AND {UNHIDDEN})
             WHERE id = ?1"
        ))?
        .execute(params![id.0, to])?)
}

fn listed(conn: &Connection, id: ConversationId) -> Result<Listed, TxError> {
    let kept = conn
        .prepare_cached(&format!("SELECT {COLUMNS} FROM conversations WHERE id = ?1"))?
        .query_row([id.0], kept)
        .optional()?;
    let (Some(kept), Some(conversation)) = (kept, conversation(conn, id)?) else {
        return Err(StorageError::UnknownConversation.into());
    };
    Ok(Listed { conversation, kept, last: messages::last(conn, id)?, vanish: agreement(conn, id)? })
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    Ok(Kept {
        draft: row.get::<_, Option<String>>(0)?.map(Draft),
        note: row.get::<_, Option<String>>(9)?.map(Note),
        muted: row.get(1)?,
        archived: row.get(2)?,
        pinned: row.get(3)?,
        read_to: MessageId(row.get(4)?),
        unread: unsigned(row, 5)?,
        messages: unsigned(row, 6)?,
        active: row.get(7)?,
        keep: row.get::<_, Option<i64>>(8)?.map(i64::cast_unsigned),
    })
}
