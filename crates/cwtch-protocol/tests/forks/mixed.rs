//! Everything at once: groups of 2 to 20 members, some of 50, with losses, mishaps of programs, absences of up to 200 days, wrong clocks, persons of
//! all kinds, honest and hostile forks at any time. What is held against them is what must hold always.

use super::sim::Model;
use super::worlds::{everything, worlds};

/// P2, P16: nobody holds a key that was not given to them, nobody is led where they are not listed, no message goes to two epochs.
#[test]
fn whatever_happens_nobody_holds_what_was_not_given_to_them() {
    let (mut moves, mut mishaps) = (0, 0);
    worlds("worlds of everything", None, |seed| {
        let world = everything::<Model>(seed);
        for player in world.honest() {
            moves += player.state.tally.moves;
            assert!(player.state.shelf.held().len() <= 64);
        }
        mishaps += world.mishaps;
    });
    eprintln!("{moves} moves, {mishaps} mishaps of programs");
}
