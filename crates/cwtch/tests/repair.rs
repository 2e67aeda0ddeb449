//! A server lost a message, honestly: whoever has it gives it to whoever has not.

#![allow(clippy::expect_used, reason = "a test that cannot go on must fail")]

mod common;

use std::fs;

use common::{Person, World, until};
use cwtch_testkit::faketime;
use serde_json::Value;

/// What is said under a message.
fn notes(person: &Person, text: &str) -> Vec<Value> {
    let messages = person.messages("Hikers");
    let message = messages.iter().find(|message| message["text"] == text).expect("the message");
    message["notes"].as_array().cloned().unwrap_or_default()
}

#[test]
fn a_member_gets_from_a_contact_what_the_server_lost() {
    let world = World::new();
    let mut server = world.server("server");
    let mut people: Vec<Person> = ["alice", "bob", "carol"].map(|name| world.person_online(name)).into();
    for person in &people {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let [alice, bob, carol] = people.as_mut_slice() else { unreachable!("three people") };
    let group = alice.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    let tofu = group["tofubundle"].as_str().expect("an invite").to_owned();
    alice.ok(&["send", "Hikers", "one"]);
    for person in [&*bob, &*carol] {
        person.ok(&["group", "join", &tofu]);
        person.receives("Hikers", "one");
    }
    bob.befriend("carol", carol, "bob");
    // Contacts answer only somebody who wrote in the group.
    carol.ok(&["send", "Hikers", "hello"]);
    for person in [&*alice, &*bob] {
        person.receives("Hikers", "hello");
    }
    carol.stop();

    // A backup as docs/operating-a-server.md has it: the database of a server that does not run, and nothing else.
    server.stop();
    let (database, backup) = (server.data.join("board.sqlite"), world.path("backup.sqlite"));
    fs::copy(&database, &backup).expect("a backup");
    server.start();
    alice.ok(&["send", "Hikers", "two"]);
    bob.receives("Hikers", "two");
    bob.ok(&["sync"]);
    bob.ok(&["send", "Hikers", "three"]);
    // She never comes back, so nobody posts hers again.
    alice.stop();
    server.stop();
    fs::copy(&backup, &database).expect("the backup is restored");
    // It waits for the next minute; by a clock that shows the end of one, that is soon.
    let soon = faketime::shifted(faketime::end_of_a_minute());
    server.start_in(&["--declare-restore"], soon.unwrap_or_default());

    until("his own is posted again", || {
        bob.messages("Hikers").last().is_some_and(|three| three["reposted"] == true).then_some(())
    });
    bob.ok(&["sync"]);
    assert_eq!(bob.texts("Hikers"), ["one", "hello", "two", "three"], "what was read is kept");
    bob.stop();

    // She was away all the time: "three" refers to something that nobody shows her.
    carol.start();
    carol.receives("Hikers", "three");
    let said = until("it is told that a message is missing", || {
        let said = notes(carol, "three");
        (!said.is_empty()).then_some(said)
    });
    assert!(!said.iter().any(|note| note["kind"] == "never-posted"), "nobody is accused: {said:?}");
    let alone = carol.ok(&["repair", "Hikers", "--timeout", "1"]);
    assert_eq!((&alone["asked"], &alone["received"], &alone["missing"]), (&0.into(), &0.into(), &1.into()));
    let words = carol.human(&["repair", "Hikers", "--timeout", "1"]).stdout;
    assert!(words.contains("1 message missing; no contact") && words.contains("could be asked"), "{words}");

    // Bob comes back: his contact's program asks his by itself, or because she says so.
    bob.start();
    let repaired = until("the message is repaired", || {
        let repaired = carol.ok(&["repair", "Hikers", "--timeout", "5"]);
        (repaired["missing"] == 0).then_some(repaired)
    });
    assert!(repaired["asked"].as_u64().is_some_and(|asked| asked <= 1), "{repaired}");
    // It stands where it belongs: before what names it.
    assert_eq!(carol.texts("Hikers"), ["one", "hello", "two", "three"]);
    // Her program posted it again, so that the server has it for everybody, with the author's signature.
    let two = until("it is on the server again", || {
        let two = carol.messages("Hikers").into_iter().find(|message| message["text"] == "two")?;
        (!two["index"].is_null()).then_some(two)
    });
    assert_eq!((&two["author"], &two["state"]), (&alice.address.as_str().into(), &"verified".into()));
    let dave = world.person_online("dave");
    dave.ok(&["experiment", "enable", "groups"]);
    dave.ok(&["group", "join", &tofu]);
    dave.receives("Hikers", "two");
    assert!(!notes(carol, "three").iter().any(|note| note["kind"] == "undecided"));
    assert!(carol.human(&["repair", "Hikers"]).stdout.contains("No message is known to be missing"));
    // Nobody cheated, and nobody says so.
    for person in [&*bob, &*carol] {
        assert_eq!(person.ok(&["evidence", "list"]), Value::Array(Vec::new()));
    }
    people.iter_mut().skip(1).for_each(Person::stop);
    server.stop();
}
