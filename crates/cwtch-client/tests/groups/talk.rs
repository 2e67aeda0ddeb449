//! Members talk through a real server.

use cwtch_client::api::{Command, ErrorKind, MessageState, ServerPhase, SyncInfo};

use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn three_members_talk_with_and_without_daemons() {
    let world = World::new();
    let server = world.server().await;
    let server_string = server.bundle().to_server_string();
    let (mut alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    let carol = world.one_shot("carol").await;

    let created = alice.new_group("friends", &server_string).await.unwrap();
    // One way to join: know the server, then the invite.
    bob.add_server(&server_string).await.unwrap();
    let joined = bob.join(&created.invite).await.unwrap();
    assert_eq!((&joined.group, joined.name.as_str()), (&created.group, "friends"));
    // The other: both in one.
    carol.join(&created.tofubundle).await.unwrap();
    let group = &created.group;

    let one = alice.send(group, "one").await.unwrap();
    assert_eq!((one.state, one.own, one.previous.as_deref()), (MessageState::Stored, true, None));
    let seen = bob.incoming().await;
    assert_eq!(
        (seen.text.as_str(), &seen.author, seen.state),
        ("one", &alice.address, MessageState::Verified)
    );
    assert!(seen.sent.is_some());

    bob.send(group, "two <&> \"quoted\"").await.unwrap();
    let two = alice.incoming().await;
    assert_eq!((two.text.as_str(), &two.author), ("two <&> \"quoted\"", &bob.address));

    assert_eq!(carol.sync().await.unwrap(), SyncInfo { received: 2, rejected: 0 });
    let three = carol.send(group, "three").await.unwrap();
    assert_eq!(three.state, MessageState::Stored);
    let seen = alice.incoming().await;
    assert_eq!((seen.text.as_str(), seen.gap), ("three", false));
    assert_eq!(bob.incoming().await.text, "three");

    let expected = ["one", "two <&> \"quoted\"", "three"];
    for person in [&alice, &bob, &carol] {
        let messages = person.messages(group).await;
        assert_eq!(messages.iter().map(|m| m.text.as_str()).collect::<Vec<_>>(), expected);
        assert!(messages.iter().all(|m| !m.gap), "nothing is missing");
        assert_eq!(messages[0].previous, None);
        assert!(messages[1].previous.is_some() && messages[2].previous.is_some());
        assert_ne!(messages[1].previous, messages[2].previous, "a chain, not a star");
        let info = &person.groups().await[0];
        assert_eq!((info.messages, info.authors), (3, 3));
    }
    let synced = alice.servers().await;
    assert_eq!((synced[0].phase, synced[0].received, synced[0].rejected), (Some(ServerPhase::Synced), 2, 0));
    assert_eq!(carol.servers().await[0].phase, None, "no daemon, no phase");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_who_was_away_catches_up_in_order_and_once() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let bob = world.daemon("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "before").await.unwrap();
    bob.sync().await.unwrap();
    assert_eq!(bob.texts(group).await, ["before"]);
    bob.stop().await;

    let mut expected = vec!["before".to_owned()];
    for n in 0..7 {
        let text = format!("while away {n}");
        alice.send(group, &text).await.unwrap();
        expected.push(text);
    }

    let bob = world.one_shot("bob").await;
    assert_eq!(bob.sync().await.unwrap(), SyncInfo { received: 7, rejected: 0 });
    let messages = bob.messages(group).await;
    assert_eq!(messages.iter().map(|m| m.text.clone()).collect::<Vec<_>>(), expected);
    assert!(messages.iter().all(|m| !m.gap && m.state == MessageState::Verified));
    assert_eq!(bob.sync().await.unwrap(), SyncInfo::default(), "nothing is delivered twice");
    bob.stop().await;

    // A daemon syncs by itself, and its own messages come back to it without being shown again.
    alice.stop().await;
    let alice = world.daemon("alice").await;
    alice.sync().await.unwrap();
    let messages = alice.messages(group).await;
    assert_eq!(messages.len(), expected.len());
    assert!(messages.iter().all(|m| m.own && m.state == MessageState::Stored));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_joins_later_gets_what_was_said_before_even_from_a_server_in_use() {
    let world = World::new();
    let server = world.server().await;
    let server_string = server.bundle().to_server_string();
    let alice = world.daemon("alice").await;
    let mut bob = world.daemon("bob").await;
    let old = alice.new_group("old", &server_string).await.unwrap();
    alice.send(&old.group, "first").await.unwrap();
    alice.send(&old.group, "second").await.unwrap();
    // Bob is synced with this server, past those two messages, because of another group.
    let other = bob.new_group("other", &server_string).await.unwrap();
    bob.send(&other.group, "mine").await.unwrap();
    bob.sync().await.unwrap();

    bob.join(&old.invite).await.unwrap();
    assert_eq!(bob.incoming().await.text, "first");
    assert_eq!(bob.incoming().await.text, "second");
    assert_eq!(bob.texts(&other.group).await, ["mine"], "its own message came again and is not shown again");

    // Joining once more changes nothing.
    bob.join(&old.invite).await.unwrap();
    assert_eq!(bob.groups().await.len(), 2);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_name_what_they_answer() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let mut bob = world.daemon("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    bob.join(&created.tofubundle).await.unwrap();
    let question = alice.send(&created.group, "who?").await.unwrap();
    let heard = bob.incoming().await;
    bob.send_as(&created.group, "me", None, Some(heard.id)).await.unwrap();
    alice.sync().await.unwrap();
    let reply = alice.messages(&created.group).await.pop().unwrap();
    assert_eq!((reply.text.as_str(), reply.overlay, reply.quoted), ("me", 10, Some(question.id)));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_at_the_same_time_are_all_stored_once() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let mut sends = Vec::new();
    for n in 0..25 {
        let (engine, group) = (alice.engine.clone(), created.group.clone());
        sends.push(tokio::spawn(async move {
            let command = Command::Send {
                conversation: group,
                text: format!("{n}"),
                timeout: Some(100),
                reply_to: None,
                anyway: false,
            };
            engine.call(command).await
        }));
    }
    for send in sends {
        send.await.unwrap().unwrap();
    }
    let bob = world.one_shot("bob").await;
    bob.join(&created.tofubundle).await.unwrap();
    assert_eq!(bob.sync().await.unwrap(), SyncInfo { received: 25, rejected: 0 });
    assert!(bob.messages(&created.group).await.iter().all(|m| !m.gap));
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_was_left_is_forgotten() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    alice.send(&created.group, "gone soon").await.unwrap();
    alice.call(Command::GroupLeave { group: "friends".to_owned() }).await.unwrap();
    assert!(alice.groups().await.is_empty());
    let error = alice.send(&created.group, "still there?").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // Its server carries no other group: the daemon stays away from it.
    assert_eq!(alice.servers().await[0].phase, Some(ServerPhase::Offline));
    assert_eq!(alice.sync().await.unwrap(), SyncInfo::default());
    // Back with the invite, the history comes again.
    alice.join(&created.tofubundle).await.unwrap();
    alice.sync().await.unwrap();
    assert_eq!(alice.texts(&created.group).await, ["gone soon"]);
    server.shutdown().await;
}
