//! Reading: messages, parts, packages; and forgetting.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::agreement::AgreementKey;
use cwtch_protocol::group::fork::delivery::{Half, Source, Unopened, is_newer_prekey, spent_halves};
use cwtch_protocol::group::fork::{Checked, DAY, Epoch, Event, Member, Statement, check, keys};
use cwtch_wire::group::fork::{AckState, ForkId, OpenFault, OpenedFork, Package, PackageId, Part, Prekey};

use super::super::program::Now;
use super::super::travel::Entry;
use super::{Held, Keys, Lost, State};

impl State {
    /// A page of what the server has, in the order of arrival.
    pub(crate) fn read(&mut self, page: &[Rc<Entry>], log: Option<Member>, now: &mut Now<'_>) {
        for entry in page {
            if !self.read.insert(entry.index) || entry.words.author == self.me {
                continue;
            }
            let words = &entry.words;
            let author = words.author;
            if let Some(part) = &words.part {
                // Who has moved posts packages again in the epoch before: that says nothing about where they write.
                self.part(Source::Author(author), part, now);
                let held = self.held.values_mut().find(|held| held.package.id() == part.package());
                if let Some(rounds) = held.and_then(|held| held.rounds.as_mut()) {
                    rounds.sees(part.index(), part.class(), words.time.min(now.clock));
                }
            } else {
                let place = log.map(|log| (log, entry.index));
                let statement = Statement { epoch: entry.epoch, time: words.time, place };
                self.event(&Event::Said(author, statement), now);
            }
            if words.leaving {
                self.event(&Event::Leaves(author, entry.epoch), now);
            }
            if let Some(prekey) = words.prekey {
                self.capable.insert(author);
                self.learn(author, prekey, now);
            }
        }
    }

    pub(super) fn learn(&mut self, of: Member, prekey: Prekey, now: &Now<'_>) {
        let kept = self.prekeys.get(&of).map(Prekey::created);
        if is_newer_prekey(kept, prekey.created(), now.present) {
            self.prekeys.insert(of, prekey);
        }
    }

    /// A part, from whoever. Returns how far the package has come.
    pub(super) fn part(&mut self, source: Source, part: &Part, now: &mut Now<'_>) -> Option<AckState> {
        let id = part.package();
        if self.condemned.contains(&id) {
            return None;
        }
        if let Some(held) = self.held.values().find(|held| held.package.id() == id) {
            return Some(self.stage(&held.fork.notice.fork_id()));
        }
        if self.waiting.contains_key(&id) {
            return Some(AckState::Opened);
        }
        match self.shelf.put(source, part.clone(), now.clock) {
            Ok(Some(package)) => self.whole(&Rc::new(package), now),
            Ok(None) => self.unopened.contains_key(&id).then_some(AckState::Complete),
            Err(_) => None,
        }
    }

    pub(super) fn stage(&self, fork: &ForkId) -> AckState {
        let moved = self.view.path().any(|epoch| epoch.id == *fork);
        if moved { AckState::Moved } else { AckState::Opened }
    }

    pub(super) fn whole(&mut self, package: &Rc<Package>, now: &mut Now<'_>) -> Option<AckState> {
        let halves: Vec<AgreementKey> = self.halves.iter().map(|(_, half)| half.clone()).collect();
        match package.open(&halves) {
            Ok(fork) => self.opened(package, &Rc::new(fork), now),
            Err(OpenFault::NotForMe | OpenFault::TailBox) => {
                let epoch = self.current().id;
                let new = || Lost { epoch, unopened: Unopened::new(now.clock), asked: BTreeMap::new() };
                self.unopened.entry(package.id()).or_insert_with(new);
                Some(AckState::Complete)
            }
            Err(_) => self.condemn(package),
        }
    }

    pub(super) fn condemn(&mut self, package: &Package) -> Option<AckState> {
        self.shelf.settle(&package.id());
        self.unopened.remove(&package.id());
        self.condemned.insert(package.id());
        None
    }

    pub(super) fn opened(
        &mut self,
        package: &Rc<Package>,
        fork: &Rc<OpenedFork>,
        now: &mut Now<'_>,
    ) -> Option<AckState> {
        let group = |epoch: &Epoch| self.epochs.get(&epoch.id).map(|keys| keys.group);
        match check(&self.view, fork, group, now.present) {
            Err(_) => self.condemn(package),
            Ok(Checked::Waits | Checked::Elsewhere) => {
                self.shelf.settle(&package.id());
                self.waiting.insert(package.id(), (Rc::clone(package), Rc::clone(fork)));
                Some(AckState::Opened)
            }
            Ok(Checked::Good(epoch)) => {
                self.shelf.settle(&package.id());
                self.waiting.remove(&package.id());
                self.unopened.remove(&package.id());
                let held = Held {
                    package: Rc::clone(package),
                    fork: Rc::clone(fork),
                    opened: now.clock,
                    secret: true,
                    rounds: None,
                    again: None,
                    passing: BTreeMap::new(),
                };
                self.held.entry(epoch.id).or_insert(held);
                self.enter(&epoch, &fork.keys);
                self.event(&Event::Opened(epoch.clone()), now);
                if self.view.fork(&epoch.id).is_none() {
                    // There was no room.
                    self.held.remove(&epoch.id);
                    self.epochs.remove(&epoch.id);
                    return Some(AckState::Complete);
                }
                self.look_again(now);
                Some(self.stage(&epoch.id))
            }
        }
    }

    /// Looks at what waited.
    pub(super) fn look_again(&mut self, now: &mut Now<'_>) {
        for (id, (package, fork)) in self.waiting.clone() {
            if self.waiting.contains_key(&id) {
                self.opened(&package, &fork, now);
            }
        }
    }

    /// A sync was completed.
    pub(crate) fn synced(&mut self, log: bool, now: &mut Now<'_>) {
        self.look_again(now);
        self.event(&Event::Synced, now);
        self.shelf.expire(now.clock);
        // What came out of an epoch that was followed is asked for, also once another fork of it is followed: others may be there.
        let path: BTreeSet<ForkId> = self.view.path().map(|epoch| epoch.id).collect();
        let held: BTreeSet<PackageId> = self.shelf.held().iter().map(|held| held.package).collect();
        self.unopened.retain(|id, lost| path.contains(&lost.epoch) && held.contains(id));
        if now.clock.abs_diff(self.pruned) >= DAY {
            self.pruned = now.clock;
            self.forget(log, now);
        }
    }

    pub(super) fn forget(&mut self, log: bool, now: &mut Now<'_>) {
        let halves: Vec<Half> = self.halves.iter().map(|(half, _)| *half).collect();
        for place in spent_halves(&halves, now.clock).into_iter().rev() {
            self.halves.remove(place);
        }
        let others: Vec<u64> = self.statements().map(|said| said.time).collect();
        let today = keys::today(now.clock, log.then_some(now.present), &others);
        for (id, keys) in &mut self.epochs {
            let Some(epoch) = self.view.epoch(id) else { continue };
            let oldest = keys::oldest_kept(today, epoch.time / DAY, keys::MEMORY);
            if epoch.mode.is_daily() {
                keys.days.forget_before(oldest);
            }
            if let Some(held) = self.held.get_mut(id) {
                let expires = keys::secret_expires(epoch.mode, held.opened, oldest, false, now.clock);
                held.secret &= !expires;
            }
        }
        let closed = |id: &ForkId, keys: &Keys| {
            let Some(epoch) = self.view.epoch(id) else { return true };
            let left = keys.left.filter(|_| *id != self.current().id);
            let all = epoch.listed.iter().all(|who| self.view.statement(who).is_some_and(|s| s.epoch != *id));
            left.is_some_and(|left| keys::closes(epoch.mode, left, all, now.present))
        };
        let closed: Vec<ForkId> =
            self.epochs.iter().filter(|(id, keys)| closed(id, keys)).map(|(id, _)| *id).collect();
        for id in closed {
            self.epochs.remove(&id);
        }
        let time = now.clock.min(if today == now.clock / DAY { now.clock } else { today * DAY });
        let open = self.view.forks().filter(|fork| !fork.closed).map(|fork| fork.epoch.id);
        let expired: Vec<ForkId> = open.filter(|id| !self.view.can_be_followed(id, time)).collect();
        for id in expired {
            self.event(&Event::Expires(id), now);
            self.epochs.remove(&id);
            if let Some(held) = self.held.get_mut(&id) {
                held.secret = false;
            }
        }
    }

    pub(crate) fn statements(&self) -> impl Iterator<Item = &Statement> {
        self.current().listed.iter().chain(&self.capable).filter_map(|who| self.view.statement(who))
    }
}
