//! Making of forks, by the rules or against them.

use std::collections::BTreeSet;
use std::rc::Rc;

use cwtch_primitives::forks::ForkSecret;
use cwtch_protocol::group::fork::{Epoch, HOUR, Member};
use cwtch_wire::group::fork::{NoticeFields, OldPart, Prekey, SealedFork};
use rand_core::RngCore;

use super::program::{Now, group_id};
use super::travel::{Made, Outgoing, Words};
use super::{World, identity, member};

impl World {
    /// Makes a fork of an epoch with everything that its maker can choose; nobody sees it yet.
    pub(crate) fn craft(
        &mut self,
        who: usize,
        parent: &Epoch,
        time: u64,
        boxed: impl IntoIterator<Item = usize>,
        change: impl FnOnce(&mut NoticeFields),
    ) -> Rc<Made> {
        let mut salt = [0; 16];
        self.rng.fill_bytes(&mut salt);
        let old = OldPart {
            salt,
            group: group_id(parent),
            fork: parent.id,
            incarnation: u64::from(self.setup.log),
            log_size: if self.setup.log { self.index } else { 0 },
        };
        let mut fields = NoticeFields {
            mode: parent.mode,
            depth: parent.depth + 1,
            time: time - time % HOUR,
            server: parent.server,
            old: Some(old.hash().unwrap()),
            server_part: None,
            name: "Garden".into(),
            members: parent.listed.clone(),
        };
        change(&mut fields);
        let secret = ForkSecret::generate(&mut self.rng);
        let (notice, _) = fields.sign(identity(who), &secret).unwrap();
        let known = &self.players[who].state.prekeys;
        let mut given = BTreeSet::from([who]);
        let mut prekeys = Vec::new();
        for to in boxed {
            let key = member(to);
            if to != who
                && notice.fields().members.contains(&key)
                && let Some(prekey) = known.get(&key)
            {
                given.insert(to);
                prekeys.push(*prekey);
            }
        }
        let keys: Vec<_> = prekeys.iter().map(|prekey| *prekey.key()).collect();
        let sealed = SealedFork::seal(notice, old.clone(), None, secret, &keys, &mut self.rng).unwrap();
        let epoch = Epoch::of(&sealed.content.notice, Some(&old));
        let healing = prekeys.iter().map(Prekey::created).min().unwrap_or(u64::MAX);
        self.packages.insert(sealed.package.id(), epoch.id);
        self.given.insert(epoch.id, given);
        let made = Rc::new(Made { epoch, sealed, healing });
        self.made.insert(made.epoch.id, Rc::clone(&made));
        if self.players[who].hostile {
            // Who syncs by no rules has what they were given.
            for fork in [parent.id, made.epoch.id] {
                if let Some(held) = self.made.get(&fork)
                    && self.given[&fork].contains(&who)
                {
                    self.players[who].state.enter(&held.epoch, held.keys());
                }
            }
        }
        made
    }

    /// A rekey of where its maker is, with a box for everybody.
    pub(crate) fn rekey(&mut self, who: usize, parent: &Epoch) -> Rc<Made> {
        let time = self.time().max(parent.time);
        let all = 0..self.players.len();
        self.craft(who, parent, time, all, |_| {})
    }

    /// A rekey whose id is as low as that of one in `tries`.
    pub(crate) fn ground(&mut self, who: usize, parent: &Epoch, tries: usize) -> Rc<Made> {
        let drawn: Vec<_> = (0..tries).map(|_| self.rekey(who, parent)).collect();
        let lowest = drawn.iter().map(|made| made.epoch.id).min().unwrap();
        Rc::clone(&self.made[&lowest])
    }

    /// Puts a package into the group as its maker.
    pub(crate) fn release(&mut self, made: &Made) {
        let forker = self.number(made.epoch.forker.as_ref().unwrap());
        self.release_by(forker, made);
    }

    /// Puts a package into the group as any member.
    pub(crate) fn release_by(&mut self, who: usize, made: &Made) {
        let parent = made.epoch.parent.unwrap();
        for part in made.sealed.package.parts() {
            let (author, time) = (member(who), self.clock(who));
            let words = Words { author, time, part: Some(part), prekey: None, leaving: false, control: true };
            self.transmit(who, &Outgoing { number: 0, epoch: parent, words, begun: true });
        }
    }

    pub(super) fn number(&self, who: &Member) -> usize {
        self.players.iter().position(|player| player.state.me == *who).unwrap()
    }

    /// An honest fork, if the rules let the member make one.
    pub(crate) fn fork(
        &mut self,
        who: usize,
        change: impl FnOnce(&mut BTreeSet<Member>),
    ) -> Option<Rc<Made>> {
        self.players[who].down = false;
        let (log, clock, present) = (self.setup.log, self.clock(who), self.now(who));
        let now = Now { clock, present, rng: &mut self.rng };
        let state = &mut self.players[who].state;
        let (time, depth) = state.may_fork(log, &now)?;
        let parent = state.current().clone();
        let mut listed = state.view.members(&parent, now.present);
        listed.insert(state.me);
        change(&mut listed);
        let all = 0..self.players.len();
        let made = self.craft(who, &parent, time, all, |fields| {
            fields.depth = depth;
            fields.members = listed;
        });
        let crashes = core::mem::take(&mut self.setup.crashes);
        self.transact(who, |state, now| state.forked(&made, false, now));
        self.setup.crashes = crashes;
        self.write(who, false);
        Some(made)
    }

    /// An honest fork that leaves somebody out; false if the rules do not let the member make it now.
    pub(crate) fn without(&mut self, who: usize, out: usize) -> bool {
        let fork = self.fork(who, |listed| {
            listed.remove(&member(out));
        });
        fork.is_some()
    }
}
