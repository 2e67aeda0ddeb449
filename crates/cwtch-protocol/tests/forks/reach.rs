//! Reach: how many of those whom a fork lists hold it after days.

use super::properties::worlds;
use super::sim::{Contacts, Setup, World};

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
