//! The order of a group's messages, as its server shows them.

use std::collections::HashMap;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use rusqlite::{OptionalExtension, Transaction, params};

use super::batch::{ItemOutcome, SyncItem, SyncOutcome};
use crate::profile::columns::group_id;
use crate::profile::db::Tx;
use crate::profile::error::Fault;
use crate::profile::messages::{self, NewMessage};
use crate::profile::posts::{close_gaps, knows_signature, posted_elsewhere};
use crate::profile::types::{ConversationId, MessageId, MessageState};
use crate::profile::{log, order, transcript};

/// The groups of a server, each with the end of its chain.
pub(super) struct Chains(HashMap<GroupId, Chain>);

pub(super) struct Chain {
    conversation: ConversationId,
    joined: i64,
    next_position: i64,
    last_signature: Option<Vec<u8>>,
    changed: bool,
}

impl Chains {
    pub(super) fn load(tx: &Transaction<'_>, server: i64) -> Result<Self, Fault> {
        let mut statement = tx.prepare_cached(
            "SELECT group_id, conversation, next_position, joined FROM epochs WHERE server = ?1",
        )?;
        let rows = statement.query_map([server], |row| {
            let chain = Chain {
                conversation: ConversationId(row.get(1)?),
                joined: row.get(3)?,
                next_position: row.get(2)?,
                last_signature: None,
                changed: false,
            };
            Ok((group_id(row, 0)?, chain))
        })?;
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    /// The chain of a group; `None` if it was left meanwhile.
    pub(super) fn of(&mut self, group: &GroupId) -> Option<&mut Chain> {
        self.0.get_mut(group)
    }

    /// The conversation of a group.
    pub(super) fn conversation(&self, group: &GroupId) -> Option<ConversationId> {
        self.0.get(group).map(|chain| chain.conversation)
    }

    pub(super) fn store(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        let mut statement = tx.prepare_cached(
            "UPDATE epochs SET next_position = ?2, last_signature = coalesce(?3, last_signature)
             WHERE conversation = ?1",
        )?;
        for chain in self.0.values().filter(|chain| chain.changed) {
            transcript::trim_received(tx, chain.conversation)?;
            statement.execute(params![chain.conversation.0, chain.next_position, chain.last_signature])?;
        }
        Ok(())
    }
}

impl Chain {
    /// Stores a message at the end of the chain, or says what it is otherwise.
    pub(super) fn append(
        &mut self,
        tx: &Tx<'_>,
        item: &SyncItem,
        keep: bool,
        own: &Address,
        (alone_since, now): (Option<i64>, i64),
        outcome: &mut SyncOutcome,
    ) -> Result<ItemOutcome, Fault> {
        let mine = item.author == *own;
        if mine && let Some(id) = self.adopt(tx, item, own, outcome)? {
            return Ok(ItemOutcome::Confirmed(id));
        }
        let gap = !item.previous.is_empty() && !knows_signature(tx, self.conversation.0, &item.previous)?;
        let message = NewMessage {
            conversation: self.conversation,
            author: &item.author,
            own: mine,
            // An own message that this database has not sent: written by the same identity elsewhere, or
            // before a backup was restored.
            state: if mine { MessageState::Stored } else { MessageState::Verified },
            content: &item.content,
            sent: item.sent,
            received: now,
            protocol_id: None,
            group: Some(item.group_part(gap, Some(self.next_position), item.place)),
        };
        if let Some(id) = messages::insert(tx, &message)? {
            self.advance(item);
            outcome.gaps += u64::from(gap);
            outcome.closed_gaps += close_gaps(tx, self.conversation, &item.signature)?;
            if keep {
                transcript::keep_received(tx, self.conversation, id, &item.ciphertext)?;
            }
            if mine {
                // Of a group that was left and joined again, what was written before is no news.
                let later = |since: i64| item.sent > Some(since.max(self.joined));
                outcome.twin |= alone_since.is_some_and(later)
                    && !transcript::was_here(tx, self.conversation, own, item.extensions.as_ref())?;
                transcript::noticed_elsewhere(tx, self.conversation, item.extensions.as_ref())?;
            }
            let before = outcome.touched.len();
            transcript::note(tx, &item.said(self.conversation, id, item.place), &mut outcome.touched)?;
            if outcome.touched.len() > before {
                // Somebody named it before it came.
                order::before_answers(tx, id)?;
            }
            outcome.touched.remove(&id);
            return Ok(ItemOutcome::Stored(id));
        }
        self.known(tx, item, outcome)?;
        if !mine {
            return Ok(ItemOutcome::Duplicate);
        }
        self.confirm(tx, item)
    }

    /// A message that another copy of this profile posted, and that is a draft here.
    fn adopt(
        &mut self,
        tx: &Transaction<'_>,
        item: &SyncItem,
        own: &Address,
        outcome: &mut SyncOutcome,
    ) -> Result<Option<MessageId>, Fault> {
        if transcript::by_signature(tx, self.conversation, &item.signature, &item.message_hash)?.is_some() {
            return Ok(None);
        }
        let draft = posted_elsewhere(tx, own, self.conversation, item, self.next_position)?;
        if let Some(id) = draft {
            self.advance(item);
            transcript::noticed_elsewhere(tx, self.conversation, item.extensions.as_ref())?;
            transcript::note(tx, &item.said(self.conversation, id, item.place), &mut outcome.touched)?;
            outcome.touched.remove(&id);
        }
        Ok(draft)
    }

    /// A message that is here: as the same entry, or posted again as another one.
    fn known(
        &mut self,
        tx: &Transaction<'_>,
        item: &SyncItem,
        outcome: &mut SyncOutcome,
    ) -> Result<(), Fault> {
        let known = transcript::by_signature(tx, self.conversation, &item.signature, &item.message_hash)?;
        let Some((id, entry)) = known else { return Ok(()) };
        if entry.is_some_and(|entry| entry != item.entry) {
            let index = item.place.map(|place| place.index);
            return transcript::copy(tx, self.conversation, id, &item.entry, index, &mut outcome.touched);
        }
        let placed = self.note_place(tx, item)?;
        let shown = transcript::shown_by_server(tx, id, self.next_position)?;
        if shown {
            self.advance(item);
            outcome.touched.insert(id);
        }
        if placed || shown {
            // Its index is news, and that it belongs before what names it is not.
            order::before_answers(tx, id)?;
        }
        Ok(())
    }

    /// A message that was known before its place in the log: from before the server had one, or from before the log
    /// was read anew. Tells whether it was given one.
    fn note_place(&self, tx: &Transaction<'_>, item: &SyncItem) -> Result<bool, Fault> {
        let Some(place) = item.place else { return Ok(false) };
        let placed = tx
            .prepare_cached(
                "UPDATE messages SET entry_id = ?3, log_index = ?4, incarnation = ?5, log_root = ?6
             WHERE conversation = ?1 AND signature = ?2 AND (log_index IS NULL OR log_root IS NULL)
                 AND coalesce(log_index, ?4) = ?4",
            )?
            .execute(params![
                self.conversation.0,
                item.signature,
                item.entry.as_bytes(),
                place.index.cast_signed(),
                place.incarnation.cast_signed(),
                place.root,
            ])?;
        Ok(placed > 0)
    }

    /// An own message that the server shows: gives it its place in the order, and confirms it.
    fn confirm(&mut self, tx: &Transaction<'_>, item: &SyncItem) -> Result<ItemOutcome, Fault> {
        let known = tx
            .prepare_cached(
                "SELECT id, state, position FROM messages
                 WHERE conversation = ?1 AND signature = ?2 AND own = 1",
            )?
            .query_row(params![self.conversation.0, item.signature], |row| {
                Ok((MessageId(row.get(0)?), row.get::<_, i64>(1)?, row.get::<_, Option<i64>>(2)?))
            })
            .optional()?;
        let Some((id, state, position)) = known else { return Ok(ItemOutcome::Duplicate) };
        let waited = MessageState::from_code(state) != Some(MessageState::Stored);
        if position.is_none() || waited {
            // One that the server lost keeps the place at which it was shown first.
            tx.prepare_cached(
                "UPDATE messages SET state = ?2, position = coalesce(position, ?3) WHERE id = ?1",
            )?
            .execute(params![id.0, MessageState::Stored.code(), self.next_position])?;
            log::keep_bytes(tx, id)?;
            transcript::not_given_up(tx, id)?;
            self.advance(item);
        }
        Ok(if waited { ItemOutcome::Confirmed(id) } else { ItemOutcome::Duplicate })
    }

    fn advance(&mut self, item: &SyncItem) {
        self.next_position += 1;
        self.last_signature = Some(item.signature.clone());
        self.changed = true;
    }
}
