//! Messages that were taken back, sent again or deleted: what is left of them, and what still counts.

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
fn a_message_that_never_left_is_taken_back_and_never_leaves() {
    let (dir, mut profile, friend) = friends();
    let id = profile.enqueue_p2p(&friend, "id", &text("oops"), NOW).unwrap();
    assert_eq!(profile.take_back(id).unwrap(), TakenBack::Unsent);
    let mut profile = reopen(&dir, profile);
    assert_eq!(state(&profile, id), MessageState::Failed);
    assert!(profile.take_pending_p2p(&friend, MessageId(0), 10).unwrap().is_empty());
    assert_eq!(profile.take_back(id).unwrap(), TakenBack::NotQueued(MessageState::Failed));
    assert!(matches!(profile.take_back(MessageId(99)), Err(StorageError::UnknownMessage)));
    // It goes again under the id that it had.
    assert!(profile.queue_again(id).unwrap());
    assert!(!profile.queue_again(id).unwrap());
    assert_eq!(profile.take_pending_p2p(&friend, MessageId(0), 10).unwrap()[0].protocol_id, "id");
}

#[test]
fn a_message_that_has_left_may_arrive_and_its_acknowledgement_counts() {
    let (dir, mut profile, friend) = friends();
    let taken = profile.enqueue_p2p(&friend, "a", &text("one"), NOW).unwrap();
    let leaving = profile.enqueue_p2p_leaving(&friend, "b", &text("two"), NOW).unwrap();
    profile.take_pending_p2p(&friend, MessageId(0), 1).unwrap();
    let mut profile = reopen(&dir, profile);
    for id in [taken, leaving] {
        assert_eq!(profile.take_back(id).unwrap(), TakenBack::MayArrive);
    }
    assert_eq!(profile.mark_acknowledged(&friend, "a").unwrap(), AckOutcome::Acknowledged(taken));
    assert_eq!(profile.take_back(taken).unwrap(), TakenBack::NotQueued(MessageState::Acknowledged));
    assert!(!profile.queue_again(taken).unwrap(), "it has arrived");
}

#[test]
fn a_post_is_taken_back_with_its_number_and_counts_if_the_server_has_it() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let unsent = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    let left = profile.enqueue_group_post(&group.id, &post(2, None), NOW).unwrap();
    profile.add_tokens(&server.board, &tokens(2, 1)).unwrap();
    profile.take_token_for_post(left).unwrap().unwrap();
    assert_eq!(profile.count_unconfirmed_on(&server.board).unwrap(), 2);
    assert_eq!(profile.take_back(unsent).unwrap(), TakenBack::Unsent);
    assert_eq!(profile.take_back(left).unwrap(), TakenBack::MayArrive);
    assert!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().is_empty());
    assert_eq!(profile.count_unconfirmed_on(&server.board).unwrap(), 0);
    // Whoever is about to send it finds nothing to send.
    assert!(matches!(profile.take_token_for_post(unsent), Err(StorageError::UnknownMessage)));
    assert!(stored(&mut profile, left).unwrap());
    assert_eq!(state(&profile, left), MessageState::Stored);
    assert!(!profile.queue_again(unsent).unwrap(), "posts are written anew");
}

#[test]
fn a_deleted_message_says_nothing_any_more_and_does_not_come_back() {
    let (dir, mut profile, friend) = friends();
    let conversation = profile.contact(&friend).unwrap().unwrap().conversation;
    let Received::Stored(theirs) = profile.receive_p2p(&friend, "in", &text("secret"), NOW).unwrap() else {
        panic!("it is new")
    };
    let mine = profile.enqueue_p2p(&friend, "out", &text("secret too"), NOW).unwrap();
    assert_eq!(profile.erase_message(theirs).unwrap(), TakenBack::NotQueued(MessageState::Received));
    assert_eq!(profile.erase_message(mine).unwrap(), TakenBack::Unsent);
    let mut profile = reopen(&dir, profile);
    assert!(profile.messages(conversation, MessageId(0), 10).unwrap().is_empty());
    assert!(profile.messages_since(conversation, MessageId(0), 10).unwrap().is_empty());
    assert!(profile.messages_after(conversation, MessageId(0), None, 10).unwrap().is_empty());
    let quoted = columns::quote_hash(&friend, &text("secret").json);
    assert_eq!(profile.quoted_message(conversation, &quoted).unwrap(), None);
    for id in [theirs, mine] {
        let left = profile.message(id).unwrap().unwrap();
        assert!(left.erased && left.content.data.is_empty() && left.content.json.is_empty());
        assert!(matches!(profile.erase_message(id), Err(StorageError::UnknownMessage)));
        assert!(matches!(profile.take_back(id), Err(StorageError::UnknownMessage)));
    }
    assert!(profile.take_pending_p2p(&friend, MessageId(0), 10).unwrap().is_empty(), "taken back first");
    assert_eq!(
        profile.receive_p2p(&friend, "in", &text("secret"), NOW).unwrap(),
        Received::Duplicate(theirs)
    );
    // An acknowledgement that was on its way does not show it again.
    profile.mark_acknowledged(&friend, "out").unwrap();
    assert!(profile.messages(conversation, MessageId(0), 10).unwrap().is_empty());
}

#[test]
fn a_deleted_group_message_is_not_given_to_others_and_not_posted_again() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    profile.add_tokens(&server.board, &tokens(1, 1)).unwrap();
    let id = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    profile.take_token_for_post(id).unwrap();
    stored(&mut profile, id).unwrap();
    let kept = |profile: &Profile, table: &str| -> i64 {
        let count = format!("SELECT count(*) FROM {table} WHERE message = ?1");
        profile.conn.query_row(&count, [id.0], |row| row.get(0)).unwrap()
    };
    assert_ne!(kept(&profile, "own_entries") + kept(&profile, "received_entries"), 0);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    assert_eq!(profile.group_counts(conversation).unwrap().messages, 1);
    profile.erase_message(id).unwrap();
    assert_eq!(kept(&profile, "own_entries") + kept(&profile, "received_entries"), 0);
    assert_eq!(profile.group_counts(conversation).unwrap().messages, 0);
    assert!(profile.messages(conversation, MessageId(0), 10).unwrap().is_empty());
    assert_eq!(state(&profile, id), MessageState::Stored, "what others say about it stays right");
}

#[test]
fn a_post_that_was_given_up_is_given_to_no_member() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let of = |post: &NewPost| EntryId::of(&post.signature, &post.ciphertext).prefix();
    let (taken_back, posted) = (post(1, None), post(2, None));
    let ids = [&taken_back, &posted].map(|post| profile.enqueue_group_post(&group.id, post, NOW).unwrap());
    for post in [&taken_back, &posted] {
        assert!(
            profile.kept_entry(&group.id, &of(post)).unwrap().is_some(),
            "whoever asks early may have it"
        );
    }
    profile.take_back(ids[0]).unwrap();
    profile.add_tokens(&server.board, &tokens(1, 1)).unwrap();
    profile.take_token_for_post(ids[1]).unwrap();
    stored(&mut profile, ids[1]).unwrap();
    assert!(profile.kept_entry(&group.id, &of(&taken_back)).unwrap().is_none());
    assert!(profile.kept_entry(&group.id, &of(&posted)).unwrap().is_some());
}
