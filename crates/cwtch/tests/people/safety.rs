//! Safety words: what two people compare, and what is noted of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use serde_json::{Value, json};

use super::common::{Person, World};

fn words(person: &Person, contact: &str) -> Value {
    person.ok(&["contact", "words", contact])["words"].clone()
}

#[test]
fn two_people_see_the_same_words_and_note_that_they_compared_them() {
    let world = World::new();
    let (alice, bob, mallory) = (world.person_online("alice"), world.person("bob"), world.person("mallory"));
    alice.befriend("Bob", &bob, "Alice");
    let same = words(&alice, "Bob");
    assert_eq!(same.as_array().unwrap().len(), 12);
    assert_eq!(words(&bob, "Alice"), same);
    // Whoever gave both their own address shows other words to each.
    alice.ok(&["contact", "add", &mallory.address, "--name", "not Bob"]);
    mallory.ok(&["contact", "add", &bob.address, "--name", "Bob"]);
    assert!(words(&alice, "not Bob") != same && words(&mallory, "Bob") != same);
    let shown = alice.human(&["contact", "words", "Bob"]).stdout;
    for word in same.as_array().unwrap() {
        assert!(shown.contains(word.as_str().unwrap()), "{word} in {shown}");
    }
    assert!(shown.contains("when you meet") && shown.contains(&bob.address), "{shown}");
    assert_eq!(alice.fails(&["contact", "words", "Carol"]).0, "not-found");

    // Noted, also over the socket, and shown wherever the contact is.
    let noted = alice.ok(&["contact", "compared", "Bob"]);
    let at = noted["compared"].as_i64().unwrap();
    assert!(at > 1_700_000_000, "{noted}");
    assert_eq!(alice.contact(&bob.address).unwrap()["compared"], at);
    assert_eq!(alice.contact(&mallory.address).unwrap()["compared"], Value::Null);
    let shown = alice.human(&["contact", "show", "Bob"]).stdout;
    assert!(shown.contains("compared  on 2"), "{shown}");
    assert!(alice.human(&["contact", "list"]).stdout.contains("COMPARED"));
    assert!(alice.human(&["contact", "words", "Bob"]).stdout.contains("You compared them on"));
    let mut rpc = alice.rpc();
    let asked = rpc.call(1, "contact.words", json!({"contact": "Bob"}));
    assert_eq!((&asked["result"]["words"], &asked["result"]["contact"]["compared"]), (&same, &at.into()));
    let undone = rpc.call(2, "contact.compared", json!({"contact": "Bob", "on": false}));
    assert_eq!(undone["result"]["compared"], Value::Null);
    assert!(alice.human(&["contact", "compared", "Bob"]).stdout.contains("is noted as compared"));
    assert!(alice.human(&["contact", "compared", "Bob", "--undo"]).stdout.contains("not noted"));

    // It goes with the contact.
    alice.ok(&["contact", "compared", "Bob"]);
    alice.ok(&["contact", "remove", "Bob"]);
    alice.ok(&["contact", "add", &bob.address, "--name", "Bob"]);
    assert_eq!(alice.ok(&["contact", "show", "Bob"])["compared"], Value::Null);
    assert_eq!(words(&alice, "Bob"), same);
}

#[test]
fn notes_are_kept_for_oneself_and_go_with_the_contact() {
    let world = World::new();
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    let note = "met at the lake\nlikes tea";
    assert_eq!(alice.ok(&["contact", "note", "Bob", note])["note"], note);
    assert_eq!(alice.contact(&bob.address).unwrap()["note"], note);
    let shown = alice.human(&["contact", "note", "Bob"]).stdout;
    assert!(shown.contains("note      met at the lake\n          likes tea\n"), "{shown}");
    assert!(alice.human(&["conversation", "show", "Bob"]).stdout.contains("likes tea"));
    let mut rpc = alice.rpc();
    let listening = rpc.call(1, "subscribe", json!({}));
    assert!(listening["error"].is_null(), "{listening}");
    let changed = alice.ok(&["conversation", "note", "Bob", "another"]);
    assert_eq!(changed["note"], "another");
    let told = rpc.event(|event| event["event"] == "contact-changed");
    assert_eq!(told["contact"]["note"], "another");
    let long = rpc.call(2, "contact.note", json!({"contact": "Bob", "text": "x".repeat(4_001)}));
    assert_eq!(long["error"]["data"]["args"]["what"], "note", "{long}");
    assert_eq!(alice.json(&["conversation", "note", "Bob", &"x".repeat(4_001)]).error().0, "usage");
    // Nothing of it is told to him.
    bob.ok(&["send", "Alice", "hello"]);
    assert!(!bob.ok(&["contact", "list"]).to_string().contains("another"));
    assert!(bob.messages("Alice").len() == 1);
    assert!(
        alice.human(&["contact", "note", "Bob", "--clear"]).stdout.contains("There is no note about Bob.")
    );
    assert_eq!(alice.ok(&["conversation", "show", "Bob"])["note"], Value::Null);
    alice.ok(&["contact", "note", "Bob", "a third one"]);
    alice.ok(&["contact", "remove", "Bob"]);
    alice.ok(&["contact", "add", &bob.address, "--name", "Bob"]);
    assert_eq!(alice.ok(&["contact", "show", "Bob"])["note"], Value::Null);
}
