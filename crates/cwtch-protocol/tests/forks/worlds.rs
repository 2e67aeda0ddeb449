//! Worlds that are drawn from seeds, and what must hold in each, whatever its members' programs are kept in.

use cwtch_protocol::group::fork::DAY;
use cwtch_testkit::budget::{Sample, number};
use cwtch_wire::group::fork::Mode;

use super::sim::{Contacts, Person, Program, Setup, WorldOf};
use super::support::member;

/// Worlds for each property without [`number`] of them.
const WORLDS: u64 = 8;

/// Runs worlds: as many as given, else as the environment says.
pub(crate) fn worlds(what: &str, count: Option<u64>, mut one: impl FnMut(u64)) {
    let count = count.or_else(|| number("CWTCH_FORKS")).unwrap_or(WORLDS);
    let sample = match number("CWTCH_FORKS_SEED") {
        Some(seed) => Sample::only(seed),
        None => Sample::new(what, count, 4),
    };
    while let Some(seed) = sample.draw() {
        one(seed);
    }
}

/// A group after concurrent rekeys.
pub(crate) struct Rekeyed {
    /// True if nobody writes but what the rules have them say.
    pub(crate) reads: bool,
    /// True if some members are contacts.
    pub(crate) contacts: bool,
    pub(crate) questions: u32,
}

/// Up to three rekeys of one epoch at about the same time; one head is left.
pub(crate) fn concurrent_rekeys<P: Program>(seed: u64) -> Rekeyed {
    let members = [2, 4, 7, 10][seed as usize % 4].min(P::MOST);
    let reads = seed % 3 == 2;
    let contacts = seed % 5 != 4;
    let setup = Setup {
        members,
        // What is lost without contacts may be lost for good.
        loss: if contacts { 0.5 } else { 0.0 },
        late: 0.1,
        twice: 0.1,
        crashes: 0.02,
        log: seed.is_multiple_of(2),
        // A third of the groups only read, and say what the rules have them say.
        chat: if reads { 0.0 } else { 0.05 },
        // Without contacts some learn of it only when the time of the contest is over.
        contacts: if contacts { Contacts::Tree } else { Contacts::Nobody },
        ..Setup::default()
    };
    let mut world = WorldOf::<P>::new(seed, setup);
    if members > 4 {
        world.players[members - 1].away = 1..40 * 24;
    }
    for who in 0..members.min(3) {
        if world.fork(who, |_| {}).is_none() {
            continue;
        }
        let hours = world.below(4);
        world.run(hours);
    }
    world.run(70 * 24);
    let moves: Vec<u32> = world.honest().map(|player| player.state.tally().moves).collect();
    assert_eq!(world.heads().len(), 1, "seed {seed}: {moves:?}");
    Rekeyed { reads, contacts, questions: world.questions() }
}

/// Runs a group in which number 5 is removed and rekeys before and after; returns how many of the members who answer are free
/// of them, and how many there are.
pub(crate) fn removal<P: Program>(seed: u64, persons: [Person; 2]) -> (usize, usize) {
    let mut world = WorldOf::<P>::new(seed, Setup::default());
    let out = 5;
    world.players[out].hostile = true;
    for who in 0..5 {
        world.players[who].person = persons[who % 2];
    }
    // The removed member rekeys first, and again and again.
    let first = world.first.clone();
    let theirs = world.rekey(out, &first);
    world.release(&theirs);
    let hours = world.below(30);
    world.run(hours);
    let removes = |world: &mut WorldOf<P>| (0..3).any(|who| world.without(who, out));
    while !removes(&mut world) {
        world.run(1);
    }
    for round in 0..10 {
        world.run(24);
        let parent = if round % 2 == 0 { first.clone() } else { theirs.epoch.clone() };
        let again = world.ground(out, &parent, 4);
        world.release(&again);
    }
    world.run(40 * 24);
    let answering = || world.honest().filter(|player| player.person != Person::Never);
    let free = answering().filter(|player| !player.state.view().current().listed.contains(&member(out)));
    (free.count(), answering().count())
}

/// Endless forks by one or two, all refused, which leave one head once they are not; returns questions, moves, members, and 1 if the members
/// met by themselves.
pub(crate) fn endless_forks<P: Program>(seed: u64) -> [u32; 4] {
    let members = 8.min(P::MOST);
    let setup = Setup { members, person: Person::Refuses, ..Setup::default() };
    let mut world = WorldOf::<P>::new(seed, setup);
    let hostile = if seed.is_multiple_of(2) { vec![members - 1] } else { vec![members - 2, members - 1] };
    hostile.iter().for_each(|who| world.players[*who].hostile = true);
    for round in 0..14 * 6 {
        let who = hostile[round % hostile.len()];
        // On top of where an honest member is.
        let parent = world.players[0].state.view().current().clone();
        let fork = world.rekey(who, &parent);
        world.release(&fork);
        world.run(4);
    }
    let honest = world.honest().count() as u32;
    let questions = world.questions();
    let moves: u32 = world.honest().map(|player| player.state.tally().moves).sum();
    // In one group a little more, over all of them no more than that.
    assert!(questions <= 4 * honest, "seed {seed}: {questions} questions of {honest}");
    assert!(moves <= 10 * honest, "seed {seed}: {moves} moves of {honest}");
    // Once they answer, and who refused something twice looks at the list of forks, they meet.
    for player in &mut world.players {
        player.person = Person::Accepts;
    }
    world.run(5 * 24);
    let whole = u32::from(world.heads().len() == 1);
    for _ in 0..3 {
        world.join_the_most();
        world.run(5 * 24);
    }
    assert_eq!(world.heads().len(), 1, "seed {seed}");
    [questions, moves, honest, whole]
}

/// A rekey that was withheld for so many hours, of the members who had followed another one by then.
pub(crate) struct Withheld {
    pub(crate) hours: u64,
    /// Those who went over to it by themselves.
    pub(crate) taken: usize,
    pub(crate) moved: usize,
}

pub(crate) fn withheld_rekey<P: Program>(seed: u64) -> Withheld {
    let hours = [6, 24, 72, 165, 8 * 24, 30 * 24][seed as usize % 6];
    // Half of the groups only read, so that few are known to have followed.
    let chat = if (seed / 6).is_multiple_of(2) { 0.05 } else { 0.0 };
    let mut world = WorldOf::<P>::new(seed, Setup { members: 7, chat, ..Setup::default() });
    world.players[6].hostile = true;
    world.players[5].away = 1..45 * 24;
    let first = world.first.clone();
    let kept = world.ground(6, &first, 16);
    world.fork(0, |_| {}).unwrap();
    world.run(hours);
    // Those who had time to follow the honest one.
    let path = |who: usize| world.players[who].state.view().path().count();
    let moved: Vec<usize> = (0..6).filter(|who| path(*who) > 1).collect();
    world.release(&kept);
    world.run(60 * 24);
    let followed = |who: usize| world.players[who].state.tally().followed.contains(&kept.epoch.id);
    let taken = moved.iter().filter(|who| followed(**who)).count();
    if hours >= 72 {
        assert!(!(0..6).any(followed), "seed {seed}: {hours} hours");
    }
    assert_eq!(world.heads().len(), 1, "seed {seed}: {hours} hours");
    Withheld { hours, taken, moved: moved.len() }
}

/// A server that shows each half another rekey for nine days; one head is left, with one question at most.
pub(crate) fn hidden_halves<P: Program>(seed: u64) {
    let members = [2, 4, 6, 7][seed as usize % 4];
    // Over a log, one half would see what the other is shown.
    let setup = Setup { members, contacts: Contacts::Nobody, log: !P::SEALS, ..Setup::default() };
    let mut world = WorldOf::<P>::new(seed, setup);
    let until = 9 * 24;
    let half = members / 2;
    let one = world.fork(0, |_| {}).unwrap();
    let other = world.fork(members - 1, |_| {}).unwrap();
    for who in 0..members {
        let hidden = if who < half.max(1) { &other } else { &one };
        world.hidden.insert((hidden.epoch.id, who), until);
    }
    world.run(until);
    // The server shows all: members post the packages again.
    world.hidden.clear();
    world.release(&one);
    world.release(&other);
    world.run(60 * 24);
    assert_eq!(world.heads().len(), 1, "seed {seed}");
    let questions: u32 = world.honest().map(|player| player.questions).max().unwrap();
    assert!(questions <= 1, "seed {seed}: {questions}");
}

/// What became of a second rekey by one signer.
pub(crate) struct Second {
    pub(crate) heads: usize,
    /// The most questions to one person.
    pub(crate) questions: u32,
    /// Members who had followed the first one when the second came, and those of them who went over to it by themselves.
    pub(crate) moved: usize,
    pub(crate) back: usize,
}

/// A second rekey by one signer, some hours later, in a group that talks or only reads.
pub(crate) fn second_rekey<P: Program>(seed: u64, person: Person) -> Second {
    let hours = [6, 72, 165][seed as usize % 3];
    let chat = if (seed / 3).is_multiple_of(2) { 0.05 } else { 0.0 };
    let mut world = WorldOf::<P>::new(seed, Setup { members: 6, person, chat, ..Setup::default() });
    world.players[5].hostile = true;
    let group = world.first.clone();
    let first = world.rekey(5, &group);
    world.release(&first);
    world.run(hours);
    let moved: Vec<usize> = (0..5).filter(|who| world.players[*who].current() == first.epoch.id).collect();
    let second = world.rekey(5, &group);
    world.release(&second);
    world.run(60 * 24);
    let back = |who: &&usize| world.players[**who].state.tally().followed.contains(&second.epoch.id);
    Second {
        heads: world.heads().len(),
        questions: world.honest().map(|player| player.questions).max().unwrap(),
        back: moved.iter().filter(back).count(),
        moved: moved.len(),
    }
}

/// Two concurrent forks in a group whose list binds nobody: its members are asked about each. All who know forks end in the lower one; returns
/// the most questions to one person.
pub(crate) fn two_changes<P: Program>(seed: u64, setup: Setup) -> u32 {
    let mut world = WorldOf::<P>::new(seed, setup);
    world.run(24);
    world.fork(0, |_| {}).unwrap();
    world.fork(1, |_| {}).unwrap();
    world.run(40 * 24);
    let lowest = world.made.keys().min().copied();
    assert!(world.heads().len() == 1 && world.heads().first().copied() == lowest, "seed {seed}");
    world.check_secrets();
    world.honest().map(|player| player.questions).max().unwrap()
}

/// Nobody moves without a question where the list binds nobody, whoever forks.
pub(crate) fn silent_persons<P: Program>(seed: u64, mode: Mode) {
    let setup = Setup { members: 5, mode, person: Person::Never, ..Setup::default() };
    let mut world = WorldOf::<P>::new(seed, setup);
    world.run(24);
    let made = world.fork(0, |_| {}).unwrap();
    world.run(40 * 24);
    let moved: Vec<usize> = (0..5).filter(|who| world.players[*who].current() == made.epoch.id).collect();
    assert_eq!(moved, [0], "seed {seed}: only its maker");
    assert!(made.epoch.listed.contains(&member(4)), "the others could have followed");
}

/// A group to which everything happens for weeks.
pub(crate) fn everything<P: Program>(seed: u64) -> WorldOf<P> {
    let mut dice = cwtch_testkit::rng(seed ^ 0xface);
    let mut below = |end: u64| rand_core::RngCore::next_u64(&mut dice) % end;
    let members = if seed % 25 == 24 { 50 } else { 2 + below(19) as usize };
    let members = if members > P::MOST { 2 + members % (P::MOST - 1) } else { members };
    let mut part = |most: f64| below(1000) as f64 / 1000.0 * most;
    let setup = Setup {
        members,
        presence: (0.03, 0.6),
        chat: 0.02 + part(0.1),
        loss: part(0.5),
        late: part(0.3),
        twice: part(0.3),
        shuffled: part(0.5),
        crashes: part(0.03),
        contacts: [Contacts::Nobody, Contacts::Tree, Contacts::All][seed as usize % 3],
        mode: [Mode::Trusted, Mode::Trusted, Mode::Trusted, Mode::Strangers, Mode::Static][seed as usize % 5],
        log: seed & 1 == 0,
        deployed: if seed % 10 == 9 { members / 3 } else { 0 },
        ..Setup::default()
    };
    let mut world = WorldOf::<P>::new(seed, setup);
    for who in 0..members {
        let draw = world.below(100);
        let player = &mut world.players[who];
        player.person = match draw % 10 {
            0..5 => Person::Accepts,
            5 | 6 => Person::EverySecond,
            7 | 8 => Person::Refuses,
            _ => Person::Never,
        };
        match draw / 10 {
            0 => player.away = 1..draw * 500,
            1 => player.clock = [-4000, -30, 3, 3650][draw as usize % 4] * DAY as i64,
            2 => player.hostile = who > 1,
            _ => {}
        }
    }
    for _ in 0..8 {
        let who = world.below(members as u64) as usize;
        let other = world.below(members as u64) as usize;
        if world.players[who].hostile {
            // On top of any epoch that they know.
            let parent = match world.below(3) {
                0 => world.first.clone(),
                _ => world.players[0].state.view().current().clone(),
            };
            if parent.listed.contains(&member(who)) {
                let (time, boxed) = (world.time().max(parent.time), world.below(members as u64) as usize);
                let smaller = seed % 3 == 1 && other != who;
                let made = world.craft(who, &parent, time, 0..boxed, |fields| {
                    if smaller {
                        fields.members.remove(&member(other));
                    }
                });
                world.release(&made);
            }
        } else if world.below(2) == 0 && who != other && members > 2 {
            world.without(who, other);
        } else {
            world.fork(who, |_| {});
        }
        let hours = world.below(10 * 24);
        world.run(hours);
    }
    world.check_secrets();
    for player in world.honest() {
        let current = player.state.view().current();
        let listed = current.forker.is_none() || current.listed.contains(&player.state.me());
        assert!(listed, "seed {seed}: a member is where they are not listed");
        assert!(player.state.view().forks().count() <= 64);
    }
    world
}
