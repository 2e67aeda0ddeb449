//! A daemon that is killed again and again under load, and a server that is killed with it, lose nothing
//! that they acknowledged.

#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test that fails may panic, and tells how to repeat it"
)]

#[path = "../common/mod.rs"]
mod common;
mod load;

use std::collections::HashSet;
use std::path::Path;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use common::{PATIENCE, Person, Server, World, until};
use cwtch_primitives::rand_core::RngCore;
use cwtch_server::store::{SqliteStore, Store, StoreStatus};
use cwtch_testkit::budget::{self, Sample};
use load::{Accounts, Sender, Target};
use serde_json::{Value, json};

/// Kills of the daemon under load, where `CWTCH_KILLS` says nothing else.
const KILLS: u64 = 50;
/// How many of them take place whatever the time is: the server dies in both ways.
const FLOOR: u64 = 10;
/// In every other life the kill comes so many milliseconds, at most, after messages went through in both
/// directions and to the group.
const DELAY_MS: u64 = 100;
/// In the others so long after its start: into dialling, handshakes, replays, purchases of tokens.
const YOUNG_MS: u64 = 400;
/// After every so many lives one more kill comes while the daemon opens its profile.
const EARLY_EVERY: u64 = 5;
const EARLY_MS: u64 = 80;
/// In one of so many lives the server is killed while the daemon lives, in another together with it.
const SERVER_EVERY: u64 = 8;
/// After every so many lives the victim's past is compared with what it was.
const LOOK_EVERY: u64 = 5;
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(5);

#[test]
fn fifty_kills_lose_and_double_nothing() {
    let mut rng = cwtch_testkit::rng(cwtch_testkit::seed("CWTCH_CRASH_SEED"));
    let mut below = |limit: u64| Duration::from_millis(rng.next_u64() % (limit + 1));
    let world = World::new();
    let mut server = world.server("server");
    let (mut alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    let (group, tofubundle) = introduce(&server, &alice, &bob);

    let (of_alice, of_bob) = (Target::new(alice.socket()), Target::new(bob.socket()));
    let senders = [
        Sender::start("alice to bob", &of_alice, &bob.address, 4, "acknowledged"),
        Sender::start("bob to alice", &of_bob, &alice.address, 4, "acknowledged"),
        Sender::start("alice to all", &of_alice, &group, 2, "stored"),
        Sender::start("bob to all", &of_bob, &group, 2, "stored"),
    ];
    of_bob.lives(1);
    let mut before = Vec::new();
    let kills = budget::number("CWTCH_KILLS").unwrap_or(KILLS);
    let mut last = 0;
    for life in Sample::new("kills of a daemon", kills, FLOOR).map(|run| run + 1) {
        last = life;
        let sent = senders.each_ref().map(Sender::confirmed);
        of_alice.lives(life);
        if life % 2 == 1 {
            wait(&senders, "messages go through on all four ways", || {
                senders.iter().zip(sent).all(|(sender, sent)| sender.confirmed() > sent)
            });
            sleep(below(DELAY_MS));
        } else {
            sleep(below(YOUNG_MS));
        }
        let server_dies = match life % SERVER_EVERY {
            3 => {
                server.kill();
                sleep(below(DELAY_MS));
                server.start();
                sleep(below(DELAY_MS));
                false
            }
            6 => {
                server.kill();
                sleep(below(DELAY_MS));
                true
            }
            _ => false,
        };
        alice.kill();
        if server_dies {
            server.start();
        }
        if life % EARLY_EVERY == 0 {
            killed_while_it_starts(&alice, below(EARLY_MS));
        }
        alice.start();
        if life % LOOK_EVERY == 0 {
            before = still_there(&alice, &bob.address, &before);
        }
    }

    of_alice.lives(last + 1);
    of_alice.enough();
    of_bob.enough();
    let [a_to_b, b_to_a, a_to_all, b_to_all] = senders.map(Sender::accounts);
    for person in [&alice, &bob] {
        let mut rpc = person.rpc();
        until("everything that was queued has left", || {
            let status = rpc.call(1, "status", json!({}));
            (status["result"]["queued"] == 0).then_some(())
        });
        let synced = rpc.call(2, "sync", json!({}));
        assert_eq!(synced["result"]["rejected"], 0, "{synced}");
        assert_eq!(rpc.call(3, "rejects", json!({}))["result"], json!([]));
    }

    let (at_alice, at_bob) = (all(&alice, &bob.address), all(&bob, &alice.address));
    two_sides_agree(&a_to_b, &own(&at_alice, "acknowledged"), &others(&at_bob, "received"));
    two_sides_agree(&b_to_a, &own(&at_bob, "acknowledged"), &others(&at_alice, "received"));
    still_there(&alice, &bob.address, &before);

    // Somebody new reads the group as the server has it.
    let carol = world.person("carol");
    carol.ok(&["experiment", "enable", "groups"]);
    carol.ok(&["group", "join", &tofubundle]);
    let count = carol.ok(&["--network", &world.network(), "sync"])["received"].as_u64().unwrap();
    let [by_alice, by_bob, by_carol] = [&alice, &bob, &carol].map(|person| all(person, &group));
    let all = others(&by_carol, "verified");
    let of = |author: &str| -> Vec<String> {
        all.iter().filter(|text| text.starts_with(author)).cloned().collect()
    };
    two_sides_agree(&a_to_all, &own(&by_alice, "stored"), &of("alice"));
    two_sides_agree(&b_to_all, &own(&by_bob, "stored"), &of("bob"));
    // Who wrote and who only reads have one order, the server's.
    let order = |messages: &[Value]| -> Vec<Value> { messages.iter().map(|m| m["text"].clone()).collect() };
    assert_eq!(order(&by_alice), order(&by_carol), "alice has another order");
    assert_eq!(order(&by_bob), order(&by_carol), "bob has another order");
    for messages in [&by_alice, &by_bob, &by_carol] {
        assert_eq!(messages.len() as u64, count);
        let behind_gaps: Vec<_> = messages.iter().filter(|message| message["gap"] == true).collect();
        assert!(behind_gaps.is_empty(), "nothing is missing, but: {behind_gaps:?}");
    }

    server.stop();
    let StoreStatus { messages, spent, .. } = counters(&world.path("server"));
    assert_eq!(
        (messages, spent),
        (count, count),
        "each token paid for one message, each message took one token"
    );
    // Else nothing of this was put to the test.
    let open = |accounts: &Accounts| accounts.asked.len() - accounts.confirmed.len();
    assert!(open(&a_to_b) > 0 && open(&a_to_all) > 0, "no kill came while something was under way");
    eprintln!(
        "{} + {} messages, {} posts; {} + {} were under way when the daemon was killed",
        a_to_b.asked.len(),
        b_to_a.asked.len(),
        count,
        open(&a_to_b),
        open(&a_to_all)
    );
}

/// Both know each other and the group; its id and its invite.
fn introduce(server: &Server, alice: &Person, bob: &Person) -> (String, String) {
    alice.befriend("Bob", bob, "Alice");
    for person in [alice, bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let made = alice.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    let (group, tofubundle) = (text("group"), text("tofubundle"));
    bob.ok(&["group", "join", &tofubundle]);
    (group, tofubundle)
}

/// A start that does not get far.
fn killed_while_it_starts(person: &Person, after: Duration) {
    let mut command = person.command(&["--json", "--network", &person.network, "daemon"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    sleep(after);
    child.kill().unwrap();
    assert_eq!(child.wait().unwrap().code(), None, "the daemon ended by itself");
}

/// Waits for a condition, but not if a sender has found a fault meanwhile.
fn wait(senders: &[Sender], what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(!senders.iter().any(Sender::has_ended), "a sender found a fault, see above");
        let so_far: Vec<_> = senders.iter().map(Sender::confirmed).collect();
        assert!(Instant::now() < deadline, "expected that {what}; it did not happen: {so_far:?}");
        sleep(LOOK);
    }
}

/// All messages of a conversation, in its order. A one-shot command where no daemon runs.
fn all(person: &Person, conversation: &str) -> Vec<Value> {
    let ran = person.json(&["messages", conversation]);
    assert_eq!(ran.code, 0, "{ran:?}");
    ran.values()
}

/// What was listed before is listed now, in its place; tells what is listed now.
fn still_there(person: &Person, conversation: &str, before: &[(i64, String)]) -> Vec<(i64, String)> {
    let now: Vec<_> = all(person, conversation)
        .iter()
        .map(|message| (message["id"].as_i64().unwrap(), message["text"].as_str().unwrap().to_owned()))
        .collect();
    assert_eq!(now.get(..before.len()), Some(before), "the past has changed");
    now
}

/// The texts of the own messages, which must all be in this state.
fn own(messages: &[Value], state: &str) -> Vec<String> {
    texts(messages, true, state)
}

/// The texts of the others' messages, which must all be in this state.
fn others(messages: &[Value], state: &str) -> Vec<String> {
    texts(messages, false, state)
}

fn texts(messages: &[Value], own: bool, state: &str) -> Vec<String> {
    let wanted = messages.iter().filter(|message| message["own"] == own);
    wanted
        .map(|message| {
            assert_eq!(message["state"], state, "{message}");
            message["text"].as_str().unwrap().to_owned()
        })
        .collect()
}

/// What one side wrote is what the other side read: once each, in order; and nothing that was promised is
/// missing.
fn two_sides_agree(accounts: &Accounts, written: &[String], read: &[String]) {
    let (wrote, has): (HashSet<_>, HashSet<_>) = (written.iter().collect(), read.iter().collect());
    let missing = |promised: &HashSet<String>| -> Vec<String> {
        promised.iter().filter(|text| !has.contains(text)).cloned().collect()
    };
    let (unconfirmed, lost) = (missing(&accounts.durable), missing(&accounts.confirmed));
    assert!(lost.is_empty(), "confirmed, but lost: {lost:?}");
    assert!(unconfirmed.is_empty(), "kept for sending, but never sent: {unconfirmed:?}");
    assert!(written.iter().all(|text| accounts.asked.contains(text)));
    assert_eq!((wrote.len(), has.len()), (written.len(), read.len()), "something is doubled");
    assert!(wrote == has, "only written or only read: {:?}", wrote.symmetric_difference(&has));
    assert!(written == read, "the order differs");
}

/// What the server holds.
fn counters(data: &Path) -> StoreStatus {
    SqliteStore::existing(data).reader().unwrap().status().unwrap()
}
