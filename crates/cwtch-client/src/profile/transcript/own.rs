//! The own chain of a group, and what its next message says.

use cwtch_log::{EntryId, EntryPrefix, MsgId, PREFIX_LEN};
use cwtch_primitives::group::GroupId;
use cwtch_wire::group::{ABANDONED_MAX, Chain, Extensions, Gossip, INDEX_END, PARENTS_MAX, Parent};
use rusqlite::{Connection, OptionalExtension, params};

use super::{Touched, keep_received, receive, trim_received};
use crate::profile::columns::{key_bytes, unsigned};
use crate::profile::error::{Fault, StorageError};
use crate::profile::types::{ConversationId, MessageId, NewPost, SaidByPost};
use crate::profile::{Profile, groups, log, posts};

/// Of so many of the newest messages, those that nothing refers to become parents.
const LOOK_BACK: u32 = 64;
/// The certificate goes along with the first message, and then with one in so many.
const CERTIFICATE_EVERY: u32 = 16;

impl Profile {
    /// What the next message to a group says about the ones before it. `label` names the own chain if there is none
    /// yet. [`Profile::compose_post`] takes the number that is in it.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn next_extensions(&self, group: &GroupId, label: u32) -> Result<Extensions, StorageError> {
        self.read("compose a message", |conn| {
            let group = groups::by_id(conn, group)?.ok_or(StorageError::UnknownGroup)?;
            let conversation = group.conversation;
            let chain = next_link(conn, conversation, key_bytes(&self.address), label)?;
            let mut extensions = Extensions { chain: Some(chain), ..Extensions::default() };
            extensions.abandoned = untold(conn, conversation)?;
            let log = log::status_of(conn, &group.server)?;
            if log.known && !log.retired {
                let newest = heads(conn, conversation)?;
                extensions.gossip = newest.first().and_then(|head| head.gossip());
                extensions.parents = newest.iter().map(|head| head.parent).collect();
                if chain.sequence % CERTIFICATE_EVERY == 1 {
                    let certificate = log::certificate(conn, &group.server)?;
                    extensions.certificate =
                        certificate.and_then(|bytes| bytes.try_into().ok()).map(Box::new);
                }
            }
            Ok(extensions)
        })
    }
}

fn next_link(
    conn: &Connection,
    conversation: ConversationId,
    own: &[u8; 32],
    fresh: u32,
) -> Result<Chain, Fault> {
    let (label, sequence): (Option<u32>, u32) = conn
        .prepare_cached("SELECT chain_label, chain_next FROM epochs WHERE conversation = ?1")?
        .query_row([conversation.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let Some(label) = label else {
        return Ok(Chain { label: fresh, sequence: 1, previous: EntryPrefix::NONE });
    };
    // State 5: given up, so nobody will ever have it.
    let previous: Option<[u8; 32]> = conn
        .prepare_cached(
            "SELECT entry_id FROM messages WHERE conversation = ?1 AND author = ?2 AND chain_label = ?3
                 AND chain_sequence < ?4 AND state <> 5 AND entry_id IS NOT NULL
             ORDER BY chain_sequence DESC LIMIT 1",
        )?
        .query_row(params![conversation.0, own, label, sequence], |row| row.get(0))
        .optional()?;
    let previous = previous.map_or(EntryPrefix::NONE, |id| EntryId::from_bytes(id).prefix());
    Ok(Chain { label, sequence, previous })
}

/// Numbers that were given up, and nobody was told.
fn untold(conn: &Connection, conversation: ConversationId) -> Result<Vec<u32>, Fault> {
    let mut statement = conn.prepare_cached(
        "SELECT sequence FROM abandoned WHERE conversation = ?1 AND told_in IS NULL ORDER BY sequence LIMIT ?2",
    )?;
    let limit = i64::try_from(ABANDONED_MAX).unwrap_or(i64::MAX);
    let found = statement.query_map(params![conversation.0, limit], |row| row.get(0))?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// A message that no other one refers to.
struct Head {
    parent: Parent,
    incarnation: u64,
    root: [u8; 32],
}

impl Head {
    /// What was computed over the log up to it.
    fn gossip(&self) -> Option<Gossip> {
        let size = self.parent.index.checked_add(1).filter(|size| *size < INDEX_END)?;
        Some(Gossip { incarnation: self.incarnation, size, root: self.root })
    }
}

/// The newest messages that a checkpoint covers and that none of those refers to, newest first.
fn heads(conn: &Connection, conversation: ConversationId) -> Result<Vec<Head>, Fault> {
    // A root is kept with a message when a checkpoint covers it.
    // Messages without extensions refer to the one whose signature they name.
    let mut statement = conn.prepare_cached(
        "WITH newest AS MATERIALIZED
             (SELECT id, entry_id, log_index, incarnation, log_root, signature, previous FROM messages
              WHERE conversation = ?1 AND log_index IS NOT NULL AND log_root IS NOT NULL
              ORDER BY log_index DESC LIMIT ?2)
         SELECT m.entry_id, m.log_index, m.incarnation, m.log_root FROM newest m
         WHERE m.entry_id IS NOT NULL AND m.log_index < ?4
             AND NOT EXISTS (SELECT 1 FROM newest child WHERE child.previous = m.signature
                 AND NOT EXISTS (SELECT 1 FROM parents WHERE message = child.id))
             AND NOT EXISTS
             (SELECT 1 FROM parents p JOIN messages child ON child.id = p.message
              WHERE p.conversation = ?1 AND p.entry = substr(m.entry_id, 1, ?5) AND child.log_root IS NOT NULL)
         ORDER BY m.log_index DESC LIMIT ?3",
    )?;
    let (most, prefix) = (i64::try_from(PARENTS_MAX), i64::try_from(PREFIX_LEN));
    let (most, prefix) = (most.unwrap_or(0), prefix.unwrap_or(0));
    let end = INDEX_END.saturating_sub(1).cast_signed();
    let found = statement.query_map(params![conversation.0, LOOK_BACK, most, end, prefix], |row| {
        let id = EntryId::from_bytes(row.get(0)?).prefix();
        Ok(Head {
            parent: Parent { id, index: unsigned(row, 1)? },
            incarnation: unsigned(row, 2)?,
            root: row.get(3)?,
        })
    })?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// An own message is composed: its number is taken, and what it says is kept.
pub(in crate::profile) fn note_own(
    conn: &Connection,
    conversation: ConversationId,
    own: &cwtch_primitives::Address,
    message: MessageId,
    post: &NewPost,
) -> Result<(), Fault> {
    let entry = EntryId::of(&post.signature, &post.ciphertext);
    let id = MsgId::from_bytes(post.message_hash);
    let said = |extensions| receive::Said {
        conversation,
        message,
        author: own,
        id,
        entry: &entry,
        place: None,
        extensions,
    };
    keep_received(conn, conversation, message, &post.ciphertext)?;
    trim_received(conn, conversation)?;
    let mut touched = Touched::new();
    let Some(SaidByPost { extensions, abandoned_told }) = &post.said else {
        return receive::note(conn, &said(None), &mut touched);
    };
    if let Some(chain) = &extensions.chain {
        let taken = conn
            .prepare_cached(
                "UPDATE epochs SET chain_label = ?2, chain_next = ?3 + 1
                 WHERE conversation = ?1 AND coalesce(chain_label, ?2) = ?2 AND chain_next = ?3",
            )?
            .execute(params![conversation.0, chain.label, chain.sequence])?;
        if taken == 0 {
            return Err(StorageError::NumberTaken.into());
        }
    }
    receive::note(conn, &said(Some(extensions)), &mut touched)?;
    let mut tell =
        conn.prepare_cached("UPDATE abandoned SET told_in = ?3 WHERE conversation = ?1 AND sequence = ?2")?;
    for number in extensions.abandoned.iter().take(*abandoned_told) {
        tell.execute(params![conversation.0, number, message.0])?;
    }
    Ok(())
}

/// A post was given up: its number is told with the next message, and so is what only it would have told.
pub(in crate::profile) fn give_up(conn: &Connection, post: MessageId) -> Result<(), Fault> {
    conn.prepare_cached("UPDATE abandoned SET told_in = NULL WHERE told_in = ?1")?.execute([post.0])?;
    conn.prepare_cached(
        "INSERT OR IGNORE INTO abandoned (conversation, sequence)
         SELECT m.conversation, m.chain_sequence FROM messages m
         JOIN epochs g ON g.conversation = m.conversation AND g.chain_label = m.chain_label
         WHERE m.id = ?1 AND m.own = 1 AND m.chain_sequence IS NOT NULL",
    )?
    .execute([post.0])?;
    Ok(())
}

/// A post that was given up arrived after all.
pub(in crate::profile) fn not_given_up(conn: &Connection, post: MessageId) -> Result<(), Fault> {
    conn.prepare_cached(
        "DELETE FROM abandoned WHERE (conversation, sequence) IN
             (SELECT conversation, chain_sequence FROM messages WHERE id = ?1)",
    )?
    .execute([post.0])?;
    Ok(())
}

/// A message under the own name came that this database has not written: it was put back, or another copy runs. If the
/// message is of the own chain, the next one begins another chain, and what waits under the same number gets one there.
pub(in crate::profile) fn noticed_elsewhere(
    conn: &Connection,
    conversation: ConversationId,
    extensions: Option<&Extensions>,
) -> Result<(), Fault> {
    let Some(chain) = extensions.and_then(|extensions| extensions.chain) else { return Ok(()) };
    posts::unnumber(conn, conversation, chain.label, chain.sequence)?;
    let restored = conn
        .prepare_cached(
            "UPDATE epochs SET chain_label = NULL, chain_next = 1
             WHERE conversation = ?1 AND chain_label = ?2",
        )?
        .execute(params![conversation.0, chain.label])?;
    if restored > 0 {
        conn.prepare_cached("DELETE FROM abandoned WHERE conversation = ?1")?.execute([conversation.0])?;
    }
    Ok(())
}

/// Whether a number of an own chain was here before: then its message was deleted here, and comes as no news.
pub(in crate::profile) fn was_here(
    conn: &Connection,
    conversation: ConversationId,
    own: &cwtch_primitives::Address,
    extensions: Option<&Extensions>,
) -> Result<bool, Fault> {
    let Some(chain) = extensions.and_then(|extensions| extensions.chain) else { return Ok(false) };
    let number = params![conversation.0, key_bytes(own), chain.label, chain.sequence];
    let taken = conn
        .prepare_cached(
            "SELECT 1 FROM chains WHERE conversation = ?1 AND author = ?2 AND label = ?3 AND highest >= ?4
                 AND NOT EXISTS (SELECT 1 FROM chain_holes WHERE conversation = ?1 AND author = ?2 AND label = ?3
                     AND ?4 BETWEEN first AND last)",
        )?
        .exists(number)?;
    // Another message has it: then this one is news, and worse.
    let other = conn
        .prepare_cached(
            "SELECT 1 FROM messages WHERE conversation = ?1 AND author = ?2 AND chain_label = ?3
                 AND chain_sequence = ?4",
        )?
        .exists(number)?;
    Ok(taken && !other)
}
