//! Servers and clients that go away and come back.

use cwtch_client::api::{Advice, Command, ErrorKind, Event, MessageState, ServerPhase, SyncInfo, Task};

use cwtch_wire::board::EncryptedGroupMessage;

use crate::fake_server::FakeServer;
use crate::support::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_post_outlives_a_restart_of_the_server() {
    let world = World::new();
    let server = world.server().await;
    let mut alice = world.daemon("alice").await;
    let mut bob = world.daemon("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "one").await.unwrap();
    assert_eq!(bob.incoming().await.text, "one");

    let address = server.address().to_string();
    server.shutdown().await;
    let detail = alice.phase(ServerPhase::Offline).await.expect("a reason");
    assert!(detail.starts_with("The server cannot be used now") && !detail.contains(&address), "{detail}");
    let why = alice.queues(group, "two", Some(1)).await;
    assert!(why.contains(&address) && why.contains("stays queued"), "{why}");
    let queued = alice.messages(group).await.pop().unwrap();
    assert_eq!((queued.text.as_str(), queued.state), ("two", MessageState::Queued));

    let server = world.server().await;
    alice.state(queued.id, MessageState::Stored).await;
    let two = bob.incoming().await;
    assert_eq!((two.text.as_str(), two.gap), ("two", false));
    alice.send(group, "three").await.unwrap();
    assert_eq!(bob.incoming().await.text, "three");
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_what_was_queued_leaves_with_the_next_sync() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.one_shot("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let address = server.address().to_string();
    server.shutdown().await;

    let error = alice.sync().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(crate::words::error(&error).contains(&address), "it says which server: {error}");
    alice.queues(&created.group, "later", Some(1)).await;
    alice.stop().await;

    let server = world.server().await;
    let alice = world.one_shot("alice").await;
    assert_eq!(alice.messages(&created.group).await[0].state, MessageState::Queued);
    alice.sync().await.unwrap();
    let messages = alice.messages(&created.group).await;
    assert_eq!((messages.len(), messages[0].state), (1, MessageState::Stored));
    let bob = world.one_shot("bob").await;
    bob.join(&created.tofubundle).await.unwrap();
    assert_eq!(bob.sync().await.unwrap(), SyncInfo { received: 1, rejected: 0 });
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_fills_its_wallet_again_before_it_is_empty() {
    let world = World::new();
    let server = world.server().await;
    let mut alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    // The first batch is bought without anybody asking.
    bought(&mut alice).await;
    for n in 0..7 {
        alice.send(&created.group, &format!("{n}")).await.unwrap();
    }
    // Seven of ten are spent, so more were bought.
    bought(&mut alice).await;
    let tokens = async {
        loop {
            let tokens = alice.servers().await[0].tokens;
            if tokens >= 5 {
                return tokens;
            }
            tokio::task::yield_now().await;
        }
    };
    assert_eq!(crate::support::soon("the second batch", tokens).await, 13);
    server.shutdown().await;
}

async fn bought(person: &mut crate::support::Person) {
    person
        .event("a finished proof of work", |event| match event {
            Event::Progress { task: Task::ProofOfWork, done, total } => {
                assert_eq!(*total, Some(65_536));
                (*done >= 65_536).then_some(())
            }
            _ => None,
        })
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn switched_off_nothing_connects_and_switched_on_again_everything_is_there() {
    let world = World::new();
    let server = world.server().await;
    let mut alice = world.daemon("alice").await;
    let bob = world.daemon("bob").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(&created.group, "one").await.unwrap();
    alice.call(Command::ExperimentDisable { name: "groups".to_owned() }).await.unwrap();
    for refused in [
        alice.sync().await.unwrap_err(),
        alice.send(&created.group, "no").await.unwrap_err(),
        alice.call(Command::GroupList).await.unwrap_err(),
    ] {
        assert_eq!(refused.kind(), ErrorKind::Refused);
        assert_eq!(refused.advice, [Advice::ExperimentEnable { name: "groups".to_owned() }], "{refused}");
    }
    bob.send(&created.group, "two").await.unwrap();
    alice.enable().await;
    assert_eq!(alice.incoming().await.text, "two");
    assert_eq!(alice.texts(&created.group).await, ["one", "two"]);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_overtakes_a_replay_hides_nothing_of_it() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[], None).await;
    let server_string = server.bundle.to_server_string();
    let bob = world.one_shot("bob").await;
    let old = bob.new_group("old", &server_string).await.unwrap();
    bob.send(&old.group, "first").await.unwrap();
    bob.send(&old.group, "second").await.unwrap();
    // Alice is past those messages, and joins their group now: everything must come again.
    let alice = world.one_shot("alice").await;
    alice.new_group("mine", &server_string).await.unwrap();
    alice.sync().await.unwrap();
    alice.join(&old.tofubundle).await.unwrap();

    server.interrupt_next_replay(EncryptedGroupMessage { ciphertext: vec![1; 99], signature: vec![2; 64] });
    // Whether the first call fails or its second attempt succeeds depends on who is faster.
    let mut received = match alice.sync().await {
        Ok(info) => info.received,
        Err(error) => {
            assert_eq!(error.kind(), ErrorKind::Unreachable);
            0
        }
    };
    // Had the newest message moved the cursor, the next replay would begin behind the history.
    received += alice.sync().await.unwrap().received;
    assert_eq!(received, 2);
    assert_eq!(alice.texts(&old.group).await, ["first", "second"]);
}
