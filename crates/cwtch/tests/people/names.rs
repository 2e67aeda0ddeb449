//! Who is meant and who speaks: names that the person gave, and names that others chose.

use serde_json::{Value, json};

use crate::common::{Person, World, until};

/// Kind and sentence of a command that must fail.
fn refused(person: &Person, arguments: &[&str]) -> (String, String) {
    let ran = person.json(arguments);
    assert_ne!(ran.code, 0, "{arguments:?}: {ran:?}");
    ran.error()
}

/// The beginning of an address or id.
fn short(id: &str) -> &str {
    id.get(..10).unwrap_or(id)
}

/// Two people who added each other; the second is known to the first by nothing but the name that it claims.
fn acquainted(world: &World, claimed: &str) -> (Person, Person) {
    let (alice, mut bob) = (world.person_online("alice"), world.person("bob"));
    bob.ok(&["attribute", "set", "name", claimed]);
    alice.ok(&["contact", "add", &bob.address]);
    bob.ok(&["contact", "add", &alice.address, "--name", "Alice"]);
    bob.start();
    until("the name is known", || alice.contact(&bob.address).filter(|c| c["name_source"] == "claimed"));
    (alice, bob)
}

#[test]
fn a_message_for_a_contact_never_goes_into_a_stranger_s_group() {
    let world = World::new();
    let server = world.server("server");
    let (alice, bob) = acquainted(&world, "Bob");
    let mallory = world.person_online("mallory");
    for person in [&alice, &mallory] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    for disguise in ["Bob", "BOB", "B\u{200b}ob", "Bоb", "B0b"] {
        let made = mallory.ok(&["group", "new", disguise, "--server", &server.bundle]);
        let joined = alice.ok(&["group", "join", made["tofubundle"].as_str().unwrap()]);
        let id = joined["group"].as_str().unwrap();
        assert_eq!(joined["name_source"], "claimed");
        let (kind, message) = refused(&alice, &["send", "Bob", "for Bob's eyes"]);
        assert_eq!(kind, "not-found", "{disguise:?}: {message}");
        for candidate in ["the contact \"Bob\" (", "the group \"B", short(&bob.address), short(id)] {
            assert!(message.contains(candidate), "{candidate:?} in {message}");
        }
        // Programs need not read the sentence, over the daemon's socket as little as from a command.
        let command = alice.json(&["send", "Bob", "for Bob's eyes"]).stderr;
        let command: Value = serde_json::from_str(command.trim()).unwrap();
        let asked = alice.rpc().call(1, "send", json!({"conversation": "Bob", "text": "for Bob's eyes"}));
        for candidates in [&command["error"]["data"]["candidates"], &asked["error"]["data"]["candidates"]] {
            let mut told: Vec<_> = candidates.as_array().unwrap().iter().collect();
            told.sort_by_key(|candidate| candidate["kind"].as_str());
            assert_eq!(told.len(), 2, "{candidates}");
            for (candidate, (kind, place)) in
                told.into_iter().zip([("contact", bob.address.as_str()), ("group", id)])
            {
                assert_eq!((&candidate["kind"], &candidate["with"]), (&kind.into(), &place.into()));
                assert_eq!(candidate["name_source"], "claimed");
                assert!(candidate["shown"].as_str().unwrap().contains(short(place)), "{candidate}");
            }
            let named = candidates[0]["with"].as_str().unwrap();
            assert_eq!(alice.json(&["messages", named]).code, 0, "it names one");
        }
        assert!(alice.messages(id).is_empty(), "{disguise:?}");
        alice.ok(&["group", "leave", id]);
    }
    // Alone, the claimed name is enough, in any case; and the answer says who it was.
    let sent = alice.ok(&["send", "bob", "for Bob's eyes"]);
    let place = &sent["conversation_name"];
    assert_eq!((&place["kind"], &place["name_source"]), (&"contact".into(), &"claimed".into()));
    assert_eq!(place["shown"], "\"Bob\"");
    assert_eq!(sent["with"], bob.address.as_str());
    // A name of her own is hers, whatever groups are called.
    alice.ok(&["contact", "rename", "Bob", "Bob"]);
    let made = mallory.ok(&["group", "new", "Bob", "--server", &server.bundle]);
    alice.ok(&["group", "join", made["tofubundle"].as_str().unwrap()]);
    let said = alice.human(&["send", "bob", "still for Bob"]).stdout;
    assert!(said.contains(&format!("to the contact Bob ({}…)", short(&bob.address))), "{said}");
    bob.receives("Alice", "still for Bob");
    assert!(alice.messages(made["group"].as_str().unwrap()).is_empty());
}

#[test]
fn nobody_speaks_in_another_s_name_or_the_person_s() {
    for claimed in ["Carol", "you", "You\u{200b}", "Caroⅼ"] {
        let world = World::new();
        let (alice, bob) = acquainted(&world, claimed);
        let carol = world.person("carol");
        alice.ok(&["contact", "add", &carol.address, "--name", "Carol"]);
        bob.ok(&["send", "Alice", "I am somebody else"]);
        let got = alice.receives(&bob.address, "I am somebody else");
        let speaker = &got["speaker"];
        assert_eq!((&speaker["name_source"], &speaker["kind"]), (&"claimed".into(), &"contact".into()));
        let shown = speaker["shown"].as_str().unwrap().to_owned();
        let marked = format!("\" ({}…)", short(&bob.address));
        assert!(shown.starts_with('"') && shown.ends_with(&marked), "{claimed:?}: {shown}");
        let listed = alice.human(&["messages", &bob.address]).stdout;
        assert!(listed.contains(&shown), "{listed}");
        assert!(!listed.contains("  you  ") && !listed.contains("  Carol  "), "{listed}");
        let contacts = alice.human(&["contact", "list"]).stdout;
        assert!(
            contacts.contains(&shown) && contacts.lines().any(|line| line.starts_with("Carol ")),
            "{contacts}"
        );
        // Own messages are hers, and carry a mark that no name can have.
        alice.ok(&["send", &bob.address, "who?"]);
        let own = alice.messages(&bob.address);
        let own = own.iter().find(|message| message["text"] == "who?").unwrap();
        assert_eq!((&own["own"], &own["speaker"]["kind"]), (&true.into(), &"you".into()));
        assert_eq!((&got["own"], &own["speaker"]["shown"]), (&false.into(), &"you".into()));
    }
}

#[test]
fn a_contact_is_renamed_removed_and_added_without_surprises() {
    let world = World::new();
    let (me, other) = (world.person("me"), world.person("other"));
    me.ok(&["contact", "add", &other.address, "--name", "Bob"]);
    me.ok(&["contact", "block", "Bob"]);
    let renamed = me.ok(&["contact", "rename", "bob", "Robert"]);
    assert_eq!((&renamed["state"], &renamed["shown"]), (&"blocked".into(), &"Robert".into()));
    for name in [&["--name", "Robert"][..], &["--name", "Bob"], &[]] {
        let (kind, message) = refused(&me, &[&["contact", "add", &other.address], name].concat());
        assert_eq!(kind, "refused");
        assert!(message.contains("contact accept"), "{message}");
    }
    assert_eq!(me.contact(&other.address).unwrap()["state"], "blocked");
    me.ok(&["contact", "accept", "Robert"]);
    let (kind, message) = refused(&me, &["contact", "add", &other.address, "--name", "Bob"]);
    assert_eq!(kind, "refused");
    assert!(message.contains("contact rename"), "{message}");
    me.ok(&["contact", "add", &other.address, "--name", "Robert"]);
    assert_eq!(me.ok(&["contact", "rename", "Robert", "--clear"])["name_source"], "none");
    assert_eq!(refused(&me, &["contact", "reject", &other.address]).0, "refused");
    assert_eq!(refused(&me, &["contact", "rename", &other.address, "\"Bob\""]).0, "usage");
    me.ok(&["contact", "remove", &other.address]);
    assert!(me.contact(&other.address).is_none());
    assert_eq!(refused(&me, &["contact", "remove", &other.address]).0, "not-found");
}

#[test]
fn strangers_can_be_rejected_or_all_blocked() {
    let world = World::new();
    let (alice, mut bob) = (world.person_online("alice"), world.person_online("bob"));
    let state = |of: &str| alice.contact(of).map(|contact| contact["state"].clone());
    bob.ok(&["contact", "add", &alice.address, "--name", "Alice"]);
    until("Alice is asked", || state(&bob.address).filter(|state| state == "unknown"));
    let listed = |states: &[&str]| {
        let listed = alice.ok(&[&["contact", "list"], states].concat());
        listed.as_array().unwrap().iter().map(|contact| contact["address"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&["--unknown"]), [json!(bob.address)]);
    assert_eq!(alice.ok(&["contact", "reject", &bob.address])["state"], "rejected");
    assert_eq!(listed(&["--rejected"]), [json!(bob.address)]);
    assert_eq!(listed(&["--unknown", "--blocked"]), [json!(null); 0]);
    assert!(alice.human(&["contact", "list", "--blocked"]).stdout.contains("Nobody is in such a state."));
    alice.ok(&["contact", "block", &bob.address]);
    assert_eq!(listed(&["--rejected", "--blocked"]), [json!(bob.address)]);
    alice.ok(&["contact", "remove", &bob.address]);

    alice.ok(&["contact", "block", "--unknown"]);
    assert_eq!(alice.ok(&["status"])["unknown_blocked"], true);
    bob.stop();
    alice.json(&["contact", "remove", &bob.address]);
    bob.start();
    let mut news = bob.rpc();
    let listening = news.call(1, "subscribe", json!({}));
    assert!(listening["error"].is_null(), "{listening}");
    // He got through, and was closed: whether that was before or after he listened, he comes again and again.
    bob.json(&["send", "Alice", "let me in", "--timeout", "1"]);
    news.event(|event| event["event"] == "contact-offline");
    assert_eq!(state(&bob.address), None);

    alice.ok(&["contact", "block", "--unknown", "--off"]);
    bob.stop();
    bob.start();
    until("Alice is asked again", || state(&bob.address).filter(|state| state == "unknown"));
}

#[test]
fn servers_go_when_no_group_needs_them_and_groups_tell_what_became_of_them() {
    let world = World::new();
    let server = world.server("server");
    let (alice, bob) = (world.person_online("alice"), world.person_online("bob"));
    for person in [&alice, &bob] {
        person.ok(&["experiment", "enable", "groups"]);
    }
    let watch = |person: &Person| {
        let mut news = person.rpc();
        let listening = news.call(1, "subscribe", json!({}));
        assert!(listening["error"].is_null(), "{listening}");
        news
    };
    let (mut of_alice, mut of_bob) = (watch(&alice), watch(&bob));
    let made = alice.ok(&["group", "new", "Hikers", "--server", &server.bundle]);
    let is_group_news =
        |event: &Value| event["event"].as_str().is_some_and(|name| name.starts_with("group-"));
    assert_eq!(of_alice.event(is_group_news)["event"], "group-made");
    bob.ok(&["group", "join", made["tofubundle"].as_str().unwrap()]);
    let joined = of_bob.event(is_group_news);
    assert_eq!((&joined["event"], &joined["group"]["shown"]), (&"group-joined".into(), &"\"Hikers\"".into()));
    bob.ok(&["group", "rename", "Hikers", "Walkers"]);
    assert_eq!(of_bob.event(is_group_news)["event"], "group-changed");

    let (kind, message) = refused(&bob, &["server", "remove", &server.address]);
    assert_eq!(kind, "refused");
    assert!(message.contains("group leave"), "{message}");
    bob.ok(&["group", "leave", "walkers"]);
    assert_eq!(of_bob.event(is_group_news)["event"], "group-left");
    until("the server can go", || (bob.json(&["server", "remove", &server.address]).code == 0).then_some(()));
    assert_eq!(bob.ok(&["server", "list"]).as_array().unwrap().len(), 0);
    assert_eq!(refused(&bob, &["server", "remove", &server.address]).0, "not-found");
}
