//! Packages on their way to contacts: what each of them has, as they say, and what they were sent and told.

use cwtch_primitives::Address;
use cwtch_protocol::group::fork::delivery::{Passing, Stage};
use cwtch_wire::group::fork::{AckState, ForkId};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{fork_id, optional_time, time};
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

impl Profile {
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
            let mut statement = conn.prepare_cached(
                "SELECT d.conversation, d.fork, c.key, d.stage, d.changed
                 FROM fork_deliveries d JOIN contacts c ON c.conversation = d.contact
                 WHERE d.conversation = ?1 AND d.fork = ?2 ORDER BY c.key",
            )?;
            let rows = statement.query_map(params![conversation.0, fork.as_bytes()], read)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Plans to give a fork's package to contacts. Who is no accepted contact is passed over, and so is who was planned before.
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

/// A package and one contact.
pub(super) fn passing(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
    contact: &Address,
) -> Result<Passing, TxError> {
    let found = conn
        .prepare_cached(
            "SELECT d.stage, d.sent, d.told FROM fork_deliveries d JOIN contacts c ON c.conversation = d.contact
             WHERE d.conversation = ?1 AND d.fork = ?2 AND c.key = ?3",
        )?
        .query_row(params![conversation.0, fork.as_bytes(), key_bytes(contact)], |row| {
            Ok(Passing { stage: stage(row, 0)?, sent: optional_time(row, 1)?, told: stage(row, 2)? })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Keeps what became of a package and one contact.
pub(crate) fn save(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
    contact: &Address,
    passing: &Passing,
    now: u64,
) -> Result<(), TxError> {
    plan(conn, conversation, fork, std::slice::from_ref(contact), now)?;
    conn.prepare_cached(
        "UPDATE fork_deliveries SET changed = CASE stage WHEN ?4 THEN changed ELSE ?7 END, stage = ?4, sent = ?5, told = ?6
         WHERE conversation = ?1 AND fork = ?2
             AND contact = (SELECT conversation FROM contacts WHERE key = ?3 AND state = 1)",
    )?
    .execute(params![
        conversation.0,
        fork.as_bytes(),
        key_bytes(contact),
        code(passing.stage),
        passing.sent.map(u64::cast_signed),
        code(passing.told),
        now.cast_signed(),
    ])?;
    Ok(())
}

const fn code(stage: Stage) -> i64 {
    match stage {
        Stage::Listed => 0,
        Stage::Complete => 1,
        Stage::Opened => 2,
        Stage::Moved => 3,
    }
}

fn stage(row: &Row<'_>, column: usize) -> rusqlite::Result<Stage> {
    let all = [Stage::Listed, Stage::Complete, Stage::Opened, Stage::Moved];
    let found: i64 = row.get(column)?;
    all.into_iter().find(|stage| code(*stage) == found).ok_or_else(|| broken_integer(column))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Delivery> {
    let stage = match stage(row, 3)? {
        Stage::Listed => None,
        Stage::Complete => Some(AckState::Complete),
        Stage::Opened => Some(AckState::Opened),
        Stage::Moved => Some(AckState::Moved),
    };
    Ok(Delivery {
        conversation: ConversationId(row.get(0)?),
        fork: fork_id(row, 1)?,
        contact: address(row, 2)?,
        stage,
        changed: time(row, 4)?,
    })
}
