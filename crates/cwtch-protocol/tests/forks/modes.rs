//! Groups whose list binds nobody: static ones, some of whose members have programs that know no forks, and those of strangers.

use cwtch_wire::group::fork::Mode;

use super::sim::{Contacts, Person, Setup, World};
use super::support::member;
use super::worlds::worlds;

/// Two concurrent forks in a group whose members are asked about each; returns the most questions to one person.
fn two_changes(seed: u64, setup: Setup) -> u32 {
    let mut world = World::new(seed, setup);
    world.run(24);
    world.fork(0, |_| {}).unwrap();
    world.fork(1, |_| {}).unwrap();
    world.run(40 * 24);
    assert_eq!(world.heads().len(), 1, "seed {seed}");
    let lowest = world.made.keys().min().copied();
    assert_eq!(world.heads().first().copied(), lowest, "seed {seed}");
    world.honest().map(|player| player.questions).max().unwrap()
}

#[test]
fn a_static_group_with_a_deployed_client_ends_in_one_head() {
    worlds("static worlds", None, |seed| {
        let setup = Setup { members: 5, mode: Mode::Static, deployed: 1, ..Setup::default() };
        assert!(two_changes(seed, setup) <= 1, "seed {seed}");
    });
}

#[test]
fn a_group_of_strangers_is_asked_once() {
    worlds("worlds of strangers", None, |seed| {
        let contacts = if seed % 2 == 0 { Contacts::Tree } else { Contacts::Nobody };
        let setup = Setup { members: 6, mode: Mode::Strangers, contacts, ..Setup::default() };
        assert!(two_changes(seed, setup) <= 1, "seed {seed}");
    });
}

/// Nobody moves without a question where the list binds nobody, whoever forks.
#[test]
fn nobody_moves_unasked_where_the_list_binds_nobody() {
    for mode in [Mode::Static, Mode::Strangers] {
        worlds("worlds of silent persons", None, |seed| {
            let setup = Setup { members: 5, mode, person: Person::Never, ..Setup::default() };
            let mut world = World::new(seed, setup);
            world.run(24);
            let made = world.fork(0, |_| {}).unwrap();
            world.run(40 * 24);
            let moved: Vec<usize> =
                (0..5).filter(|who| world.players[*who].current() == made.epoch.id).collect();
            assert_eq!(moved, [0], "seed {seed}: only its maker");
            // What deployed clients write is read where it was.
            assert!(made.epoch.listed.contains(&member(4)));
        });
    }
}
