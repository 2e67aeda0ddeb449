//! Everything at once: groups of 2 to 20 members, some of 50, with losses, deaths of programs, absences of up to 200 days, wrong clocks, persons of
//! all kinds, honest and hostile forks at any time. What is held against them is what must hold always.

use cwtch_protocol::group::fork::DAY;
use cwtch_wire::group::fork::Mode;

use super::properties::worlds;
use super::sim::{Contacts, Person, Setup, World};
use super::support::member;

/// Draws a world, lets things happen for weeks, and returns it.
fn drawn(seed: u64) -> World {
    let mut dice = World::new(seed ^ 0xface, Setup { members: 1, ..Setup::default() });
    let members = if seed % 25 == 24 { 50 } else { 2 + dice.below(19) as usize };
    let mut part = |most: f64| dice.below(1000) as f64 / 1000.0 * most;
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
    let mut world = World::new(seed, setup);
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
                _ => world.players[0].state.current().clone(),
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
    world
}

/// P2, P16: nobody holds a key that was not given to them, nobody is led where they are not listed, no message goes to two epochs.
#[test]
fn whatever_happens_nobody_holds_what_was_not_given_to_them() {
    let (mut moves, mut deaths) = (0, 0);
    worlds("worlds of everything", None, |seed| {
        let world = drawn(seed);
        world.check_secrets();
        for player in world.honest() {
            let current = player.state.current();
            let listed = current.forker.is_none() || current.listed.contains(&player.state.me);
            assert!(listed, "seed {seed}: a member is where they are not listed");
            moves += player.state.moves;
            // Bounds.
            assert!(player.state.shelf.held().len() <= 64);
            assert!(player.state.view.forks().count() <= 64);
        }
        deaths += world.deaths;
    });
    eprintln!("{moves} moves, {deaths} deaths of programs");
}
