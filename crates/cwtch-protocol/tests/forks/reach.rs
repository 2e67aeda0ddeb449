//! Reach: how many of those whom a fork lists hold it after days.

use super::sim::{Contacts, Setup, World};
use super::worlds::worlds;

/// Parts of 1000 members who hold a fork after 1, 7 and 14 days.
fn reach(loss: f64, contacts: Contacts) -> [u64; 3] {
    let (mut held, mut all) = ([0; 3], 0);
    worlds("worlds of reach", None, |seed| {
        let setup =
            Setup { members: 20, presence: (0.03, 0.6), loss, late: 0.1, contacts, ..Setup::default() };
        let mut world = World::new(seed, setup);
        let made = world.fork(0, |_| {}).unwrap();
        for (at, days) in [1, 6, 7].into_iter().enumerate() {
            world.run(days * 24);
            let holds = |who: &usize| world.players[*who].state.held.contains_key(&made.epoch.id);
            held[at] += (1..20).filter(holds).count() as u64;
        }
        all += 19;
    });
    held.map(|held| held * 1000 / all)
}

/// P5: with a tree of contacts, and half of what the server has lost for each reader.
#[test]
fn a_fork_reaches_nearly_all_within_days() {
    for (loss, marks) in [(0.0, [700, 970, 990]), (0.5, [500, 900, 970])] {
        let found = reach(loss, Contacts::Tree);
        eprintln!("{found:?} of 1000 after 1, 7 and 14 days, {loss} of all lost");
        assert!(found.iter().zip(marks).all(|(found, mark)| *found >= mark), "{loss}: {found:?}");
    }
    let alone = reach(0.5, Contacts::Nobody);
    eprintln!("{alone:?} without contacts, 0.5 of all lost");
    assert!(alone[1] >= 900, "{alone:?}");
}

/// A program that was restored from a backup, or lost its prekeys otherwise, is given the secret by contacts who moved.
#[test]
fn a_restored_program_is_given_what_it_cannot_open() {
    worlds("worlds of restored programs", None, |seed| {
        let setup = Setup { members: 5, log: seed % 2 == 0, contacts: Contacts::All, ..Setup::default() };
        let mut world = World::new(seed, setup);
        world.run(24);
        world.players[3].state.halves.clear();
        let first = world.fork(0, |_| {}).unwrap();
        world.run(12 * 24);
        assert_eq!(world.players[3].current(), first.epoch.id, "seed {seed}");
        assert_eq!((world.questions(), world.players[3].state.tally.invited), (0, 0), "seed {seed}");
        // It published a prekey by its question or with its first message: the next fork is sealed to that.
        let second = world.fork(1, |_| {}).unwrap();
        let halves: Vec<_> = world.players[3].state.halves.iter().map(|(_, half)| half.clone()).collect();
        assert!(second.sealed.package.open(&halves).is_ok(), "seed {seed}");
    });
}

/// Who comes back when secrets are erased and has no prekey for the fork is invited by a contact.
#[test]
fn who_comes_back_after_months_without_prekeys_is_invited() {
    worlds("worlds of long absences", None, |seed| {
        let setup = Setup { members: 4, contacts: Contacts::All, ..Setup::default() };
        let mut world = World::new(seed, setup);
        world.players[3].away = 1..100 * 24;
        world.players[3].state.halves.clear();
        world.run(24);
        let made = world.fork(0, |_| {}).unwrap();
        world.run(115 * 24);
        assert_eq!(world.players[3].state.tally.invited, 1, "seed {seed}");
        assert_eq!(world.players[3].current(), made.epoch.id, "seed {seed}");
    });
}

/// Somebody without contacts who is not given a box is told so, and asks nobody.
#[test]
fn who_is_given_no_box_and_has_no_contacts_is_told() {
    let mut world = World::new(1, Setup { members: 4, contacts: Contacts::Nobody, ..Setup::default() });
    world.run(24);
    world.players[3].state.halves.clear();
    world.fork(0, |_| {}).unwrap();
    world.run(4 * 24);
    assert_eq!(world.players[3].current(), world.first.id);
    assert!(world.is_told(3));
}
