//! Own group messages on their way to the server.
//!
//! A message is queued as what the person wrote. It is composed when it is about to leave, behind a sync, so that its
//! number is one that no other copy of this profile can have used unseen. From then on it is sent again with the same
//! bytes and the same token until the server answers, and is confirmed by a PostResult or by its own appearance in a
//! sync.

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::monitor::Change;
use cwtch_wire::board::EncryptedGroupMessage;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{SIGNATURE_MAX, from_list, group_id, key_bytes, limit, optional_token, quote_hash};
use super::db::Tx;
use super::error::{Fault, StorageError};
use super::messages::{self, NewMessage};
use super::sync::SyncItem;
use super::types::{
    Content, ConversationId, LogPlace, MessageId, MessageState, NewPost, OVERLAY_MAX, Payment, PendingPost,
    PostBody,
};
use super::{Profile, copies, groups, log, order, servers, tokens, transcript};

/// What a server that refused a post said of its token. The token is gone in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedToken {
    /// It may have come out of a copy of this profile, or have been sent before: that says nothing about the post,
    /// nor do the other tokens of its kind help.
    Doubtful,
    /// The server says that it was spent, and this database never sent it: this database was put back.
    SpentElsewhere,
    /// It was bought since the database was opened; another one is tried.
    Ours,
    /// The same, and no further one is tried: the post has failed.
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
    /// Queues an own group message as it was written; durable before anything is sent.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], [`StorageError::TooLong`], or trouble with the database.
    pub fn enqueue_draft(
        &mut self,
        group: &GroupId,
        content: &Content,
        now: i64,
    ) -> Result<MessageId, StorageError> {
        content.check()?;
        let author = self.address;
        self.write("queue a group message", |tx| draft(tx, &author, group, content, now))
    }

    /// Makes a draft a message that can be sent, and binds a token to it, in one transaction. `None` if the wallet is
    /// empty: nothing changed then.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`] if it is no draft, [`StorageError::DuplicateMessage`] for a signature or hash
    /// that the group has, [`StorageError::NumberTaken`], [`StorageError::TooLong`], or trouble with the database.
    pub fn compose_post(&mut self, id: MessageId, post: &NewPost) -> Result<Option<Payment>, StorageError> {
        post.check()?;
        let (author, session) = (self.address, self.session);
        self.write("compose a group message", |tx| {
            let payment = tokens::bind(tx, id, session)?;
            if payment.is_some() {
                compose(tx, &author, id, post)?;
            }
            Ok(payment)
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
                "SELECT p.message, g.group_id, p.ciphertext, m.signature, p.token, m.state, m.overlay,
                     coalesce(m.sent, m.received)
                 FROM posts p
                 JOIN servers s ON s.id = p.server
                 JOIN messages m ON m.id = p.message
                 JOIN epochs g ON g.conversation = m.conversation
                 WHERE s.key = ?1 AND p.message > ?2 ORDER BY p.message LIMIT ?3",
            )?;
            let rows = statement.query_map(params![key_bytes(server), after.0, limit], |row| {
                let body = match (row.get::<_, Option<Vec<u8>>>(2)?, row.get(3)?) {
                    (Some(ciphertext), Some(signature)) => {
                        PostBody::Composed(EncryptedGroupMessage { ciphertext, signature })
                    }
                    _ => PostBody::Draft { overlay: row.get(6)?, written: row.get(7)? },
                };
                Ok(PendingPost {
                    id: MessageId(row.get(0)?),
                    group: group_id(row, 1)?,
                    body,
                    token: optional_token(row, 4)?,
                    state: from_list(row, 5, MessageState::from_code)?,
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
                // One that was posted for another, who lost it, stays before what names it.
                order::before_answers(tx, post)?;
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
        token: RefusedToken,
    ) -> Result<MessageState, StorageError> {
        let session = self.session;
        self.write("note a refused post", |tx| {
            let server: Option<i64> = tx
                .prepare_cached(
                    "UPDATE posts SET token = NULL, token_session = NULL WHERE message = ?1 RETURNING server",
                )?
                .query_row([post.0], |row| row.get(0))
                .optional()?;
            if let Some(server) = server {
                match token {
                    RefusedToken::GiveUp => give_up(tx, post)?,
                    RefusedToken::Ours => set_own_state(tx, post, MessageState::Queued)?,
                    RefusedToken::Doubtful | RefusedToken::SpentElsewhere => {
                        set_own_state(tx, post, MessageState::Queued)?;
                        tokens::drop_doubtful(tx, server, session)?;
                    }
                }
                if token == RefusedToken::SpentElsewhere {
                    copies::new_chains(tx, server)?;
                }
            }
            let state = tx
                .prepare_cached("SELECT state FROM messages WHERE id = ?1")?
                .query_row([post.0], |row| from_list(row, 0, MessageState::from_code))
                .optional()?;
            Ok(state.ok_or(StorageError::UnknownMessage)?)
        })
    }

    /// Gives up a post that cannot be composed.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn give_up_post(&mut self, post: MessageId) -> Result<(), StorageError> {
        self.write("give a group message up", |tx| give_up(tx, post))
    }
}

impl NewPost {
    fn check(&self) -> Result<(), StorageError> {
        self.content.check()?;
        limit("an encrypted message", self.ciphertext.len(), OVERLAY_MAX)?;
        limit("a signature", self.signature.len().max(self.previous.len()), SIGNATURE_MAX)
    }
}

/// Nobody will ever have this message.
fn give_up(tx: &Connection, post: MessageId) -> Result<(), Fault> {
    set_own_state(tx, post, MessageState::Failed)?;
    transcript::give_up(tx, post)?;
    tx.prepare_cached("DELETE FROM posts WHERE message = ?1")?.execute([post.0])?;
    Ok(())
}

/// Queues what a person wrote.
pub(super) fn draft(
    tx: &Tx<'_>,
    author: &Address,
    group: &GroupId,
    content: &Content,
    now: i64,
) -> Result<MessageId, Fault> {
    let group = groups::by_id(tx, group)?.ok_or(StorageError::UnknownGroup)?;
    let message = NewMessage {
        conversation: group.conversation,
        author,
        own: true,
        state: MessageState::Queued,
        content,
        sent: Some(now),
        received: now,
        protocol_id: None,
        group: None,
    };
    let id = messages::insert(tx, &message)?.ok_or(StorageError::DuplicateMessage)?;
    tx.prepare_cached(
        "INSERT INTO posts (message, server) SELECT ?1, server FROM epochs WHERE conversation = ?2",
    )?
    .execute(params![id.0, group.conversation.0])?;
    Ok(id)
}

/// What a draft becomes.
struct Become<'a> {
    content: &'a Content,
    signature: &'a [u8],
    /// Empty for none.
    previous: &'a [u8],
    message_hash: &'a [u8; 32],
    entry: EntryId,
    state: MessageState,
    /// Its place in the server's order, and in its log, where the server shows it.
    position: Option<i64>,
    place: Option<LogPlace>,
}

/// Gives a draft what only a composed message has.
fn fill_in(
    tx: &Connection,
    author: &Address,
    (conversation, id): (ConversationId, MessageId),
    with: &Become<'_>,
) -> Result<(), Fault> {
    let gap = !with.previous.is_empty() && !knows_signature(tx, conversation.0, with.previous)?;
    let place = with.place;
    let filled = tx
        .prepare_cached(
            "UPDATE OR IGNORE messages SET kind = ?2, data = ?3, overlay = ?4, quote_hash = ?5, signature = ?6,
                 previous = ?7, message_hash = ?8, gap = ?9, position = ?10, entry_id = ?11, log_index = ?12,
                 incarnation = ?13, log_root = ?14, state = ?15
             WHERE id = ?1 AND signature IS NULL",
        )?
        .execute(params![
            id.0,
            with.content.kind.cast_signed(),
            with.content.data,
            with.content.json,
            quote_hash(author, &with.content.json),
            with.signature,
            Some(with.previous).filter(|previous| !previous.is_empty()),
            with.message_hash,
            gap,
            with.position,
            with.entry.as_bytes(),
            place.map(|place| place.index.cast_signed()),
            place.map(|place| place.incarnation.cast_signed()),
            place.map(|place| place.root),
            with.state.code(),
        ])?;
    if filled == 0 {
        return Err(StorageError::DuplicateMessage.into());
    }
    close_gaps(tx, conversation, with.signature)?;
    Ok(())
}

/// Makes a draft a message with a number.
pub(super) fn compose(tx: &Connection, author: &Address, id: MessageId, post: &NewPost) -> Result<(), Fault> {
    let conversation = tx
        .prepare_cached(
            "SELECT m.conversation FROM posts p JOIN messages m ON m.id = p.message
             WHERE p.message = ?1 AND p.ciphertext IS NULL",
        )?
        .query_row([id.0], |row| Ok(ConversationId(row.get(0)?)))
        .optional()?
        .ok_or(StorageError::UnknownMessage)?;
    let with = Become {
        content: &post.content,
        signature: &post.signature,
        previous: &post.previous,
        message_hash: &post.message_hash,
        entry: EntryId::of(&post.signature, &post.ciphertext),
        state: MessageState::Queued,
        position: None,
        place: None,
    };
    fill_in(tx, author, (conversation, id), &with)?;
    transcript::note_own(tx, conversation, author, id, post)?;
    tx.prepare_cached("UPDATE posts SET ciphertext = ?2 WHERE message = ?1")?
        .execute(params![id.0, post.ciphertext])?;
    Ok(())
}

/// A message under the own name that is not here: if a draft of this database says the same and was written in the
/// same second, another copy has composed and posted it, and it is not to go out twice. Tells the message.
pub(super) fn posted_elsewhere(
    tx: &Connection,
    author: &Address,
    conversation: ConversationId,
    item: &SyncItem,
    position: i64,
) -> Result<Option<MessageId>, Fault> {
    let draft = tx
        .prepare_cached(
            "SELECT m.id FROM posts p JOIN messages m ON m.id = p.message
             WHERE m.conversation = ?1 AND p.ciphertext IS NULL AND m.sent = ?2 AND m.kind = ?3 AND m.data = ?4
             ORDER BY m.id LIMIT 1",
        )?
        .query_row(
            params![conversation.0, item.sent, item.content.kind.cast_signed(), item.content.data],
            |row| Ok(MessageId(row.get(0)?)),
        )
        .optional()?;
    let Some(id) = draft else { return Ok(None) };
    let with = Become {
        content: &item.content,
        signature: &item.signature,
        previous: &item.previous,
        message_hash: &item.message_hash,
        entry: item.entry,
        state: MessageState::Stored,
        position: Some(position),
        place: item.place,
    };
    fill_in(tx, author, (conversation, id), &with)?;
    tx.prepare_cached("DELETE FROM posts WHERE message = ?1")?.execute([id.0])?;
    Ok(Some(id))
}

/// Makes an own message that waits a draft again, if it has a number that another own message has: it was composed by
/// a database that did not know better, and would show its author as a liar.
pub(super) fn unnumber(
    tx: &Connection,
    conversation: ConversationId,
    label: u32,
    sequence: u32,
) -> Result<(), Fault> {
    let mut statement = tx.prepare_cached(
        "SELECT m.id FROM posts p JOIN messages m ON m.id = p.message
         WHERE m.conversation = ?1 AND m.own = 1 AND m.from_member = 0 AND m.chain_label = ?2
             AND m.chain_sequence = ?3 AND m.reposted = 0",
    )?;
    let waiting = statement.query_map(params![conversation.0, label, sequence], |row| row.get(0))?;
    for id in waiting.collect::<Result<Vec<i64>, _>>()? {
        for statement in [
            "UPDATE posts SET ciphertext = NULL, token = NULL, token_session = NULL WHERE message = ?1",
            "UPDATE messages SET state = 1, signature = NULL, previous = NULL, message_hash = NULL, gap = 0,
                 entry_id = NULL, chain_label = NULL, chain_sequence = NULL, chain_previous = NULL
             WHERE id = ?1",
            "DELETE FROM parents WHERE message = ?1",
            "DELETE FROM views WHERE message = ?1",
            "DELETE FROM received_entries WHERE message = ?1",
        ] {
            tx.prepare_cached(statement)?.execute([id])?;
        }
    }
    Ok(())
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
            "UPDATE epochs SET last_signature = m.signature FROM messages m
             WHERE m.id = ?1 AND epochs.conversation = m.conversation",
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
