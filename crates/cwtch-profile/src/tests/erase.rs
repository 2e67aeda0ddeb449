//! Leaving a group: gone at once, erased little by little.

use super::*;

/// Rows of all tables that belong to a conversation.
fn rows(profile: &Profile, conversation: ConversationId) -> i64 {
    let count =
        |sql: &str| -> i64 { profile.conn.query_row(sql, [conversation.0], |row| row.get(0)).unwrap() };
    let of_conversation =
        ["messages", "message_copies", "chains", "chain_holes", "abandoned", "group_authors", "erasing"]
            .map(|table| count(&format!("SELECT count(*) FROM {table} WHERE conversation = ?1")));
    let of_messages = ["posts", "own_entries", "received_entries", "parents", "views"].map(|table| {
        count(&format!(
            "SELECT count(*) FROM {table} WHERE message IN (SELECT id FROM messages WHERE conversation = ?1)"
        ))
    });
    of_conversation.iter().chain(&of_messages).sum::<i64>()
        + count("SELECT count(*) FROM conversations WHERE id = ?1")
}

/// A group with a past, a queued post, and another group beside it.
fn two_groups() -> (TempDir, Profile, NewServer, NewGroup, NewGroup) {
    let (dir, mut profile, server, left) = in_group(History::Empty);
    let kept = group(2, &server, History::Empty);
    profile.add_group(&kept, NOW).unwrap();
    for batch in 0..4 {
        let items = (0..100).map(|n| item(&left, &peer(n % 3), 100 * batch + n, None)).collect();
        apply(&mut profile, &server, items);
    }
    apply(&mut profile, &server, vec![item(&kept, &peer(1), 1000, None)]);
    profile.enqueue_group_post(&left.id, &post(2000, None), NOW).unwrap();
    profile.enqueue_group_post(&kept.id, &post(2001, None), NOW).unwrap();
    (dir, profile, server, left, kept)
}

#[test]
fn what_is_left_is_gone_at_once_and_erased_in_steps_that_survive_a_restart() {
    let (dir, mut profile, server, left, kept) = two_groups();
    let conversation = profile.group(&left.id).unwrap().unwrap().conversation;
    let one = profile.messages(conversation, MessageId(0), 1).unwrap()[0].id;
    assert_eq!(profile.group_counts(conversation).unwrap(), GroupCounts { messages: 401, authors: 4 });
    profile.remove_group(&left.id).unwrap();
    assert!(matches!(profile.remove_group(&left.id), Err(StorageError::UnknownGroup)));
    let gone = |profile: &Profile| {
        assert_eq!(profile.groups().unwrap().len(), 1);
        assert!(profile.group(&left.id).unwrap().is_none() && profile.message(one).unwrap().is_none());
        assert_eq!(profile.count_unconfirmed().unwrap(), 1, "the post of the other group");
        assert_eq!(profile.pending_posts(&server.board, MessageId(0), 10).unwrap().len(), 1);
        assert_eq!(profile.begin_sync(&server.board).unwrap().groups.len(), 1);
    };
    gone(&profile);
    let mut steps = 0;
    while profile.erase_some().unwrap() {
        steps += 1;
        if steps == 2 {
            profile = reopen(&dir, profile);
        }
        gone(&profile);
    }
    assert!(steps > 4, "in so few steps as {steps} somebody has to wait");
    assert_eq!(rows(&profile, conversation), 0);
    let kept = profile.group(&kept.id).unwrap().unwrap();
    assert_eq!(profile.group_counts(kept.conversation).unwrap(), GroupCounts { messages: 2, authors: 2 });
    assert_eq!(profile.messages(kept.conversation, MessageId(0), 10).unwrap().len(), 2);
}

#[test]
fn a_group_that_is_still_being_erased_can_be_joined_again() {
    let (_dir, mut profile, server, left, _) = two_groups();
    let before = profile.group(&left.id).unwrap().unwrap().conversation;
    profile.remove_group(&left.id).unwrap();
    assert!(profile.erase_some().unwrap());
    assert!(profile.add_group(&NewGroup { history: History::Replay, ..left.clone() }, NOW).unwrap().is_new());
    let again = profile.group(&left.id).unwrap().unwrap();
    assert!(
        again.conversation != before
            && again.unread
            && profile.begin_sync(&server.board).unwrap().refetch.is_some()
    );
    // The same messages come again, while those from before are erased.
    for n in 0..5 {
        apply(&mut profile, &server, vec![item(&left, &peer(n % 3), n, None)]);
        assert!(profile.erase_some().unwrap());
    }
    while profile.erase_some().unwrap() {}
    assert_eq!(rows(&profile, before), 0);
    assert_eq!(profile.group_counts(again.conversation).unwrap(), GroupCounts { messages: 5, authors: 3 });
    assert_eq!(profile.messages(again.conversation, MessageId(0), 10).unwrap().len(), 5);
    assert!(profile.is_author(&left.id, &peer(1)).unwrap());
}

#[test]
fn counts_are_what_would_be_counted() {
    let (_dir, mut profile, server, left, kept) = two_groups();
    // A message that is deleted for oneself, an author's last one among them.
    for n in [2000, 5, 8] {
        profile.conn.execute("DELETE FROM messages WHERE signature = ?1", [signature(n)]).unwrap();
    }
    apply(&mut profile, &server, vec![item(&left, &peer(7), 9000, None)]);
    for group in [left, kept] {
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        let counted = profile
            .conn
            .query_row(
                "SELECT count(*), count(DISTINCT author) FROM messages WHERE conversation = ?1",
                [conversation.0],
                |row| {
                    Ok(GroupCounts {
                        messages: row.get::<_, u32>(0)?.into(),
                        authors: row.get::<_, u32>(1)?.into(),
                    })
                },
            )
            .unwrap();
        assert_eq!(profile.group_counts(conversation).unwrap(), counted);
    }
}
