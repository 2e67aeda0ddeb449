//! Clearing a conversation: all of it goes, in steps that survive a kill, and nothing else does.

use super::conversations::counts_are_right;
use super::crash::{child_dir, run_and_kill};
use super::pages::{holds, readable};
use super::*;

const WORDS: &str = "the-meeting-is-at-noon";

/// True if the words are in the files, as they were said or as the index has them.
fn tell(profile: &Profile) -> bool {
    let bytes = readable(profile.path(), &[*profile.key.expose()]);
    assert!(holds(&bytes, b"another-matter"), "the look finds what is there");
    holds(&bytes, WORDS.as_bytes()) || holds(&bytes, b"meeting")
}

/// A profile with a group and two contacts: with one of them, and in the group, there are many messages with the words.
fn talks() -> (TempDir, Profile, NewServer, NewGroup) {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    for contact in 1..3 {
        profile.add_contact(&peer(contact), None, NOW).unwrap();
    }
    for n in 0..150 {
        let said = text(&format!("{WORDS} {n}"));
        profile.receive_p2p(&peer(1), &format!("{n}"), &said, NOW).unwrap();
    }
    let items = (0..150)
        .map(|n| SyncItem { content: text(&format!("{WORDS} {n}")), ..item(&group, &peer(n % 3), n, None) })
        .collect();
    apply(&mut profile, &server, items);
    profile.receive_p2p(&peer(2), "other", &text("another-matter"), NOW).unwrap();
    (dir, profile, server, group)
}

fn with(profile: &Profile, contact: u64) -> ConversationId {
    profile.contact(&peer(contact)).unwrap().unwrap().conversation
}

/// Erases all that is to be erased; tells in how many steps.
fn finish(profile: &mut Profile) -> usize {
    let mut steps = 0;
    while profile.erase_some().unwrap() || profile.forget_some(NOW).unwrap() {
        steps += 1;
    }
    assert!(profile.sweep().unwrap() && !profile.has_to_forget(NOW).unwrap());
    steps
}

#[test]
fn a_conversation_that_is_cleared_is_empty_and_says_nothing_in_any_file() {
    let (_dir, mut profile, server, group) = talks();
    let (contact, other) = (with(&profile, 1), with(&profile, 2));
    let here = profile.group(&group.id).unwrap().unwrap().conversation;
    profile.keep(contact, &Keep::Draft(Some(Draft(format!("{WORDS}, I think"))))).unwrap();
    let queued = profile.enqueue_p2p(&peer(1), "queued", &text(WORDS), NOW).unwrap();
    let posted = profile.enqueue_group_post(&group.id, &post(2000, None), NOW).unwrap();
    profile.take_token_for_post(posted).unwrap();
    assert!(tell(&profile));
    assert_eq!(profile.clear(contact).unwrap(), [queued], "what waits is taken back");
    assert_eq!(profile.clear(here).unwrap(), [posted]);
    // What comes from now on is not meant.
    profile.receive_p2p(&peer(1), "later", &text("another-matter"), NOW).unwrap();
    let seen = profile.feed_bounds().unwrap().newest;
    assert!(profile.has_to_forget(NOW).unwrap());
    assert!(finish(&mut profile) > 4, "whoever waits behind a step waits for a part");
    assert!(!tell(&profile));
    for (conversation, left) in [(contact, 1), (here, 0), (other, 1)] {
        assert_eq!(profile.messages(conversation, MessageId(0), 1_000).unwrap().len(), left);
        assert_eq!(profile.listed(conversation).unwrap().kept.messages, left as u64);
    }
    assert!(profile.listed(contact).unwrap().kept.draft.is_none());
    counts_are_right(&profile);
    let told: Vec<_> = profile.changes_after(seen, 1_000).unwrap().iter().map(|row| row.what).collect();
    assert!(!told.contains(&What::Erased), "not message by message");
    assert_eq!(told.iter().filter(|what| **what == What::Cleared).count(), 2);
    // Neither comes back.
    let again = (0..150).map(|n| item(&group, &peer(n % 3), n, None)).collect();
    let outcome = apply(&mut profile, &server, again);
    assert!(outcome.items.iter().all(|fate| matches!(fate, ItemOutcome::Duplicate)));
    let known = profile.receive_p2p(&peer(1), "7", &text(WORDS), NOW).unwrap();
    assert!(matches!(known, Received::Duplicate(_)) && !tell(&profile));
    assert!(matches!(profile.clear(ConversationId(999)), Err(StorageError::UnknownConversation)));
    // An empty one.
    assert_eq!(profile.clear(here).unwrap(), []);
    finish(&mut profile);
    // What was being cleared when its conversation went.
    profile.clear(contact).unwrap();
    profile.remove_contact(&peer(1)).unwrap();
    profile.clear(here).unwrap();
    profile.remove_group(&group.id).unwrap();
    finish(&mut profile);
}

#[test]
fn several_messages_are_deleted_together_or_not_at_all() {
    let (_dir, mut profile, ..) = talks();
    let contact = with(&profile, 1);
    let ids: Vec<_> =
        profile.messages(contact, MessageId(0), 1_000).unwrap().iter().map(|message| message.id).collect();
    let with_a_wrong_one = [ids[0], MessageId(9_999)];
    assert!(matches!(profile.erase_messages(&with_a_wrong_one), Err(StorageError::UnknownMessage)));
    assert_eq!(profile.messages(contact, MessageId(0), 1_000).unwrap().len(), ids.len());
    let queued = profile.enqueue_p2p(&peer(1), "queued", &text(WORDS), NOW).unwrap();
    let taken = profile.erase_messages(&[ids[0], queued, ids[2]]).unwrap();
    let received = TakenBack::NotQueued(MessageState::Received);
    assert_eq!(taken, [received, TakenBack::Unsent, received]);
    assert_eq!(profile.messages(contact, MessageId(0), 1_000).unwrap().len(), ids.len() - 2);
    counts_are_right(&profile);
}

#[test]
fn child_clears() {
    let Some(dir) = child_dir() else { return };
    let mut profile = dir.open("alice", &Password::None).unwrap();
    profile.clear(with(&profile, 1)).unwrap();
    for step in 1.. {
        eprintln!("done {step}");
        if !profile.forget_some(NOW).unwrap() {
            std::thread::park_timeout(std::time::Duration::from_millis(1));
        }
    }
}

#[test]
fn clearing_goes_on_after_a_kill() {
    for steps in 1..5 {
        let (dir, mut profile, _, group) = talks();
        let here = profile.group(&group.id).unwrap().unwrap().conversation;
        // The words shall be in one conversation only.
        profile.clear(here).unwrap();
        finish(&mut profile);
        drop(profile);
        run_and_kill("clearing::child_clears", &dir.path().join("data"), steps);
        let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
        finish(&mut profile);
        assert!(!tell(&profile), "killed after {steps} steps");
        assert!(profile.messages(with(&profile, 1), MessageId(0), 1_000).unwrap().is_empty());
    }
}
