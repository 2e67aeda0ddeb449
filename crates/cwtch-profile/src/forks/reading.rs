//! Records about forks in verified messages, read in the transaction that stores the messages.
//!
//! Whatever is read twice changes nothing the second time, so that a message may be met in a sync, from a member, and in a replay.

use std::collections::BTreeMap;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::fork::{Change, Event, Kept, Statement, View, step};
use cwtch_wire::group::fork::ForkId;
use rusqlite::Connection;

use super::act::{Act, epoch_of, epochs};
use super::packages::PartKept;
use super::{others, own, packages, posted, view};
use crate::columns::{group_id, key_bytes};
use crate::error::TxError;
use crate::sync::SyncItem;
use crate::types::ConversationId;

/// Messages that are being read, and what the rules know of their groups.
pub(crate) struct Reading<'a> {
    act: Act<'a>,
    /// The board on which they were posted.
    server: &'a Address,
    epochs: BTreeMap<GroupId, Option<(ConversationId, ForkId)>>,
    groups: BTreeMap<ConversationId, Known>,
    /// Packages that became whole.
    whole: Vec<Whole>,
}

/// A package that became whole, by a part of this author's with this time.
struct Whole {
    id: i64,
    author: Address,
    sent: i64,
}

/// Outcome of reading messages.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// The keys of an epoch came, or another one is written in now.
    pub(crate) epochs: bool,
    /// Epochs whose keys came, of which no message stands before their packages.
    pub(crate) brought: Vec<GroupId>,
}

/// Time after a fork's making within which its maker has put its package into the group, if at all; whoever posts it again does so
/// later. Before that first package nobody could write in the epoch.
const FIRST: i64 = 6 * 3_600;

/// The view of a group as it was loaded, and as it is now.
struct Known {
    before: Kept,
    view: View,
}

impl<'a> Reading<'a> {
    /// Begins to read messages of a server.
    pub(crate) fn new(act: Act<'a>, server: &'a Address) -> Self {
        Self { act, server, epochs: BTreeMap::new(), groups: BTreeMap::new(), whole: Vec::new() }
    }

    /// Reads a verified message.
    pub(crate) fn message(&mut self, item: &SyncItem) -> Result<(), TxError> {
        let Some((conversation, epoch)) = self.epoch(&item.group)? else { return Ok(()) };
        let records = &item.records;
        let Act { tx, own, now, .. } = self.act;
        if item.author == *own {
            if let Some(prekey) = &records.prekey {
                own::confirm(tx, prekey, now)?;
            }
            if let Some(part) = &records.part {
                posted::part_confirmed(tx, &part.package(), part.index(), now)?;
            }
            return Ok(());
        }
        let (author, server) = (item.author.public_key(), *self.server.public_key());
        let view = self.view(conversation)?;
        if let Some(prekey) = &records.prekey {
            others::keep(tx, view, conversation, author, prekey, now)?;
        }
        match &records.part {
            Some(part) => {
                if let PartKept::Complete(id) =
                    packages::keep(tx, conversation, author, Some(&epoch), part, now)?
                {
                    let sent = item.sent.unwrap_or_default();
                    self.whole.push(Whole { id, author: item.author, sent });
                }
                // A clock that is ahead, or said to be, ends no round that is to come.
                let time = item.sent.unwrap_or_default().max(0).cast_unsigned().min(now);
                posted::part_seen(tx, conversation, part, time)?;
            }
            // Whoever has moved posts parts in the epoch before: one says nothing about where its author writes.
            None => {
                let place = item.place.map(|place| (server, place.index));
                let time = item.sent.unwrap_or_default().max(0).cast_unsigned();
                view.apply(&Change::Said(*author, Statement { epoch, time, place }));
            }
        }
        if records.leaving {
            let view = self.view(conversation)?;
            let changes = step(view, &Event::Leaves(*author, epoch), now);
            changes.iter().for_each(|change| view.apply(change));
        }
        Ok(())
    }

    /// Keeps what was learnt, opens what became whole, and lets the rules decide.
    pub(crate) fn finish(self) -> Result<Read, TxError> {
        let act = self.act;
        let (before, newest) = (epochs(act.tx)?, newest_epoch(act.tx)?);
        let mut touched: Vec<ConversationId> = self.groups.keys().copied().collect();
        for (conversation, known) in &self.groups {
            view::save(act.tx, *conversation, &known.before, &known.view.kept())?;
        }
        for whole in &self.whole {
            touched.extend(act.open(whole.id)?);
        }
        touched.sort_unstable_by_key(|conversation| conversation.0);
        touched.dedup();
        for conversation in touched {
            act.happens(conversation, &Event::Tick)?;
        }
        let brought = brought(act.tx, newest, &self.whole)?;
        Ok(Read { epochs: before != epochs(act.tx)?, brought })
    }

    fn epoch(&mut self, group: &GroupId) -> Result<Option<(ConversationId, ForkId)>, TxError> {
        if let Some(known) = self.epochs.get(group) {
            return Ok(*known);
        }
        let found = epoch_of(self.act.tx, group)?;
        self.epochs.insert(*group, found);
        Ok(found)
    }

    fn view(&mut self, conversation: ConversationId) -> Result<&mut View, TxError> {
        use std::collections::btree_map::Entry;
        match self.groups.entry(conversation) {
            Entry::Occupied(known) => Ok(&mut known.into_mut().view),
            Entry::Vacant(free) => {
                let view = view::load(self.act.tx, self.act.own, conversation)?;
                Ok(&mut free.insert(Known { before: view.kept(), view }).view)
            }
        }
    }
}

fn newest_epoch(conn: &Connection) -> Result<i64, TxError> {
    Ok(conn.query_row("SELECT coalesce(max(id), 0) FROM epochs", [], |row| row.get(0))?)
}

/// Of the epochs behind this one, those whose packages their makers posted when they made them.
fn brought(conn: &Connection, newest: i64, whole: &[Whole]) -> Result<Vec<GroupId>, TxError> {
    let mut new = conn.prepare_cached("SELECT group_id, forker, made FROM epochs WHERE id > ?1")?;
    let new = new.query_map([newest], |row| {
        Ok((group_id(row, 0)?, row.get::<_, Option<[u8; 32]>>(1)?, row.get::<_, Option<i64>>(2)?))
    })?;
    let mut brought = Vec::new();
    for row in new {
        let (group, forker, made) = row?;
        let first = |whole: &Whole| {
            forker == Some(*key_bytes(&whole.author))
                && made.is_some_and(|made| (made..made.saturating_add(FIRST)).contains(&whole.sent))
        };
        brought.extend(whole.iter().any(first).then_some(group));
    }
    Ok(brought)
}
