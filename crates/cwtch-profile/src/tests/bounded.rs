//! What others send adds a bounded number of rows to the change feed for each message, whatever is there already.

use super::*;

/// Rows that an act adds to the feed.
fn rows_of<T>(profile: &mut Profile, act: impl FnOnce(&mut Profile) -> T) -> Vec<ChangeRow> {
    let before = profile.feed_bounds().unwrap().newest;
    act(profile);
    profile.changes_after(before, u32::MAX).unwrap()
}

/// Message `n` of the group, at this place of its server's log, with this number of its author's chain.
fn numbered(group: &NewGroup, n: u64, sequence: u32) -> SyncItem {
    references::saying(group, &peer(1), n, references::chain(5, sequence))
}

fn noted(rows: &[ChangeRow]) -> Vec<MessageId> {
    rows.iter().filter(|row| row.what == What::Notes).filter_map(|row| row.message).collect()
}

#[test]
fn each_message_with_one_number_is_told_once_and_the_first_one_twice() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    apply(&mut profile, &server, (1..=300).map(|n| item(&group, &peer(1), n, None)).collect());
    let number = |profile: &mut Profile, sequence: u32| {
        let sql = "UPDATE messages SET chain_label = 5, chain_sequence = ?1";
        assert_eq!(profile.conn.execute(sql, [sequence]).unwrap(), 300);
    };
    let rows = rows_of(&mut profile, |p| number(p, 9));
    assert_eq!(noted(&rows), (1..=300).map(MessageId).collect::<Vec<_>>());
    assert_eq!(rows.len(), 300);
    // All get another number, one after the other: only the last one of the old number is alone at some time.
    let rows = rows_of(&mut profile, |p| number(p, 10));
    assert_eq!(rows.len(), 301);
    assert_eq!(noted(&rows).into_iter().filter(|id| id.0 == 300).count(), 2);
}

#[test]
fn however_many_messages_of_one_number_are_stored_each_adds_three_rows_at_most() {
    let (_dir, mut profile, server, group) = references::with_log(History::Empty);
    for n in 1..=60 {
        let rows = rows_of(&mut profile, |p| apply(p, &server, vec![numbered(&group, n, 7)]));
        let this = rows[0].message.unwrap();
        let expected = match n {
            // The numbers before it are missing.
            1 => vec![this],
            2 => vec![MessageId(1), this],
            _ => vec![this],
        };
        assert_eq!(rows.iter().filter(|row| row.what == What::Message).count(), 1);
        let mut told = noted(&rows);
        told.dedup();
        assert_eq!(told, expected, "message {n}");
        assert!(rows.len() <= 3, "message {n}: {rows:?}");
    }
    // In one transaction, too.
    let many = |profile: &mut Profile, from: u64, to: u64| {
        let items = (from..to).map(|n| numbered(&group, n, 7)).collect();
        rows_of(profile, |p| apply(p, &server, items)).len()
    };
    let (first, second) = (many(&mut profile, 100, 150), many(&mut profile, 200, 250));
    assert_eq!(first, second, "as many rows, with as many messages before them as one likes");
}

#[test]
fn a_hole_before_many_messages_of_one_number_is_told_of_for_their_conversation() {
    for (alike, told_alone) in [(1, true), (8, true), (9, false), (40, false)] {
        let (_dir, mut profile, server, group) = references::with_log(History::Empty);
        apply(&mut profile, &server, vec![numbered(&group, 1, 1)]);
        let items = (0..alike).map(|n| numbered(&group, 10 + n, 1000)).collect();
        let ids: Vec<_> =
            apply(&mut profile, &server, items).items.iter().filter_map(ItemOutcome::stored).collect();
        let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
        // From the middle of the hole, and then from its end: it is split, and it becomes smaller.
        for (n, sequence) in [(100, 500), (101, 999), (102, 998), (103, 250)] {
            let rows = rows_of(&mut profile, |p| apply(p, &server, vec![numbered(&group, n, sequence)]));
            let many = rows.iter().filter(|row| row.what == What::ManyNotes).collect::<Vec<_>>();
            assert!(many.iter().all(|row| row.conversation == Some(conversation) && row.message.is_none()));
            let mut told = noted(&rows);
            told.retain(|id| ids.contains(id));
            told.sort_unstable();
            told.dedup();
            let behind = [500, 999].contains(&sequence);
            assert_eq!(
                told,
                if behind && told_alone { ids.clone() } else { Vec::new() },
                "{alike} {sequence}"
            );
            assert_eq!(!many.is_empty(), behind && !told_alone, "{alike} {sequence}");
            assert!(rows.len() <= 20, "{alike} {sequence}: {} rows", rows.len());
        }
    }
}

#[test]
fn a_hole_that_is_as_it_was_is_not_told_of_again() {
    let (_dir, mut profile, server, group) = references::with_log(History::Empty);
    // Every other number is missing.
    let numbers = (1..=30).map(|n| numbered(&group, n, u32::try_from(2 * n).unwrap())).collect();
    apply(&mut profile, &server, numbers);
    let rows = rows_of(&mut profile, |p| apply(p, &server, vec![numbered(&group, 100, 31)]));
    // The one that came, and the one behind the hole that it fills.
    assert_eq!(noted(&rows), [MessageId(16)], "{rows:?}");
    assert!(rows.len() <= 3, "{rows:?}");
}
