//! Members of groups over the shipped store: the machine for groups with the database, beside a store in memory that takes the
//! same steps.
//!
//! A *schedule* follows from a seed. Several people are members of several groups on one server; they write, sync, are cut
//! off, restart, are put back from a copy, lose and repair messages; one of them lies. What each of them is told is held against
//! what was done, and the database against the memory, after each step. What runs is what ships, but for the tasks and their
//! channels: following the board ([`Follower`](cwtch_protocol::board::Follower)), composing
//! ([`prepare`](crate::engine::groups::compose::prepare)), trying keys, storing batches, judging, repairing.
//!
//! There are a tenth as many schedules as in `cwtch-protocol/tests/adversary`, by the same variables: `CWTCH_ADVERSARY=n`
//! counts a tenth of `n`, `CWTCH_ADVERSARY_SEED=n` repeats one.

mod link;
mod person;
mod random;
mod tricks;
mod truth;
mod twin;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};

use cwtch_testkit::budget::{self, Sample};

pub(super) use person::{copy, directory};
pub(super) use world::TOKENS;
use world::{Outcome, World};

/// Schedules that run whatever the time is.
const FLOOR: u64 = 10;

/// One schedule.
fn run(seed: u64) -> Outcome {
    let mut world = World::new(seed);
    for at in 0..world.people.len() {
        world.sync(at);
    }
    for _ in 0..18 {
        world.step();
    }
    world.close()
}

#[test]
fn the_shipped_store_blames_the_liar_and_nobody_else() {
    let count = budget::number("CWTCH_ADVERSARY").unwrap_or(1000) / 10 + 1;
    let all = || Sample::new("schedules of members over the shipped store", count, FLOOR);
    let seeds = budget::number("CWTCH_ADVERSARY_SEED").map_or_else(all, Sample::only);
    let failed = AtomicU64::new(u64::MAX);
    // How many servers did something, and how many of them were found out.
    let (acted, caught) = (AtomicU64::new(0), AtomicU64::new(0));
    let work = || {
        for seed in &seeds {
            let Ok(outcome) = catch_unwind(AssertUnwindSafe(|| run(seed))) else {
                seeds.stop();
                failed.fetch_min(seed, Ordering::Relaxed);
                eprintln!("members over the shipped store: CWTCH_ADVERSARY_SEED={seed} repeats it");
                continue;
            };
            acted.fetch_add(outcome.acted.into(), Ordering::Relaxed);
            caught.fetch_add(outcome.caught.into(), Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    assert_eq!(failed.into_inner(), u64::MAX, "no schedule fails");
    let (acted, caught) = (acted.into_inner(), caught.into_inner());
    assert!(acted < 20 || caught * 3 > acted, "of {acted} servers that cheated {caught} were found out");
}
