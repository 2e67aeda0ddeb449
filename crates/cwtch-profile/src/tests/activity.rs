//! Who was seen or heard when.

use super::*;

#[test]
fn a_contact_is_seen_at_most_once_a_minute() {
    let (dir, mut profile) = profile();
    let friend = peer(1);
    profile.add_contact(&friend, None, NOW).unwrap();
    assert_eq!(profile.contact(&friend).unwrap().unwrap().last_seen, None);
    assert!(profile.note_seen(&friend, NOW).unwrap());
    assert!(!profile.note_seen(&friend, NOW + 59).unwrap());
    assert!(profile.note_seen(&friend, NOW + 60).unwrap());
    // The clock was an hour ahead.
    assert!(profile.note_seen(&friend, NOW - 3600).unwrap());
    let profile = reopen(&dir, profile);
    assert_eq!(profile.contact(&friend).unwrap().unwrap().last_seen, Some(NOW - 3600));
}

#[test]
fn only_accepted_contacts_are_seen() {
    let (_dir, mut profile) = profile();
    profile.note_peer(&peer(1), NOW).unwrap();
    profile.set_contact_state(&peer(2), ContactState::Blocked, NOW).unwrap();
    for n in 1..=3 {
        assert!(!profile.note_seen(&peer(n), NOW).unwrap());
    }
    assert!(profile.contact_activity().unwrap().is_empty());
}

#[test]
fn a_contact_is_as_active_as_its_last_message_or_its_last_sight() {
    let (_dir, mut profile) = profile();
    for n in 1..=3 {
        profile.add_contact(&peer(n), None, NOW).unwrap();
    }
    profile.receive_p2p(&peer(1), "a", &text("hello"), NOW + 5).unwrap();
    profile.receive_p2p(&peer(1), "b", &text("again"), NOW + 7).unwrap();
    profile.note_seen(&peer(1), NOW + 1).unwrap();
    profile.enqueue_p2p(&peer(2), "c", &text("there?"), NOW + 2).unwrap();
    profile.note_seen(&peer(2), NOW + 9).unwrap();
    let expected = vec![(peer(1), NOW + 7), (peer(2), NOW + 9), (peer(3), 0)];
    assert_eq!(profile.contact_activity().unwrap(), expected);
}

#[test]
fn a_server_is_as_active_as_the_best_of_its_groups() {
    let (_dir, mut profile, on, first) = in_group(History::Empty);
    let second = group(2, &on, History::Empty);
    profile.add_group(&second, NOW).unwrap();
    profile.add_server(&server(2), NOW).unwrap();
    assert_eq!(
        profile.server_activity().unwrap(),
        [(on.board, 0)],
        "a server without groups does not matter"
    );
    profile.enqueue_group_post(&second.id, &post(1, None), NOW + 8).unwrap();
    profile.enqueue_group_post(&first.id, &post(2, None), NOW + 3).unwrap();
    assert_eq!(profile.server_activity().unwrap(), [(on.board, NOW + 8)]);
}
