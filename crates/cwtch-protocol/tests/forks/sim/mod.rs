//! Many members of one group over simulated days, an hour at a time: a server that loses, delays, repeats and hides, contacts that pass
//! packages on, programs that die, persons who answer late, otherwise than hoped, or never.
//!
//! Programs are the shipped rules of decisions and of delivery; packages, boxes, notices and prekeys are sealed and opened. Messages
//! are facts, or, where a setup says so, bytes as well: each is composed, opened and verified with the keys that its author and its reader
//! hold, and must say what the facts say. The world knows who was given which secret, and sees that nobody else has it.

mod bytes;
mod forks;
mod oracle;
mod people;
mod program;
mod server;
mod setup;
mod store;
mod travel;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::forks::EpochKeys;
use cwtch_primitives::{Address, SecretBytes};
use cwtch_protocol::group::fork::{DAY, Epoch, Event, HOUR, Member, Question, Why, present};
use cwtch_testkit::{ChaCha20Rng, rng};
use cwtch_wire::group::fork::{ForkId, Mode, PackageId, Prekey};
use rand_core::RngCore;

use super::support::{START, founded, identity, member};

use program::Now;
pub(crate) use program::State;
pub(crate) use setup::{Contacts, Person, Setup};
use store::Memory;
pub(crate) use store::Store;
pub(crate) use travel::Made;
use travel::{Entry, Outgoing};

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
