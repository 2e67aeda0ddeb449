//! The server: what it is given, and what a reader gets of it, and when.

use std::rc::Rc;

use cwtch_wire::group::fork::{ForkId, Mode};

use super::travel::{Entry, Outgoing};
use super::{SERVER, World, bytes, identity, member, server};

impl World {
    pub(super) fn transmit(&mut self, who: usize, sent: &Outgoing) {
        let mode = self.mode(&sent.epoch);
        let mut sealed = None;
        if self.setup.bytes {
            let Some(keys) = self.players[who].state.epochs.get(&sent.epoch) else { return };
            let server = server();
            sealed = bytes::compose(mode, keys, &server, identity(who), &sent.words, &mut self.rng);
            if sealed.is_none() {
                return;
            }
        }
        self.index += 1;
        let entry = Entry { index: self.index, epoch: sent.epoch, words: sent.words.clone(), sealed };
        self.posts.entry(sent.epoch).or_default().push(Rc::new(entry));
    }

    pub(super) fn mode(&self, epoch: &ForkId) -> Mode {
        self.made.get(epoch).map_or(self.first.mode, |made| made.epoch.mode)
    }

    /// What the server has for a reader that they have not read, and what came late.
    pub(super) fn page(&mut self, who: usize) -> Vec<Rc<Entry>> {
        let state = &mut self.players[who].state;
        let mut fresh: Vec<(bool, Rc<Entry>)> = Vec::new();
        for (epoch, keys) in &mut state.epochs {
            let posts = self.posts.get(epoch).map_or(&[][..], Vec::as_slice);
            fresh.extend(posts.iter().skip(keys.seen).map(|entry| (false, Rc::clone(entry))));
            keys.seen = posts.len();
        }
        let hour = self.hour;
        let mut due = Vec::new();
        state.late.retain(|(at, epoch, place)| {
            let is_due = *at <= hour;
            if is_due {
                due.push((*epoch, *place));
            }
            !is_due
        });
        let late = due.into_iter().filter_map(|(epoch, place)| self.posts.get(&epoch)?.get(place).cloned());
        fresh.extend(late.map(|entry| (true, entry)));
        let mut page = Vec::new();
        for (late, entry) in fresh {
            let hidden = entry.words.part.as_ref().and_then(|part| self.packages.get(&part.package()));
            let hidden = hidden.and_then(|fork| self.hidden.get(&(*fork, who)));
            if hidden.is_some_and(|until| hour < *until) || self.fate(who, entry.index, 1) < self.setup.loss {
                continue;
            }
            if !late && self.fate(who, entry.index, 2) < self.setup.late {
                let hours = 1 + (self.fate(who, entry.index, 3) * 72.0) as u64;
                let place = self.posts[&entry.epoch].partition_point(|before| before.index < entry.index);
                self.players[who].state.late.push((hour + hours, entry.epoch, place));
                continue;
            }
            if self.fate(who, entry.index, 4) < self.setup.twice {
                page.push(Rc::clone(&entry));
            }
            page.push(entry);
        }
        for at in (1..page.len()).rev() {
            if self.chance(self.setup.shuffled) {
                let other = self.below(at as u64 + 1) as usize;
                page.swap(at, other);
            }
        }
        page
    }

    pub(super) fn sync(&mut self, who: usize) {
        let log = self.setup.log.then(|| member(SERVER));
        // Until nothing new can be read: a package opens an epoch, in which there may be the next.
        loop {
            let mut page = self.page(who);
            if page.is_empty() {
                break;
            }
            if self.setup.bytes {
                page.retain(|entry| self.opens(who, entry));
            }
            if self.transact(who, |state, now| state.read(&page, log, now)).is_none() {
                return;
            }
        }
        self.transact(who, |state, now| state.synced(log.is_some(), now));
    }

    /// True if a reader's keys open a message, which must then say what its author said.
    pub(super) fn opens(&mut self, who: usize, entry: &Entry) -> bool {
        let mode = self.mode(&entry.epoch);
        let Some(keys) = self.players[who].state.epochs.get(&entry.epoch) else { return false };
        match bytes::read(mode, keys, &server(), entry.sealed.as_ref().unwrap()) {
            bytes::Tried::Read(words) => {
                assert!(*words == entry.words, "a message says something else than its author");
                self.opened += 1;
                true
            }
            bytes::Tried::Sealed => {
                self.sealed += 1;
                false
            }
            bytes::Tried::NotOurs => panic!("a member's key does not open a message of the epoch"),
        }
    }

    pub(super) fn write(&mut self, who: usize, chat: bool) {
        if self.transact(who, |state, now| state.write(chat, now)).is_none() {
            return;
        }
        for sent in self.players[who].state.outbox.clone() {
            // Durable before it leaves: from now on it belongs to this epoch.
            if self.transact(who, |state, _| state.begins(sent.number)).is_none() {
                return;
            }
            let number = (who, sent.number);
            let epoch = *self.numbers.entry(number).or_insert(sent.epoch);
            assert!(epoch == sent.epoch, "seed {}: a message went to two epochs", self.seed);
            self.transmit(who, &sent);
            if self.transact(who, |state, now| state.confirmed(&sent, now)).is_none() {
                return;
            }
        }
    }
}
