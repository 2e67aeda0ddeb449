//! Posts that a server refuses, loses or half answers; and what a server can tell about its clients.

use std::collections::HashSet;

use cwtch_client::api::{ErrorKind, MessageState};
use cwtch_primitives::OsRng;
use cwtch_primitives::token::IssuerKey;

use crate::fake_server::{Answer, FakeServer};
use crate::support::{Person, World};

async fn member(world: &World, answers: &[Answer]) -> (FakeServer, Person, String) {
    let server = FakeServer::start(&world.network, answers, None).await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    (server, alice, created.group)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_token_is_replaced_once() {
    let world = World::new();
    let (server, alice, group) = member(&world, &[Answer::Refuse]).await;
    assert_eq!(alice.send(&group, "hello").await.unwrap().state, MessageState::Stored);
    server.seen(|seen| {
        assert_eq!(seen.posts.len(), 2);
        assert_eq!(seen.posts[0].1, seen.posts[1].1, "the same message");
        assert_ne!(seen.posts[0].0.t, seen.posts[1].0.t, "with another token");
    });
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_is_refused_twice_has_failed_and_holds_up_nothing() {
    let world = World::new();
    let (server, mut alice, group) = member(&world, &[Answer::Refuse, Answer::Refuse]).await;
    let error = alice.send(&group, "unwelcome").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(crate::words::error(&error).contains("refused"), "{error}");
    let failed = alice.messages(&group).await.pop().unwrap();
    assert_eq!(failed.state, MessageState::Failed);
    alice.state(failed.id, MessageState::Failed).await;

    let next = alice.send(&group, "welcome").await.unwrap();
    assert_eq!(
        (next.state, next.previous),
        (MessageState::Stored, None),
        "it follows nothing that nobody has"
    );
    assert_eq!(server.seen(|seen| seen.posts.len()), 3);
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_whose_answer_was_lost_is_found_in_the_replay() {
    let world = World::new();
    let (server, alice, group) = member(&world, &[Answer::StoreAndHangUp]).await;
    assert_eq!(alice.send(&group, "hello").await.unwrap().state, MessageState::Stored);
    assert_eq!(server.seen(|seen| (seen.posts.len(), seen.log.len())), (1, 1), "never sent twice");
    assert_eq!(alice.texts(&group).await, ["hello"], "never shown twice");
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_was_lost_is_sent_again_with_the_same_token() {
    let world = World::new();
    let (server, alice, group) = member(&world, &[Answer::HangUp, Answer::HangUp]).await;
    assert_eq!(alice.send(&group, "hello").await.unwrap().state, MessageState::Stored);
    server.seen(|seen| {
        assert_eq!(seen.posts.len(), 3);
        assert!(seen.posts.iter().all(|post| *post == seen.posts[0]), "byte for byte");
    });
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_post_that_the_server_shows_is_stored() {
    let world = World::new();
    let (server, alice, group) = member(&world, &[Answer::StoreAndRefuse]).await;
    assert_eq!(alice.send(&group, "hello").await.unwrap().state, MessageState::Stored);
    alice.sync().await.unwrap();
    assert_eq!(server.seen(|seen| seen.posts.len()), 1);
    assert_eq!(alice.texts(&group).await, ["hello"]);
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_goes_out_after_a_crash_with_the_token_it_was_bound_to() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[Answer::HangUp], None).await;
    let alice = world.one_shot("alice").await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    let group = created.group.clone();
    let sending = {
        let engine = alice.engine.clone();
        tokio::spawn(async move {
            let command = cwtch_client::api::Command::Send {
                conversation: group,
                text: "hello".to_owned(),
                timeout: Some(100),
                reply_to: None,
                anyway: false,
            };
            engine.call(command).await
        })
    };
    crate::support::soon("the first attempt", async {
        while server.seen(|seen| seen.posts.is_empty()) {
            tokio::task::yield_now().await;
        }
    })
    .await;
    alice.stop().await;
    let _ = sending.await;

    let alice = world.one_shot("alice").await;
    alice.sync().await.unwrap();
    assert_eq!(alice.messages(&created.group).await[0].state, MessageState::Stored);
    server
        .seen(|seen| assert!(seen.posts.len() >= 2 && seen.posts.iter().all(|post| *post == seen.posts[0])));
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_connection_has_an_identity_of_its_own() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[], None).await;
    let alice = world.one_shot("alice").await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.stop().await;
    for _ in 0..3 {
        let alice = world.one_shot("alice").await;
        alice.sync().await.unwrap();
        alice.stop().await;
    }
    let alice = world.one_shot("alice").await;
    alice.send(&created.group, "hello").await.unwrap();
    server.seen(|seen| {
        let clients: HashSet<_> = seen.clients.iter().map(ToString::to_string).collect();
        assert!(clients.len() >= 4);
        assert_eq!(clients.len(), seen.clients.len(), "none is used twice");
        assert!(!clients.contains(&alice.address), "none is the person's");
    });
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_signed_with_another_key_than_the_bundle_s_are_never_used() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[], Some(IssuerKey::generate(&mut OsRng))).await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.queues(&created.group, "hello", Some(3)).await;
    assert!(server.seen(|seen| seen.posts.is_empty()));
    assert_eq!(alice.servers().await[0].tokens, 0);
    assert_eq!(alice.messages(&created.group).await[0].state, MessageState::Queued);
    alice.stop().await;
}
