//! Keys of days: forgotten on their schedule with the bytes that they opened, and confirmed before a newcomer writes.

use std::collections::BTreeSet;

use cwtch_log::object::CheckpointFields;
use cwtch_log::{BOUNDARY, Checkpoint};
use cwtch_primitives::group::GroupId;
use cwtch_primitives::{Address, PublicKey};
use cwtch_protocol::group::fork::keys::{self, MEMORY, MEMORY_RANGE, oldest_kept, today};
use cwtch_protocol::group::fork::{DAY, goes_on, vouchers};
use cwtch_wire::group::fork::DayKeys;
use rusqlite::{Connection, OptionalExtension, params};

use super::Profile;
use super::columns::{key_bytes, unsigned, writes_code};
use super::error::{StorageError, TxError};
use super::forget::SECRET;
use super::types::{ConversationId, Group, LogPlace, NewNotice, Writes};
use super::{groups, log};

/// Newest messages of a group that are looked at for the days of other authors.
const LOOKED_AT: u32 = 2_000;
/// Signatures beside boxes that did not open, of which copies confirm nothing; so many are kept.
const DOUBTED_MAX: u32 = 4_096;

/// Messages of a group that came and are not shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unshown {
    /// Their day's key was erased before they came.
    pub sealed: u64,
    /// Their box was made with another key than that of their day.
    pub unfit: u64,
    /// They came so late after the day they are of that nobody shows them.
    pub late: u64,
}

impl Profile {
    /// Does what a completed sync with a server allows: forgets keys of days that are over for long enough, with the bytes
    /// that they opened, and lets newcomers write whose keys are confirmed. Tells whether anything changed: then keys that are
    /// in use are to be read again, and queued posts may leave.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn note_complete_sync(&mut self, server: &Address, now: i64) -> Result<bool, StorageError> {
        let own = self.address;
        let changed = self.write("forget keys of days", |tx| {
            let mut changed = false;
            // Also of epochs beyond those that are tried: whoever makes many forks keeps no key of another's here.
            for group in groups::with_keys(tx, server)? {
                let Some(days) = &group.days else { continue };
                changed |= forget_old(tx, &group, days, now)?;
                changed |= confirm_newcomer(tx, &group, &own, true)?;
            }
            Ok(changed)
        })?;
        self.erased(usize::from(changed));
        Ok(changed)
    }

    /// Number of days for which the keys of a group's days are kept.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn keys_kept(&self, conversation: ConversationId) -> Result<u16, StorageError> {
        self.read("read how long keys are kept", |conn| memory(conn, conversation))
    }

    /// Keeps the keys of a group's days for so many days from the next completed sync on. A longer time brings nothing back.
    ///
    /// # Errors
    /// [`StorageError::KeyDays`] for too few or too many, [`StorageError::NoDays`] for a static group,
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn keep_keys(&mut self, conversation: ConversationId, days: u16) -> Result<(), StorageError> {
        if !MEMORY_RANGE.contains(&days) {
            return Err(StorageError::KeyDays);
        }
        self.write("decide how long keys are kept", |tx| {
            let group = groups::by_conversation(tx, conversation)?.ok_or(StorageError::UnknownGroup)?;
            if group.days.is_none() {
                return Err(StorageError::NoDays.into());
            }
            tx.execute(
                "UPDATE conversations SET key_days = ?2 WHERE id = ?1",
                params![conversation.0, (days != MEMORY).then_some(days)],
            )?;
            Ok(())
        })
    }

    /// True if the keys of an epoch's forgotten days can be had again: an own private half is here to which the package that brought
    /// its keys may be sealed, and the package lies on a server and with members. The half goes some weeks after it was replaced.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn package_opens(&self, group: &GroupId) -> Result<bool, StorageError> {
        self.read("look for the key to a package", |conn| {
            // A package is sealed to prekeys that are known then, at most a day ahead, and not to its maker's.
            Ok(conn
                .prepare_cached(
                    "SELECT 1 FROM epochs e WHERE e.group_id = ?1 AND e.parent IS NOT NULL AND e.forker IS NOT ?2
                         AND EXISTS (SELECT 1 FROM own_prekeys p WHERE p.created <= e.made + ?3)",
                )?
                .exists(params![group.as_bytes(), key_bytes(&self.address), DAY.cast_signed()])?)
        })
    }

    /// True if the own clock is more than a day behind: without a log, by the second newest day of the other authors of a group with
    /// daily keys. What is written then lies under a key that others may have forgotten.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn day_is_behind(&self, group: &Group, now: i64) -> Result<bool, StorageError> {
        self.read("compare the own day with others'", |conn| {
            if group.days.is_none() || log::status_of(conn, &group.server)?.checked.is_some() {
                return Ok(false);
            }
            let mut others = times_of_others(conn, group.conversation)?;
            others.sort_unstable_by(|a, b| b.cmp(a));
            let own = u64::try_from(now).unwrap_or(0) / DAY;
            Ok(others.get(1).is_some_and(|second| second / DAY > own.saturating_add(1)))
        })
    }

    /// Messages of a group that came and are not shown.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn unshown(&self, group: &GroupId) -> Result<Unshown, StorageError> {
        self.read("count messages that are not shown", |conn| {
            conn.prepare_cached("SELECT sealed, unfit, late FROM epochs WHERE group_id = ?1")?
                .query_row([group.as_bytes()], |row| {
                    Ok(Unshown {
                        sealed: unsigned(row, 0)?,
                        unfit: unsigned(row, 1)?,
                        late: unsigned(row, 2)?,
                    })
                })
                .optional()?
                .ok_or_else(|| StorageError::UnknownGroup.into())
        })
    }

    /// True if it is known that somebody's program reads groups with daily keys: they wrote in one, invited to one, or told
    /// a prekey.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn reads_daily(&self, who: &Address) -> Result<bool, StorageError> {
        self.read("find what a program reads", |conn| {
            Ok(conn
                .prepare_cached(
                    "SELECT 1 WHERE EXISTS (SELECT 1 FROM group_authors a
                             JOIN epochs e ON e.conversation = a.conversation WHERE a.author = ?1 AND e.mode <> 0)
                         OR EXISTS (SELECT 1 FROM epochs WHERE inviter = ?1)
                         OR EXISTS (SELECT 1 FROM prekeys WHERE author = ?1)",
                )?
                .exists([key_bytes(who)])?)
        })
    }

    /// A group that is here was invited to again. Keys that nothing has confirmed are replaced by others, and everything is
    /// read anew; the same ones from another listed member are confirmed by that. Tells whether they were replaced.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn invited_again(&mut self, group: &GroupId, invite: &NewNotice) -> Result<bool, StorageError> {
        let own = self.address;
        self.write("take another invite", |tx| {
            let group = groups::by_id(tx, group)?.ok_or(StorageError::UnknownGroup)?;
            let (Some(here), Some(new)) = (&group.days, &invite.days) else { return Ok(false) };
            if group.writes == Writes::Yes {
                return Ok(false);
            }
            let day = here.oldest().max(new.oldest());
            let agree = here.key(day).is_ok_and(|key| new.key(day) == Ok(key));
            if !agree {
                replace(tx, &group, new, invite)?;
                return Ok(true);
            }
            let first = inviter(tx, &group.id)?;
            let others = vouchers(&invite.notice, own.public_key(), first.as_ref().map(Address::public_key));
            if first.is_some() && invite.inviter.is_some_and(|second| others.contains(second.public_key())) {
                may_write(tx, &group)?;
            }
            Ok(false)
        })
    }

    /// A contact gave a message of a group that opened here. Where the giver is a listed member who did not give the invite, that confirms
    /// the keys of a newcomer as their own message does: they have it as it was posted. Whoever gave the invite may have sealed
    /// another's true message under keys of their own, and where it is not known who that is, it may be anybody. Tells whether own
    /// messages may leave that could not before.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn confirmed_by(&mut self, group: &GroupId, giver: &Address) -> Result<bool, StorageError> {
        let own = self.address;
        self.write("confirm a newcomer's keys", |tx| {
            let group = groups::by_id(tx, group)?.ok_or(StorageError::UnknownGroup)?;
            if group.writes == Writes::Yes {
                return Ok(false);
            }
            let (notice, inviter) = (groups::notice_of(tx, &group.id)?, inviter(tx, &group.id)?);
            let Some((notice, inviter)) = notice.zip(inviter) else { return Ok(false) };
            let others = vouchers(&notice, own.public_key(), Some(inviter.public_key()));
            if !others.contains(giver.public_key()) {
                return Ok(false);
            }
            confirm_newcomer(tx, &group, &own, false)
        })
    }

    /// The giver of the invite by which a group was joined, where that is known.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn inviter_of(&self, group: &GroupId) -> Result<Option<Address>, StorageError> {
        self.read("find who invited", |conn| inviter(conn, group))
    }
}

/// Forgets the keys of days that are over for longer than they are kept, by the earlier of two clocks.
fn forget_old(conn: &Connection, group: &Group, days: &DayKeys, now: i64) -> Result<bool, TxError> {
    let own = u64::try_from(now).unwrap_or(0);
    let memory = memory(conn, group.conversation)?;
    let oldest = |today| oldest_kept(today, days.first_day(), memory);
    // No clock of others makes it later than the own one: most syncs of a day end here.
    if oldest(own / DAY) <= days.oldest() {
        return Ok(false);
    }
    let checkpoint = log::status_of(conn, &group.server)?.checked;
    let others = if checkpoint.is_some() { Vec::new() } else { times_of_others(conn, group.conversation)? };
    let oldest = oldest(today(own, checkpoint, &others));
    if oldest <= days.oldest() {
        return Ok(false);
    }
    forget_before(conn, group, days, oldest)?;
    Ok(true)
}

/// Number of days for which the keys of a group's days are kept.
fn memory(conn: &Connection, conversation: ConversationId) -> Result<u16, TxError> {
    let chosen: Option<u16> = conn
        .prepare_cached("SELECT key_days FROM conversations WHERE id = ?1")?
        .query_row([conversation.0], |row| row.get(0))
        .optional()?
        .flatten();
    Ok(chosen.unwrap_or(MEMORY))
}

/// Forgets the keys of the days before one, and the bytes that only they open.
fn forget_before(conn: &Connection, group: &Group, days: &DayKeys, oldest: u16) -> Result<(), TxError> {
    let mut kept = days.clone();
    kept.forget_before(oldest);
    conn.execute(
        "UPDATE epochs SET oldest_day = ?2, day_key = ?3 WHERE group_id = ?1",
        params![group.id.as_bytes(), kept.oldest(), kept.oldest_key().box_key().expose()],
    )?;
    if days.oldest() == 0 {
        // Of what lies in the secret, the first day's key is a part.
        let epoch: i64 =
            conn.query_row("SELECT id FROM epochs WHERE group_id = ?1", [group.id.as_bytes()], |row| {
                row.get(0)
            })?;
        conn.execute(SECRET, [epoch])?;
    }
    let day = kept.first_day().saturating_add(kept.oldest().into()).cast_signed();
    let (conversation, epoch) = (group.conversation.0, group.epoch.cast_signed());
    conn.execute(
        "DELETE FROM received_entries WHERE conversation = ?1 AND day < ?2
             AND (SELECT epoch FROM messages WHERE id = message) = ?3",
        params![conversation, day, epoch],
    )?;
    conn.execute(
        "DELETE FROM own_entries WHERE day < ?2
             AND (SELECT conversation, epoch FROM messages WHERE id = message) = (?1, ?3)",
        params![conversation, day, epoch],
    )?;
    // What a member gave, to be posted again: nobody would read it any more. Own ones are composed anew.
    conn.execute(
        "DELETE FROM posts WHERE day < ?2
             AND (SELECT conversation, epoch, from_member FROM messages WHERE id = message) = (?1, ?3, 1)",
        params![conversation, day, epoch],
    )?;
    Ok(())
}

/// The newest time of each other author among the newest messages, in unix seconds.
pub(super) fn times_of_others(conn: &Connection, conversation: ConversationId) -> Result<Vec<u64>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT max(sent) FROM (SELECT author, sent FROM messages WHERE conversation = ?1 AND own = 0
                 AND sent IS NOT NULL ORDER BY id DESC LIMIT ?2)
         GROUP BY author",
    )?;
    let rows = statement.query_map(params![conversation.0, LOOKED_AT], |row| unsigned(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn inviter(conn: &Connection, group: &GroupId) -> Result<Option<Address>, TxError> {
    let key: Option<[u8; 32]> = conn
        .prepare_cached("SELECT inviter FROM epochs WHERE group_id = ?1")?
        .query_row([group.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or(StorageError::UnknownGroup)?;
    Ok(key.and_then(|key| PublicKey::from_bytes(&key).ok()).map(|key| key.address()))
}

/// Lets a newcomer write once the keys that the invite brought are confirmed; `synced` if everything that the server has was
/// read. Tells whether that is new.
pub(super) fn confirm_newcomer(
    conn: &Connection,
    group: &Group,
    own: &Address,
    synced: bool,
) -> Result<bool, TxError> {
    if group.writes == Writes::Yes {
        return Ok(false);
    }
    let Some(notice) = groups::notice_of(conn, &group.id)? else { return Ok(false) };
    let inviter = inviter(conn, &group.id)?;
    let others = vouchers(&notice, own.public_key(), inviter.as_ref().map(Address::public_key));
    let doubted = doubted(conn, group.conversation)?;
    // Where not all could be kept, nothing tells a true message from a copy under a false key.
    let vouching = if doubted < DOUBTED_MAX.into() { vouching(conn, group, &others)? } else { 0 };
    let writes = goes_on(group.writes, vouching, inviter.is_some(), doubted > 0, synced);
    if writes == group.writes {
        return Ok(false);
    }
    if writes == Writes::Yes {
        may_write(conn, group)?;
        return Ok(true);
    }
    conn.execute(
        "UPDATE epochs SET writes = ?2 WHERE group_id = ?1",
        params![group.id.as_bytes(), writes_code(writes)],
    )?;
    Ok(false)
}

/// Lets own messages leave.
fn may_write(conn: &Connection, group: &Group) -> Result<(), TxError> {
    conn.execute(
        "UPDATE epochs SET writes = ?2 WHERE group_id = ?1",
        params![group.id.as_bytes(), writes_code(Writes::Yes)],
    )?;
    conn.execute("DELETE FROM doubted WHERE conversation = ?1", [group.conversation.0])?;
    Ok(())
}

/// Puts the keys of another invite in the place of those of the first; what did not open is read again.
fn replace(conn: &Connection, group: &Group, days: &DayKeys, invite: &NewNotice) -> Result<(), TxError> {
    conn.execute(
        "UPDATE epochs SET oldest_day = ?2, day_key = ?3, writes = ?4, inviter = ?5, sealed = 0, unfit = 0, unread = 1
         WHERE group_id = ?1",
        params![
            group.id.as_bytes(),
            days.oldest(),
            days.oldest_key().box_key().expose(),
            writes_code(invite.writes),
            invite.inviter.as_ref().map(key_bytes),
        ],
    )?;
    conn.execute("DELETE FROM doubted WHERE conversation = ?1", [group.conversation.0])?;
    conn.execute(
        "UPDATE servers SET cursor = NULL, refetch = 1, refetch_index = NULL, refetch_after = 0, epoch = epoch + 1
         WHERE key = ?1",
        [key_bytes(&group.server)],
    )?;
    Ok(())
}

/// Number of these members of whom a message opened. A message does not count whose signature stood beside a box that did not
/// open: whoever gave a false key may have put a true message into a box of it.
fn vouching(conn: &Connection, group: &Group, others: &BTreeSet<PublicKey>) -> Result<usize, TxError> {
    let mut opened = conn.prepare_cached(
        "SELECT 1 FROM messages m
         WHERE m.conversation = ?1 AND m.author = ?2 AND m.epoch = ?3 AND m.signature IS NOT NULL
             AND NOT EXISTS (SELECT 1 FROM doubted d WHERE d.conversation = ?1 AND d.signature = m.signature)
         LIMIT 1",
    )?;
    let mut vouching = 0;
    for member in others {
        vouching += usize::from(opened.exists(params![
            group.conversation.0,
            member.as_bytes(),
            group.epoch.cast_signed()
        ])?);
    }
    Ok(vouching)
}

fn doubted(conn: &Connection, conversation: ConversationId) -> Result<u64, TxError> {
    Ok(conn
        .prepare_cached("SELECT count(*) FROM doubted WHERE conversation = ?1")?
        .query_row([conversation.0], |row| unsigned(row, 0))?)
}

/// Counts messages of an epoch, by its row, that came and are not shown.
pub(super) fn count(conn: &Connection, epoch: i64, new: Unshown) -> Result<(), TxError> {
    if new == Unshown::default() {
        return Ok(());
    }
    conn.prepare_cached(
        "UPDATE epochs SET sealed = sealed + ?2, unfit = unfit + ?3, late = late + ?4 WHERE id = ?1",
    )?
    .execute(params![
        epoch,
        new.sealed.cast_signed(),
        new.unfit.cast_signed(),
        new.late.cast_signed()
    ])?;
    Ok(())
}

/// Has an epoch count as read from an index on, behind what a newcomer has no keys for: that is not missing. Only while the past
/// is read: later, whoever seals for a day that is gone would excuse what is really missing.
pub(super) fn read_from(conn: &Connection, epoch: i64, behind: u64) -> Result<(), TxError> {
    conn.prepare_cached(
        "UPDATE epochs SET read_from = max(coalesce(read_from, 0), ?2) WHERE id = ?1 AND unread = 1 AND ?2 > 0",
    )?
    .execute(params![epoch, behind.cast_signed()])?;
    Ok(())
}

/// Keeps the signature beside a box that did not open, while the own keys are not confirmed.
pub(super) fn doubt(
    conn: &Connection,
    conversation: ConversationId,
    signature: &[u8],
) -> Result<(), TxError> {
    conn.prepare_cached(
        "INSERT OR IGNORE INTO doubted (conversation, signature) SELECT ?1, ?2
         WHERE length(?2) = 64 AND EXISTS (SELECT 1 FROM epochs WHERE conversation = ?1 AND writes <> 1)
             AND (SELECT count(*) FROM doubted WHERE conversation = ?1) < ?3",
    )?
    .execute(params![conversation.0, signature, DOUBTED_MAX])?;
    Ok(())
}

/// True if a message of a day lies so late in its server's log that nobody shows it ([`keys::is_late`]), by the boundary
/// checkpoint before it: every reader of the log has the same ones, so all decide alike.
pub(super) fn is_late(conn: &Connection, server: i64, place: LogPlace, day: u64) -> Result<bool, TxError> {
    let size = place.index / BOUNDARY * BOUNDARY;
    if size == 0 {
        return Ok(false);
    }
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached(
            "SELECT bytes FROM log_boundaries WHERE server = ?1 AND size = ?2 ORDER BY incarnation LIMIT 1",
        )?
        .query_row(params![server, size.cast_signed()], |row| row.get(0))
        .optional()?;
    let signed = bytes.as_deref().and_then(Checkpoint::peek);
    Ok(signed.is_some_and(|CheckpointFields { time, .. }| keys::is_late(day, time)))
}
