//! Connections that are lost, double or not there yet.

use cwtch_client::api::{Command, Event, MessageState, Reply};

use crate::support::World;

#[tokio::test]
async fn a_contact_who_was_away_gets_the_message_when_she_comes_online() {
    let world = World::new();
    let mut alice = world.daemon("alice").await;
    let bob_address = world.address("bob");
    alice.add(&bob_address).await;
    let why = alice.queues(&bob_address, "for later", Some(1)).await;
    assert!(why.contains("stays queued") && why.contains("1 s"), "{why}");

    let mut bob = world.daemon("bob").await;
    bob.add(&alice.address).await;
    assert_eq!(bob.incoming().await.text, "for later");
    alice
        .event("the acknowledgement", |event| {
            matches!(event, Event::MessageState { state: MessageState::Acknowledged, .. }).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_restarted_daemon_has_lost_nothing() {
    let world = World::new();
    let (alice, mut bob) = world.friends().await;
    alice.send(&bob.address, "before").await.unwrap();
    bob.incoming().await;
    let (alice_address, bob_address) = (alice.address.clone(), bob.address.clone());
    bob.stop().await;
    alice.queues(&bob_address, "while away", Some(1)).await;
    alice.stop().await;

    let bob = world.daemon("bob").await;
    assert_eq!(bob.texts(&alice_address).await, ["before"]);
    let mut bob = bob;
    let alice = world.daemon("alice").await;
    assert_eq!(bob.incoming().await.text, "while away");
    alice.send(&bob_address, "after").await.unwrap();
    assert_eq!(bob.texts(&alice_address).await, ["before", "while away", "after"]);
    assert_eq!(alice.texts(&bob_address).await, ["before", "while away", "after"]);
}

#[tokio::test]
async fn a_daemon_that_stops_withdraws_its_address_and_is_seen_to_go() {
    let world = World::new();
    let (mut alice, bob) = world.friends().await;
    let bob_address = bob.address.clone();
    assert!(world.is_listening(&bob_address));
    bob.stop().await;
    assert!(!world.is_listening(&bob_address));
    alice.offline_with(&bob_address).await;
    let Reply::Status(status) = alice.call(Command::Status).await.unwrap() else { panic!() };
    assert_eq!(status.contacts_online, 0);
    assert!(status.online);
}

#[tokio::test]
async fn two_who_dial_at_once_end_with_one_connection() {
    for _ in 0..5 {
        let world = World::new();
        let (mut alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
        tokio::join!(alice.add(&bob.address), bob.add(&alice.address));
        alice.online_with(&bob.address.clone()).await;
        bob.online_with(&alice.address.clone()).await;
        // One stream with two ends; whatever else was opened is closed.
        world.network.until_streams(2).await;
        let (from_alice, from_bob) =
            tokio::join!(alice.send(&bob.address, "1"), bob.send(&alice.address, "2"));
        assert_eq!(from_alice.unwrap().state, MessageState::Acknowledged);
        assert_eq!(from_bob.unwrap().state, MessageState::Acknowledged);
        world.network.until_streams(2).await;
        alice.stop().await;
        bob.stop().await;
        world.network.until_streams(0).await;
    }
}

#[tokio::test]
async fn one_shot_engines_send_to_a_daemon_and_fetch_what_waited_there() {
    let world = World::new();
    let mut bob = world.daemon("bob").await;
    let alice = world.one_shot("alice").await;
    let alice_address = alice.address.clone();
    bob.add(&alice_address).await;
    alice.add(&bob.address).await;
    world.network.until_streams(0).await;
    assert!(!world.is_listening(&alice_address), "a one-shot engine never listens");

    let sent = alice.send(&bob.address, "quick").await.unwrap();
    assert_eq!(sent.state, MessageState::Acknowledged);
    assert_eq!(bob.incoming().await.text, "quick");
    alice.stop().await;

    bob.offline_with(&alice_address).await;
    bob.queues(&alice_address, "answer", Some(1)).await;
    let mut alice = world.one_shot("alice").await;
    alice.send(&bob.address, "again").await.unwrap();
    assert_eq!(alice.incoming().await.text, "answer");
    alice.stop().await;
    assert_eq!(bob.texts(&alice_address).await, ["quick", "answer", "again"]);
}

#[tokio::test]
async fn a_one_shot_timeout_says_when_the_message_will_go() {
    let world = World::new();
    let alice = world.one_shot("alice").await;
    let bob = world.address("bob");
    alice.add(&bob).await;
    let why = alice.queues(&bob, "anybody?", Some(1)).await;
    assert!(why.contains("stays queued") && why.contains("while a daemon runs"), "{why}");
    let queued = &alice.messages(&bob).await[0];
    assert_eq!((queued.text.as_str(), queued.state), ("anybody?", MessageState::Queued));
}
