//! Properties of groups whose members' programs are the ones that ship.

use cwtch_testkit::budget::number;
use cwtch_wire::group::fork::Mode;

use super::oracle::{has_forgotten, holds_only_what_was_given, reads_nothing_new};
use super::resident::Resident;
use super::sim::{Person, Setup, WorldOf};
use super::support::member;
use super::worlds::{
    concurrent_rekeys, endless_forks, everything, hidden_halves, removal, second_rekey, silent_persons,
    two_changes, withheld_rekey, worlds,
};

/// A tenth of the model's worlds: the first, and those behind it. A seed that the environment names is taken as it is.
fn some(what: &str, first: u64, mut one: impl FnMut(u64)) {
    let named = number("CWTCH_FORKS_SEED").is_some();
    let worlds_of = number("CWTCH_FORKS").unwrap_or(10).div_ceil(10);
    worlds(what, Some(worlds_of), |seed| one(if named { seed } else { first + seed }));
}

/// P4.
#[test]
fn concurrent_rekeys_over_the_store_end_in_one_head() {
    let (mut quiet, mut all) = (0, 0);
    some("worlds of concurrent rekeys over the store", 3, |seed| {
        let rekeyed = concurrent_rekeys::<Resident>(seed);
        if rekeyed.contacts && !rekeyed.reads {
            all += 1;
            quiet += u64::from(rekeyed.questions == 0);
        }
    });
    eprintln!("{quiet} of {all} groups over the store without a question");
    assert!(all < 50 || quiet * 100 >= all * 98, "{quiet} of {all}");
}

/// P6.
#[test]
fn who_was_removed_cannot_outrun_the_removal_over_the_store() {
    some("worlds of removals over the store", 0, |seed| {
        let other = if seed % 2 == 0 { Person::Accepts } else { Person::Never };
        let (free, answering) = removal::<Resident>(seed, [Person::Accepts, other]);
        assert_eq!(free, answering, "seed {seed}");
    });
}

/// P7.
#[test]
fn endless_forks_over_the_store_move_and_ask_little() {
    let mut sums = [0; 4];
    some("worlds of endless forks over the store", 1, |seed| {
        let found = endless_forks::<Resident>(seed);
        sums.iter_mut().zip(found).for_each(|(sum, found)| *sum += found);
    });
    let [questions, moves, members, whole] = sums;
    eprintln!(
        "over the store: {questions} questions, {moves} moves of {members} members, {whole} groups whole"
    );
    assert!(members < 50 || (questions <= 3 * members && moves <= 7 * members));
}

/// P8.
#[test]
fn a_withheld_rekey_takes_nobody_over_the_store() {
    let (mut taken, mut moved) = (0, 0);
    some("worlds of withheld rekeys over the store", 1, |seed| {
        let found = withheld_rekey::<Resident>(seed);
        if found.hours > 6 {
            taken += found.taken;
            moved += found.moved;
        }
    });
    eprintln!(
        "{taken} of {moved} members over the store went over to a rekey that was withheld for a day or longer"
    );
    assert_eq!(taken, 0);
}

/// P9.
#[test]
fn hidden_halves_over_the_store_meet_with_one_question() {
    some("worlds of hidden halves over the store", 3, hidden_halves::<Resident>);
}

/// P10.
#[test]
fn a_second_rekey_by_one_signer_over_the_store_leaves_one_head() {
    some("worlds of second rekeys over the store", 0, |seed| {
        let found = second_rekey::<Resident>(seed, [Person::Accepts, Person::Refuses][seed as usize % 2]);
        assert!(found.heads == 1 && found.questions <= 1, "seed {seed}: {} heads", found.heads);
        assert!(seed % 3 == 0 || found.back == 0, "seed {seed}: {} of {}", found.back, found.moved);
    });
}

#[test]
fn groups_whose_list_binds_nobody_end_in_one_head_over_the_store() {
    some("worlds of unbound groups over the store", 0, |seed| {
        let unbound = Setup { members: 5, mode: Mode::Static, deployed: 1, ..Setup::default() };
        assert!(two_changes::<Resident>(seed, unbound.clone()) <= 1, "seed {seed}: static");
        let strangers = Setup { mode: Mode::Strangers, deployed: 0, ..unbound };
        assert!(two_changes::<Resident>(seed, strangers) <= 1, "seed {seed}: strangers");
        silent_persons::<Resident>(seed, [Mode::Static, Mode::Strangers][seed as usize % 2]);
    });
}

/// P2, P16: whatever happens, a database holds no secret, no group's key and no day's key that its owner was not given.
#[test]
fn whatever_happens_a_database_holds_only_what_was_given() {
    let (mut mishaps, mut values) = (0, 0);
    some("worlds of everything over the store", 0, |seed| {
        let world = everything::<Resident>(seed);
        values += holds_only_what_was_given(&world);
        mishaps += world.mishaps;
    });
    eprintln!("{values} values of databases, {mishaps} mishaps of programs");
    assert!(values > 0);
}

/// P2: who was removed opens nothing that is written afterwards, and their database has no key of it.
#[test]
fn a_removed_members_database_opens_nothing_more() {
    some("worlds of removed members' databases", 1, |seed| {
        let setup = Setup { members: 3 + seed as usize % 4, chat: 0.2, crashes: 0.01, ..Setup::default() };
        let mut world = WorldOf::<Resident>::new(seed, setup);
        let members = world.players.len();
        let out = world.below(members as u64) as usize;
        world.run(24);
        while !world.without((out + 1) % members, out) {
            world.run(1);
        }
        // Their program goes on, asks, and is told nothing.
        world.run(20 * 24);
        let others = (0..members).filter(|who| *who != out);
        assert!(others.clone().all(|who| !world.players[who].state.listed(&member(out))), "seed {seed}");
        holds_only_what_was_given(&world);
        let copy = world.players[out].state.copied();
        let tried = reads_nothing_new(&world, copy.path(), |made| !made.epoch.listed.contains(&member(out)));
        assert!(tried > 0, "seed {seed}");
    });
}

/// P3: a copy of a profile opens nothing of a fork whose healing date is later, and days that are over are forgotten.
#[test]
fn a_copy_of_a_profile_opens_nothing_after_the_healing_date() {
    let (mut tried, mut forgotten) = (0, 0);
    some("worlds of copied profiles", 3, |seed| {
        let members = 2 + seed as usize % 5;
        let loss = [0.0, 0.3][seed as usize % 2];
        let mut world = WorldOf::<Resident>::new(seed, Setup { members, loss, ..Setup::default() });
        let days = world.below(12);
        world.run(days * 24 + 1);
        let victim = world.below(members as u64) as usize;
        let (copy, copied) = (world.players[victim].state.copied(), world.time());
        for round in 0..4 {
            let who = (victim + 1 + round) % members;
            for _ in 0..14 * 24 {
                if world.fork(who, |_| {}).is_some() {
                    break;
                }
                world.run(1);
            }
            world.run(9 * 24);
        }
        tried += reads_nothing_new(&world, copy.path(), |made| made.healing > copied);
        holds_only_what_was_given(&world);
        // Months later.
        world.run(45 * 24);
        forgotten += has_forgotten(&world);
    });
    eprintln!(
        "{tried} messages and packages of later forks tried with copies of profiles, {forgotten} keys forgotten"
    );
    assert!(tried > 0 && forgotten > 0);
}
