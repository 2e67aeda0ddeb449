//! Messages with contacts: queue, acknowledgement, duplicates, quotes.

use super::*;

fn friends() -> (TempDir, Profile, Address) {
    let (dir, mut profile) = profile();
    let friend = peer(1);
    profile.add_contact(&friend, None, NOW).unwrap();
    (dir, profile, friend)
}

fn state(profile: &Profile, id: MessageId) -> MessageState {
    profile.message(id).unwrap().unwrap().state
}

#[test]
fn a_queued_message_waits_through_restarts_until_acknowledged() {
    let (dir, mut profile, friend) = friends();
    let first = profile.enqueue_p2p(&friend, "id1", &text("one"), NOW).unwrap();
    let second = profile.enqueue_p2p(&friend, "id2", &text("two"), NOW).unwrap();
    assert_eq!(state(&profile, first), MessageState::Queued);
    profile.take_pending_p2p(&friend, MessageId(0), 1).unwrap();
    assert_eq!(state(&profile, first), MessageState::Sent);
    assert_eq!(state(&profile, second), MessageState::Queued);

    let mut profile = reopen(&dir, profile);
    let pending = profile.pending_p2p(&friend, MessageId(0), 10).unwrap();
    let ids: Vec<_> = pending.iter().map(|p| (p.id, p.protocol_id.as_str())).collect();
    assert_eq!(ids, [(first, "id1"), (second, "id2")]);
    assert_eq!(pending[0].content, text("one"));
    assert_eq!(profile.pending_p2p(&friend, first, 10).unwrap().len(), 1);
    assert_eq!(profile.pending_p2p(&friend, MessageId(0), 1).unwrap().len(), 1);
    assert_eq!(profile.count_unconfirmed().unwrap(), 2);

    assert_eq!(profile.mark_acknowledged(&friend, "id1").unwrap(), AckOutcome::Acknowledged(first));
    assert_eq!(profile.mark_acknowledged(&friend, "id1").unwrap(), AckOutcome::Already(first));
    assert_eq!(profile.mark_acknowledged(&friend, "other").unwrap(), AckOutcome::Unknown);
    assert_eq!(profile.mark_acknowledged(&peer(9), "id2").unwrap(), AckOutcome::Unknown);
    assert_eq!(profile.take_back(second).unwrap(), TakenBack::Unsent);
    assert_eq!(profile.take_back(first).unwrap(), TakenBack::NotQueued(MessageState::Acknowledged));
    assert_eq!(state(&profile, first), MessageState::Acknowledged);
    assert_eq!(profile.count_unconfirmed().unwrap(), 0);
    // It arrived after all.
    assert_eq!(profile.mark_acknowledged(&friend, "id2").unwrap(), AckOutcome::Acknowledged(second));
}

#[test]
fn only_the_contact_itself_acknowledges() {
    let (_dir, mut profile, friend) = friends();
    let other = peer(2);
    profile.add_contact(&other, None, NOW).unwrap();
    let id = profile.enqueue_p2p(&friend, "id", &text("one"), NOW).unwrap();
    assert_eq!(profile.mark_acknowledged(&other, "id").unwrap(), AckOutcome::Unknown);
    assert_eq!(state(&profile, id), MessageState::Queued);
    // A received message's id is not an own one's.
    profile.receive_p2p(&other, "theirs", &text("x"), NOW).unwrap();
    assert_eq!(profile.mark_acknowledged(&other, "theirs").unwrap(), AckOutcome::Unknown);
}

#[test]
fn a_message_is_received_once_for_each_contact_and_id() {
    let (dir, mut profile, friend) = friends();
    let other = peer(2);
    profile.add_contact(&other, None, NOW).unwrap();
    let Received::Stored(id) = profile.receive_p2p(&friend, "7", &text("hi"), NOW).unwrap() else {
        panic!("not stored");
    };
    let mut profile = reopen(&dir, profile);
    assert_eq!(profile.receive_p2p(&friend, "7", &text("changed"), NOW).unwrap(), Received::Duplicate(id));
    assert!(matches!(profile.receive_p2p(&other, "7", &text("hi"), NOW).unwrap(), Received::Stored(_)));
    // Our own id space is another one.
    profile.enqueue_p2p(&friend, "7", &text("mine"), NOW).unwrap();
    let again = profile.enqueue_p2p(&friend, "7", &text("mine"), NOW);
    assert!(matches!(again, Err(StorageError::DuplicateMessage)));

    let conversation = profile.contact(&friend).unwrap().unwrap().conversation;
    let stored = profile.messages(conversation, MessageId(0), 10).unwrap();
    assert_eq!(stored.len(), 2);
    assert_eq!((stored[0].own, stored[0].state), (false, MessageState::Received));
    assert_eq!((stored[0].author, stored[0].sent), (friend, None));
    assert_eq!(stored[0].content, text("hi"));
    assert_eq!((stored[1].own, stored[1].author), (true, *profile.address()));
}

#[test]
fn strangers_and_the_blocked_are_not_kept() {
    let (_dir, mut profile, friend) = friends();
    assert_eq!(profile.receive_p2p(&peer(5), "1", &text("spam"), NOW).unwrap(), Received::NotAccepted);
    profile.note_peer(&peer(5), NOW).unwrap();
    assert_eq!(profile.receive_p2p(&peer(5), "1", &text("spam"), NOW).unwrap(), Received::NotAccepted);
    profile.set_contact_state(&friend, ContactState::Blocked, NOW).unwrap();
    assert_eq!(profile.receive_p2p(&friend, "1", &text("spam"), NOW).unwrap(), Received::NotAccepted);
    let rows: i64 = profile.conn.query_row("SELECT count(*) FROM messages", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 0);
    let unknown = profile.enqueue_p2p(&peer(6), "1", &text("x"), NOW);
    assert!(matches!(unknown, Err(StorageError::UnknownContact)));
}

#[test]
fn too_much_is_refused() {
    let (_dir, mut profile, friend) = friends();
    let large = Content { kind: 1, data: String::new(), json: vec![b' '; OVERLAY_MAX + 1] };
    let refused = profile.receive_p2p(&friend, "1", &large, NOW);
    assert!(matches!(refused, Err(StorageError::TooLong { .. })));
    let refused = profile.receive_p2p(&friend, &"i".repeat(257), &text("x"), NOW);
    assert!(matches!(refused, Err(StorageError::TooLong { .. })));
}

#[test]
fn pages_and_the_newest() {
    let (_dir, mut profile, friend) = friends();
    let conversation = profile.contact(&friend).unwrap().unwrap().conversation;
    let ids: Vec<_> =
        (0..5).map(|n| profile.enqueue_p2p(&friend, &n.to_string(), &text("x"), NOW).unwrap()).collect();
    let numbers = |found: Vec<StoredMessage>| found.iter().map(|m| m.id).collect::<Vec<_>>();
    assert_eq!(numbers(profile.messages(conversation, MessageId(0), 2).unwrap()), ids[3..]);
    assert_eq!(numbers(profile.messages_since(conversation, MessageId(0), 2).unwrap()), ids[..2]);
    assert_eq!(numbers(profile.messages_since(conversation, ids[1], 9).unwrap()), ids[2..]);
    assert_eq!(numbers(profile.messages(conversation, ids[4], 9).unwrap()), []);
}

#[test]
fn unknown_overlays_and_large_numbers_are_kept() {
    let (_dir, mut profile, friend) = friends();
    let strange = Content { kind: u64::MAX, data: "?".into(), json: br#"{"o":1e99}"#.to_vec() };
    let Received::Stored(id) = profile.receive_p2p(&friend, "1", &strange, NOW).unwrap() else {
        panic!("not stored");
    };
    assert_eq!(profile.message(id).unwrap().unwrap().content, strange);
}

#[test]
fn quotes_find_the_newest_match_in_their_conversation() {
    let (_dir, mut profile, friend) = friends();
    let conversation = profile.contact(&friend).unwrap().unwrap().conversation;
    let content = text("quote me");
    profile.receive_p2p(&friend, "1", &content, NOW).unwrap();
    let Received::Stored(newest) = profile.receive_p2p(&friend, "2", &content, NOW).unwrap() else {
        panic!("not stored");
    };
    let hash = columns::quote_hash(&friend, &content.json);
    assert_eq!(profile.quoted_message(conversation, &hash).unwrap(), Some(newest));
    let own_words = columns::quote_hash(profile.address(), &content.json);
    assert_eq!(profile.quoted_message(conversation, &own_words).unwrap(), None);
    assert_eq!(profile.quoted_message(ConversationId(99), &hash).unwrap(), None);
}

#[test]
fn local_numbers_are_never_used_twice() {
    let (_dir, mut profile, friend) = friends();
    let first = profile.enqueue_p2p(&friend, "1", &text("x"), NOW).unwrap();
    profile.remove_contact(&friend).unwrap();
    profile.add_contact(&friend, None, NOW).unwrap();
    assert!(profile.enqueue_p2p(&friend, "1", &text("x"), NOW).unwrap() > first);
}
