//! Properties that the rules must have, each over worlds that are drawn from seeds. A failure names its seed;
//! `CWTCH_FORKS_SEED=n` repeats it, `CWTCH_FORKS=n` runs n worlds for each property (the long form).

use cwtch_protocol::group::fork::DAY;

use super::sim::{Model, Person, Setup, World};
use super::support::member;
use super::worlds::{
    concurrent_rekeys, endless_forks, hidden_halves, removal, second_rekey, withheld_rekey, worlds,
};

/// Groups of a hundred that concurrent rekeys must leave without a question: those who talk, and those who only read.
const MARKS: [u64; 2] = [98, 85];

/// P4: concurrent rekeys end in one head, without questions for nearly all.
#[test]
fn concurrent_rekeys_end_in_one_head() {
    let (mut quiet, mut all) = ([0; 2], [0; 2]);
    worlds("worlds of concurrent rekeys", None, |seed| {
        let rekeyed = concurrent_rekeys::<Model>(seed);
        if rekeyed.contacts {
            all[usize::from(rekeyed.reads)] += 1;
            quiet[usize::from(rekeyed.reads)] += u64::from(rekeyed.questions == 0);
        }
    });
    eprintln!("{quiet:?} of {all:?} groups without a question: who talk, who only read");
    for (kind, mark) in MARKS.into_iter().enumerate() {
        // Of a few, one says nothing about all.
        assert!(all[kind] < 100 || quiet[kind] * 100 >= all[kind] * mark, "{quiet:?} of {all:?}");
    }
}

/// P6: a removal holds against the rekeys of who was removed, for all who answer.
#[test]
fn who_was_removed_cannot_outrun_the_removal() {
    worlds("worlds of removals", None, |seed| {
        let other = if seed % 2 == 0 { Person::Accepts } else { Person::Never };
        let (free, answering) = removal::<Model>(seed, [Person::Accepts, other]);
        assert_eq!(free, answering, "seed {seed}");
    });
    let (mut free, mut all) = (0, 0);
    worlds("worlds of removals by half of the answers", None, |seed| {
        let (freed, answering) = removal::<Model>(seed, [Person::EverySecond; 2]);
        free += freed;
        all += answering;
    });
    assert!(2 * free >= all, "{free} of {all}");
}

/// P7: endless forks by one member move nobody for ever and ask little.
#[test]
fn endless_forks_by_one_or_two_move_and_ask_little() {
    let mut sums = [0; 4];
    worlds("worlds of endless forks", None, |seed| {
        let found = endless_forks::<Model>(seed);
        sums.iter_mut().zip(found).for_each(|(sum, found)| *sum += found);
    });
    let [questions, moves, members, whole] = sums;
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
        let found = withheld_rekey::<Model>(seed);
        let late = usize::from(found.hours > 6);
        taken[late] += found.taken;
        all[late] += found.moved;
    });
    eprintln!("{taken:?} of {all:?} went over to a rekey that was withheld for 6 hours, and for longer");
    assert!(taken[1] == 0 && (all[0] < 40 || taken[0] * 5 <= all[0]), "{taken:?} of {all:?}");
}

/// P9: a server that shows each half another rekey for nine days splits nobody for good.
#[test]
fn hidden_halves_meet_with_one_question() {
    worlds("worlds of hidden halves", None, hidden_halves::<Model>);
}

/// P10: a second rekey by one signer, hours or days later, leaves one head, whatever persons answer, and asks them once at most.
#[test]
fn a_second_rekey_by_one_signer_leaves_one_head() {
    for person in [Person::Accepts, Person::Refuses] {
        let (mut back, mut moved) = ([0; 3], [0; 3]);
        worlds("worlds of second rekeys", None, |seed| {
            let found = second_rekey::<Model>(seed, person);
            assert!(
                found.heads == 1 && found.questions <= 1,
                "{person:?}, seed {seed}: {} heads",
                found.heads
            );
            back[seed as usize % 3] += found.back;
            moved[seed as usize % 3] += found.moved;
        });
        eprintln!(
            "{person:?}: {back:?} of {moved:?} went over to a second rekey after 6 hours, 3 days, 6.9 days"
        );
        assert!(back[1..] == [0, 0], "{person:?}: {back:?} of {moved:?}");
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
