//! Whom the person hides in a group, and the condition by which queries leave out what they write.
//!
//! What a hidden member writes is stored, judged, ordered, passed on and repaired like everything else: of messages nothing that
//! leaves this machine depends on it. It is left out where messages are read for a person: every such query has [`UNHIDDEN`],
//! and the triggers that count messages and tell of them look at the same table. Forks that a hidden member makes are neither followed
//! nor passed on, which others see as they see somebody who was away. Who is hidden is decided in `forks/hiding.rs`.

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use rusqlite::{Connection, params};

use super::columns::{address, key_bytes};
use super::error::TxError;
use super::types::ConversationId;

/// The most members that are hidden in a group.
pub const HIDDEN_MAX: usize = 256;

/// Condition of a query over `messages`: the author is not hidden in the conversation.
pub(crate) const UNHIDDEN: &str = "NOT EXISTS (SELECT 1 FROM hidden h
    WHERE h.conversation = messages.conversation AND h.member = messages.author)";

/// The members of a group whom the person hides.
pub(crate) fn all(conn: &Connection, conversation: ConversationId) -> Result<BTreeSet<Address>, TxError> {
    let mut statement = conn.prepare_cached("SELECT member FROM hidden WHERE conversation = ?1")?;
    let rows = statement.query_map([conversation.0], |row| address(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// True if a member of a conversation is hidden.
pub(crate) fn is_hidden(
    conn: &Connection,
    conversation: ConversationId,
    member: &Address,
) -> Result<bool, TxError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM hidden WHERE conversation = ?1 AND member = ?2")?
        .exists(params![conversation.0, key_bytes(member)])?)
}
