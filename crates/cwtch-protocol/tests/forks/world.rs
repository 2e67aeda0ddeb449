//! Many members of one group over simulated days, an hour at a time: a server that loses and delays, contacts that pass packages on,
//! persons who answer late, otherwise than hoped, or never.
//!
//! What is simulated is who learns what, and when. The rules are the shipped ones; packages and messages are facts here, their
//! bytes are tested elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use cwtch_protocol::group::fork::{
    Change, DAY, Epoch, Event, HOUR, Member, Question, Readiness, Statement, View, Why, may_fork, present,
    step,
};
use cwtch_testkit::{ChaCha20Rng, rng};
use cwtch_wire::group::fork::ForkId;
use rand_core::RngCore;

use super::support::{START, founded, member, rekey};

/// A person's way to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Person {
    Accepts,
    EverySecond,
    Refuses,
    Never,
}

/// The circumstances of a world.
#[derive(Debug, Clone)]
pub(crate) struct Setup {
    pub(crate) members: usize,
    /// Part of the hours in which somebody is there.
    pub(crate) presence: f64,
    /// Part of what a reader never gets of what the server has.
    pub(crate) loss: f64,
    /// Part of the syncs that are lost to a crash before anything is durable.
    pub(crate) crashes: f64,
    /// True if members are each other's contacts in a tree; otherwise nobody is anybody's.
    pub(crate) contacts: bool,
    /// Answers of all members that are not changed afterwards.
    pub(crate) person: Person,
    /// True if the server has a log.
    pub(crate) log: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            members: 6,
            presence: 0.3,
            loss: 0.0,
            crashes: 0.0,
            contacts: true,
            person: Person::Accepts,
            log: true,
        }
    }
}

#[derive(Clone)]
enum Post {
    Chat,
    Part(ForkId),
}

/// One member.
#[derive(Clone)]
pub(crate) struct Player {
    key: Member,
    pub(crate) view: View,
    pub(crate) person: Person,
    /// Difference of the clock from the true time, in seconds.
    pub(crate) clock: i64,
    /// Hours of absence.
    pub(crate) away: core::ops::Range<u64>,
    /// True for one who plays no part but what the test makes them do.
    pub(crate) hostile: bool,
    seen: BTreeMap<ForkId, usize>,
    holds: BTreeSet<ForkId>,
    pending: BTreeSet<ForkId>,
    answers: Vec<(u64, Question)>,
    told: Vec<(Why, ForkId)>,
    answered: u32,
    reposts: Vec<(u64, ForkId)>,
    speaks: Option<u64>,
    pub(crate) questions: u32,
    pub(crate) moves: u32,
    /// Forks that were followed without a person.
    pub(crate) followed: BTreeSet<ForkId>,
}

struct Package {
    epoch: Epoch,
    boxed: BTreeSet<usize>,
    posted: u64,
}

/// A group, its server, and what was made of it.
pub(crate) struct World {
    rng: ChaCha20Rng,
    setup: Setup,
    pub(crate) hour: u64,
    pub(crate) first: Epoch,
    pub(crate) players: Vec<Player>,
    posts: BTreeMap<ForkId, Vec<(usize, u64, u64, Post)>>,
    index: u64,
    packages: BTreeMap<ForkId, Package>,
    /// Parts that the server hides from members until an hour.
    pub(crate) hidden: BTreeMap<(ForkId, usize), u64>,
}

impl World {
    pub(crate) fn new(seed: u64, setup: Setup) -> Self {
        let first = founded(setup.members);
        let player = |number| Player {
            key: member(number),
            view: View::new(member(number), first.clone()),
            person: setup.person,
            clock: 0,
            away: 0..0,
            hostile: false,
            seen: BTreeMap::new(),
            holds: BTreeSet::new(),
            pending: BTreeSet::new(),
            answers: Vec::new(),
            told: Vec::new(),
            answered: 0,
            reposts: Vec::new(),
            speaks: None,
            questions: 0,
            moves: 0,
            followed: BTreeSet::new(),
        };
        Self {
            rng: rng(seed),
            players: (0..setup.members).map(player).collect(),
            setup,
            hour: 0,
            first,
            posts: BTreeMap::new(),
            index: 0,
            packages: BTreeMap::new(),
            hidden: BTreeMap::new(),
        }
    }

    pub(crate) fn time(&self) -> u64 {
        START + self.hour * HOUR
    }

    pub(crate) fn chance(&mut self, part: f64) -> bool {
        f64::from(self.rng.next_u32()) < part * f64::from(u32::MAX)
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.rng.next_u64() % end
    }

    /// The time that a member goes by.
    fn now(&self, who: usize) -> u64 {
        let own = self.time().saturating_add_signed(self.players[who].clock);
        let view = &self.players[who].view;
        let others: Vec<u64> = (0..self.players.len())
            .filter_map(|n| view.statement(&member(n)))
            .map(|said| said.time)
            .collect();
        present(own, self.setup.log.then(|| self.time()), &others)
    }

    fn post(&mut self, author: usize, epoch: ForkId, post: Post) {
        let time = self.time().saturating_add_signed(self.players[author].clock);
        self.index += 1;
        self.posts.entry(epoch).or_default().push((author, time, self.index, post));
    }

    fn event(&mut self, who: usize, event: &Event) {
        let now = self.now(who);
        let player = &mut self.players[who];
        for change in step(&player.view, event, now) {
            if let Change::Moves { to, chosen, .. } = &change {
                player.moves += 1;
                if !chosen && !matches!(event, Event::Forked(_)) {
                    player.followed.insert(*to);
                }
            }
            player.view.apply(&change);
        }
    }

    /// A package comes out: its forker puts it into the group.
    pub(crate) fn release(&mut self, epoch: &Epoch, boxed: impl IntoIterator<Item = usize>) {
        let forker = (0..self.players.len()).find(|n| Some(member(*n)) == epoch.forker).unwrap();
        let package = Package { epoch: epoch.clone(), boxed: boxed.into_iter().collect(), posted: self.hour };
        self.packages.insert(epoch.id, package);
        self.post(forker, epoch.parent.unwrap(), Post::Part(epoch.id));
    }

    /// A fork of a member's current epoch with a random id.
    pub(crate) fn drawn(&mut self, who: usize, change: impl FnOnce(&mut Epoch)) -> Epoch {
        let number = self.rng.next_u64() >> 1;
        let parent = self.players[who].view.current().clone();
        let time = self.time().max(parent.time);
        let mut epoch = rekey(number, &parent, who, time - time % HOUR);
        change(&mut epoch);
        epoch
    }

    /// An honest fork, if the rules let the member make one.
    pub(crate) fn fork(&mut self, who: usize, change: impl FnOnce(&mut Epoch)) -> Option<Epoch> {
        let clock = self.time();
        let ready = Readiness { clock, synced: Some(clock), ..Readiness::default() };
        may_fork(&self.players[who].view, &ready, self.now(who)).ok()?;
        let epoch = self.drawn(who, change);
        let boxed: Vec<usize> =
            (0..self.players.len()).filter(|n| epoch.listed.contains(&member(*n))).collect();
        self.release(&epoch, boxed);
        self.event(who, &Event::Forked(epoch.clone()));
        self.players[who].holds.insert(epoch.id);
        self.settle_in(who);
        Some(epoch)
    }

    /// An honest fork that leaves somebody out; false if the rules do not let the member make it now.
    pub(crate) fn without(&mut self, who: usize, out: usize) -> bool {
        let fork = self.fork(who, |epoch| {
            epoch.listed.remove(&member(out));
        });
        fork.is_some()
    }

    /// After a move: re-posts at drawn times, and a first message at a drawn one.
    fn settle_in(&mut self, who: usize) {
        let current = self.players[who].view.current().clone();
        for day in [1, 3, 7] {
            let due = self.hour + day * 12 + self.below(day * 24 + 1);
            self.players[who].reposts.push((due, current.id));
        }
        let wait = 1 + self.below(144);
        self.players[who].speaks = Some(self.hour + wait);
    }

    fn take(&mut self, who: usize, fork: ForkId) {
        if self.players[who].holds.insert(fork) {
            self.players[who].pending.insert(fork);
        }
    }

    /// Opens packages whose epoch before is known.
    fn open(&mut self, who: usize) {
        loop {
            let now = self.now(who);
            let player = &self.players[who];
            let next = player.pending.iter().copied().find(|id| {
                let package = &self.packages[id];
                let listed = package.boxed.contains(&who) && package.epoch.listed.contains(&player.key);
                let parent = package.epoch.parent.and_then(|id| player.view.epoch(&id));
                listed
                    && package.epoch.time <= now + DAY
                    && parent.is_some_and(|parent| parent.time <= package.epoch.time)
            });
            let Some(next) = next else { return };
            self.players[who].pending.remove(&next);
            self.event(who, &Event::Opened(self.packages[&next].epoch.clone()));
        }
    }

    fn sync(&mut self, who: usize) {
        let before = self.players[who].clone();
        // Until nothing new can be read: a package opens an epoch, in which there may be the next.
        loop {
            let epochs: Vec<ForkId> = self.players[who]
                .view
                .path()
                .chain(self.players[who].view.forks().map(|f| &f.epoch))
                .map(|e| e.id)
                .collect();
            let mut fresh = Vec::new();
            for epoch in epochs {
                let from = self.players[who].seen.get(&epoch).copied().unwrap_or(0);
                let posts = self.posts.get(&epoch).map_or(&[][..], Vec::as_slice);
                fresh.extend(posts[from.min(posts.len())..].iter().cloned().map(|post| (epoch, post)));
                self.players[who].seen.insert(epoch, posts.len());
            }
            if fresh.is_empty() {
                break;
            }
            for at in (1..fresh.len()).rev() {
                // Half of the reads come in another order.
                let other = self.below(2 * at as u64) as usize;
                if other < at {
                    fresh.swap(at, other);
                }
            }
            for (epoch, (author, time, index, post)) in fresh {
                let hidden = match &post {
                    Post::Part(fork) => {
                        self.hidden.get(&(*fork, who)).is_some_and(|until| self.hour < *until)
                    }
                    Post::Chat => false,
                };
                if hidden || self.chance(self.setup.loss) {
                    continue;
                }
                let place = self.setup.log.then_some((self.first.server, index));
                // Who has moved posts packages again in the epoch before: that says nothing about where they write.
                if author != who && matches!(post, Post::Chat) {
                    self.event(who, &Event::Said(member(author), Statement { epoch, time, place }));
                }
                if let Post::Part(fork) = post {
                    self.take(who, fork);
                }
            }
            self.open(who);
        }
        self.event(who, &Event::Synced);
        if self.chance(self.setup.crashes) {
            self.players[who] = before;
        } else if self.players[who].view.current().id != before.view.current().id {
            self.settle_in(who);
        }
    }

    fn answer(&mut self, who: usize) {
        let player = &mut self.players[who];
        for question in player.view.questions() {
            let key = question.key();
            if !player.told.contains(&key) {
                player.told.push(key);
                player.questions += 1;
                player.answers.push((0, question.clone()));
            }
        }
        player.told.retain(|key| player.view.questions().iter().any(|open| open.key() == *key));
        let drawn = if self.rng.next_u32().is_multiple_of(2) { 24 } else { 96 };
        let hour = self.hour;
        let player = &mut self.players[who];
        player.answers.iter_mut().filter(|(due, _)| *due == 0).for_each(|(due, _)| *due = hour + drawn);
        let due = player.answers.iter().position(|(due, _)| *due <= hour);
        let Some((_, asked)) = due.map(|at| player.answers.remove(at)) else { return };
        let open = player.view.questions().iter().find(|open| open.key() == asked.key()).cloned();
        let Some(open) = open else { return };
        player.answered += 1;
        let accepts = match player.person {
            Person::Accepts => true,
            Person::EverySecond => player.answered % 2 == 1,
            Person::Refuses => false,
            Person::Never => return,
        };
        let before = player.view.current().id;
        self.event(who, &if accepts { Event::Accepts(open.forks[0]) } else { Event::Refuses(open) });
        if self.players[who].view.current().id != before {
            self.settle_in(who);
        }
    }

    fn speak(&mut self, who: usize) {
        let hour = self.hour;
        let current = self.players[who].view.current().id;
        let due = self.players[who].speaks.is_some_and(|due| due <= hour);
        if due || self.chance(0.05) {
            self.players[who].speaks = None;
            self.post(who, current, Post::Chat);
        }
        let reposts = std::mem::take(&mut self.players[who].reposts);
        for (due, fork) in reposts {
            if due > hour {
                self.players[who].reposts.push((due, fork));
                continue;
            }
            let package = &self.packages[&fork];
            let view = &self.players[who].view;
            let missing =
                package.epoch.listed.iter().any(|m| view.statement(m).is_none_or(|s| s.epoch != fork));
            // Somebody else's of this round is enough.
            if missing && hour >= package.posted + 12 {
                let parent = package.epoch.parent.unwrap();
                self.packages.get_mut(&fork).unwrap().posted = hour;
                self.post(who, parent, Post::Part(fork));
            }
        }
    }

    /// Lets hours pass.
    pub(crate) fn run(&mut self, hours: u64) {
        for _ in 0..hours {
            self.hour += 1;
            let mut here = Vec::new();
            for who in 0..self.players.len() {
                let there = self.chance(self.setup.presence);
                if there && !self.players[who].hostile && !self.players[who].away.contains(&self.hour) {
                    here.push(who);
                }
            }
            for &who in &here {
                self.sync(who);
                self.answer(who);
                self.speak(who);
            }
            if self.setup.contacts {
                for &who in &here {
                    // A tree: everybody and the one with half the number.
                    let other = who / 2;
                    if other != who && here.contains(&other) {
                        self.pass_on(who, other);
                        self.pass_on(other, who);
                    }
                }
            }
        }
    }

    fn pass_on(&mut self, from: usize, to: usize) {
        for fork in self.players[from].holds.clone() {
            let hidden = self.hidden.get(&(fork, to)).is_some_and(|until| self.hour < *until);
            if self.packages[&fork].epoch.listed.contains(&member(to)) && !hidden {
                self.take(to, fork);
            }
        }
        self.open(to);
    }

    /// The epochs in which honest members write.
    pub(crate) fn heads(&self) -> BTreeSet<ForkId> {
        self.honest().map(|player| player.view.current().id).collect()
    }

    pub(crate) fn honest(&self) -> impl Iterator<Item = &Player> {
        self.players.iter().filter(|player| !player.hostile)
    }
}
