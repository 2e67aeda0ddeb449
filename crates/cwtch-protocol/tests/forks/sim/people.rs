//! Persons who answer, and contacts who meet.

use cwtch_protocol::group::fork::{Epoch, Event};
use cwtch_wire::group::fork::{Bare, CONTEXT_FORK_BARE, CONTEXT_FORK_PART, DailyInvite, ForkId, Part};
use cwtch_wire::invite::TofuBundle;
use rand_core::RngCore;

use super::program::Program;
use super::travel::Packet;
use super::{Contacts, Person, WorldOf, member};

impl<P: Program> WorldOf<P> {
    pub(super) fn answer(&mut self, who: usize) {
        let hour = self.hour;
        let drawn = if self.rng.next_u32().is_multiple_of(2) { 24 } else { 96 };
        let player = &mut self.players[who];
        for question in player.state.view().questions() {
            let key = question.key();
            if !player.told.contains(&key) {
                player.told.push(key);
                player.questions += 1;
                player.answers.push((hour + drawn, question.clone()));
            }
        }
        let view = player.state.view();
        player.told.retain(|key| view.questions().iter().any(|open| open.key() == *key));
        let due = player.answers.iter().position(|(due, _)| *due <= hour);
        let Some((_, asked)) = due.map(|at| player.answers.remove(at)) else { return };
        let open = player.state.view().questions().iter().find(|open| open.key() == asked.key()).cloned();
        let Some(open) = open else { return };
        player.answered += 1;
        let accepts = match player.person {
            Person::Accepts => true,
            Person::EverySecond => player.answered % 2 == 1,
            Person::Refuses => false,
            Person::Never => return,
        };
        let event = if accepts { Event::Accepts(open.forks[0]) } else { Event::Refuses(open.clone()) };
        if self.transact(who, |state, now| state.event(&event, now)).is_none() {
            // The person sees the question again, and says the same.
            self.players[who].answers.push((hour + 1, open));
            self.players[who].answered -= 1;
        }
    }

    /// Persons look at the list of forks, and take the one that most others use.
    pub(crate) fn join_the_most(&mut self) {
        for who in 0..self.players.len() {
            let (now, hostile) = (self.now(who), self.players[who].hostile);
            let view = self.players[who].state.view();
            let path: Vec<Epoch> = view.path().cloned().collect();
            let child = |parent: &ForkId| path.iter().find(|epoch| epoch.parent == Some(*parent));
            let beside = view.forks().map(|fork| &fork.epoch).filter(|fork| {
                fork.parent.is_some_and(|parent| path.iter().any(|epoch| epoch.id == parent))
                    && path.iter().all(|epoch| epoch.id != fork.id)
            });
            let here = |fork: &Epoch| {
                let child = fork.parent.as_ref().and_then(child);
                child.map_or(0, |child| view.count(child, now))
            };
            let most = beside.filter(|fork| view.count(fork, now) > here(fork));
            let most = most.max_by_key(|fork| view.count(fork, now)).map(|fork| fork.id);
            if let Some(most) = most.filter(|_| !hostile) {
                self.transact(who, |state, now| state.event(&Event::Accepts(most), now));
            }
        }
    }

    /// True if a person is told of a package that does not open.
    pub(crate) fn is_told(&self, who: usize) -> bool {
        let clock = self.clock(who);
        self.players[who].state.is_told(clock)
    }

    pub(super) fn are_contacts(&self, a: usize, b: usize) -> bool {
        match self.setup.contacts {
            Contacts::Nobody => false,
            Contacts::Tree => a / 2 == b || b / 2 == a,
            Contacts::All => true,
        }
    }

    pub(super) fn meet(&mut self, a: usize, b: usize) {
        let mut sent: Vec<(usize, usize, Packet)> = Vec::new();
        for (from, to) in [(a, b), (b, a)] {
            let packets = self.transact(from, |state, now| state.greet(&member(to), now));
            sent.extend(packets.unwrap_or_default().into_iter().map(|packet| (from, to, packet)));
        }
        // No exchange is longer: a question, its answers, and a word for each.
        for _ in 0..4 {
            let mut answers = Vec::new();
            for (from, to, packet) in core::mem::take(&mut sent) {
                if self.is_hidden_packet(&packet, to) || self.players[to].deployed {
                    continue;
                }
                self.gives(&packet, to);
                let made = core::mem::take(&mut self.made);
                let heard = self.transact(to, |state, now| state.hear(&member(from), &packet, &made, now));
                self.made = made;
                answers.extend(heard.unwrap_or_default().into_iter().map(|packet| (to, from, packet)));
            }
            sent = answers;
        }
    }

    pub(super) fn is_hidden_packet(&self, packet: &Packet, to: usize) -> bool {
        let Packet::Data(CONTEXT_FORK_PART, data) = packet else { return false };
        let part = Part::from_bytes(data).unwrap();
        let fork = self.packages.get(&part.package());
        fork.and_then(|fork| self.hidden.get(&(*fork, to))).is_some_and(|until| self.hour < *until)
    }

    /// Sees that a secret goes only to whom its fork lists.
    pub(super) fn gives(&mut self, packet: &Packet, to: usize) {
        let fork = match packet {
            Packet::Data(CONTEXT_FORK_BARE, data) => Bare::from_bytes(data).unwrap().fork,
            Packet::Invite(made) => made.epoch.id,
            Packet::Text(invite) => match DailyInvite::parse(invite) {
                Ok(invite) => invite.notice().fork_id(),
                Err(_) => {
                    let group = *TofuBundle::parse(invite).unwrap().invite().group_id();
                    let made = self.made.values().find(|made| made.group == group);
                    made.map_or(self.first.id, |made| made.epoch.id)
                }
            },
            _ => return,
        };
        // Everybody has the first epoch.
        let Some(made) = self.made.get(&fork) else { return };
        assert!(made.epoch.listed.contains(&member(to)), "a secret goes to somebody not listed");
        self.given.entry(fork).or_default().insert(to);
    }
}
