//! The server: what it is given, and what a reader gets of it, and when.

use std::collections::BTreeMap;
use std::rc::Rc;

use cwtch_protocol::group::fork::HOUR;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{ForkId, Mode};

use super::model::Keys;
use super::program::Program;
use super::travel::{Entry, Outgoing};
use super::{SERVER, WorldOf, bytes, identity, member, server};

/// Everything that was posted.
pub(crate) struct Server {
    posts: BTreeMap<ForkId, Vec<Rc<Entry>>>,
    /// In the order of posting.
    pub(crate) all: Vec<Rc<Entry>>,
    /// Time of the newest checkpoint, where it has a log.
    pub(crate) checkpoint: Option<u64>,
}

impl Server {
    pub(super) fn new() -> Self {
        Self { posts: BTreeMap::new(), all: Vec::new(), checkpoint: None }
    }

    /// The number of messages.
    pub(crate) fn size(&self) -> u64 {
        self.all.len() as u64
    }

    /// The messages of an epoch.
    pub(crate) fn of(&self, epoch: &ForkId) -> &[Rc<Entry>] {
        self.posts.get(epoch).map_or(&[], Vec::as_slice)
    }

    pub(super) fn epochs(&self) -> impl Iterator<Item = (&ForkId, &Vec<Rc<Entry>>)> {
        self.posts.iter()
    }

    fn take(&mut self, sent: &Outgoing, sealed: Option<EncryptedGroupMessage>) {
        let entry = Entry { index: self.size() + 1, epoch: sent.epoch, words: sent.words.clone(), sealed };
        let entry = Rc::new(entry);
        self.posts.entry(sent.epoch).or_default().push(Rc::clone(&entry));
        self.all.push(entry);
    }
}

impl<P: Program> WorldOf<P> {
    pub(super) fn transmit(&mut self, who: usize, sent: &Outgoing) {
        let mode = self.mode(&sent.epoch);
        let mut sealed = sent.sealed.clone();
        if self.setup.bytes && sealed.is_none() {
            let of_world;
            let keys = match self.players[who].state.keys(&sent.epoch) {
                Some(keys) => keys,
                None if P::SEALS => {
                    of_world = self.keys_of(&sent.epoch);
                    &of_world
                }
                None => return,
            };
            sealed = bytes::compose(mode, keys, &server(), identity(who), &sent.words, &mut self.rng);
            if sealed.is_none() {
                return;
            }
        }
        self.server.take(sent, sealed);
    }

    /// The keys of an epoch, as somebody holds them who forgets no day.
    pub(crate) fn keys_of(&self, epoch: &ForkId) -> Keys {
        match self.made.get(epoch) {
            Some(made) => Keys::new(made.group, &made.epoch, made.keys()),
            None => Keys::new(self.beginning.group, &self.first, &self.beginning.keys),
        }
    }

    pub(super) fn mode(&self, epoch: &ForkId) -> Mode {
        self.made.get(epoch).map_or(self.first.mode, |made| made.epoch.mode)
    }

    /// What the server has for a reader that they have not read, and what came late.
    pub(super) fn page(&mut self, who: usize) -> Vec<Rc<Entry>> {
        let (hour, clock) = (self.hour, self.clock(who));
        let fresh = self.players[who].state.fresh(&self.server, hour, clock);
        let mut page = Vec::new();
        for (late, entry) in fresh {
            let hidden = entry.words.part.as_ref().and_then(|part| self.packages.get(&part.package()));
            let hidden = hidden.and_then(|fork| self.hidden.get(&(*fork, who)));
            if hidden.is_some_and(|until| hour < *until) || self.fate(who, entry.index, 1) < self.setup.loss {
                continue;
            }
            if !late && self.fate(who, entry.index, 2) < self.setup.late {
                let hours = 1 + (self.fate(who, entry.index, 3) * 72.0) as u64;
                let place = self.server.of(&entry.epoch).partition_point(|before| before.index < entry.index);
                self.players[who].state.postpone(hour + hours, place, &entry);
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
            if self.setup.bytes && !P::SEALS {
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
        let Some(keys) = self.players[who].state.keys(&entry.epoch) else { return false };
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
        let mut chat = chat;
        while self.write_now(who, core::mem::take(&mut chat)).is_some() {
            // Seconds later, if something is due then.
            let (now, wakes) = (self.clock(who), self.players[who].state.wakes());
            let Some(at) = wakes.filter(|at| *at > now && self.second + (*at - now) < HOUR) else { break };
            self.second += at - now;
        }
        self.second = 0;
    }

    fn write_now(&mut self, who: usize, chat: bool) -> Option<()> {
        self.transact(who, |state, now| state.due(chat, now))?;
        for number in self.players[who].state.outbox() {
            // Durable before it leaves: from now on it belongs to this epoch.
            let Some(sent) = self.transact(who, |state, now| state.begins(number, now))? else { continue };
            let epoch = *self.numbers.entry((who, number)).or_insert(sent.epoch);
            assert!(epoch == sent.epoch, "seed {}: a message went to two epochs", self.seed);
            self.transmit(who, &sent);
            self.transact(who, |state, now| state.confirmed(&sent, now))?;
        }
        Some(())
    }
}
