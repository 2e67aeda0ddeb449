//! Frozen samples of every released schema: `tests/fixtures/profile-vN`.
//!
//! A sample is never made again for a released version. For a new schema version, add a migration, run
//! `CWTCH_MAKE_SAMPLE=1 cargo test -p cwtch-profile the_current_version_has_a_sample`, and add a test that
//! opens the new sample.

use std::collections::HashSet;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use cwtch_protocol::monitor::{
    Change, Evidence, EvidenceKind, EvidenceObject, GossipClaim, Loss, Monitor, Notice, ObjectKind, Snapshot,
};
use cwtch_testkit::log::START;

use super::*;
use crate::names::Source;

const PASSWORD: &str = "frozen sample";

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

/// The database of a sample.
pub(super) fn sample_file(name: &str) -> PathBuf {
    samples().join(name).join("profile.db")
}

/// Opens a copy of a sample; a checkout's file modes are not private.
pub(super) fn open_sample(name: &str) -> (TempDir, Profile) {
    let dir = tempfile::tempdir().unwrap();
    let data = data_dir(&dir);
    let path = data.profile_path("alice").unwrap();
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o700)).unwrap();
    for file in ["profile.json", "profile.db"] {
        fs::copy(samples().join(name).join(file), path.join(file)).unwrap();
        fs::set_permissions(path.join(file), Permissions::from_mode(0o600)).unwrap();
    }
    let profile = data.open("alice", &Password::from_text(PASSWORD).unwrap()).unwrap();
    (dir, profile)
}

/// Puts something into every table.
fn fill(profile: &mut Profile) {
    profile.set_setting("colour", Some("green")).unwrap();
    profile.set_experiment("groups", true).unwrap();
    profile.set_attribute(Attribute::Name, Some("Alice")).unwrap();
    profile.add_contact(&peer(1), Some("Bob"), NOW).unwrap();
    profile.note_seen(&peer(1), NOW + 4).unwrap();
    profile.set_contact_attribute(&peer(1), Attribute::Status, Some("here")).unwrap();
    profile.set_compared(&peer(1), Some(NOW + 7)).unwrap();
    profile.set_contact_state(&peer(2), ContactState::Blocked, NOW).unwrap();
    profile.receive_p2p(&peer(1), "in", &text("hello"), NOW).unwrap();
    let bob = profile.contact(&peer(1)).unwrap().unwrap().conversation;
    for keep in [
        Keep::ReadTo(None),
        Keep::Muted(true),
        Keep::Pinned(true),
        Keep::Draft(Some(Draft("half a thought".into()))),
        Keep::Note(Some(Note("met at the lake".into()))),
        Keep::Retention(Some(30 * 86_400)),
    ] {
        profile.keep(bob, &keep).unwrap();
    }
    profile.enqueue_p2p(&peer(1), "out", &text("hi"), NOW + 1).unwrap();
    profile.mark_acknowledged(&peer(1), "out").unwrap();
    profile.enqueue_p2p(&peer(1), "waiting", &text("still there?"), NOW + 2).unwrap();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let group = group(1, &server, History::Replay);
    profile.add_group(&group, NOW).unwrap();
    let batch = SyncBatch {
        epoch: profile.begin_sync(&server.board).unwrap().epoch,
        items: vec![item(&group, &peer(3), 1, None), item(&group, &peer(1), 3, Some(2))],
        rejects: vec![SyncReject {
            group: Some(group.id),
            reason: "bad".into(),
            message_hash: hash(9),
            signature: Vec::new(),
            why: Unread::Invalid,
        }],
        cursor: Some(signature(4)),
        ..SyncBatch::default()
    };
    profile.apply_sync_batch(&server.board, &batch, NOW).unwrap();
    profile.add_tokens(&server.board, &tokens(3, 1)).unwrap();
    let id = profile.enqueue_group_post(&group.id, &post(5, Some(3)), NOW + 3).unwrap();
    profile.take_token_for_post(id).unwrap();
    profile.enqueue_draft(&group.id, &text("a draft"), NOW + 5).unwrap();
    fill_log(profile);
    references::fill(profile);
    forks::fill(profile, &group);
    epochs::fill(profile);
    let elsewhere = self::server(9);
    profile.add_server(&elsewhere, NOW).unwrap();
    let left = self::group(9, &elsewhere, History::Empty);
    profile.add_group(&left, NOW).unwrap();
    apply(profile, &elsewhere, vec![item(&left, &peer(3), 8, None)]);
    profile.remove_group(&left.id).unwrap();
    let (mut daily, _) = fixtures::daily_group(6, &elsewhere, profile.identity(), &[peer(1)], History::Empty);
    if let Some(notice) = &mut daily.notice {
        (notice.inviter, notice.writes) = (Some(peer(1)), Writes::AfterAnother);
    }
    profile.add_group(&daily, NOW).unwrap();
    let daily = profile.group(&daily.id).unwrap().unwrap().conversation;
    profile.hide(daily, &peer(1), true, NOW.cast_unsigned()).unwrap();
    profile.keep_keys(daily, 100).unwrap();
    for contact in [4, 5] {
        profile.set_contact_state(&peer(contact), ContactState::Accepted, NOW).unwrap();
        profile.receive_p2p(&peer(contact), "late", &text("MEETING in the Café"), NOW + 6).unwrap();
    }
    let cleared = profile.contact(&peer(4)).unwrap().unwrap().conversation;
    profile.clear(cleared).unwrap();
    let timed = profile.contact(&peer(5)).unwrap().unwrap().conversation;
    profile.propose_vanishing(timed, Some(60)).unwrap();
    let proposed = profile.opening_vanishing(&peer(5)).unwrap().unwrap();
    profile.hear_vanishing(&peer(5), proposed, NOW + 7).unwrap();
    profile.receive_p2p(&peer(5), "vanishes", &text("a MEETING in the Café"), NOW + 7).unwrap();
    profile.keep(timed, &Keep::ReadTo(None)).unwrap();
    profile.count_vanishing(NOW + 7).unwrap();
}

/// A server with a log that cheated after its messages had been read.
fn fill_log(profile: &mut Profile) {
    let board = log_crash::board_server();
    profile.add_server(&board, NOW).unwrap();
    let group = group(7, &board, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    log_crash::read_log(profile, &log_crash::board(), &group, |_| {});
    let own = profile.enqueue_group_post(&group.id, &post(5000, None), NOW).unwrap();
    let receipt = Confirmation { place: Some((1500, START)), ..Confirmation::default() };
    profile.mark_post_stored(&board.board, own, &receipt).unwrap();
    profile
        .apply_log_step(&board.board, &frozen_changes(), &[Notice::Expired { from: 4, to: 7 }], NOW + 6)
        .unwrap();
}

/// One of each change that reading alone does not make.
fn frozen_changes() -> Vec<Change> {
    let object = EvidenceObject { what: ObjectKind::Receipt, bytes: vec![1, 2, 3] };
    let kind = EvidenceKind::from_code(101).unwrap();
    vec![
        Change::Evidence(Box::new(Evidence {
            kind,
            incarnation: START,
            at: START + 7,
            proof: None,
            objects: vec![object],
        })),
        Change::Stopped,
        Change::Loss {
            loss: Loss { from: 3000, to: 3002, incarnation: START, at: START + 5 },
            replaces_last: false,
        },
        Change::Gossip(GossipClaim {
            author: *peer(3).public_key().as_bytes(),
            incarnation: START,
            size: 64,
            root: hash(1),
            at: START + 6,
        }),
    ]
}

/// Makes the sample of the current version where there is none.
fn make_sample(target: &Path) {
    let dir = tempfile::tempdir().unwrap();
    let password = Password::from_text(PASSWORD).unwrap();
    let mut profile = data_dir(&dir).create("alice", &password, &mut rng(1)).unwrap();
    fill(&mut profile);
    // A checkout is a copy; it is not to be taken for one.
    profile.set_setting(copies::FILE_MARK, None).unwrap();
    profile.conn.execute_batch("VACUUM").unwrap();
    fs::create_dir_all(target).unwrap();
    fs::write(target.join("address"), format!("{}\n", profile.address())).unwrap();
    let path = profile.path().to_path_buf();
    drop(profile);
    for file in ["profile.json", "profile.db"] {
        fs::copy(path.join(file), target.join(file)).unwrap();
    }
}

#[test]
fn the_current_version_has_a_sample() {
    let name = format!("profile-v{}", schema::current_version());
    let target = samples().join(&name);
    if std::env::var_os("CWTCH_MAKE_SAMPLE").is_some() && !target.exists() {
        make_sample(&target);
    }
    assert!(target.is_dir(), "make {name} before the version is released, as the head of this file says");
    let (_dir, profile) = open_sample(&name);
    let version: i64 = profile.conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, schema::current_version());
    let bob = profile.contact(&peer(1)).unwrap().unwrap();
    assert_eq!((bob.compared, bob.note), (Some(NOW + 7), Some(Note("met at the lake".into()))));
}

#[test]
fn version_1_opens_and_reads() {
    opens_and_reads("profile-v1", None);
}

#[test]
fn version_2_opens_and_reads() {
    opens_and_reads("profile-v2", Some(NOW + 4));
}

#[test]
fn version_3_opens_and_reads() {
    opens_and_reads("profile-v3", Some(NOW + 4));
    let (_dir, profile) = open_sample("profile-v3");
    let server = log_crash::board_server().board;
    let kept = profile.log_snapshot(&server).unwrap();
    let monitor = Monitor::restore(server, &kept).unwrap();
    assert_eq!(monitor.verified_size(), 1500);
    assert_eq!(monitor.snapshot(), kept, "a monitor keeps what was stored");
    let log = log_crash::board();
    assert_eq!(monitor.certificate().map(|c| c.to_bytes()), Some(log.certificate().to_bytes()));
    assert_eq!(monitor.root_at(1500), Some(log.root_at(1500)));
    let mut expected = Snapshot::default();
    frozen_changes().iter().for_each(|change| expected.apply(change));
    assert!(kept.stopped);
    assert_eq!(
        (&kept.evidence, &kept.losses, &kept.gossip),
        (&expected.evidence, &expected.losses, &expected.gossip)
    );
    let group = profile.find_group("group 7").unwrap().one().unwrap();
    let messages = profile.messages(group.conversation, MessageId(0), 100).unwrap();
    let own = messages.iter().find(|message| message.own).unwrap();
    assert_eq!((own.log_index, own.state), (Some(1500), MessageState::Stored));
    assert_eq!(messages.len(), 25);
}

#[test]
fn version_4_opens_and_reads() {
    opens_and_reads("profile-v4", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v4");
    references::reads_what_was_filled_in(&mut profile);
}

#[test]
fn version_5_opens_and_reads() {
    opens_and_reads("profile-v5", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v5");
    references::reads_what_was_filled_in(&mut profile);
}

#[test]
fn version_6_opens_and_reads() {
    opens_and_reads("profile-v6", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v6");
    references::reads_what_was_filled_in(&mut profile);
}

#[test]
fn version_7_opens_and_reads() {
    opens_and_reads("profile-v7", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v7");
    references::reads_what_was_filled_in(&mut profile);
}

#[test]
fn version_8_opens_and_reads() {
    opens_and_reads("profile-v8", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v8");
    references::reads_what_was_filled_in(&mut profile);
    let group = profile.find_group("group 1").unwrap().one().unwrap();
    assert!(group.unread);
    let counts = profile.group_counts(group.conversation).unwrap();
    assert_eq!(counts, GroupCounts { messages: 3, authors: 3 });
    // What was left is erased on.
    assert!(profile.erase_some().unwrap());
}

#[test]
fn version_9_opens_and_reads() {
    opens_and_reads("profile-v9", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v9");
    references::reads_what_was_filled_in(&mut profile);
    // What a group of before is called, its maker may have chosen; who makes one now names it.
    for (sample, source) in [("profile-v8", Source::Claimed), ("profile-v9", Source::Given)] {
        let (_dir, profile) = open_sample(sample);
        let made = profile.find_group("group 7").unwrap().one().unwrap();
        assert_eq!(made.naming.unwrap().source, source, "{sample}");
    }
}

#[test]
fn version_10_opens_and_reads() {
    opens_and_reads("profile-v10", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v10");
    references::reads_what_was_filled_in(&mut profile);
    let group = profile.find_group("group 1").unwrap().one().unwrap();
    let pending = profile.pending_posts(&group.server, MessageId(0), 10).unwrap();
    assert!(
        pending.iter().any(|post| matches!(post.body, PostBody::Draft { written, .. } if written == NOW + 5))
    );
}

#[test]
fn version_11_opens_and_reads() {
    opens_and_reads("profile-v11", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v11");
    references::reads_what_was_filled_in(&mut profile);
    let rows = profile.changes_after(0, 1000).unwrap();
    assert_eq!(rows[0].what, What::ContactNew);
    assert!(rows.iter().any(|row| row.message == Some(MessageId(1)) && row.what == What::Message));
}

#[test]
fn version_12_opens_and_reads() {
    opens_and_reads("profile-v12", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v12");
    references::reads_what_was_filled_in(&mut profile);
    let bob = profile.find_contact("Bob").unwrap().one().unwrap();
    let kept = profile.listed(bob.conversation).unwrap().kept;
    assert_eq!(kept.draft, Some(Draft("half a thought".into())));
    assert_eq!((kept.muted, kept.pinned, kept.archived, kept.unread), (true, true, false, 0));
}

#[test]
fn version_13_opens_and_reads() {
    opens_and_reads("profile-v13", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v13");
    references::reads_what_was_filled_in(&mut profile);
}

#[test]
fn version_14_opens_and_reads() {
    opens_and_reads("profile-v14", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v14");
    references::reads_what_was_filled_in(&mut profile);
    let notice = profile.notice(1).unwrap().unwrap();
    assert_eq!(notice.what, Noticed::Monitor(Notice::Expired { from: 4, to: 7 }));
    let rows = profile.changes_after(0, 1000).unwrap();
    assert!(rows.iter().any(|row| row.about == Some(1) && row.what == What::Notice));
}

#[test]
fn version_18_opens_and_reads() {
    opens_and_reads("profile-v18", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v18");
    references::reads_what_was_filled_in(&mut profile);
    let bob = profile.contact(&peer(1)).unwrap().unwrap().conversation;
    let kept = profile.remembered(bob).unwrap();
    assert_eq!((kept.keep, kept.forgotten), (Some(30 * 86_400), 0));
    // A group was left, and invites to it are still to be looked for.
    assert!(profile.has_to_forget(NOW).unwrap());
    let later = NOW + 31 * 86_400;
    while profile.erase_some().unwrap() || profile.forget_some(later).unwrap() {}
    assert!(!profile.has_to_forget(later).unwrap());
    assert_eq!(profile.remembered(bob).unwrap().texts, 1, "the one that waits to be sent");
}

#[test]
fn migrated_conversations_are_read_and_counted() {
    for version in 1..schema::current_version() {
        let (_dir, profile) = open_sample(&format!("profile-v{version}"));
        let all = profile.conversations().unwrap();
        assert!(all.len() >= 3, "of version {version}");
        for Listed { conversation, kept, last, .. } in all {
            let messages = profile.messages(conversation.id(), MessageId(0), u32::MAX).unwrap();
            assert_eq!(kept.messages, messages.len() as u64, "of version {version}");
            if version < 12 {
                assert_eq!(kept.unread, 0, "what was here before there was a read mark is read");
            }
            assert_eq!(last.as_ref(), messages.last());
        }
    }
}

#[test]
fn a_migrated_sample_s_feed_begins_behind_what_was_there() {
    let (_dir, mut profile) = open_sample("profile-v10");
    let bounds = profile.feed_bounds().unwrap();
    assert_eq!(bounds.oldest, 2);
    assert!(matches!(profile.changes_after(0, 1), Err(StorageError::ChangesGone { .. })));
    profile.receive_p2p(&peer(1), "later", &text("x"), NOW).unwrap();
    assert_eq!(profile.changes_after(bounds.newest, 9).unwrap()[0].what, What::Message);
}

#[test]
fn version_15_opens_and_reads() {
    opens_and_reads("profile-v15", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v15");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
}

#[test]
fn version_16_opens_and_reads() {
    opens_and_reads("profile-v16", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v16");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
    let old = profile.find_group("group 1").unwrap().one().unwrap();
    assert_eq!((old.mode, old.fork_id, old.writes), (Mode::Static, ForkId::NONE, Writes::Yes));
    assert!(old.days.is_none() && profile.notice_of(&old.id).unwrap().is_none());
    let group = profile.find_group("group 6").unwrap().one().unwrap();
    let made = fixtures::daily_group(6, &server(9), profile.identity(), &[peer(1)], History::Empty);
    assert_eq!((group.mode, group.writes, group.days), (Mode::Trusted, Writes::AfterAnother, Some(made.1)));
    let notice = profile.notice_of(&group.id).unwrap().unwrap();
    assert_eq!(notice.fork_id(), group.fork_id);
    let server = profile.server_part_of(&group.id).unwrap();
    assert!(
        server.is_some() && made.0.notice.is_some_and(|new| new.notice == notice && new.server == server)
    );
    assert!(profile.server_part_of(&old.id).unwrap().is_none());
}

#[test]
fn version_17_opens_and_reads() {
    opens_and_reads("profile-v17", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v17");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
    epochs::reads_what_was_filled_in(&mut profile);
}

#[test]
fn a_group_of_before_has_one_epoch_that_is_written_in() {
    for version in 1..17 {
        let (_dir, profile) = open_sample(&format!("profile-v{version}"));
        for group in profile.groups().unwrap() {
            let epochs = profile.epochs(group.conversation).unwrap();
            let of: Vec<_> = epochs.iter().map(|e| (e.number, e.state, e.since, e.parent, e.place)).collect();
            assert_eq!(of, [(1, EpochState::Written, group.joined, None, None)], "version {version}");
            let messages = profile.messages(group.conversation, MessageId(0), 100).unwrap();
            assert!(messages.iter().all(|message| message.epoch == 1));
        }
    }
}

#[test]
fn version_19_opens_and_reads() {
    opens_and_reads("profile-v19", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v19");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
}

#[test]
fn version_20_opens_and_reads() {
    opens_and_reads("profile-v20", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v20");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
}

#[test]
fn version_21_opens_and_reads() {
    opens_and_reads("profile-v21", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v21");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
    let daily = profile.find_group("group 6").unwrap().one().unwrap().conversation;
    assert!(profile.hidden(daily).unwrap().is_empty());
    assert_eq!(profile.keys_kept(daily).unwrap(), 30);
}

#[test]
fn version_22_opens_and_reads() {
    opens_and_reads("profile-v22", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v22");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
    let daily = profile.find_group("group 6").unwrap().one().unwrap().conversation;
    assert_eq!(profile.hidden(daily).unwrap(), [peer(1)].into());
    assert_eq!(profile.keys_kept(daily).unwrap(), 100);
}

#[test]
fn version_23_opens_and_reads() {
    opens_and_reads("profile-v23", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v23");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
    let found = |profile: &Profile| {
        let search = Search { words: "cafe meet".into(), ..Search::default() };
        profile.search(&search, None, 10).unwrap().hits.len()
    };
    assert_eq!(found(&profile), 2);
    while profile.forget_some(NOW).unwrap() {}
    assert_eq!(found(&profile), 1, "one conversation was to be cleared");
}

#[test]
fn version_24_opens_and_reads() {
    opens_and_reads("profile-v24", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v24");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
    let timed = profile.contact(&peer(5)).unwrap().unwrap().conversation;
    assert_eq!(profile.listed(timed).unwrap().vanish.in_force, Some(60));
    assert_eq!(profile.next_to_vanish().unwrap(), Some(NOW + 67));
    while profile.vanish_some(NOW + 67).unwrap() {}
    assert_eq!(profile.remembered(timed).unwrap().texts, 1, "the one from before the agreement");
}

#[test]
fn version_25_opens_and_reads() {
    opens_and_reads("profile-v25", Some(NOW + 4));
    let (_dir, mut profile) = open_sample("profile-v25");
    references::reads_what_was_filled_in(&mut profile);
    forks::reads_what_was_filled_in(&profile);
    let bob = profile.contact(&peer(1)).unwrap().unwrap();
    assert_eq!((bob.compared, bob.note), (Some(NOW + 7), Some(Note("met at the lake".into()))));
}

#[test]
fn what_was_said_before_there_was_search_is_found() {
    for version in 1..=22 {
        let (_dir, profile) = open_sample(&format!("profile-v{version}"));
        let search = Search { words: "HELL".into(), ..Search::default() };
        let found = profile.search(&search, None, 10).unwrap().hits;
        assert_eq!(found.len(), 1, "of version {version}");
        assert_eq!(found[0].message.content.data, "hello");
    }
}

#[test]
fn authors_of_before_are_known_to_the_rules_of_forks() {
    for version in [1, 3, 9, 14] {
        let (_dir, profile) = open_sample(&format!("profile-v{version}"));
        let group = profile.find_group("group 1").unwrap().one().unwrap();
        let view = profile.fork_view(group.conversation).unwrap();
        for author in [peer(1), peer(3)] {
            let said = view.statement(author.public_key()).unwrap();
            assert_eq!((said.time, said.place), (NOW.cast_unsigned(), None), "version {version}");
        }
        let logged = profile.find_group("group 7").unwrap();
        if version >= 3 {
            let view = profile.fork_view(logged.one().unwrap().conversation).unwrap();
            let placed = view.kept().statements.into_values().filter(|said| said.place.is_some()).count();
            assert!(placed > 0, "version {version}");
        }
    }
}

#[test]
fn a_migrated_sample_has_its_order_and_its_counts() {
    let (_dir, profile) = open_sample("profile-v5");
    for group in profile.groups().unwrap() {
        let messages = profile.messages(group.conversation, MessageId(0), 100).unwrap();
        let authors: HashSet<_> = messages.iter().map(|message| message.author).collect();
        let (messages_count, authors) = (messages.len() as u64, authors.len() as u64);
        let counts = profile.group_counts(group.conversation).unwrap();
        assert_eq!(counts, GroupCounts { messages: messages_count, authors });
        // By index where there is one, by position where not, and what waits last.
        let waits = |m: &&StoredMessage| matches!(m.state, MessageState::Queued | MessageState::Sent);
        let indexes: Vec<_> = messages.iter().filter(|m| !waits(m)).filter_map(|m| m.log_index).collect();
        let positions: Vec<_> =
            messages.iter().filter(|m| m.log_index.is_none()).filter_map(|m| m.position).collect();
        assert!(indexes.is_sorted() && positions.is_sorted());
        let first = messages.iter().position(|m| waits(&m)).unwrap_or(messages.len());
        assert!(messages[first..].iter().all(|m| m.position.is_none() && (waits(&m) || !m.own)));
    }
}

/// What [`fill`] put in is there; when Bob was seen is known since version 2.
fn opens_and_reads(sample: &str, seen: Option<i64>) {
    let (_dir, mut profile) = open_sample(sample);
    let address = fs::read_to_string(samples().join(sample).join("address")).unwrap();
    assert_eq!(profile.address().as_str(), address.trim());
    assert_eq!(profile.setting("colour").unwrap().as_deref(), Some("green"));
    assert_eq!(profile.experiments().unwrap(), ["groups"]);
    assert_eq!(profile.attribute(Attribute::Name).unwrap().as_deref(), Some("Alice"));

    let bob = profile.find_contact("Bob").unwrap().one().unwrap();
    assert_eq!((bob.address, bob.state, bob.added), (peer(1), ContactState::Accepted, NOW));
    assert_eq!(bob.attribute(Attribute::Status), Some("here"));
    assert_eq!(bob.last_seen, seen);
    assert_eq!(profile.contact_state(&peer(2)).unwrap(), Some(ContactState::Blocked));
    let messages = profile.messages(bob.conversation, MessageId(0), 10).unwrap();
    let told: Vec<_> = messages.iter().map(|m| (m.content.data.as_str(), m.state, m.received)).collect();
    assert_eq!(
        told,
        [
            ("hello", MessageState::Received, NOW),
            ("hi", MessageState::Acknowledged, NOW + 1),
            ("still there?", MessageState::Queued, NOW + 2),
        ]
    );
    assert_eq!(
        profile.receive_p2p(&bob.address, "in", &text("hello"), NOW).unwrap(),
        Received::Duplicate(messages[0].id)
    );
    assert_eq!(
        profile
            .quoted_message(bob.conversation, &columns::quote_hash(&bob.address, &text("hello").json))
            .unwrap(),
        Some(messages[0].id)
    );

    let server = server(1);
    let stored = profile.server(&server.board).unwrap().unwrap();
    assert_eq!((stored.token_service, stored.issuer), (server.token_service, server.issuer));
    assert_eq!((stored.received, stored.rejected, stored.tokens), (2, 1, 2));
    let start = profile.begin_sync(&server.board).unwrap();
    assert_eq!((start.cursor, start.epoch), (Some(signature(4)), 1));
    let group = profile.find_group("group 1").unwrap().one().unwrap();
    assert_eq!(group.id, GroupId::derive(&group.key, server.board.public_key()));
    assert_eq!(group.last_signature, Some(signature(3)));
    let messages = profile.messages(group.conversation, MessageId(0), 10).unwrap();
    // A draft is there since version 6.
    let told: Vec<_> = messages.iter().map(|m| (m.position, m.gap, m.state)).take(3).collect();
    assert_eq!(
        told,
        [
            (Some(1), false, MessageState::Verified),
            (Some(2), true, MessageState::Verified),
            (None, false, MessageState::Queued),
        ]
    );
    let pending = profile.pending_posts(&server.board, MessageId(0), 10).unwrap();
    let token = pending[0].token.as_ref().unwrap().to_bytes();
    assert!(tokens(3, 1).iter().any(|t| t.to_bytes() == token));
    assert_eq!(profile.rejects(10).unwrap()[0].reason, "bad");
}

#[test]
fn a_migrated_sample_has_the_schema_of_a_new_profile() {
    let schema = |profile: &Profile| -> Vec<(String, Option<String>)> {
        let mut statement =
            profile.conn.prepare("SELECT name, sql FROM sqlite_master ORDER BY type, name").unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let (_new_dir, new) = profile();
    let (_old_dir, old) = open_sample("profile-v1");
    assert!(schema(&new).len() > 20);
    assert_eq!(schema(&new), schema(&old));
}
