//! Own changes that were not taken: what of them can be made again on top of the fork that was.

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_protocol::group::fork::{Member, View};
use cwtch_wire::group::fork::ForkId;
use rusqlite::Connection;

use super::view;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;
use crate::{Profile, epochs};

/// The part of an own change that is not so where the profile writes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostChange {
    /// The change.
    pub fork: ForkId,
    /// Members whom it left out.
    pub without: BTreeSet<Member>,
    /// People whom it added, who are no members.
    pub with: BTreeSet<Member>,
}

impl Profile {
    /// The own changes of a group of the last 30 days that lost against another fork, each with what can be made again on top of that;
    /// the newest first. Those of which nothing is left to be made are not among them.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn lost_changes(
        &self,
        conversation: ConversationId,
        now: u64,
    ) -> Result<Vec<LostChange>, StorageError> {
        self.read("see what of own keys was lost", |conn| {
            let view = view::load(conn, &self.address, conversation)?;
            lost(conn, &view, conversation, now)
        })
    }
}

fn lost(
    conn: &Connection,
    view: &View,
    conversation: ConversationId,
    now: u64,
) -> Result<Vec<LostChange>, TxError> {
    let mut forks: Vec<_> = view.lost(now).collect();
    if forks.is_empty() {
        return Ok(Vec::new());
    }
    forks.sort_by_key(|fork| core::cmp::Reverse((fork.opened, fork.epoch.id)));
    // Whom it left out and added is what was told then: who came to the epoch before since is not left out by it.
    let known = epochs::all(conn, conversation)?;
    let members = view.members(view.current(), now);
    let mut all = Vec::new();
    for fork in forks {
        let Some(epoch) = known.iter().find(|epoch| epoch.fork_id == fork.epoch.id) else { continue };
        let keys = |people: &[Address], are_members: bool| -> BTreeSet<Member> {
            let keys = people.iter().map(|person| *person.public_key());
            keys.filter(|who| *who != view.me() && members.contains(who) == are_members).collect()
        };
        let (without, with) = (keys(&epoch.left_out, true), keys(&epoch.added, false));
        if !without.is_empty() || !with.is_empty() {
            all.push(LostChange { fork: fork.epoch.id, without, with });
        }
    }
    Ok(all)
}
