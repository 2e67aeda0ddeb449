//! The change feed: every change has its row, no row lacks its change, and numbers are never given twice.

use std::collections::BTreeMap;

use super::*;
use crate::changes::KEPT;

fn rows(profile: &Profile, after: i64) -> Vec<ChangeRow> {
    profile.changes_after(after, u32::MAX).unwrap()
}

/// What a step wrote, without numbers.
fn written<T>(profile: &mut Profile, step: impl FnOnce(&mut Profile) -> T) -> Vec<(Option<MessageId>, What)> {
    let before = profile.feed_bounds().unwrap().newest;
    step(profile);
    let new = rows(profile, before);
    assert!(new.iter().zip(before + 1..).all(|(row, seq)| row.seq == seq), "numbers without a hole: {new:?}");
    new.into_iter().map(|row| (row.message, row.what)).collect()
}

#[test]
fn what_happens_with_a_contact_is_written_once_each() {
    let (_dir, mut profile) = profile();
    let friend = peer(1);
    let none = |what| vec![(None, what)];
    assert_eq!(rows(&profile, 0), []);
    let added = written(&mut profile, |p| p.note_peer(&friend, NOW).unwrap());
    assert_eq!(added, none(What::ContactNew));
    let added = written(&mut profile, |p| p.add_contact(&friend, None, NOW).unwrap());
    assert_eq!(added, none(What::Contact));
    let named = written(&mut profile, |p| p.rename_contact(&friend, Some("Bob")).unwrap());
    assert_eq!(named, none(What::Contact));
    for (value, expected) in [
        (Some("here"), none(What::Contact)),
        (Some("here"), vec![]),
        (Some("away"), none(What::Contact)),
        (None, none(What::Contact)),
    ] {
        let told = written(&mut profile, |p| {
            p.set_contact_attribute(&friend, Attribute::Status, value).unwrap();
        });
        assert_eq!(told, expected);
    }
    // That somebody was seen is no change that a person reads.
    assert_eq!(written(&mut profile, |p| p.note_seen(&friend, NOW).unwrap()), []);

    let (mine, theirs) = (Some(MessageId(1)), Some(MessageId(2)));
    let queued = written(&mut profile, |p| p.enqueue_p2p(&friend, "a", &text("x"), NOW).unwrap());
    assert_eq!(queued, [(mine, What::Message)]);
    assert_eq!(written(&mut profile, |p| p.take_pending_p2p(&friend, MessageId(0), 9).unwrap()), []);
    let confirmed = written(&mut profile, |p| p.mark_acknowledged(&friend, "a").unwrap());
    assert_eq!(confirmed, [(mine, What::State)]);
    assert_eq!(written(&mut profile, |p| p.mark_acknowledged(&friend, "a").unwrap()), []);
    let received = written(&mut profile, |p| p.receive_p2p(&friend, "b", &text("y"), NOW).unwrap());
    assert_eq!(received, [(theirs, What::Message)]);
    assert_eq!(written(&mut profile, |p| p.receive_p2p(&friend, "b", &text("y"), NOW).unwrap()), []);
    let erased = written(&mut profile, |p| p.erase_message(MessageId(2)).unwrap());
    assert_eq!(erased, [(theirs, What::Erased)]);

    profile.set_contact_attribute(&friend, Attribute::Status, Some("here")).unwrap();
    let removed = written(&mut profile, |p| p.remove_contact(&friend).unwrap());
    assert_eq!(removed, none(What::ContactRemoved), "nothing of what goes with it");
}

#[test]
fn what_happens_in_a_group_is_written_once_each() {
    let (_dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let made = group(1, &server, History::Empty);
    let told = written(&mut profile, |p| p.add_group(&made, NOW).unwrap());
    assert_eq!(told, [(None, What::GroupMade)]);
    let joined = group(2, &server, History::Replay);
    let told = written(&mut profile, |p| p.add_group(&joined, NOW).unwrap());
    assert_eq!(told, [(None, What::GroupJoined)]);
    let told = written(&mut profile, |p| p.rename_group(&made.id, Some("Ours")).unwrap());
    assert_eq!(told, [(None, What::Group)]);

    let told = written(&mut profile, |p| p.enqueue_draft(&made.id, &text("x"), NOW).unwrap());
    assert_eq!(told, [(Some(MessageId(1)), What::Message)]);
    let told = written(&mut profile, |p| {
        p.take_back(MessageId(1)).unwrap();
    });
    let told: Vec<What> = told.into_iter().map(|(_, what)| what).collect();
    assert!(told.contains(&What::State) && told.iter().all(|what| [What::State, What::Place].contains(what)));

    let told = written(&mut profile, |p| {
        apply(p, &server, vec![item(&made, &peer(3), 1, None), item(&made, &peer(3), 2, Some(1))]);
    });
    assert_eq!(told, [(Some(MessageId(2)), What::Message), (Some(MessageId(3)), What::Message)]);
    let left = written(&mut profile, |p| p.remove_group(&made.id).unwrap());
    assert_eq!(left, [(None, What::GroupLeft)]);
    assert_eq!(written(&mut profile, |p| while p.erase_some().unwrap() {}), []);
}

#[test]
fn what_was_stored_is_known_without_being_read() {
    let (_dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let group = group(1, &server, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    profile.enqueue_p2p(&peer(1), "unheard", &text("x"), NOW).unwrap();
    assert_eq!(profile.take_fresh(), [], "nobody listens");
    profile.listen(true);
    profile.enqueue_p2p(&peer(1), "a", &text("x"), NOW).unwrap();
    profile.receive_p2p(&peer(1), "b", &text("y"), NOW).unwrap();
    profile.enqueue_draft(&group.id, &text("z"), NOW).unwrap();
    apply(&mut profile, &server, vec![item(&group, &peer(3), 1, None), item(&group, &peer(3), 3, Some(2))]);
    let fresh = profile.take_fresh();
    assert_eq!(fresh.len(), 5);
    for message in fresh {
        assert_eq!(profile.message(message.id).unwrap(), Some(message));
    }
    assert!(profile.take_written() && !profile.take_written());
    assert_eq!(profile.take_fresh(), []);
}

#[test]
fn only_the_newest_are_kept_and_who_comes_too_late_hears_it() {
    let (_dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let many = KEPT + 5000;
    profile
        .conn
        .execute(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
             INSERT INTO changes (conversation, what) SELECT 1, 11 FROM n",
            [many],
        )
        .unwrap();
    let bounds = profile.feed_bounds().unwrap();
    assert_eq!(bounds.newest, many + 1);
    let kept: i64 = profile.conn.query_row("SELECT count(*) FROM changes", [], |row| row.get(0)).unwrap();
    assert!((KEPT..KEPT + 1024).contains(&kept), "{kept}");
    assert_eq!(kept, bounds.newest - bounds.oldest + 1);
    assert_eq!(profile.changes_after(bounds.oldest - 1, 1).unwrap()[0].seq, bounds.oldest);
    for after in [0, bounds.oldest - 2, bounds.newest + 1] {
        let error = profile.changes_after(after, 1).unwrap_err();
        assert!(matches!(error, StorageError::ChangesGone { bounds: told, .. } if told == bounds), "{error}");
    }
    assert_eq!(profile.changes_after(bounds.newest, 1).unwrap(), []);
}

#[test]
fn a_database_that_was_put_back_gives_no_number_twice() {
    let (dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let path = profile.path().join("profile.db");
    drop(profile);
    let old = std::fs::read(&path).unwrap();
    let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
    for n in 0..5 {
        profile.receive_p2p(&peer(1), &n.to_string(), &text("x"), NOW).unwrap();
    }
    let told = profile.feed_bounds().unwrap().newest;
    drop(profile);
    let aside = path.with_extension("new");
    std::fs::write(&aside, old).unwrap();
    std::fs::rename(aside, &path).unwrap();
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
    assert!(matches!(profile.changes_after(told, 1), Err(StorageError::ChangesGone { .. })));
    profile.receive_p2p(&peer(1), "other", &text("x"), NOW).unwrap();
    let bounds = profile.feed_bounds().unwrap();
    assert!(bounds.oldest > told);
    assert_eq!(profile.changes_after(bounds.newest - 1, 9).unwrap()[0].what, What::Message);
}

#[test]
fn many_messages_that_move_at_once_are_one_change() {
    let (_dir, mut profile) = profile();
    let server = log_crash::board_server();
    profile.add_server(&server, NOW).unwrap();
    let group = group(7, &server, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    log_crash::read_log(&mut profile, &log_crash::board(), &group, |_| {});
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let before: Vec<_> = profile.messages(conversation, MessageId(0), 1000).unwrap();
    assert!(before.len() > 10);
    let told = written(&mut profile, |p| {
        p.apply_log_changes(&server.board, &[cwtch_protocol::monitor::Change::StartedOver]).unwrap();
    });
    // The log is not known any more, either.
    assert_eq!(told, [(None, What::Server), (None, What::Order)]);
}

#[test]
fn child_changes_everything() {
    let Some(dir) = crash::child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    let friend = peer(1);
    let first = profile.feed_bounds().unwrap().newest;
    for n in first.. {
        let id = format!("{n}");
        let Received::Stored(received) = profile.receive_p2p(&friend, &id, &text("x"), NOW).unwrap() else {
            panic!("it is new")
        };
        eprintln!("done message {}", received.0);
        let sent = profile.enqueue_p2p(&friend, &id, &text("x"), NOW).unwrap();
        eprintln!("done message {}", sent.0);
        profile.mark_acknowledged(&friend, &id).unwrap();
        eprintln!("done state {}", sent.0);
        profile.erase_message(received).unwrap();
        eprintln!("done erased {}", received.0);
    }
}

#[test]
fn a_kill_leaves_no_change_without_its_row_and_no_row_without_its_change() {
    let (dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    drop(profile);
    let data = dir.path().join("data");
    for reports in [1, 2, 3, 4, 7, 30, 101] {
        let acknowledged = crash::run_and_kill("changes::child_changes_everything", &data, reports);
        let profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        let all = rows(&profile, 0);
        assert!(all.iter().zip(1..).all(|(row, seq)| row.seq == seq), "numbers without a hole");
        let mut of_message: BTreeMap<i64, Vec<What>> = BTreeMap::new();
        for row in &all {
            if let Some(message) = row.message {
                of_message.entry(message.0).or_default().push(row.what);
            }
        }
        let mut statement =
            profile.conn.prepare("SELECT id, state, erased FROM messages ORDER BY id").unwrap();
        let stored = statement.query_map([], |row| {
            let acknowledged = row.get::<_, i64>(1)? == MessageState::Acknowledged.code();
            Ok((row.get::<_, i64>(0)?, acknowledged, row.get::<_, bool>(2)?))
        });
        let expected: BTreeMap<i64, Vec<What>> = stored
            .unwrap()
            .map(|row| {
                let (id, acknowledged, erased) = row.unwrap();
                let mut expected = vec![What::Message];
                expected.extend(acknowledged.then_some(What::State));
                expected.extend(erased.then_some(What::Erased));
                (id, expected)
            })
            .collect();
        assert_eq!(of_message, expected);
        for line in acknowledged {
            let (what, id) = line.split_once(' ').unwrap();
            let what = match what {
                "message" => What::Message,
                "state" => What::State,
                _ => What::Erased,
            };
            assert!(of_message[&id.parse().unwrap()].contains(&what), "{line} was reported and has no row");
        }
    }
}
