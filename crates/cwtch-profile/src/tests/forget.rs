//! Forgetting: texts by age, invites with their group's key, and sealing.

use std::fs;

use cwtch_wire::invite::GroupInvite;

use super::crash::{child_dir, run_and_kill, run_by};
use super::pages::{holds, readable};
use super::*;
use crate::vault::{DatabaseKey, Lid, Vault};
use crate::{db, forget};

const DAY: u64 = 86_400;
const WORDS: &str = "the-meeting-is-at-noon";

fn found(profile: &Profile, needle: &[u8]) -> bool {
    holds(&readable(profile.path(), &[*profile.key.expose()]), needle)
}

fn rows(profile: &Profile, table: &str) -> i64 {
    profile.conn.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

/// Forgets all that is to be forgotten.
fn forget(profile: &mut Profile, now: i64) {
    while profile.forget_some(now).unwrap() {}
    assert!(profile.sweep().unwrap());
    assert!(!profile.has_to_forget(now).unwrap());
}

/// Messages that came at a time, each with the words.
fn came(profile: &mut Profile, server: &NewServer, group: &NewGroup, numbers: std::ops::Range<u64>, at: i64) {
    let items = numbers
        .map(|n| SyncItem { content: text(&format!("{WORDS} {n}.")), ..item(group, &peer(n % 3), n, None) })
        .collect();
    let epoch = profile.begin_sync(&server.board).unwrap().epoch;
    let batch = SyncBatch { epoch, items, ..SyncBatch::default() };
    profile.apply_sync_batch(&server.board, &batch, at).unwrap();
}

fn texts(profile: &Profile, changes_after: i64) -> usize {
    let rows = profile.changes_after(changes_after, 1_000).unwrap();
    rows.iter().filter(|row| row.what == What::Texts).count()
}

#[test]
fn old_texts_go_step_by_step_and_who_wrote_them_when_stays() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    came(&mut profile, &server, &group, 0..150, NOW);
    came(&mut profile, &server, &group, 150..160, NOW + 2 * DAY as i64);
    profile.enqueue_draft(&group.id, &text("not-sent-yet"), NOW).unwrap();
    let before = profile.messages(conversation, MessageId(0), 1_000).unwrap();
    let seen = profile.feed_bounds().unwrap().newest;
    assert!(!profile.forget_some(NOW + 1_000 * DAY as i64).unwrap(), "without being asked to");

    profile.keep(conversation, &Keep::Retention(Some(DAY))).unwrap();
    assert!(!profile.forget_some(NOW + DAY as i64).unwrap(), "none is too old");
    let now = NOW + DAY as i64 + 1;
    assert!(profile.forget_some(now).unwrap() && profile.has_to_forget(now).unwrap());
    let some = profile.remembered(conversation).unwrap();
    assert!((90..150).contains(&some.texts), "in one step: {some:?}");
    let mut profile = reopen(&dir, profile);
    forget(&mut profile, now);
    let kept = profile.remembered(conversation).unwrap();
    let expected = Remembered {
        keep: Some(DAY),
        texts: 11,
        oldest: Some(NOW),
        forgotten: 150,
        posted: kept.posted,
        sealed: None,
    };
    assert_eq!(kept, expected);
    assert!(kept.posted > 0 && kept.posted <= 10);
    assert!(texts(&profile, seen) >= 2, "each step is told");

    let after = profile.messages(conversation, MessageId(0), 1_000).unwrap();
    assert_eq!(after.len(), before.len(), "all are still shown");
    for (old, new) in before.iter().zip(&after) {
        let goes = old.received == NOW && !old.own;
        assert_eq!(new.forgotten, goes);
        assert_eq!(new.content.data.is_empty() && new.content.json.is_empty(), goes);
        let who = |m: &StoredMessage| {
            let facts = (m.id, m.author, m.sent, m.received, m.entry, m.log_index, m.place, m.state);
            (facts, m.signature.clone(), m.content.kind)
        };
        assert_eq!(who(old), who(new));
    }
    assert!(
        !found(&profile, format!("{WORDS} 149.").as_bytes())
            && found(&profile, format!("{WORDS} 159.").as_bytes())
    );
    assert!(found(&profile, b"not-sent-yet"), "what waits is sent first");
    let hash = columns::quote_hash(&before[0].author, &before[0].content.json);
    assert_eq!(profile.quoted_message(conversation, &hash).unwrap(), None);
    // What comes again is known, and says nothing again.
    came(&mut profile, &server, &group, 0..5, now);
    assert_eq!(profile.messages(conversation, MessageId(0), 1_000).unwrap().len(), after.len());
    assert!(!found(&profile, format!("{WORDS} 3.").as_bytes()));
    // For ever, from now on.
    profile.keep(conversation, &Keep::Retention(None)).unwrap();
    assert!(!profile.forget_some(now + 1_000 * DAY as i64).unwrap());
}

#[test]
fn a_contact_s_texts_go_by_age_too_and_a_deleted_message_stays_deleted() {
    let (_dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let conversation = profile.contact(&peer(1)).unwrap().unwrap().conversation;
    let received = |profile: &mut Profile, id: &str, at| {
        let Received::Stored(id) = profile.receive_p2p(&peer(1), id, &text(WORDS), at).unwrap() else {
            panic!("it is new")
        };
        id
    };
    let (deleted, old, new) = (
        received(&mut profile, "1", NOW),
        received(&mut profile, "2", NOW),
        received(&mut profile, "3", NOW + 3_601),
    );
    profile.erase_message(deleted).unwrap();
    profile.keep(conversation, &Keep::Retention(Some(KEEP_MIN))).unwrap();
    forget(&mut profile, NOW + 3_601);
    let state = |id| {
        let message = profile.message(id).unwrap().unwrap();
        (message.erased, message.forgotten)
    };
    assert_eq!([state(deleted), state(old), state(new)], [(true, false), (false, true), (false, false)]);
    let kept = profile.remembered(conversation).unwrap();
    assert_eq!((kept.texts, kept.forgotten), (1, 1));
    // Who is said to be forgotten can still be deleted, and is not shown then.
    profile.erase_message(old).unwrap();
    assert_eq!(profile.messages(conversation, MessageId(0), 9).unwrap().len(), 1);
    assert_eq!(profile.remembered(conversation).unwrap().forgotten, 0);
    for wrong in [0, KEEP_MIN - 1, KEEP_MAX + 1] {
        let refused = profile.keep(conversation, &Keep::Retention(Some(wrong)));
        assert!(matches!(refused, Err(StorageError::Retention)));
    }
    assert!(matches!(profile.remembered(ConversationId(99)), Err(StorageError::UnknownConversation)));
}

/// An invite to a group as it stands in a chat.
fn invite(group: &NewGroup) -> String {
    GroupInvite::from_known(group.id, group.name.clone(), group.key.clone(), group.server)
        .to_text()
        .to_string()
}

fn overlay(kind: u64, data: &str) -> Content {
    let json = serde_json::json!({ "o": kind, "d": data }).to_string().into_bytes();
    Content { kind, data: data.to_owned(), json }
}

/// A profile with two groups, a contact, and invites to both groups: received, sent, waiting, in a draft and in a note.
fn with_invites() -> (TempDir, Profile, NewServer, NewGroup, NewGroup) {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let other = super::group(2, &server, History::Empty);
    profile.add_group(&other, NOW).unwrap();
    came(&mut profile, &server, &group, 0..90, NOW);
    let friend = peer(1);
    profile.add_contact(&friend, None, NOW).unwrap();
    for (n, of) in [&group, &other].into_iter().enumerate() {
        let text = invite(of);
        profile.receive_p2p(&friend, &format!("in {n}"), &overlay(101, &text), NOW).unwrap();
        profile.enqueue_p2p(&friend, &format!("out {n}"), &overlay(101, &text), NOW).unwrap();
        profile.mark_acknowledged(&friend, &format!("out {n}")).unwrap();
        profile
            .enqueue_p2p(&friend, &format!("waits {n}"), &overlay(1, &format!("come: {text}.")), NOW)
            .unwrap();
        profile.enqueue_draft(&other.id, &overlay(1, &text), NOW).unwrap();
    }
    let conversation = profile.contact(&friend).unwrap().unwrap().conversation;
    profile.keep(conversation, &Keep::Draft(Some(Draft(invite(&group))))).unwrap();
    profile.keep(conversation, &Keep::Note(Some(Note(format!("gave: {}", invite(&group)))))).unwrap();
    (dir, profile, server, group, other)
}

#[test]
fn leaving_takes_the_invites_along_wherever_they_are() {
    let (dir, mut profile, _, left, kept) = with_invites();
    let (gone, stays) = (invite(&left), invite(&kept));
    assert!(found(&profile, gone.as_bytes()));
    profile.remove_group(&left.id).unwrap();
    profile.forget_some(NOW).unwrap();
    let mut profile = reopen(&dir, profile);
    while profile.erase_some().unwrap() {}
    forget(&mut profile, NOW);
    // All of a text is one run of base64, of which each page would hold a long part.
    assert!(!found(&profile, gone.as_bytes()) && !found(&profile, &gone.as_bytes()[..60]));
    assert!(!found(&profile, left.key.expose()) && !found(&profile, WORDS.as_bytes()));
    assert!(
        found(&profile, stays.as_bytes()) && found(&profile, kept.key.expose()),
        "the other group's stay"
    );
    let conversation = profile.contact(&peer(1)).unwrap().unwrap().conversation;
    let messages = profile.messages(conversation, MessageId(0), 99).unwrap();
    assert_eq!(messages.iter().filter(|message| message.forgotten).count(), 3);
    assert_eq!(messages.len(), 6, "who wrote when is still shown");
    let waiting = profile.take_pending_p2p(&peer(1), MessageId(0), 9).unwrap();
    assert_eq!(waiting.len(), 1, "nobody is invited to it any more");
    let kept = profile.listed(conversation).unwrap().kept;
    assert_eq!((kept.draft, kept.note), (None, None));
}

#[test]
fn sealing_erases_what_is_not_needed_to_go_on_and_gives_the_database_another_key() {
    let (dir, mut profile, server, group, _) = with_invites();
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    came(&mut profile, &server, &group, 90..95, NOW + 10);
    profile.add_tokens(&server.board, &tokens(2, 1)).unwrap();
    let (posted, waits) = (
        profile.enqueue_group_post(&group.id, &post(2_000, None), NOW).unwrap(),
        profile.enqueue_group_post(&group.id, &post(2_001, None), NOW).unwrap(),
    );
    profile.take_token_for_post(posted).unwrap();
    stored(&mut profile, posted).unwrap();
    let old = *profile.key.expose();
    let of_group = "message IN (SELECT id FROM messages WHERE conversation = 1)";
    assert!(rows(&profile, &format!("received_entries WHERE {of_group}")) > 0);

    let sealed = profile.seal_group(&group.id, Some(NOW + 10), NOW + 20, &mut rng(9)).unwrap();
    assert_eq!((sealed.invites, sealed.given_up.as_slice()), (4, [waits].as_slice()));
    assert_eq!(sealed.texts, 92, "those that came before, the own ones among them");
    let new = *profile.key.expose();
    assert_ne!(old, new);
    assert!(!profile.has_traces());
    for state in ["open", "opened again"] {
        let files = readable(profile.path(), &[old, new]);
        for gone in [WORDS.as_bytes(), b"the-meeting", invite(&group).as_bytes(), b"message 2001", &[9; 64]] {
            // What came later still says it.
            let later = gone.starts_with(b"the-");
            assert_eq!(holds(&files, gone), later, "{state}: {}", String::from_utf8_lossy(gone));
        }
        assert!(
            !holds(&files, format!("{WORDS} 89.").as_bytes())
                && holds(&files, format!("{WORDS} 94.").as_bytes())
        );
        // Nothing is left that the old key opens.
        assert!(!holds(&readable(profile.path(), &[old]), b"CREATE TABLE"));
        let error = db::open(&profile.path().join(db::FILE), &DatabaseKey::new(old)).unwrap_err();
        assert!(matches!(error, StorageError::Damaged));
        assert_eq!(Vault::read(profile.path()).unwrap().open(&Password::None).unwrap().next, None);
        for table in forget::list::POSTED {
            assert_eq!(rows(&profile, &format!("{table} WHERE {of_group}")), 0, "{table}");
        }
        assert_eq!(profile.message(waits).unwrap().unwrap().state, MessageState::Failed);
        assert_eq!(profile.message(posted).unwrap().unwrap().state, MessageState::Stored);
        let kept = profile.remembered(conversation).unwrap();
        assert_eq!((kept.texts, kept.posted, kept.sealed), (5, 0, Some(NOW + 20)));
        assert!(profile.twin().unwrap().is_none(), "it is no copy of itself");
        profile = reopen(&dir, profile);
    }
    // It goes on: what comes is read, and what was known is known.
    came(&mut profile, &server, &group, 85..100, NOW + 30);
    assert_eq!(profile.remembered(conversation).unwrap().texts, 10);
    // Without an age texts stay; and the password is not needed, nor changed.
    let sealed = profile.seal_group(&group.id, None, NOW + 40, &mut rng(10)).unwrap();
    assert_eq!((sealed.texts, profile.remembered(conversation).unwrap().texts), (0, 10));
    let unknown = super::group(7, &server, History::Empty).id;
    assert!(matches!(profile.seal_group(&unknown, None, NOW, &mut rng(11)), Err(StorageError::UnknownGroup)));
}

#[test]
fn a_sealed_profile_opens_by_its_password_and_by_no_copy_of_its_old_file() {
    let dir = tempfile::tempdir().unwrap();
    let password = Password::from_text("a-good-password").unwrap();
    let mut profile = data_dir(&dir).create("alice", &password, &mut rng(1)).unwrap();
    let server = server(1);
    profile.add_server(&server, NOW).unwrap();
    let group = group(1, &server, History::Empty);
    profile.add_group(&group, NOW).unwrap();
    let vault = profile.path().join("profile.json");
    let copy = fs::read(&vault).unwrap();
    profile.seal_group(&group.id, None, NOW, &mut rng(2)).unwrap();
    drop(profile);
    let now = fs::read(&vault).unwrap();
    fs::write(&vault, &copy).unwrap();
    assert!(matches!(data_dir(&dir).open("alice", &password), Err(StorageError::Damaged)));
    fs::write(&vault, &now).unwrap();
    let wrong = Password::from_text("another").unwrap();
    assert!(matches!(data_dir(&dir).open("alice", &wrong), Err(StorageError::WrongPassword)));
    let profile = data_dir(&dir).open("alice", &password).unwrap();
    assert_eq!(profile.groups().unwrap().len(), 1);
}

#[test]
fn a_reader_keeps_a_database_from_being_written_anew_and_loses_nothing() {
    let (_dir, mut profile, _, group, _) = with_invites();
    let reader = profile.reader().unwrap();
    let old = *profile.key.expose();
    let refused = reader.at_one_moment(|reading| {
        reading.contacts()?;
        Ok::<_, StorageError>(profile.seal_group(&group.id, None, NOW, &mut rng(9)))
    });
    assert!(matches!(refused.unwrap(), Err(StorageError::Busy { .. })));
    assert_eq!(*profile.key.expose(), old);
    drop(reader);
    profile.seal_group(&group.id, None, NOW, &mut rng(9)).unwrap();
    assert!(profile.reader().unwrap().at_one_moment(|p| p.groups()).unwrap().len() == 2, "the new key");
}

/// Whether a profile is whole.
fn is_whole(profile: &Profile) {
    let whole: String = profile.conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    assert_eq!(Vault::read(profile.path()).unwrap().open(&Password::None).unwrap().next, None);
}

#[test]
fn a_kill_at_any_write_of_the_new_key_leaves_one_whole_database_that_opens() {
    const PAGE: usize = 4096;
    let (dir, profile, _, group, _) = with_invites();
    let (path, address) = (profile.path().to_path_buf(), *profile.address());
    let (file, log) = (path.join(db::FILE), path.join("profile.db-wal"));
    let key = profile.key.clone();
    drop(profile);
    let before = fs::read(&file).unwrap();
    let fresh = DatabaseKey::generate(&mut rng(3));
    let conn = db::open(&file, &key).unwrap();
    conn.execute_batch("PRAGMA wal_autocheckpoint = 0").unwrap();
    conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    db::rekey(&conn, &fresh);
    let (written, unchanged) = (fs::read(&log).unwrap(), fs::read(&file).unwrap());
    assert!(before == unchanged && written.len() > before.len(), "everything is in the log");
    drop(conn);
    let after = fs::read(&file).unwrap();
    assert!(after.len() == before.len() && after != before, "the log was moved");

    let lid = Lid::new(&Password::None, &mut rng(4)).unwrap();
    let mut keys = [0, 0];
    let mut opens = |file_bytes: &[u8], log_bytes: &[u8]| {
        fs::write(&file, file_bytes).unwrap();
        fs::write(&log, log_bytes).unwrap();
        lid.close(&key, Some(&fresh), &mut rng(5)).write(&path).unwrap();
        let profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        keys[usize::from(profile.key == fresh)] += 1;
        is_whole(&profile);
        assert_eq!(*profile.address(), address);
        assert_eq!(profile.group(&group.id).unwrap().unwrap().conversation, ConversationId(1));
        assert_eq!(rows(&profile, "messages"), 98);
        // Either is a profile like any other: it opens again, with one key.
        drop(reopen(&dir, profile));
    };
    for cut in 0..=20 {
        opens(&before, &written[..written.len() * cut / 20 - usize::from(cut % 2 == 1)]);
    }
    // While the log is moved into the file, page by page.
    for moved in 0..=8 {
        let split = before.len() / PAGE * moved / 8 * PAGE;
        opens(&[&after[..split], &before[split..]].concat(), &written);
    }
    opens(&after, &[]);
    assert!(keys[0] >= 10 && keys[1] >= 10, "{keys:?}");
}

#[test]
fn child_seals_again_and_again() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    let (server, group) = (server(1), group(1, &server(1), History::Empty));
    eprintln!("done 0");
    for n in 1_u64.. {
        came(&mut profile, &server, &group, n * 10..n * 10 + 10, NOW);
        profile.seal_group(&group.id, Some(NOW + 1), NOW, &mut OsRng).unwrap();
        eprintln!("done {n}");
    }
}

#[test]
fn kills_while_a_group_is_sealed_leave_what_was_there_and_nothing_of_what_was_sealed() {
    let (dir, profile, _, group, _) = with_invites();
    let path = profile.path().to_path_buf();
    drop(profile);
    for round in 0..10 {
        let done =
            run_and_kill("forget::child_seals_again_and_again", &dir.path().join("data"), 1 + round % 4);
        let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        is_whole(&profile);
        assert_eq!(profile.groups().unwrap().len(), 2);
        let kept = profile.remembered(ConversationId(1)).unwrap();
        if done.iter().any(|n| n != "0") {
            // What was told to be sealed is; the batch behind it came whole or not at all.
            assert!([0, 10].contains(&kept.texts), "{kept:?}");
            assert!(kept.forgotten >= 90);
        }
        profile.seal_group(&group.id, Some(NOW + 1), NOW, &mut rng(round as u64)).unwrap();
        let files = readable(&path, &[*profile.key.expose()]);
        assert!(!holds(&files, WORDS.as_bytes()) && !holds(&files, invite(&group).as_bytes()));
    }
}

#[test]
fn child_seals_where_files_may_not_grow() {
    let Some(dir) = child_dir() else { return };
    // The limit may not even let the profile be opened.
    let told = match dir.open("alice", &Password::None) {
        Err(error) => format!("refused {error}"),
        Ok(mut profile) => {
            let group = group(1, &server(1), History::Empty);
            match profile.seal_group(&group.id, None, NOW, &mut OsRng) {
                Err(error) => format!("refused {error}"),
                Ok(_) => "sealed".to_owned(),
            }
        }
    };
    eprintln!("done {told}");
    loop {
        std::thread::park();
    }
}

/// A file may have so many bytes and no more, as on a disk that is full: whatever of sealing does not fit is refused, and nothing
/// is lost.
#[test]
fn where_there_is_no_room_sealing_is_refused_and_loses_nothing() {
    let (dir, profile, ..) = with_invites();
    let (path, data) = (profile.path().to_path_buf(), dir.path().join("data"));
    drop(profile);
    let (file, vault) = (path.join(db::FILE), path.join("profile.json"));
    let before = (fs::read(&file).unwrap(), fs::read(&vault).unwrap());
    let mut told = Vec::new();
    for tenth in 0..=14 {
        fs::write(&file, &before.0).unwrap();
        fs::write(&vault, &before.1).unwrap();
        let blocks = before.0.len() * tenth / 10 / 512;
        // A signal that is ignored leaves the system's refusal.
        let limited = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut done =
            run_by(&["sh", "-c", &limited], "forget::child_seals_where_files_may_not_grow", &data, 1);
        let done = done.pop().unwrap();
        let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        is_whole(&profile);
        assert_eq!(rows(&profile, "messages"), 98);
        assert_eq!(
            profile.remembered(ConversationId(1)).unwrap().texts,
            90,
            "nothing was asked to be forgotten"
        );
        let group = profile.groups().unwrap().remove(0);
        profile.seal_group(&group.id, None, NOW, &mut rng(100 + tenth as u64)).unwrap();
        told.push(done);
    }
    let sealed = told.iter().filter(|told| *told == "sealed").count();
    assert!((1..=10).contains(&sealed), "{told:?}");
}
