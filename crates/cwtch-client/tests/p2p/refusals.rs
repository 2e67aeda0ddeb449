//! What the engine says no to, in which words, and that it changes nothing then.

use cwtch_client::api::{Advice, Command, ErrorKind, Reply};

use crate::support::World;

fn add(address: &str, name: Option<&str>) -> Command {
    Command::ContactAdd { address: address.to_owned(), name: name.map(str::to_owned) }
}

#[tokio::test]
async fn groups_are_off_until_they_are_turned_on() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let commands = [
        Command::ServerList,
        Command::ServerAdd { server: "server:x".to_owned() },
        Command::GroupList,
        Command::GroupNew {
            name: "g".to_owned(),
            server: "x".to_owned(),
            keys: Default::default(),
            with: vec![],
        },
        Command::GroupJoin { invite: "torv3".to_owned() },
        Command::GroupLeave { group: "g".to_owned() },
        Command::GroupInvite {
            group: "g".to_owned(),
            contact: "c".to_owned(),
            timeout: None,
            history: false,
            anyway: false,
        },
        Command::Sync { group: None },
        Command::Rejects,
        Command::ServerResume { server: "x".to_owned() },
        Command::Repair { group: "g".to_owned(), timeout: None },
    ];
    for command in commands {
        let error = alice.call(command).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert_eq!(error.advice, [Advice::ExperimentEnable { name: "groups".to_owned() }], "{error}");
    }
    let unknown = Command::ExperimentEnable { name: "time-travel".to_owned() };
    assert_eq!(alice.call(unknown).await.unwrap_err().kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn malformed_addresses_are_usage_errors_that_say_what_is_wrong() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let own = alice.address.clone();
    let mut mistyped = world.address("bob");
    let first = if mistyped.starts_with('a') { "b" } else { "a" };
    mistyped.replace_range(..1, first);
    for (address, says) in [("short", "56 characters"), (mistyped.as_str(), "address"), (own.as_str(), "own")]
    {
        let error = alice.call(add(address, None)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
        assert!(crate::words::error(&error).contains(says), "{error}");
    }
    let error = alice.send(&mistyped, "hello").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Usage, "a mistyped address is not taken for a name: {error}");
    assert!(alice.send(&format!("{mistyped}.onion"), "hello").await.unwrap_err().kind() == ErrorKind::Usage);
    let Reply::Contacts(contacts) = alice.call(Command::ContactList).await.unwrap() else { panic!() };
    assert!(contacts.is_empty());
}

#[tokio::test]
async fn names_that_fit_nobody_or_several_are_not_guessed() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    alice.call(add(&world.address("bob"), Some("Sam"))).await.unwrap();
    alice.call(add(&world.address("carol"), Some("Sam"))).await.unwrap();
    let several = alice.send("Sam", "which?").await.unwrap_err();
    assert_eq!(several.kind(), ErrorKind::NotFound);
    for person in ["bob", "carol"] {
        let candidate = format!("the contact Sam ({})", cwtch_client::names::short(&world.address(person)));
        assert!(crate::words::error(&several).contains(&candidate), "{several}");
    }
    let nobody = alice.send("Nobody", "hello").await.unwrap_err();
    assert_eq!(nobody.kind(), ErrorKind::NotFound);
    let accept = Command::ContactAccept { contact: world.address("dave") };
    assert_eq!(alice.call(accept).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test]
async fn texts_beyond_the_limit_are_refused_and_not_stored() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let bob = world.address("bob");
    alice.add(&bob).await;
    // 6000 bytes with the overlay's frame of 14; `<` takes six.
    for text in ["x".repeat(5987), "<".repeat(1000), String::new()] {
        let error = alice.send(&bob, &text).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    }
    assert!(alice.messages(&bob).await.is_empty());
    alice.queues(&bob, &"x".repeat(5986), Some(1)).await;
    assert_eq!(alice.messages(&bob).await.len(), 1);
    assert_eq!(alice.send_as(&bob, "x", Some(86_401), None).await.unwrap_err().kind(), ErrorKind::Usage);
}

#[tokio::test]
async fn attributes_have_fixed_names_and_bounded_values() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let set =
        |name: &str, value: &str| Command::AttributeSet { name: name.to_owned(), value: value.to_owned() };
    for (name, value) in [("nickname", "x"), ("name", "a\u{1b}b"), ("status", &"x".repeat(257))] {
        assert_eq!(alice.call(set(name, value)).await.unwrap_err().kind(), ErrorKind::Usage);
    }
    alice.call(set("attribute-3", "three")).await.unwrap();
    alice.call(set("name", "Alice")).await.unwrap();
    let Reply::Attributes(all) = alice.call(set("name", "")).await.unwrap() else { panic!() };
    assert_eq!(all.len(), 1, "empty removes");
    assert_eq!((all[0].name.as_str(), all[0].value.as_str()), ("attribute-3", "three"));
}

#[tokio::test]
async fn a_stopped_engine_says_so_and_releases_the_profile() {
    let world = World::new();
    let alice = world.daemon("alice").await;
    let engine = alice.engine.clone();
    alice.stop().await;
    engine.shutdown().await;
    assert_eq!(engine.call(Command::Address).await.unwrap_err().kind(), ErrorKind::Closed);
    // Would be refused as locked otherwise.
    world.daemon("alice").await.stop().await;
}
