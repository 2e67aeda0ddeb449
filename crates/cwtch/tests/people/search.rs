//! Search on the command line and on the socket.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use serde_json::{Value, json};

use super::common::World;

fn texts(found: &Value) -> Vec<&str> {
    found["hits"].as_array().unwrap().iter().map(|hit| hit["message"]["text"].as_str().unwrap()).collect()
}

#[test]
fn what_was_said_is_found_shown_page_by_page_and_opened_where_it_stands() {
    let world = World::new();
    let (me, bob) = (world.person_online("me"), world.person_online("bob"));
    me.befriend("Bob", &bob, "Me");
    for text in ["see you at NOON", "午夜见面", "the café at noon", "nothing"] {
        bob.ok(&["send", "Me", text]);
    }
    me.ok(&["send", "Bob", "noon is fine"]);
    assert_eq!(texts(&me.ok(&["search", "noon"])), ["noon is fine", "the café at noon", "see you at NOON"]);
    assert_eq!(texts(&me.ok(&["search", "见面", "--in", "Bob"])), ["午夜见面"]);
    assert_eq!(texts(&me.ok(&["search", "cafe", "noo", "--from", "Bob"])), ["the café at noon"]);
    assert_eq!(texts(&me.ok(&["search", "--from", &me.address])), ["noon is fine"]);
    assert_eq!(texts(&me.ok(&["search", "noon", "--before", "1d"])), [""; 0]);
    assert_eq!(texts(&me.ok(&["search", "noon", "--after", "1d"])).len(), 3);
    assert_eq!(texts(&me.ok(&["search", "noon", "--after", "9999-01-01"])), [""; 0]);
    assert_eq!(texts(&me.ok(&["search", "--has", "invite"])), [""; 0]);

    let first = me.ok(&["search", "noon", "--limit", "2"]);
    let below = first["next"].to_string();
    let second = me.ok(&["search", "noon", "--limit", "2", "--below", &below]);
    assert_eq!((texts(&second), &second["next"]), (vec!["see you at NOON"], &Value::Null));
    let pieces = &second["hits"][0]["excerpt"];
    assert_eq!(*pieces, json!([{"text": "see you at ", "found": false}, {"text": "NOON", "found": true}]));

    let hit = second["hits"][0]["message"]["id"].to_string();
    let around = me.json(&["messages", "Bob", "--around", &hit]).values();
    assert!(around.iter().any(|message| message["text"] == "see you at NOON") && around.len() == 5);
    let shown = me.human(&["search", "noon", "--limit", "2"]).stdout;
    assert!(
        shown.contains("the café at noon") && shown.contains("Bob in ") && shown.contains("--below"),
        "{shown}"
    );
    assert!(me.human(&["search", "zebra"]).stdout.contains("Nothing was found."));

    // On the socket; and what cannot be looked for is refused in words.
    let mut rpc = me.rpc();
    let found = rpc.call(1, "search", json!({"words": "noon", "conversation": 1, "limit": 1}));
    assert_eq!(texts(&found["result"]), ["noon is fine"]);
    for (words, code) in
        [("", "search-empty"), ("?!", "search-empty"), (&"x ".repeat(600), "search-too-long")]
    {
        let refused = rpc.call(2, "search", json!({"words": words}));
        assert_eq!(refused["error"]["data"]["code"], code);
    }
    let refused = me.json(&["search", "\"\""]);
    assert_eq!((refused.code, refused.error().0.as_str()), (2, "usage"));
    assert_eq!(me.fails(&["search", "noon", "--in", "nobody"]).0, "not-found");

    // What is deleted is not found any more.
    me.ok(&["message", "delete", &hit]);
    assert_eq!(texts(&me.ok(&["search", "noon"])).len(), 2);
    me.ok(&["message", "delete", &first["hits"][0]["message"]["id"].to_string(), &first["next"].to_string()]);
    assert_eq!(texts(&me.ok(&["search", "noon"])), [""; 0]);
    let cleared = me.ok(&["conversation", "clear", "Bob"]);
    assert_eq!((&cleared["messages"], &cleared["last"]), (&json!(0), &Value::Null));
    assert!(me.human(&["messages", "Bob"]).stdout.contains("No messages"));
    assert!(bob.json(&["messages", "Me"]).values().len() >= 5, "nothing changes for others");
}
