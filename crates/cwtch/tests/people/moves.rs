//! A group that moves to another server, with real daemons.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use serde_json::json;

use super::common::{World, until};

#[test]
fn a_group_moves_to_a_second_server_and_goes_on() {
    let world = World::new();
    let (first, second) = (world.server("first"), world.server("second"));
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    let carol = world.person_online("carol");
    alice.befriend("Bob", &bob, "Alice");
    alice.befriend("Carol", &carol, "Alice");
    for person in [&alice, &bob, &carol] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    // Bob uses the second server already, so that he need not wait before he dials it.
    bob.ok(&["group", "new", "Walkers", "--server", &second.bundle]);
    let group = &alice.founds("Hikers", &first, "trusted", &[&bob, &carol]);

    assert_eq!(alice.json(&["group", "fork", group, "--reason", "move"]).code, 2);
    assert_eq!(alice.fails(&["group", "fork", group, "--server", &first.bundle]).0, "refused");
    let fork = alice.ok(&["group", "fork", group, "--server", &second.bundle]);
    assert_eq!((&fork["server"], &fork["members"]), (&json!(second.address), &json!(3)));
    alice.ok(&["send", group, "on the second"]);
    let name = fork["fork"].as_str().unwrap();
    for person in [&bob, &carol] {
        let asked = until("a question", || {
            let forks = person.ok(&["group", "forks", "Hikers"]);
            forks.as_array().unwrap().iter().find(|found| found["standing"] == "asked").cloned()
        });
        assert_eq!((&asked["kind"], &asked["server"]), (&json!("move"), &json!(second.address)));
        let shown = person.human(&["group", "forks", "Hikers"]).stdout;
        assert!(shown.contains(&second.address) && shown.contains("its operator sees"), "{shown}");
    }
    bob.ok(&["group", "accept", "Hikers", name]);
    bob.ok(&["send", "Hikers", "there, too"]);
    alice.receives(group, "there, too");
    // Carol's daemon comes within six hours. What she writes waits until then, and she is told why.
    carol.ok(&["group", "accept", "Hikers", name]);
    let sent = carol.json(&["send", "Hikers", "on my way"]);
    let message = sent.values().last().cloned().unwrap();
    assert!(
        message["state"] == "stored"
            || message["detail"].as_str().unwrap().contains("at a random moment within six hours"),
        "{sent:?}"
    );

    // One conversation, with a line where it moved.
    for person in [&alice, &bob] {
        let shown = person.human(&["messages", "Hikers"]).stdout;
        for part in ["all here?", "on another server", &second.address, "there, too"] {
            assert!(shown.contains(part), "{part:?} in {shown}");
        }
        let epochs = person.ok(&["group", "show", "Hikers"])["epochs"].clone();
        let board = |number: usize| epochs[number]["server"]["address"].clone();
        assert_eq!((board(0), board(1)), (json!(first.address), json!(second.address)));
        assert_eq!(epochs[1]["moved_to"], json!(second.address));
        assert!(epochs[1]["left_at"].as_u64().unwrap() >= 3);
        let shown = person.human(&["group", "show", "Hikers"]).stdout;
        assert!(shown.contains("on another server"), "{shown}");
    }
}
