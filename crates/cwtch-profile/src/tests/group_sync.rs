//! Servers, groups, and what a sync brings.

use super::*;

fn reject(group: Option<GroupId>, reason: &str, n: u64) -> SyncReject {
    SyncReject {
        group,
        reason: reason.into(),
        message_hash: hash(n),
        signature: Vec::new(),
        why: Unread::Invalid,
    }
}

#[test]
fn the_first_bundle_counts() {
    let (dir, mut profile) = profile();
    let first = server(1);
    assert!(profile.add_server(&first, NOW).unwrap().is_new());
    let same = NewServer { bundle: b"{\"Keys\":{ }}".to_vec(), ..first.clone() };
    let known = profile.add_server(&same, NOW).unwrap();
    assert!(!known.is_new());
    assert_eq!(known.into_inner().bundle, first.bundle);
    let changes = [
        NewServer { token_service: peer(9), ..first.clone() },
        NewServer { issuer: server(2).issuer, ..first.clone() },
    ];
    for changed in changes {
        assert!(matches!(profile.add_server(&changed, NOW), Err(StorageError::BundleChanged)));
    }
    let profile = reopen(&dir, profile);
    let stored = profile.server(&first.board).unwrap().unwrap();
    assert_eq!((stored.token_service, stored.issuer), (first.token_service, first.issuer));
    assert_eq!(profile.servers().unwrap().len(), 1);
    assert!(profile.server(&peer(9)).unwrap().is_none());
}

#[test]
fn a_group_is_added_once_and_not_changed() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    assert!(!profile.add_group(&group, NOW).unwrap().is_new());
    let changed = NewGroup { key: GroupKey::new([9; 32]), ..group.clone() };
    assert!(matches!(profile.add_group(&changed, NOW), Err(StorageError::GroupChanged)));
    let nowhere = NewGroup { server: peer(9), ..group.clone() };
    assert!(matches!(profile.add_group(&nowhere, NOW), Err(StorageError::UnknownServer)));
    let unnamed = NewGroup { name: "\u{7}".into(), ..super::group(2, &server, History::Empty) };
    assert!(matches!(profile.add_group(&unnamed, NOW), Err(StorageError::Text { .. })));
    let profile = reopen(&dir, profile);
    let stored = profile.groups().unwrap();
    assert_eq!(stored.len(), 1);
    assert_eq!((stored[0].id, &stored[0].key, stored[0].server), (group.id, &group.key, server.board));
}

#[test]
fn a_batch_is_stored_in_order_with_its_cursor() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let author = peer(1);
    let start = profile.begin_sync(&server.board).unwrap();
    assert_eq!((start.cursor, start.groups.len()), (None, 1));
    let outcome =
        apply(&mut profile, &server, vec![item(&group, &author, 1, None), item(&group, &author, 2, Some(1))]);
    assert!(outcome.current);
    assert_eq!((outcome.items.len(), outcome.gaps), (2, 0));

    let profile = reopen(&dir, profile);
    assert_eq!(profile.begin_sync(&server.board).unwrap().cursor, Some(signature(2)));
    let stored = profile.group(&group.id).unwrap().unwrap();
    assert_eq!(stored.last_signature, Some(signature(2)));
    let messages = profile.messages(stored.conversation, MessageId(0), 10).unwrap();
    let seen: Vec<_> = messages.iter().map(|m| (m.position, m.state, m.gap)).collect();
    assert_eq!(seen, [(Some(1), MessageState::Verified, false), (Some(2), MessageState::Verified, false)]);
    assert_eq!((messages[1].author, messages[1].sent), (author, Some(NOW)));
    assert_eq!(messages[1].previous, Some(signature(1)));
    let counts = profile.group_counts(stored.conversation).unwrap();
    assert_eq!(counts, GroupCounts { messages: 2, authors: 1 });
    assert_eq!(profile.server(&server.board).unwrap().unwrap().received, 2);
    assert!(matches!(profile.begin_sync(&peer(9)), Err(StorageError::UnknownServer)));
}

#[test]
fn duplicates_by_signature_or_by_hash_are_dropped() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let author = peer(1);
    apply(&mut profile, &server, vec![item(&group, &author, 1, None)]);
    let by_signature = SyncItem { msg_id: msg_id(7), ..item(&group, &author, 1, None) };
    let by_hash = SyncItem { signature: signature(8), ..item(&group, &author, 1, None) };
    let outcome = apply(&mut profile, &server, vec![by_signature, by_hash]);
    assert_eq!(outcome.items, [ItemOutcome::Duplicate, ItemOutcome::Duplicate]);
    assert_eq!(profile.server(&server.board).unwrap().unwrap().received, 1);
    // The chain did not move either.
    let stored = profile.group(&group.id).unwrap().unwrap();
    assert_eq!(stored.last_signature, Some(signature(1)));
}

#[test]
fn the_same_signature_may_occur_in_two_groups() {
    let (_dir, mut profile, server, first) = in_group(History::Empty);
    let second = group(2, &server, History::Empty);
    profile.add_group(&second, NOW).unwrap();
    let outcome =
        apply(&mut profile, &server, vec![item(&first, &peer(1), 1, None), item(&second, &peer(1), 1, None)]);
    assert!(outcome.items.iter().all(|fate| matches!(fate, ItemOutcome::Stored(_))));
}

#[test]
fn gaps_open_and_close() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let author = peer(1);
    let outcome = apply(&mut profile, &server, vec![item(&group, &author, 2, Some(1))]);
    assert_eq!((outcome.gaps, outcome.closed_gaps), (1, 0));
    let ItemOutcome::Stored(late) = outcome.items[0] else { panic!("not stored") };
    assert!(profile.message(late).unwrap().unwrap().gap);
    let outcome = apply(&mut profile, &server, vec![item(&group, &author, 1, None)]);
    assert_eq!((outcome.gaps, outcome.closed_gaps), (0, 1));
    assert!(!profile.message(late).unwrap().unwrap().gap);
}

#[test]
fn joining_another_group_sends_the_sync_back_to_the_start() {
    let (_dir, mut profile, server, first) = in_group(History::Empty);
    let running = profile.begin_sync(&server.board).unwrap();
    apply(&mut profile, &server, vec![item(&first, &peer(1), 1, None)]);
    let joined = group(2, &server, History::Replay);
    profile.add_group(&joined, NOW).unwrap();
    assert_eq!(profile.begin_sync(&server.board).unwrap().cursor, None);

    // The sync that ran meanwhile tried no key of the new group, so its cursor must not count.
    let late = SyncBatch {
        epoch: running.epoch,
        items: vec![item(&first, &peer(1), 2, None)],
        cursor: Some(signature(2)),
        ..SyncBatch::default()
    };
    let outcome = profile.apply_sync_batch(&server.board, &late, NOW).unwrap();
    assert!(!outcome.current);
    assert!(matches!(outcome.items[..], [ItemOutcome::Stored(_)]));
    assert_eq!(profile.begin_sync(&server.board).unwrap().cursor, None);
    assert_eq!(profile.server(&server.board).unwrap().unwrap().received, 2);

    // The replay brings the old ones again, once.
    let all = vec![item(&first, &peer(1), 1, None), item(&joined, &peer(1), 5, None)];
    let outcome = apply(&mut profile, &server, all);
    assert!(outcome.current);
    assert_eq!(outcome.items[0], ItemOutcome::Duplicate);
    assert!(matches!(outcome.items[1], ItemOutcome::Stored(_)));
}

#[test]
fn messages_of_a_group_that_was_left_are_passed_over() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    profile.remove_group(&group.id).unwrap();
    let outcome = apply(&mut profile, &server, vec![item(&group, &peer(1), 1, None)]);
    assert_eq!(outcome.items, [ItemOutcome::UnknownGroup]);
    assert_eq!(profile.begin_sync(&server.board).unwrap().cursor, Some(signature(1)));
}

#[test]
fn rejects_are_counted_once_and_explained() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let batch = SyncBatch {
        rejects: vec![
            reject(Some(group.id), "the author's signature is wrong", 1),
            reject(Some(group.id), "the author's signature is wrong", 2),
            reject(None, "no plain message inside", 3),
        ],
        cursor: Some(signature(3)),
        ..SyncBatch::default()
    };
    let outcome = profile.apply_sync_batch(&server.board, &batch, NOW).unwrap();
    assert_eq!(outcome.rejected, 3);
    // The cursor's message is delivered again at the next sync.
    assert_eq!(profile.apply_sync_batch(&server.board, &batch, NOW + 1).unwrap().rejected, 0);
    assert_eq!(profile.server(&server.board).unwrap().unwrap().rejected, 3);
    assert_eq!(
        profile.reject_counts(&server.board).unwrap(),
        [("no plain message inside".to_owned(), 1), ("the author's signature is wrong".to_owned(), 2)]
    );
    let explained = profile.rejects(2).unwrap();
    assert_eq!((explained[0].group, explained[1].group), (None, Some(group.id)));
    assert_eq!((explained[0].at, explained[0].server), (NOW, server.board));
    assert!(profile.messages(ConversationId(1), MessageId(0), 10).unwrap().is_empty());
}

#[test]
fn the_explanations_are_bounded_the_counts_are_not() {
    let (_dir, mut profile, server, _) = in_group(History::Empty);
    let more = u64::from(REJECTS_MAX) + 50;
    let batch =
        SyncBatch { rejects: (0..more).map(|n| reject(None, "bad", n)).collect(), ..SyncBatch::default() };
    assert_eq!(profile.apply_sync_batch(&server.board, &batch, NOW).unwrap().rejected, more);
    let rows: u32 = profile.conn.query_row("SELECT count(*) FROM rejects", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, REJECTS_MAX);
    assert_eq!(profile.server(&server.board).unwrap().unwrap().rejected, more);
}

#[test]
fn a_batch_with_one_bad_item_stores_nothing() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let long = SyncItem { signature: vec![0; 8193], ..item(&group, &peer(1), 2, None) };
    let batch = SyncBatch {
        items: vec![item(&group, &peer(1), 1, None), long],
        cursor: Some(signature(2)),
        ..SyncBatch::default()
    };
    let refused = profile.apply_sync_batch(&server.board, &batch, NOW);
    assert!(matches!(refused, Err(StorageError::TooLong { .. })));
    assert_eq!(profile.begin_sync(&server.board).unwrap().cursor, None);
    assert_eq!(profile.server(&server.board).unwrap().unwrap().received, 0);
}
