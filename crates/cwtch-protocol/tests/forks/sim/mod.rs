//! Many members of one group over simulated days, an hour at a time: a server that loses, delays, repeats and hides, contacts that pass
//! packages on, programs that die, persons who answer late, otherwise than hoped, or never.
//!
//! Programs are the shipped rules of decisions and of delivery; packages, boxes, notices and prekeys are sealed and opened. Messages
//! are facts, or, where a setup says so, bytes as well: each is composed, opened and verified with the keys that its author and its reader
//! hold, and must say what the facts say. The world knows who was given which secret, and sees that nobody else has it.

mod bytes;
mod program;
mod setup;
mod store;
mod travel;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::forks::{EpochKeys, ForkSecret};
use cwtch_primitives::{Address, SecretBytes};
use cwtch_protocol::group::fork::{DAY, Epoch, Event, HOUR, Member, Question, Why, present};
use cwtch_testkit::{ChaCha20Rng, rng};
use cwtch_wire::group::fork::{
    CONTEXT_FORK_BARE, ForkId, Mode, NoticeFields, OldPart, PackageId, Prekey, SealedFork,
};
use rand_core::RngCore;

use super::support::{START, founded, identity, member};

pub(crate) use program::State;
use program::{Now, group_id};
pub(crate) use setup::{Contacts, Person, Setup};
use store::Memory;
pub(crate) use store::Store;
pub(crate) use travel::Made;
use travel::{Entry, Outgoing, Packet};

/// Number of the server among the keys to test with.
const SERVER: usize = 63;

/// One member, with a program and a person.
pub(crate) struct Player {
    pub(crate) state: State,
    store: Option<Box<dyn Store>>,
    pub(crate) person: Person,
    /// Difference of the clock from the true time, in seconds.
    pub(crate) clock: i64,
    /// Part of the hours in which the member is there.
    presence: f64,
    /// Hours of absence.
    pub(crate) away: core::ops::Range<u64>,
    /// True for one who plays no part but what the test makes them do.
    pub(crate) hostile: bool,
    deployed: bool,
    /// True for the rest of an hour in which the program died.
    down: bool,
    answers: Vec<(u64, Question)>,
    told: Vec<(Why, ForkId)>,
    answered: u32,
    pub(crate) questions: u32,
}

impl Player {
    pub(crate) fn current(&self) -> ForkId {
        self.state.current().id
    }
}

/// A group, its server, and what was made of it.
pub(crate) struct World {
    pub(crate) rng: ChaCha20Rng,
    seed: u64,
    setup: Setup,
    pub(crate) hour: u64,
    pub(crate) first: Epoch,
    pub(crate) players: Vec<Player>,
    posts: BTreeMap<ForkId, Vec<Rc<Entry>>>,
    index: u64,
    pub(crate) made: BTreeMap<ForkId, Rc<Made>>,
    packages: BTreeMap<PackageId, ForkId>,
    /// Members who were given a fork's secret.
    given: BTreeMap<ForkId, BTreeSet<usize>>,
    /// The epochs of messages that left, by author and number.
    numbers: BTreeMap<(usize, u64), ForkId>,
    /// Parts that the server hides from members until an hour.
    pub(crate) hidden: BTreeMap<(ForkId, usize), u64>,
    /// Messages that readers opened, where they are bytes.
    pub(crate) opened: u64,
    /// Those whose day's key was erased.
    pub(crate) sealed: u64,
    /// Times that a program died.
    pub(crate) deaths: u64,
}

impl World {
    pub(crate) fn new(seed: u64, setup: Setup) -> Self {
        Self::with_stores(seed, setup, |state| Box::new(Memory::new(state)))
    }

    /// A world whose members have these stores, which are asked for only if programs die.
    pub(crate) fn with_stores(seed: u64, setup: Setup, store: impl Fn(&State) -> Box<dyn Store>) -> Self {
        let mut rng = rng(seed);
        let first = match setup.mode {
            Mode::Static => Epoch::unlisted(member(SERVER)),
            mode => Epoch { mode, ..founded(setup.members) },
        };
        let keys = EpochKeys::derive(&SecretBytes::new([7; 32]), &[8; 32]);
        let mut players = Vec::new();
        for number in 0..setup.members {
            let mut now = Now { clock: START, present: START, rng: &mut rng };
            let mut state = State::new(member(number), &first, &keys, &mut now);
            // Nobody has just moved.
            state.voice.wrote(START, now.rng);
            let deployed = number + setup.deployed >= setup.members;
            if !deployed {
                state.new_half(&mut now);
            }
            players.push(Player {
                store: (setup.crashes > 0.0).then(|| store(&state)),
                state,
                person: setup.person,
                clock: 0,
                presence: drawn(setup.presence, &mut rng),
                away: 0..0,
                hostile: false,
                deployed,
                down: false,
                answers: Vec::new(),
                told: Vec::new(),
                answered: 0,
                questions: 0,
            });
        }
        let mut world = Self {
            rng,
            seed,
            setup,
            hour: 0,
            first,
            players,
            posts: BTreeMap::new(),
            index: 0,
            made: BTreeMap::new(),
            packages: BTreeMap::new(),
            given: BTreeMap::new(),
            numbers: BTreeMap::new(),
            hidden: BTreeMap::new(),
            opened: 0,
            sealed: 0,
            deaths: 0,
        };
        world.acquaint();
        world
    }

    /// Lets all know each other's prekeys and statements, as after months of talk.
    fn acquaint(&mut self) {
        let known: Vec<(Member, Option<Prekey>)> =
            self.players.iter().map(|player| (player.state.me, newest_prekey(&player.state))).collect();
        let (first, log) = (self.first.id, self.setup.log);
        for player in &mut self.players {
            for (who, prekey) in &known {
                if *who == player.state.me {
                    continue;
                }
                if let Some(prekey) = prekey {
                    player.state.prekeys.insert(*who, *prekey);
                    player.state.capable.insert(*who);
                }
                let place = log.then_some((member(SERVER), 0));
                let statement =
                    cwtch_protocol::group::fork::Statement { epoch: first, time: START - DAY, place };
                let mut rng = rng(0);
                let mut now = Now { clock: START, present: START, rng: &mut rng };
                player.state.event(&Event::Said(*who, statement), &mut now);
            }
            if let Some(store) = &mut player.store {
                store.commit(&player.state);
            }
        }
    }

    pub(crate) fn time(&self) -> u64 {
        START + self.hour * HOUR
    }

    pub(crate) fn chance(&mut self, part: f64) -> bool {
        part > 0.0 && f64::from(self.rng.next_u32()) < part * f64::from(u32::MAX)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.rng.next_u64() % end
    }

    /// A number that depends on a reader and a message alone, so that reading again gives the same.
    fn fate(&self, who: usize, index: u64, what: u64) -> f64 {
        let mut mixed = self.seed ^ (who as u64) << 48 ^ index << 8 ^ what;
        // The finisher of SplitMix64.
        for factor in [0xbf58_476d_1ce4_e5b9_u64, 0x94d0_49bb_1331_11eb] {
            mixed = (mixed ^ mixed >> 29).wrapping_mul(factor).wrapping_add(0x9e37_79b9_7f4a_7c15);
        }
        (mixed >> 11) as f64 / (1u64 << 53) as f64
    }

    fn clock(&self, who: usize) -> u64 {
        self.time().saturating_add_signed(self.players[who].clock)
    }

    /// The time that a member goes by.
    pub(crate) fn now(&self, who: usize) -> u64 {
        let state = &self.players[who].state;
        let others: Vec<u64> = (0..self.players.len())
            .filter_map(|n| state.view.statement(&member(n)))
            .map(|said| said.time)
            .collect();
        present(self.clock(who), self.setup.log.then(|| self.time()), &others)
    }

    /// One transaction of a member's program; `None` if it died.
    fn transact<T>(&mut self, who: usize, work: impl FnOnce(&mut State, &mut Now<'_>) -> T) -> Option<T> {
        if self.players[who].down {
            return None;
        }
        let (clock, present) = (self.clock(who), self.now(who));
        let dies = self.chance(self.setup.crashes);
        let durable = dies && self.chance(0.5);
        let player = &mut self.players[who];
        let done = work(&mut player.state, &mut Now { clock, present, rng: &mut self.rng });
        let Some(store) = &mut player.store else { return Some(done) };
        if !dies || durable {
            store.commit(&player.state);
        }
        if dies {
            self.deaths += 1;
            player.down = true;
            player.state = store.load();
            return None;
        }
        Some(done)
    }

    // Forks.

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
            let words =
                travel::Words { author, time, part: Some(part), prekey: None, leaving: false, control: true };
            self.transmit(who, &Outgoing { number: 0, epoch: parent, words, begun: true });
        }
    }

    fn number(&self, who: &Member) -> usize {
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

    // The server.

    fn transmit(&mut self, who: usize, sent: &Outgoing) {
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

    fn mode(&self, epoch: &ForkId) -> Mode {
        self.made.get(epoch).map_or(self.first.mode, |made| made.epoch.mode)
    }

    /// What the server has for a reader that they have not read, and what came late.
    fn page(&mut self, who: usize) -> Vec<Rc<Entry>> {
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

    fn sync(&mut self, who: usize) {
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
    fn opens(&mut self, who: usize, entry: &Entry) -> bool {
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

    fn write(&mut self, who: usize, chat: bool) {
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

    // Persons.

    fn answer(&mut self, who: usize) {
        let hour = self.hour;
        let drawn = if self.rng.next_u32().is_multiple_of(2) { 24 } else { 96 };
        let player = &mut self.players[who];
        for question in player.state.view.questions() {
            let key = question.key();
            if !player.told.contains(&key) {
                player.told.push(key);
                player.questions += 1;
                player.answers.push((hour + drawn, question.clone()));
            }
        }
        let view = &player.state.view;
        player.told.retain(|key| view.questions().iter().any(|open| open.key() == *key));
        let due = player.answers.iter().position(|(due, _)| *due <= hour);
        let Some((_, asked)) = due.map(|at| player.answers.remove(at)) else { return };
        let open = player.state.view.questions().iter().find(|open| open.key() == asked.key()).cloned();
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
            let view = &self.players[who].state.view;
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
        self.players[who].state.unopened.values().any(|lost| lost.unopened.tells(clock))
    }

    // Contacts.

    fn are_contacts(&self, a: usize, b: usize) -> bool {
        match self.setup.contacts {
            Contacts::Nobody => false,
            Contacts::Tree => a / 2 == b || b / 2 == a,
            Contacts::All => true,
        }
    }

    fn meet(&mut self, a: usize, b: usize) {
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

    fn is_hidden_packet(&self, packet: &Packet, to: usize) -> bool {
        let Packet::Data(cwtch_wire::group::fork::CONTEXT_FORK_PART, data) = packet else { return false };
        let part = cwtch_wire::group::fork::Part::from_bytes(data).unwrap();
        let fork = self.packages.get(&part.package());
        fork.and_then(|fork| self.hidden.get(&(*fork, to))).is_some_and(|until| self.hour < *until)
    }

    /// Sees that a secret goes only to whom its fork lists.
    fn gives(&mut self, packet: &Packet, to: usize) {
        let fork = match packet {
            Packet::Data(CONTEXT_FORK_BARE, data) => {
                cwtch_wire::group::fork::Bare::from_bytes(data).unwrap().fork
            }
            Packet::Invite(made) => made.epoch.id,
            _ => return,
        };
        assert!(self.made[&fork].epoch.listed.contains(&member(to)), "a secret goes to somebody not listed");
        self.given.entry(fork).or_default().insert(to);
    }

    /// Sees that nobody has keys who was not given them.
    pub(crate) fn check_secrets(&self) {
        for (who, player) in self.players.iter().enumerate() {
            for fork in player.state.held.keys().chain(player.state.epochs.keys()) {
                let given = self.given.get(fork).is_none_or(|given| given.contains(&who));
                assert!(given, "seed {}: {who} has a key that nobody gave them", self.seed);
            }
        }
    }

    /// Tries every message that is bytes with all keys of everybody who was not given its epoch's; returns how many there were.
    pub(crate) fn try_all(&self) -> usize {
        let mut tried = 0;
        for (epoch, entries) in &self.posts {
            let Some(given) = self.given.get(epoch) else { continue };
            let outside = (0..self.players.len()).filter(|who| !given.contains(who));
            for keys in outside.flat_map(|who| self.players[who].state.epochs.values()) {
                for entry in entries {
                    let sealed = entry.sealed.as_ref().unwrap();
                    let read = bytes::read(self.mode(epoch), keys, &server(), sealed);
                    assert!(read == bytes::Tried::NotOurs, "seed {}: read by who was left out", self.seed);
                    tried += 1;
                }
            }
        }
        tried
    }

    /// Sees that a copy of a device opens no message of an epoch.
    pub(crate) fn none_reads(&self, copy: &State, epoch: &ForkId) {
        for entry in self.posts.get(epoch).into_iter().flatten() {
            for keys in copy.epochs.values() {
                let read = bytes::read(self.mode(epoch), keys, &server(), entry.sealed.as_ref().unwrap());
                assert!(read == bytes::Tried::NotOurs, "seed {}: a copy reads on", self.seed);
            }
        }
    }

    /// Sees that a member opens what is of the oldest kept day or later, and nothing before it; returns how many those are.
    pub(crate) fn reads_from_oldest(&self, state: &State) -> usize {
        let mut sealed = 0;
        for (epoch, keys) in &state.epochs {
            for entry in self.posts.get(epoch).into_iter().flatten() {
                let time = i64::try_from(entry.words.time).unwrap();
                let forgotten = keys.days.day_of(time).unwrap() < keys.days.oldest();
                let read = bytes::read(self.mode(epoch), keys, &server(), entry.sealed.as_ref().unwrap());
                assert!((read == bytes::Tried::Sealed) == forgotten, "seed {}", self.seed);
                sealed += usize::from(forgotten);
            }
        }
        sealed
    }

    // Time.

    /// Lets hours pass.
    pub(crate) fn run(&mut self, hours: u64) {
        for _ in 0..hours {
            self.hour += 1;
            let mut here = Vec::new();
            for who in 0..self.players.len() {
                self.players[who].down = false;
                let there = self.chance(self.players[who].presence);
                if there && !self.players[who].hostile && !self.players[who].away.contains(&self.hour) {
                    here.push(who);
                }
            }
            for &who in &here {
                let chat = self.chance(self.setup.chat);
                if self.players[who].deployed {
                    self.speak_deployed(who, chat);
                    continue;
                }
                self.sync(who);
                self.answer(who);
                self.write(who, chat);
            }
            for (at, &a) in here.iter().enumerate() {
                for &b in &here[at + 1..] {
                    if self.are_contacts(a, b) {
                        self.meet(a, b);
                    }
                }
            }
        }
        self.check_secrets();
    }

    /// Somebody whose program knows no forks writes on where they were.
    fn speak_deployed(&mut self, who: usize, chat: bool) {
        if chat {
            let (author, time, epoch) = (member(who), self.clock(who), self.first.id);
            let words =
                travel::Words { author, time, part: None, prekey: None, leaving: false, control: false };
            self.transmit(who, &Outgoing { number: 0, epoch, words, begun: true });
        }
    }

    /// The epochs in which honest members write.
    pub(crate) fn heads(&self) -> BTreeSet<ForkId> {
        self.honest().map(Player::current).collect()
    }

    pub(crate) fn honest(&self) -> impl Iterator<Item = &Player> {
        self.players.iter().filter(|player| !player.hostile && !player.deployed)
    }

    pub(crate) fn questions(&self) -> u32 {
        self.honest().map(|player| player.questions).sum()
    }
}

/// A number of a range.
fn drawn(range: (f64, f64), rng: &mut ChaCha20Rng) -> f64 {
    range.0 + (range.1 - range.0) * f64::from(rng.next_u32()) / f64::from(u32::MAX)
}

fn newest_prekey(state: &State) -> Option<Prekey> {
    let newest = state.halves.iter().max_by_key(|(half, _)| half.created);
    newest.map(|(half, key)| Prekey::new(half.created, *key.public_key()))
}

fn server() -> Address {
    identity(SERVER).address()
}
