//! Hiding members of a group from the person, and showing them again. The rules about forks pass over who is hidden.

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_protocol::group::fork::Event;
use rusqlite::{Connection, OptionalExtension, params};

use super::{act::Act, view};
use crate::Profile;
use crate::columns::key_bytes;
use crate::error::{StorageError, TxError};
use crate::hidden::{HIDDEN_MAX, UNHIDDEN, all};
use crate::types::ConversationId;

impl Profile {
    /// The members of a group whom the person hides.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn hidden(&self, conversation: ConversationId) -> Result<BTreeSet<Address>, StorageError> {
        self.read("read who is hidden", |conn| all(conn, conversation))
    }

    /// Hides a member of a group, or shows them again with all that they wrote: in lists, counts and events, and in the rules about
    /// forks, which pass over those of whoever is hidden. True if that is another state than before.
    ///
    /// # Errors
    /// [`StorageError::OwnAddress`] for oneself, [`StorageError::NotInGroup`] for whoever neither wrote in the group nor is listed in
    /// it, [`StorageError::TooManyHidden`], [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn hide(
        &mut self,
        conversation: ConversationId,
        member: &Address,
        hide: bool,
        now: u64,
    ) -> Result<bool, StorageError> {
        let own = self.address;
        if *member == own {
            return Err(StorageError::OwnAddress);
        }
        let changes = self.write("hide a member of a group", |tx| {
            let before = all(tx, conversation)?;
            if before.contains(member) == hide {
                return Ok(None);
            }
            let act = Act { tx, own: &own, now, late: true };
            if hide {
                if before.len() >= HIDDEN_MAX {
                    return Err(StorageError::TooManyHidden { max: HIDDEN_MAX }.into());
                }
                let view = view::load(tx, &own, conversation)?;
                let listed = view.path().any(|epoch| epoch.listed.contains(member.public_key()));
                if !listed && !wrote(tx, conversation, member)? {
                    return Err(StorageError::NotInGroup.into());
                }
                count(tx, conversation, member, -1)?;
                tx.prepare_cached("INSERT INTO hidden (conversation, member) VALUES (?1, ?2)")?
                    .execute(params![conversation.0, key_bytes(member)])?;
            } else {
                count(tx, conversation, member, 1)?;
                tx.prepare_cached("DELETE FROM hidden WHERE conversation = ?1 AND member = ?2")?
                    .execute(params![conversation.0, key_bytes(member)])?;
            }
            active(tx, conversation)?;
            // The rules know who is hidden from the same table; what they ask now may be something else.
            let (_, changes) = act.happens(conversation, &Event::Tick)?;
            Ok(Some(changes.len()))
        })?;
        // A fork that is given up goes with its secret.
        Ok(changes.map(|count| self.erased(count)).is_some())
    }
}

fn wrote(conn: &Connection, conversation: ConversationId, member: &Address) -> Result<bool, TxError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM group_authors WHERE conversation = ?1 AND author = ?2")?
        .exists(params![conversation.0, key_bytes(member)])?)
}

/// Adds a member's messages to the counts of what is shown, or with -1 takes them off.
fn count(
    conn: &Connection,
    conversation: ConversationId,
    member: &Address,
    sign: i64,
) -> Result<(), TxError> {
    conn.prepare_cached(
        "UPDATE conversations SET messages = messages + ?3 * c.held, unread = unread + ?3 * c.since FROM (
             SELECT count(*) AS held, count(*) FILTER (WHERE m.id > v.read_to) AS since
             FROM messages m JOIN conversations v ON v.id = m.conversation
             WHERE m.conversation = ?1 AND m.author = ?2 AND m.erased = 0) AS c
         WHERE id = ?1",
    )?
    .execute(params![conversation.0, key_bytes(member), sign])?;
    Ok(())
}

/// Sets when the newest message that is shown came: a conversation stands in lists by that.
fn active(conn: &Connection, conversation: ConversationId) -> Result<(), TxError> {
    let newest = conn
        .prepare_cached(&format!(
            "SELECT received FROM messages WHERE conversation = ?1 AND erased = 0 AND {UNHIDDEN}
             ORDER BY id DESC LIMIT 1"
        ))?
        .query_row([conversation.0], |row| row.get::<_, i64>(0))
        .optional()?;
    conn.prepare_cached("UPDATE conversations SET active = ?2 WHERE id = ?1")?
        .execute(params![conversation.0, newest.unwrap_or(0)])?;
    Ok(())
}
