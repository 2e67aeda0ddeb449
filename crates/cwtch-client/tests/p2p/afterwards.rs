//! Messages that are taken back, sent again or deleted after they were written.

use cwtch_client::api::{Command, ErrorKind, Event, MessageInfo, MessageState, Problem, Reply};

use crate::person::Person;
use crate::support::World;

async fn message(person: &Person, command: Command) -> MessageInfo {
    match person.call(command).await.unwrap() {
        Reply::Message(message) => message,
        other => panic!("not a message: {other:?}"),
    }
}

/// Waits until a message is told to have this state.
async fn becomes(person: &mut Person, message: i64, expected: MessageState) {
    person
        .event("the message's state", |event| match event {
            Event::MessageState { id, state, .. } => (*id == message && *state == expected).then_some(()),
            _ => None,
        })
        .await;
}

#[tokio::test]
async fn a_queued_message_can_be_had_without_waiting_and_taken_back() {
    let world = World::new();
    let mut alice = world.daemon("alice").await;
    let bob_address = world.address("bob");
    alice.add(&bob_address).await;
    let oops = alice.send_as(&bob_address, "oops", Some(0), None).await.unwrap();
    assert_eq!((oops.state, oops.detail), (MessageState::Queued, None), "nobody waited");
    let taken = message(&alice, Command::MessageCancel { id: oops.id }).await;
    assert_eq!((taken.id, taken.state, taken.detail), (oops.id, MessageState::Failed, None), "it never left");
    becomes(&mut alice, oops.id, MessageState::Failed).await;
    let error = alice.call(Command::MessageCancel { id: oops.id }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    let error = alice.call(Command::MessageCancel { id: 999 }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);

    // Said after all, and delivered in its place.
    let later = alice.send_as(&bob_address, "later", Some(0), None).await.unwrap();
    let again = message(&alice, Command::MessageRetry { id: oops.id, timeout: Some(0) }).await;
    assert_eq!((again.id, again.state), (oops.id, MessageState::Queued));
    let mut bob = world.daemon("bob").await;
    bob.add(&alice.address).await;
    assert_eq!(bob.incoming().await.text, "oops");
    assert_eq!(bob.incoming().await.text, "later");
    becomes(&mut alice, later.id, MessageState::Acknowledged).await;
    let error = alice.call(Command::MessageRetry { id: oops.id, timeout: None }).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused, "it has arrived");
    let theirs = bob.messages(&alice.address).await[0].id;
    let error = bob.call(Command::MessageRetry { id: theirs, timeout: None }).await.unwrap_err();
    assert!(crate::words::error(&error).contains("not yours"), "{error}");
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test]
async fn who_waits_for_a_message_hears_that_it_was_taken_back() {
    let world = World::new();
    let mut alice = world.daemon("alice").await;
    let bob = world.address("bob");
    alice.add(&bob).await;
    let engine = alice.engine.clone();
    let to = bob.clone();
    let sending = tokio::spawn(async move {
        let text = "wait for me".to_owned();
        engine
            .call(Command::Send {
                conversation: to,
                text,
                timeout: Some(3600),
                reply_to: None,
                anyway: false,
            })
            .await
    });
    let queued = alice
        .event("the message", |event| match event {
            Event::Message { message } => Some(message.clone()),
            _ => None,
        })
        .await;
    alice.call(Command::MessageDelete { id: vec![queued.id] }).await.unwrap();
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert_eq!(
        error.concerns.map(|message| (message.id, message.state)),
        Some((queued.id, MessageState::Failed))
    );
    alice
        .event("the deletion", |event| match event {
            Event::MessageDeleted { id, conversation } => {
                (*id == queued.id && *conversation == queued.conversation).then_some(())
            }
            _ => None,
        })
        .await;
    assert!(alice.messages(&bob).await.is_empty());
    let error = alice.send_as(&bob, "about that", Some(0), Some(queued.id)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "it cannot be quoted any more");
    alice.stop().await;
}

#[tokio::test]
async fn a_conversation_is_cleared_with_what_waits_in_it_and_whoever_waits_for_that_hears_of_it() {
    let world = World::new();
    let mut alice = world.daemon("alice").await;
    let bob = world.address("bob");
    alice.add(&bob).await;
    for n in 0..100 {
        alice.send_as(&bob, &format!("number {n}"), Some(0), None).await.unwrap();
    }
    let engine = alice.engine.clone();
    let to = bob.clone();
    let sending = tokio::spawn(async move {
        let text = "wait for me".to_owned();
        let command =
            Command::Send { conversation: to, text, timeout: Some(3600), reply_to: None, anyway: false };
        engine.call(command).await
    });
    let waits = |event: &Event| matches!(event, Event::Message { message } if message.text == "wait for me");
    alice.event("the message", |event| waits(event).then_some(())).await;
    let clear = Command::ConversationClear { conversation: bob.clone() };
    let Reply::Conversation(cleared) = alice.call(clear).await.unwrap() else { panic!("no conversation") };
    assert_eq!((cleared.messages, cleared.unread, cleared.last, cleared.draft), (0, 0, None, None));
    assert_eq!(sending.await.unwrap().unwrap_err().kind(), ErrorKind::Refused);
    alice
        .event("the clearing", |event| match event {
            Event::MessageDeleted { .. } => panic!("it is told once"),
            Event::ConversationCleared { conversation } => {
                (*conversation == cleared.conversation).then_some(())
            }
            _ => None,
        })
        .await;
    assert!(alice.messages(&bob).await.is_empty());
    // What is written now stays.
    let said = alice.send_as(&bob, "from the beginning", Some(0), None).await.unwrap();
    assert_eq!(alice.messages(&bob).await.len(), 1);
    for ids in [vec![], vec![said.id; 1_001]] {
        let error = alice.call(Command::MessageDelete { id: ids }).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Usage);
    }
    let error = alice.call(Command::MessageDelete { id: vec![said.id, 999_999] }).await.unwrap_err();
    assert_eq!((error.kind(), alice.messages(&bob).await.len()), (ErrorKind::NotFound, 1), "all or none");
    alice.call(Command::MessageDelete { id: vec![said.id, said.id] }).await.unwrap();
    assert!(alice.messages(&bob).await.is_empty());
    alice.stop().await;
}

#[tokio::test]
async fn what_was_under_way_when_it_was_taken_back_is_said() {
    let world = World::new();
    let mut alice = world.daemon("alice").await;
    let mut bob = world.daemon("bob").await;
    // Bob does not know her: he is connected and acknowledges nothing.
    alice.add(&bob.address).await;
    bob.contact_request().await;
    let queued = alice.send_as(&bob.address, "are you there?", Some(1), None).await.unwrap();
    let taken = message(&alice, Command::MessageCancel { id: queued.id }).await;
    assert!(taken.detail.is_some_and(|why| why.contains("may have arrived")));
    becomes(&mut alice, queued.id, MessageState::Failed).await;
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test]
async fn a_program_that_stops_leaves_what_it_waited_for_queued_and_says_so() {
    let world = World::new();
    let mut alice = world.daemon("alice").await;
    let bob = world.address("bob");
    alice.add(&bob).await;
    let engine = alice.engine.clone();
    let sending = tokio::spawn(async move {
        let text = "wait for me".to_owned();
        engine
            .call(Command::Send {
                conversation: bob,
                text,
                timeout: Some(3600),
                reply_to: None,
                anyway: false,
            })
            .await
    });
    alice.event("the message", |event| matches!(event, Event::Message { .. }).then_some(())).await;
    alice.stop().await;
    let Reply::Message(message) = sending.await.unwrap().unwrap() else { panic!("a message is expected") };
    assert_eq!(message.state, MessageState::Queued);
    assert_eq!(message.why.as_deref(), Some(&Problem::Stopping));
}
