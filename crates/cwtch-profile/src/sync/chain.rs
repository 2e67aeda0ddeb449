//! The groups of a server, and the order of their messages, as the server shows them.

use std::collections::HashMap;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::{Fate, shown};
use rusqlite::params;

use super::batch::{ItemOutcome, SyncItem, SyncOutcome};
use crate::Unshown;
use crate::columns::group_id;
use crate::days;
use crate::db::Tx;
use crate::error::TxError;
use crate::order::{self, GroupLog, Shelf};
use crate::types::{ConversationId, MessageId};

/// The groups of a server, each with the end of its chain.
pub(super) struct Chains<'a> {
    tx: &'a Tx<'a>,
    /// The server's row.
    row: i64,
    server: &'a Address,
    own: &'a Address,
    log: GroupLog,
    groups: HashMap<GroupId, Chain>,
}

struct Chain {
    conversation: ConversationId,
    joined: i64,
    next_position: i64,
    last_signature: Option<Vec<u8>>,
    changed: bool,
}

/// The time at which a batch is stored.
#[derive(Clone, Copy)]
pub(super) struct Times {
    pub(super) now: i64,
    /// Time of [`SyncBatch::alone_since`](super::SyncBatch::alone_since).
    pub(super) alone_since: Option<i64>,
}

impl<'a> Chains<'a> {
    /// Reads the groups of a server whose log is already what the batch made of it.
    pub(super) fn load(
        tx: &'a Tx<'a>,
        (row, server): (i64, &'a Address),
        own: &'a Address,
    ) -> Result<Self, TxError> {
        let mut statement = tx.prepare_cached(
            "SELECT group_id, conversation, next_position, joined FROM epochs WHERE server = ?1",
        )?;
        let rows = statement.query_map([row], |row| {
            let chain = Chain {
                conversation: ConversationId(row.get(1)?),
                joined: row.get(3)?,
                next_position: row.get(2)?,
                last_signature: None,
                changed: false,
            };
            Ok((group_id(row, 0)?, chain))
        })?;
        let groups = rows.collect::<Result<_, _>>()?;
        Ok(Self { tx, row, server, own, log: GroupLog::of(tx, server)?, groups })
    }

    /// The conversation of a group; `None` if it was left meanwhile.
    pub(super) fn conversation(&self, group: &GroupId) -> Option<ConversationId> {
        self.groups.get(group).map(|chain| chain.conversation)
    }

    /// The server shows a message at the end of its group's chain; `keep` says whether it stays as it was posted.
    pub(super) fn append(
        &mut self,
        item: &SyncItem,
        keep: bool,
        times: Times,
        outcome: &mut SyncOutcome,
    ) -> Result<ItemOutcome, TxError> {
        let Some(chain) = self.groups.get_mut(&item.group) else { return Ok(ItemOutcome::UnknownGroup) };
        let shelf = Shelf {
            conn: self.tx,
            conversation: chain.conversation,
            own: self.own,
            server: self.server,
            log: self.log,
            next_position: chain.next_position,
        };
        let mut message = item.message(self.tx, item.place, times.now, keep);
        let late = match (item.day, item.place) {
            (Some(day), Some(place)) => days::is_late(self.tx, self.row, place, day)?,
            _ => false,
        };
        message.hidden |= late;
        let step = shown(&shelf, &message.arrival)?;
        let applied = order::apply(&shelf, &step.changes, Some(&message))?;
        if applied.positions > 0 {
            chain.next_position += applied.positions;
            chain.last_signature = Some(item.signature.clone());
            chain.changed = true;
        }
        outcome.gaps += u64::from(step.gap);
        outcome.closed_gaps += applied.closed_gaps;
        // Of a group that was left and joined again, what was written before is no news.
        let later = |since: i64| item.sent > Some(since.max(chain.joined));
        outcome.twin |= step.from_elsewhere && times.alone_since.is_some_and(later);
        if late && step.fate == Fate::Stored && !item.hidden {
            days::count(self.tx, chain.conversation, Unshown { late: 1, ..Unshown::default() })?;
        }
        Ok(match (step.fate, applied.this) {
            (Fate::Confirmed(row), _) => ItemOutcome::Confirmed(MessageId(row.0)),
            (Fate::Stored, Some(id)) => ItemOutcome::Stored(id),
            (Fate::Stored, None) | (Fate::Known, _) => ItemOutcome::Duplicate,
        })
    }

    /// Writes where the chains end now.
    pub(super) fn store(&self) -> Result<(), TxError> {
        let mut statement = self.tx.prepare_cached(
            "UPDATE epochs SET next_position = ?2, last_signature = coalesce(?3, last_signature)
             WHERE conversation = ?1",
        )?;
        for chain in self.groups.values().filter(|chain| chain.changed) {
            order::trim_received(self.tx, chain.conversation)?;
            statement.execute(params![chain.conversation.0, chain.next_position, chain.last_signature])?;
        }
        Ok(())
    }
}
