//! Stages that contacts have reached with a package, as they say.

use cwtch_primitives::Address;
use cwtch_wire::group::fork::{AckState, ForkId};
use rusqlite::{Connection, Row, params};

use super::rows::{fork_id, time};
use crate::Profile;
use crate::columns::{address, broken_integer, key_bytes};
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// A package on its way to a contact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The group.
    pub conversation: ConversationId,
    /// The fork.
    pub fork: ForkId,
    /// The contact.
    pub contact: Address,
    /// The stage that the contact has reached; `None` before the first word.
    pub stage: Option<AckState>,
    /// Time of the last change.
    pub changed: u64,
}

const SELECT: &str = "SELECT d.conversation, d.fork, c.key, d.stage, d.changed
    FROM fork_deliveries d JOIN contacts c ON c.conversation = d.contact";

impl Profile {
    /// Plans to give a fork's package to contacts. Who is no accepted contact is passed over, and so is who was planned before.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn plan_deliveries(
        &mut self,
        conversation: ConversationId,
        fork: &ForkId,
        contacts: &[Address],
        now: u64,
    ) -> Result<(), StorageError> {
        self.write("plan who is given a package", |tx| {
            let mut plan = tx.prepare_cached(
                "INSERT OR IGNORE INTO fork_deliveries (conversation, fork, contact, stage, changed)
                 SELECT f.conversation, f.fork, c.conversation, 0, ?4 FROM contacts c, fork_contents f
                 WHERE c.key = ?3 AND c.state = 1 AND f.conversation = ?1 AND f.fork = ?2",
            )?;
            for contact in contacts {
                plan.execute(params![
                    conversation.0,
                    fork.as_bytes(),
                    key_bytes(contact),
                    now.cast_signed()
                ])?;
            }
            Ok(())
        })
    }

    /// Notes what a contact says of a fork's package. It never goes back. True if it is news.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn note_fork_ack(
        &mut self,
        contact: &Address,
        fork: &ForkId,
        stage: AckState,
        now: u64,
    ) -> Result<bool, StorageError> {
        self.write("note an acknowledged package", |tx| {
            let changed = tx
                .prepare_cached(
                    "UPDATE fork_deliveries SET stage = ?3, changed = ?4
                     WHERE fork = ?2 AND stage < ?3
                         AND contact = (SELECT conversation FROM contacts WHERE key = ?1)",
                )?
                .execute(params![key_bytes(contact), fork.as_bytes(), code(stage), now.cast_signed()])?;
            Ok(changed > 0)
        })
    }

    /// Packages that a contact is still to be given, the oldest plan first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn deliveries_to(&self, contact: &Address) -> Result<Vec<Delivery>, StorageError> {
        self.read("read planned packages", |conn| {
            let mut statement = conn.prepare_cached(&format!(
                "{SELECT} WHERE c.key = ?1 AND c.state = 1 AND d.stage < 3 ORDER BY d.changed, d.fork"
            ))?;
            let rows = statement.query_map([key_bytes(contact)], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Stages of all contacts with a fork's package.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn deliveries_of(
        &self,
        conversation: ConversationId,
        fork: &ForkId,
    ) -> Result<Vec<Delivery>, StorageError> {
        self.read("read planned packages", |conn| {
            let mut statement = conn.prepare_cached(&format!(
                "{SELECT} WHERE d.conversation = ?1 AND d.fork = ?2 ORDER BY c.key"
            ))?;
            let rows = statement.query_map(params![conversation.0, fork.as_bytes()], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Plans to give a fork's package to contacts.
pub(super) fn plan(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
    contacts: &[Address],
    now: u64,
) -> Result<(), TxError> {
    let mut plan = conn.prepare_cached(
        "INSERT OR IGNORE INTO fork_deliveries (conversation, fork, contact, stage, changed)
         SELECT f.conversation, f.fork, c.conversation, 0, ?4 FROM contacts c, fork_contents f
         WHERE c.key = ?3 AND c.state = 1 AND f.conversation = ?1 AND f.fork = ?2",
    )?;
    for contact in contacts {
        plan.execute(params![conversation.0, fork.as_bytes(), key_bytes(contact), now.cast_signed()])?;
    }
    Ok(())
}

const fn code(stage: AckState) -> i64 {
    match stage {
        AckState::Complete => 1,
        AckState::Opened => 2,
        AckState::Moved => 3,
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let stage = match row.get(3)? {
        0_i64 => None,
        1 => Some(AckState::Complete),
        2 => Some(AckState::Opened),
        3 => Some(AckState::Moved),
        _ => return Err(broken_integer(3)),
    };
    Ok(Delivery {
        conversation: ConversationId(row.get(0)?),
        fork: fork_id(row, 1)?,
        contact: address(row, 2)?,
        stage,
        changed: time(row, 4)?,
    })
}
