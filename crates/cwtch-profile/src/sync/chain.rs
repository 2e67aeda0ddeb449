//! The epochs of groups on a server, and the order of their messages, as the server shows them.

use std::collections::HashMap;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::{Fate, Stretch, shown};
use rusqlite::params;

use super::batch::{ItemOutcome, SyncItem, SyncOutcome};
use crate::Unshown;
use crate::columns::{group_id, key_bytes};
use crate::days;
use crate::db::Tx;
use crate::epochs::rows::{self as waiting, Sealed};
use crate::error::TxError;
use crate::hidden;
use crate::order::{self, GroupLog, Shelf};
use crate::types::{ConversationId, MessageId};

/// The epochs on a server that are read, each with the end of its chain.
pub(crate) struct Chains<'a> {
    tx: &'a Tx<'a>,
    /// The server's row.
    row: i64,
    server: &'a Address,
    own: &'a Address,
    log: GroupLog,
    epochs: HashMap<GroupId, Chain>,
    /// The position of the next message in each conversation: one order for all its epochs.
    positions: HashMap<ConversationId, i64>,
}

struct Chain {
    row: i64,
    conversation: ConversationId,
    number: i64,
    joined: i64,
    last_signature: Option<Vec<u8>>,
    changed: bool,
    /// True if messages wait in the buffer: nobody has decided on the epoch, or what came before waits there.
    waits: bool,
    stretch: Stretch,
}

/// The time at which a batch is stored.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    pub(crate) now: i64,
    /// Time of [`SyncBatch::alone_since`](super::SyncBatch::alone_since).
    pub(crate) alone_since: Option<i64>,
}

impl<'a> Chains<'a> {
    /// Reads the epochs on a server whose log is already what the batch made of it.
    pub(crate) fn load(
        tx: &'a Tx<'a>,
        (row, server): (i64, &'a Address),
        own: &'a Address,
    ) -> Result<Self, TxError> {
        let mut statement = tx.prepare_cached(
            "SELECT e.group_id, e.id, e.conversation, e.number, e.joined, e.state = 2 OR e.buffered > 0,
                 (SELECT max(o.next_position) FROM epochs o WHERE o.conversation = e.conversation), e.stretch
             FROM epochs e WHERE e.server = ?1 AND e.key IS NOT NULL",
        )?;
        let mut positions = HashMap::new();
        let rows = statement.query_map([row], |row| {
            let chain = Chain {
                row: row.get(1)?,
                conversation: ConversationId(row.get(2)?),
                number: row.get(3)?,
                joined: row.get(4)?,
                last_signature: None,
                changed: false,
                waits: row.get(5)?,
                stretch: Stretch::beginning(row.get(7)?),
            };
            positions.insert(chain.conversation, row.get(6)?);
            Ok((group_id(row, 0)?, chain))
        })?;
        let epochs = rows.collect::<Result<_, _>>()?;
        Ok(Self { tx, row, server, own, log: GroupLog::of(tx, server)?, epochs, positions })
    }

    /// The row of an epoch and its conversation; `None` if the group was left meanwhile.
    pub(super) fn epoch(&self, group: &GroupId) -> Option<(i64, ConversationId)> {
        self.epochs.get(group).map(|chain| (chain.row, chain.conversation))
    }

    /// The server shows a message: it is appended, or waits in the buffer of its epoch.
    pub(super) fn take(
        &mut self,
        item: &SyncItem,
        keep: bool,
        times: Times,
        outcome: &mut SyncOutcome,
    ) -> Result<ItemOutcome, TxError> {
        match self.epochs.get(&item.group) {
            Some(chain) if chain.waits => {
                let SyncItem { entry, place, sent, signature, ciphertext, .. } = item;
                let (author, place, sent) = (key_bytes(&item.author), *place, *sent);
                waiting::put(
                    self.tx,
                    chain.row,
                    &Sealed { author, sent, entry, place, signature, ciphertext },
                )?;
                Ok(ItemOutcome::Buffered)
            }
            _ => self.append(item, keep, times, outcome),
        }
    }

    /// The server shows a message at the end of its group's chain; `keep` says whether it stays as it was posted.
    pub(crate) fn append(
        &mut self,
        item: &SyncItem,
        keep: bool,
        times: Times,
        outcome: &mut SyncOutcome,
    ) -> Result<ItemOutcome, TxError> {
        let Some(chain) = self.epochs.get_mut(&item.group) else { return Ok(ItemOutcome::UnknownGroup) };
        let next_position = self.positions.entry(chain.conversation).or_insert(1);
        let shelf = Shelf {
            conn: self.tx,
            conversation: chain.conversation,
            epoch: chain.number,
            stretch: chain.stretch,
            own: self.own,
            server: self.server,
            log: self.log,
            next_position: *next_position,
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
            *next_position += applied.positions;
            chain.last_signature = Some(item.signature.clone());
            chain.changed = true;
        }
        outcome.gaps += u64::from(step.gap);
        outcome.closed_gaps += applied.closed_gaps;
        // Of a group that was left and joined again, what was written before is no news.
        let later = |since: i64| item.sent > Some(since.max(chain.joined));
        outcome.twin |= step.from_elsewhere && times.alone_since.is_some_and(later);
        if late && step.fate == Fate::Stored && !item.hidden {
            days::count(self.tx, chain.row, Unshown { late: 1, ..Unshown::default() })?;
        }
        Ok(match (step.fate, applied.this) {
            (Fate::Confirmed(row), _) => ItemOutcome::Confirmed(MessageId(row.0)),
            (Fate::Stored, Some(id)) => {
                let hides = message.hidden || hidden::is_hidden(self.tx, chain.conversation, &item.author)?;
                outcome.shown += u64::from(!hides);
                ItemOutcome::Stored(id)
            }
            (Fate::Stored, None) | (Fate::Known, _) => ItemOutcome::Duplicate,
        })
    }

    /// Writes where the chains end now.
    pub(crate) fn store(&self) -> Result<(), TxError> {
        let mut statement = self.tx.prepare_cached(
            "UPDATE epochs SET next_position = ?2, last_signature = coalesce(?3, last_signature)
             WHERE id = ?1",
        )?;
        for chain in self.epochs.values().filter(|chain| chain.changed) {
            order::trim_received(self.tx, chain.conversation)?;
            let next_position = self.positions.get(&chain.conversation);
            statement.execute(params![chain.row, next_position.unwrap_or(&1), chain.last_signature])?;
        }
        Ok(())
    }
}
