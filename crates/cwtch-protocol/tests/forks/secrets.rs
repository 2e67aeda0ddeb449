//! Who can read what: messages as bytes, with the keys that members, removed members and copies of devices hold.

use cwtch_primitives::agreement::AgreementKey;
use cwtch_testkit::budget::number;

use super::sim::{Contacts, Setup, State, World};
use super::support::member;
use super::worlds::worlds;

/// Worlds in which messages are bytes, of a hundred worlds of other properties.
const PART: u64 = 25;

fn some(what: &str, one: impl FnMut(u64)) {
    // Bytes cost more than facts.
    worlds(what, number("CWTCH_FORKS").map(|all| all.div_ceil(100 / PART)), one);
}

fn halves(state: &State) -> Vec<AgreementKey> {
    state.halves.iter().map(|(_, half)| half.clone()).collect()
}

/// P1, P2: members open every message that reaches them, in whatever order, and who was removed opens none.
#[test]
fn members_open_every_message_and_who_was_removed_none() {
    let (mut opened, mut tried) = (0, 0);
    some("worlds of bytes", |seed| {
        let setup = Setup {
            members: 3 + seed as usize % 4,
            bytes: true,
            chat: 0.2,
            loss: [0.0, 0.3][seed as usize % 2],
            late: 0.2,
            twice: 0.2,
            crashes: 0.01,
            ..Setup::default()
        };
        let mut world = World::new(seed, setup);
        let out = world.below(world.players.len() as u64) as usize;
        world.run(24);
        let forker = (out + 1) % world.players.len();
        assert!(world.without(forker, out));
        world.players[out].hostile = true;
        world.run(12 * 24);
        world.fork((out + 2) % world.players.len(), |_| {});
        world.run(10 * 24);
        opened += world.opened;
        tried += world.try_all();
        assert_eq!(world.sealed, 0, "seed {seed}: a day's key is erased too early");
    });
    eprintln!("{opened} messages opened, {tried} tried in vain");
    assert!(tried > 0);
}

/// P3: a copy of a device opens nothing of an epoch whose healing date is later, and no day that was forgotten.
#[test]
fn a_copy_of_a_device_reads_nothing_after_the_healing_date_and_nothing_forgotten() {
    let (mut healed, mut open) = (0, 0);
    some("worlds of copied devices", |seed| {
        let members = 2 + seed as usize % 5;
        let loss = [0.0, 0.3][seed as usize % 2];
        let setup = Setup { members, bytes: true, loss, ..Setup::default() };
        let mut world = World::new(seed, setup);
        let days = world.below(12);
        world.run(days * 24 + 1);
        let victim = world.below(members as u64) as usize;
        let copy = world.players[victim].state.clone();
        let copied = world.time();
        let mut after = Vec::new();
        for round in 0..4 {
            let who = (victim + 1 + round) % members;
            let mut made = None;
            for _ in 0..14 * 24 {
                made = world.fork(who, |_| {});
                if made.is_some() {
                    break;
                }
                world.run(1);
            }
            world.run(9 * 24);
            let Some(made) = made else { continue };
            let opens = made.sealed.package.open(&halves(&copy)).is_ok();
            if made.healing > copied {
                assert!(!opens, "seed {seed}: healing {} and opened", made.healing);
                healed += 1;
                after.push(made.epoch.id);
            } else {
                open += u64::from(opens);
            }
        }
        for epoch in after {
            world.none_reads(&copy, &epoch);
        }
        // Months later.
        world.run(50 * 24);
        for player in &world.players {
            let sealed = world.reads_from_oldest(&player.state);
            assert!(sealed > 0 || player.state.epochs.values().all(|keys| keys.days.oldest() == 0));
            // Nor do packages lead back: the halves that open them are erased.
            let first = world.made.values().min_by_key(|made| made.epoch.depth);
            let mine = halves(&player.state);
            if let Some(first) = first.filter(|made| made.epoch.time + 60 * 86_400 < world.time()) {
                assert!(first.sealed.package.open(&mine).is_err(), "seed {seed}: an old half is still there");
            }
        }
    });
    eprintln!("{healed} forks closed to copies, {open} still open to them");
    assert!(healed > 0);
}

/// A removed member's contacts, who hold every package, give them nothing.
#[test]
fn contacts_give_who_was_removed_nothing() {
    some("worlds of removed contacts", |seed| {
        let setup = Setup { members: 5, contacts: Contacts::All, ..Setup::default() };
        let mut world = World::new(seed, setup);
        let out = 1 + world.below(4) as usize;
        world.run(24);
        assert!(world.without(0, out));
        // Their program goes on, asks, and is told nothing; `run` sees that no secret goes to them.
        world.run(40 * 24);
        assert!(world.players[out].state.epochs.len() == 1, "seed {seed}");
        let others = (0..5).filter(|who| *who != out);
        assert!(others.clone().all(|who| world.players[who].state.view.path().count() == 2), "seed {seed}");
        assert!(others.clone().all(|who| !world.players[who].state.current().listed.contains(&member(out))));
    });
}
