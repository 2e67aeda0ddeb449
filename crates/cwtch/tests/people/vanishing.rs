//! Messages that vanish, on the command line and on the socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use cwtch_testkit::faketime;
use serde_json::{Value, json};

use super::common::{Person, Ran, World, until};

/// Waits until a conversation's agreement is in a state.
fn agreement(person: &Person, with: &str, state: &str) -> Value {
    until("the agreement is told", || {
        let vanish = person.ok(&["conversation", "show", with])["vanish"].clone();
        (vanish["state"] == state).then_some(vanish)
    })
}

#[test]
fn two_people_agree_that_messages_vanish_and_both_are_told() {
    let world = World::new();
    let (mut me, mut bob) = (world.person_online("me"), world.person_online("bob"));
    me.befriend("Bob", &bob, "Me");
    assert_eq!(me.ok(&["conversation", "show", "Bob"])["vanish"]["state"], "off");
    me.ok(&["send", "Bob", "before"]);
    let mut rpc = bob.rpc();
    rpc.call(1, "subscribe", json!({}));
    let said = me.human(&["conversation", "vanish", "Bob", "12h"]).stdout;
    assert!(said.contains("12 hours after they were read"), "{said}");
    let told = rpc.event(|event| {
        event["event"] == "vanishing-changed" && event["conversation"]["vanish"]["state"] == "agreed"
    });
    assert_eq!(
        told["conversation"]["vanish"],
        json!({"state": "agreed", "seconds": 43_200, "wanted": 43_200})
    );
    assert_eq!(agreement(&me, "Bob", "agreed")["seconds"], 43_200);
    let shown = bob.human(&["conversation", "show", "Me"]).stdout;
    assert!(shown.contains("messages vanish on both sides 12 hours after they were read"), "{shown}");
    let list = bob.human(&["conversation", "list"]).stdout;
    assert!(list.contains("Me [vanishing: 12 hours]"), "{list}");
    me.ok(&["send", "Bob", "the meeting is at noon"]);
    bob.receives("Me", "the meeting is at noon");
    bob.ok(&["conversation", "read", "Me"]);

    for wrong in ["10s", "2y", "soon", "forever"] {
        assert_eq!(me.json(&["conversation", "vanish", "Bob", wrong]).error().0, "usage", "{wrong}");
    }
    me.ok(&["experiment", "enable", "groups"]);
    let server = world.server("server");
    me.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    let group = me.json(&["conversation", "vanish", "Hikers", "12h"]).error();
    assert!(group.0 == "usage" && group.1.contains("In a group"), "{group:?}");
    assert_eq!(me.ok(&["conversation", "show", "Hikers"])["vanish"], Value::Null);

    // Either side ends it; while the other one is away, it goes on.
    bob.stop();
    let ending = me.ok(&["conversation", "vanish", "Bob", "off"])["vanish"].clone();
    assert_eq!(ending, json!({"state": "proposed", "seconds": 43_200, "wanted": null}));
    me.stop();
    // Half a day later, by the clock of a program that only looks.
    if let Some(later) = faketime::shifted(43_300) {
        for (person, with) in [(&me, "Bob"), (&bob, "Me")] {
            let shown = person.command(&["--json", "messages", with]).envs(later.clone()).output().unwrap();
            let shown = Ran::of(shown);
            let texts: Vec<String> =
                shown.values().iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect();
            assert_eq!(texts, ["before", ""], "{shown:?}");
            assert_eq!(person.texts(with), ["before", ""], "by no clock it comes back");
        }
    }
    me.start();
    bob.start();
    for (person, with) in [(&me, "Bob"), (&bob, "Me")] {
        assert_eq!(agreement(person, with, "off"), json!({"state": "off", "seconds": null, "wanted": null}));
    }
}
