//! Forgetting, by the commands of a person: keeping texts for a time, sealing a group, leaving it.

use cwtch_client::api::{
    Command, ErrorKind, Event, GroupDetails, KeptInfo, MessageState, Problem, Reply, SealedInfo, StatusInfo,
};

use crate::support::{Person, World, soon};

async fn details(person: &Person, group: &str) -> GroupDetails {
    match person.call(Command::GroupShow { group: group.to_owned() }).await.unwrap() {
        Reply::GroupDetails(details) => *details,
        other => panic!("no group: {other:?}"),
    }
}

async fn kept(person: &Person, conversation: &str) -> KeptInfo {
    match person.call(Command::ConversationShow { conversation: conversation.to_owned() }).await.unwrap() {
        Reply::ConversationDetails(details) => details.kept,
        other => panic!("no conversation: {other:?}"),
    }
}

async fn seal(person: &Person, group: &str, older_than: Option<u64>) -> SealedInfo {
    match person.call(Command::GroupSeal { group: group.to_owned(), older_than }).await.unwrap() {
        Reply::Sealed(sealed) => sealed,
        other => panic!("not sealed: {other:?}"),
    }
}

async fn status(person: &Person) -> StatusInfo {
    match person.call(Command::Status).await.unwrap() {
        Reply::Status(status) => status,
        other => panic!("no status: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_is_sealed_goes_on_and_what_came_meanwhile_is_there() {
    let world = World::new();
    let server = world.server().await;
    let (alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = created.group.as_str();
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "the secret").await.unwrap();
    let first = bob.incoming().await;
    assert!(details(&bob, group).await.kept.posted > 0);

    // While more comes.
    let (sealed, ()) = tokio::join!(seal(&bob, group, Some(0)), async {
        for n in 0..5 {
            alice.send(group, &format!("and {n}")).await.unwrap();
        }
    });
    assert!((1..=6).contains(&sealed.texts), "{sealed:?}");
    soon("everything", async {
        while bob.messages(group).await.len() < 6 {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    let messages = bob.messages(group).await;
    assert!(messages[0].forgotten && messages[0].text.is_empty() && messages[0].id == first.id);
    assert_eq!((&messages[0].author, messages[0].received), (&first.author, first.received));
    assert_eq!(messages.iter().filter(|message| message.forgotten).count() as u64, sealed.texts);
    bob.event("forgotten texts", |event| {
        matches!(event, Event::TextsForgotten { conversation } if *conversation == first.conversation)
            .then_some(())
    })
    .await;
    let shown = details(&bob, group).await.kept;
    assert!(shown.sealed.is_some() && shown.keys_from == Some(0));
    assert_eq!((shown.forgotten, shown.texts), (sealed.texts, 6 - sealed.texts));
    assert_eq!(shown, kept(&bob, group).await);

    // What says nothing any more cannot be answered; what came later can.
    let refused = bob.send_as(group, "what?", None, Some(first.id)).await.unwrap_err();
    assert_eq!(
        (refused.kind(), refused.problem),
        (ErrorKind::Refused, Problem::TextForgotten { id: first.id })
    );
    bob.send(group, "understood").await.unwrap();
    assert!(!status(&bob).await.erasing);
    // The new key is the one that opens the profile.
    bob.stop().await;
    let bob = world.daemon("bob").await;
    assert_eq!(bob.messages(group).await.len(), 7);
    alice.stop().await;
    bob.stop().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_its_server_is_given_up_when_its_group_is_sealed() {
    let world = World::new();
    let server = world.server().await;
    let mut alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = created.group.as_str();
    alice.send(group, "one").await.unwrap();
    server.shutdown().await;
    let waits = alice.send_as(group, "two", Some(0), None).await.unwrap();
    assert_eq!(seal(&alice, group, None).await, SealedInfo { given_up: 1, ..SealedInfo::default() });
    alice.state(waits.id, MessageState::Failed).await;
    // Its text was not asked to be forgotten: it can be sent again.
    let server = world.server().await;
    let again = alice.call(Command::MessageRetry { id: waits.id, timeout: None }).await.unwrap();
    assert!(
        matches!(again, Reply::Message(message) if message.text == "two" && message.state == MessageState::Stored)
    );
    assert_eq!(alice.texts(group).await, ["one", "two"]);
    alice.stop().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_a_command_ends_when_everything_is_forgotten() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.one_shot("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = created.group.as_str();
    alice.send(group, "one").await.unwrap();
    let too_short = Command::GroupKeep { group: group.to_owned(), seconds: Some(60) };
    assert_eq!(alice.call(too_short).await.unwrap_err().kind(), ErrorKind::Usage);
    let keep = Command::GroupKeep { group: group.to_owned(), seconds: Some(86_400) };
    assert!(
        matches!(alice.call(keep).await.unwrap(), Reply::Conversation(info) if info.keep == Some(86_400))
    );
    let shown = kept(&alice, group).await;
    assert_eq!((shown.texts, shown.goes), (1, shown.oldest.map(|oldest| oldest + 86_400)));
    assert_eq!(seal(&alice, group, Some(0)).await.texts, 1);
    assert_eq!(alice.messages(group).await.len(), 1);
    alice.call(Command::GroupLeave { group: group.to_owned() }).await.unwrap();
    assert!(!status(&alice).await.erasing);
    alice.stop().await;
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_that_was_left_is_erased_behind_the_command_and_the_status_says_until_when() {
    let world = World::new();
    let server = world.server().await;
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    for n in 0..3 {
        alice.send(&created.group, &format!("{n}")).await.unwrap();
    }
    alice.call(Command::GroupLeave { group: created.group.clone() }).await.unwrap();
    soon("everything to be erased", async {
        while status(&alice).await.erasing {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
    alice.stop().await;
    let alice = world.daemon("alice").await;
    assert!(!status(&alice).await.erasing && alice.groups().await.is_empty());
    alice.stop().await;
    server.shutdown().await;
}
