//! Conversations: what is kept of them, whatever carries them.

use super::*;

fn of(profile: &Profile, number: i64) -> Listed {
    profile.listed(ConversationId(number)).unwrap()
}

/// Counts that are kept are those that counting gives.
pub(super) fn counts_are_right(profile: &Profile) {
    for Listed { conversation, kept, last, .. } in profile.conversations().unwrap() {
        let all = profile.messages(conversation.id(), MessageId(0), u32::MAX).unwrap();
        let unread = all.iter().filter(|message| !message.own && message.id > kept.read_to).count();
        assert_eq!((kept.messages, kept.unread), (all.len() as u64, unread as u64));
        assert_eq!(last.as_ref(), all.last());
        if let Some(newest) = all.iter().max_by_key(|message| message.id) {
            assert_eq!(kept.active, newest.received);
        }
    }
}

#[test]
fn a_list_has_what_a_person_wants_to_see_first() {
    let (dir, mut profile, server, group) = in_group(History::Empty);
    let (bob, carol) = (peer(1), peer(2));
    profile.add_contact(&bob, Some("Bob"), NOW).unwrap();
    profile.add_contact(&carol, None, NOW + 1).unwrap();
    profile.note_peer(&peer(3), NOW + 2).unwrap();
    profile.set_contact_state(&peer(4), ContactState::Blocked, NOW - 5).unwrap();
    let order = |profile: &Profile| -> Vec<String> {
        profile.conversations().unwrap().iter().map(|one| one.conversation.id_text()).collect()
    };
    let id = group.id.to_string();
    let (bob_id, carol_id, blocked) = (bob.to_string(), carol.to_string(), peer(4).to_string());
    assert_eq!(order(&profile), [&carol_id, &bob_id, &id, &blocked].map(Clone::clone), "no strangers");

    profile.receive_p2p(&bob, "1", &text("hello"), NOW + 10).unwrap();
    profile.receive_p2p(&bob, "2", &text("there?"), NOW + 11).unwrap();
    profile.enqueue_p2p(&carol, "3", &text("hi"), NOW + 12).unwrap();
    apply(&mut profile, &server, vec![item(&group, &peer(7), 1, None)]);
    assert_eq!(order(&profile)[0], carol_id);
    let group_number = profile.group(&group.id).unwrap().unwrap().conversation;
    profile.keep(group_number, &Keep::Pinned(true)).unwrap();
    assert_eq!(order(&profile), [&id, &carol_id, &bob_id, &blocked].map(Clone::clone));

    let number = profile.contact(&bob).unwrap().unwrap().conversation;
    let Listed { kept, last, .. } = profile.listed(number).unwrap();
    assert_eq!((kept.unread, kept.messages, kept.active), (2, 2, NOW + 11));
    assert_eq!(last.unwrap().content.data, "there?");
    counts_are_right(&profile);
    counts_are_right(&reopen(&dir, profile));
}

#[test]
fn the_read_mark_goes_by_what_came_and_never_back() {
    let (_dir, mut profile) = profile();
    let bob = peer(1);
    let number = profile.add_contact(&bob, None, NOW).unwrap().into_inner().conversation;
    let mut ids = Vec::new();
    for n in 0..5 {
        let Received::Stored(id) = profile.receive_p2p(&bob, &n.to_string(), &text("x"), NOW).unwrap() else {
            panic!("it is new")
        };
        ids.push(id);
        profile.enqueue_p2p(&bob, &n.to_string(), &text("y"), NOW).unwrap();
    }
    assert_eq!(of(&profile, number.0).kept.unread, 5, "own messages are read");
    profile.keep(number, &Keep::ReadTo(Some(ids[2]))).unwrap();
    assert_eq!(of(&profile, number.0).kept.unread, 2);
    profile.keep(number, &Keep::ReadTo(Some(ids[0]))).unwrap();
    assert_eq!(of(&profile, number.0).kept.unread, 2);
    profile.erase_message(ids[1]).unwrap();
    assert_eq!(of(&profile, number.0).kept.unread, 2, "it was read");
    profile.erase_message(ids[4]).unwrap();
    assert_eq!(of(&profile, number.0).kept.unread, 1);
    counts_are_right(&profile);
    profile.keep(number, &Keep::ReadTo(None)).unwrap();
    assert_eq!(of(&profile, number.0).kept.unread, 0);
    profile.receive_p2p(&bob, "new", &text("x"), NOW).unwrap();
    assert_eq!(of(&profile, number.0).kept.unread, 1);
    let far = profile.keep(number, &Keep::ReadTo(Some(MessageId(1000))));
    assert!(matches!(far, Err(StorageError::UnknownMessage)));
    counts_are_right(&profile);
}

#[test]
fn what_a_person_does_with_a_conversation_survives_and_is_told_once() {
    let (dir, mut profile) = profile();
    let number = profile.add_contact(&peer(1), None, NOW).unwrap().into_inner().conversation;
    let before = profile.feed_bounds().unwrap().newest;
    for keep in [
        Keep::Draft(Some(Draft("not yet".into()))),
        Keep::Muted(true),
        Keep::Muted(true),
        Keep::Archived(true),
        Keep::Pinned(true),
        Keep::Pinned(false),
        Keep::ReadTo(None),
    ] {
        profile.keep(number, &keep).unwrap();
    }
    let told = profile.changes_after(before, 100).unwrap();
    assert!(told.iter().all(|row| row.what == What::Conversation && row.conversation == Some(number)));
    assert_eq!(told.len(), 5, "not what was so already");
    let mut profile = reopen(&dir, profile);
    let kept = of(&profile, number.0).kept;
    assert_eq!(kept.draft, Some(Draft("not yet".into())));
    assert_eq!((kept.muted, kept.archived, kept.pinned), (true, true, false));
    profile.keep(number, &Keep::Draft(None)).unwrap();
    assert_eq!(of(&profile, number.0).kept.draft, None);
    let long = Keep::Draft(Some(Draft("x".repeat(OVERLAY_MAX + 1))));
    assert!(matches!(profile.keep(number, &long), Err(StorageError::TooLong { .. })));
    let nobody = profile.keep(ConversationId(99), &Keep::Muted(true));
    assert!(matches!(nobody, Err(StorageError::UnknownConversation)));
}

#[test]
fn a_conversation_is_found_by_its_number_and_a_number_is_never_a_name() {
    let (_dir, mut profile, _, group) = in_group(History::Empty);
    let bob = profile.add_contact(&peer(1), None, NOW).unwrap().into_inner();
    // What others call themselves decides nothing.
    profile.add_contact(&peer(2), None, NOW).unwrap();
    let claimed = format!("#{}", bob.conversation.0);
    profile.set_contact_attribute(&peer(2), Attribute::Name, Some(&claimed)).unwrap();
    let found = profile.find_conversation(&claimed).unwrap().one().unwrap();
    assert_eq!(found.id_text(), bob.address.to_string());
    assert_eq!(profile.find_contact(&claimed).unwrap().one().unwrap().address, bob.address);
    let of_group = profile.group(&group.id).unwrap().unwrap().conversation.0;
    assert_eq!(profile.find_group(&format!(" #{of_group}")).unwrap().one().unwrap().id, group.id);
    assert!(matches!(profile.find_group(&claimed), Err(StorageError::UnknownGroup)));
    assert!(matches!(profile.find_contact(&format!("#{of_group}")), Err(StorageError::UnknownContact)));
    for nobody in ["#0", "#999", "#99999999999999999999"] {
        let found = profile.find_conversation(nobody);
        assert!(matches!(found, Err(StorageError::UnknownConversation)), "{nobody}");
    }
    let refused = profile.rename_contact(&bob.address, Some("#2"));
    assert!(matches!(refused, Err(StorageError::Name { .. })));
}

#[test]
fn pages_before_a_message_meet_those_behind_it() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    let items = (0..50).map(|n| item(&group, &peer(3), n, None)).collect();
    apply(&mut profile, &server, items);
    let conversation = profile.group(&group.id).unwrap().unwrap().conversation;
    let all = profile.messages(conversation, MessageId(0), u32::MAX).unwrap();
    for at in [0, 1, 7, 49] {
        let before = profile.messages_before(conversation, all[at].id, 5).unwrap();
        assert_eq!(before, all[at.saturating_sub(5)..at]);
    }
    let unknown = profile.messages_before(conversation, MessageId(1000), 5);
    assert!(matches!(unknown, Err(StorageError::UnknownMessage)));
}

#[test]
fn a_note_is_kept_within_its_bound_and_told() {
    let (dir, mut profile, _, group) = in_group(History::Empty);
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let (contact, group) = (
        profile.contact(&peer(1)).unwrap().unwrap().conversation,
        profile.group(&group.id).unwrap().unwrap().conversation,
    );
    let seen = profile.feed_bounds().unwrap().newest;
    let note = |text: &str| Keep::Note(Some(Note(text.to_owned())));
    let longest = "\u{e4}".repeat(NOTE_MAX / 2);
    profile.keep(contact, &note("met at the lake\nlikes tea")).unwrap();
    profile.keep(group, &note(&longest)).unwrap();
    let refused = profile.keep(contact, &note(&format!("{longest}x")));
    assert!(matches!(refused, Err(StorageError::TooLong { max: NOTE_MAX, .. })));
    assert!(matches!(profile.keep(ConversationId(99), &note("x")), Err(StorageError::UnknownConversation)));
    let told: Vec<_> =
        profile.changes_after(seen, 9).unwrap().iter().map(|row| (row.conversation, row.what)).collect();
    let expected = [(contact, What::Conversation), (contact, What::Contact), (group, What::Conversation)];
    assert_eq!(told, expected.map(|(conversation, what)| (Some(conversation), what)));
    let mut profile = reopen(&dir, profile);
    let known = profile.contact(&peer(1)).unwrap().unwrap().note;
    assert_eq!(known, Some(Note("met at the lake\nlikes tea".into())));
    assert_eq!(format!("{known:?}"), "Some(Note(25 bytes))");
    assert_eq!(profile.listed(group).unwrap().kept.note, Some(Note(longest)));
    profile.clear(contact).unwrap();
    assert!(profile.listed(contact).unwrap().kept.note.is_some(), "it was not said in the conversation");
    profile.keep(contact, &Keep::Note(None)).unwrap();
    assert_eq!(profile.contact(&peer(1)).unwrap().unwrap().note, None);
}
