//! Closing by time: epochs that were left long ago, buffers of forks that nobody decided on, and secrets of static groups' forks.

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::fork::DAY;
use cwtch_protocol::group::fork::keys::{closes, secret_expires, today};
use cwtch_wire::group::fork::Mode;
use rusqlite::{Connection, params};

use super::{EpochState, change, read, rows};
use crate::Profile;
use crate::columns::{from_list, unsigned};
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;
use crate::{days, forget, groups, log, servers};

/// Time for which entries wait for a decision, in seconds.
const WAITS: u64 = 30 * DAY;

impl Profile {
    /// Does what a completed sync with a server allows: closes epochs on it that were left long enough ago, or that groups which
    /// are on it now left on a server that is not used any more, forgets the secrets of static epochs that have been in use for 30 days,
    /// and empties the buffers of those that nobody decided on for as long; what they held is read again if somebody does. Time is the
    /// earlier of the own clock and what the server or other authors say. Tells whether an epoch was closed: then keys that
    /// are in use are to be read again.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn close_left(&mut self, server: &Address, now: i64) -> Result<bool, StorageError> {
        let own = self.address;
        let (closed, erased) = self.write("close what was left", |tx| {
            let row = servers::row_of(tx, server)?;
            let (waiting, with_secret) = (left(tx, row)?, with_secret(tx, row)?);
            if waiting.is_empty() && with_secret.is_empty() {
                return Ok((false, 0));
            }
            let checkpoint = log::status_of(tx, server)?.checked;
            let (mut closed, mut erased) = (false, 0);
            for epoch in waiting {
                let time = time(tx, epoch.conversation, checkpoint, now)?;
                let since = u64::try_from(epoch.since).unwrap_or(0);
                match epoch.state {
                    EpochState::Closing => {
                        // All have followed where nobody is waited for; this is asked only where it matters.
                        let due = |followed| closes(epoch.mode, since, followed, time);
                        if (due(false) || (due(true) && all_followed(tx, &own, &epoch)?))
                            && change::close(tx, &own, epoch.conversation, epoch.number, now)?
                        {
                            closed = true;
                            erased += 1;
                        }
                    }
                    _ if time >= since.saturating_add(WAITS) => {
                        rows::empty(tx, epoch.row)?;
                        erased += 1;
                    }
                    _ => {}
                }
            }
            for Used { row, conversation, entered } in with_secret {
                let time = time(tx, conversation, checkpoint, now)?;
                // Not earlier where all have followed: whoever restores a backup from before is given it.
                if secret_expires(Mode::Static, entered, 0, false, time) {
                    erased += tx.execute(forget::SECRET, [row])?;
                }
            }
            Ok((closed, erased))
        })?;
        self.erased(erased);
        Ok(closed)
    }
}

/// A static epoch that is or was in use, and whose fork's secret is here.
struct Used {
    row: i64,
    conversation: ConversationId,
    entered: u64,
}

fn with_secret(tx: &Connection, server: i64) -> Result<Vec<Used>, TxError> {
    let mut statement = tx.prepare_cached(
        "SELECT e.id, e.conversation, max(e.entered, 0) FROM epochs e
         JOIN fork_contents c ON c.conversation = e.conversation AND c.fork = e.fork_id
         WHERE e.server = ?1 AND e.mode = 0 AND e.entered IS NOT NULL AND c.secret IS NOT NULL ORDER BY e.id",
    )?;
    let rows = statement.query_map([server], |row| {
        Ok(Used { row: row.get(0)?, conversation: ConversationId(row.get(1)?), entered: unsigned(row, 2)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// An epoch on a server that was left, or that entries wait for.
struct Left {
    row: i64,
    conversation: ConversationId,
    number: u64,
    state: EpochState,
    since: i64,
    mode: Mode,
}

fn left(tx: &Connection, server: i64) -> Result<Vec<Left>, TxError> {
    let mut statement = tx.prepare_cached(
        // What a group left behind on a server that nobody uses any more closes behind a sync with the one that it is on now.
        "SELECT id, conversation, number, state, since, mode FROM epochs e
         WHERE (server = ?1 AND (state = 3 OR (state = 2 AND buffered > 0)))
             OR (state = 3 AND EXISTS (SELECT 1 FROM logs WHERE server = e.server AND stopped = 1)
                 AND EXISTS (SELECT 1 FROM epochs w
                     WHERE w.conversation = e.conversation AND w.state = 1 AND w.server = ?1))
         ORDER BY id",
    )?;
    let rows = statement.query_map([server], |row| {
        Ok(Left {
            row: row.get(0)?,
            conversation: ConversationId(row.get(1)?),
            number: unsigned(row, 2)?,
            state: from_list(row, 3, EpochState::from_code)?,
            since: row.get(4)?,
            mode: groups::mode(row, 5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The time by the earlier clock: the own one, or the beginning of the day that the server, or without a log others, had last.
pub(crate) fn time(
    tx: &Connection,
    conversation: ConversationId,
    checkpoint: Option<u64>,
    now: i64,
) -> Result<u64, TxError> {
    let own = u64::try_from(now).unwrap_or(0);
    let others = if checkpoint.is_some() { Vec::new() } else { days::times_of_others(tx, conversation)? };
    Ok(own.min(match today(own, checkpoint, &others) {
        day if day == own / DAY => own,
        day => day.saturating_mul(DAY),
    }))
}

/// True if every other member whom the epoch behind it lists has written there or in one that came out of it. Without a list
/// nobody knows.
fn all_followed(tx: &Connection, own: &Address, left: &Left) -> Result<bool, TxError> {
    let epochs = read::all(tx, left.conversation)?;
    let written = epochs.iter().find(|epoch| epoch.state == EpochState::Written);
    let parent =
        |number: u64| epochs.iter().find(|epoch| epoch.number == number).and_then(|epoch| epoch.parent);
    // The child of the one that was left on the way to the one that is written in.
    let mut child = written.map(|epoch| epoch.number);
    while let Some(number) = child {
        match parent(number) {
            Some(of) if of == left.number => break,
            // Parents are older than their children.
            further => child = further.filter(|further| *further < number),
        }
    }
    let Some(child) = child else { return Ok(false) };
    let below: BTreeSet<u64> = epochs.iter().fold(BTreeSet::from([child]), |mut below, epoch| {
        if epoch.parent.is_some_and(|parent| below.contains(&parent)) {
            below.insert(epoch.number);
        }
        below
    });
    let id: Option<GroupId> = epochs.iter().find(|epoch| epoch.number == child).map(|epoch| epoch.id);
    let notice = id.map(|id| groups::notice_of(tx, &id)).transpose()?.flatten();
    let Some(notice) = notice else { return Ok(false) };
    let mut wrote = tx.prepare_cached(
        "SELECT 1 FROM group_authors WHERE conversation = ?1 AND author = ?2 AND epoch = ?3",
    )?;
    for member in notice.fields().members.iter().filter(|member| *member != own.public_key()) {
        let mut followed = false;
        for epoch in &below {
            followed |= wrote.exists(params![left.conversation.0, member.as_bytes(), epoch.cast_signed()])?;
        }
        if !followed {
            return Ok(false);
        }
    }
    Ok(true)
}
