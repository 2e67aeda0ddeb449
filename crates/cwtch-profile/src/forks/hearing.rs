//! Words of contacts about forks: parts, stages, questions and secrets. What a contact says is kept before it is answered; whoever is
//! no accepted contact, or is not listed, is told nothing that a contact outside the group would not be told.

use std::collections::BTreeSet;

use cwtch_primitives::Address;
use cwtch_primitives::group::{GroupId, LogTag};
use cwtch_protocol::group::fork::delivery::{Answer, Answering, Passing};
use cwtch_protocol::group::fork::{Event, Member, View};
use cwtch_wire::group::fork::{Ack, AckState, Bare, ForkId, ForkWant, PackageId, Part};
use rusqlite::{Connection, OptionalExtension, params};

use super::act::{Act, epochs, time};
use super::packages::{self, CollectedState, PartKept};
use super::passing::{ForkPacket, is_accepted, kept_back, stage};
use super::rows::{fork_id, optional_fork_id, time as time_of};
use super::{contents, deliveries, others, view};
use crate::Profile;
use crate::columns::{address, key_bytes};
use crate::error::{StorageError, TxError};
use crate::groups;
use crate::types::ConversationId;

/// Result of what a contact said.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ForkHeard {
    /// The answer.
    pub answer: Option<Ack>,
    /// Servers whose keys are others now.
    pub servers: Vec<Address>,
    /// True if what the contact sent is no package.
    pub is_false: bool,
}

/// Something that a contact who asked is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ForkAnswer {
    /// A message about forks.
    Packet(ForkPacket),
    /// An invite to a group.
    Invite(GroupId),
}

impl Profile {
    /// Keeps a part that a contact sent; a package that is whole with it is opened, and the rules decide. It is answered once all parts of
    /// the package are here, and again whenever the contact sends the last one.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn hear_fork_part(
        &mut self,
        contact: &Address,
        part: &Part,
        now: u64,
    ) -> Result<ForkHeard, StorageError> {
        let own = self.address;
        self.write("keep a part that a contact sent", |tx| {
            let Some(conversation) = conversation_with(tx, contact)? else { return Ok(ForkHeard::default()) };
            let act = Act { tx, own: &own, now, late: true };
            let before = epochs(tx)?;
            let kept = packages::keep(tx, conversation, contact.public_key(), None, part, now)?;
            let mut heard = ForkHeard::default();
            let fork = match kept {
                PartKept::Waits => return Ok(heard),
                PartKept::False => return Ok(ForkHeard { is_false: true, ..heard }),
                PartKept::Known if part.index() + 1 < part.class().parts() => return Ok(heard),
                PartKept::Known => None,
                PartKept::Complete(id) => {
                    let fork = packages::package(tx, id)?.map(|package| package.fork_id());
                    settle(act, id, None, &mut heard, before)?;
                    fork
                }
            };
            heard.answer = answer(act, contact, &part.package(), fork)?;
            Ok(heard)
        })
    }

    /// Notes the stage that a contact has reached with a package. Of a contact who is not listed it says nothing.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn hear_fork_ack(&mut self, contact: &Address, ack: &Ack, now: u64) -> Result<(), StorageError> {
        let own = self.address;
        self.write("note the stage of a contact", |tx| {
            let Some((conversation, fork)) = named(tx, &ack.package)?.filter(|(_, fork)| *fork == ack.fork)
            else {
                return Ok(());
            };
            let view = view::load(tx, &own, conversation)?;
            if !is_accepted(tx, contact)?
                || !lists(&view, &fork, contact)
                || kept_back(tx, conversation)?.contains(&fork)
            {
                return Ok(());
            }
            let mut passing = deliveries::passing(tx, conversation, &fork, contact)?;
            passing.acknowledged(ack.state);
            deliveries::save(tx, conversation, &fork, contact, &passing, now)
        })
    }

    /// Tells what a contact who asks is given, and keeps that it is: nothing to who is not listed behind the epoch that the tag names, and
    /// at most once an hour for each group.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn hear_fork_want(
        &mut self,
        contact: &Address,
        want: &ForkWant,
        now: u64,
    ) -> Result<Vec<ForkAnswer>, StorageError> {
        let own = self.address;
        let named = |group: &crate::Group| LogTag::of(&group.key, group.server.public_key()) == want.tag;
        let Some(group) = self.epochs_read()?.into_iter().find(named) else { return Ok(Vec::new()) };
        let conversation = group.conversation;
        self.write("answer a contact who asks about forks", |tx| {
            if !is_accepted(tx, contact)? {
                return Ok(Vec::new());
            }
            let (view, who) = (view::load(tx, &own, conversation)?, contact.public_key());
            let time = time(tx, &view, now)?;
            if view.path().any(|epoch| epoch.listed.contains(who))
                || view.members(view.current(), time).contains(who)
            {
                others::keep(tx, &view, conversation, who, &want.prekey, now)?;
            }
            let (last, invited) = answered(tx, conversation, contact)?;
            if !(Answering { last }).is_due(now) {
                return Ok(Vec::new());
            }
            let epoch = super::act::epoch_of(tx, &group.id)?.map_or(ForkId::NONE, |(_, fork)| fork);
            let (answers, invites) = answers(tx, (conversation, &view), who, &epoch, invited, time)?;
            if !answers.is_empty() {
                let to = invites.then_some(view.current().id).or(invited);
                note_answer(tx, conversation, contact, now, to.as_ref())?;
            }
            Ok(answers)
        })
    }

    /// Opens packages with a fork's secret that a contact gave. A secret that opens nothing changes nothing.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn hear_fork_bare(
        &mut self,
        contact: &Address,
        bare: &Bare,
        now: u64,
    ) -> Result<ForkHeard, StorageError> {
        let own = self.address;
        self.write("open a package with its secret", |tx| {
            let mut heard = ForkHeard::default();
            if !is_accepted(tx, contact)? {
                return Ok(heard);
            }
            let act = Act { tx, own: &own, now, late: true };
            let before = epochs(tx)?;
            let whole = packages::in_state(tx, CollectedState::Complete)?;
            for collected in whole.into_iter().filter(|collected| collected.fork == Some(bare.fork)) {
                settle(act, collected.id, Some(bare), &mut heard, before)?;
                if !heard.servers.is_empty() {
                    heard.answer = answer(act, contact, &collected.package, Some(bare.fork))?;
                    break;
                }
            }
            Ok(heard)
        })
    }
}

/// Tries a package that is whole, lets the rules decide where it opens, and notes on which servers keys are others now.
fn settle(
    act: Act<'_>,
    id: i64,
    bare: Option<&Bare>,
    heard: &mut ForkHeard,
    before: (i64, i64),
) -> Result<(), TxError> {
    let opened = match bare {
        None => act.open(id)?,
        Some(bare) => act.open_with(id, &bare.secret)?,
    };
    let Some(conversation) = opened else { return Ok(()) };
    act.happens(conversation, &Event::Tick)?;
    if before != epochs(act.tx)? {
        let mut statement = act.tx.prepare_cached(
            "SELECT DISTINCT s.key FROM epochs e JOIN servers s ON s.id = e.server
             WHERE e.conversation = ?1 AND e.key IS NOT NULL",
        )?;
        let rows = statement.query_map([conversation.0], |row| address(row, 0))?;
        heard.servers = rows.collect::<Result<_, _>>()?;
    }
    Ok(())
}

fn conversation_with(conn: &Connection, contact: &Address) -> Result<Option<ConversationId>, TxError> {
    Ok(conn
        .prepare_cached("SELECT conversation FROM contacts WHERE key = ?1 AND state = 1")?
        .query_row([key_bytes(contact)], |row| Ok(ConversationId(row.get(0)?)))
        .optional()?)
}

/// The known fork of a package's name.
fn named(conn: &Connection, name: &PackageId) -> Result<Option<(ConversationId, ForkId)>, TxError> {
    Ok(conn
        .prepare_cached("SELECT conversation, fork FROM fork_contents WHERE name = ?1")?
        .query_row([name.as_bytes()], |row| Ok((ConversationId(row.get(0)?), fork_id(row, 1)?)))
        .optional()?)
}

fn lists(view: &View, fork: &ForkId, contact: &Address) -> bool {
    view.fork(fork).is_some_and(|fork| fork.epoch.listed.contains(contact.public_key()))
}

/// Answer to a contact who sent a whole package. To who is not listed it is what anybody would say who cannot open it.
fn answer(
    act: Act<'_>,
    contact: &Address,
    name: &PackageId,
    fork: Option<ForkId>,
) -> Result<Option<Ack>, TxError> {
    let Act { tx, own, now, .. } = act;
    let ack = |fork, state| Some(Ack { package: *name, fork, state });
    // Another package of a fork that is known is gone once it was opened.
    let known = match (named(tx, name)?, fork) {
        (Some(known), _) => Some(known),
        (None, Some(fork)) => of_fork(tx, &fork)?.map(|conversation| (conversation, fork)),
        (None, None) => None,
    };
    if let Some((conversation, fork)) = known {
        let view = view::load(tx, own, conversation)?;
        if !lists(&view, &fork, contact) {
            return Ok(ack(fork, AckState::Complete));
        }
        let state = stage(&view, &fork);
        let mut passing: Passing = deliveries::passing(tx, conversation, &fork, contact)?;
        passing.told(state);
        deliveries::save(tx, conversation, &fork, contact, &passing, now)?;
        return Ok(ack(fork, state));
    }
    // It is here, and does not open, or waits for its time.
    let held = tx
        .prepare_cached(
            "SELECT fork FROM packages WHERE package = ?1 AND state IN (2, 3) ORDER BY id LIMIT 1",
        )?
        .query_row([name.as_bytes()], |row| optional_fork_id(row, 0))
        .optional()?;
    Ok(held.flatten().and_then(|fork| ack(fork, AckState::Complete)))
}

fn of_fork(conn: &Connection, fork: &ForkId) -> Result<Option<ConversationId>, TxError> {
    Ok(conn
        .prepare_cached("SELECT conversation FROM fork_contents WHERE fork = ?1")?
        .query_row([fork.as_bytes()], |row| Ok(ConversationId(row.get(0)?)))
        .optional()?)
}

/// Answers for a contact in an epoch, and whether an invite is among them. Who was invited to where one writes is not invited again.
fn answers(
    conn: &Connection,
    (conversation, view): (ConversationId, &View),
    contact: &Member,
    epoch: &ForkId,
    invited: Option<ForkId>,
    time: u64,
) -> Result<(Vec<ForkAnswer>, bool), TxError> {
    let kept_back = kept_back(conn, conversation)?;
    let mut secrets = BTreeSet::new();
    for fork in view.path().filter(|epoch| epoch.parent.is_some()) {
        let content = contents::content(conn, conversation, &fork.id)?;
        if content.is_some_and(|content| content.secret.is_some()) {
            secrets.insert(fork.id);
        }
    }
    let mut given = Vec::new();
    let mut invites = false;
    for answer in view.answers(contact, epoch, |fork| secrets.contains(fork), time) {
        match answer {
            // Nothing shows yet of it, nor of what came out of it.
            Answer::Parts(fork) | Answer::Bare(fork) if kept_back.contains(&fork) => break,
            Answer::Invite if kept_back.contains(&view.current().id) => break,
            Answer::Parts(fork) => {
                let content = contents::content(conn, conversation, &fork)?;
                let parts = content.into_iter().flat_map(|content| content.package.parts());
                given.extend(parts.map(ForkPacket::Part).map(ForkAnswer::Packet));
            }
            Answer::Bare(fork) => {
                let secret = contents::content(conn, conversation, &fork)?.and_then(|content| content.secret);
                let bare = secret.map(|secret| ForkPacket::Bare(Bare { fork, secret }));
                given.extend(bare.map(ForkAnswer::Packet));
            }
            Answer::Invite if invited != Some(view.current().id) => {
                let group = groups::by_conversation(conn, conversation)?;
                invites = group.is_some();
                given.extend(group.map(|group| ForkAnswer::Invite(group.id)));
            }
            Answer::Invite => {}
        }
    }
    Ok((given, invites))
}

/// The last answer to a contact about a group, and the epoch that the contact was invited to.
fn answered(
    conn: &Connection,
    conversation: ConversationId,
    contact: &Address,
) -> Result<(Option<u64>, Option<ForkId>), TxError> {
    let found = conn
        .prepare_cached(
            "SELECT a.last, a.invited FROM fork_answers a JOIN contacts c ON c.conversation = a.contact
             WHERE a.conversation = ?1 AND c.key = ?2",
        )?
        .query_row(params![conversation.0, key_bytes(contact)], |row| {
            Ok((Some(time_of(row, 0)?), optional_fork_id(row, 1)?))
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn note_answer(
    conn: &Connection,
    conversation: ConversationId,
    contact: &Address,
    now: u64,
    invited: Option<&ForkId>,
) -> Result<(), TxError> {
    conn.prepare_cached(
        "INSERT INTO fork_answers (conversation, contact, last, invited)
         SELECT ?1, conversation, ?3, ?4 FROM contacts WHERE key = ?2
         ON CONFLICT (conversation, contact) DO UPDATE SET last = excluded.last, invited = excluded.invited",
    )?
    .execute(params![
        conversation.0,
        key_bytes(contact),
        now.cast_signed(),
        invited.map(ForkId::as_bytes),
    ])?;
    Ok(())
}
