//! What happened since the copy was made: groups that were joined and left, messages of contacts.

use cwtch_client::api::{Command, ErrorKind, MessageState};
use cwtch_client::engine::Mode;

use super::{Copy, WAYS, all_is_well, status, texts};
use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_was_joined_since_the_copy_is_joined_again_and_nobody_is_accused() {
    for way in WAYS {
        let world = World::new();
        let server = world.server().await;
        let bundle = server.bundle().to_server_string();
        let (alice, bob) = (world.daemon("alice").await, world.daemon("bob").await);
        let one = bob.new_group("one", &bundle).await.unwrap();
        alice.join(&one.tofubundle).await.unwrap();
        alice.send(&one.group, "one 0").await.unwrap();
        alice.stop().await;
        let copy = Copy::of(&world, "alice");

        let alice = world.start("alice", Mode::Daemon).await;
        let two = bob.new_group("two", &bundle).await.unwrap();
        alice.join(&two.tofubundle).await.unwrap();
        for n in 0..3 {
            alice.send(&two.group, &format!("two {n}")).await.unwrap();
        }
        bob.sync().await.unwrap();
        bob.send(&two.group, "an answer").await.unwrap();
        alice.sync().await.unwrap();
        alice.stop().await;

        copy.put_back(way);
        let alice = world.start("alice", Mode::Daemon).await;
        assert_eq!(alice.groups().await.len(), 1, "{way:?}: the copy knows one");
        let error = alice.send(&two.group, "nowhere").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound, "{way:?}");
        alice.send(&one.group, "one 1").await.unwrap();
        alice.join(&two.tofubundle).await.unwrap();
        // At once: what was written there before is not read yet.
        assert_eq!(alice.send(&two.group, "two 3").await.unwrap().state, MessageState::Stored);
        for person in [&alice, &bob] {
            person.sync().await.unwrap();
        }
        for (who, person) in [("alice", &alice), ("bob", &bob)] {
            for (group, expected) in [
                (&one.group, &["one 0", "one 1"][..]),
                (&two.group, &["two 0", "two 1", "two 2", "an answer", "two 3"]),
            ] {
                let messages = person.messages(group).await;
                all_is_well(who, &messages);
                assert_eq!(texts(&messages), expected, "{who}, {way:?}");
                let own: Vec<_> = messages.iter().map(|message| message.own).collect();
                let alices = |text: &&str| (*text != "an answer") == (who == "alice");
                assert_eq!(own, expected.iter().map(alices).collect::<Vec<_>>(), "{who}, {way:?}");
            }
        }
        assert_eq!(status(&alice).await.runs_elsewhere, None, "{way:?}: the past is no twin");
        server.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_was_left_since_the_copy_is_there_again_with_what_was_said_meanwhile() {
    for way in WAYS {
        let world = World::new();
        let server = world.server().await;
        let (alice, bob) = (world.daemon("alice").await, world.daemon("bob").await);
        let created = bob.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
        let group = &created.group;
        alice.join(&created.tofubundle).await.unwrap();
        alice.send(group, "before").await.unwrap();
        alice.stop().await;
        let copy = Copy::of(&world, "alice");

        let alice = world.start("alice", Mode::Daemon).await;
        alice.send(group, "good bye").await.unwrap();
        alice.call(Command::GroupLeave { group: group.clone() }).await.unwrap();
        assert_eq!(alice.groups().await, []);
        bob.sync().await.unwrap();
        bob.send(group, "a pity").await.unwrap();
        alice.stop().await;

        copy.put_back(way);
        let alice = world.start("alice", Mode::Daemon).await;
        alice.send(group, "here again").await.unwrap();
        for (who, person) in [("alice", &alice), ("bob", &bob)] {
            person.sync().await.unwrap();
            let messages = person.messages(group).await;
            all_is_well(who, &messages);
            assert_eq!(texts(&messages), ["before", "good bye", "a pity", "here again"], "{who}, {way:?}");
        }
        assert_eq!(status(&alice).await.runs_elsewhere, None, "{way:?}: the past is no twin");
        server.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn contacts_get_each_message_once_though_a_profile_was_put_back() {
    for way in WAYS {
        let world = World::new();
        let (alice, bob) = (world.start("alice", Mode::Daemon).await, world.start("bob", Mode::Daemon).await);
        let (alices, bobs) = (alice.address.clone(), bob.address.clone());
        for (person, address) in [(&alice, &bobs), (&bob, &alices)] {
            person.call(Command::ContactAdd { address: address.clone(), name: None }).await.unwrap();
        }
        assert_eq!(alice.send(&bobs, "before").await.unwrap().state, MessageState::Acknowledged);
        // One waits in the copy.
        bob.stop().await;
        alice.send_as(&bobs, "waits", Some(0), None).await.unwrap();
        alice.stop().await;
        let copy = Copy::of(&world, "alice");

        // The original goes on: it leaves, and both write more.
        let mut bob = world.start("bob", Mode::Daemon).await;
        let mut alice = world.start("alice", Mode::Daemon).await;
        assert_eq!(bob.incoming().await.text, "waits");
        alice.send(&bobs, "later").await.unwrap();
        bob.send(&alices, "to alice").await.unwrap();
        assert_eq!(alice.incoming().await.text, "to alice");
        alice.stop().await;

        copy.put_back(way);
        let alice = world.start("alice", Mode::Daemon).await;
        // Messages to a contact go in their order: the one that waited is sent again before.
        assert_eq!(alice.send(&bobs, "after").await.unwrap().state, MessageState::Acknowledged);
        assert_eq!(bob.send(&alices, "to alice, again").await.unwrap().state, MessageState::Acknowledged);
        assert_eq!(
            bob.texts(&alices).await,
            ["before", "waits", "later", "to alice", "after", "to alice, again"],
            "{way:?}: Bob has each once"
        );
        // What a contact had acknowledged is nowhere but with the contact.
        let messages = alice.messages(&bobs).await;
        all_is_well("alice", &messages);
        assert_eq!(texts(&messages), ["before", "waits", "after", "to alice, again"], "{way:?}");
        let own = messages.iter().filter(|message| message.own);
        assert!(own.clone().all(|message| message.state == MessageState::Acknowledged), "{way:?}");
        assert_eq!(own.count(), 3);
        assert_eq!(status(&alice).await.runs_elsewhere, None, "{way:?}: the past is no twin");
    }
}
