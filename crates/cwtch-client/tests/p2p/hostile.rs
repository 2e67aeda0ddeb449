//! Peers that speak the protocol by hand: strangers, blocked ones, ones that repeat themselves.

use cwtch_client::api::{Command, MessageState, Problem, Reply};

use crate::support::{Stranger, World};

#[tokio::test]
async fn a_stranger_is_neither_stored_nor_acknowledged_nor_told_anything() {
    let world = World::new();
    let mut bob = world.daemon("bob").await;
    let name = Command::AttributeSet { name: "name".to_owned(), value: "Bob".to_owned() };
    bob.call(name).await.unwrap();
    let stranger = Stranger::new(1);
    let mut line = stranger.dial(&world, &bob.address).await;
    line.machine.send_message_as("m1", br#"{"o":1,"d":"psst"}"#).unwrap();
    // The question comes after the message, so its answer shows that the message was taken.
    assert_eq!(line.ask("public", "profile.name").await, Some(None), "answered: there is none");
    assert_eq!(bob.contact_request().await, stranger.address());
    assert!(bob.texts(&stranger.address()).await.is_empty());

    // Once accepted, the old line is closed, and over a new one all is as it should be.
    bob.accept(&stranger.address()).await;
    assert_eq!(line.acknowledgement().await, None, "closed without an acknowledgement");
    let mut line = stranger.dial(&world, &bob.address).await;
    line.machine.send_message_as("m1", br#"{"o":1,"d":"psst"}"#).unwrap();
    assert_eq!(line.acknowledgement().await.as_deref(), Some("m1"));
    assert_eq!(bob.incoming().await.text, "psst");
    assert_eq!(line.ask("public", "profile.name").await, Some(Some("Bob".to_owned())));
    assert_eq!(line.ask("public", "profile.profile-status").await, Some(None), "not set");
    assert_eq!(line.ask("local", "profile.name").await, Some(None), "not public");
    assert_eq!(line.ask("public", "profile.password").await, Some(None), "no such attribute");
}

#[tokio::test]
async fn a_blocked_peer_is_closed_once_it_has_authenticated() {
    let world = World::new();
    let bob = world.daemon("bob").await;
    let stranger = Stranger::new(2);
    bob.add(&stranger.address()).await;
    let mut line = stranger.dial(&world, &bob.address).await;
    assert_eq!(line.ask("public", "profile.name").await, Some(None));

    let block = Command::ContactBlock { contact: stranger.address() };
    bob.call(block).await.unwrap();
    assert_eq!(line.acknowledgement().await, None, "the open line is closed");
    let mut line = stranger.dial(&world, &bob.address).await;
    line.machine.send_message_as("m1", br#"{"o":1,"d":"please"}"#).unwrap();
    assert_eq!(line.acknowledgement().await, None, "so is every new one");
    assert!(bob.texts(&stranger.address()).await.is_empty());
    let refused = bob.send(&stranger.address(), "no").await.unwrap_err();
    assert_eq!(refused.problem, Problem::ContactBlocked);
}

#[tokio::test]
async fn a_repeated_message_is_stored_once_and_acknowledged_each_time() {
    let world = World::new();
    let mut bob = world.daemon("bob").await;
    let peer = Stranger::new(3);
    bob.add(&peer.address()).await;
    let mut line = peer.dial(&world, &bob.address).await;
    for _ in 0..2 {
        line.machine.send_message_as("same", br#"{"o":1,"d":"once"}"#).unwrap();
        assert_eq!(line.acknowledgement().await.as_deref(), Some("same"));
    }
    let mut line = peer.dial(&world, &bob.address).await;
    line.machine.send_message_as("same", br#"{"o":1,"d":"once"}"#).unwrap();
    assert_eq!(line.acknowledgement().await.as_deref(), Some("same"));
    line.machine.send_message_as("next", br#"{"o":1,"d":"twice"}"#).unwrap();
    assert_eq!(line.acknowledgement().await.as_deref(), Some("next"));
    assert_eq!(bob.incoming().await.text, "once");
    assert_eq!(bob.incoming().await.text, "twice");
    assert_eq!(bob.texts(&peer.address()).await, ["once", "twice"]);
}

#[tokio::test]
async fn an_acknowledgement_may_come_twice_or_for_nothing() {
    let world = World::new();
    let bob = world.daemon("bob").await;
    let peer = Stranger::new(4);
    bob.add(&peer.address()).await;
    let mut line = peer.dial(&world, &bob.address).await;
    line.machine.acknowledge("nothing").unwrap();
    let address = peer.address();
    let sending = bob.send(&address, "hello");
    let answering = async {
        let id = line
            .event(|event| match event {
                cwtch_protocol::app::peer::Event::Message { id, .. } => Some(id),
                _ => None,
            })
            .await
            .unwrap();
        line.machine.acknowledge(&id).unwrap();
        line.machine.acknowledge(&id).unwrap();
        line.ask("public", "profile.name").await
    };
    let (sent, answered) = tokio::join!(sending, answering);
    assert_eq!(sent.unwrap().state, MessageState::Acknowledged);
    assert_eq!(answered, Some(None), "the line goes on");
}

#[tokio::test]
async fn what_is_not_understood_is_kept_and_shown() {
    let world = World::new();
    let mut bob = world.daemon("bob").await;
    let peer = Stranger::new(5);
    bob.add(&peer.address()).await;
    let mut line = peer.dial(&world, &bob.address).await;
    let cases: [(&[u8], u64, &str); 6] = [
        (br#"{"o":4711,"d":"from the future"}"#, 4711, "from the future"),
        (br#"{"o":100,"d":"no address"}"#, 100, "no address"),
        (br#"{"o":10,"d":"no quote"}"#, 10, "no quote"),
        (br#"{"o":101,"d":"torv3nonsense"}"#, 101, "torv3nonsense"),
        (b"plain text", 0, "plain text"),
        (b"\xff\xfe", 0, "\u{fffd}\u{fffd}"),
    ];
    for (i, (bytes, overlay, text)) in cases.into_iter().enumerate() {
        let id = format!("m{i}");
        line.machine.send_message_as(&id, bytes).unwrap();
        assert_eq!(line.acknowledgement().await, Some(id));
        let shown = bob.incoming().await;
        assert_eq!((shown.overlay, shown.text.as_str()), (overlay, text));
    }
    // Bytes that fill the limit and are no text at all are kept, too.
    line.machine.send_message_as("big", &[0xff; 6000]).unwrap();
    assert_eq!(line.acknowledgement().await.as_deref(), Some("big"));
    assert_eq!(bob.incoming().await.overlay, 0);
}

#[tokio::test]
async fn a_name_from_outside_cannot_move_the_cursor_or_be_endless() {
    let world = World::new();
    let mut bob = world.daemon("bob").await;
    let peer = Stranger::new(6);
    bob.add(&peer.address()).await;
    let mut line = peer.dial(&world, &bob.address).await;
    let question = line
        .event(|event| match event {
            cwtch_protocol::app::peer::Event::GetVal { id, path, .. } if path == "profile.name" => Some(id),
            _ => None,
        })
        .await
        .unwrap();
    let name = format!("Eve\u{1b}[2J{}", "x".repeat(4000));
    line.machine.ret_val(&question, Some(&name)).unwrap();
    let shown = tokio::join!(
        bob.event("the name", |event| match event {
            cwtch_client::api::Event::ContactChanged { contact } if !contact.name.is_empty() =>
                Some(contact.name.clone()),
            _ => None,
        }),
        line.ask("public", "profile.name"),
    )
    .0;
    assert!(shown.starts_with("Eve[2Jxxx"));
    assert_eq!(shown.len(), cwtch_client::names::NAME_MAX);
}

#[tokio::test]
async fn garbage_ends_the_line_and_nothing_else() {
    let world = World::new();
    let bob = world.daemon("bob").await;
    let peer = Stranger::new(7);
    bob.add(&peer.address()).await;
    let mut line = peer.dial(&world, &bob.address).await;
    line.connection.send(b"neither version 1 nor 2").await.unwrap();
    assert_eq!(line.acknowledgement().await, None);
    let mut line = peer.dial(&world, &bob.address).await;
    line.machine.send_message_as("m1", br#"{"o":1,"d":"sorry"}"#).unwrap();
    assert_eq!(line.acknowledgement().await.as_deref(), Some("m1"));
}

#[tokio::test]
async fn strangers_are_remembered_after_they_have_gone() {
    let world = World::new();
    let bob = world.daemon("bob").await;
    for seed in 100..110 {
        let mut line = Stranger::new(seed).dial(&world, &bob.address).await;
        assert_eq!(line.ask("public", "profile.name").await, Some(None));
    }
    let Reply::Contacts(contacts) = bob.call(Command::ContactList).await.unwrap() else { panic!() };
    assert_eq!(contacts.len(), 10);
}
