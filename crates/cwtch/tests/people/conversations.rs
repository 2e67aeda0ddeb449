//! Conversations on the command line: their numbers, what is unread, and what a person does with them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use serde_json::{Value, json};

use super::common::{Person, World};

/// Names and unread counts of the conversations in a list.
fn listed(person: &Person, arguments: &[&str]) -> Vec<(String, u64)> {
    let list = person.ok(arguments);
    let one = |one: &Value| (one["shown"].as_str().unwrap().to_owned(), one["unread"].as_u64().unwrap());
    list.as_array().expect("an array").iter().map(one).collect()
}

#[test]
fn conversations_are_listed_with_what_is_unread_and_named_by_their_number() {
    let world = World::new();
    let (me, bob, carol) =
        (world.person_online("me"), world.person_online("bob"), world.person_online("carol"));
    me.befriend("Bob", &bob, "Me");
    me.befriend("Carol", &carol, "Me");
    for text in ["one", "two"] {
        bob.ok(&["send", "Me", text]);
    }
    carol.ok(&["send", "Me", "three"]);
    let shown = |names: &[(&str, u64)]| -> Vec<(String, u64)> {
        names.iter().map(|(name, unread)| ((*name).to_owned(), *unread)).collect()
    };
    assert_eq!(listed(&me, &["conversation", "list"]), shown(&[("Carol", 1), ("Bob", 2)]));
    let list = me.ok(&["conversation", "list"]);
    assert_eq!((&list[1]["last"]["text"], &list[1]["with"]), (&json!("two"), &json!(bob.address)));

    // The number names it, on the command line and on the socket; and replies and events speak it.
    let number = list[1]["conversation"].as_i64().unwrap();
    let sent = me.ok(&["send", &format!("#{number}"), "four"]);
    assert_eq!((&sent["conversation"], &sent["with"]), (&json!(number), &json!(bob.address)));
    let mut rpc = me.rpc();
    let after = rpc.call(1, "subscribe", json!({}))["result"]["after"].clone();
    let page = rpc.call(2, "messages", json!({"conversation": number}))["result"].clone();
    assert_eq!(page.as_array().unwrap().len(), 3);
    let middle = page[1]["id"].clone();
    let texts = |answer: &Value| -> Vec<String> {
        let all = answer["result"].as_array().unwrap();
        all.iter().map(|message| message["text"].as_str().unwrap().to_owned()).collect()
    };
    let before = rpc.call(3, "messages", json!({"conversation": number, "before": middle}));
    assert_eq!(texts(&before), ["one"]);
    let around = rpc.call(4, "messages", json!({"conversation": number, "around": middle, "limit": 2}));
    assert_eq!(texts(&around), ["two", "four"]);
    let both = rpc.call(5, "messages", json!({"conversation": number, "before": 1, "around": 1}));
    assert_eq!(both["error"]["code"], 1);

    let read = rpc.call(6, "conversation.read", json!({"conversation": number}))["result"].clone();
    assert_eq!(read["unread"], 0);
    let mut again = me.rpc();
    again.call(1, "subscribe", json!({ "after": after }));
    let changed = again.event(|event| event["event"] == "conversation-changed");
    assert_eq!(
        (&changed["conversation"]["conversation"], &changed["conversation"]["unread"]),
        (&json!(number), &json!(0))
    );
    bob.ok(&["send", "Me", "five"]);
    let told = again.event(|event| event["event"] == "message");
    assert_eq!(told["message"]["conversation"], number);
    assert_eq!(listed(&me, &["conversation", "list"]), shown(&[("Bob", 1), ("Carol", 1)]));

    me.ok(&["conversation", "pin", "Carol"]);
    me.ok(&["conversation", "draft", "Carol", "half a thought"]);
    assert_eq!(listed(&me, &["conversation", "list"]), shown(&[("Carol", 1), ("Bob", 1)]));
    me.ok(&["conversation", "archive", "Bob"]);
    assert_eq!(listed(&me, &["conversation", "list"]), shown(&[("Carol", 1)]));
    assert_eq!(listed(&me, &["conversation", "list", "--all"]), shown(&[("Carol", 1), ("Bob", 1)]));
    let muted = me.ok(&["conversation", "mute", "Carol"]);
    assert_eq!(
        (&muted["muted"], &muted["pinned"], &muted["draft"]),
        (&json!(true), &json!(true), &json!("half a thought"))
    );
    let plain = me.human(&["conversation", "list"]).stdout;
    assert!(plain.contains("Carol [pinned, muted]") && plain.contains("draft: half a thought"), "{plain}");
    let (kind, _) = me.fails(&["conversation", "read", "#999"]);
    assert_eq!(kind, "not-found");
}

#[test]
fn texts_are_kept_for_a_time_and_it_is_said_what_is_kept_and_what_is_gone() {
    let world = World::new();
    let server = world.server("server");
    let (mut me, bob) = (world.person_online("me"), world.person_online("bob"));
    me.befriend("Bob", &bob, "Me");
    bob.ok(&["send", "Me", "one"]);
    let shown = me.ok(&["conversation", "show", "Bob"]);
    assert_eq!((&shown["kept"]["keep"], &shown["kept"]["texts"]), (&Value::Null, &json!(1)));
    assert_eq!(shown["kept"]["keys_from"], Value::Null);
    let decided = me.human(&["conversation", "keep", "Bob", "30d"]).stdout;
    assert!(decided.contains("kept for 30 days"), "{decided}");
    let shown = me.ok(&["conversation", "show", "Bob"]);
    assert_eq!((&shown["keep"], &shown["kept"]["keep"]), (&json!(2_592_000), &json!(2_592_000)));
    let plain = me.human(&["conversation", "show", "Bob"]).stdout;
    assert!(
        plain.contains("texts for 30 days; the oldest is from ") && plain.contains(" and goes on "),
        "{plain}"
    );
    assert_eq!(me.ok(&["conversation", "keep", "Bob", "forever"])["keep"], Value::Null);
    for wrong in ["10s", "soon"] {
        assert_eq!(me.json(&["conversation", "keep", "Bob", wrong]).error().0, "usage", "{wrong}");
    }

    me.ok(&["experiment", "enable", "groups"]);
    let made = me.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    me.ok(&["send", "Hikers", "the meeting is at noon"]);
    me.ok(&["send", "Bob", &format!("come: {}", made["invite"].as_str().unwrap())]);
    // In a daemon, and without one; over the socket as well.
    assert_eq!(me.ok(&["group", "keep", "Hikers", "1y"])["keep"], 31_536_000);
    let sealed = me.rpc().call(1, "group.seal", json!({"group": "Hikers"}))["result"].clone();
    assert_eq!(sealed, json!({"texts": 0, "invites": 1, "given_up": 0}));
    assert_eq!(me.texts("Hikers"), ["the meeting is at noon"]);
    me.stop();
    let sealed = me.human(&["group", "seal", "Hikers", "--older-than", "0d"]).stdout;
    assert!(sealed.contains("1 text forgotten, 0 invites to it erased"), "{sealed}");
    let plain = me.human(&["messages", "Hikers"]).stdout;
    assert!(plain.contains("(what it said was forgotten here)") && !plain.contains("noon"), "{plain}");
    let plain = me.human(&["group", "show", "Hikers"]).stdout;
    for part in ["texts for 1 year", "1 text; who wrote when is still here", "the key is here that opens"] {
        assert!(plain.contains(part), "{part:?} in {plain}");
    }
    assert!(me.human(&["group", "leave", "Hikers"]).stdout.contains("backups"));
    assert_eq!(me.ok(&["status"])["erasing"], false);
}
