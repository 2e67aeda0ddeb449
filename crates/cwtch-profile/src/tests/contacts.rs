//! Contacts: states, names, attributes, and how a conversation is found.

use super::*;

fn shown(contact: &Contact) -> String {
    super::super::shown(contact.naming.as_ref(), contact.address.as_str())
}

#[test]
fn adding_accepts_whoever_is_no_contact_yet_and_changes_no_contact() {
    let (_dir, mut profile) = profile();
    let friend = peer(1);
    assert_eq!(profile.note_peer(&friend, NOW).unwrap(), NotedPeer::New);
    assert_eq!(profile.note_peer(&friend, NOW).unwrap(), NotedPeer::Known(ContactState::Unknown));
    let added = profile.add_contact(&friend, Some("Bob"), NOW + 1).unwrap();
    assert!(!added.is_new());
    let contact = added.into_inner();
    assert_eq!(contact.state, ContactState::Accepted);
    assert_eq!(shown(&contact), "Bob");
    assert_eq!(contact.added, NOW);
    assert!(profile.add_contact(&peer(2), None, NOW).unwrap().is_new());
    assert_eq!(profile.contacts().unwrap().len(), 2);

    // Again, it changes nothing, and says so where something was to be changed.
    assert_eq!(profile.add_contact(&friend, Some("Bob"), NOW).unwrap(), Added::Known(contact.clone()));
    assert_eq!(profile.add_contact(&friend, None, NOW).unwrap(), Added::Known(contact));
    assert!(matches!(profile.add_contact(&friend, Some("Rob"), NOW), Err(StorageError::Named)));
    assert!(matches!(profile.add_contact(&peer(2), Some("Rob"), NOW), Err(StorageError::Named)));
    profile.set_contact_state(&friend, ContactState::Blocked, NOW).unwrap();
    for name in [None, Some("Bob"), Some("Rob")] {
        assert!(matches!(profile.add_contact(&friend, name, NOW), Err(StorageError::Blocked)));
    }
    assert_eq!(profile.contact_state(&friend).unwrap(), Some(ContactState::Blocked));
    assert_eq!(profile.note_peer(&friend, NOW).unwrap(), NotedPeer::Known(ContactState::Blocked));
    assert_eq!(profile.contact_state(&peer(3)).unwrap(), None);
}

#[test]
fn renaming_changes_a_name_and_nothing_else() {
    for state in
        [ContactState::Unknown, ContactState::Rejected, ContactState::Blocked, ContactState::Accepted]
    {
        let (_dir, mut profile) = profile();
        let friend = peer(1);
        let before = profile.set_contact_state(&friend, state, NOW).unwrap();
        profile.set_contact_attribute(&friend, Attribute::Name, Some("Robert")).unwrap();
        let renamed = profile.rename_contact(&friend, Some(" Bob\u{200b} ")).unwrap();
        assert_eq!((renamed.state, renamed.added, shown(&renamed).as_str()), (state, before.added, "Bob"));
        let cleared = profile.rename_contact(&friend, None).unwrap();
        assert_eq!((cleared.state, shown(&cleared).as_str()), (state, "\"Robert\""));
    }
}

#[test]
fn a_stranger_can_be_blocked_beforehand() {
    let (_dir, mut profile) = profile();
    let contact = profile.set_contact_state(&peer(1), ContactState::Blocked, NOW).unwrap();
    assert_eq!(contact.state, ContactState::Blocked);
}

#[test]
fn bad_names_and_the_own_address_are_refused() {
    let (_dir, mut profile) = profile();
    let own = *profile.address();
    assert!(matches!(profile.add_contact(&own, None, NOW), Err(StorageError::OwnAddress)));
    assert!(matches!(profile.note_peer(&own, NOW), Err(StorageError::OwnAddress)));
    let long = "x".repeat(129);
    for name in ["", "  ", "a\u{1b}[2J", "a\nb", long.as_str()] {
        let refused = profile.add_contact(&peer(1), Some(name), NOW);
        assert!(matches!(refused, Err(StorageError::Text { .. })), "{name:?}");
    }
    assert!(profile.contacts().unwrap().is_empty(), "a refusal stores nothing");
}

#[test]
fn attributes_are_what_the_contact_said_last() {
    let (dir, mut profile) = profile();
    let friend = peer(1);
    profile.add_contact(&friend, None, NOW).unwrap();
    assert!(profile.set_contact_attribute(&friend, Attribute::Name, Some("Bobby")).unwrap());
    assert!(!profile.set_contact_attribute(&friend, Attribute::Name, Some("Bobby")).unwrap());
    assert!(profile.set_contact_attribute(&friend, Attribute::Status, Some("busy")).unwrap());
    assert!(profile.set_contact_attribute(&friend, Attribute::Status, None).unwrap());
    let unknown = profile.set_contact_attribute(&peer(2), Attribute::Name, Some("x"));
    assert!(matches!(unknown, Err(StorageError::UnknownContact)));

    let profile = reopen(&dir, profile);
    let contact = profile.contact(&friend).unwrap().unwrap();
    assert_eq!(shown(&contact), "\"Bobby\"");
    assert_eq!(contact.attribute(Attribute::Status), None);
}

#[test]
fn attributes_have_the_protocols_paths() {
    for attribute in Attribute::ALL {
        assert_eq!(Attribute::from_path(attribute.path()), Some(attribute));
    }
    assert_eq!(Attribute::from_path("profile.secret"), None);
}

#[test]
fn removing_a_contact_removes_its_messages() {
    let (_dir, mut profile) = profile();
    let friend = peer(1);
    let conversation = profile.add_contact(&friend, None, NOW).unwrap().into_inner().conversation;
    let id = profile.enqueue_p2p(&friend, "1", &text("hello"), NOW).unwrap();
    profile.remove_contact(&friend).unwrap();
    assert!(profile.message(id).unwrap().is_none());
    assert!(matches!(profile.conversation(conversation), Err(StorageError::UnknownConversation)));
    assert!(matches!(profile.remove_contact(&friend), Err(StorageError::UnknownContact)));
}

#[test]
fn the_note_of_a_comparison_belongs_to_an_address_and_goes_with_the_contact() {
    let (dir, mut profile) = profile();
    let friend = peer(1);
    assert!(matches!(profile.set_compared(&friend, Some(NOW)), Err(StorageError::UnknownContact)));
    profile.add_contact(&friend, Some("Bob"), NOW).unwrap();
    profile.add_contact(&peer(2), Some("Bob's new address"), NOW).unwrap();
    let seen = profile.feed_bounds().unwrap().newest;
    let told = |profile: &Profile| {
        let rows = profile.changes_after(seen, 9).unwrap();
        rows.iter().filter(|row| row.what == What::Contact).count()
    };
    assert_eq!(profile.set_compared(&friend, Some(NOW + 5)).unwrap().compared, Some(NOW + 5));
    assert_eq!(told(&profile), 1);
    // What is changed about the contact leaves it alone, and so does the next start.
    profile.rename_contact(&friend, Some("Robert")).unwrap();
    profile.set_contact_state(&friend, ContactState::Blocked, NOW).unwrap();
    profile.set_contact_state(&friend, ContactState::Accepted, NOW).unwrap();
    let mut profile = reopen(&dir, profile);
    let compared = |profile: &Profile, who| profile.contact(&peer(who)).unwrap().unwrap().compared;
    assert_eq!((compared(&profile, 1), compared(&profile, 2)), (Some(NOW + 5), None));
    assert_eq!(profile.set_compared(&friend, None).unwrap().compared, None);
    profile.set_compared(&friend, Some(NOW + 6)).unwrap();
    profile.remove_contact(&friend).unwrap();
    profile.add_contact(&friend, Some("Bob"), NOW).unwrap();
    assert_eq!(compared(&profile, 1), None, "it is somebody new");
}
