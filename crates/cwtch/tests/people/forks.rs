//! New keys of groups between real daemons.

use serde_json::{Value, json};

use crate::common::{Person, World, until};

/// The stage of a member with the newest fork of a group.
fn stage(person: &Person, group: &str, who: &Person) -> Option<String> {
    let forks = person.ok(&["group", "forks", group]);
    let reached = forks.as_array()?.first()?.get("reached")?.as_array()?.clone();
    let found = reached.iter().find(|one| one["address"] == who.address.as_str())?;
    found["stage"].as_str().map(str::to_owned)
}

fn asked(person: &Person, group: &str) -> Value {
    until("a question", || {
        let forks = person.ok(&["group", "forks", group]);
        forks.as_array()?.iter().find(|found| found["standing"] == "asked").cloned()
    })
}

#[test]
fn a_quiet_fork_goes_from_contact_to_contact_and_a_member_leaves() {
    let world = World::new();
    let server = world.server("server");
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    let mut carol = world.person_online("carol");
    // Alice and Carol do not know each other.
    alice.befriend("Bob", &bob, "Alice");
    bob.befriend("Carol", &carol, "Bob");
    for person in [&alice, &bob, &carol] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let group = &alice.founds("Hikers", &server, "static", &[&bob, &carol]);
    carol.stop();
    let fork = alice.ok(&["group", "fork", group, "--quiet"]);
    assert_eq!((&fork["quiet"], &fork["need_invite"]), (&json!(true), &json!([])));
    assert_eq!(fork["no_contacts"][0]["address"], json!(carol.address));
    let name = fork["fork"].as_str().unwrap();
    assert_eq!(asked(&bob, "Hikers")["fork"], json!(name));
    // Nobody is left out by it, so there is nothing to be warned of.
    bob.ok(&["send", "Hikers", "in between"]);
    bob.ok(&["group", "accept", "Hikers", name]);
    until("bob's word", || (stage(&alice, group, &bob)? == "moved").then_some(()));
    // Who comes later is given it by whom they know.
    carol.start();
    assert_eq!(asked(&carol, "Hikers")["fork"], json!(name));
    carol.ok(&["group", "accept", "Hikers", name]);
    carol.ok(&["send", "Hikers", "with you"]);
    alice.receives("Hikers", "with you");
    until("carol's word", || (stage(&bob, "Hikers", &carol)? == "moved").then_some(()));
    let shown = alice.human(&["group", "members", "Hikers"]).stdout;
    assert_eq!(shown.matches("writes with it").count(), 3, "{shown}");

    let left = carol.ok(&["group", "leave", "Hikers"]);
    assert_eq!(left, json!({ "told": true }));
    until("that carol has left", || {
        let members = alice.ok(&["group", "members", "Hikers"]);
        (members.as_array().unwrap().len() == 2).then_some(())
    });
    assert_eq!(alice.texts("Hikers").last().map(String::as_str), Some("with you"));
}
