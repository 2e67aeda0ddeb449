//! Own group messages, their tokens, and what the server says to them.

use super::*;

fn bytes(payment: &Option<Payment>) -> [u8; 64] {
    *payment.as_ref().unwrap().token.to_bytes().expose()
}

#[test]
fn a_post_keeps_its_bytes_and_its_token_until_confirmed() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let id = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    assert!(profile.take_token_for_post(id).unwrap().is_none(), "the wallet is empty");
    assert_eq!(profile.add_tokens(&server.board, &tokens(3, 1)).unwrap(), 3);
    assert_eq!(profile.add_tokens(&server.board, &tokens(3, 1)).unwrap(), 0, "the same tokens");
    let token = profile.take_token_for_post(id).unwrap();
    assert_eq!(profile.count_tokens(&server.board).unwrap(), 2);

    let mut profile = reopen(&dir, profile);
    let pending = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(leaves(&pending[0]).ciphertext, post(1, None).ciphertext);
    assert_eq!(leaves(&pending[0]).signature, signature(1));
    assert_eq!((pending[0].group, pending[0].state), (group.id, MessageState::Queued));
    assert_eq!(*pending[0].token.as_ref().unwrap().to_bytes().expose(), bytes(&token));
    assert_eq!(bytes(&profile.take_token_for_post(id).unwrap()), bytes(&token), "no second token");
    assert_eq!(profile.count_tokens(&server.board).unwrap(), 2);

    assert!(stored(&mut profile, id).unwrap());
    assert!(!stored(&mut profile, id).unwrap());
    assert!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().is_empty());
    assert_eq!(profile.message(id).unwrap().unwrap().state, MessageState::Stored);
    let found = profile.group(&group.id).unwrap().unwrap();
    assert_eq!(found.last_signature, Some(signature(1)));
    assert!(matches!(profile.take_token_for_post(id), Err(StorageError::UnknownMessage)));
    assert!(!stored(&mut profile, MessageId(99)).unwrap(), "its group was left meanwhile");
}

#[test]
fn no_two_posts_get_the_same_token() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    profile.add_tokens(&server.board, &tokens(4, 1)).unwrap();
    let mut used = std::collections::HashSet::new();
    for n in 0..4 {
        let id = profile.enqueue_group_post(&group.id, &post(n, None), NOW).unwrap();
        assert!(used.insert(bytes(&profile.take_token_for_post(id).unwrap())));
    }
    let id = profile.enqueue_group_post(&group.id, &post(9, None), NOW).unwrap();
    assert!(profile.take_token_for_post(id).unwrap().is_none());
}

#[test]
fn tokens_stay_with_their_server() {
    let (_dir, mut profile, _, group) = in_group(History::Empty);
    let other = super::server(2);
    profile.add_server(&other, NOW).unwrap();
    profile.add_tokens(&other.board, &tokens(2, 1)).unwrap();
    let id = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    assert!(profile.take_token_for_post(id).unwrap().is_none());
    let unknown = profile.add_tokens(&peer(9), &tokens(1, 1));
    assert!(matches!(unknown, Err(StorageError::UnknownServer)));
}

#[test]
fn a_refused_post_never_sends_its_token_again() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    profile.add_tokens(&server.board, &tokens(2, 1)).unwrap();
    let id = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    let first = profile.take_token_for_post(id).unwrap();
    let state = profile.mark_post_refused(id, RefusedToken::Ours).unwrap();
    assert_eq!(state, MessageState::Queued);
    let second = profile.take_token_for_post(id).unwrap();
    assert_ne!(bytes(&first), bytes(&second));
    assert_eq!(profile.mark_post_refused(id, RefusedToken::GiveUp).unwrap(), MessageState::Failed);
    assert!(profile.pending_posts(&server.board, MessageId(0), 1).unwrap().is_empty());
    assert_eq!(profile.count_tokens(&server.board).unwrap(), 0);
}

#[test]
fn a_refused_token_from_before_takes_its_kind_along_and_says_nothing_of_the_post() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    profile.add_tokens(&server.board, &tokens(5, 1)).unwrap();
    let waiting = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    let bound = profile.take_token_for_post(waiting).unwrap().unwrap();
    assert!(bound.bought_since && bound.fresh);
    assert!(!profile.take_token_for_post(waiting).unwrap().unwrap().fresh);

    // The database may have been put back since: nothing tells.
    let mut profile = reopen(&dir, profile);
    let bound = profile.take_token_for_post(waiting).unwrap().unwrap();
    assert!(!bound.bought_since && !bound.fresh);
    let next = profile.enqueue_group_post(&group.id, &post(2, None), NOW).unwrap();
    let bound = profile.take_token_for_post(next).unwrap().unwrap();
    assert!(!bound.bought_since && bound.fresh);
    profile.add_tokens(&server.board, &tokens(2, 2)).unwrap();
    assert_eq!(profile.count_tokens(&server.board).unwrap(), 5);
    assert_eq!(profile.mark_post_refused(next, RefusedToken::Doubtful).unwrap(), MessageState::Queued);
    assert_eq!(profile.count_tokens(&server.board).unwrap(), 2, "those bought since are good");
    let bound = profile.take_token_for_post(next).unwrap().unwrap();
    assert!(bound.bought_since && bound.fresh);
}

#[test]
fn a_draft_is_composed_and_paid_for_at_once_or_not_at_all() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let id = profile.enqueue_draft(&group.id, &text("message 1"), NOW).unwrap();
    assert!(profile.compose_post(id, &post(1, None)).unwrap().is_none(), "the wallet is empty");
    let mut profile = reopen(&dir, profile);
    let pending = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    let PostBody::Draft { overlay, written } = &pending[0].body else { panic!("composed without a token") };
    assert_eq!((overlay, *written), (&text("message 1").json, NOW));
    assert_eq!(profile.message(id).unwrap().unwrap().signature, None);
    profile.add_tokens(&server.board, &tokens(1, 1)).unwrap();
    assert!(profile.compose_post(id, &post(1, None)).unwrap().is_some());
    let pending = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    assert_eq!(leaves(&pending[0]).signature, signature(1));
    assert!(matches!(profile.compose_post(id, &post(2, None)), Err(StorageError::UnknownMessage)));
}

#[test]
fn a_late_refusal_does_not_undo_a_confirmation() {
    let (_dir, mut profile, _, group) = in_group(History::Empty);
    let id = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    assert!(stored(&mut profile, id).unwrap());
    let state = profile.mark_post_refused(id, RefusedToken::GiveUp).unwrap();
    assert_eq!(state, MessageState::Stored);
}

#[test]
fn own_messages_that_come_back_in_a_sync_are_confirmed() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let own = *profile.address();
    let waiting = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    let given_up = profile.enqueue_group_post(&group.id, &post(2, None), NOW).unwrap();
    profile.mark_post_refused(given_up, RefusedToken::GiveUp).unwrap();
    let answered = profile.enqueue_group_post(&group.id, &post(3, None), NOW).unwrap();
    stored(&mut profile, answered).unwrap();

    let items = (1..=3).map(|n| item(&group, &own, n, None)).collect();
    let outcome = apply(&mut profile, &server, items);
    assert_eq!(
        outcome.items,
        [ItemOutcome::Confirmed(waiting), ItemOutcome::Confirmed(given_up), ItemOutcome::Duplicate]
    );
    assert!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().is_empty());
    for (id, position) in [(waiting, 1), (given_up, 2), (answered, 3)] {
        let message = profile.message(id).unwrap().unwrap();
        assert_eq!((message.state, message.position), (MessageState::Stored, Some(position)));
    }
    // Another device's, or from before a backup was restored.
    let outcome = apply(&mut profile, &server, vec![item(&group, &own, 4, Some(3))]);
    let [ItemOutcome::Stored(id)] = outcome.items[..] else { panic!("not stored") };
    let message = profile.message(id).unwrap().unwrap();
    assert_eq!((message.own, message.state), (true, MessageState::Stored));
}

#[test]
fn a_signature_is_queued_once() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    let again = profile.enqueue_group_post(&group.id, &post(1, None), NOW);
    assert!(matches!(again, Err(StorageError::DuplicateMessage)));
    assert_eq!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().len(), 1);
    let elsewhere = super::group(9, &server, History::Empty);
    let unknown = profile.enqueue_group_post(&elsewhere.id, &post(2, None), NOW);
    assert!(matches!(unknown, Err(StorageError::UnknownGroup)));
}

#[test]
fn leaving_a_group_drops_its_posts() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    profile.add_tokens(&server.board, &tokens(1, 1)).unwrap();
    let id = profile.enqueue_group_post(&group.id, &post(1, None), NOW).unwrap();
    profile.take_token_for_post(id).unwrap();
    profile.remove_group(&group.id).unwrap();
    assert!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().is_empty());
    assert!(profile.groups().unwrap().is_empty());
    assert!(profile.message(id).unwrap().is_none());
    assert!(matches!(profile.remove_group(&group.id), Err(StorageError::UnknownGroup)));
}
