//! Forks of one's own: everything about one is durable in the transaction that makes it, before anybody hears of it.

use std::collections::BTreeSet;

use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::{Address, CryptoRngCore};
use cwtch_protocol::group::fork::{Epoch, Event, Member, Obstacle, Readiness, View, may_fork};
use cwtch_wire::group::fork::{
    Class, ForkId, NoticeFields, OldPart, Prekey, SealedFork, ServerPart, cut_name,
};
use rusqlite::Connection;

use super::act::Act;
use super::contents::ForkContent;
use super::passing::is_accepted;
use super::{deliveries, inviting, others, posted, view};
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;
use crate::{Profile, groups, log};

/// A fork that is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedFork {
    /// Members whom it leaves out.
    pub without: BTreeSet<Member>,
    /// Members whom it adds.
    pub with: BTreeSet<Member>,
    /// Nothing of it is put into the group: contacts are given it.
    pub quiet: bool,
    /// The server to which the group moves, which the profile knows, and what others are told of it; `None` to stay.
    pub server: Option<(Address, ServerPart)>,
}

/// The facts about a fork of one's own, as they are told to who makes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlannedFork {
    /// The members whom it lists.
    pub listed: BTreeSet<Member>,
    /// Members of the epoch before whom it leaves out.
    pub left_out: BTreeSet<Member>,
    /// Members whom it adds.
    pub added: BTreeSet<Member>,
    /// Creation of the oldest prekey that it is sealed to, and whose it is: copies of devices from before cannot read on. `None` where it is
    /// sealed to nobody.
    pub heals: Option<(u64, Member)>,
    /// Listed members without a prekey: they need an invite.
    pub unreached: BTreeSet<Member>,
    /// Listed members who are accepted contacts.
    pub contacts: BTreeSet<Member>,
    /// True if the clock may be wrong.
    pub doubtful_clock: bool,
    /// The server to which the group moves.
    pub server: Option<Address>,
}

/// Reason why a fork is not made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ForkRefused {
    /// The rules say no.
    #[error(transparent)]
    Obstacle(#[from] Obstacle),
    /// Somebody who is to be left out is no member, or is oneself.
    #[error("who is to be left out is no member")]
    NoMember(Member),
    /// It is not to be put into the group, and no listed member is an accepted contact.
    #[error("it would be given to nobody")]
    ReachesNobody,
    /// The group is on the server to which it is to move.
    #[error("the group is on this server")]
    SameServer,
    /// The list would be too long, or the pieces do not fit.
    #[error("the list of members is too long")]
    TooMany,
}

impl Profile {
    /// Plans a fork of the epoch that is written in, and changes nothing.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn plan_fork(
        &self,
        conversation: ConversationId,
        wanted: &WantedFork,
        ready: &Readiness,
    ) -> Result<Result<PlannedFork, ForkRefused>, StorageError> {
        self.read("plan a fork", |conn| {
            let view = view::load(conn, &self.address, conversation)?;
            plan(conn, &view, conversation, wanted, ready)
        })
    }

    /// Makes a fork of the epoch that is written in, in one transaction: secret, notice, the new epoch, in which is written from now on, and
    /// what is to go to others.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn make_fork(
        &mut self,
        conversation: ConversationId,
        wanted: &WantedFork,
        ready: &Readiness,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Result<(ForkId, PlannedFork), ForkRefused>, StorageError> {
        let planned = match self.plan_fork(conversation, wanted, ready)? {
            Ok(planned) => planned,
            Err(refused) => return Ok(Err(refused)),
        };
        let Some(content) = self.seal(conversation, (wanted, &planned), ready, rng)? else {
            return Ok(Err(ForkRefused::TooMany));
        };
        let (own, fork) = (self.address, content.notice.fork_id());
        let epoch = Epoch::of(&content.notice, Some(&content.old));
        let class = Class::of_members(planned.listed.len()).ok_or(StorageError::Damaged)?;
        self.write("make a fork", |tx| {
            let act = Act { tx, own: &own, now: ready.clock, late: false };
            let view = act.take(conversation, &content, &Event::Forked(epoch))?;
            if view.current().id != fork {
                return Err(StorageError::EpochState.into());
            }
            posted::announce(tx, conversation, &fork, class, wanted.quiet, ready.clock)?;
            let contacts: Vec<Address> = planned.listed.iter().map(Member::address).collect();
            deliveries::plan(tx, conversation, &fork, &contacts, ready.clock)?;
            inviting::plan(tx, conversation, &fork, &planned.unreached)
        })?;
        Ok(Ok((fork, planned)))
    }

    /// Seals the package of a planned fork.
    fn seal(
        &self,
        conversation: ConversationId,
        (wanted, planned): (&WantedFork, &PlannedFork),
        ready: &Readiness,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Option<ForkContent>, StorageError> {
        let (view, group, status, prekeys) = self.read("make a fork", |conn| {
            let view = view::load(conn, &self.address, conversation)?;
            let group = groups::by_conversation(conn, conversation)?.ok_or(StorageError::UnknownGroup)?;
            let status = log::place_of(conn, &group.server)?;
            Ok((view, group, status, others::all(conn, conversation)?))
        })?;
        let Ok(own) = may_fork(&view, ready, ready.clock) else { return Ok(None) };
        let mut salt = [0; 16];
        rng.fill_bytes(&mut salt);
        let (incarnation, log_size) = status.unwrap_or_default();
        let parent = view.current();
        let old = OldPart { salt, group: group.id, fork: parent.id, incarnation, log_size };
        let Ok(hash) = old.hash() else { return Ok(None) };
        let (board, part) = match &wanted.server {
            Some((board, part)) => (board, Some(part.clone())),
            None => (&group.server, None),
        };
        let fields = NoticeFields {
            mode: parent.mode,
            depth: own.depth,
            time: own.time,
            server: *board.public_key(),
            old: Some(hash),
            server_part: part.as_ref().map(ServerPart::hash),
            name: cut_name(&group.name).to_owned(),
            members: planned.listed.clone(),
        };
        let secret = ForkSecret::generate(rng);
        let Ok((notice, _)) = fields.sign(&self.identity, &secret) else { return Ok(None) };
        let me = self.address.public_key();
        let boxes: Vec<_> = planned
            .listed
            .iter()
            .filter(|member| *member != me)
            .filter_map(|member| prekeys.get(member))
            .map(|prekey| *prekey.key())
            .collect();
        let Ok(sealed) = SealedFork::seal(notice, old, part, secret, &boxes, rng) else { return Ok(None) };
        let content = sealed.content;
        Ok(Some(ForkContent {
            notice: content.notice,
            old: content.old,
            secret: Some(content.secret),
            package: sealed.package,
        }))
    }
}

fn plan(
    conn: &Connection,
    view: &View,
    conversation: ConversationId,
    wanted: &WantedFork,
    ready: &Readiness,
) -> Result<Result<PlannedFork, ForkRefused>, TxError> {
    let own = match may_fork(view, ready, ready.clock) {
        Ok(own) => own,
        Err(obstacle) => return Ok(Err(obstacle.into())),
    };
    let me = view.me();
    let members = view.members(view.current(), ready.clock);
    if let Some(nobody) = wanted.without.iter().find(|who| **who == me || !members.contains(who)) {
        return Ok(Err(ForkRefused::NoMember(*nobody)));
    }
    let server = wanted.server.as_ref().map(|(board, _)| *board);
    if server.is_some_and(|board| *board.public_key() == view.current().server) {
        return Ok(Err(ForkRefused::SameServer));
    }
    let listed: BTreeSet<Member> =
        members.difference(&wanted.without).chain(&wanted.with).copied().chain([me]).collect();
    if Class::of_members(listed.len()).is_none() {
        return Ok(Err(ForkRefused::TooMany));
    }
    let prekeys = others::all(conn, conversation)?;
    let others = || listed.iter().filter(|who| **who != me);
    let known = |who: &&Member| prekeys.contains_key(who);
    let mut contacts = BTreeSet::new();
    for who in others() {
        if is_accepted(conn, &who.address())? {
            contacts.insert(*who);
        }
    }
    if wanted.quiet && contacts.is_empty() && others().next().is_some() {
        return Ok(Err(ForkRefused::ReachesNobody));
    }
    let oldest = others().filter_map(|who| Some((prekeys.get(who).map(Prekey::created)?, *who))).min();
    Ok(Ok(PlannedFork {
        left_out: members.difference(&listed).copied().collect(),
        added: listed.difference(&members).filter(|who| **who != me).copied().collect(),
        heals: oldest,
        unreached: others().filter(|who| !known(who)).copied().collect(),
        contacts,
        doubtful_clock: own.doubtful_clock,
        server,
        listed,
    }))
}
