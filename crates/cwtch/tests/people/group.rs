//! A group in detail, on the command line and for programs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test support"
)]

use serde_json::{Value, json};

use super::common::{World, until};

#[test]
fn a_group_in_detail_says_who_wrote_and_what_its_server_signed() {
    let world = World::new();
    let server = world.server("server");
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    for person in [&alice, &bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let made = alice.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    let group = made["group"].as_str().unwrap();
    let fresh = alice.ok(&["group", "show", "Hikers"]);
    assert_eq!((&fresh["messages"], &fresh["written_by"]), (&json!(0), &json!([])));
    assert_eq!(fresh["epochs"][0]["own_sequence"], 0);

    bob.ok(&["group", "join", made["tofubundle"].as_str().unwrap()]);
    alice.ok(&["send", group, "who comes along?"]);
    for text in ["I do", "and Carol"] {
        bob.ok(&["send", group, text]);
        alice.receives(group, text);
    }
    alice.ok(&["group", "rename", group, "Friends"]);
    alice.ok(&["conversation", "mute", group]);
    let show = || alice.ok(&["group", "show", "Friends"]);
    let details = until("everything is checked", || {
        Some(show()).filter(|details| details["epochs"][0]["verdict"] == "checked")
    });
    let of =
        |field: &str| details["written_by"].as_array().unwrap().iter().map(|a| a[field].clone()).collect();
    let (messages, who): (Vec<Value>, Vec<Value>) = (of("messages"), of("author"));
    assert_eq!((messages, who), (vec![json!(2), json!(1)], vec![json!(bob.address), json!(alice.address)]));
    assert_eq!(details["written_by"][1]["speaker"]["shown"], "you");
    assert!(details["written_by"][0]["last"].as_i64().unwrap() > 1_700_000_000);
    let listed = &details["listed"];
    assert_eq!((&listed["unread"], &listed["muted"]), (&json!(2), &json!(true)));
    assert_eq!((&details["name"], &details["claimed_name"]), (&json!("Friends"), &json!("Hikers")));
    let epoch = &details["epochs"][0];
    assert_eq!((&epoch["number"], &epoch["own_sequence"]), (&json!(1), &json!(1)));
    assert_eq!((&epoch["server"]["address"], &epoch["past_unread"]), (&json!(server.address), &json!(false)));
    let text = details.to_string();
    let invite = made["invite"].as_str().unwrap();
    assert!(!text.contains(invite) && !text.contains("torv3"), "who has the key is a member");

    // By its number, for a person, and on the socket.
    let number = format!("#{}", details["conversation"]);
    let shown = alice.human(&["group", "show", &number]).stdout;
    for part in ["Friends", "\"Hikers\"", "muted", "receipts  checked", "3, 2 unread", &bob.address, &number]
    {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let answer = alice.rpc().call(1, "group.show", json!({"group": details["conversation"]}));
    assert_eq!(answer["result"]["group"], details["group"]);
    assert_eq!(alice.fails(&["group", "show", "Bob"]).0, "not-found");
}

#[test]
fn two_people_use_a_group_with_daily_keys() {
    let world = World::new();
    let server = world.server("server");
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    for person in [&alice, &bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let new = ["group", "new", "Hikers", "--server", &server.bundle, "--keys", "trusted", "--with", "Bob"];
    let shown = alice.human(&new).stdout;
    for part in [
        "trusted: a key for each day",
        "Bob",
        "it is not known whether their program can read",
        "cwtchgroup2:",
    ] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    let group = alice.ok(&["group", "show", "Hikers"])["group"].as_str().unwrap().to_owned();
    // By a chat, as any invite; Bob is listed, so what is not known of his program was said.
    alice.ok(&["group", "invite", "Hikers", "Bob"]);
    let invite = until("the invite", || {
        let messages = bob.messages("Alice");
        messages.iter().find(|m| m["overlay"] == 101).map(|m| m["text"].as_str().unwrap().to_owned())
    });
    assert!(invite.starts_with("cwtchgroup2:"));
    assert_eq!(bob.ok(&["group", "join", &invite])["group"], json!(group));
    bob.ok(&["send", "Hikers", "I come along"]);
    alice.receives(&group, "I come along");
    alice.ok(&["send", "Hikers", "good"]);
    bob.receives(&group, "good");

    let details = bob.ok(&["group", "show", "Hikers"]);
    let epoch = &details["epochs"][0];
    assert_eq!((&epoch["keys"], &epoch["days"]["writes"]), (&json!("trusted"), &json!("freely")));
    assert_eq!(epoch["days"]["first"], epoch["days"]["kept_from"]);
    let members = epoch["members"].as_array().unwrap();
    assert!(members.len() == 2 && members.iter().all(|member| member["reads_daily"] == true), "{members:?}");
    assert!(!details.to_string().contains("cwtchgroup2"), "who has the key is a member");
    let shown = bob.human(&["group", "show", "Hikers"]).stdout;
    for part in ["keys      trusted", "keys from", "Alice, who made the list"] {
        assert!(shown.contains(part), "{part:?} in {shown}");
    }
    // Whoever is not listed is invited after a word.
    let more = alice.ok(&["group", "new", "Walkers", "--server", &server.address, "--keys", "strangers"]);
    assert_eq!((&more["keys"], &more["invite"]), (&json!("strangers"), &more["tofubundle"]));
    alice.ok(&["group", "invite", "Walkers", "Bob"]);
    let refused = alice.json(&["group", "new", "x", "--server", &server.address, "--with", "Bob"]);
    assert_eq!(refused.error().0, "usage");
    // By what a script did before, a group is as it was.
    let old = alice.ok(&["group", "new", "Old", "--server", &server.address]);
    assert!(old["invite"].as_str().unwrap().starts_with("torv3") && old["keys"] == "static");
}

#[test]
fn a_member_is_left_out_and_who_is_asked_goes_along() {
    let world = World::new();
    let server = world.server("server");
    let (alice, mut bob) = (world.person_online("alice"), world.person_online("bob"));
    let carol = world.person_online("carol");
    alice.befriend("Bob", &bob, "Alice");
    alice.befriend("Carol", &carol, "Alice");
    for person in [&alice, &bob, &carol] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let group = &alice.founds("Hikers", &server, "trusted", &[&bob, &carol]);
    // Bob is away while Carol is left out, and she writes meanwhile.
    carol.receives(group, "here");
    bob.stop();
    let fork = alice.ok(&["group", "fork", group, "--without", "Carol"]);
    assert_eq!((&fork["members"], &fork["left_out"][0]["address"]), (&json!(2), &json!(carol.address)));
    assert_eq!(fork["need_invite"], json!([]));
    alice.ok(&["send", "Hikers", "without carol"]);
    carol.ok(&["send", group, "hello?"]);

    bob.start();
    let name = fork["fork"].as_str().unwrap();
    let asked = until("a question", || {
        let forks = bob.ok(&["group", "forks", "Hikers"]);
        forks.as_array().unwrap().iter().find(|found| found["standing"] == "asked").cloned()
    });
    assert_eq!((&asked["fork"], &asked["question"]), (&json!(name), &json!("change")));
    let shown = bob.human(&["group", "forks", "Hikers"]).stdout;
    assert!(shown.contains("without") && shown.contains("Alice"), "{shown}");
    bob.ok(&["group", "accept", "Hikers", name]);
    bob.ok(&["send", "Hikers", "with you"]);
    alice.receives("Hikers", "with you");
    alice.ok(&["send", "Hikers", "welcome back"]);
    bob.receives("Hikers", "welcome back");
    // One conversation for each of them, and Carol has nothing of the new key.
    let shown = bob.human(&["messages", "Hikers"]).stdout;
    assert!(
        shown.contains("New key by") && shown.contains("with you") && shown.contains("all here?"),
        "{shown}"
    );
    let texts = carol.texts(group);
    assert!(texts.contains(&"hello?".to_owned()), "{texts:?}");
    assert!(!texts.iter().any(|text| text == "without carol" || text == "with you"), "{texts:?}");
    assert_eq!(carol.ok(&["group", "forks", group]), json!([]));

    // What Carol wrote meanwhile is marked, and gone while she is hidden.
    let hello = || alice.messages("Hikers").into_iter().find(|message| message["text"] == "hello?");
    let old = &hello().unwrap()["old_key"];
    assert_eq!((&old["left_out_count"], &old["left_out"][0]["name"]), (&json!(1), &json!("Carol")));
    assert!(alice.messages("Hikers").iter().filter(|message| message.get("old_key").is_some()).count() == 1);
    let shown = alice.human(&["messages", "Hikers"]).stdout;
    assert!(shown.contains("old key, read by Carol, too"), "{shown}");
    let shown = alice.human(&["group", "hide", "Hikers", "Carol"]).stdout;
    assert!(shown.contains("Carol (hidden)"), "{shown}");
    assert!(hello().is_none());
    assert_eq!(alice.json(&["group", "hide", "Hikers", &alice.address]).error().0, "usage");
    let members = alice.ok(&["group", "hide", "Hikers", "Carol", "--off"]);
    assert!(members.as_array().unwrap().iter().all(|member| member["hidden"] == false), "{members}");
    assert!(hello().is_some());
    assert_eq!(alice.fails(&["group", "hide", "Hikers", &server.address]).0, "not-found");
}

#[test]
fn a_contact_is_offered_a_group_of_two_and_reads_what_was_written_while_away() {
    let world = World::new();
    let server = world.server("server");
    let (alice, mut bob) = (world.person_online("alice"), world.person_online("bob"));
    alice.befriend("Bob", &bob, "Alice");
    for person in [&alice, &bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let offer = ["contact", "offer-group", "Bob", "--server", &server.bundle];
    assert_eq!(alice.fails(&offer).0, "refused", "nothing is known of his program");
    let offered = alice.ok(&[&offer[..], &["--anyway"]].concat());
    assert_eq!((&offered["again"], &offered["message"]["state"]), (&json!(false), &json!("acknowledged")));
    let number = format!("#{}", offered["group"]["conversation"]);

    let asked =
        until("the offer", || bob.messages("Alice").into_iter().find(|message| message["overlay"] == 101));
    assert_eq!(asked["offer"]["server"], json!(server.address));
    let shown = bob.human(&["messages", "Alice"]).stdout;
    for part in ["offers a closed group of the two of you", "which of two lengths", &server.address] {
        assert!(shown.split_whitespace().collect::<Vec<_>>().join(" ").contains(part), "{part:?} in {shown}");
    }
    // He takes it, and is away.
    let joined = bob.ok(&["group", "join", asked["text"].as_str().unwrap()]);
    assert_eq!(joined["group"], offered["group"]["group"]);
    bob.stop();
    alice.ok(&["send", &number, "read it when you are back"]);
    bob.start();
    let group = joined["group"].as_str().unwrap();
    bob.receives(group, "read it when you are back");
    bob.ok(&["send", group, "I have"]);
    alice.receives(&number, "I have");

    let again = alice.ok(&["contact", "offer-group", "Bob", "--server", &server.address]);
    assert_eq!((&again["again"], &again["group"]["group"]), (&json!(true), &joined["group"]));
    assert_eq!(alice.ok(&["group", "list"]).as_array().unwrap().len(), 1);
    // An invite to any other group is no offer of that kind.
    alice.ok(&["group", "new", "Hikers", "--server", &server.address, "--keys", "trusted"]);
    alice.ok(&["group", "invite", "Hikers", "Bob"]);
    until("the other invite", || {
        let invites = bob.messages("Alice").into_iter().filter(|message| message["overlay"] == 101);
        (invites.filter(|message| message.get("offer").is_none()).count() == 1).then_some(())
    });
}
