//! Writing a message that a step keeps: its row, and what it says of others.

use cwtch_log::EntryPrefix;
use cwtch_primitives::Address;
use cwtch_protocol::group::{Arrival, How, Keep, Row, View, Words};
use cwtch_wire::group::{Chain, Parent};
use rusqlite::{Connection, params};

use super::rows::{code, keep_received, trim_received};
use super::shelf::Shelf;
use crate::columns::quote_hash;
use crate::db::Tx;
use crate::error::{StorageError, TxError};
use crate::messages::{self, GroupPart, NewMessage};
use crate::types::{Content, ConversationId, MessageId, MessageState};

/// The message that a step is about: what the machine knows of it, and what only the rows need.
pub(crate) struct Message<'a> {
    /// The transaction that keeps it.
    pub(crate) tx: &'a Tx<'a>,
    pub(crate) arrival: Arrival<'a>,
    pub(crate) author: &'a Address,
    pub(crate) content: &'a Content,
    pub(crate) received: i64,
    /// The message as it is posted.
    pub(crate) ciphertext: &'a [u8],
    /// The day with whose key it is sealed.
    pub(crate) day: Option<u64>,
    /// True for what is no chat.
    pub(crate) hidden: bool,
    /// True if it is kept as it was posted, for members who miss it.
    pub(crate) keep: bool,
}

impl Message<'_> {
    /// The words of a message, as the machine compares drafts.
    pub(crate) fn words(content: &Content, sent: Option<i64>) -> Words<'_> {
        Words { kind: content.kind, data: &content.data, sent }
    }
}

/// Keeps a message with what it says, at this position of the server's order.
pub(super) fn keep(
    shelf: &Shelf<'_>,
    kept: &Keep,
    this: &Message<'_>,
    position: i64,
) -> Result<MessageId, TxError> {
    let conn = shelf.conn;
    let id = match kept.how {
        How::Shown => {
            let own = this.author == shelf.own;
            // An own message that this database has not sent: written by the same identity elsewhere, or before a backup
            // was restored.
            let state = if own { MessageState::Stored } else { MessageState::Verified };
            let id = insert(shelf, kept, this, state, Some(position))?;
            if this.keep {
                keep_received(conn, shelf.conversation, id, this)?;
            }
            id
        }
        How::Given => {
            let id = insert(shelf, kept, this, MessageState::Verified, None)?;
            conn.execute("UPDATE messages SET from_member = 1 WHERE id = ?1", [id.0])?;
            keep_received(conn, shelf.conversation, id, this)?;
            trim_received(conn, shelf.conversation)?;
            conn.execute(
                "INSERT INTO posts (message, server, ciphertext, day)
                 SELECT ?1, server, ?4, ?5 FROM epochs WHERE conversation = ?2 AND number = ?3",
                params![
                    id.0,
                    shelf.conversation.0,
                    shelf.epoch,
                    this.ciphertext,
                    this.day.map(u64::cast_signed)
                ],
            )?;
            id
        }
        How::Adopted(draft) => {
            fill_in(conn, draft, kept, this, MessageState::Stored, Some(position))?;
            conn.prepare_cached("DELETE FROM posts WHERE message = ?1")?.execute([draft.0])?;
            MessageId(draft.0)
        }
        How::Composed(draft) => {
            fill_in(conn, draft, kept, this, MessageState::Queued, None)?;
            keep_received(conn, shelf.conversation, MessageId(draft.0), this)?;
            trim_received(conn, shelf.conversation)?;
            conn.prepare_cached("UPDATE posts SET ciphertext = ?2, day = ?3 WHERE message = ?1")?
                .execute(params![draft.0, this.ciphertext, this.day.map(u64::cast_signed)])?;
            MessageId(draft.0)
        }
    };
    say(conn, shelf.conversation, id, kept)?;
    Ok(id)
}

fn insert(
    shelf: &Shelf<'_>,
    kept: &Keep,
    this: &Message<'_>,
    state: MessageState,
    position: Option<i64>,
) -> Result<MessageId, TxError> {
    let arrival = &this.arrival;
    let message = NewMessage {
        conversation: shelf.conversation,
        epoch: shelf.epoch.cast_unsigned(),
        author: this.author,
        own: this.author == shelf.own,
        state,
        content: this.content,
        sent: arrival.words.sent,
        received: this.received,
        protocol_id: None,
        group: Some(GroupPart {
            signature: arrival.signature,
            previous: arrival.previous,
            message_hash: arrival.id.as_bytes(),
            gap: kept.gap,
            position,
            entry: &arrival.entry,
            place: arrival.place,
            stands: shelf.stretch.place(kept.stands),
        }),
        hidden: this.hidden,
    };
    Ok(messages::insert(this.tx, &message)?.ok_or(StorageError::DuplicateMessage)?)
}

/// Gives a draft what only a composed message has.
fn fill_in(
    conn: &Connection,
    draft: Row,
    kept: &Keep,
    this: &Message<'_>,
    state: MessageState,
    position: Option<i64>,
) -> Result<(), TxError> {
    let arrival = &this.arrival;
    let nothing = Content { kind: this.content.kind, data: String::new(), json: Vec::new() };
    let (content, quote) = if this.hidden {
        (&nothing, [0; 32])
    } else {
        (this.content, quote_hash(this.author, &this.content.json))
    };
    let filled = conn
        .prepare_cached(
            "UPDATE OR IGNORE messages SET kind = ?2, data = ?3, overlay = ?4, quote_hash = ?5, signature = ?6,
                 previous = ?7, message_hash = ?8, gap = ?9, position = ?10, entry_id = ?11, log_index = ?12,
                 incarnation = ?13, log_root = ?14, state = ?15
             WHERE id = ?1 AND signature IS NULL",
        )?
        .execute(params![
            draft.0,
            content.kind.cast_signed(),
            content.data,
            content.json,
            quote,
            arrival.signature,
            Some(arrival.previous).filter(|previous| !previous.is_empty()),
            arrival.id.as_bytes(),
            kept.gap,
            position,
            arrival.entry.as_bytes(),
            arrival.place.map(|place| place.index.cast_signed()),
            arrival.place.map(|place| place.incarnation.cast_signed()),
            arrival.place.map(|place| place.root),
            state.code(),
        ])?;
    if filled == 0 {
        return Err(StorageError::DuplicateMessage.into());
    }
    Ok(())
}

/// Writes the references, the computed root and the number of a message that was just kept.
fn say(
    conn: &Connection,
    conversation: ConversationId,
    message: MessageId,
    kept: &Keep,
) -> Result<(), TxError> {
    for (number, (Parent { id, index }, verdict)) in (0_i64..).zip(&kept.parents) {
        conn.prepare_cached(
            "INSERT INTO parents (message, number, conversation, entry, log_index, verdict)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            message.0,
            number,
            conversation.0,
            id.as_bytes(),
            index.cast_signed(),
            code(*verdict)
        ])?;
    }
    if let Some(View { gossip, differs }) = &kept.view {
        conn.prepare_cached(
            "INSERT INTO views (message, incarnation, size, root, differs) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            message.0,
            gossip.incarnation.cast_signed(),
            gossip.size.cast_signed(),
            gossip.root,
            differs,
        ])?;
    }
    if let Some(Chain { label, sequence, previous }) = &kept.chain {
        conn.prepare_cached(
            "UPDATE messages SET chain_label = ?2, chain_sequence = ?3, chain_previous = ?4 WHERE id = ?1",
        )?
        .execute(params![
            message.0,
            label,
            sequence,
            Some(previous).filter(|previous| **previous != EntryPrefix::NONE).map(EntryPrefix::as_bytes),
        ])?;
    }
    Ok(())
}
