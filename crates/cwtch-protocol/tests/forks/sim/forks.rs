//! Making of forks, by the rules or against them.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::forks::ForkSecret;
use cwtch_protocol::group::fork::{Epoch, HOUR, Member};
use cwtch_testkit::ChaCha20Rng;
use cwtch_wire::group::fork::{NoticeFields, OldPart, Prekey, SealedFork};
use rand_core::RngCore;

use super::program::{Now, Program};
use super::travel::{Made, Outgoing, Words};
use super::{WorldOf, identity, member};

/// A fork that is to be made.
pub(crate) struct Plan<'a> {
    pub(crate) forker: usize,
    pub(crate) parent: &'a Epoch,
    pub(crate) old: OldPart,
    pub(crate) time: u64,
}

/// Makes a fork with boxes for all of whom a prekey is given; with it, those who can open it.
pub(crate) fn craft<P: Program>(
    Plan { forker, parent, old, time }: Plan<'_>,
    prekeys: &BTreeMap<Member, Prekey>,
    rng: &mut ChaCha20Rng,
    change: impl FnOnce(&mut NoticeFields),
) -> (Made, BTreeSet<Member>) {
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
    let secret = ForkSecret::generate(rng);
    let (notice, _) = fields.sign(identity(forker), &secret).unwrap();
    let me = member(forker);
    let listed = &notice.fields().members;
    let boxed = prekeys.iter().filter(|(who, _)| **who != me && listed.contains(who));
    let (mut given, boxed): (BTreeSet<Member>, Vec<Prekey>) = boxed.map(|(who, key)| (*who, *key)).unzip();
    given.insert(me);
    let keys: Vec<_> = boxed.iter().map(|prekey| *prekey.key()).collect();
    let sealed = SealedFork::seal(notice, old.clone(), None, secret, &keys, rng).unwrap();
    let epoch = Epoch::of(&sealed.content.notice, Some(&old));
    let healing = boxed.iter().map(Prekey::created).min().unwrap_or(u64::MAX);
    let group = P::group_id(&epoch, &sealed.content.keys.group);
    (Made { epoch, group, sealed, healing }, given)
}

impl<P: Program> WorldOf<P> {
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
            group: self.made.get(&parent.id).map_or(self.beginning.group, |made| made.group),
            fork: parent.id,
            incarnation: u64::from(self.setup.log),
            log_size: if self.setup.log { self.server.size() } else { 0 },
        };
        let mut prekeys = self.players[who].state.prekeys();
        let boxed: BTreeSet<Member> = boxed.into_iter().map(member).collect();
        prekeys.retain(|who, _| boxed.contains(who));
        let plan = Plan { forker: who, parent, old, time };
        let (made, given) = craft::<P>(plan, &prekeys, &mut self.rng, change);
        let made = self.was_made(made, &given);
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

    fn was_made(&mut self, made: Made, given: &BTreeSet<Member>) -> Rc<Made> {
        let made = Rc::new(made);
        self.packages.insert(made.sealed.package.id(), made.epoch.id);
        self.given.insert(made.epoch.id, given.iter().map(|who| self.number(who)).collect());
        self.made.insert(made.epoch.id, Rc::clone(&made));
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
            self.transmit(who, &Outgoing { number: 0, epoch: parent, words, begun: true, sealed: None });
        }
    }

    pub(super) fn number(&self, who: &Member) -> usize {
        self.players.iter().position(|player| player.state.me() == *who).unwrap()
    }

    /// An honest fork, if the rules let the member make one.
    pub(crate) fn fork(
        &mut self,
        who: usize,
        change: impl FnOnce(&mut BTreeSet<Member>),
    ) -> Option<Rc<Made>> {
        self.players[who].down = false;
        let (clock, present) = (self.clock(who), self.now(who));
        let size = self.setup.log.then(|| self.server.size());
        let now = &mut Now { clock, present, rng: &mut self.rng };
        let made = self.players[who].state.work(None, now, |state, now| state.fork(change, size, now));
        let (made, given) = made.unwrap()?;
        let made = self.was_made(made, &given);
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
