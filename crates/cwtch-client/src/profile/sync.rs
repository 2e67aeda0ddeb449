//! Syncing with a server: one transaction for each batch of messages, and the cursor with it.
//!
//! A batch and the cursor behind it are one transaction: after a crash the sync goes on at a message whose
//! predecessors are stored. Messages that come twice are recognised by their signature and by their hash.

use core::fmt;
use std::collections::{BTreeSet, HashMap};

use cwtch_log::{EntryId, MsgId};
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::monitor::Change;
use cwtch_wire::group::Extensions;
use rusqlite::{OptionalExtension, Transaction, params};

use super::Profile;
use super::columns::{SIGNATURE_MAX, key_bytes, limit};
use super::error::{Fault, StorageError};
use super::messages::{self, GroupPart, NewMessage};
use super::posts::{close_gaps, knows_signature};
use super::servers::{self, REJECTS_MAX};
use super::types::{Content, ConversationId, Group, LogPlace, MessageId, MessageState};
use super::{groups, log, transcript};

/// The most bytes of a reject's reason.
const REASON_MAX: usize = 256;

/// What a sync begins with.
#[derive(Clone)]
pub struct SyncStart {
    /// Signature of the newest message seen, the `LastCommit` to ask for; `None` asks for everything.
    pub cursor: Option<Vec<u8>>,
    /// To be given back with each [`SyncBatch`] of this sync.
    pub epoch: i64,
    /// The groups whose keys to try.
    pub groups: Vec<Group>,
    /// A log is to be read from its start: a group was joined whose messages may lie before what was read.
    pub refetch: bool,
}

impl fmt::Debug for SyncStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncStart")
            .field("epoch", &self.epoch)
            .field("groups", &self.groups.len())
            .finish_non_exhaustive()
    }
}

/// A group message whose group, id and author's signature have been verified.
#[derive(Debug, Clone)]
pub struct SyncItem {
    /// The group.
    pub group: GroupId,
    /// The author, whose signature was verified.
    pub author: Address,
    /// What it says.
    pub content: Content,
    /// When, as the author says, if that is sane.
    pub sent: Option<i64>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The signature of the newest message that the author had seen, empty for none.
    pub previous: Vec<u8>,
    /// The message's MsgId.
    pub message_hash: [u8; 32],
    /// Its entry.
    pub entry: EntryId,
    /// Where the entry stands, on a server with a log.
    pub place: Option<LogPlace>,
    /// What the author says about the messages before it.
    pub extensions: Option<Extensions>,
    /// The encrypted message, as it was posted.
    pub ciphertext: Vec<u8>,
}

/// A message that an own key opened, but that failed a check.
#[derive(Clone)]
pub struct SyncReject {
    /// The group whose key opened it.
    pub group: Option<GroupId>,
    /// Why: a name or a sentence of this program, at most 256 bytes.
    pub reason: String,
    /// A hash of the encrypted message, so that one that is delivered twice counts once.
    pub message_hash: [u8; 32],
}

impl fmt::Debug for SyncReject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyncReject").field("reason", &self.reason).finish_non_exhaustive()
    }
}

/// Consecutive messages of a server, tried and verified.
#[derive(Debug, Clone, Default)]
pub struct SyncBatch {
    /// From [`SyncStart`].
    pub epoch: i64,
    /// Verified messages, in the server's order.
    pub items: Vec<SyncItem>,
    /// Refused messages.
    pub rejects: Vec<SyncReject>,
    /// Signature of the last message of the batch, whosever it is; `None` leaves the cursor.
    pub cursor: Option<Vec<u8>>,
    /// What the monitor changed meanwhile: with it, a log's messages up to here are verified.
    pub log: Vec<Change>,
}

impl SyncBatch {
    /// Whether there is nothing to store.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty() && self.rejects.is_empty() && self.cursor.is_none() && self.log.is_empty()
    }
}

/// What became of a [`SyncItem`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ItemOutcome {
    /// New, now stored.
    Stored(MessageId),
    /// An own message that was waiting: the server has it.
    Confirmed(MessageId),
    /// Had been stored before.
    Duplicate,
    /// The group has been left meanwhile.
    UnknownGroup,
}

impl ItemOutcome {
    /// The message that is new.
    pub fn stored(&self) -> Option<MessageId> {
        match self {
            Self::Stored(id) => Some(*id),
            _ => None,
        }
    }
}

/// What became of a [`SyncBatch`].
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SyncOutcome {
    /// One for each item, in order.
    pub items: Vec<ItemOutcome>,
    /// Rejects that were not known before.
    pub rejected: u64,
    /// New messages whose predecessor is not known.
    pub gaps: u64,
    /// Earlier messages whose missing predecessor has come now.
    pub closed_gaps: u64,
    /// Messages that were here before, about which a person may be told something else now.
    pub touched: BTreeSet<MessageId>,
    /// Whether the sync still goes on from where it is. `false` if a group was joined since
    /// [`Profile::begin_sync`]: what it says is stored, but the sync must begin again.
    pub current: bool,
}

impl Profile {
    /// What to ask a server for, and which keys to try.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn begin_sync(&self, server: &Address) -> Result<SyncStart, StorageError> {
        self.read("begin a sync", |conn| {
            let found = conn
                .prepare_cached("SELECT cursor, epoch, refetch FROM servers WHERE key = ?1")?
                .query_row([key_bytes(server)], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let (cursor, epoch, refetch) = found.ok_or(StorageError::UnknownServer)?;
            Ok(SyncStart { cursor, epoch, groups: groups::of_server(conn, server)?, refetch })
        })
    }

    /// Notes that a log was read from its start, in the sync of this epoch.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn note_refetched(&mut self, server: &Address, epoch: i64) -> Result<(), StorageError> {
        self.write("note a sync", |tx| {
            tx.execute(
                "UPDATE servers SET refetch = 0 WHERE key = ?1 AND epoch = ?2",
                params![key_bytes(server), epoch],
            )?;
            Ok(())
        })
    }

    /// Stores a batch, advances the cursor and counts the rejects, in one transaction.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], [`StorageError::TooLong`], or trouble with the database: then nothing
    /// of the batch is stored.
    pub fn apply_sync_batch(
        &mut self,
        server: &Address,
        batch: &SyncBatch,
        now: i64,
    ) -> Result<SyncOutcome, StorageError> {
        limit("a signature", batch.cursor.as_ref().map_or(0, Vec::len), SIGNATURE_MAX)?;
        for item in &batch.items {
            item.content.check()?;
            limit("a signature", item.signature.len().max(item.previous.len()), SIGNATURE_MAX)?;
        }
        for reject in &batch.rejects {
            limit("a reason", reject.reason.len(), REASON_MAX)?;
        }
        let own = self.address;
        self.write("store a sync", |tx| {
            let server = servers::row_of(tx, server)?;
            log::apply(tx, server, &batch.log)?;
            let mut outcome = SyncOutcome::default();
            let mut chains = Chains::load(tx, server)?;
            for (item, keep) in batch.items.iter().zip(newest(&batch.items)) {
                let fate = match chains.0.get_mut(&item.group) {
                    Some(chain) => chain.append(tx, item, keep, &own, now, &mut outcome)?,
                    None => ItemOutcome::UnknownGroup,
                };
                outcome.items.push(fate);
            }
            chains.store(tx)?;
            let stored: i64 =
                outcome.items.iter().map(|fate| i64::from(matches!(fate, ItemOutcome::Stored(_)))).sum();
            outcome.rejected = count_rejects(tx, server, &batch.rejects, &chains, now)?;
            outcome.current = tx.execute(
                "UPDATE servers SET received = received + ?2, cursor = coalesce(?3, cursor)
                 WHERE id = ?1 AND epoch = ?4",
                params![server, stored, batch.cursor, batch.epoch],
            )? > 0;
            if !outcome.current {
                tx.execute(
                    "UPDATE servers SET received = received + ?2 WHERE id = ?1",
                    params![server, stored],
                )?;
            }
            Ok(outcome)
        })
    }
}

/// For each item, whether it is among the newest of its group, which are kept as they were posted.
fn newest(items: &[SyncItem]) -> Vec<bool> {
    let mut counts: HashMap<GroupId, u32> = HashMap::new();
    let mut keep: Vec<bool> = items
        .iter()
        .rev()
        .map(|item| {
            let count = counts.entry(item.group).or_default();
            *count += 1;
            *count <= transcript::KEPT_MAX
        })
        .collect();
    keep.reverse();
    keep
}

/// The groups of a server, each with the end of its chain.
struct Chains(HashMap<GroupId, Chain>);

struct Chain {
    conversation: ConversationId,
    next_position: i64,
    last_signature: Option<Vec<u8>>,
    changed: bool,
}

impl Chains {
    fn load(tx: &Transaction<'_>, server: i64) -> Result<Self, Fault> {
        let mut statement =
            tx.prepare_cached("SELECT group_id, conversation, next_position FROM groups WHERE server = ?1")?;
        let rows = statement.query_map([server], |row| {
            let chain = Chain {
                conversation: ConversationId(row.get(1)?),
                next_position: row.get(2)?,
                last_signature: None,
                changed: false,
            };
            Ok((super::columns::group_id(row, 0)?, chain))
        })?;
        Ok(Self(rows.collect::<Result<_, _>>()?))
    }

    fn store(&self, tx: &Transaction<'_>) -> Result<(), Fault> {
        let mut statement = tx.prepare_cached(
            "UPDATE groups SET next_position = ?2, last_signature = coalesce(?3, last_signature)
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
    fn append(
        &mut self,
        tx: &Transaction<'_>,
        item: &SyncItem,
        keep: bool,
        own: &Address,
        now: i64,
        outcome: &mut SyncOutcome,
    ) -> Result<ItemOutcome, Fault> {
        let mine = item.author == *own;
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
            group: Some(GroupPart {
                signature: &item.signature,
                previous: &item.previous,
                message_hash: &item.message_hash,
                gap,
                position: Some(self.next_position),
                entry: &item.entry,
                place: item.place,
            }),
        };
        if let Some(id) = messages::insert(tx, &message)? {
            self.advance(item);
            outcome.gaps += u64::from(gap);
            outcome.closed_gaps += close_gaps(tx, self.conversation, &item.signature)?;
            if keep {
                transcript::keep_received(tx, self.conversation, id, &item.ciphertext)?;
            }
            if mine {
                transcript::noticed_elsewhere(tx, self.conversation, item.extensions.as_ref())?;
            }
            transcript::note(
                tx,
                &transcript::Said {
                    conversation: self.conversation,
                    message: id,
                    author: &item.author,
                    id: &MsgId::from_bytes(item.message_hash),
                    entry: &item.entry,
                    place: item.place,
                    extensions: item.extensions.as_ref(),
                },
                &mut outcome.touched,
            )?;
            outcome.touched.remove(&id);
            return Ok(ItemOutcome::Stored(id));
        }
        self.known(tx, item, outcome)?;
        if !mine {
            return Ok(ItemOutcome::Duplicate);
        }
        self.confirm(tx, item)
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
        self.note_place(tx, item)?;
        if transcript::shown_by_server(tx, id, self.next_position)? {
            self.advance(item);
            outcome.touched.insert(id);
        }
        Ok(())
    }

    /// A message that was known before its place in the log: from before the server had one, or from before the log
    /// was read anew.
    fn note_place(&self, tx: &Transaction<'_>, item: &SyncItem) -> Result<(), Fault> {
        let Some(place) = item.place else { return Ok(()) };
        tx.prepare_cached(
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
        Ok(())
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

/// Counts and keeps rejects that are not among the kept ones; tells how many.
fn count_rejects(
    tx: &Transaction<'_>,
    server: i64,
    rejects: &[SyncReject],
    chains: &Chains,
    now: i64,
) -> Result<u64, Fault> {
    if rejects.is_empty() {
        return Ok(0);
    }
    let mut keep = tx.prepare_cached(
        "INSERT OR IGNORE INTO rejects (server, conversation, reason, message_hash, at)
         VALUES (?1, ?2, ?3, ?4, ?5)",
    )?;
    let mut counts: HashMap<&str, i64> = HashMap::new();
    for reject in rejects {
        let group = reject.group.and_then(|id| chains.0.get(&id)).map(|chain| chain.conversation.0);
        if keep.execute(params![server, group, reject.reason, reject.message_hash, now])? > 0 {
            *counts.entry(&reject.reason).or_default() += 1;
        }
    }
    let mut count = tx.prepare_cached(
        "INSERT INTO reject_counts (server, reason, count) VALUES (?1, ?2, ?3)
         ON CONFLICT (server, reason) DO UPDATE SET count = count + excluded.count",
    )?;
    for (reason, new) in &counts {
        count.execute(params![server, reason, new])?;
    }
    tx.execute(
        "DELETE FROM rejects WHERE id IN (
             SELECT id FROM rejects WHERE server = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
        params![server, REJECTS_MAX],
    )?;
    Ok(counts.values().sum::<i64>().cast_unsigned())
}
