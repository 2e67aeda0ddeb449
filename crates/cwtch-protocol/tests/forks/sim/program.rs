//! The seam between a simulated world and a member's program: people, server, contacts, hostile members and what is known of who was given
//! what are the same, whether a program is a model of one in memory or the one that ships, over its database.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::forks::EpochKeys;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_protocol::group::fork::{Epoch, Event, Member, View};
use cwtch_testkit::ChaCha20Rng;
use cwtch_wire::group::fork::{ForkId, Prekey};

use super::model::Keys;
use super::server::Server;
use super::setup::Setup;
use super::travel::{Entry, Made, Outgoing, Packet};

/// The circumstances of a piece of work.
pub(crate) struct Now<'a> {
    /// The own clock.
    pub(crate) clock: u64,
    /// The time that decisions go by.
    pub(crate) present: u64,
    pub(crate) rng: &'a mut ChaCha20Rng,
}

/// Something that happens to a program in the middle of its work.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mishap {
    /// The transaction at which it happens, from 0. Where the work has fewer, nothing does.
    pub(crate) at: u64,
    pub(crate) kind: MishapKind,
}

/// Kind of a mishap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MishapKind {
    /// The program dies, and the transaction is not durable.
    DiesBefore,
    /// The program dies, and only what would follow the transaction does not happen.
    DiesBehind,
    /// The disk has no room for the transaction and those behind it; the program lives.
    DiskFull,
}

/// The epoch in which a group begins, which all its members know.
pub(crate) struct Beginning {
    pub(crate) epoch: Epoch,
    pub(crate) group: GroupId,
    pub(crate) keys: EpochKeys,
}

/// What is counted of a member.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tally {
    pub(crate) moves: u32,
    /// The forks that were followed without a question.
    pub(crate) followed: BTreeSet<ForkId>,
    pub(crate) invited: u32,
}

/// A member's program.
pub(crate) trait Program: Sized {
    /// True if messages are always bytes.
    const SEALS: bool;
    /// The most members of a group, where a world would have more.
    const MOST: usize;

    fn beginning(setup: &Setup) -> Beginning;
    /// The program of a member by number; `acts` is false for one who knows no forks.
    fn new(number: usize, setup: &Setup, beginning: &Beginning, acts: bool, now: &mut Now<'_>) -> Self;
    /// Lets it know prekeys and statements of others, as after months of talk.
    fn acquaint(&mut self, of: &[(Member, Option<Prekey>)], first: &ForkId, log: bool, now: &mut Now<'_>);
    fn group_id(epoch: &Epoch, key: &GroupKey) -> GroupId;

    /// A piece of work; `None` if it was cut short by a mishap: then the program goes on with what is durable.
    fn work<T>(
        &mut self,
        mishap: Option<Mishap>,
        now: &mut Now<'_>,
        work: impl FnOnce(&mut Self, &mut Now<'_>) -> T,
    ) -> Option<T>;

    fn me(&self) -> Member;
    fn view(&self) -> &View;
    fn tally(&self) -> &Tally;
    /// The newest own prekey.
    fn prekey(&self) -> Option<Prekey>;
    /// Others' prekeys.
    fn prekeys(&self) -> BTreeMap<Member, Prekey>;
    /// The forks of which it has a secret, or keys.
    fn held(&self) -> BTreeSet<ForkId>;
    /// The keys of an epoch, where the world seals its messages.
    fn keys(&self, epoch: &ForkId) -> Option<&Keys>;
    /// True if the person is told of a package that does not open.
    fn is_told(&self, clock: u64) -> bool;

    /// Everything new on the server, and what came late and is due; the latter is true.
    fn fresh(&mut self, server: &Server, hour: u64, clock: u64) -> Vec<(bool, Rc<Entry>)>;
    /// An entry comes later.
    fn postpone(&mut self, hour: u64, place: usize, entry: &Rc<Entry>);
    /// A page of what the server has, in the order of arrival.
    fn read(&mut self, page: &[Rc<Entry>], log: Option<Member>, now: &mut Now<'_>);
    /// A sync was completed.
    fn synced(&mut self, log: bool, now: &mut Now<'_>);

    /// Queues what is due; `chat` if the person wants to say something.
    fn due(&mut self, chat: bool, now: &mut Now<'_>);
    /// The time at which something else is due that does not wait for the next hour.
    fn wakes(&self) -> Option<u64>;
    /// The numbers of messages that wait to be sent.
    fn outbox(&self) -> Vec<u64>;
    /// A message is about to leave; `None` if it does not.
    fn begins(&mut self, number: u64, now: &mut Now<'_>) -> Option<Outgoing>;
    /// The server has a message.
    fn confirmed(&mut self, sent: &Outgoing, now: &mut Now<'_>);

    /// The person answers.
    fn event(&mut self, event: &Event, now: &mut Now<'_>);
    /// Makes a fork of where it is, if the rules let the member; with it, those who were given it. `size` is that of the server's log.
    fn fork(
        &mut self,
        change: impl FnOnce(&mut BTreeSet<Member>),
        size: Option<u64>,
        now: &mut Now<'_>,
    ) -> Option<(Made, BTreeSet<Member>)>;
    /// A member who syncs by no rules is given an epoch's keys.
    fn enter(&mut self, epoch: &Epoch, keys: &EpochKeys);

    /// What a contact is sent when a connection stands, which it does from now on.
    fn greet(&mut self, contact: &Member, now: &mut Now<'_>) -> Vec<Packet>;
    /// What a contact is answered.
    fn hear(
        &mut self,
        from: &Member,
        packet: &Packet,
        made: &BTreeMap<ForkId, Rc<Made>>,
        now: &mut Now<'_>,
    ) -> Vec<Packet>;
}
