//! Everything that the rules of forks go by, as rows.
//!
//! A change is applied in one place, [`View::apply`]; what is written is the difference that it made. So the rows cannot mean
//! anything else than the view in memory.

use std::collections::BTreeMap;

use cwtch_primitives::Address;
use cwtch_protocol::group::fork::{
    Change, Decision, Epoch, Event, Fork, Kept, Member, Question, Statement, View, Why,
};
use cwtch_wire::group::fork::{ForkId, Notice};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::act::Act;
use super::rows::{Members, fork_id, list, mode, optional_fork_id, optional_time, time, why, why_code};
use crate::Profile;
use crate::columns::{address, broken_blob};
use crate::error::{StorageError, TxError};
use crate::types::{ContactState, ConversationId};

/// Kinds of facts about an epoch, a member, or both; the schema has the number of authors, too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// The epoch was followed; its place in the path.
    Path = 1,
    /// End of an epoch's contest.
    Contest = 2,
    /// Time of an author's newest message in an epoch.
    Author = 3,
    /// A member said in an epoch that they leave.
    Leaving = 4,
    /// The person passes a member's forks over.
    Blocked = 5,
    /// Number of a member's changes that were refused.
    Refusals = 6,
    /// First sight of a change of an epoch by a member.
    Stop = 7,
    /// The person has answered about a member's rekeys of an epoch.
    Answered = 8,
}

/// Name of a fact, and its number.
type Fact = (i64, Vec<u8>, Vec<u8>);

impl Profile {
    /// Everything that the rules of forks know of a group.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn fork_view(&self, conversation: ConversationId) -> Result<View, StorageError> {
        self.read("read a group's forks", |conn| load(conn, &self.address, conversation))
    }

    /// True if the person is asked about forks of a group.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn asks_about_forks(&self, conversation: ConversationId) -> Result<bool, StorageError> {
        self.read("look for questions about forks", |conn| {
            Ok(conn
                .prepare_cached("SELECT 1 FROM fork_questions WHERE conversation = ?1")?
                .exists([conversation.0])?)
        })
    }

    /// Lets the rules decide about an event, and keeps what changes. Gives the changes.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn fork_event(
        &mut self,
        conversation: ConversationId,
        event: &Event,
        now: u64,
    ) -> Result<Vec<Change>, StorageError> {
        let own = self.address;
        let changes = self.write("keep what changed about forks", |tx| {
            Act { tx, own: &own, now, late: true }.happens(conversation, event).map(|(_, changes)| changes)
        })?;
        // A fork that is given up goes with its secret.
        self.erased(changes.len());
        Ok(changes)
    }
}

/// Applies changes to a view and to its rows.
pub(crate) fn keep(
    conn: &Connection,
    conversation: ConversationId,
    view: &mut View,
    changes: &[Change],
) -> Result<(), TxError> {
    if changes.is_empty() {
        return Ok(());
    }
    let before = view.kept();
    changes.iter().for_each(|change| view.apply(change));
    save(conn, conversation, &before, &view.kept())
}

/// Reads a view.
pub(crate) fn load(conn: &Connection, own: &Address, conversation: ConversationId) -> Result<View, TxError> {
    let first = first_epoch(conn, conversation)?;
    let members = Members::default();
    let mut kept = Kept { forks: forks(conn, conversation, &members)?, ..Kept::default() };
    let mut statement = conn.prepare_cached(
        "SELECT member, epoch, time, server, log_index FROM fork_statements WHERE conversation = ?1",
    )?;
    let rows = statement.query_map([conversation.0], |row| {
        let place = members.optional(row, 3)?.zip(optional_time(row, 4)?);
        Ok((members.of(row, 0)?, Statement { epoch: fork_id(row, 1)?, time: time(row, 2)?, place }))
    })?;
    kept.statements = rows.collect::<Result<_, _>>()?;
    let mut statement = conn.prepare_cached(
        "SELECT why, parent, forks FROM fork_questions WHERE conversation = ?1 ORDER BY place",
    )?;
    let rows = statement.query_map([conversation.0], |row| {
        let forks = list(row, 2)?.into_iter().map(ForkId::from_bytes).collect();
        Ok(Question { why: why(row, 0)?, parent: fork_id(row, 1)?, forks })
    })?;
    kept.questions = rows.collect::<Result<_, _>>()?;
    // In the order of the path, where it matters.
    let mut statement = conn.prepare_cached(
        "SELECT kind, epoch, member, number FROM fork_facts WHERE conversation = ?1 ORDER BY kind, number",
    )?;
    let mut rows = statement.query([conversation.0])?;
    while let Some(row) = rows.next()? {
        fact(row, &members, &mut kept)?;
    }
    kept.blocked.extend(passed_over(conn, conversation, &members)?);
    Ok(View::restore(*own.public_key(), first, kept))
}

/// Whose forks of a group are passed over because the person wants it: who is blocked as a contact, and who is hidden in the group. Both are
/// kept elsewhere, and what is read here is never written: it is in a view before and after whatever changes in it.
fn passed_over(
    conn: &Connection,
    conversation: ConversationId,
    members: &Members,
) -> Result<Vec<Member>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT key FROM contacts WHERE state = ?2
         UNION SELECT member FROM hidden WHERE conversation = ?1",
    )?;
    let rows = statement
        .query_map(params![conversation.0, ContactState::Blocked.code()], |row| members.of(row, 0))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// The first epoch of a group, which no fork that is known made.
fn first_epoch(conn: &Connection, conversation: ConversationId) -> Result<Epoch, TxError> {
    let (server, notice) = conn
        .prepare_cached(
            "SELECT s.key, e.notice FROM epochs e JOIN servers s ON s.id = e.server
             WHERE e.conversation = ?1 ORDER BY e.number LIMIT 1",
        )?
        .query_row([conversation.0], |row| Ok((address(row, 0)?, row.get::<_, Option<Vec<u8>>>(1)?)))
        .optional()?
        .ok_or(StorageError::UnknownGroup)?;
    let Some(notice) = notice else { return Ok(Epoch::unlisted(*server.public_key())) };
    Ok(Epoch::of(&Notice::from_bytes(&notice).map_err(|_| broken_blob(1))?, None))
}

fn forks(
    conn: &Connection,
    conversation: ConversationId,
    members: &Members,
) -> Result<BTreeMap<ForkId, Fork>, TxError> {
    let mut statement = conn.prepare_cached(
        // Closed is what is neither read nor can be: the epoch says so, or without one that the secret is gone. The epoch says, too, whether
        // it was followed.
        "SELECT fork, parent, mode, depth, time, server, forker, listed, opened, synced, refused, asked_again,
             not_joined,
             coalesce(
                 (SELECT e.state = 4 FROM epochs e WHERE (e.conversation, e.fork_id) = (f.conversation, f.fork)),
                 EXISTS (SELECT 1 FROM fork_contents c
                     WHERE (c.conversation, c.fork) = (f.conversation, f.fork) AND c.secret IS NULL)),
             EXISTS (SELECT 1 FROM epochs e
                 WHERE (e.conversation, e.fork_id) = (f.conversation, f.fork)
                     AND (e.entered IS NOT NULL OR e.state IN (1, 3)))
         FROM forks f WHERE conversation = ?1",
    )?;
    let rows = statement.query_map([conversation.0], |row| {
        let listed = list(row, 7)?.iter().map(|key| members.one(key, 7)).collect::<Result<_, _>>()?;
        let epoch = Epoch {
            id: fork_id(row, 0)?,
            parent: optional_fork_id(row, 1)?,
            mode: mode(row, 2)?,
            depth: row.get(3)?,
            time: time(row, 4)?,
            server: members.of(row, 5)?,
            forker: members.optional(row, 6)?,
            listed,
        };
        let decision = Decision {
            refused: optional_time(row, 10)?,
            asked_again: row.get(11)?,
            not_joined: optional_time(row, 12)?,
        };
        let (opened, synced) = (time(row, 8)?, row.get(9)?);
        let (closed, followed) = (row.get(13)?, row.get(14)?);
        Ok((epoch.id, Fork { epoch, opened, synced, decision, followed, closed }))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Reads a fact.
fn fact(row: &Row<'_>, members: &Members, kept: &mut Kept) -> rusqlite::Result<()> {
    let code: i64 = row.get(0)?;
    let (epoch, who) = (|| fork_id(row, 1), || members.of(row, 2));
    let number = time(row, 3)?;
    match code {
        1 => kept.path.push(epoch()?),
        2 => drop(kept.contests.insert(epoch()?, number)),
        3 => drop(kept.authors.insert((epoch()?, who()?), number)),
        4 => drop(kept.leaving.insert((epoch()?, who()?))),
        5 => drop(kept.blocked.insert(who()?)),
        6 => drop(kept.refusals.insert(who()?, u8::try_from(number).unwrap_or(u8::MAX))),
        7 => drop(kept.stops.insert((who()?, epoch()?), number)),
        8 => drop(kept.answered.insert((who()?, epoch()?))),
        _ => return Err(crate::columns::broken_integer(0)),
    }
    Ok(())
}

/// Writes what became different.
pub(super) fn save(
    conn: &Connection,
    conversation: ConversationId,
    before: &Kept,
    after: &Kept,
) -> Result<(), TxError> {
    let id = conversation.0;
    let run = |sql: &str, params: &[&dyn ToSql]| conn.prepare_cached(sql)?.execute(params).map(drop);
    let mut forks = Difference::of(&before.forks, &after.forks);
    forks.gone(|fork| {
        run("DELETE FROM forks WHERE conversation = ?1 AND fork = ?2", params![id, fork.as_bytes()])?;
        run("DELETE FROM fork_contents WHERE conversation = ?1 AND fork = ?2", params![id, fork.as_bytes()])
    })?;
    forks.changed(|_, fork| save_fork(conn, conversation, fork))?;
    let mut statements = Difference::of(&before.statements, &after.statements);
    statements.gone(|who| {
        run(
            "DELETE FROM fork_statements WHERE conversation = ?1 AND member = ?2",
            params![id, who.as_bytes()],
        )
    })?;
    statements.changed(|who, said| {
        run(
            "INSERT OR REPLACE INTO fork_statements (conversation, member, epoch, time, server, log_index)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                id,
                who.as_bytes(),
                said.epoch.as_bytes(),
                said.time.cast_signed(),
                said.place.as_ref().map(|(server, _)| server.as_bytes()),
                said.place.map(|(_, index)| index.cast_signed()),
            ],
        )
    })?;
    let (asked, asks) = (questions(before), questions(after));
    let mut questions = Difference::of(&asked, &asks);
    questions.gone(|(why, parent)| {
        run(
            "DELETE FROM fork_questions WHERE conversation = ?1 AND why = ?2 AND parent = ?3",
            params![id, why_code(*why), parent.as_bytes()],
        )
    })?;
    questions.changed(|(why, parent), (place, forks)| {
        run(
            "INSERT OR REPLACE INTO fork_questions (conversation, why, parent, place, forks)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, why_code(*why), parent.as_bytes(), place, forks],
        )
    })?;
    let (known, knows) = (facts(before), facts(after));
    let mut facts = Difference::of(&known, &knows);
    facts.gone(|(kind, epoch, who)| {
        run(
            "DELETE FROM fork_facts WHERE conversation = ?1 AND kind = ?2 AND epoch = ?3 AND member = ?4",
            params![id, kind, epoch, who],
        )
    })?;
    facts.changed(|(kind, epoch, who), number| {
        run(
            "INSERT OR REPLACE INTO fork_facts (conversation, kind, epoch, member, number)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            params![id, kind, epoch, who, number.cast_signed()],
        )
    })?;
    Ok(())
}

fn save_fork(conn: &Connection, conversation: ConversationId, fork: &Fork) -> rusqlite::Result<()> {
    // The epoch itself says the rest.
    let Fork { epoch, opened, synced, decision, followed: _, closed: _ } = fork;
    let listed: Vec<u8> = epoch.listed.iter().flat_map(|member| *member.as_bytes()).collect();
    conn.prepare_cached(
        "INSERT OR REPLACE INTO forks (conversation, fork, parent, mode, depth, time, server, forker, listed,
             opened, synced, refused, asked_again, not_joined)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
    )?
    .execute(params![
        conversation.0,
        epoch.id.as_bytes(),
        epoch.parent.as_ref().map(ForkId::as_bytes),
        epoch.mode.byte(),
        epoch.depth,
        epoch.time.cast_signed(),
        epoch.server.as_bytes(),
        epoch.forker.as_ref().map(Member::as_bytes),
        listed,
        opened.cast_signed(),
        synced,
        decision.refused.map(u64::cast_signed),
        decision.asked_again,
        decision.not_joined.map(u64::cast_signed),
    ])?;
    Ok(())
}

/// The questions by their names, each with its place and its forks' ids.
fn questions(kept: &Kept) -> BTreeMap<(Why, ForkId), (i64, Vec<u8>)> {
    let forks = |question: &Question| question.forks.iter().flat_map(|id| *id.as_bytes()).collect();
    (1..).zip(&kept.questions).map(|(place, question)| (question.key(), (place, forks(question)))).collect()
}

/// Everything about an epoch, a member, or both.
fn facts(kept: &Kept) -> BTreeMap<Fact, u64> {
    let mut facts = BTreeMap::new();
    let mut put = |kind: Kind, epoch: Option<&ForkId>, who: Option<&Member>, number: u64| {
        let epoch = epoch.map(|id| id.as_bytes().to_vec()).unwrap_or_default();
        let who = who.map(|who| who.as_bytes().to_vec()).unwrap_or_default();
        facts.insert((kind as i64, epoch, who), number);
    };
    (1..).zip(&kept.path).for_each(|(place, id)| put(Kind::Path, Some(id), None, place));
    kept.contests.iter().for_each(|(id, until)| put(Kind::Contest, Some(id), None, *until));
    kept.authors.iter().for_each(|((id, who), at)| put(Kind::Author, Some(id), Some(who), *at));
    kept.leaving.iter().for_each(|(id, who)| put(Kind::Leaving, Some(id), Some(who), 0));
    kept.blocked.iter().for_each(|who| put(Kind::Blocked, None, Some(who), 0));
    kept.refusals.iter().for_each(|(who, count)| put(Kind::Refusals, None, Some(who), (*count).into()));
    kept.stops.iter().for_each(|((who, id), since)| put(Kind::Stop, Some(id), Some(who), *since));
    kept.answered.iter().for_each(|(who, id)| put(Kind::Answered, Some(id), Some(who), 0));
    facts
}

/// Difference of two maps.
struct Difference<'a, K, V> {
    before: &'a BTreeMap<K, V>,
    after: &'a BTreeMap<K, V>,
}

impl<'a, K: Ord, V: PartialEq> Difference<'a, K, V> {
    const fn of(before: &'a BTreeMap<K, V>, after: &'a BTreeMap<K, V>) -> Self {
        Self { before, after }
    }

    /// Hands on keys that are there no more.
    fn gone(&mut self, erase: impl FnMut(&K) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        self.before.keys().filter(|key| !self.after.contains_key(key)).try_for_each(erase)
    }

    /// Hands on what is new, or another.
    fn changed(&mut self, mut write: impl FnMut(&K, &V) -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let mut new = self.after.iter().filter(|(key, value)| self.before.get(key) != Some(value));
        new.try_for_each(|(key, value)| write(key, value))
    }
}
