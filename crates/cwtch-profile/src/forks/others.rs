//! Prekeys of others: the newest of each author of a group.

use std::collections::BTreeMap;

use cwtch_primitives::agreement::AgreementPublicKey;
use cwtch_protocol::group::fork::{DAY, Member, View};
use cwtch_wire::group::fork::Prekey;
use rusqlite::{Connection, params};

use super::rows::member;
use crate::Profile;
use crate::columns::broken_blob;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// Time that a prekey may lie ahead.
const AHEAD: u64 = DAY;
/// The most prekeys of a conversation. Listed members' stay, however many others write.
const KEPT: usize = 256;

impl Profile {
    /// The newest prekey of each author of a group who published one.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn prekeys(&self, conversation: ConversationId) -> Result<BTreeMap<Member, Prekey>, StorageError> {
        self.read("read the members' prekeys", |conn| all(conn, conversation))
    }

    /// Keeps a prekey that its author's own message or question brought, if it is newer than the one that is known. `view` tells
    /// whose prekeys are never given up for others'.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn keep_prekey(
        &mut self,
        view: &View,
        conversation: ConversationId,
        author: &Member,
        prekey: &Prekey,
        now: u64,
    ) -> Result<bool, StorageError> {
        self.write("keep a member's prekey", |tx| keep(tx, view, conversation, author, prekey, now))
    }
}

pub(super) fn keep(
    conn: &Connection,
    view: &View,
    conversation: ConversationId,
    author: &Member,
    prekey: &Prekey,
    now: u64,
) -> Result<bool, TxError> {
    if prekey.created() > now.saturating_add(AHEAD) {
        return Ok(false);
    }
    let changed = conn
        .prepare_cached(
            "INSERT INTO prekeys (conversation, author, created, key) VALUES (?1, ?2, ?3, ?4)
             ON CONFLICT (conversation, author) DO UPDATE SET created = excluded.created, key = excluded.key
                 WHERE excluded.created > created",
        )?
        .execute(params![
            conversation.0,
            author.as_bytes(),
            prekey.created().cast_signed(),
            prekey.key().as_bytes(),
        ])?;
    if changed > 0 {
        trim(conn, view, conversation)?;
    }
    Ok(changed > 0)
}

/// Gives up the oldest of who is not listed, beyond the bound.
fn trim(conn: &Connection, view: &View, conversation: ConversationId) -> Result<(), TxError> {
    let known = all(conn, conversation)?;
    let mut unlisted: Vec<(u64, Member)> = known
        .iter()
        .filter(|(author, _)| !view.path().any(|epoch| epoch.listed.contains(author)))
        .map(|(author, prekey)| (prekey.created(), *author))
        .collect();
    unlisted.sort_unstable();
    let listed = known.len() - unlisted.len();
    let beyond = unlisted.len().saturating_sub(KEPT.saturating_sub(listed));
    for (_, author) in unlisted.iter().take(beyond) {
        conn.prepare_cached("DELETE FROM prekeys WHERE conversation = ?1 AND author = ?2")?
            .execute(params![conversation.0, author.as_bytes()])?;
    }
    Ok(())
}

pub(super) fn all(
    conn: &Connection,
    conversation: ConversationId,
) -> Result<BTreeMap<Member, Prekey>, TxError> {
    let mut statement =
        conn.prepare_cached("SELECT author, created, key FROM prekeys WHERE conversation = ?1")?;
    let rows = statement.query_map([conversation.0], |row| {
        let key: [u8; 32] = row.get(2)?;
        let key = AgreementPublicKey::from_bytes(&key).map_err(|_| broken_blob(2))?;
        Ok((member(row, 0)?, Prekey::new(row.get::<_, i64>(1)?.cast_unsigned(), key)))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
