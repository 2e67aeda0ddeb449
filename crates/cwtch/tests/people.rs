//! People talk: with and without daemons.

mod common;
#[path = "people/conversations.rs"]
mod conversations;
#[path = "people/forks.rs"]
mod forks;
#[path = "people/group.rs"]
mod group;
#[path = "people/moves.rs"]
mod moves;
#[path = "people/names.rs"]
mod names;
#[path = "people/pictures.rs"]
mod pictures;
#[path = "people/safety.rs"]
mod safety;
#[path = "people/search.rs"]
mod search;
#[path = "people/vanishing.rs"]
mod vanishing;

use common::World;
use serde_json::{Value, json};

#[test]
fn two_people_chat_through_their_daemons() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let sent = alice.ok(&["send", "Bob", "Hello & <welcome>"]);
    assert_eq!((&sent["state"], &sent["own"]), (&"acknowledged".into(), &true.into()));
    let got = bob.receives("Alice", "Hello & <welcome>");
    assert_eq!((&got["state"], &got["author"]), (&"received".into(), &alice.address.as_str().into()));

    let id = got["id"].to_string();
    let reply = bob.ok(&["send", &alice.address, "Thanks", "--reply-to", &id]);
    assert_eq!((&reply["overlay"], &reply["state"]), (&10.into(), &"acknowledged".into()));
    let reply = alice.receives("Bob", "Thanks");
    assert_eq!(reply["quoted"], sent["id"]);
    assert_eq!(alice.json(&["messages", "Bob", "--since", &sent["id"].to_string()]).values().len(), 1);
}

#[test]
fn a_message_without_a_daemon_reaches_a_daemon() {
    let world = World::new();
    let (alice, bob) = (world.person("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let network = world.network();
    let sent = alice.ok(&["--network", &network, "send", "Bob", "just passing by"]);
    assert_eq!(sent["state"], "acknowledged");
    bob.receives("Alice", "just passing by");
}

#[test]
fn a_message_to_nobody_stays_queued_and_arrives_later() {
    let world = World::new();
    let (alice, mut bob) = (world.person_online("alice"), world.person("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let queued = alice.queues(&["send", "Bob", "are you there?", "--timeout", "1"]);
    assert!(queued["detail"].as_str().unwrap().contains("stays queued"), "{queued}");
    assert_eq!(alice.messages("Bob")[0]["id"], queued["id"]);
    assert_eq!(alice.messages("Bob")[0]["state"], "queued");
    bob.start();
    bob.receives("Alice", "are you there?");
    common::until("it is acknowledged", || {
        (alice.messages("Bob")[0]["state"] == "acknowledged").then_some(())
    });
    assert_eq!(bob.texts("Alice").len(), 1, "and only once");
}

#[test]
fn strangers_are_asked_about_and_the_blocked_are_not_heard() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.ok(&["contact", "add", &bob.address, "--name", "Bob"]);
    common::until("Bob is asked", || bob.contact(&alice.address).filter(|c| c["state"] == "unknown"));
    alice.queues(&["send", "Bob", "let me in", "--timeout", "1"]);
    bob.ok(&["contact", "block", &alice.address]);
    alice.queues(&["send", "Bob", "please", "--timeout", "1"]);
    assert!(bob.messages(&alice.address).is_empty());
}

#[test]
fn text_can_come_from_standard_input() {
    use std::io::Write;
    use std::process::Stdio;
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let mut child = alice
        .command(&["--json", "send", "Bob", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"two\nlines\n").unwrap();
    assert_eq!(common::Ran::of(child.wait_with_output().unwrap()).value()["text"], "two\nlines");
    bob.receives("Alice", "two\nlines");
}

#[test]
fn a_text_that_is_too_long_is_wrong_usage_and_nothing_is_queued() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person("bob"));
    alice.ok(&["contact", "add", &bob.address, "--name", "Bob"]);
    let ran = alice.json(&["send", "Bob", &"x".repeat(20_000)]);
    assert_eq!((ran.code, ran.error().0.as_str()), (2, "usage"), "{ran:?}");
    assert!(alice.messages("Bob").is_empty());
}

#[test]
fn three_people_and_a_server_make_a_group() {
    let world = World::new();
    let server = world.server("server");
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    let carol = world.person("carol");
    for person in [&alice, &bob, &carol] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let made = alice.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    let (id, bundle) = (made["group"].as_str().unwrap(), made["tofubundle"].as_str().unwrap());
    bob.ok(&["server", "add", &server.bundle]);
    assert_eq!(bob.ok(&["group", "join", made["invite"].as_str().unwrap()])["group"], id);
    // Without a daemon, by the bundle alone.
    assert_eq!(carol.ok(&["group", "join", bundle])["name"], "Hikers");

    assert_eq!(alice.ok(&["send", "Hikers", "one"])["state"], "stored");
    bob.receives(id, "one");
    let network = world.network();
    assert_eq!(carol.ok(&["--network", &network, "sync", id])["received"], 1);
    assert_eq!(carol.ok(&["--network", &network, "send", "Hikers", "two"])["state"], "stored");
    alice.receives("Hikers", "two");
    bob.receives("Hikers", "two");
    assert_eq!(alice.ok(&["sync"])["rejected"], 0);
    assert_eq!(bob.texts("Hikers"), ["one", "two"]);
    bob.ok(&["group", "leave", "Hikers"]);
    assert_eq!(bob.ok(&["group", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn what_waits_can_be_taken_back_sent_again_and_deleted() {
    let world = World::new();
    let (alice, mut bob) = (world.person_online("alice"), world.person("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let id = |message: &Value| message["id"].to_string();
    let oops = id(&alice.ok(&["send", "Bob", "oops", "--no-wait"]));
    let kept = id(&alice.ok(&["send", "Bob", "kept", "--no-wait"]));
    let said = alice.human(&["message", "cancel", &oops]);
    assert_eq!((said.code, said.stdout), (0, format!("Message {oops} is taken back.\n")));
    assert_eq!(alice.fails(&["message", "cancel", &oops]).0, "refused");
    assert_eq!(alice.fails(&["message", "cancel", "999"]).0, "not-found");
    // Words for people say what became of it, and the exit code says it to scripts.
    let waits = alice.human(&["message", "retry", &kept, "--timeout", "1"]);
    assert_eq!(waits.code, 3, "{waits:?}");
    assert!(waits.stdout.contains("queued") && waits.stderr.is_empty(), "{waits:?}");
    bob.start();
    assert_eq!(bob.receives("Alice", "kept")["text"], "kept");
    assert_eq!(bob.texts("Alice"), ["kept"]);
    assert_eq!(alice.ok(&["message", "retry", &oops])["state"], "acknowledged");
    bob.receives("Alice", "oops");
    assert_eq!(alice.ok(&["message", "delete", &oops]), json!({}));
    assert_eq!(alice.texts("Bob"), ["kept"]);
    assert_eq!(bob.texts("Alice").len(), 2, "for nobody else");
}

#[test]
fn a_sync_with_one_dead_server_of_two_says_so_and_keeps_the_rest() {
    let world = World::new();
    let (living, mut dead) = (world.server("living"), world.server("dead"));
    let (alice, bob) = (world.person_online("alice"), world.person("bob"));
    for person in [&alice, &bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let made = alice.ok(&["group", "new", "Hikers", "--server", &living.bundle]);
    bob.ok(&["group", "join", made["tofubundle"].as_str().unwrap()]);
    bob.ok(&["group", "new", "Lost", "--server", &dead.bundle]);
    alice.ok(&["send", "Hikers", "hello"]);
    dead.stop();
    let network = world.network();
    let synced = bob.json(&["--network", &network, "sync"]);
    assert_eq!(synced.code, 10, "{synced:?}");
    let report = synced.value();
    assert_eq!(report["received"], 1);
    let of = |address: &str| {
        report["servers"]
            .as_array()
            .unwrap()
            .iter()
            .find(|server| server["server"] == address)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&of(&living.address)["received"], &of(&living.address)["trouble"]),
        (&json!(1), &json!(null))
    );
    assert!(of(&dead.address)["trouble"].as_str().unwrap().contains("cannot be used now"));
    assert_eq!(bob.texts("Hikers"), ["hello"]);
    let words = bob.human(&["--network", &network, "sync"]);
    assert_eq!(words.code, 10);
    assert!(words.stdout.starts_with("Not all servers could be asked"), "{words:?}");
    assert_eq!(bob.fails(&["--network", &network, "sync", "Lost"]).0, "unreachable");
}
