//! Forks for contacts who are connected: packages that they are passed, stages that they are told, and questions about packages that
//! do not open.

use std::collections::{BTreeMap, BTreeSet};

use cwtch_primitives::group::LogTag;
use cwtch_primitives::{Address, CryptoRngCore};
use cwtch_protocol::group::fork::delivery::{Passing, Unopened};
use cwtch_protocol::group::fork::{Member, View};
use cwtch_wire::group::fork::{Ack, AckState, Bare, ForkId, ForkWant, Package, Part};
use rusqlite::{Connection, OptionalExtension, params};

use super::act::{number_of, time};
use super::packages::{self, Collected, CollectedState};
use super::rows::time as time_of;
use super::{contents, deliveries, posted, view};
use crate::columns::key_bytes;
use crate::error::{StorageError, TxError};
use crate::groups;
use crate::types::ConversationId;
use crate::{Group, Profile};

/// A message to a contact about a fork.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkPacket {
    /// A part of a package.
    Part(Part),
    /// The stage that was reached with a package.
    Ack(Ack),
    /// A question for what came out of an epoch.
    Want(ForkWant),
    /// A fork's secret.
    Bare(Bare),
}

/// Messages to a contact, of which it is kept that they were sent.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForContact {
    /// The messages, in their order.
    pub packets: Vec<ForkPacket>,
    /// Forks whose parts are among them.
    pub sent: Vec<(ConversationId, ForkId)>,
}

/// A package that is due to a contact, or a word about one.
struct Due {
    conversation: ConversationId,
    fork: ForkId,
    package: Package,
    passing: Passing,
    tells: Option<AckState>,
    sends: bool,
}

/// A question that is due.
struct Asks {
    tag: LogTag,
    packages: Vec<i64>,
}

impl Profile {
    /// Tells what an accepted contact who is connected is to be sent about forks now, and keeps that it is. `sent` has those whose parts
    /// went over the present connection; at most `room` parts go at once, but for one package that is always whole.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn forks_for(
        &mut self,
        contact: &Address,
        sent: &BTreeSet<(ConversationId, ForkId)>,
        room: usize,
        now: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<ForContact, StorageError> {
        let own = self.address;
        let (mut dues, asks) = self.read("look what a contact is sent about forks", |conn| {
            if !is_accepted(conn, contact)? {
                return Ok((Vec::new(), BTreeMap::new()));
            }
            Ok((dues(conn, &own, contact, sent, now)?, asks(conn, &own, contact, now)?))
        })?;
        if dues.is_empty() && asks.is_empty() {
            return Ok(ForContact::default());
        }
        // Durable before anybody is told of it.
        let prekey = if asks.is_empty() { None } else { Some(self.prekey(now, rng)?.public()) };
        let mut given = ForContact::default();
        let mut parts = 0;
        for due in &mut dues {
            if let Some(state) = due.tells {
                let ack = Ack { package: due.package.id(), fork: due.fork, state };
                given.packets.push(ForkPacket::Ack(ack));
                due.passing.told(state);
            }
            let all = usize::from(due.package.class().parts());
            if due.sends && (parts == 0 || parts + all <= room) {
                parts += all;
                given.packets.extend(due.package.parts().into_iter().map(ForkPacket::Part));
                given.sent.push((due.conversation, due.fork));
                due.passing.sent(now);
            }
        }
        for ask in asks.values() {
            let want = prekey.map(|prekey| ForkWant { tag: ask.tag, prekey });
            given.packets.extend(want.map(ForkPacket::Want));
        }
        self.write("keep what a contact is sent about forks", |tx| {
            for due in &dues {
                deliveries::save(tx, due.conversation, &due.fork, contact, &due.passing, now)?;
            }
            let packages = asks.values().flat_map(|ask| &ask.packages);
            packages.into_iter().try_for_each(|package| asked(tx, *package, contact, now))
        })?;
        Ok(given)
    }
}

pub(super) fn is_accepted(conn: &Connection, contact: &Address) -> Result<bool, TxError> {
    Ok(conn
        .prepare_cached("SELECT 1 FROM contacts WHERE key = ?1 AND state = 1")?
        .exists([key_bytes(contact)])?)
}

/// Own forks of which nothing may show yet.
pub(super) fn kept_back(
    conn: &Connection,
    conversation: ConversationId,
) -> Result<BTreeSet<ForkId>, TxError> {
    let all = posted::all(conn, conversation)?;
    Ok(all.iter().filter(|row| !row.again && row.goes_on == 0).map(|row| row.fork).collect())
}

/// The stage that was reached with a fork that is known.
pub(super) fn stage(view: &View, fork: &ForkId) -> AckState {
    if view.path().any(|epoch| epoch.id == *fork) { AckState::Moved } else { AckState::Opened }
}

fn dues(
    conn: &Connection,
    own: &Address,
    contact: &Address,
    sent: &BTreeSet<(ConversationId, ForkId)>,
    now: u64,
) -> Result<Vec<Due>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT DISTINCT f.conversation FROM forks f JOIN fork_contents c USING (conversation, fork)
         WHERE instr(f.listed, ?1) > 0 AND f.conversation NOT IN (SELECT conversation FROM erasing)
         ORDER BY f.conversation",
    )?;
    let groups = statement.query_map([key_bytes(contact)], |row| Ok(ConversationId(row.get(0)?)))?;
    let groups: Vec<ConversationId> = groups.collect::<Result<_, _>>()?;
    let mut dues = Vec::new();
    for conversation in groups {
        let view = view::load(conn, own, conversation)?;
        let time = time(conn, &view, now)?;
        let kept_back = kept_back(conn, conversation)?;
        // Parents first: who lacks both can follow one after the other.
        let mut forks: Vec<_> = view.forks().map(|fork| &fork.epoch).collect();
        forks.sort_by_key(|epoch| (epoch.depth, epoch.id));
        for epoch in forks {
            if kept_back.contains(&epoch.id) || !view.passes_on(epoch, contact.public_key(), time) {
                continue;
            }
            // Whom the fork adds is invited: the package leads on from a group that they do not know.
            let parent = epoch.parent.and_then(|parent| view.epoch(&parent));
            let who = contact.public_key();
            let was_there =
                |parent| view.members(parent, time).contains(who) || view.statement(who).is_some();
            if !parent.is_some_and(was_there) {
                continue;
            }
            let passing = deliveries::passing(conn, conversation, &epoch.id, contact)?;
            let tells = passing.tells(stage(&view, &epoch.id), false);
            // Whole seconds cannot tell connections apart.
            let connected = if sent.contains(&(conversation, epoch.id)) { 0 } else { now.saturating_add(1) };
            let sends = passing.sends(connected, now);
            if tells.is_none() && !sends {
                continue;
            }
            let Some(content) = contents::content(conn, conversation, &epoch.id)? else { continue };
            let (fork, package) = (epoch.id, content.package);
            dues.push(Due { conversation, fork, package, passing, tells, sends });
        }
    }
    Ok(dues)
}

/// Questions that are due to a contact, each about one epoch, by its tag.
fn asks(
    conn: &Connection,
    own: &Address,
    contact: &Address,
    now: u64,
) -> Result<BTreeMap<[u8; 16], Asks>, TxError> {
    let mut asks: BTreeMap<[u8; 16], Asks> = BTreeMap::new();
    let mut views: BTreeMap<ConversationId, View> = BTreeMap::new();
    for package in packages::in_state(conn, CollectedState::Complete)? {
        let Some(since) = package.completed else { continue };
        let unopened = Unopened { since, told: package.told };
        if !unopened.asks(last_asked(conn, package.id, contact)?, now) {
            continue;
        }
        for group in epochs_of(conn, own, &package, contact.public_key(), &mut views)? {
            let tag = LogTag::of(&group.key, group.server.public_key());
            let ask = asks.entry(*tag.as_bytes()).or_insert_with(|| Asks { tag, packages: Vec::new() });
            ask.packages.push(package.id);
        }
    }
    Ok(asks)
}

/// The epochs about which a contact is asked because of a package: the one in which it came, if the contact wrote in the group; of one
/// that the contact brought, which may be of any group, those in which the contact wrote.
fn epochs_of(
    conn: &Connection,
    own: &Address,
    package: &Collected,
    contact: &Member,
    views: &mut BTreeMap<ConversationId, View>,
) -> Result<Vec<Group>, TxError> {
    let Some(epoch) = &package.epoch else {
        return if package.carrier == *contact { shared(conn, contact) } else { Ok(Vec::new()) };
    };
    let conversation = package.conversation;
    let view = match views.entry(conversation) {
        std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
        std::collections::btree_map::Entry::Vacant(new) => new.insert(view::load(conn, own, conversation)?),
    };
    if view.statement(contact).is_none() || !view.path().any(|followed| followed.id == *epoch) {
        return Ok(Vec::new());
    }
    let Some((number, _)) = number_of(conn, conversation, epoch)? else { return Ok(Vec::new()) };
    Ok(groups::by_number(conn, conversation, number.cast_signed())?.into_iter().collect())
}

/// The epochs that were followed, are read and in which somebody wrote.
fn shared(conn: &Connection, who: &Member) -> Result<Vec<Group>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT g.conversation, g.number FROM group_authors a
         JOIN epochs g ON g.conversation = a.conversation AND g.number = a.epoch AND g.state IN (1, 3)
         WHERE a.author = ?1 ORDER BY g.conversation, g.number",
    )?;
    let rows = statement.query_map([who.as_bytes()], |row| Ok((ConversationId(row.get(0)?), row.get(1)?)))?;
    let found: Vec<(ConversationId, i64)> = rows.collect::<Result<_, _>>()?;
    let mut groups = Vec::with_capacity(found.len());
    for (conversation, number) in found {
        groups.extend(groups::by_number(conn, conversation, number)?);
    }
    Ok(groups)
}

fn last_asked(conn: &Connection, package: i64, contact: &Address) -> Result<Option<(u64, u32)>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT w.last, w.times FROM fork_wants w JOIN contacts c ON c.conversation = w.contact
             WHERE w.package = ?1 AND c.key = ?2",
        )?
        .query_row(params![package, key_bytes(contact)], |row| Ok((time_of(row, 0)?, row.get(1)?)))
        .optional()?)
}

fn asked(conn: &Connection, package: i64, contact: &Address, now: u64) -> Result<(), TxError> {
    conn.prepare_cached(
        "INSERT INTO fork_wants (package, contact, last, times)
         SELECT ?1, conversation, ?3, 1 FROM contacts WHERE key = ?2
         ON CONFLICT (package, contact) DO UPDATE SET last = excluded.last, times = min(times + 1, 1000)",
    )?
    .execute(params![package, key_bytes(contact), now.cast_signed()])?;
    Ok(())
}
