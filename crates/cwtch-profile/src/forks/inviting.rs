//! Invites by which a fork's maker reaches contacts whom its package does not.

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::fork::Member;
use cwtch_wire::group::fork::ForkId;
use rusqlite::{Connection, params};

use super::rows::fork_id;
use crate::Profile;
use crate::columns::{address, group_id, key_bytes};
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// A contact who is to be sent an invite to a fork's epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForkInvite {
    /// The conversation of the group.
    pub conversation: ConversationId,
    /// The fork.
    pub fork: ForkId,
    /// The contact.
    pub contact: Address,
    /// The epoch, if it is still the one that is written in; otherwise there is nothing to be sent.
    pub group: Option<GroupId>,
}

impl Profile {
    /// Invites that are due: own forks of which others may know, to accepted contacts. At most so many.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn fork_invites(&self, limit: u32) -> Result<Vec<ForkInvite>, StorageError> {
        self.read("look for invites to forks", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT i.conversation, i.fork, c.key, e.group_id FROM fork_invites i
                 JOIN contacts c ON c.conversation = i.contact
                 JOIN fork_postings p ON p.conversation = i.conversation AND p.fork = i.fork AND p.goes_on <> 0
                 LEFT JOIN epochs e ON e.conversation = i.conversation AND e.fork_id = i.fork AND e.state = 1
                     AND c.state = 1
                 ORDER BY i.conversation, i.fork, c.key LIMIT ?1",
            )?;
            let rows = statement.query_map([limit], |row| {
                let group = match row.get_ref(3)? {
                    rusqlite::types::ValueRef::Null => None,
                    _ => Some(group_id(row, 3)?),
                };
                Ok(ForkInvite {
                    conversation: ConversationId(row.get(0)?),
                    fork: fork_id(row, 1)?,
                    contact: address(row, 2)?,
                    group,
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// Notes that an invite is on its way, or has become of no use.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn fork_invited(&mut self, invite: &ForkInvite) -> Result<(), StorageError> {
        self.write("note an invite to a fork", |tx| {
            tx.prepare_cached(
                "DELETE FROM fork_invites WHERE conversation = ?1 AND fork = ?2
                     AND contact = (SELECT conversation FROM contacts WHERE key = ?3)",
            )?
            .execute(params![
                invite.conversation.0,
                invite.fork.as_bytes(),
                key_bytes(&invite.contact)
            ])?;
            Ok(())
        })
    }
}

/// Plans to invite those of some members who are accepted contacts.
pub(super) fn plan(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
    members: &BTreeSet<Member>,
) -> Result<(), TxError> {
    let mut plan = conn.prepare_cached(
        "INSERT OR IGNORE INTO fork_invites (conversation, fork, contact)
         SELECT ?1, ?2, conversation FROM contacts WHERE key = ?3 AND state = 1",
    )?;
    for member in members {
        plan.execute(params![conversation.0, fork.as_bytes(), member.as_bytes()])?;
    }
    Ok(())
}
