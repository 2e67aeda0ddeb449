//! Strangers: who of them is remembered.

use super::*;

const HOUR: i64 = 3600;

fn known(profile: &Profile) -> usize {
    profile.contacts().unwrap().iter().filter(|c| c.state == ContactState::Unknown).count()
}

#[test]
fn a_flood_of_strangers_pushes_out_nobody_who_came_before_it_or_in_a_quiet_hour() {
    let (_dir, mut profile) = profile();
    let named = peer(0);
    profile.note_peer(&named, NOW).unwrap();
    profile.rename_contact(&named, Some("keep me")).unwrap();
    // Real people, one in an hour, before the flood and in pauses of it; then those who come while it goes on.
    let mut waiting = Vec::new();
    let mut next = 1;
    let mut comes = |profile: &mut Profile, at: i64| {
        next += 1;
        (peer(next), profile.note_peer(&peer(next), at).unwrap())
    };
    let start = NOW.div_euclid(HOUR) * HOUR;
    for hour in 0..60 {
        let at = start + hour * HOUR;
        if hour % 6 == 0 {
            let (person, noted) = comes(&mut profile, at);
            assert_eq!(noted, NotedPeer::New, "hour {hour}");
            waiting.push(person);
            continue;
        }
        let told = (0..i64::from(PERIOD_MAX) + 8)
            .filter(|n| comes(&mut profile, at + n).1 == NotedPeer::New)
            .count();
        assert!(told <= PERIOD_MAX as usize, "the person is asked {told} times in an hour");
    }
    assert!(known(&profile) <= UNKNOWN_MAX as usize + 1, "{}", known(&profile));
    for person in &waiting {
        assert_eq!(profile.contact_state(person).unwrap(), Some(ContactState::Unknown));
    }
    assert!(profile.contact(&named).unwrap().is_some());
}

#[test]
fn when_all_came_at_quiet_times_the_first_makes_room() {
    let (_dir, mut profile) = profile();
    for n in 0..=i64::from(UNKNOWN_MAX) {
        let noted = profile.note_peer(&peer(n.cast_unsigned()), NOW + n * HOUR).unwrap();
        assert_eq!(noted, NotedPeer::New, "{n}");
    }
    assert_eq!(profile.contact_state(&peer(0)).unwrap(), None);
    assert_eq!(known(&profile), UNKNOWN_MAX as usize);
}

#[test]
fn who_was_rejected_is_not_asked_about_again_and_takes_nobody_s_place() {
    let (_dir, mut profile) = profile();
    let stranger = peer(1);
    assert!(matches!(profile.reject_peer(&stranger, NOW), Err(StorageError::UnknownContact)));
    profile.note_peer(&stranger, NOW).unwrap();
    profile.reject_peer(&stranger, NOW).unwrap();
    profile.reject_peer(&stranger, NOW).unwrap();
    assert_eq!(profile.note_peer(&stranger, NOW).unwrap(), NotedPeer::Known(ContactState::Rejected));
    assert_eq!(known(&profile), 0);
    // They can be accepted after all, and then no more be rejected.
    profile.add_contact(&stranger, None, NOW).unwrap();
    assert!(matches!(profile.reject_peer(&stranger, NOW), Err(StorageError::NoRequest)));
    profile.set_contact_state(&stranger, ContactState::Blocked, NOW).unwrap();
    assert!(matches!(profile.reject_peer(&stranger, NOW), Err(StorageError::NoRequest)));
}

#[test]
fn whoever_wants_no_strangers_hears_of_none() {
    let (dir, mut profile) = profile();
    let (before, friend, later) = (peer(1), peer(2), peer(3));
    profile.note_peer(&before, NOW).unwrap();
    profile.add_contact(&friend, None, NOW).unwrap();
    profile.block_unknown(true).unwrap();
    let mut profile = reopen(&dir, profile);
    assert_eq!(profile.note_peer(&later, NOW).unwrap(), NotedPeer::Unwanted);
    assert_eq!(profile.note_peer(&before, NOW).unwrap(), NotedPeer::Unwanted);
    assert_eq!(profile.note_peer(&friend, NOW).unwrap(), NotedPeer::Known(ContactState::Accepted));
    assert_eq!(profile.contacts().unwrap().len(), 2, "and who had come before is still there");
    profile.block_unknown(false).unwrap();
    assert_eq!(profile.note_peer(&later, NOW).unwrap(), NotedPeer::New);
}

#[test]
fn a_server_goes_only_when_nothing_needs_it() {
    let (_dir, mut profile, server, group) = in_group(History::Empty);
    assert!(matches!(profile.remove_server(&server.board), Err(StorageError::ServerInUse)));
    profile.remove_group(&group.id).unwrap();
    profile.add_tokens(&server.board, &tokens(2, 1)).unwrap();
    profile.remove_server(&server.board).unwrap();
    assert!(profile.server(&server.board).unwrap().is_none());
    assert!(matches!(profile.remove_server(&server.board), Err(StorageError::UnknownServer)));
    assert!(profile.add_server(&server, NOW).unwrap().is_new());
}
