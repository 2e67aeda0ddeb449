//! Own group messages on their way to the server.
//!
//! A post is durable before it is sent, is sent again with the same bytes and the same token until the
//! server answers, and is confirmed by a PostResult or by its own appearance in a sync.

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::monitor::Change;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{SIGNATURE_MAX, from_list, group_id, key_bytes, limit, optional_token};
use super::error::{Fault, StorageError};
use super::messages::{self, GroupPart, NewMessage};
use super::types::{ConversationId, MessageId, MessageState, NewPost, OVERLAY_MAX, PendingPost};
use super::{Profile, groups, log, servers, transcript};

/// What to do with a post that the server refused. Its token is gone in either case: a refusal may mean
/// that the token is spent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRefusal {
    /// Queue it again; the next [`Profile::take_token_for_post`] binds another token.
    TryAnotherToken,
    /// Give it up: [`MessageState::Failed`].
    GiveUp,
}

/// What came with a server's confirmation of a post.
#[derive(Debug, Clone, Default)]
pub struct Confirmation {
    /// What the monitor made of the receipt.
    pub log: Vec<Change>,
    /// The index and the incarnation that the receipt names.
    pub place: Option<(u64, u64)>,
}

impl Profile {
    /// Queues an own, already encrypted and signed group message; durable before anything is sent.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], [`StorageError::DuplicateMessage`] for a signature or hash that the group
    /// has, [`StorageError::TooLong`], or trouble with the database.
    pub fn enqueue_group_post(
        &mut self,
        group: &GroupId,
        post: &NewPost,
        now: i64,
    ) -> Result<MessageId, StorageError> {
        post.content.check()?;
        limit("an encrypted message", post.ciphertext.len(), OVERLAY_MAX)?;
        limit("a signature", post.signature.len().max(post.previous.len()), SIGNATURE_MAX)?;
        let author = self.address;
        self.write("queue a group message", |tx| {
            let group = groups::by_id(tx, group)?.ok_or(StorageError::UnknownGroup)?;
            let previous_is_known =
                post.previous.is_empty() || knows_signature(tx, group.conversation.0, &post.previous)?;
            let message = NewMessage {
                conversation: group.conversation,
                author: &author,
                own: true,
                state: MessageState::Queued,
                content: &post.content,
                sent: Some(post.sent),
                received: now,
                protocol_id: None,
                group: Some(GroupPart {
                    signature: &post.signature,
                    previous: &post.previous,
                    message_hash: &post.message_hash,
                    gap: !previous_is_known,
                    position: None,
                    entry: &EntryId::of(&post.signature, &post.ciphertext),
                    place: None,
                }),
            };
            let id = messages::insert(tx, &message)?.ok_or(StorageError::DuplicateMessage)?;
            close_gaps(tx, group.conversation, &post.signature)?;
            transcript::note_own(tx, group.conversation, &author, id, post)?;
            tx.execute(
                "INSERT INTO posts (message, server, ciphertext)
                 SELECT ?1, server, ?3 FROM groups WHERE conversation = ?2",
                params![id.0, group.conversation.0, post.ciphertext],
            )?;
            Ok(id)
        })
    }

    /// Posts that a server has not confirmed, oldest first, with numbers above `after`, at most `limit`.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn pending_posts(
        &self,
        server: &Address,
        after: MessageId,
        limit: u32,
    ) -> Result<Vec<PendingPost>, StorageError> {
        self.read("read the queue", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT p.message, g.group_id, p.ciphertext, m.signature, p.token, m.state, p.refusals
                 FROM posts p
                 JOIN servers s ON s.id = p.server
                 JOIN messages m ON m.id = p.message
                 JOIN groups g ON g.conversation = m.conversation
                 WHERE s.key = ?1 AND p.message > ?2 ORDER BY p.message LIMIT ?3",
            )?;
            let rows = statement.query_map(params![key_bytes(server), after.0, limit], |row| {
                Ok(PendingPost {
                    id: MessageId(row.get(0)?),
                    group: group_id(row, 1)?,
                    ciphertext: row.get(2)?,
                    signature: row.get(3)?,
                    token: optional_token(row, 4)?,
                    state: from_list(row, 5, MessageState::from_code)?,
                    refusals: row.get(6)?,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Notes that the server confirmed a post; any number of times. What the monitor made of the confirmation is
    /// stored in the same transaction. Tells whether it was new.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database. A message that is gone is no error.
    pub fn mark_post_stored(
        &mut self,
        server: &Address,
        post: MessageId,
        confirmation: &Confirmation,
    ) -> Result<bool, StorageError> {
        self.write("note a stored post", |tx| {
            let server = servers::row_of(tx, server)?;
            log::apply(tx, server, &confirmation.log)?;
            let new = confirm(tx, post)?;
            if let Some((index, incarnation)) = confirmation.place {
                log::note_receipt(tx, post, index, incarnation)?;
            }
            Ok(new)
        })
    }

    /// Notes that the server refused a post. Its token is never used again. Of a post that is confirmed by
    /// now nothing changes. Tells the state that it has then.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`] if there is no such message, or trouble with the database.
    pub fn mark_post_refused(
        &mut self,
        post: MessageId,
        then: AfterRefusal,
    ) -> Result<MessageState, StorageError> {
        self.write("note a refused post", |tx| {
            let waiting = tx.execute(
                "UPDATE posts SET token = NULL, refusals = refusals + 1 WHERE message = ?1",
                [post.0],
            )?;
            if waiting > 0 {
                match then {
                    AfterRefusal::TryAnotherToken => set_own_state(tx, post, MessageState::Queued)?,
                    AfterRefusal::GiveUp => {
                        set_own_state(tx, post, MessageState::Failed)?;
                        transcript::give_up(tx, post)?;
                        tx.execute("DELETE FROM posts WHERE message = ?1", [post.0])?;
                    }
                }
            }
            let state = tx
                .prepare_cached("SELECT state FROM messages WHERE id = ?1")?
                .query_row([post.0], |row| from_list(row, 0, MessageState::from_code))
                .optional()?;
            Ok(state.ok_or(StorageError::UnknownMessage)?)
        })
    }
}

/// Marks an own group message as stored and as the newest that the server has. False if it was, or if it is gone.
fn confirm(tx: &Connection, post: MessageId) -> Result<bool, Fault> {
    let changed = tx
        .prepare_cached(
            "UPDATE messages SET state = 4
             WHERE id = ?1 AND own = 1 AND signature IS NOT NULL AND state <> 4",
        )?
        .execute([post.0])?;
    if changed == 0 {
        // A member's message that was posted again; it keeps waiting until the server shows it.
        tx.prepare_cached(
            "DELETE FROM posts WHERE message IN (SELECT id FROM messages WHERE id = ?1 AND from_member = 1)",
        )?
        .execute([post.0])?;
    } else {
        log::keep_bytes(tx, post)?;
        transcript::not_given_up(tx, post)?;
        tx.execute(
            "UPDATE groups SET last_signature = m.signature FROM messages m
             WHERE m.id = ?1 AND groups.conversation = m.conversation",
            [post.0],
        )?;
    }
    Ok(changed > 0)
}

/// Sets the state of an own message; one that a member gave stays what it is.
fn set_own_state(tx: &Connection, post: MessageId, state: MessageState) -> Result<(), Fault> {
    tx.prepare_cached("UPDATE messages SET state = ?2 WHERE id = ?1 AND from_member = 0")?
        .execute(params![post.0, state.code()])?;
    Ok(())
}

/// Whether a group has a message with this signature.
pub(super) fn knows_signature(conn: &Connection, conversation: i64, signature: &[u8]) -> Result<bool, Fault> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM messages WHERE conversation = ?1 AND signature = ?2")?
        .exists(params![conversation, signature])?)
}

/// Clears the gap of messages that waited for this signature.
pub(super) fn close_gaps(
    tx: &Connection,
    conversation: ConversationId,
    signature: &[u8],
) -> Result<u64, Fault> {
    let closed = tx
        .prepare_cached("UPDATE messages SET gap = 0 WHERE conversation = ?1 AND gap = 1 AND previous = ?2")?
        .execute(params![conversation.0, signature])?;
    Ok(closed as u64)
}
