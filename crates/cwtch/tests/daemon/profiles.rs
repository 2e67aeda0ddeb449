//! Several profiles in one daemon.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test that fails may panic")]

use std::fs;

use serde_json::{Value, json};

use crate::common::{Person, Rpc, Terminal, World, until};

/// The next message that one of the subscribed profiles is told of: whose, and its text.
fn told(rpc: &mut Rpc) -> (String, String) {
    let event = rpc.event(|event| event["event"] == "message" && event["message"]["own"] == false);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    (text(&event["profile"]), text(&event["message"]["text"]))
}

/// Whether a contact is connected.
fn sees(person: &Person, other: &Person) -> bool {
    person.contact(&other.address).is_some_and(|contact| contact["online"] == true)
}

fn meet(one: &Person, other: &Person) {
    until("they are connected", || (sees(one, other) && sees(other, one)).then_some(()));
}

#[test]
fn profiles_of_one_daemon_talk_with_each_other_and_with_others_and_nothing_is_mixed_up() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    let carol = world.person_online("carol");
    alice.start_with(&[&bob]);
    alice.befriend("Bob", &bob, "Alice");
    alice.befriend("Carol", &carol, "Alice");
    bob.befriend("Carol", &carol, "Bob");
    assert_eq!(alice.ok(&["address"])["address"], alice.address.as_str());
    assert_eq!(bob.ok(&["address"])["address"], bob.address.as_str());
    let open: Vec<_> = bob.ok(&["status"])["profiles"].as_array().unwrap().clone();
    let both = [("alice", &alice.address), ("bob", &bob.address)];
    let shown = bob.human(&["status"]).stdout;
    assert!(shown.lines().any(|line| line.starts_with("open") && line.ends_with("alice, bob")), "{shown}");
    assert_eq!(open, both.map(|(profile, address)| json!({"profile": profile, "address": address})));

    // One connection for both, by the socket for all; and one that came through a door.
    let mut all = alice.rpc_for_all();
    for (id, profile) in [(1, "alice"), (2, "bob")] {
        let answer = all.call(id, "subscribe", json!({"profile": profile}));
        assert_eq!(
            (answer["profile"].as_str(), answer["result"]["after"].is_number()),
            (Some(profile), true)
        );
    }
    let mut bobs = Rpc::connect(&bob.door());
    assert_eq!(bobs.call(1, "subscribe", json!({}))["profile"], "bob");
    let send = |rpc: &mut Rpc, profile, to, text| {
        let answer = rpc.call(3, "send", json!({"profile": profile, "conversation": to, "text": text}));
        assert_eq!(
            (&answer["result"]["state"], &answer["profile"]),
            (&json!("acknowledged"), &json!(profile)),
            "{answer}"
        );
    };
    let mut commands = alice.rpc_for_all();
    send(&mut commands, "alice", "Bob", "from next door");
    assert_eq!(told(&mut all), ("bob".into(), "from next door".into()));
    send(&mut commands, "bob", "Alice", "I hear you through the wall");
    assert_eq!(told(&mut all), ("alice".into(), "I hear you through the wall".into()));
    carol.ok(&["send", "Alice", "hello Alice"]);
    assert_eq!(told(&mut all), ("alice".into(), "hello Alice".into()));
    carol.ok(&["send", "Bob", "hello Bob"]);
    assert_eq!(told(&mut all), ("bob".into(), "hello Bob".into()));
    assert_eq!(told(&mut bobs), ("bob".into(), "from next door".into()));
    assert_eq!(told(&mut bobs), ("bob".into(), "hello Bob".into()), "and nothing of Alice's");
    assert_eq!(alice.texts("Carol"), ["hello Alice"]);
    assert_eq!(bob.texts("Carol"), ["hello Bob"]);

    // Whoever names none means nobody, where several are open and no door says whom.
    for (params, code, says) in
        [(json!({}), 1, "alice, bob"), (json!({"profile": "carol"}), 3, "carol is not open")]
    {
        let refused = all.call(9, "contact.list", params);
        assert_eq!(refused["error"]["code"], code, "{refused}");
        assert!(refused["error"]["message"].as_str().unwrap().contains(says), "{refused}");
    }
    let version = all.call(10, "version", json!({}));
    assert_eq!(
        (&version["result"]["profile"], &version["result"]["profiles"][1]["profile"]),
        (&json!(null), &json!("bob"))
    );
    assert_eq!(bobs.call(11, "contact.list", json!({"profile": "alice"}))["profile"], "alice");
    alice.stop();
    assert!(
        !alice.door().exists() && !bob.door().exists() && !alice.data.join("daemon/daemon.sock").exists()
    );
}

#[test]
fn a_password_that_is_wrong_disturbs_nobody() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    let (right, wrong) =
        (world.password_file("right", "open sesame"), world.password_file("wrong", "open barley"));
    bob.ok(&["profile", "change-password", "--new-password-file", &right]);
    let carol = world.person_online("carol");
    alice.befriend("Carol", &carol, "Alice");
    alice.start();
    meet(&alice, &carol);
    for (arguments, kind) in [
        (vec!["profile", "open", "bob", "--password-file", &wrong], "password"),
        (vec!["profile", "open", "bob", "--no-password"], "password"),
        (vec!["profile", "open", "nobody", "--no-password"], "not-found"),
        (vec!["profile", "open", "alice"], "refused"),
        (vec!["profile", "close", "bob"], "refused"),
    ] {
        assert_eq!(alice.fails(&arguments).0, kind, "{arguments:?}");
    }
    let mut rpc = alice.rpc_for_all();
    let refused = rpc.call(1, "profile.open", json!({"profile": "bob", "password": "open says me"}));
    assert_eq!(
        (&refused["error"]["code"], &refused["error"]["data"]["kind"]),
        (&json!(10), &json!("password"))
    );
    assert!(sees(&carol, &alice), "she was connected all the time");
    alice.ok(&["send", "Carol", "nobody was disturbed"]);

    let opened = alice.ok(&["profile", "open", "bob", "--password-file", &right]);
    assert_eq!((&opened["address"], &opened["open"]), (&json!(bob.address), &json!(true)));
    bob.ok(&["contact", "list"]);
    let listed = rpc.call(2, "profile.list", json!({}))["result"].clone();
    assert_eq!(listed[1], json!({"profile": "bob", "password": true, "open": true, "address": bob.address}));
    assert_eq!(
        alice.fails(&["profile", "open", "bob", "--password-file", &right]).0,
        "refused",
        "it is open"
    );
    alice.stop();

    // At the start, too: one that cannot be opened keeps the others from nothing.
    fs::write(bob.data.join("profiles/bob/profile.json"), "{}").unwrap();
    let mut command = alice.command(&["--json", "--network", &alice.network, "daemon", "alice", "bob"]);
    command.arg("--no-password");
    alice.start_by(command);
    meet(&alice, &carol);
    assert!(!bob.door().exists());
    alice.stop();
}

#[test]
fn closing_a_profile_leaves_the_others_connected_and_frees_it() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    let carol = world.person_online("carol");
    alice.befriend("Carol", &carol, "Alice");
    bob.befriend("Carol", &carol, "Bob");
    alice.start_with(&[&bob]);
    meet(&alice, &carol);
    meet(&bob, &carol);
    let (mut all, mut carols) = (alice.rpc_for_all(), carol.rpc());
    all.call(1, "subscribe", json!({"profile": "alice"}));
    carols.call(1, "subscribe", json!({}));
    assert_eq!(bob.ok(&["profile", "close", "alice"])["open"], false);
    assert_eq!(all.event(|event| event["event"] == "profile-closed")["profile"], "alice");
    let gone = |event: &Value| event["event"] == "contact-offline";
    assert_eq!(carols.event(gone)["address"], alice.address.as_str());
    assert!(!alice.door().exists());
    // Its lock is free: a command opens it by itself.
    assert_eq!(alice.ok(&["status"])["profiles"], json!([]));
    carol.queues(&["send", "Alice", "until you are back", "--timeout", "1"]);
    bob.ok(&["send", "Carol", "I am here"]);
    assert_eq!(carol.texts("Bob"), ["I am here"]);
    // With one left, nobody has to be named.
    assert_eq!(all.call(2, "address", json!({}))["profile"], "bob");

    bob.ok(&["profile", "open", "alice"]);
    alice.receives("Carol", "until you are back");
    // The last one closes, the daemon stays.
    for label in ["alice", "bob"] {
        alice.ok(&["profile", "close", label]);
    }
    let refused = all.call(3, "address", json!({}));
    assert_eq!(refused["error"]["data"]["advice"], json!([{"method": "profile.open"}]));
    let queue = json!([{"jsonrpc": "2.0", "id": 4, "method": "profile.open", "params": {"profile": "bob"}},
        {"jsonrpc": "2.0", "id": 5, "method": "address", "params": {"profile": "bob"}}]);
    queue.as_array().unwrap().iter().for_each(|line| all.write(&line.to_string()));
    assert_eq!(all.read().unwrap()["result"]["address"], bob.address.as_str());
    assert_eq!(all.read().unwrap()["result"]["address"], bob.address.as_str(), "in the order of the lines");
    alice.stop();
}

#[test]
fn what_was_promised_survives_a_kill_in_every_profile() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    let mut carol = world.person("carol");
    alice.befriend("Carol", &carol, "Alice");
    bob.befriend("Carol", &carol, "Bob");
    for round in 0..3 {
        alice.start_with(&[&bob]);
        for (person, name) in [(&alice, "Alice"), (&bob, "Bob")] {
            person.ok(&["send", "Carol", &format!("{name} {round}"), "--no-wait"]);
        }
        alice.kill();
    }
    alice.start_with(&[&bob]);
    carol.start();
    for (person, name) in [(&alice, "Alice"), (&bob, "Bob")] {
        let all: Vec<String> = (0..3).map(|round| format!("{name} {round}")).collect();
        carol.receives(name, &all[2]);
        assert_eq!(carol.texts(name), all);
        assert_eq!(person.texts("Carol"), all);
    }
    alice.stop();
}

#[test]
fn a_data_directory_has_one_daemon_and_its_end_is_that_of_all() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    alice.start();
    let network = alice.network.clone();
    for arguments in [["--network", &network, "daemon"], ["--network", &network, "receive"]] {
        let (kind, message) = bob.fails(&arguments);
        assert_eq!(kind, "locked");
        assert!(message.contains("cwtch profile open"), "{message}");
    }
    assert_eq!(bob.fails(&["daemon", "--stop"]).0, "no-daemon", "not for this one");
    bob.ok(&["profile", "open", "bob"]);
    bob.ok(&["daemon", "--stop"]);
    assert_eq!(alice.wait(), Some(0));
    assert_eq!(alice.fails(&["profile", "open", "bob"]).0, "no-daemon");
}

/// Stops a daemon that a failed test leaves behind.
struct Stops<'a>(&'a Person);

impl Drop for Stops<'_> {
    fn drop(&mut self) {
        let _ = self.0.json(&["daemon", "--stop"]);
    }
}

#[test]
fn a_daemon_in_the_background_asks_for_each_password() {
    let world = World::new();
    let [alice, bob] = world.household(["alice", "bob"]);
    for (person, password) in [(&alice, "open sesame"), (&bob, "open barley")] {
        let file = world.password_file("new", password);
        person.ok(&["profile", "change-password", "--new-password-file", &file]);
    }
    let network = world.network();
    let mut command = crate::common::cwtch();
    command.arg("--data").arg(&alice.data).args([
        "--network",
        &network,
        "daemon",
        "--detach",
        "alice",
        "bob",
    ]);
    let _stops = Stops(&alice);
    let mut terminal = Terminal::start_session(&command);
    terminal.shows("Password of alice: ");
    terminal.types("open sesame\n");
    terminal.shows("Password of bob: ");
    terminal.types("open sesame\n");
    let (shown, code) = terminal.ends();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("The daemon runs") && shown.contains("profile bob is not open"), "{shown}");
    assert_eq!(alice.ok(&["status"])["profiles"].as_array().unwrap().len(), 1);
}

#[test]
fn the_socket_renames_and_deletes_what_is_closed() {
    let world = World::new();
    let [mut alice, bob] = world.household(["alice", "bob"]);
    alice.start_with(&[&bob]);
    let mut all = alice.rpc_for_all();
    for (method, params) in [
        ("profile.rename", json!({"profile": "bob", "name": "ben"})),
        ("profile.delete", json!({"profile": "bob"})),
    ] {
        let refused = all.call(1, method, params);
        assert_eq!(refused["error"]["data"]["advice"], json!([{"method": "profile.close"}]), "{refused}");
    }
    assert_eq!(all.call(2, "profile.close", json!({"profile": "bob"}))["result"]["open"], false);
    let renamed = all.call(3, "profile.rename", json!({"profile": "bob", "name": "ben"}));
    assert_eq!(renamed["result"]["profile"], "ben", "{renamed}");
    let taken = all.call(4, "profile.rename", json!({"profile": "ben", "name": "alice"}));
    assert_eq!(taken["error"]["data"]["kind"], "refused");
    let opened = all.call(5, "profile.open", json!({"profile": "ben"}));
    assert_eq!(opened["result"]["address"], bob.address.as_str());
    all.call(6, "profile.close", json!({"profile": "ben"}));
    assert_eq!(all.call(7, "profile.delete", json!({"profile": "ben"}))["result"], json!({}));
    assert_eq!(all.call(8, "profile.open", json!({"profile": "ben"}))["error"]["data"]["kind"], "not-found");
    assert_eq!(all.call(9, "profile.list", json!({}))["result"].as_array().unwrap().len(), 1);
    alice.stop();
}
