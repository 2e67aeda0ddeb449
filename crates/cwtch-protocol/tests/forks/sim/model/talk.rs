//! Packets between contacts.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_protocol::group::fork::delivery::{Answer, Answering, Source, Standing, Voice};
use cwtch_protocol::group::fork::{Member, View};
use cwtch_wire::group::fork::{
    Ack, AckState, Bare, CONTEXT_FORK_ACK, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, ForkId, Package, PackageId,
    Part, Prekey,
};

use super::super::program::Now;
use super::super::travel::{Made, Packet};
use super::{Lost, State};

impl State {
    /// What a contact is sent when a connection stands, which it does from now on.
    pub(crate) fn greet(&mut self, contact: &Member, now: &mut Now<'_>) -> Vec<Packet> {
        let mut packets = Vec::new();
        let waits = self.own.as_ref().filter(|(_, own)| own.standing(now.clock) == Standing::Waits);
        let waits = waits.map(|(fork, _)| *fork);
        let path: BTreeSet<ForkId> = self.view.path().map(|epoch| epoch.id).collect();
        for (id, held) in &mut self.held {
            let Some(epoch) = self.view.epoch(id) else { continue };
            if waits == Some(*id) || !self.view.passes_on(epoch, contact, now.present) {
                continue;
            }
            let passing = held.passing.entry(*contact).or_default();
            let stage = if path.contains(id) { AckState::Moved } else { AckState::Opened };
            if let Some(state) = passing.tells(stage, false) {
                packets.push(Packet::ack(&Ack { package: held.package.id(), fork: *id, state }));
                passing.told(state);
            }
            if passing.sends(now.clock, now.clock) {
                passing.sent(now.clock);
                self.sent_parts += u32::from(held.package.class().parts());
                packets.extend(held.package.parts().iter().map(Packet::part));
            }
        }
        if self.view.statement(contact).is_some() {
            let due = |lost: &&mut Lost| lost.unopened.asks(lost.asked.get(contact).copied(), now.clock);
            let mut epochs = BTreeSet::new();
            for lost in self.unopened.values_mut().filter(due) {
                let (last, times) = lost.asked.entry(*contact).or_default();
                (*last, *times) = (now.clock, *times + 1);
                epochs.insert(lost.epoch);
            }
            for epoch in epochs {
                let prekey = match self.halves.iter().max_by_key(|(half, _)| half.created) {
                    Some((half, key)) => Prekey::new(half.created, *key.public_key()),
                    None => self.new_half(now),
                };
                packets.push(Packet::Want(epoch, prekey));
            }
        }
        packets
    }

    /// What a contact is answered.
    pub(crate) fn hear(
        &mut self,
        from: &Member,
        packet: &Packet,
        made: &BTreeMap<ForkId, Rc<Made>>,
        now: &mut Now<'_>,
    ) -> Vec<Packet> {
        match packet {
            Packet::Data(CONTEXT_FORK_PART, data) => {
                let Ok(part) = Part::from_bytes(data) else { return Vec::new() };
                let last = part.index() + 1 == part.class().parts();
                let state = self.part(Source::Contact(*from), &part, now);
                let fork = self.fork_of(&part.package());
                let ack = state.zip(fork).filter(|_| last);
                ack.map(|(state, fork)| Packet::ack(&Ack { package: part.package(), fork, state }))
                    .into_iter()
                    .collect()
            }
            Packet::Data(CONTEXT_FORK_ACK, data) => {
                let Ok(ack) = Ack::from_bytes(data) else { return Vec::new() };
                if let Some(held) = self.held.get_mut(&ack.fork) {
                    held.passing.entry(*from).or_default().acknowledged(ack.state);
                }
                Vec::new()
            }
            Packet::Data(CONTEXT_FORK_BARE, data) => {
                let Ok(bare) = Bare::from_bytes(data) else { return Vec::new() };
                let whole = self.shelf.whole().into_iter().map(|(_, package)| package);
                let of_fork: Vec<Package> = whole.filter(|p| p.fork_id() == bare.fork).collect();
                for package in of_fork {
                    if let Ok(fork) = package.open_with(&bare.secret) {
                        self.opened(&Rc::new(package), &Rc::new(fork), now);
                        break;
                    }
                }
                Vec::new()
            }
            Packet::Data(..) => Vec::new(),
            Packet::Want(epoch, prekey) => self.wanted(from, epoch, *prekey, made, now),
            Packet::Invite(made) => {
                // A new beginning: nothing of the past is known any more.
                self.tally.invited += 1;
                self.enter(&made.epoch, made.keys());
                self.view = View::new(self.me, made.epoch.clone());
                self.voice = Voice::new(now.clock, now.rng);
                Vec::new()
            }
            // The model invites otherwise.
            Packet::Text(_) => Vec::new(),
        }
    }

    pub(super) fn fork_of(&self, package: &PackageId) -> Option<ForkId> {
        let held = self.held.values().find(|held| held.package.id() == *package);
        let waiting = || self.waiting.get(package).map(|(_, fork)| fork.notice.fork_id());
        let shelf =
            || self.shelf.whole().into_iter().find(|(_, p)| p.id() == *package).map(|(_, p)| p.fork_id());
        held.map(|held| held.fork.notice.fork_id()).or_else(waiting).or_else(shelf)
    }

    pub(super) fn wanted(
        &mut self,
        from: &Member,
        epoch: &ForkId,
        prekey: Prekey,
        made: &BTreeMap<ForkId, Rc<Made>>,
        now: &mut Now<'_>,
    ) -> Vec<Packet> {
        self.learn(*from, prekey, now);
        if !self.answering.entry(*from).or_default().is_due(now.clock) {
            return Vec::new();
        }
        let has = |fork: &ForkId| self.held.get(fork).is_some_and(|held| held.secret);
        let answers = self.view.answers(from, epoch, has, now.present);
        if answers.is_empty() {
            return Vec::new();
        }
        self.answering.insert(*from, Answering { last: Some(now.clock) });
        let mut packets = Vec::new();
        for answer in answers {
            match answer {
                Answer::Parts(fork) => {
                    let held = self.held.get(&fork);
                    packets
                        .extend(held.iter().flat_map(|held| held.package.parts()).map(|p| Packet::part(&p)));
                }
                Answer::Bare(fork) => {
                    let secret = self.held.get(&fork).map(|held| held.fork.secret.clone());
                    packets.extend(secret.map(|secret| Packet::bare(&Bare { fork, secret })));
                }
                Answer::Invite => {
                    packets.extend(made.get(&self.current().id).map(|made| Packet::Invite(Rc::clone(made))));
                }
            }
        }
        packets
    }
}
