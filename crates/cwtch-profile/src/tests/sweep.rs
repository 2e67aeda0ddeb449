//! What is erased leaves traces in the files until they are swept.

use super::crash::{child_dir, run_and_kill};
use super::pages::{holds, readable};
use super::*;

const WORDS: &str = "the-meeting-is-at-noon";

fn found(profile: &Profile, words: &str) -> bool {
    holds(&readable(profile.path(), &[*profile.key.expose()]), words.as_bytes())
}

/// A profile with a contact and some messages of theirs, each with the words and a number.
fn with_messages() -> (TempDir, Profile, Vec<MessageId>) {
    let (dir, mut profile) = profile();
    profile.add_contact(&peer(1), Some("a-local-name"), NOW).unwrap();
    let ids = (0..40).map(|n| {
        let content = text(&format!("{WORDS} {n}."));
        let Received::Stored(id) = profile.receive_p2p(&peer(1), &n.to_string(), &content, NOW).unwrap()
        else {
            panic!("it is new")
        };
        id
    });
    let ids = ids.collect();
    (dir, profile, ids)
}

#[test]
fn what_is_erased_is_in_the_files_until_the_sweep_and_not_after_it() {
    let (_dir, mut profile, ids) = with_messages();
    assert!(found(&profile, WORDS), "the search finds what is there");
    for id in &ids {
        profile.erase_message(*id).unwrap();
    }
    assert!(profile.has_traces() && found(&profile, WORDS), "else this test shows nothing");
    assert!(profile.sweep().unwrap());
    assert!(!profile.has_traces() && !found(&profile, WORDS));
    assert!(found(&profile, "a-local-name"), "the search still finds what is there");
    let conversation = profile.contact(&peer(1)).unwrap().unwrap().conversation;
    let draft = Keep::Draft(Some(Draft("the-draft".to_owned())));
    profile.keep(conversation, &draft).unwrap();
    assert!(!profile.has_traces() && found(&profile, "the-draft"));
    profile.keep(conversation, &Keep::Draft(None)).unwrap();
    assert!(profile.has_traces() && profile.sweep().unwrap() && !found(&profile, "the-draft"));
    let note = |text: &str| Keep::Note(Some(Note(text.to_owned())));
    profile.keep(conversation, &note("the-first-note")).unwrap();
    profile.keep(conversation, &note("another-note")).unwrap();
    assert!(profile.sweep().unwrap() && found(&profile, "another-note"));
    assert!(!found(&profile, "the-first-note"), "what is written over is erased");
    profile.keep(conversation, &Keep::Note(None)).unwrap();
    assert!(profile.has_traces() && profile.sweep().unwrap() && !found(&profile, "another-note"));
    profile.keep(conversation, &note("the-last-note")).unwrap();
    profile.remove_contact(&peer(1)).unwrap();
    assert!(found(&profile, "a-local-name") && found(&profile, "the-last-note"));
    assert!(profile.sweep().unwrap() && !found(&profile, "a-local-name"));
    assert!(!found(&profile, "the-last-note"), "it goes with the contact");
}

/// Pages that were split leave copies of what they held between their rows: of many messages, of all lengths, each second
/// one is erased.
#[test]
fn what_is_erased_among_other_messages_is_nowhere_after_the_sweep() {
    let (_dir, mut profile) = profile();
    let mut ids = Vec::new();
    for n in 0..1_200_usize {
        let friend = peer((n % 3) as u64);
        if n < 3 {
            profile.add_contact(&friend, None, NOW).unwrap();
        }
        let words = if n % 2 == 0 { WORDS } else { "other-words" };
        let content = text(&format!("{words} {}", "x".repeat(n * n % 1_500)));
        let Received::Stored(id) = profile.receive_p2p(&friend, &n.to_string(), &content, NOW).unwrap()
        else {
            panic!("it is new")
        };
        ids.push(id);
    }
    // In another order than that in which they came.
    for n in 0..600 {
        profile.erase_message(ids[n * 7 % 600 * 2]).unwrap();
    }
    assert!(profile.sweep().unwrap());
    assert!(found(&profile, "other-words") && !found(&profile, WORDS));
}

#[test]
fn a_group_that_was_left_is_in_no_file_once_it_is_erased_and_swept() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let items = (0..300).map(|n| item(&group, &peer(n % 3), n, None)).collect();
    apply(&mut profile, &server, items);
    profile.enqueue_group_post(&group.id, &post(2000, None), NOW).unwrap();
    let key = *group.key.expose();
    let there = |profile: &Profile| {
        let bytes = readable(profile.path(), &[*profile.key.expose()]);
        (holds(&bytes, &key), holds(&bytes, b"\"d\":\"message "))
    };
    assert_eq!(there(&profile), (true, true));
    profile.remove_group(&group.id).unwrap();
    assert!(profile.sweep().unwrap());
    assert!(!there(&profile).0, "the key goes first");
    while profile.erase_some().unwrap() {}
    assert!(profile.sweep().unwrap());
    assert_eq!(there(&profile), (false, false));
    assert!(!profile.erase_some().unwrap() && !profile.has_traces(), "nothing to do leaves no traces");
}

#[test]
fn who_reads_holds_up_the_sweep_and_only_while_reading() {
    let (_dir, mut profile, ids) = with_messages();
    let reader = profile.reader().unwrap();
    reader.at_one_moment(|p| p.contacts()).unwrap();
    reader.message(ids[0]).unwrap();
    profile.erase_message(ids[0]).unwrap();
    assert!(profile.sweep().unwrap(), "between two calls nobody reads");
    for id in &ids[1..] {
        profile.erase_message(*id).unwrap();
    }
    let held = reader.at_one_moment(|reading| {
        reading.contacts()?;
        profile.sweep()
    });
    assert!(!held.unwrap() && profile.has_traces() && found(&profile, WORDS));
    assert!(profile.sweep().unwrap() && !found(&profile, WORDS));
}

#[test]
fn child_erases_and_does_not_sweep() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    for message in profile.messages(ConversationId(1), MessageId(0), u32::MAX).unwrap() {
        profile.erase_message(message.id).unwrap();
    }
    loop {
        eprintln!("done 1");
        std::thread::park_timeout(std::time::Duration::from_millis(1));
    }
}

#[test]
fn what_was_erased_before_a_kill_is_gone_once_the_profile_is_opened() {
    let (dir, profile, _) = with_messages();
    let (key, path) = (*profile.key.expose(), profile.path().to_path_buf());
    drop(profile);
    run_and_kill("sweep::child_erases_and_does_not_sweep", &dir.path().join("data"), 1);
    assert!(holds(&readable(&path, &[key]), WORDS.as_bytes()), "else this test shows nothing");
    let profile = data_dir(&dir).open("alice", &Password::None).unwrap();
    assert!(!profile.has_traces() && !found(&profile, WORDS));
}
