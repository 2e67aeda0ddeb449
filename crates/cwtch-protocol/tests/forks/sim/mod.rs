//! Many members of one group over simulated days, an hour at a time: a server that loses, delays, repeats and hides, contacts that pass
//! packages on, programs that die, persons who answer late, otherwise than hoped, or never.
//!
//! Programs are those that ship, over their databases, or a model of them ([`Program`]), which is the shipped rules of decisions and of
//! delivery; packages, boxes, notices and prekeys are sealed and opened. Messages of models are facts, or, where a setup says so, bytes as
//! well: each is composed, opened and verified with the keys that its author and its reader hold, and must say what the facts say. The world
//! knows who was given which secret, and sees that nobody else has it.

pub(crate) mod bytes;
mod forks;
pub(crate) mod model;
mod oracle;
mod people;
pub(crate) mod program;
mod server;
mod setup;
pub(crate) mod travel;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use cwtch_primitives::Address;
use cwtch_protocol::group::fork::{Epoch, HOUR, Member, Question, Why, present};
use cwtch_testkit::{ChaCha20Rng, rng};
use cwtch_wire::group::fork::{ForkId, PackageId, Prekey};
use rand_core::RngCore;

use super::support::{START, identity, member};

pub(crate) use model::{Model, State};
pub(crate) use program::{Beginning, Program};
pub(crate) use server::Server;
pub(crate) use setup::{Contacts, Person, Setup};
pub(crate) use travel::Made;

use program::{Mishap, MishapKind, Now};
use travel::Outgoing;

/// Number of the server among the keys to test with.
pub(crate) const SERVER: usize = 63;

/// A world whose members are models.
pub(crate) type World = WorldOf<Model>;

/// One member, with a program and a person.
pub(crate) struct Player<P> {
    pub(crate) state: P,
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
    /// True for the rest of an hour in which the program died, or had no room.
    down: bool,
    answers: Vec<(u64, Question)>,
    told: Vec<(Why, ForkId)>,
    answered: u32,
    pub(crate) questions: u32,
}

impl<P: Program> Player<P> {
    pub(crate) fn current(&self) -> ForkId {
        self.state.view().current().id
    }
}

/// A group, its server, and what was made of it.
pub(crate) struct WorldOf<P> {
    pub(crate) rng: ChaCha20Rng,
    seed: u64,
    setup: Setup,
    pub(crate) hour: u64,
    /// Seconds of the hour.
    second: u64,
    pub(crate) first: Epoch,
    beginning: Beginning,
    pub(crate) players: Vec<Player<P>>,
    pub(crate) server: Server,
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
    /// Times that a program died, or had no room on its disk.
    pub(crate) mishaps: u64,
}

impl<P: Program> WorldOf<P> {
    pub(crate) fn new(seed: u64, setup: Setup) -> Self {
        let setup = Setup { bytes: setup.bytes || P::SEALS, ..setup };
        let mut rng = rng(seed);
        let beginning = P::beginning(&setup);
        let mut players = Vec::new();
        for number in 0..setup.members {
            let mut now = Now { clock: START, present: START, rng: &mut rng };
            let deployed = number + setup.deployed >= setup.members;
            let state = P::new(number, &setup, &beginning, !deployed, &mut now);
            players.push(Player {
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
            server: Server::new(),
            setup,
            hour: 0,
            second: 0,
            first: beginning.epoch.clone(),
            beginning,
            players,
            made: BTreeMap::new(),
            packages: BTreeMap::new(),
            given: BTreeMap::new(),
            numbers: BTreeMap::new(),
            hidden: BTreeMap::new(),
            opened: 0,
            sealed: 0,
            mishaps: 0,
        };
        world.acquaint();
        world
    }

    /// Lets all know each other's prekeys and statements, as after months of talk.
    fn acquaint(&mut self) {
        let known: Vec<(Member, Option<Prekey>)> =
            self.players.iter().map(|player| (player.state.me(), player.state.prekey())).collect();
        for player in &mut self.players {
            let me = player.state.me();
            let others: Vec<_> = known.iter().filter(|(who, _)| *who != me).copied().collect();
            let mut now = Now { clock: START, present: START, rng: &mut self.rng };
            player.state.acquaint(&others, &self.first.id, self.setup.log, &mut now);
        }
    }

    pub(crate) fn time(&self) -> u64 {
        START + self.hour * HOUR + self.second
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
        let view = self.players[who].state.view();
        let others: Vec<u64> = (0..self.players.len())
            .filter_map(|n| view.statement(&member(n)))
            .map(|said| said.time)
            .collect();
        present(self.clock(who), self.setup.log.then(|| self.time()), &others)
    }

    /// A piece of work of a member's program; `None` if it was cut short.
    fn transact<T>(&mut self, who: usize, work: impl FnOnce(&mut P, &mut Now<'_>) -> T) -> Option<T> {
        if self.players[who].down {
            return None;
        }
        let (clock, present) = (self.clock(who), self.now(who));
        let mishap = self.chance(self.setup.crashes).then(|| self.mishap());
        let player = &mut self.players[who];
        let done = player.state.work(mishap, &mut Now { clock, present, rng: &mut self.rng }, work);
        if done.is_none() {
            self.mishaps += 1;
            player.down = true;
        }
        done
    }

    fn mishap(&mut self) -> Mishap {
        let kind = if self.chance(0.5) { MishapKind::DiesBehind } else { MishapKind::DiesBefore };
        // The model's work is one transaction, and it has no disk.
        if !P::SEALS {
            return Mishap { at: 0, kind };
        }
        let kind = if self.chance(0.3) { MishapKind::DiskFull } else { kind };
        Mishap { at: self.below(8), kind }
    }

    /// Lets hours pass.
    pub(crate) fn run(&mut self, hours: u64) {
        for _ in 0..hours {
            self.hour += 1;
            self.server.checkpoint = self.setup.log.then(|| self.time());
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
            self.transmit(who, &Outgoing { number: 0, epoch, words, begun: true, sealed: None });
        }
    }

    /// The epochs in which honest members write.
    pub(crate) fn heads(&self) -> BTreeSet<ForkId> {
        self.honest().map(Player::current).collect()
    }

    pub(crate) fn honest(&self) -> impl Iterator<Item = &Player<P>> {
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

/// The number of a member.
fn number(who: &Member) -> usize {
    (0..SERVER).find(|number| member(*number) == *who).unwrap()
}

fn server() -> Address {
    identity(SERVER).address()
}
