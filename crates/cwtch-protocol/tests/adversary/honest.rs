//! An honest server that crashes between any two writes, whose clock is wrong, that deletes what it may and declares
//! what it lost: nobody is alarmed, and nothing that it signed makes a proof.

use cwtch_log::object::CHECKPOINT_LEN;
use cwtch_protocol::monitor::Notice;
use cwtch_testkit::log::HonestLog;

use super::client::Cut;
use super::closing::{close, step_of};
use super::framing;
use super::outcome::Outcome;
use super::runner::{few, is_long, many};
use super::world::{Fault, World};

const DAY: u64 = 86_400;

/// Things that the operator has beside the database.
#[derive(Default)]
pub(crate) struct Operator {
    backup: Option<HonestLog>,
    /// Histories that a restore ended; what they signed was sent.
    ended: Vec<HonestLog>,
    pub(crate) lost: bool,
}

fn run(seed: u64) -> Outcome {
    let mut world = World::new(None, seed);
    let mut operator = Operator::default();
    for at in 0..world.clients.len() {
        world.sync(at, Cut::Whole);
    }
    for _ in 0..8 + world.below(10) {
        if world.chance(60) {
            step_of(&mut world);
        } else {
            happens(&mut world, &mut operator);
        }
    }
    // Clocks are right again; a server that once was ahead signs that time until it is true.
    world.drift = 0;
    // What a clock that was ahead signed is of the past by then.
    let ahead = world.server.logs()[0].time(0).saturating_sub(world.now);
    world.wait((2 * DAY).max(ahead + 60));
    close(&mut world, 0);
    let retired = world.chance(5);
    if retired {
        let now = world.now;
        world.server.honest().retire(now);
        world.wait(600);
    }
    operator.ended.push(world.server.logs()[0].clone());
    // A backup may have more than what was deleted since.
    let deleted = operator.ended.iter().map(HonestLog::min_index).max().unwrap_or(0);
    check(&mut world, retired, deleted);
    framing::nothing_is_proven(&operator.ended, &mut world.rng);
    world.outcome.fired = true;
    world.finish()
}

/// Something that happens to a server.
pub(crate) fn happens(world: &mut World, operator: &mut Operator) {
    let now = world.server_clock();
    let at = world.somebody();
    match world.below(13) {
        0 => world.post(at, Fault::BeforeCommit),
        1 => world.post(at, Fault::AfterCommit),
        2 => {
            let reached = world.below(3);
            world.post(at, Fault::AfterLive(reached));
        }
        3 => world.post(at, Fault::AfterAnswer),
        // Ten minutes are the most that a running server follows; a start may follow a day.
        4 => world.drift += i64::try_from(world.below(600)).unwrap(),
        5 => world.drift -= i64::try_from(world.below(200_000)).unwrap(),
        6 => {
            world.server_restarts();
            world.drift += i64::try_from(world.below(DAY as usize)).unwrap();
        }
        7 | 8 => {
            let size = world.server.logs()[0].size();
            let min_index = world.below(size as usize + 1) as u64;
            world.server.honest().prune(now, min_index);
        }
        9 => {
            let retention = world.below(DAY as usize * 3) as u64;
            world.server.honest().promise(now, retention, 0);
        }
        10 => operator.backup = Some(world.server.logs()[0].clone()),
        11 if !operator.lost => lose_everything(world, operator),
        _ => restore(world, operator),
    }
}

/// Loses everything but the keys, without a backup. The operator says so, by a clock that is right.
fn lose_everything(world: &mut World, operator: &mut Operator) {
    let present = world.server.logs()[0].clone();
    let now = world.server_clock().max(present.time(0));
    world.server.honest().lose_everything(now);
    operator.ended.push(present);
    operator.lost = true;
    world.server_restarts();
}

/// Loses the database. Its operator puts back a backup and says so; or has moved it and lost nothing.
fn restore(world: &mut World, operator: &mut Operator) {
    let present = world.server.logs()[0].clone();
    let backup = operator.backup.clone().filter(|_| !operator.lost);
    let mut log = backup.unwrap_or_else(|| present.clone());
    operator.lost |= log.size() < present.size() || log.certificate() != present.certificate();
    // The guard file knows the time that was signed last.
    let known = present.time(0).max(present.certificate().incarnation());
    log.restore(world.server_clock(), log.size(), known);
    operator.ended.push(present);
    *world.server.honest() = log;
    world.server_restarts();
}

fn check(world: &mut World, retired: bool, deleted: u64) {
    for at in 0..world.clients.len() {
        world.sync(at, Cut::Whole);
        let log = &world.server.logs()[0];
        let client = &world.clients[at];
        let bad = |notice: &&Notice| notice.accuses() || matches!(notice, Notice::NoReceipt { .. });
        assert_eq!(client.notices.iter().find(bad), None, "an honest server was accused");
        if retired {
            assert_eq!(client.notices.last(), Some(&Notice::Retired));
            continue;
        }
        assert_eq!(client.monitor().verified_size(), log.size(), "everything is there");
        for (index, mine) in client.received().iter().enumerate() {
            let expected = log.ids()[index];
            assert!(mine.is_none_or(|mine| mine == expected));
            assert!(mine.is_some() || (index as u64) < deleted, "only what was deleted is missing");
        }
        for post in client.posts.iter().filter(|post| post.answered) {
            let stored = log.index_of(&cwtch_testkit::log::entry_id(&post.message)).is_some();
            assert!(stored, "a post with a valid receipt is there");
        }
        let waits = client.store.heads.values().filter(|head| head.bytes.len() > CHECKPOINT_LEN).count();
        assert_eq!(waits, 0, "every receipt was compared");
    }
}

#[test]
fn an_honest_server_is_never_accused() {
    let totals = many("honest", run).unwrap();
    assert_eq!((totals.reached, totals.detected, totals.proven), (0, 0, 0));
    if is_long() {
        println!("honest: {} runs, {:?}", totals.runs, totals.kinds);
    }
}

/// The same schedules notice a server that sends before it commits, so the model can tell.
#[test]
fn a_server_that_sends_before_it_commits_is_noticed() {
    let run = |seed| {
        let mut world = World::new(None, seed);
        for at in 0..world.clients.len() {
            world.clients[at].offset = 0;
            world.sync(at, Cut::Whole);
        }
        world.post(0, Fault::SentBeforeCommit);
        let client = 1;
        world.sync(client, Cut::Whole);
        world.post(client, Fault::None);
        world.wait(60);
        close(&mut world, 0);
        world.outcome.detected = world.clients[0].monitor().is_stopped();
        world.outcome.fired = true;
        world.finish()
    };
    let totals = few("sent before commit", run).unwrap();
    assert_eq!(totals.detected, totals.runs);
    assert_eq!(totals.proven, totals.runs);
}
