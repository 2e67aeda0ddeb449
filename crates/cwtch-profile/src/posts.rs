//! Own group messages on their way to the server.
//!
//! A message is queued as what the person wrote. It is composed when it is about to leave, behind a sync, so that its
//! number is one that no other copy of this profile can have used unseen. From then on it is sent again with the same
//! bytes and the same token until the server answers, and is confirmed by a PostResult or by its own appearance in a
//! sync.

use cwtch_api::Purpose;
use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::Arrival;
use cwtch_protocol::monitor::{Change, Notice};
use cwtch_wire::board::EncryptedGroupMessage;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::{SIGNATURE_MAX, from_list, group_id, key_bytes, limit, optional_token};
use super::db::Tx;
use super::error::{StorageError, TxError};
use super::messages::{self, NewMessage};
use super::types::{Content, MessageId, MessageState, NewPost, OVERLAY_MAX, Payment, PendingPost, PostBody};
use super::{Group, Profile, copies, forks, groups, log, order, servers, tokens};

/// Conclusions about a token that a server refused together with its post. The token is gone in either case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusedToken {
    /// The token may have come out of a copy of this profile, or have been sent before: that says nothing about the
    /// post, nor do the other tokens of its kind help.
    Doubtful,
    /// The server says that it was spent, and this database never sent it: this database was put back.
    SpentElsewhere,
    /// The token was bought since the database was opened; another one is tried.
    Ours,
    /// The same, and no further one is tried: the post has failed.
    GiveUp,
}

/// Facts that came with a server's confirmation of a post.
#[derive(Debug, Clone, Default)]
pub struct Confirmation {
    /// Changes that the monitor made when it judged the receipt.
    pub log: Vec<Change>,
    /// The index and the incarnation that the receipt names.
    pub place: Option<(u64, u64)>,
    /// Notices of the monitor that a person is to be told of.
    pub notices: Vec<Notice>,
    /// Time of the confirmation and of these notices, unix seconds.
    pub at: i64,
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
    /// [`StorageError::UnknownMessage`] if it is no draft, or one of another epoch by now, [`StorageError::DuplicateMessage`] for a signature or hash
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

    /// Posts that a server has not confirmed, oldest first, with numbers above `after`, at most `limit`; those of whoever may
    /// not write yet stand behind the others. Without drafts of an epoch whose earlier entries wait to enter the
    /// conversation: a message says behind what it was written.
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
                     coalesce(m.sent, m.received), m.own
                 FROM posts p
                 JOIN servers s ON s.id = p.server
                 JOIN messages m ON m.id = p.message
                 JOIN epochs g ON g.conversation = m.conversation AND g.number = m.epoch
                 -- What is not composed waits until all that came before is in the conversation: it says what it was written behind.
                 WHERE s.key = ?1 AND p.message > ?2 AND (p.ciphertext IS NOT NULL OR g.buffered = 0)
                     -- Under a new key of one's own nothing is said before the server has announced it.
                     AND NOT EXISTS (SELECT 1 FROM fork_postings f WHERE f.conversation = g.conversation
                         AND f.fork = g.fork_id AND f.goes_on = 0)
                 ORDER BY g.writes <> 1, p.message LIMIT ?3",
            )?;
            let rows = statement.query_map(params![key_bytes(server), after.0, limit], |row| {
                let body = match (row.get::<_, Option<Vec<u8>>>(2)?, row.get(3)?) {
                    (Some(ciphertext), Some(signature)) => {
                        PostBody::Composed(EncryptedGroupMessage { ciphertext, signature })
                    }
                    _ => PostBody::Draft { overlay: row.get(6)?, written: row.get(7)? },
                };
                Ok(PendingPost {
                    own: row.get(8)?,
                    sent: row.get(7)?,
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
        let own = self.address;
        self.write("note a stored post", |tx| {
            let server = servers::row_of(tx, server)?;
            log::apply(tx, server, &confirmation.log)?;
            log::note(tx, server, &confirmation.notices, confirmation.at)?;
            let new = confirm(tx, &own, post)?;
            forks::said::stored(tx, post, confirmation.at)?;
            if let Some((index, incarnation)) = confirmation.place {
                log::note_receipt(tx, post, index, incarnation)?;
                // One that was posted for another, who lost it, stays before what names it.
                order::located(tx, &own, post)?;
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
        let (session, own) = (self.session, self.address);
        self.write("note a refused post", |tx| {
            let server: Option<i64> = tx
                .prepare_cached(
                    "UPDATE posts SET token = NULL, token_session = NULL WHERE message = ?1 RETURNING server",
                )?
                .query_row([post.0], |row| row.get(0))
                .optional()?;
            if let Some(server) = server {
                match token {
                    RefusedToken::GiveUp => give_up(tx, &own, post)?,
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

    /// Makes a composed message a draft again, which is written anew: its number is told as given up. Gives what the person
    /// wrote, as JSON of the overlay. Whoever calls this knows that the server does not have it.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`] if it is not waiting, or trouble with the database.
    pub fn compose_anew(&mut self, post: MessageId) -> Result<Vec<u8>, StorageError> {
        let own = self.address;
        self.write("write a message anew", |tx| {
            let overlay = tx
                .prepare_cached(
                    "SELECT m.overlay FROM posts p JOIN messages m ON m.id = p.message
                     WHERE p.message = ?1 AND m.own = 1 AND m.from_member = 0",
                )?
                .query_row([post.0], |row| row.get(0))
                .optional()?
                .ok_or(StorageError::UnknownMessage)?;
            order::begin_again(tx, &own, post)?;
            Ok(overlay)
        })
    }

    /// Gives up a post that cannot be composed.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn give_up_post(&mut self, post: MessageId) -> Result<(), StorageError> {
        let own = self.address;
        self.write("give a group message up", |tx| give_up(tx, &own, post))
    }
}

impl NewPost {
    fn check(&self) -> Result<(), StorageError> {
        self.content.check()?;
        limit(Purpose::EncryptedMessage, self.ciphertext.len(), OVERLAY_MAX)?;
        limit(Purpose::Signature, self.signature.len().max(self.previous.len()), SIGNATURE_MAX)
    }
}

/// Gives a post up: nobody will ever have this message.
pub(super) fn give_up(tx: &Connection, own: &Address, post: MessageId) -> Result<(), TxError> {
    set_own_state(tx, post, MessageState::Failed)?;
    forks::said::unsaid(tx, post)?;
    order::give_up(tx, own, post)?;
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
) -> Result<MessageId, TxError> {
    // In the epoch that is written in now, whichever the writer had before their eyes.
    let group = groups::of_any_id(tx, group)?.ok_or(StorageError::UnknownGroup)?;
    let message = NewMessage {
        conversation: group.conversation,
        epoch: group.epoch,
        author,
        own: true,
        state: MessageState::Queued,
        content,
        sent: Some(now),
        received: now,
        protocol_id: None,
        group: None,
        hidden: false,
    };
    let id = messages::insert(tx, &message)?.ok_or(StorageError::DuplicateMessage)?;
    tx.prepare_cached(
        "INSERT INTO posts (message, server) SELECT ?1, server FROM epochs WHERE conversation = ?2 AND state = 1",
    )?
    .execute(params![id.0, group.conversation.0])?;
    Ok(id)
}

/// Queues a message that is no chat, in an epoch that is read: nobody is shown or told of it.
pub(super) fn control(tx: &Tx<'_>, author: &Address, epoch: &Group, now: i64) -> Result<MessageId, TxError> {
    let nothing = Content { kind: 1, data: String::new(), json: Vec::new() };
    let message = NewMessage {
        conversation: epoch.conversation,
        epoch: epoch.epoch,
        author,
        own: true,
        state: MessageState::Queued,
        content: &nothing,
        sent: Some(now),
        received: now,
        protocol_id: None,
        group: None,
        hidden: true,
    };
    let id = messages::insert(tx, &message)?.ok_or(StorageError::DuplicateMessage)?;
    tx.prepare_cached(
        "INSERT INTO posts (message, server) SELECT ?1, server FROM epochs WHERE conversation = ?2 AND number = ?3",
    )?
    .execute(params![id.0, epoch.conversation.0, epoch.epoch.cast_signed()])?;
    Ok(id)
}

/// Makes a draft a message with a number.
pub(super) fn compose(tx: &Tx<'_>, author: &Address, id: MessageId, post: &NewPost) -> Result<(), TxError> {
    tx.prepare_cached("UPDATE messages SET sent = ?2 WHERE id = ?1 AND sent IS NOT ?2")?
        .execute(params![id.0, post.sent])?;
    // A draft may have gone on to another epoch while it was composed under the key of this one.
    let (received, sent) = tx
        .prepare_cached(
            "SELECT m.received, m.sent FROM posts p JOIN messages m ON m.id = p.message
             JOIN epochs e ON e.conversation = m.conversation AND e.number = m.epoch
             WHERE p.message = ?1 AND p.ciphertext IS NULL AND e.group_id = ?2",
        )?
        .query_row(params![id.0, post.group.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or(StorageError::UnknownMessage)?;
    let said = post.said.as_ref();
    let message = order::Message {
        tx,
        arrival: Arrival {
            author: key_bytes(author),
            id: post.msg_id,
            entry: EntryId::of(&post.signature, &post.ciphertext),
            signature: &post.signature,
            previous: &post.previous,
            place: None,
            words: order::Message::words(&post.content, sent),
            extensions: said.map(|said| &said.extensions),
        },
        author,
        content: &post.content,
        received,
        ciphertext: &post.ciphertext,
        day: post.day,
        hidden: forks::said::is_control(tx, id)?,
        keep: true,
    };
    order::composed(tx, author, id, &message, said.map_or(0, |said| said.abandoned_told))?;
    forks::said::composed(tx, id, post.prekey.as_ref(), received)
}

/// Marks an own group message as stored and as the newest that the server has. False if it was, or if it is gone.
fn confirm(tx: &Connection, own: &Address, post: MessageId) -> Result<bool, TxError> {
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
        order::confirmed(tx, own, post)?;
        tx.execute(
            "UPDATE epochs SET last_signature = m.signature FROM messages m
             WHERE m.id = ?1 AND epochs.conversation = m.conversation AND epochs.number = m.epoch",
            [post.0],
        )?;
    }
    Ok(changed > 0)
}

/// Sets the state of an own message; one that a member gave stays what it is.
fn set_own_state(tx: &Connection, post: MessageId, state: MessageState) -> Result<(), TxError> {
    tx.prepare_cached("UPDATE messages SET state = ?2 WHERE id = ?1 AND from_member = 0")?
        .execute(params![post.0, state.code()])?;
    Ok(())
}
