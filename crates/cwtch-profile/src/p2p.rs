//! Messages with one contact: queued until acknowledged, received once.

use cwtch_api::Purpose;
use cwtch_primitives::Address;
use rusqlite::{Connection, OptionalExtension, params};

use super::Profile;
use super::columns::{from_list, limit};
use super::contacts::{conversation_of, known_conversation, state_of};
use super::error::{StorageError, TxError};
use super::messages::{self, NewMessage};
use super::types::{
    AckOutcome, ContactState, Content, ConversationId, MessageId, MessageState, PendingP2p, Received,
};

/// The most bytes of a protocol id; those of deployed clients have about 20.
const PROTOCOL_ID_MAX: usize = 256;

impl Profile {
    /// Queues a message to a contact; durable before anything is sent.
    ///
    /// # Errors
    /// [`StorageError::UnknownContact`], [`StorageError::DuplicateMessage`] if `protocol_id` was used,
    /// [`StorageError::TooLong`], or trouble with the database.
    pub fn enqueue_p2p(
        &mut self,
        to: &Address,
        protocol_id: &str,
        content: &Content,
        now: i64,
    ) -> Result<MessageId, StorageError> {
        self.enqueue_p2p_in(MessageState::Queued, to, protocol_id, content, now)
    }

    /// Queues a message as [`Self::enqueue_p2p`] does, for a contact who is connected: from then on it may have left.
    ///
    /// # Errors
    /// As [`Self::enqueue_p2p`].
    pub fn enqueue_p2p_leaving(
        &mut self,
        to: &Address,
        protocol_id: &str,
        content: &Content,
        now: i64,
    ) -> Result<MessageId, StorageError> {
        self.enqueue_p2p_in(MessageState::Sent, to, protocol_id, content, now)
    }

    fn enqueue_p2p_in(
        &mut self,
        state: MessageState,
        to: &Address,
        protocol_id: &str,
        content: &Content,
        now: i64,
    ) -> Result<MessageId, StorageError> {
        content.check()?;
        limit(Purpose::MessageId, protocol_id.len(), PROTOCOL_ID_MAX)?;
        let author = self.address;
        self.write("queue a message", |tx| {
            let message = NewMessage {
                epoch: 1,
                conversation: conversation_of(tx, to)?,
                author: &author,
                own: true,
                state,
                content,
                sent: Some(now),
                received: now,
                protocol_id: Some(protocol_id),
                group: None,
                hidden: false,
            };
            Ok(messages::insert(tx, &message)?.ok_or(StorageError::DuplicateMessage)?)
        })
    }

    /// Own messages that a contact has not acknowledged, oldest first, with numbers above `after`, at most
    /// `limit`: what to send again after a reconnect, with the same ids.
    ///
    /// # Errors
    /// [`StorageError::UnknownContact`], or trouble with the database.
    pub fn pending_p2p(
        &self,
        to: &Address,
        after: MessageId,
        limit: u32,
    ) -> Result<Vec<PendingP2p>, StorageError> {
        self.read("read the queue", |conn| {
            let conversation = conversation_of(conn, to)?;
            let mut statement = conn.prepare_cached(
                "SELECT id, protocol_id, state, kind, data, overlay FROM messages
                 WHERE conversation = ?1 AND state IN (1, 2) AND id > ?2 ORDER BY id LIMIT ?3",
            )?;
            let rows = statement.query_map(params![conversation.0, after.0, limit], |row| {
                Ok(PendingP2p {
                    id: MessageId(row.get(0)?),
                    protocol_id: row.get(1)?,
                    state: from_list(row, 2, MessageState::from_code)?,
                    content: messages::content(row, 3)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Reads the queue as [`Self::pending_p2p`] does, for a caller that is about to send the messages, and marks them
    /// as sent: from then on they may have left, and that is durable.
    ///
    /// # Errors
    /// As [`Self::pending_p2p`].
    pub fn take_pending_p2p(
        &mut self,
        to: &Address,
        after: MessageId,
        limit: u32,
    ) -> Result<Vec<PendingP2p>, StorageError> {
        let found = self.pending_p2p(to, after, limit)?;
        let unsent = |message: &&PendingP2p| message.state == MessageState::Queued;
        if found.iter().any(|message| unsent(&message)) {
            self.write("note that messages leave", |tx| {
                for message in found.iter().filter(unsent) {
                    set_state(tx, message.id, MessageState::Sent)?;
                }
                Ok(())
            })?;
        }
        Ok(found)
    }

    /// True if messages wait for a contact: queued, or sent and not acknowledged.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn has_pending_p2p(&self, to: &Address) -> Result<bool, StorageError> {
        self.read("look at the queue", |conn| {
            let Some(conversation) = known_conversation(conn, to)? else { return Ok(false) };
            Ok(conn
                .prepare_cached("SELECT 1 FROM messages WHERE conversation = ?1 AND state IN (1, 2) LIMIT 1")?
                .exists([conversation.0])?)
        })
    }

    /// Notes a contact's acknowledgement; any number of times. An acknowledgement counts even for a message
    /// that was given up: it has arrived.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn mark_acknowledged(
        &mut self,
        from: &Address,
        protocol_id: &str,
    ) -> Result<AckOutcome, StorageError> {
        self.write("note an acknowledgement", |tx| {
            let Some(conversation) = known_conversation(tx, from)? else { return Ok(AckOutcome::Unknown) };
            let Some((id, state)) = find(tx, conversation, true, protocol_id)? else {
                return Ok(AckOutcome::Unknown);
            };
            if state == MessageState::Acknowledged {
                return Ok(AckOutcome::Already(id));
            }
            set_state(tx, id, MessageState::Acknowledged)?;
            Ok(AckOutcome::Acknowledged(id))
        })
    }

    /// Stores a message from a contact, once for each protocol id, and only from accepted contacts. When
    /// this returns [`Received::Stored`] the message is durable and may be acknowledged.
    ///
    /// # Errors
    /// [`StorageError::TooLong`], or trouble with the database: then do not acknowledge.
    pub fn receive_p2p(
        &mut self,
        from: &Address,
        protocol_id: &str,
        content: &Content,
        now: i64,
    ) -> Result<Received, StorageError> {
        content.check()?;
        limit(Purpose::MessageId, protocol_id.len(), PROTOCOL_ID_MAX)?;
        self.write("store a message", |tx| {
            if state_of(tx, from)? != Some(ContactState::Accepted) {
                return Ok(Received::NotAccepted);
            }
            let conversation = conversation_of(tx, from)?;
            let message = NewMessage {
                epoch: 1,
                conversation,
                author: from,
                own: false,
                state: MessageState::Received,
                content,
                sent: None,
                received: now,
                protocol_id: Some(protocol_id),
                group: None,
                hidden: false,
            };
            if let Some(id) = messages::insert(tx, &message)? {
                return Ok(Received::Stored(id));
            }
            let (id, _) = find(tx, conversation, false, protocol_id)?.ok_or(StorageError::Damaged)?;
            Ok(Received::Duplicate(id))
        })
    }
}

fn find(
    conn: &Connection,
    conversation: ConversationId,
    own: bool,
    protocol_id: &str,
) -> Result<Option<(MessageId, MessageState)>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT id, state FROM messages WHERE conversation = ?1 AND own = ?2 AND protocol_id = ?3",
        )?
        .query_row(params![conversation.0, own, protocol_id], |row| {
            Ok((MessageId(row.get(0)?), from_list(row, 1, MessageState::from_code)?))
        })
        .optional()?)
}

pub(super) fn set_state(conn: &Connection, id: MessageId, state: MessageState) -> Result<(), TxError> {
    conn.prepare_cached("UPDATE messages SET state = ?2 WHERE id = ?1")?
        .execute(params![id.0, state.code()])?;
    Ok(())
}
