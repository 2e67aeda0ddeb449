//! The change feed beyond conversations: servers, alarms, notices, evidence, refused messages, settings.

use cwtch_protocol::monitor::{Change, Evidence, EvidenceKind, Loss, Notice};

use super::*;

const DAY: i64 = 86_400;

/// What a step wrote, without numbers; what all of it is about is the same.
fn written<T>(profile: &mut Profile, step: impl FnOnce(&mut Profile) -> T) -> (Vec<What>, Vec<Option<i64>>) {
    let before = profile.feed_bounds().unwrap().newest;
    step(profile);
    let new = profile.changes_after(before, u32::MAX).unwrap();
    assert!(new.iter().zip(before + 1..).all(|(row, seq)| row.seq == seq), "numbers without a hole: {new:?}");
    assert!(new.iter().all(|row| row.message.is_none()), "{new:?}");
    (new.iter().map(|row| row.what).collect(), new.iter().map(|row| row.about).collect())
}

fn what<T>(profile: &mut Profile, step: impl FnOnce(&mut Profile) -> T) -> Vec<What> {
    written(profile, step).0
}

/// The kinds of rows that a step wrote, each once.
fn kinds<T>(profile: &mut Profile, step: impl FnOnce(&mut Profile) -> T) -> Vec<What> {
    let mut kinds = what(profile, step);
    kinds.sort_by_key(|what| what.code());
    kinds.dedup();
    kinds
}

/// Evidence of a kind of section 4, or from 100 on without a proof.
fn evidence(kind: u8) -> Change {
    let kind = EvidenceKind::from_code(kind).unwrap();
    let proof = kind.is_proven().then(|| vec![1, 2]);
    Change::Evidence(Box::new(Evidence { kind, incarnation: 60, at: 7, proof, objects: Vec::new() }))
}

fn lost(again: bool) -> Notice {
    let loss = Loss { from: 3, to: 9, incarnation: 60, at: 7 };
    Notice::Lost { loss, void: vec![EntryId::from_bytes([1; 32]); 2], again }
}

#[test]
fn what_happens_with_a_server_is_written_once_each() {
    let (_dir, mut profile) = profile();
    let (server, other) = (server(1), self::server(2));
    let board = server.board;
    let (added, about) = written(&mut profile, |p| p.add_server(&server, NOW).unwrap());
    assert_eq!((added, about), (vec![What::ServerAdded], vec![Some(1)]));
    assert_eq!(profile.server_number(&board).unwrap(), 1);
    assert_eq!(profile.server_by_number(1).unwrap().map(|server| server.board), Some(board));
    assert_eq!(what(&mut profile, |p| p.add_server(&server, NOW).unwrap()), []);
    assert_eq!(what(&mut profile, |p| p.add_server(&other, NOW).unwrap()), [What::ServerAdded]);
    // How much there is of something is no change.
    assert_eq!(what(&mut profile, |p| p.add_tokens(&board, &tokens(3, 1)).unwrap()), []);

    let apply = |p: &mut Profile, changes: &[Change]| p.apply_log_changes(&board, changes).unwrap();
    assert_eq!(what(&mut profile, |p| apply(p, &[Change::Pinned(60)])), [What::Server]);
    assert_eq!(what(&mut profile, |p| apply(p, &[Change::Pinned(60)])), []);
    let loss = Loss { from: 3, to: 9, incarnation: 60, at: 7 };
    let declared = [Change::Loss { loss, replaces_last: false }];
    assert_eq!(what(&mut profile, |p| apply(p, &declared)), [What::Server]);

    let missing = |p: &mut Profile, since| p.note_downgrade(&board, since).unwrap();
    assert_eq!(kinds(&mut profile, |p| missing(p, Some(NOW))), [What::Server, What::Alarm]);
    assert_eq!(what(&mut profile, |p| missing(p, Some(NOW + 1))), []);
    assert_eq!(what(&mut profile, |p| missing(p, None)), [What::Server]);

    let caught = kinds(&mut profile, |p| apply(p, &[evidence(100), Change::Stopped]));
    assert_eq!(caught, [What::Server, What::Alarm, What::Evidence]);
    // A proof that comes later changes what the alarm says.
    let proven = kinds(&mut profile, |p| apply(p, &[evidence(1)]));
    assert_eq!(proven, [What::Server, What::Alarm, What::Evidence]);
    let unproven = kinds(&mut profile, |p| apply(p, &[evidence(101)]));
    assert_eq!(unproven, [What::Server, What::Evidence]);
    assert_eq!(what(&mut profile, |p| apply(p, &[Change::StartedOver])), [What::Server]);
    assert!(!profile.log_status(&board).unwrap().stopped);

    // Nothing of what goes with a server.
    profile.apply_log_step(&other.board, &[Change::Pinned(60)], &[Notice::Retired], NOW).unwrap();
    let (removed, about) = written(&mut profile, |p| p.remove_server(&other.board).unwrap());
    assert_eq!((removed, about), (vec![What::ServerRemoved], vec![Some(2)]));
}

#[test]
fn an_alarm_that_is_held_back_is_told_when_it_is_known_what_it_is_worth() {
    let (dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    profile.apply_log_changes(&server.board, &[Change::Pinned(60)]).unwrap();
    let batch = |log: Vec<Change>| SyncBatch { log, hold_alarm: true, ..SyncBatch::default() };
    let store = |p: &mut Profile, log| p.apply_sync_batch(&server.board, &batch(log), NOW).unwrap();
    // Nothing that would be an alarm: a later one is not held back by it.
    assert_eq!(what(&mut profile, |p| store(p, vec![Change::Pinned(61)])), [What::Server]);
    let caught = kinds(&mut profile, |p| store(p, vec![evidence(100), Change::Stopped]));
    assert_eq!(caught, [What::Server, What::Evidence]);
    assert!(profile.log_status(&server.board).unwrap().stopped, "but the server is not used any more");
    let proven = kinds(&mut profile, |p| store(p, vec![evidence(1)]));
    assert_eq!(proven, [What::Server, What::Evidence]);

    // The program ends before it is told.
    let mut profile = reopen(&dir, profile);
    let none = self::server(2).board;
    assert_eq!(what(&mut profile, |p| p.release_alarm(Some(&none)).unwrap()), []);
    let (told, about) = written(&mut profile, |p| p.release_alarm(None).unwrap());
    assert_eq!((told, about), (vec![What::Alarm], vec![Some(1)]));
    assert_eq!(what(&mut profile, |p| p.release_alarm(None).unwrap()), [], "once");
}

/// A notice without what no person is told: the names of entries, and of a loss where and when it was declared.
fn said(notice: Notice) -> Notice {
    match notice {
        Notice::Lost { loss, void, again } => Notice::Lost {
            loss: Loss { incarnation: 0, at: 0, ..loss },
            void: vec![EntryId::from_bytes([0; 32]); void.len()],
            again,
        },
        Notice::NoReceipt { .. } => Notice::NoReceipt { entry: EntryId::from_bytes([0; 32]) },
        other => other,
    }
}

#[test]
fn notices_are_kept_as_they_are_told() {
    let (_dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let notices = [
        Notice::ClockAhead { by: 200 },
        Notice::Stale { by: u64::MAX },
        Notice::Older,
        Notice::EarlierCertificate,
        Notice::Unlinked,
        Notice::Retired,
        lost(false),
        Notice::LostBefore { ago: 100_000 },
        Notice::Expired { from: 4, to: 7 },
        Notice::NoReceipt { entry: EntryId::from_bytes([7; 32]) },
    ];
    for (notice, number) in notices.iter().zip(1..) {
        let (told, about) = written(&mut profile, |p| {
            p.apply_log_step(&server.board, &[], std::slice::from_ref(notice), NOW + number).unwrap();
        });
        assert_eq!((told, about), (vec![What::Notice], vec![Some(number)]), "{notice:?}");
        let kept = profile.notice(number).unwrap().unwrap();
        assert_eq!((kept.server, kept.at), (server.board, NOW + number));
        let Noticed::Monitor(kept) = kept.what else { panic!("of the monitor") };
        assert_eq!(said(kept), said(notice.clone()));
    }
    // What is told as an alarm, and what is nobody's news.
    let silent = [Notice::Downgrade, Notice::Pinned, Notice::Continued, Notice::Agrees { size: 3 }];
    assert_eq!(what(&mut profile, |p| p.apply_log_step(&server.board, &[], &silent, NOW).unwrap()), []);

    // A second loss is an alarm beside it.
    let again = written(&mut profile, |p| {
        p.apply_log_step(&server.board, &[], &[lost(true)], NOW + 99).unwrap();
    });
    assert_eq!(again, (vec![What::Notice; 2], vec![Some(11), Some(12)]));
    assert!(matches!(profile.notice(11).unwrap().unwrap().what, Noticed::Monitor(_)));
    let Noticed::LostAgain(alarm) = profile.notice(12).unwrap().unwrap().what else { panic!("an alarm") };
    assert_eq!(said(alarm), said(lost(true)));

    // Of a contact, and of nobody else.
    let friend = profile.add_contact(&peer(1), None, NOW).unwrap().into_inner();
    let differs = |p: &mut Profile, who| p.note_differing_log(&server.board, &peer(who), NOW).unwrap();
    assert_eq!(what(&mut profile, |p| differs(p, 2)), []);
    let (told, about) = written(&mut profile, |p| differs(p, 1));
    assert_eq!((told, about), (vec![What::Notice], vec![Some(13)]));
    assert_eq!(profile.notice(13).unwrap().unwrap().what, Noticed::Differs(friend.conversation));
    profile.remove_contact(&peer(1)).unwrap();
    assert_eq!(profile.notice(13).unwrap(), None, "it names somebody who is forgotten");
}

#[test]
fn a_server_decides_neither_how_many_notices_are_told_nor_how_many_are_kept() {
    let (_dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let note = |p: &mut Profile, notice: Notice, at| {
        what(p, |p| p.apply_log_step(&server.board, &[], &[notice], at).unwrap()).len()
    };
    let stale = |by| Notice::Stale { by };
    let told: usize = (0..50).map(|n| note(&mut profile, stale(3600), NOW + n)).sum();
    assert_eq!(told, 8, "within an hour");
    // It crowds out no other kind, and no later hour.
    assert_eq!(note(&mut profile, lost(false), NOW + 50), 1);
    assert_eq!(note(&mut profile, stale(3600), NOW + 3600 + 8), 1);
    // A clock that was set back keeps nothing from being told.
    assert_eq!(note(&mut profile, stale(3600), NOW - DAY), 1);
    for day in 1..=60 {
        assert_eq!(note(&mut profile, stale(7200), NOW + day * DAY), 1);
    }
    let kept: usize = profile
        .conn
        .query_row("SELECT count(*) FROM notices WHERE kind = 2", [], |row| row.get::<_, i64>(0))
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(kept, crate::log::NOTICES_KEPT);
    let rows = profile.changes_after(0, u32::MAX).unwrap();
    let numbers: Vec<i64> =
        rows.iter().filter(|row| row.what == What::Notice).filter_map(|row| row.about).collect();
    let newest = *numbers.last().unwrap();
    assert!(profile.notice(newest).unwrap().is_some() && profile.notice(numbers[0]).unwrap().is_none());
}

#[test]
fn each_refused_message_is_written_once() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let reject = |n| SyncReject {
        group: Some(group.id),
        reason: "bad".into(),
        message_hash: hash(n),
        signature: Vec::new(),
        why: Unread::Invalid,
    };
    let batch = |rejects| SyncBatch { rejects, ..SyncBatch::default() };
    let store = |p: &mut Profile, rejects| p.apply_sync_batch(&server.board, &batch(rejects), NOW).unwrap();
    let (told, about) = written(&mut profile, |p| store(p, vec![reject(1), reject(2), reject(1)]));
    assert_eq!(told, [What::Rejected; 2]);
    let kept = profile.reject(about[1].unwrap()).unwrap().unwrap();
    assert_eq!((kept.server, kept.group, kept.reason.as_str()), (server.board, Some(group.id), "bad"));
    assert_eq!(what(&mut profile, |p| store(p, vec![reject(2)])), []);
}

#[test]
fn what_a_person_chooses_for_the_profile_is_written_once_each() {
    let (_dir, mut profile) = profile();
    let name = |p: &mut Profile, name| p.set_attribute(Attribute::Name, name).unwrap();
    let groups = |p: &mut Profile, on| p.set_experiment("groups", on).unwrap();
    let strangers = |p: &mut Profile, blocked| p.block_unknown(blocked).unwrap();
    let presence = |p: &mut Profile, value| p.set_setting("presence", value).unwrap();
    for (at, told) in [
        what(&mut profile, |p| name(p, Some("Alice"))),
        what(&mut profile, |p| name(p, Some("Alice B."))),
        what(&mut profile, |p| name(p, None)),
        what(&mut profile, |p| groups(p, true)),
        what(&mut profile, |p| groups(p, false)),
        what(&mut profile, |p| strangers(p, true)),
        what(&mut profile, |p| strangers(p, false)),
        what(&mut profile, |p| presence(p, Some("appear-offline"))),
        what(&mut profile, |p| presence(p, None)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(told, [What::Settings], "{at}");
    }
    name(&mut profile, Some("Alice"));
    groups(&mut profile, true);
    assert_eq!(what(&mut profile, |p| name(p, Some("Alice"))), []);
    assert_eq!(what(&mut profile, |p| groups(p, true)), []);
    assert_eq!(what(&mut profile, |p| strangers(p, false)), []);
    assert_eq!(
        what(&mut profile, |p| p.set_setting("colour", Some("green")).unwrap()),
        [],
        "nobody is shown it"
    );

    let twin = |at| Twin { by: SeenBy::Address, at };
    assert_eq!(what(&mut profile, |p| p.note_twin(twin(NOW)).unwrap()), [What::Copy]);
    assert_eq!(what(&mut profile, |p| p.note_twin(twin(NOW + 1)).unwrap()), []);
    assert_eq!(what(&mut profile, |p| p.confirm_only_copy().unwrap()), [What::Copy]);
}

#[test]
fn what_a_person_must_hear_outlives_its_rows() {
    let (_dir, mut profile) = profile();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    profile.apply_log_changes(&server.board, &[evidence(1), Change::Stopped]).unwrap();
    profile.note_twin(Twin { by: SeenBy::Address, at: NOW }).unwrap();
    let many = crate::changes::KEPT + 2048;
    profile
        .conn
        .execute(
            "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?1)
             INSERT INTO changes (about, what) SELECT n, 44 FROM n",
            [many],
        )
        .unwrap();
    let kept: i64 = profile.conn.query_row("SELECT count(*) FROM changes", [], |row| row.get(0)).unwrap();
    assert!((crate::changes::KEPT..crate::changes::KEPT + 1024).contains(&kept), "{kept}");
    let oldest = profile.feed_bounds().unwrap().oldest;
    assert!(oldest > 5, "the rows that told it are gone");
    assert!(profile.log_status(&server.board).unwrap().stopped);
    assert_eq!(profile.evidence().unwrap().len(), 1);
    assert!(profile.twin().unwrap().is_some());
}

#[test]
fn what_an_older_profile_has_is_told_as_new() {
    for version in 1..=13 {
        let (_dir, profile) = fixture::open_sample(&format!("profile-v{version}"));
        let oldest = profile.feed_bounds().unwrap().oldest;
        let rows = profile.changes_after(oldest - 1, u32::MAX).unwrap();
        let about = |what: What| -> Vec<i64> {
            rows.iter().filter(|row| row.what == what).filter_map(|row| row.about).collect()
        };
        let boards: Vec<Address> = about(What::ServerAdded)
            .into_iter()
            .map(|number| profile.server_by_number(number).unwrap().unwrap().board)
            .collect();
        let servers: Vec<Address> =
            profile.servers().unwrap().into_iter().map(|server| server.board).collect();
        assert_eq!(boards, servers, "of version {version}");
        let found: Vec<i64> = profile.evidence().unwrap().into_iter().map(|piece| piece.id).collect();
        assert_eq!(about(What::Evidence), found, "of version {version}");
        let stopped = servers.iter().filter(|server| profile.log_status(server).unwrap().stopped).count();
        assert_eq!(about(What::Alarm).len(), stopped, "of version {version}");
        assert_eq!(stopped, usize::from(version >= 3), "of version {version}");
        assert_eq!(rows.iter().filter(|row| row.what == What::Settings).count(), 1, "of version {version}");
    }
}
