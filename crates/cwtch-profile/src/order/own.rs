//! The own chain of a group, and what its next message says.

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::{self, Row};
use cwtch_wire::group::Extensions;
use rusqlite::{Connection, OptionalExtension};

use super::apply::{apply, unnumber};
use super::keep::Message;
use super::shelf::{Shelf, rows_of, shelf_of};
use crate::error::{StorageError, TxError};
use crate::types::{ConversationId, Group, MessageId};
use crate::{Profile, groups};

impl Profile {
    /// Words of the next message to a group about the ones before it. `fresh` is a random number, of which the own chain
    /// gets its name if there is none yet. [`Profile::compose_post`] takes the number that is in it.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn next_extensions(&self, group: &GroupId, fresh: u32) -> Result<Extensions, StorageError> {
        self.read("compose a message", |conn| {
            let group = groups::by_id(conn, group)?.ok_or(StorageError::UnknownGroup)?;
            let shelf = shelf_of(conn, &group, &self.address)?;
            group::next_extensions(&shelf, fresh)
        })
    }
}

/// A draft is composed: its number is taken, and what it says is kept.
pub(crate) fn composed(
    conn: &Connection,
    own: &Address,
    draft: MessageId,
    message: &Message<'_>,
    told: usize,
) -> Result<(), TxError> {
    let Some(group) = group_of(conn, draft)? else { return Err(StorageError::UnknownMessage.into()) };
    let shelf = shelf_of(conn, &group, own)?;
    let changes = group::composed(&shelf, Row(draft.0), &message.arrival, told)?
        .map_err(|group::NumberTaken| StorageError::NumberTaken)?;
    apply(&shelf, &changes, Some(message))?;
    Ok(())
}

/// A post was given up: its number is told with the next message, and so is what only it would have told.
pub(crate) fn give_up(conn: &Connection, own: &Address, post: MessageId) -> Result<(), TxError> {
    // No member gets it either: whoever misses its number hears that it was given up.
    conn.prepare_cached("DELETE FROM received_entries WHERE message = ?1")?.execute([post.0])?;
    with_shelf(conn, own, post, |shelf| group::given_up(shelf, Row(post.0)))
}

/// A composed message is a draft again: its number is told with the next message, and so is what only it would have told.
pub(crate) fn begin_again(conn: &Connection, own: &Address, post: MessageId) -> Result<(), TxError> {
    give_up(conn, own, post)?;
    unnumber(conn, Row(post.0))
}

/// The server has a post, be it one that was given up.
pub(crate) fn confirmed(conn: &Connection, own: &Address, post: MessageId) -> Result<(), TxError> {
    with_shelf(conn, own, post, |shelf| group::confirmed(shelf, Row(post.0)))
}

/// A message has its place in the log now.
pub(crate) fn located(conn: &Connection, own: &Address, post: MessageId) -> Result<(), TxError> {
    with_shelf(conn, own, post, |shelf| group::located(shelf, Row(post.0)))
}

fn with_shelf(
    conn: &Connection,
    own: &Address,
    post: MessageId,
    step: impl FnOnce(&Shelf<'_>) -> Result<Vec<group::Change>, TxError>,
) -> Result<(), TxError> {
    // Of a group that was left, and in an epoch that is closed, nothing is told any more.
    let Some(group) = group_of(conn, post)? else { return Ok(()) };
    let shelf = rows_of(conn, &group, own);
    let changes = step(&shelf)?;
    apply(&shelf, &changes, None)?;
    Ok(())
}

/// The epoch that a message is of, where it is read.
fn group_of(conn: &Connection, message: MessageId) -> Result<Option<Group>, TxError> {
    let epoch = conn
        .prepare_cached("SELECT conversation, epoch FROM messages WHERE id = ?1")?
        .query_row([message.0], |row| Ok((ConversationId(row.get(0)?), row.get(1)?)))
        .optional()?;
    epoch.map_or(Ok(None), |(conversation, number)| groups::by_number(conn, conversation, number))
}
