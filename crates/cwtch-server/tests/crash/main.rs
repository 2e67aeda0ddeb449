//! A server that is killed again and again under load loses nothing that it acknowledged.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails may panic, and tells how to repeat it"
)]

mod clients;
#[path = "../common/mod.rs"]
mod common;
mod process;

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use clients::{FORBIDDEN, LAST, Poster, Report, Watcher, World, number};
use common::{LogView, PATIENCE, Place};
use cwtch_log::{CertificateKind, EntryId, FraudProof, Head, Receipt};
use cwtch_net::{ConnError, Loopback, NetError, UnreachableWhy};
use cwtch_server::keys::ServerKeys;
use cwtch_testkit::budget::{self, Sample};
use process::{Process, status};
use rand_chacha::rand_core::RngCore;
use tokio::sync::{mpsc, watch};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::timeout;

/// Number of kills under load, unless `CWTCH_KILLS` names another.
const KILLS: u64 = 50;
/// Number of kills that take place even when the time is over.
const FLOOR: u64 = 10;
const POSTERS: u32 = 4;
/// New posts that a life acknowledges before the time to its end is drawn: the load is under way.
const WARM: u64 = 8;
/// The longest time from there to the kill, in milliseconds.
const DELAY_MS: u64 = 150;
/// Number of lives after which one more kill comes, while the server starts.
const EARLY_EVERY: u32 = 5;
/// The longest time from its start to that kill, in milliseconds.
const EARLY_MS: u64 = 80;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_nothing_acknowledged() {
    let mut rng = cwtch_testkit::rng(cwtch_testkit::seed("CWTCH_CRASH_SEED"));
    let mut below = |limit: u64| Duration::from_millis(rng.next_u64() % (limit + 1));
    let place = Place::new();
    let mut server = block_in_place(|| started(&place));
    let keys = ServerKeys::load(&place.data()).unwrap();
    let world = Arc::new(World {
        network: Arc::new(Loopback::new(place.net())),
        board: keys.board.address(),
        issuer: keys.issuer,
        life: watch::Sender::new(0),
        killed: AtomicU32::new(0),
        acknowledged: watch::Sender::new(0),
    });
    let (reports, mut reported) = mpsc::channel(16);
    let mut posters = JoinSet::new();
    for n in 0..POSTERS {
        posters.spawn(Poster::new(Arc::clone(&world), n, POSTERS).run(reports.clone()));
    }
    let seen = Arc::new(Mutex::new(Vec::new()));
    let mut watching = JoinSet::new();
    watching.spawn(Watcher::new(Arc::clone(&world), Arc::clone(&seen)).run(reports));

    let mut under_load = world.acknowledged.subscribe();
    let mut left_open = 0;
    let lives = Sample::new("kills of a server", budget::number("CWTCH_KILLS").unwrap_or(KILLS), FLOOR);
    for life in lives.map(|run| u32::try_from(run + 1).unwrap()) {
        let warm = *world.acknowledged.borrow() + WARM;
        world.life.send_replace(life);
        let loaded = async { drop(under_load.wait_for(|count| *count >= warm).await.unwrap()) };
        unless_failed(&mut posters, &mut watching, "the load is under way", loaded).await;
        tokio::time::sleep(below(DELAY_MS)).await;
        world.killed.store(life, Ordering::SeqCst);
        block_in_place(|| server.kill());

        // Everybody has read what the server said to the end.
        let mut sum = Report::default();
        for _ in 0..=POSTERS {
            let report = async { reported.recv().await.unwrap() };
            let report = unless_failed(&mut posters, &mut watching, "the kill is noticed", report).await;
            sum.acknowledged += report.acknowledged;
            sum.unknown += report.unknown;
        }
        left_open += sum.unknown;
        expect_unreachable(&world).await;
        let (messages, spent) = block_in_place(|| status(&place));
        assert_eq!(messages, spent, "after kill {life}: a message for each spent token");
        assert!(
            (sum.acknowledged..=sum.acknowledged + sum.unknown).contains(&messages),
            "after kill {life}: {messages} messages, but {sum:?}"
        );
        if life % EARLY_EVERY == 0 {
            let starting = Process::spawn(&place);
            tokio::time::sleep(below(EARLY_MS)).await;
            block_in_place(|| starting.kill());
        }
        server = block_in_place(|| started(&place));
    }

    world.life.send_replace(LAST);
    let (mut stored, mut repeated, mut receipts) = (HashSet::new(), 0, Vec::new());
    for _ in 0..POSTERS {
        let settled =
            timeout(PATIENCE, posters.join_next()).await.expect("the posters settle their accounts");
        let poster = settled.unwrap().unwrap();
        repeated += poster.repeated;
        stored.extend(poster.stored.iter().map(|post| post.n));
        receipts.extend(poster.receipts);
    }
    let replay = world.dial().await.unwrap().replay(None).await;
    let numbers: Vec<u32> = replay.iter().map(number).collect();
    let distinct: HashSet<u32> = numbers.iter().copied().collect();
    assert_eq!(distinct.len(), numbers.len(), "a message is stored twice");
    assert!(numbers.iter().all(|n| n & FORBIDDEN == 0), "a message is stored that nobody paid for");
    let lost: Vec<_> = stored.difference(&distinct).collect();
    assert!(lost.is_empty(), "acknowledged, but lost: {lost:?}");
    assert_eq!(distinct, stored, "stored, but never acknowledged");

    let log = world.dial().await.unwrap().replay_log(0).await;
    block_in_place(|| check_receipts(&world, &log, &receipts));
    assert_eq!(receipts.len(), stored.len());

    let caught_up = async {
        while seen.lock().unwrap().len() < numbers.len() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    unless_failed(&mut posters, &mut watching, "the watcher catches up", caught_up).await;
    assert!(*seen.lock().unwrap() == numbers, "the order is not the one that was seen before");
    watching.abort_all();

    block_in_place(|| server.stop());
    let count = numbers.len() as u64;
    assert_eq!(block_in_place(|| status(&place)), (count, count));
    // Otherwise the kills missed every post, and nothing was tested.
    assert!(left_open > 0 && repeated >= left_open, "{left_open} posts were left open, {repeated} repeated");
    eprintln!("{count} messages, {left_open} of them under way when the server was killed");
}

/// Checks that every receipt given in any life still holds: one incarnation, its entry where it says, and no two
/// checkpoints that contradict each other.
fn check_receipts(world: &World, log: &LogView, receipts: &[(u32, Vec<u8>)]) {
    let (certificate, newest) = log.verify(&world.board);
    assert_eq!(certificate.kind(), CertificateKind::First, "a kill looked like a restore");
    let mut checkpoints = BTreeMap::from([(newest.to_bytes(), newest)]);
    for (n, bytes) in receipts {
        let receipt = Receipt::from_bytes(bytes, &certificate).expect("a receipt is valid");
        let message = clients::message(*n);
        assert!(receipt.verify_entry(&EntryId::of(&message.signature, &message.ciphertext)));
        assert!(log.entries[usize::try_from(receipt.index()).unwrap()] == message, "not at its index");
        checkpoints.insert(receipt.checkpoint().to_bytes(), receipt.checkpoint().clone());
    }
    let all: Vec<_> = checkpoints.into_values().collect();
    for a in &all {
        for b in &all {
            assert!(FraudProof::shrunk(&certificate, a, b).is_none());
            let heads = [Head::from(a.clone()), Head::from(b.clone())];
            assert!(FraudProof::same_size(&certificate, &heads[0], &heads[1]).is_none());
        }
    }
}

fn started(place: &Place) -> Process {
    let server = Process::spawn(place);
    server.ready();
    server
}

/// Checks that a killed server cannot be dialled: its address file is left over, and a caller hears what that means.
async fn expect_unreachable(world: &World) {
    match world.dial().await.map(drop) {
        Err(ConnError::Network(error @ NetError::Unreachable { why: UnreachableWhy::Refused })) => {
            assert!(error.to_string().contains("not online"), "{error}");
        }
        other => panic!("a killed server was dialled: {other:?}"),
    }
}

/// Waits for something, but not if a client has found a fault meanwhile.
async fn unless_failed<T>(
    posters: &mut JoinSet<Poster>,
    watching: &mut JoinSet<()>,
    what: &str,
    work: impl Future<Output = T>,
) -> T {
    tokio::select! {
        done = timeout(PATIENCE, work) => done.unwrap_or_else(|_| panic!("expected that {what}; it did not happen")),
        Some(ended) = posters.join_next() => {
            ended.unwrap();
            panic!("a poster ended early");
        }
        Some(ended) = watching.join_next() => {
            ended.unwrap();
            panic!("the watcher ended early");
        }
    }
}
