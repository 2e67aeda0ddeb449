//! Schedules: the order of what happens, and the end of each, where everybody looks.

use cwtch_testkit::malice::Attack;

use super::client::Cut;
use super::outcome::Outcome;
use super::world::{Fault, World, offset};

/// Runs one schedule.
pub(crate) fn run(attack: Option<Attack>, seed: u64) -> Outcome {
    let mut world = World::new(attack, seed);
    for at in 0..world.clients.len() {
        if world.chance(80) {
            world.sync(at, Cut::Whole);
        }
    }
    let steps = 5 + world.below(8);
    let acts = attack.map_or(0, Attack::acts);
    let mut fire_at: Vec<usize> = (0..acts).map(|_| 1 + world.below(steps - 1)).collect();
    fire_at.sort_unstable();
    let mut due = 0;
    for step in 0..steps {
        due += fire_at.iter().filter(|at| **at == step).count();
        if due > 0 && world.fire() {
            due -= 1;
        }
        step_of(&mut world);
    }
    close(&mut world, due);
    world.finish()
}

pub(crate) fn step_of(world: &mut World) {
    let seconds = match world.below(10) {
        0 => world.below(43_200),
        1..4 => world.below(600),
        _ => world.below(90),
    };
    world.wait(seconds as u64);
    let at = world.somebody();
    match world.below(24) {
        20 | 21 => world.strangers_post(),
        22 => world.refetch(at),
        23 => world.heartbeat(at),
        0..7 => {
            let fault = if world.chance(15) { Fault::AnswerLost } else { Fault::None };
            world.post(at, fault);
        }
        7..12 => world.sync(at, Cut::Whole),
        12 => {
            let records = world.below(400);
            world.sync(at, Cut::After(records));
        }
        13 => {
            let records = world.below(400);
            let behind = world.below(records + 1);
            world.sync(at, Cut::Dies(records, behind));
        }
        14 => world.clients[at].restart(),
        15 => world.clients[at].disconnect(),
        16 => {
            world.probe(at);
        }
        17 => {
            let with = world.below(world.clients.len());
            world.compare(at, with);
        }
        18 => {
            let to = world.below(world.clients.len());
            world.tell_certificate(at, to);
        }
        _ => world.clients[at].offset = offset(&mut world.rng),
    }
}

/// Closes a schedule: clocks are set right, everybody syncs, writes, looks from outside and compares.
pub(crate) fn close(world: &mut World, due: usize) {
    let everybody = 0..world.clients.len();
    for client in &mut world.clients {
        client.offset = 0;
    }
    world.wait(2400);
    everybody.clone().for_each(|at| world.sync(at, Cut::Whole));
    for _ in 0..due {
        let victim = world.victim;
        world.post(victim, Fault::None);
        world.wait(600);
        world.fire();
        world.sync(victim, Cut::Whole);
    }
    if attack_needs_a_lost_answer(world) {
        let victim = world.victim;
        world.post(victim, Fault::AnswerLost);
        world.sync(victim, Cut::Whole);
    }
    for at in everybody.clone() {
        world.post(at, Fault::None);
    }
    world.wait(120);
    // A stranger sees any history: soon another one than our own.
    for at in everybody.clone() {
        let tries = if world.server.logs().len() > 1 { 4 } else { 1 };
        let _ = (0..tries).any(|_| world.probe(at));
    }
    world.wait(60);
    // Both histories grow beyond what the other one had then.
    world.strangers_post();
    world.strangers_post();
    world.wait(120);
    everybody.clone().for_each(|at| world.sync(at, Cut::Whole));
    for at in everybody.clone() {
        let with = (at + 1) % world.clients.len();
        world.compare(at, with);
        world.tell_certificate(at, with);
    }
}

fn attack_needs_a_lost_answer(world: &World) -> bool {
    world.attack == Some(Attack::OldPlace)
}
