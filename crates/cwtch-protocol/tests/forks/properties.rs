//! Properties that the rules must have, each over worlds that are drawn from seeds. A failure names its seed;
//! `CWTCH_FORKS_SEED=n` repeats it, `CWTCH_FORKS=n` runs n worlds for each property (the long form).

use cwtch_protocol::group::fork::DAY;
use cwtch_testkit::budget::{Sample, number};

use super::sim::{Contacts, Person, Setup, World};
use super::support::member;

/// Worlds for each property without [`number`] of them.
const WORLDS: u64 = 8;
/// Groups of a hundred that concurrent rekeys must leave without a question: those who talk, and those who only read.
const MARKS: [u64; 2] = [98, 85];

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

/// P4: concurrent rekeys end in one head, without questions for nearly all.
#[test]
fn concurrent_rekeys_end_in_one_head() {
    let (mut quiet, mut all) = ([0; 2], [0; 2]);
    worlds("worlds of concurrent rekeys", None, |seed| {
        let members = [2, 4, 7, 10][seed as usize % 4];
        let reads = seed % 3 == 2;
        let setup = Setup {
            members,
            // What is lost without contacts may be lost for good.
            loss: if seed % 5 == 4 { 0.0 } else { 0.5 },
            late: 0.1,
            twice: 0.1,
            crashes: 0.02,
            log: seed % 2 == 0,
            // A third of the groups only read, and say what the rules have them say.
            chat: if reads { 0.0 } else { 0.05 },
            // Without contacts some learn of it only when the time of the contest is over.
            contacts: if seed % 5 == 4 { Contacts::Nobody } else { Contacts::Tree },
            ..Setup::default()
        };
        let mut world = World::new(seed, setup);
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
        assert_eq!(
            world.heads().len(),
            1,
            "seed {seed}: {:?}",
            world.honest().map(|p| p.state.moves).collect::<Vec<_>>()
        );
        if seed % 5 != 4 {
            all[usize::from(reads)] += 1;
            quiet[usize::from(reads)] += u64::from(world.questions() == 0);
        }
    });
    eprintln!("{quiet:?} of {all:?} groups without a question: who talk, who only read");
    for (kind, mark) in MARKS.into_iter().enumerate() {
        // Of a few, one says nothing about all.
        assert!(all[kind] < 100 || quiet[kind] * 100 >= all[kind] * mark, "{quiet:?} of {all:?}");
    }
}

/// Runs a group in which number 5 is removed and rekeys before and after; returns how many of the members who answer are free
/// of them, and how many there are.
fn removal(seed: u64, persons: [Person; 2]) -> (usize, usize) {
    let mut world = World::new(seed, Setup::default());
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
    let removes = |world: &mut World| (0..3).any(|who| world.without(who, out));
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
    let free = answering().filter(|player| !player.state.current().listed.contains(&member(out))).count();
    (free, answering().count())
}

/// P6: a removal holds against the rekeys of who was removed, for all who answer.
#[test]
fn who_was_removed_cannot_outrun_the_removal() {
    worlds("worlds of removals", None, |seed| {
        let other = if seed % 2 == 0 { Person::Accepts } else { Person::Never };
        let (free, answering) = removal(seed, [Person::Accepts, other]);
        assert_eq!(free, answering, "seed {seed}");
    });
    let (mut free, mut all) = (0, 0);
    worlds("worlds of removals by half of the answers", None, |seed| {
        let (freed, answering) = removal(seed, [Person::EverySecond; 2]);
        free += freed;
        all += answering;
    });
    assert!(2 * free >= all, "{free} of {all}");
}

/// P7: endless forks by one member move nobody for ever and ask little.
#[test]
fn endless_forks_by_one_or_two_move_and_ask_little() {
    let (mut sums, mut whole) = ([0; 3], 0);
    worlds("worlds of endless forks", None, |seed| {
        let setup = Setup { members: 8, person: Person::Refuses, ..Setup::default() };
        let mut world = World::new(seed, setup);
        let hostile = if seed % 2 == 0 { vec![7] } else { vec![6, 7] };
        hostile.iter().for_each(|who| world.players[*who].hostile = true);
        for round in 0..14 * 6 {
            let who = hostile[round % hostile.len()];
            // On top of where an honest member is.
            let parent = world.players[0].state.current().clone();
            let fork = world.rekey(who, &parent);
            world.release(&fork);
            world.run(4);
        }
        let honest = world.honest().count() as u32;
        let questions = world.questions();
        let moves: u32 = world.honest().map(|player| player.state.moves).sum();
        // In one group a little more, over all of them no more than that.
        assert!(questions <= 4 * honest, "seed {seed}: {questions} questions of {honest}");
        assert!(moves <= 10 * honest, "seed {seed}: {moves} moves of {honest}");
        sums = [sums[0] + questions, sums[1] + moves, sums[2] + honest];
        // Once they answer, and who refused something twice looks at the list of forks, they meet.
        for player in &mut world.players {
            player.person = Person::Accepts;
        }
        world.run(5 * 24);
        whole += u32::from(world.heads().len() == 1);
        for _ in 0..3 {
            world.join_the_most();
            world.run(5 * 24);
        }
        assert_eq!(world.heads().len(), 1, "seed {seed}");
    });
    let [questions, moves, members] = sums;
    eprintln!(
        "{questions} questions and {moves} moves of {members} members, {whole} groups whole by themselves"
    );
    // A single world that is repeated says nothing about all.
    assert!(members < 50 || (questions <= 3 * members && moves <= 7 * members));
}

/// P8: a rekey that is signed today and kept takes nobody with it later.
#[test]
fn a_withheld_rekey_takes_nobody() {
    // In the first hours a member's key is as good as another's, and who has just moved is not known to have.
    let (mut taken, mut all) = ([0; 2], [0; 2]);
    worlds("worlds of withheld rekeys", None, |seed| {
        let hours = [6, 24, 72, 165, 8 * 24, 30 * 24][seed as usize % 6];
        let late = usize::from(hours > 6);
        // Half of the groups only read, so that few are known to have followed.
        let chat = if seed / 6 % 2 == 0 { 0.05 } else { 0.0 };
        let mut world = World::new(seed, Setup { members: 7, chat, ..Setup::default() });
        world.players[6].hostile = true;
        world.players[5].away = 1..45 * 24;
        let first = world.first.clone();
        let kept = world.ground(6, &first, 16);
        world.fork(0, |_| {}).unwrap();
        world.run(hours);
        // Those who had time to follow the honest one.
        let moved: Vec<usize> = (0..6).filter(|n| world.players[*n].state.view.path().count() > 1).collect();
        world.release(&kept);
        world.run(60 * 24);
        let followed = |who: usize| world.players[who].state.followed.contains(&kept.epoch.id);
        taken[late] += moved.iter().filter(|who| followed(**who)).count();
        all[late] += moved.len();
        if hours >= 72 {
            assert!(!(0..6).any(followed), "seed {seed}: {hours} hours");
        }
        assert_eq!(world.heads().len(), 1, "seed {seed}: {hours} hours");
    });
    eprintln!("{taken:?} of {all:?} went over to a rekey that was withheld for 6 hours, and for longer");
    assert!(taken[1] == 0 && (all[0] < 40 || taken[0] * 5 <= all[0]), "{taken:?} of {all:?}");
}

/// P9: a server that shows each half another rekey for nine days splits nobody for good.
#[test]
fn hidden_halves_meet_with_one_question() {
    worlds("worlds of hidden halves", None, |seed| {
        let members = [2, 4, 6, 7][seed as usize % 4];
        let mut world = World::new(seed, Setup { members, contacts: Contacts::Nobody, ..Setup::default() });
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
    });
}

/// P10: a second rekey by one signer, hours or days later, leaves one head where persons accept.
#[test]
fn a_second_rekey_by_one_signer_leaves_one_head() {
    for (hours, seed) in [(6, 1), (72, 2), (165, 3), (6, 4), (72, 5), (165, 6)] {
        let mut world = World::new(seed, Setup { members: 6, ..Setup::default() });
        world.players[5].hostile = true;
        let group = world.first.clone();
        let first = world.rekey(5, &group);
        world.release(&first);
        world.run(hours);
        let second = world.rekey(5, &group);
        world.release(&second);
        world.run(60 * 24);
        assert_eq!(world.heads().len(), 1, "{hours} hours, seed {seed}");
    }
}

/// Two rekeys by one signer, each with boxes for one half: all meet if persons accept, nearly all if they refuse every second question.
#[test]
fn two_rekeys_with_half_of_the_boxes_in_each_split_few() {
    for person in [Person::Accepts, Person::EverySecond] {
        let (mut whole, mut all, mut asked) = (0, 0, 0);
        worlds("worlds of halved boxes", None, |seed| {
            let members = 5 + seed as usize % 6;
            let mut world = World::new(seed, Setup { members, person, ..Setup::default() });
            let signer = members - 1;
            world.players[signer].hostile = true;
            let (first, time) = (world.first.clone(), world.time());
            let one = world.craft(signer, &first, time, 0..members / 2, |_| {});
            let other = world.craft(signer, &first, time, members / 2..members, |_| {});
            world.release(&one);
            world.release(&other);
            world.run(60 * 24);
            all += 1;
            whole += u64::from(world.heads().len() == 1);
            asked += u64::from(world.questions());
            assert!(person != Person::Accepts || world.heads().len() == 1, "seed {seed}");
        });
        eprintln!("{person:?}: {whole} of {all} groups whole, {asked} questions");
        assert!(all < 40 || whole * 4 >= all * 3, "{person:?}: {whole} of {all}");
    }
}

/// P11: a change that half never answer does not hold a healing rekey back for long.
#[test]
fn an_unanswered_change_does_not_stop_the_healing() {
    let (mut old, mut all) = ([0u32; 3], 0u32);
    worlds("worlds of unanswered changes", None, |seed| {
        let mut world = World::new(seed, Setup { members: 10, ..Setup::default() });
        world.players[9].hostile = true;
        (0..9).filter(|n| n % 2 == 1).for_each(|n| world.players[n].person = Person::Never);
        (0..9).filter(|n| n % 2 == 0).for_each(|n| world.players[n].person = Person::Refuses);
        let (first, time) = (world.first.clone(), world.time());
        let change = world.craft(9, &first, time, 0..8, |fields| {
            fields.members.remove(&member(8));
        });
        world.release(&change);
        world.run(24);
        let honest = loop {
            match world.fork(0, |_| {}) {
                Some(honest) => break honest,
                None => world.run(1),
            }
        };
        for (at, days) in [2, 2, 3].into_iter().enumerate() {
            world.run(days * 24);
            old[at] += world.honest().filter(|player| player.current() != honest.epoch.id).count() as u32;
        }
        all += world.honest().count() as u32;
    });
    for (found, most) in old.into_iter().zip([30, 10, 3]) {
        assert!(found * 100 <= all * most, "{old:?} of {all}");
    }
}

/// P12: nobody is added without a question.
#[test]
fn nobody_is_added_without_a_question() {
    worlds("worlds of additions", None, |seed| {
        let setup = Setup { members: 6, person: Person::Refuses, ..Setup::default() };
        let mut world = World::new(seed, setup);
        world.players[5].hostile = true;
        let (first, time) = (world.first.clone(), world.time());
        let added = world.craft(5, &first, time, 0..6, |fields| {
            fields.members.insert(member(9));
        });
        world.release(&added);
        world.run(8 * 24);
        let below = world.rekey(5, &added.epoch);
        world.release(&below);
        world.run(30 * 24);
        assert!(world.honest().all(|player| player.current() == world.first.id), "seed {seed}");
        assert!(world.honest().all(|player| player.questions <= 1), "seed {seed}");
    });
}

/// P13: clocks that are wrong by years on a few cost nobody else anything.
#[test]
fn wrong_clocks_split_nobody() {
    worlds("worlds of wrong clocks", None, |seed| {
        let mut world = World::new(seed, Setup { members: 8, log: seed % 2 == 0, ..Setup::default() });
        for (who, days) in [(6, -3000), (7, 3650)] {
            world.players[who].clock = days * DAY as i64;
        }
        for who in [0, 1] {
            world.fork(who, |_| {});
        }
        world.run(70 * 24);
        let heads: std::collections::BTreeSet<_> =
            world.players[..6].iter().map(|player| player.current()).collect();
        assert_eq!(heads.len(), 1, "seed {seed}");
        assert_ne!(heads.first(), Some(&world.first.id), "seed {seed}");
    });
}
