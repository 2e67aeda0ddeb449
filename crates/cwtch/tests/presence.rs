//! Appearing offline: nobody is let in, nobody is dialled but who was chosen, and it outlives the daemon.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

mod common;

use common::{Person, Server, World, until};
use serde_json::{Value, json};

/// Waits until a person sees a contact come or go.
fn sees(person: &Person, other: &Person, online: bool) {
    until("a contact comes or goes", || (person.contact(&other.address)?["online"] == online).then_some(()));
}

/// Waits until the address of somebody can be dialled, or cannot.
fn is_published(world: &World, person: &Person, published: bool) {
    let file = world.path("network").join(&person.address);
    until("the address is published or withdrawn", || (file.exists() == published).then_some(()));
}

fn presence(person: &Person) -> Value {
    person.ok(&["status"])["presence"].clone()
}

fn two(world: &World) -> (Person, Person) {
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    sees(&bob, &alice, true);
    (alice, bob)
}

#[test]
fn who_appears_offline_is_seen_by_nobody_but_who_was_chosen() {
    let world = World::new();
    let (mut alice, bob) = two(&world);
    let number = alice.contact(&bob.address).unwrap()["conversation"].clone();
    let hidden = json!({"presence": "appear-offline", "kept": "appear-offline", "chosen": []});
    let mut events = alice.rpc();
    events.call(1, "subscribe", json!({}));
    // How it is before.
    assert_eq!(events.event(|event| event["event"] == "presence")["presence"], "online");
    assert_eq!(alice.ok(&["go", "appear-offline"]), hidden);
    assert_eq!(events.event(|event| event["event"] == "presence")["presence"], "appear-offline");
    // It is so when it is said.
    assert!(!world.path("network").join(&alice.address).exists());
    assert_eq!(alice.contact(&bob.address).unwrap()["online"], false);
    sees(&bob, &alice, false);
    let detail = bob.queues(&["send", "Alice", "are you there?", "--timeout", "1"])["detail"].clone();
    assert!(detail.as_str().unwrap().contains("stays queued"), "{detail}");

    // What is only queued stays; what is waited for connects, for as long as it is waited for.
    assert_eq!(alice.ok(&["send", "Bob", "later", "--no-wait"])["state"], "queued");
    assert_eq!(alice.contact(&bob.address).unwrap()["connection"]["phase"], "offline");
    assert_eq!(alice.messages("Bob")[0]["state"], "queued");
    assert_eq!(alice.ok(&["send", "Bob", "now"])["state"], "acknowledged");
    bob.receives("Alice", "now");
    sees(&bob, &alice, false);

    // A chosen contact stays connected, and still nobody else gets in.
    let chosen = alice.ok(&["connect", "Bob"]);
    assert_eq!(chosen, json!({"presence": "appear-offline", "kept": "appear-offline", "chosen": [number]}));
    sees(&bob, &alice, true);
    alice.receives("Bob", "are you there?");
    bob.receives("Alice", "later");
    is_published(&world, &alice, false);
    assert_eq!(alice.ok(&["disconnect", "Bob"])["chosen"], json!([]));
    sees(&bob, &alice, false);

    // A choice ends with the daemon, the presence does not.
    alice.ok(&["connect", "Bob"]);
    alice.stop();
    alice.start();
    assert_eq!(presence(&alice), hidden);
    assert_eq!(alice.ok(&["status"])["online"], false);
    is_published(&world, &alice, false);
    let shown = alice.human(&["status"]).stdout;
    assert!(shown.contains("you appear offline") && shown.contains("cwtch go online"), "{shown}");

    assert_eq!(alice.ok(&["go", "online"]), json!({"presence": "online", "kept": "online", "chosen": []}));
    is_published(&world, &alice, true);
    sees(&bob, &alice, true);
    assert_eq!(alice.fails(&["disconnect", "Bob"]).0, "refused");
    alice.stop();
    alice.start();
    assert_eq!(presence(&alice)["presence"], "online");
    sees(&bob, &alice, true);
}

#[test]
fn a_daemon_may_start_disconnected_for_once() {
    let world = World::new();
    let (mut alice, bob) = two(&world);
    alice.stop();
    sees(&bob, &alice, false);
    let disconnected = ["--json", "--network", &world.network(), "daemon", "--appear-offline"];
    let command = alice.command(&disconnected);
    alice.start_by(command);
    assert_eq!(presence(&alice), json!({"presence": "appear-offline", "kept": "online", "chosen": []}));
    is_published(&world, &alice, false);
    alice.ok(&["connect", "Bob"]);
    sees(&bob, &alice, true);
    alice.stop();
    alice.start();
    is_published(&world, &alice, true);
    alice.stop();
    let command = alice.command(&disconnected);
    alice.start_by(command);
    alice.ok(&["go", "online"]);
    is_published(&world, &alice, true);
    sees(&bob, &alice, true);
}

#[test]
fn without_a_daemon_it_is_kept_for_the_next_one_and_commands_reach_whom_they_name() {
    let world = World::new();
    let (mut alice, bob) = two(&world);
    alice.stop();
    assert_eq!(alice.ok(&["go", "appear-offline"])["kept"], "appear-offline");
    assert_eq!(alice.fails(&["connect", "Bob"]).0, "refused");
    let network = world.network();
    assert_eq!(alice.ok(&["--network", &network, "send", "Bob", "hello"])["state"], "acknowledged");
    bob.receives("Alice", "hello");
    alice.start();
    assert_eq!(presence(&alice)["presence"], "appear-offline");
    is_published(&world, &alice, false);
}

/// Two people in a group, both online.
fn group(world: &World) -> (Server, Person, Person, String) {
    let server = world.server("server");
    let (alice, bob) = two(world);
    for person in [&alice, &bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let made = alice.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    bob.ok(&["group", "join", made["tofubundle"].as_str().unwrap()]);
    let group = made["group"].as_str().unwrap().to_owned();
    assert_eq!(bob.ok(&["send", &group, "first"])["state"], "stored");
    alice.receives(&group, "first");
    (server, alice, bob, group)
}

fn server_is(person: &Person, phase: &str) {
    until("the server's phase", || (person.ok(&["server", "list"])[0]["phase"] == phase).then_some(()));
}

#[test]
fn a_server_is_asked_by_who_appears_offline_only_when_it_is_chosen() {
    let world = World::new();
    let (_server, alice, bob, group) = group(&world);
    alice.ok(&["go", "appear-offline"]);
    assert_eq!(alice.ok(&["server", "list"])[0]["phase"], "offline", "when it is said");
    assert_eq!(bob.ok(&["send", &group, "second"])["state"], "stored");
    assert_eq!(alice.ok(&["send", &group, "only queued", "--no-wait"])["state"], "queued");
    assert_eq!(alice.ok(&["group", "show", &group])["queued"], 1);

    // As without a daemon: it fetches, sends what is queued, and leaves.
    let synced = alice.ok(&["sync", &group]);
    assert_eq!((&synced["received"], &synced["waiting"]), (&json!(1), &json!(0)));
    server_is(&alice, "offline");
    bob.receives(&group, "only queued");
    assert_eq!(alice.ok(&["send", &group, "waited for"])["state"], "stored");
    server_is(&alice, "offline");

    alice.ok(&["connect", "Hikers"]);
    server_is(&alice, "synced");
    assert_eq!(bob.ok(&["send", &group, "third"])["state"], "stored");
    alice.receives(&group, "third");
    alice.ok(&["disconnect", "Hikers"]);
    server_is(&alice, "offline");
    alice.ok(&["go", "online"]);
    server_is(&alice, "synced");
}
