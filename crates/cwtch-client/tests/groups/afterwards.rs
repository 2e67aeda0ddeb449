//! Posts that are taken back, sent again or deleted after they were written.

use cwtch_client::api::{Command, ErrorKind, MessageInfo, MessageState, Reply};

use crate::fake_server::{Answer, FakeServer};
use crate::support::{Person, World};

async fn message(person: &Person, command: Command) -> MessageInfo {
    match person.call(command).await.unwrap() {
        Reply::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_that_waits_for_its_server_can_be_taken_back_and_sent_again() {
    let world = World::new();
    let server = world.server().await;
    let (mut alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "one").await.unwrap();
    assert_eq!(bob.incoming().await.text, "one");
    server.shutdown().await;
    let (oops, two) = (
        alice.send_as(group, "oops", Some(0), None).await.unwrap(),
        alice.send_as(group, "two", Some(0), None).await.unwrap(),
    );
    assert_eq!(message(&alice, Command::MessageCancel { id: oops.id }).await.state, MessageState::Failed);
    let server = world.server().await;
    alice.state(two.id, MessageState::Stored).await;
    assert_eq!(bob.incoming().await.text, "two", "what was taken back does not come");

    let again = message(&alice, Command::MessageRetry { id: oops.id, timeout: None }).await;
    assert_eq!((again.text.as_str(), again.state), ("oops", MessageState::Stored));
    assert_eq!(bob.incoming().await.text, "oops");
    assert_eq!(alice.texts(group).await, ["one", "two", "oops"], "it stands where it went out");
    // Nobody misses a number.
    let missing = bob.groups().await.iter().map(|group| group.missing.len()).sum::<usize>();
    assert_eq!(missing, 0);
    alice.stop().await;
    bob.stop().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_group_message_stays_away_when_everything_is_fetched_again() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.one_shot("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let bob = world.one_shot("bob").await;
    bob.join(&created.tofubundle).await.unwrap();
    for text in ["one", "two", "three"] {
        alice.send(&created.group, text).await.unwrap();
    }
    bob.sync().await.unwrap();
    let id = bob.messages(&created.group).await[1].id;
    bob.call(Command::MessageDelete { id: vec![id] }).await.unwrap();
    assert_eq!(bob.texts(&created.group).await, ["one", "three"]);
    // Another group of the server makes it fetch the whole log again.
    let other = alice.new_group("others", &server.bundle().to_server_string()).await.unwrap();
    bob.join(&other.tofubundle).await.unwrap();
    bob.sync().await.unwrap();
    assert_eq!(bob.texts(&created.group).await, ["one", "three"]);
    let error = bob.call(Command::MessageDelete { id: vec![id] }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    alice.stop().await;
    bob.stop().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_message_that_it_is_about() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[Answer::Refuse, Answer::Refuse], None).await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    let error = alice.send(&created.group, "unwelcome").await.unwrap_err();
    let about = error.concerns.expect("the message that failed");
    assert_eq!((about.text.as_str(), about.state), ("unwelcome", MessageState::Failed));
    assert_eq!(alice.messages(&created.group).await[0].id, about.id);
    let again = message(&alice, Command::MessageRetry { id: about.id, timeout: None }).await;
    assert_eq!(again.state, MessageState::Stored);
    assert_eq!(alice.texts(&created.group).await, ["unwelcome"], "it is shown once");
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_dead_server_of_two_does_not_hide_what_the_other_gives() {
    let world = World::new();
    let server = world.server().await;
    let (alice, bob) = (world.one_shot("alice").await, world.one_shot("bob").await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(&created.group, "hello").await.unwrap();
    // Nobody listens on its address here.
    let elsewhere = World::new();
    let dead = FakeServer::start(&elsewhere.network, &[], None).await;
    bob.new_group("dead", &dead.bundle.to_server_string()).await.unwrap();
    let Reply::Synced(report) = bob.call(Command::Sync { group: None }).await.unwrap() else { panic!() };
    assert_eq!((report.received, report.servers.len()), (1, 2));
    let living = server.address().to_string();
    for one in &report.servers {
        assert_eq!(
            (one.received, one.trouble.is_none()),
            if one.server == living { (1, true) } else { (0, false) }
        );
    }
    assert_eq!(bob.texts(&created.group).await, ["hello"]);
    alice.stop().await;
    bob.stop().await;
    server.shutdown().await;
}
