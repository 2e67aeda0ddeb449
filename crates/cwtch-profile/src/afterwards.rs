//! Changes that a person makes to messages afterwards: takes a queued one back, sends one again, deletes one here.

use cwtch_primitives::Address;
use rusqlite::{Connection, OptionalExtension, params};

use super::columns::from_list;
use super::error::{StorageError, TxError};
use super::forget::list::{POSTED, TEXT};
use super::p2p::set_state;
use super::types::{MessageId, MessageState};
use super::{Profile, order};

/// Result of taking an own message back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// The message never left and never will.
    Unsent,
    /// The message had left before: it is not sent again, and may have arrived, or still arrive.
    MayArrive,
    /// The message was not waiting; this is its state.
    NotQueued(MessageState),
}

impl Profile {
    /// Gives up an own message that nobody has confirmed. Should it have arrived all the same, its confirmation still
    /// counts.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`], or trouble with the database.
    pub fn take_back(&mut self, id: MessageId) -> Result<TakenBack, StorageError> {
        let own = self.address;
        self.write("take a message back", |tx| take_back(tx, &own, id))
    }

    /// Queues a message to a contact again that was given up, under the id that it had: a contact who has it already
    /// does not show it twice. False if it was not given up.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`], or trouble with the database.
    pub fn queue_again(&mut self, id: MessageId) -> Result<bool, StorageError> {
        self.write("queue a message again", |tx| {
            let message = shown(tx, id)?;
            let failed = message.to_contact() && message.state == MessageState::Failed;
            if failed {
                set_state(tx, id, MessageState::Queued)?;
            }
            Ok(failed)
        })
    }

    /// Deletes a message here; one that is queued is taken back first. What it said is erased; what keeps it from
    /// being stored a second time, and what other messages say about it, stays. What became of its sending. It is done with
    /// [`Profile::sweep`].
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`], or trouble with the database.
    pub fn erase_message(&mut self, id: MessageId) -> Result<TakenBack, StorageError> {
        let own = self.address;
        self.erase("delete a message", |tx| erase(tx, &own, id))
    }

    /// Deletes several messages here, all of them or none, as [`Profile::erase_message`] does.
    ///
    /// # Errors
    /// [`StorageError::UnknownMessage`] if one of them is not shown, or trouble with the database.
    pub fn erase_messages(&mut self, ids: &[MessageId]) -> Result<Vec<TakenBack>, StorageError> {
        let own = self.address;
        self.erase("delete messages", |tx| ids.iter().map(|id| erase(tx, &own, *id)).collect())
    }
}

/// Deletes a message: what it said, wherever that stands.
pub(crate) fn erase(tx: &Connection, own: &Address, id: MessageId) -> Result<TakenBack, TxError> {
    let taken = take_back(tx, own, id)?;
    tx.prepare_cached(&format!("UPDATE messages SET erased = 1, {TEXT} WHERE id = ?1"))?.execute([id.0])?;
    for table in POSTED {
        tx.prepare_cached(&format!("DELETE FROM {table} WHERE message = ?1"))?.execute([id.0])?;
    }
    Ok(taken)
}

/// Columns of a message that was not deleted, as far as they matter here.
struct Shown {
    own: bool,
    state: MessageState,
    has_protocol_id: bool,
}

impl Shown {
    fn to_contact(&self) -> bool {
        self.own && self.has_protocol_id
    }
}

fn shown(conn: &Connection, id: MessageId) -> Result<Shown, TxError> {
    let found = conn
        .prepare_cached(
            "SELECT own, state, protocol_id IS NOT NULL FROM messages WHERE id = ?1 AND erased = 0",
        )?
        .query_row([id.0], |row| {
            Ok(Shown {
                own: row.get(0)?,
                state: from_list(row, 1, MessageState::from_code)?,
                has_protocol_id: row.get(2)?,
            })
        })
        .optional()?;
    Ok(found.ok_or(StorageError::UnknownMessage)?)
}

pub(crate) fn take_back(tx: &Connection, own: &Address, id: MessageId) -> Result<TakenBack, TxError> {
    let message = shown(tx, id)?;
    if !message.own || !matches!(message.state, MessageState::Queued | MessageState::Sent) {
        return Ok(TakenBack::NotQueued(message.state));
    }
    let left = if message.to_contact() {
        message.state == MessageState::Sent
    } else {
        // A token is bound before a post leaves.
        let token = tx
            .prepare_cached("SELECT token IS NOT NULL FROM posts WHERE message = ?1")?
            .query_row([id.0], |row| row.get(0))
            .optional()?;
        order::give_up(tx, own, id)?;
        tx.execute("DELETE FROM posts WHERE message = ?1", params![id.0])?;
        token.unwrap_or(true)
    };
    set_state(tx, id, MessageState::Failed)?;
    Ok(if left { TakenBack::MayArrive } else { TakenBack::Unsent })
}
