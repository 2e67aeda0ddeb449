//! Packages on their way into the group, own messages about forks, and what follows when time has passed.

use cwtch_primitives::{Address, CryptoRngCore};
use cwtch_protocol::group::fork::delivery::{Announcement, Posting, Rounds, Standing, Voice};
use cwtch_protocol::group::fork::{Event, View, step};
use cwtch_wire::group::fork::{Class, ForkId};
use rusqlite::Connection;

use super::act::{Act, epochs, number_of};
use super::packages::CollectedState;
use super::posted::{Posted, all, rounds, save, save_rounds, stand};
use super::{carriers, contents, others, said, speaking, view};
use crate::Profile;
use crate::columns::address;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// Result of a look at all forks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForkTick {
    /// Servers for which something was queued, or whose keys are others now.
    pub servers: Vec<Address>,
    /// The next time at which something is due; `None` where nothing waits.
    pub wakes: Option<u64>,
}

impl Profile {
    /// Does everything about forks that time alone makes due, at most one message for each group, and tells when to look again.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn fork_tick(&mut self, now: u64, rng: &mut impl CryptoRngCore) -> Result<ForkTick, StorageError> {
        self.draw_first_dials(now, rng)?;
        let own = self.address;
        let (groups, untold) =
            self.read("look at forks", |conn| Ok((groups(conn)?, carriers::due(conn, now)?)))?;
        if !untold.is_empty() {
            self.write("tell of packages that do not open", |tx| {
                untold.into_iter().try_for_each(|package| carriers::tell(tx, package))
            })?;
        }
        self.expire_packages(now)?;
        let mut tick = ForkTick::default();
        for (conversation, server) in groups {
            // The same view tells what is due, and if nothing is, when something will be.
            let view = self.read("look at forks", |conn| view::load(conn, &own, conversation))?;
            let due = self.read("look at forks", |conn| is_due(conn, &view, conversation, now))?;
            let mut changed = None;
            if due {
                let queued = self.write("go on with forks", |tx| {
                    let act = Act { tx, own: &own, now, late: true };
                    go_on(act, conversation, rng)
                })?;
                if queued {
                    tick.servers.push(server);
                }
                changed = Some(self.read("look at forks", |conn| view::load(conn, &own, conversation))?);
            }
            let view = changed.as_ref().unwrap_or(&view);
            let wakes = self.read("look at forks", |conn| wakes(conn, view, conversation, now))?;
            tick.wakes = [tick.wakes, wakes].into_iter().flatten().min();
        }
        Ok(tick)
    }

    /// True if an own fork of a group goes on although its server has not confirmed all of it.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn quiet_fork(&self, conversation: ConversationId) -> Result<bool, StorageError> {
        self.read("look at forks", |conn| {
            Ok(all(conn, conversation)?.iter().any(|posted| !posted.again && posted.goes_on == 2))
        })
    }

    /// Everything that a server has was read: forks that waited for that go on. Tells whether keys are others now.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn forks_synced(&mut self, server: &Address, now: u64) -> Result<bool, StorageError> {
        self.note_synced(server, now)?;
        let own = self.address;
        let waiting = self.collected(CollectedState::Waits)?;
        let groups: Vec<ConversationId> = self.read("look at forks", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT DISTINCT f.conversation FROM forks f
                 JOIN epochs e ON e.conversation = f.conversation AND e.state = 1
                 JOIN servers s ON s.id = e.server WHERE s.key = ?1 AND f.synced = 0",
            )?;
            let rows = statement
                .query_map([server.public_key().as_bytes()], |row| Ok(ConversationId(row.get(0)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        if waiting.is_empty() && groups.is_empty() {
            return Ok(false);
        }
        self.write("go on with forks after a sync", |tx| {
            let act = Act { tx, own: &own, now, late: true };
            let before = epochs(tx)?;
            for package in &waiting {
                act.open(package.id)?;
            }
            for conversation in groups {
                act.happens(conversation, &Event::Synced)?;
            }
            Ok(before != epochs(tx)?)
        })
    }
}

/// Groups with daily keys or forks, each with its server.
fn groups(conn: &Connection) -> Result<Vec<(ConversationId, Address)>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT e.conversation, s.key FROM epochs e JOIN servers s ON s.id = e.server
         WHERE e.state = 1 AND (e.fork_id IS NOT NULL
             OR EXISTS (SELECT 1 FROM forks f WHERE f.conversation = e.conversation))
         ORDER BY e.conversation",
    )?;
    let rows = statement.query_map([], |row| Ok((ConversationId(row.get(0)?), address(row, 1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// True if anything is due in a group.
fn is_due(conn: &Connection, view: &View, conversation: ConversationId, now: u64) -> Result<bool, TxError> {
    let time = super::act::time(conn, view, now)?;
    if !step(view, &Event::Tick, time).is_empty() {
        return Ok(true);
    }
    for row in all(conn, conversation)? {
        let posting = row.announcement.posting;
        let stands = row.goes_on == 0 && row.announcement.standing(now) != Standing::Waits;
        if stands || posting.is_some_and(|posting| posting.due(now).is_some()) {
            return Ok(true);
        }
    }
    for fork in view.path().filter(|epoch| epoch.parent.is_some()) {
        let due = match rounds(conn, conversation, &fork.id)? {
            Some(rounds) => rounds.is_due(now),
            None => contents::content(conn, conversation, &fork.id)?.is_some(),
        };
        if due {
            return Ok(true);
        }
    }
    let current = view.current();
    let voice = said::voice(conn, conversation, &current.id)?;
    let settling = view.is_settling(time);
    Ok(voice.is_none_or(|voice| has_spoken(&voice) || voice.is_due(current.mode, settling, now)))
}

/// The next time at which something is due.
fn wakes(
    conn: &Connection,
    view: &View,
    conversation: ConversationId,
    now: u64,
) -> Result<Option<u64>, TxError> {
    let mut times = Vec::new();
    for row in all(conn, conversation)? {
        times.extend(row.announcement.posting.and_then(|posting| posting.wakes()));
        times.extend((row.goes_on == 0).then(|| row.announcement.hour.end()));
    }
    let current = view.current();
    let voice = said::voice(conn, conversation, &current.id)?;
    let settling = view.is_settling(super::act::time(conn, view, now)?);
    times.extend(voice.and_then(|voice| voice.wakes(current.mode, settling)));
    Ok(times.into_iter().filter(|time| *time > now).min())
}

/// Does what is due in a group. Tells whether something was queued.
fn go_on(act: Act<'_>, conversation: ConversationId, rng: &mut impl CryptoRngCore) -> Result<bool, TxError> {
    let Act { tx, now, .. } = act;
    let before = epochs(tx)?;
    let (view, _) = act.happens(conversation, &Event::Tick)?;
    let mut queued = before != epochs(tx)?;
    for mut row in all(tx, conversation)? {
        let due = row.announcement.posting.as_ref().and_then(|posting| posting.due(now));
        if let Some(part) = due {
            queued |= post_part(act, conversation, &view, &row.fork, part)?;
            if let Some(posting) = &mut row.announcement.posting {
                posting.posted(now, rng);
            }
        }
        let before = row.goes_on;
        stand(&mut row, now);
        queued |= before != row.goes_on;
        save(tx, conversation, &row)?;
    }
    queued |= go_rounds(act, conversation, &view, rng)?;
    queued |= speak(act, conversation, &view, rng)?;
    Ok(queued)
}

/// True if a message was written since the next control message was planned.
fn has_spoken(voice: &Voice) -> bool {
    voice.last.is_some_and(|last| last > voice.speaks.since)
}

/// Says by a message that is no chat that one is here, where that is due.
fn speak(
    act: Act<'_>,
    conversation: ConversationId,
    view: &View,
    rng: &mut impl CryptoRngCore,
) -> Result<bool, TxError> {
    let Act { tx, now, .. } = act;
    let current = view.current();
    let Some(mut voice) = said::voice(tx, conversation, &current.id)? else {
        said::plan_voice(tx, conversation, &current.id, &Voice::new(now, rng))?;
        return Ok(false);
    };
    if has_spoken(&voice) {
        voice.wrote(voice.last.unwrap_or(now), rng);
        said::plan_voice(tx, conversation, &current.id, &voice)?;
        return Ok(false);
    }
    let settling = view.is_settling(super::act::time(tx, view, now)?);
    if !voice.is_due(current.mode, settling, now) || said::waits(tx, conversation)? {
        return Ok(false);
    }
    let (number, _) = number_of(tx, conversation, &current.id)?.ok_or(StorageError::EpochState)?;
    speaking::queue(act, conversation, number, None)
}

/// Queues the message with a part, in the epoch before the fork.
fn post_part(
    act: Act<'_>,
    conversation: ConversationId,
    view: &View,
    fork: &ForkId,
    part: u8,
) -> Result<bool, TxError> {
    let parent = view.epoch(fork).and_then(|epoch| epoch.parent);
    let number = parent.map(|parent| number_of(act.tx, conversation, &parent)).transpose()?.flatten();
    let Some((number, _)) = number else { return Ok(false) };
    speaking::queue(act, conversation, number, Some((fork, part)))
}

/// Begins the rounds that are due, where a member lacks the package.
fn go_rounds(
    act: Act<'_>,
    conversation: ConversationId,
    view: &View,
    rng: &mut impl CryptoRngCore,
) -> Result<bool, TxError> {
    let Act { tx, now, .. } = act;
    let capable = others::all(tx, conversation)?.into_keys().collect();
    let mut begun = false;
    for fork in view.path().filter(|epoch| epoch.parent.is_some()) {
        let Some(mut rounds) = rounds(tx, conversation, &fork.id)? else {
            if contents::content(tx, conversation, &fork.id)?.is_some() {
                save_rounds(tx, conversation, &fork.id, &Rounds::new(fork.time, now, rng))?;
            }
            continue;
        };
        if !rounds.is_due(now) {
            continue;
        }
        rounds.over(now);
        save_rounds(tx, conversation, &fork.id, &rounds)?;
        let class = Class::of_members(fork.listed.len());
        if let Some(class) = class.filter(|_| !view.lacks(fork, &capable).is_empty()) {
            let mut announcement = Announcement::new(class, false, now);
            announcement.posting = Some(Posting::new(class, now));
            save(tx, conversation, &Posted { fork: fork.id, again: true, announcement, goes_on: 1 })?;
            begun = true;
        }
    }
    Ok(begun)
}
