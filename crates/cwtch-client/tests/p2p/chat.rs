//! Two people talk.

use cwtch_client::api::{Command, ContactState, Event, MessageState, Reply};

use crate::support::{Person, World};

#[tokio::test]
async fn two_people_chat_both_ways() {
    let world = World::new();
    let (mut alice, mut bob) = world.friends().await;

    let sent = alice.send(&bob.address, "hello <bob> & \"friends\"").await.unwrap();
    assert_eq!(sent.state, MessageState::Acknowledged);
    assert!(sent.own);
    let received = bob.incoming().await;
    assert_eq!(received.text, "hello <bob> & \"friends\"");
    assert_eq!((received.overlay, received.state), (1, MessageState::Received));
    assert_eq!((&received.author, &received.with), (&alice.address, &alice.address));
    assert!(!received.own);

    bob.send(&alice.address, "hi").await.unwrap();
    assert_eq!(alice.incoming().await.text, "hi");
    assert_eq!(alice.texts(&bob.address).await, ["hello <bob> & \"friends\"", "hi"]);
    assert_eq!(bob.texts(&alice.address).await, ["hello <bob> & \"friends\"", "hi"]);
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test]
async fn many_messages_arrive_once_and_in_order() {
    let world = World::new();
    let (alice, mut bob) = world.friends().await;
    let texts: Vec<String> = (0..60).map(|i| format!("message {i}")).collect();
    // More than a window's worth waits at once, over a connection that is up.
    let waiting = queue_in_order(&alice, &bob.address, &texts).await;
    for text in &texts {
        assert_eq!(bob.incoming().await.text, *text);
    }
    acknowledged(waiting).await;
    assert_eq!(bob.texts(&alice.address).await, texts);
    assert_eq!(alice.texts(&bob.address).await, texts);
}

#[tokio::test]
async fn both_read_their_own_and_the_other_s_messages_in_order_while_both_write() {
    let world = World::new();
    let (alice, bob) = world.friends().await;
    let texts = |of: &str| (0..40).map(|i| format!("{of} {i}")).collect::<Vec<_>>();
    let (of_alice, of_bob) = (texts("alice"), texts("bob"));
    let (one, other) = tokio::join!(
        queue_in_order(&alice, &bob.address, &of_alice),
        queue_in_order(&bob, &alice.address, &of_bob)
    );
    acknowledged(one).await;
    acknowledged(other).await;
    // Whoever writes at the same time has no order in common; each one's messages have.
    for (person, with) in [(&alice, &bob), (&bob, &alice)] {
        let all = person.texts(&with.address).await;
        for texts in [&of_alice, &of_bob] {
            let theirs: Vec<_> = all.iter().filter(|text| texts.contains(text)).collect();
            assert_eq!(theirs, texts.iter().collect::<Vec<_>>());
        }
    }
}

type Waiting = tokio::task::JoinSet<Result<Reply, cwtch_client::api::ApiError>>;

/// Queues texts one after another; what waits for their acknowledgements.
async fn queue_in_order(from: &Person, to: &str, texts: &[String]) -> Waiting {
    let mut waiting = Waiting::new();
    let mut events = from.engine.subscribe();
    for text in texts {
        let (engine, to, text) = (from.engine.clone(), to.to_owned(), text.clone());
        let queued = text.clone();
        waiting.spawn(async move {
            engine
                .call(Command::Send {
                    conversation: to,
                    text,
                    timeout: Some(100),
                    reply_to: None,
                    anyway: false,
                })
                .await
        });
        // The message is durable once its event is there.
        let is_queued = |event: &Event| matches!(event, Event::Message { message } if message.own && message.text == queued);
        while !is_queued(&events.recv().await.unwrap()) {}
    }
    waiting
}

async fn acknowledged(mut waiting: Waiting) {
    while let Some(sent) = waiting.join_next().await {
        let Reply::Message(message) = sent.unwrap().unwrap() else { panic!("not a message") };
        assert_eq!(message.state, MessageState::Acknowledged);
    }
}

#[tokio::test]
async fn a_queue_longer_than_the_window_drains_in_order() {
    let world = World::new();
    let alice = world.daemon("alice").await;
    let bob_address = world.address("bob");
    alice.add(&bob_address).await;
    let texts: Vec<String> = (0..40).map(|i| format!("message {i}")).collect();
    // Nobody is there: each stays queued. Queued one after another, waited for together.
    let waiting = queue_in_order(&alice, &bob_address, &texts).await;
    let mut bob = world.daemon("bob").await;
    bob.add(&alice.address).await;
    for text in &texts {
        assert_eq!(bob.incoming().await.text, *text);
    }
    acknowledged(waiting).await;
    assert_eq!(bob.texts(&alice.address).await, texts);
}

#[tokio::test]
async fn a_quoted_reply_finds_the_message_that_it_quotes() {
    let world = World::new();
    let (mut alice, mut bob) = world.friends().await;
    let question = alice.send(&bob.address, "when?").await.unwrap();
    let asked = bob.incoming().await;

    let answer = bob.send_as(&alice.address, "at noon", None, Some(asked.id)).await.unwrap();
    assert_eq!((answer.overlay, answer.text.as_str()), (10, "at noon"));
    assert_eq!(answer.quoted, Some(asked.id));
    let received = alice.incoming().await;
    assert_eq!((received.overlay, received.text.as_str()), (10, "at noon"));
    assert_eq!(received.quoted, Some(question.id));

    // One's own message can be quoted, too; one that is not there cannot.
    let addition = alice.send_as(&bob.address, "today?", None, Some(question.id)).await.unwrap();
    assert_eq!(addition.quoted, Some(question.id));
    assert_eq!(bob.incoming().await.quoted, Some(asked.id));
    let error = alice.send_as(&bob.address, "?", None, Some(9999)).await.unwrap_err();
    assert!(crate::words::error(&error).contains("no message 9999"), "{error}");
}

#[tokio::test]
async fn a_suggested_contact_arrives_as_an_address() {
    let world = World::new();
    let (alice, mut bob) = world.friends().await;
    let carol = world.address("carol");
    alice.add(&carol).await;
    let command =
        Command::Suggest { conversation: bob.address.clone(), contact: carol.clone(), timeout: None };
    alice.call(command).await.unwrap();
    let received = bob.incoming().await;
    assert_eq!((received.overlay, received.text), (100, carol));
}

#[tokio::test]
async fn contacts_learn_each_others_public_attributes() {
    let world = World::new();
    let (alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    for (name, value) in [("name", "Alice"), ("status", "here"), ("attribute-2", "x")] {
        let command = Command::AttributeSet { name: name.to_owned(), value: value.to_owned() };
        alice.call(command).await.unwrap();
    }
    alice.add(&bob.address).await;
    bob.add(&alice.address).await;
    let contact = bob
        .event("the last attribute", |event| match event {
            Event::ContactChanged { contact } if contact.attributes.len() == 3 => Some(contact.clone()),
            _ => None,
        })
        .await;
    assert_eq!(contact.name, "Alice");
    assert_eq!(contact.state, ContactState::Accepted);
    assert_eq!(contact.online, Some(true));
    let told: Vec<_> = contact.attributes.iter().map(|a| (a.name.as_str(), a.value.as_str())).collect();
    assert_eq!(told, [("name", "Alice"), ("status", "here"), ("attribute-2", "x")]);

    // A name is as good as an address.
    bob.send("Alice", "by name").await.unwrap();
    assert_eq!(alice.texts(&bob.address).await, ["by name"]);
}

#[tokio::test]
async fn an_unknown_peer_s_messages_wait_until_it_is_accepted() {
    let world = World::new();
    let (mut alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    alice.add(&bob.address).await;
    assert_eq!(bob.contact_request().await, alice.address);

    let why = alice.queues(&bob.address, "let me in", Some(1)).await;
    assert!(why.contains("stays queued") && why.contains("accepted you"), "{why}");
    assert!(bob.texts(&alice.address).await.is_empty());
    let Reply::Contacts(contacts) = bob.call(Command::ContactList).await.unwrap() else { panic!() };
    assert_eq!(contacts[0].state, ContactState::Unknown);
    let refused = bob.send(&alice.address, "who are you?").await.unwrap_err();
    assert!(crate::words::error(&refused).contains("accept"), "{refused}");

    bob.accept(&alice.address).await;
    assert_eq!(bob.incoming().await.text, "let me in");
    alice
        .event("the acknowledgement", |event| {
            matches!(event, Event::MessageState { state: MessageState::Acknowledged, .. }).then_some(())
        })
        .await;
}

#[tokio::test]
async fn a_long_message_goes_to_a_peer_that_reads_version_2() {
    let world = World::new();
    let (alice, mut bob) = world.friends().await;
    // An answered message: by now the announcements have crossed.
    alice.send(&bob.address, "first").await.unwrap();
    assert_eq!(bob.incoming().await.text, "first");
    let long = "x".repeat(6900);
    alice.send(&bob.address, &long).await.unwrap();
    assert_eq!(bob.incoming().await.text, long);
}
