//! The real server keeps a log, and nobody has to know it.

use cwtch_client::api::{LogNotice, MessageState, NoteKind, SyncInfo};
use cwtch_primitives::Identity;
use cwtch_server::{Config, Declarations};
use cwtch_wire::board::EncryptedGroupMessage;

use crate::support::World;

/// Messages of other people's groups.
pub fn others(first: u64, count: u64) -> Vec<EncryptedGroupMessage> {
    let message = |n: u64| EncryptedGroupMessage {
        ciphertext: [&n.to_be_bytes()[..], &[7; 100]].concat(),
        signature: Identity::from_seed(&[1; 32]).sign(&n.to_be_bytes()).to_vec(),
    };
    (first..first + count).map(message).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_has_its_place_and_everybody_checks_all_of_them() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    bob.sync().await.unwrap();
    alice.sync().await.unwrap();
    assert_eq!(alice.log().await.unwrap().size, 0);

    // Live, among others and over two boundaries.
    alice.send(group, "one").await.unwrap();
    assert_eq!(bob.incoming().await.text, "one");
    world.post_by_hand(&server, &others(0, 600)).await;
    let two = alice.send(group, "two").await.unwrap();
    assert_eq!(two.state, MessageState::Stored);
    assert_eq!(bob.incoming().await.text, "two");
    for person in [&alice, &bob] {
        let log = person.log_until("602 checked messages", |log| log.size == 602).await;
        assert_eq!((log.alarm, log.evidence, log.losses.len(), log.retired), (None, 0, 0, false));
        assert!(log.checked.is_some());
        let messages = person.messages(group).await;
        assert_eq!(messages.iter().map(|m| m.index).collect::<Vec<_>>(), [Some(0), Some(601)]);
    }

    // Away, and over a restart of both.
    bob.stop().await;
    server.shutdown().await;
    let server = world.server().await;
    world.post_by_hand(&server, &others(1000, 300)).await;
    alice.send(group, "three").await.unwrap();
    let bob = world.one_shot("bob").await;
    assert_eq!(bob.sync().await.unwrap(), SyncInfo { received: 1, rejected: 0 });
    assert_eq!(bob.log().await.unwrap().size, 903);
    assert_eq!(bob.sync().await.unwrap(), SyncInfo::default());

    // Who comes later reads it all, and a group that is joined later finds its old messages.
    let mut carol = world.daemon("carol").await;
    let own = carol.new_group("other", &server.bundle().to_server_string()).await.unwrap();
    carol.send(&own.group, "mine").await.unwrap();
    carol.sync().await.unwrap();
    assert_eq!(carol.log().await.unwrap().size, 904);
    carol.join(&created.tofubundle).await.unwrap();
    for text in ["one", "two", "three"] {
        assert_eq!(carol.incoming().await.text, text);
    }
    carol.sync().await.unwrap();
    let places: Vec<_> = carol.messages(group).await.iter().map(|m| m.index).collect();
    assert_eq!(places, [Some(0), Some(601), Some(902)]);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn expired_messages_are_told_and_the_rest_is_checked() {
    let world = World::new();
    let mut config = Config::default();
    config.storage.max_messages = Some(40);
    let server = world.server_with(config.clone(), Declarations::default()).await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    alice.send(&created.group, "early").await.unwrap();
    alice.sync().await.unwrap();
    alice.stop().await;
    // With no retention promised everything below a boundary may go.
    world.post_by_hand(&server, &others(0, 330)).await;
    let mut alice = world.start("alice", cwtch_client::engine::Mode::Daemon).await;
    let told = alice.notice(LogNotice::Expired).await;
    assert!(told.contains("expired on the server before you read it"), "{told}");
    alice.sync().await.unwrap();
    let log = alice.log().await.unwrap();
    assert_eq!((log.size, &log.alarm), (331, &None));
    assert!(log.min_index >= 256, "{log:?}");
    assert_eq!(alice.texts(&created.group).await, ["early"], "what is here stays");
    alice.send(&created.group, "late").await.unwrap();

    let bob = world.one_shot("bob").await;
    bob.join(&created.tofubundle).await.unwrap();
    assert_eq!(bob.sync().await.unwrap(), SyncInfo { received: 1, rejected: 0 });
    let shown = bob.messages(&created.group).await;
    assert_eq!(shown.iter().map(|message| message.text.as_str()).collect::<Vec<_>>(), ["late"]);
    // It refers to the one before it, and that is nobody's fault.
    let notes: Vec<_> = shown[0].notes.iter().map(|note| (note.kind, note.sentence.as_str())).collect();
    // None of Alice's is missing: behind what she could not read she began another chain.
    assert_eq!(notes, [(NoteKind::Expired, "Older messages expired on the server.")]);
    assert_eq!(bob.log().await.unwrap().alarm, None);
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_is_named_and_the_message_goes_out_when_there_is_room() {
    let world = World::new();
    let mut config = Config::default();
    config.storage.max_messages = Some(3);
    config.storage.min_retention = 86_400;
    let server = world.server_with(config.clone(), Declarations::default()).await;
    let mut alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    for n in 0..3 {
        alice.send(&created.group, &n.to_string()).await.unwrap();
    }
    let why = alice.queues(&created.group, "too many", None).await;
    assert!(why.contains("no room") && why.contains("stays queued"), "{why}");
    let waiting = alice.messages(&created.group).await.pop().unwrap();
    assert_eq!((waiting.text.as_str(), waiting.state), ("too many", MessageState::Queued));
    assert!(alice.servers().await[0].trouble.as_ref().unwrap().contains("no room"));
    let tokens = alice.servers().await[0].tokens;

    // The operator makes room; the same token pays.
    server.shutdown().await;
    config.storage.max_messages = None;
    let server = world.server_with(config, Declarations::default()).await;
    alice.state(waiting.id, MessageState::Stored).await;
    assert!(alice.servers().await[0].tokens >= tokens);
    server.shutdown().await;
}
