//! The model as a member's program: all of its state is committed behind each piece of work, or nothing of it.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use cwtch_primitives::SecretBytes;
use cwtch_primitives::forks::EpochKeys;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_protocol::group::fork::{DAY, Epoch, Event, Member, Statement, View};
use cwtch_testkit::rng;
use cwtch_wire::group::fork::{ForkId, Mode, OldPart, Prekey};
use rand_core::RngCore;

use super::super::super::support::{START, founded, member};
use super::super::forks::{Plan, craft};
use super::super::program::{Beginning, Mishap, MishapKind, Now, Program, Tally};
use super::super::server::Server;
use super::super::setup::Setup;
use super::super::travel::{Entry, Made, Outgoing, Packet};
use super::super::{SERVER, number};
use super::{Keys, State, group_id};

/// A member's state, and what of it is durable, where programs die.
pub(crate) struct Model {
    state: State,
    durable: Option<Box<State>>,
}

impl Deref for Model {
    type Target = State;

    fn deref(&self) -> &State {
        &self.state
    }
}

impl DerefMut for Model {
    fn deref_mut(&mut self) -> &mut State {
        &mut self.state
    }
}

impl Program for Model {
    const SEALS: bool = false;
    const MOST: usize = usize::MAX;

    fn beginning(setup: &Setup) -> Beginning {
        let epoch = match setup.mode {
            Mode::Static => Epoch::unlisted(member(SERVER)),
            mode => Epoch { mode, ..founded(setup.members) },
        };
        let keys = EpochKeys::derive(&SecretBytes::new([7; 32]), &[8; 32]);
        Beginning { group: group_id(&epoch), keys, epoch }
    }

    fn new(number: usize, setup: &Setup, beginning: &Beginning, acts: bool, now: &mut Now<'_>) -> Self {
        let mut state = State::new(member(number), &beginning.epoch, &beginning.keys, now);
        // Nobody has just moved.
        state.voice.wrote(START, now.rng);
        if acts {
            state.new_half(now);
        }
        let durable = (setup.crashes > 0.0).then(|| Box::new(state.clone()));
        Self { state, durable }
    }

    fn acquaint(&mut self, of: &[(Member, Option<Prekey>)], first: &ForkId, log: bool, now: &mut Now<'_>) {
        for (who, prekey) in of {
            if let Some(prekey) = prekey {
                self.state.prekeys.insert(*who, *prekey);
                self.state.capable.insert(*who);
            }
            let place = log.then_some((member(SERVER), 0));
            let statement = Statement { epoch: *first, time: START - DAY, place };
            let mut rng = rng(0);
            let mut then = Now { rng: &mut rng, ..*now };
            self.state.event(&Event::Said(*who, statement), &mut then);
        }
        if let Some(durable) = &mut self.durable {
            **durable = self.state.clone();
        }
    }

    fn group_id(epoch: &Epoch, _: &GroupKey) -> GroupId {
        group_id(epoch)
    }

    fn work<T>(
        &mut self,
        mishap: Option<Mishap>,
        now: &mut Now<'_>,
        work: impl FnOnce(&mut Self, &mut Now<'_>) -> T,
    ) -> Option<T> {
        let done = work(self, now);
        let Some(durable) = &mut self.durable else { return Some(done) };
        if mishap.is_none_or(|mishap| mishap.kind == MishapKind::DiesBehind) {
            **durable = self.state.clone();
        }
        if mishap.is_some() {
            self.state = State::clone(durable);
            return None;
        }
        Some(done)
    }

    fn me(&self) -> Member {
        self.state.me
    }

    fn view(&self) -> &View {
        &self.state.view
    }

    fn tally(&self) -> &Tally {
        &self.state.tally
    }

    fn prekey(&self) -> Option<Prekey> {
        let newest = self.state.halves.iter().max_by_key(|(half, _)| half.created);
        newest.map(|(half, key)| Prekey::new(half.created, *key.public_key()))
    }

    fn prekeys(&self) -> BTreeMap<Member, Prekey> {
        self.state.prekeys.clone()
    }

    fn held(&self) -> BTreeSet<ForkId> {
        self.state.held.keys().chain(self.state.epochs.keys()).copied().collect()
    }

    fn keys(&self, epoch: &ForkId) -> Option<&Keys> {
        self.state.epochs.get(epoch)
    }

    fn is_told(&self, clock: u64) -> bool {
        self.state.unopened.values().any(|lost| lost.unopened.tells(clock))
    }

    fn fresh(&mut self, server: &Server, hour: u64, _: u64) -> Vec<(bool, Rc<Entry>)> {
        let mut fresh: Vec<(bool, Rc<Entry>)> = Vec::new();
        for (epoch, keys) in &mut self.state.epochs {
            let posts = server.of(epoch);
            fresh.extend(posts.iter().skip(keys.seen).map(|entry| (false, Rc::clone(entry))));
            keys.seen = posts.len();
        }
        let mut due = Vec::new();
        self.state.late.retain(|(at, epoch, place)| {
            let is_due = *at <= hour;
            if is_due {
                due.push((*epoch, *place));
            }
            !is_due
        });
        let late = due.into_iter().filter_map(|(epoch, place)| server.of(&epoch).get(place).cloned());
        fresh.extend(late.map(|entry| (true, entry)));
        fresh
    }

    fn postpone(&mut self, hour: u64, place: usize, entry: &Rc<Entry>) {
        self.state.late.push((hour, entry.epoch, place));
    }

    fn read(&mut self, page: &[Rc<Entry>], log: Option<Member>, now: &mut Now<'_>) {
        self.state.read(page, log, now);
    }

    fn synced(&mut self, log: bool, now: &mut Now<'_>) {
        self.state.synced(log, now);
    }

    fn due(&mut self, chat: bool, now: &mut Now<'_>) {
        self.state.write(chat, now);
    }

    fn wakes(&self) -> Option<u64> {
        // What is due within an hour is queued at once.
        None
    }

    fn outbox(&self) -> Vec<u64> {
        self.state.outbox.iter().map(|sent| sent.number).collect()
    }

    fn begins(&mut self, number: u64, _: &mut Now<'_>) -> Option<Outgoing> {
        self.state.begins(number);
        self.state.outbox.iter().find(|sent| sent.number == number).cloned()
    }

    fn confirmed(&mut self, sent: &Outgoing, now: &mut Now<'_>) {
        self.state.confirmed(sent, now);
    }

    fn event(&mut self, event: &Event, now: &mut Now<'_>) {
        self.state.event(event, now);
    }

    fn fork(
        &mut self,
        change: impl FnOnce(&mut BTreeSet<Member>),
        size: Option<u64>,
        now: &mut Now<'_>,
    ) -> Option<(Made, BTreeSet<Member>)> {
        let (time, depth) = self.state.may_fork(size.is_some(), now)?;
        let parent = self.state.current().clone();
        let mut listed = self.state.view.members(&parent, now.present);
        listed.insert(self.state.me);
        change(&mut listed);
        let mut salt = [0; 16];
        now.rng.fill_bytes(&mut salt);
        let old = OldPart {
            salt,
            group: group_id(&parent),
            fork: parent.id,
            incarnation: u64::from(size.is_some()),
            log_size: size.unwrap_or(0),
        };
        let plan = Plan { forker: number(&self.state.me), parent: &parent, old, time };
        let (made, given) = craft::<Self>(plan, &self.state.prekeys, now.rng, |fields| {
            fields.depth = depth;
            fields.members = listed;
        });
        self.state.forked(&made, false, now);
        Some((made, given))
    }

    fn enter(&mut self, epoch: &Epoch, keys: &EpochKeys) {
        self.state.enter(epoch, keys);
    }

    fn greet(&mut self, contact: &Member, now: &mut Now<'_>) -> Vec<Packet> {
        self.state.greet(contact, now)
    }

    fn hear(
        &mut self,
        from: &Member,
        packet: &Packet,
        made: &BTreeMap<ForkId, Rc<Made>>,
        now: &mut Now<'_>,
    ) -> Vec<Packet> {
        self.state.hear(from, packet, made, now)
    }
}
