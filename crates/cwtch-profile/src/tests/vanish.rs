//! Messages that vanish by agreement: when they count, that they go on time and nothing of them stays, and that neither a clock nor
//! a crash nor a copy brings them back.

use cwtch_protocol::app::vanish::State;
use cwtch_wire::peer_vanish::{Timer, VANISH_MAX, VANISH_MIN, Vanish};

use super::pages::{holds, readable};
use super::*;
use crate::fixtures::{Accident, light, put_out};

const WORDS: &str = "the-meeting-is-at-noon";
const HOUR: i64 = 3_600;

fn found(profile: &Profile, words: &str) -> bool {
    holds(&readable(profile.path(), &[*profile.key.expose()]), words.as_bytes())
}

/// True if the words are in no file, neither as they were said nor as the index has them.
fn is_gone(profile: &mut Profile, now: i64) -> bool {
    assert!(profile.sweep().unwrap() && !profile.has_to_forget(now).unwrap());
    !found(profile, WORDS) && !found(profile, "meeting")
}

fn timer(number: u64, seconds: u32) -> Timer {
    Timer::new(number, Some(seconds)).unwrap()
}

/// A profile with a contact; what they say vanishes an hour after it was read.
fn agreed() -> (TempDir, Profile, ConversationId) {
    let (dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let heard = profile.hear_vanishing(&peer(1), Vanish::Propose(timer(1, 3_600)), NOW).unwrap();
    assert_eq!(heard, Some(Vanish::Confirm(timer(1, 3_600))));
    let with = profile.contact(&peer(1)).unwrap().unwrap().conversation;
    (dir, profile, with)
}

fn receive(profile: &mut Profile, id: &str, at: i64) -> MessageId {
    let said = text(&format!("{WORDS} {id}"));
    let Received::Stored(id) = profile.receive_p2p(&peer(1), id, &said, at).unwrap() else {
        panic!("it is new")
    };
    id
}

fn forget(profile: &mut Profile, now: i64) {
    while profile.forget_some(now).unwrap() {}
}

fn is_forgotten(profile: &Profile, id: MessageId) -> bool {
    let message = profile.message(id).unwrap().unwrap();
    assert_eq!(message.content.data.is_empty(), message.forgotten);
    message.forgotten
}

fn read_all(profile: &mut Profile, with: ConversationId, now: i64) {
    profile.keep(with, &Keep::ReadTo(None)).unwrap();
    profile.count_vanishing(now).unwrap();
}

#[test]
fn messages_vanish_on_time_on_both_sides_and_nothing_of_them_stays_in_any_file() {
    let (dir, mut profile, with) = agreed();
    let read = receive(&mut profile, "read", NOW);
    let own = profile.enqueue_p2p(&peer(1), "own", &text(&format!("{WORDS} own")), NOW).unwrap();
    let waits = profile.enqueue_p2p(&peer(1), "waits", &text("not-sent-yet"), NOW).unwrap();
    let given_up = profile.enqueue_p2p(&peer(1), "up", &text(&format!("{WORDS} up")), NOW).unwrap();
    // Nothing counts before it is read, acknowledged or given up, and then only from that moment on.
    forget(&mut profile, NOW + 100 * HOUR);
    assert!(![read, own, waits, given_up].iter().any(|id| is_forgotten(&profile, *id)));
    assert_eq!(profile.next_to_vanish().unwrap(), None);
    let later = NOW + 100 * HOUR;
    read_all(&mut profile, with, later);
    let unread = receive(&mut profile, "unread", later);
    profile.mark_acknowledged(&peer(1), "own").unwrap();
    profile.take_back(given_up).unwrap();
    profile.count_vanishing(later + 10).unwrap();
    let draft = Keep::Draft(Some(Draft("half-a-thought".into())));
    profile.keep(with, &draft).unwrap();
    assert_eq!(profile.next_to_vanish().unwrap(), Some(later + HOUR));

    let mut profile = reopen(&dir, profile);
    forget(&mut profile, later + HOUR - 1);
    assert!(!is_forgotten(&profile, read));
    assert!(profile.has_to_forget(later + HOUR).unwrap());
    forget(&mut profile, later + HOUR);
    assert!(is_forgotten(&profile, read) && !is_forgotten(&profile, own), "each on its own time");
    assert!(!found(&profile, &format!("{WORDS} read")) || profile.has_traces());
    forget(&mut profile, later + HOUR + 10);
    assert!(is_forgotten(&profile, own) && is_forgotten(&profile, given_up));
    assert!(!is_forgotten(&profile, waits), "it is sent first");
    assert!(!is_forgotten(&profile, unread), "it was not read");
    read_all(&mut profile, with, later + HOUR + 10);
    forget(&mut profile, later + 2 * HOUR + 10);
    assert!(is_gone(&mut profile, later + 2 * HOUR + 10));
    assert!(
        found(&profile, "not-sent-yet") && found(&profile, "half-a-thought"),
        "the look finds what is there"
    );
    // Who wrote when is still shown, as with texts that are too old.
    let kept = profile.remembered(with).unwrap();
    assert_eq!((kept.texts, kept.forgotten), (1, 4));
    let search = Search { words: "noon".into(), ..Search::default() };
    assert!(profile.search(&search, None, 10).unwrap().hits.is_empty());
    // What comes again says nothing again.
    let again = profile.receive_p2p(&peer(1), "read", &text(WORDS), later).unwrap();
    assert!(matches!(again, Received::Duplicate(_)) && is_gone(&mut profile, later + 2 * HOUR + 10));
}

#[test]
fn what_comes_first_erases_a_text_the_agreement_or_the_person_s_own_retention() {
    let (_dir, mut profile, with) = agreed();
    profile.keep(with, &Keep::Retention(Some(KEEP_MIN))).unwrap();
    // It was read late: the retention is over first.
    let late = receive(&mut profile, "late", NOW);
    read_all(&mut profile, with, NOW + HOUR);
    forget(&mut profile, NOW + HOUR);
    assert!(!is_forgotten(&profile, late));
    forget(&mut profile, NOW + HOUR + 1);
    assert!(is_forgotten(&profile, late));
    // A shorter agreement is over first; it does not change what the person chose, and holds for what is said from now on.
    let old = receive(&mut profile, "old", NOW + 2 * HOUR);
    profile.hear_vanishing(&peer(1), Vanish::Propose(timer(2, 60)), NOW).unwrap();
    let new = receive(&mut profile, "new", NOW + 2 * HOUR);
    read_all(&mut profile, with, NOW + 2 * HOUR);
    forget(&mut profile, NOW + 2 * HOUR + 60);
    assert_eq!((is_forgotten(&profile, old), is_forgotten(&profile, new)), (false, true));
    assert_eq!(profile.listed(with).unwrap().kept.keep, Some(KEEP_MIN));
    // An own message that is acknowledged under another agreement than it was written under: the shorter one.
    profile.keep(with, &Keep::Retention(None)).unwrap();
    let short = profile.enqueue_p2p(&peer(1), "short", &text(WORDS), NOW).unwrap();
    profile.hear_vanishing(&peer(1), Vanish::Propose(timer(3, 7_200)), NOW).unwrap();
    let long = profile.enqueue_p2p(&peer(1), "long", &text(WORDS), NOW).unwrap();
    profile.hear_vanishing(&peer(1), Vanish::Propose(timer(4, 120)), NOW).unwrap();
    for id in ["short", "long"] {
        profile.mark_acknowledged(&peer(1), id).unwrap();
    }
    let begun = NOW + 3 * HOUR;
    profile.count_vanishing(begun).unwrap();
    forget(&mut profile, begun + 60);
    assert_eq!((is_forgotten(&profile, short), is_forgotten(&profile, long)), (true, false));
    forget(&mut profile, begun + 120);
    assert!(is_forgotten(&profile, long));
    // One that was written before there was an agreement, and arrives under it; and one that is said behind its end.
    let end = Vanish::Propose(Timer::new(5, None).unwrap());
    profile.hear_vanishing(&peer(1), end, NOW + 2 * HOUR).unwrap();
    let stays = receive(&mut profile, "stays", NOW);
    let before = profile.enqueue_p2p(&peer(1), "before", &text(WORDS), NOW).unwrap();
    profile.hear_vanishing(&peer(1), Vanish::Propose(timer(6, 60)), NOW + 2 * HOUR).unwrap();
    profile.mark_acknowledged(&peer(1), "before").unwrap();
    read_all(&mut profile, with, begun);
    forget(&mut profile, begun + 60);
    assert_eq!((is_forgotten(&profile, stays), is_forgotten(&profile, before)), (false, true));
}

#[test]
fn a_clock_that_is_set_back_lengthens_no_message_s_time() {
    let (_dir, mut profile, with) = agreed();
    let one = receive(&mut profile, "one", NOW);
    read_all(&mut profile, with, NOW);
    // Half an hour goes by, and is noticed; then the clock is set back by a year.
    profile.count_vanishing(NOW + HOUR / 2).unwrap();
    let back = NOW - 365 * 24 * HOUR;
    forget(&mut profile, back);
    assert_eq!(profile.next_to_vanish().unwrap(), Some(back + HOUR / 2), "half an hour is left");
    let two = receive(&mut profile, "two", back);
    read_all(&mut profile, with, back);
    forget(&mut profile, back + HOUR / 2);
    assert_eq!((is_forgotten(&profile, one), is_forgotten(&profile, two)), (true, false));
    // Again and again, in small steps.
    for _ in 0..5 {
        forget(&mut profile, back + HOUR / 2 - 300);
        forget(&mut profile, back + HOUR / 2);
    }
    assert_eq!(profile.next_to_vanish().unwrap(), Some(back + HOUR - 5 * 300));
    // Set right, everything is over; and nothing of it comes back with the clock.
    forget(&mut profile, NOW);
    forget(&mut profile, back);
    assert!(is_forgotten(&profile, one) && is_forgotten(&profile, two) && is_gone(&mut profile, back));
    // Where nothing counted meanwhile, a clock that was set right long ago moves nothing.
    let three = receive(&mut profile, "three", back);
    read_all(&mut profile, with, back);
    assert_eq!(profile.next_to_vanish().unwrap(), Some(back + HOUR));
    forget(&mut profile, back + HOUR);
    assert!(is_forgotten(&profile, three));
}

#[test]
fn what_is_over_goes_after_an_accident_at_any_step_and_from_a_copy_that_was_put_back() {
    for accident in [Accident::DiesBefore, Accident::DiesBehind, Accident::DiskFull] {
        for at in 0..6 {
            let (dir, mut profile, with) = agreed();
            let ids: Vec<_> = (0..70).map(|n| receive(&mut profile, &n.to_string(), NOW)).collect();
            profile.keep(with, &Keep::ReadTo(None)).unwrap();
            light(&mut profile, at, accident);
            let now = NOW + 1;
            let begun = profile.count_vanishing(now);
            let mut over = now + HOUR;
            while begun.is_ok() && profile.forget_some(over).is_ok_and(|more| more) {}
            put_out(&mut profile);
            let mut profile = reopen(&dir, profile);
            if begun.is_err() {
                // The reading was durable: it counts from the moment at which that is noticed.
                profile.count_vanishing(now + 5).unwrap();
                over += 5;
            }
            forget(&mut profile, over);
            assert!(ids.iter().all(|id| is_forgotten(&profile, *id)), "{accident:?} at {at}");
            assert!(is_gone(&mut profile, over));
        }
    }

    let (dir, mut profile, with) = agreed();
    let one = receive(&mut profile, "one", NOW);
    read_all(&mut profile, with, NOW);
    let path = profile.path().to_path_buf();
    drop(profile);
    let copy = std::fs::read(path.join("profile.db")).unwrap();
    let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
    forget(&mut profile, NOW + HOUR);
    assert!(is_gone(&mut profile, NOW + HOUR));
    drop(profile);
    std::fs::write(path.join("profile.db"), copy).unwrap();
    let mut profile = data_dir(&dir).open("alice", &Password::None).unwrap();
    assert!(found(&profile, WORDS), "else this test shows nothing");
    forget(&mut profile, NOW + HOUR);
    assert!(is_forgotten(&profile, one) && is_gone(&mut profile, NOW + HOUR));
}

#[test]
fn a_message_that_is_sent_once_more_is_kept_until_it_was_sent() {
    let (_dir, mut profile, _) = agreed();
    let own = profile.enqueue_p2p(&peer(1), "own", &text(WORDS), NOW).unwrap();
    profile.take_back(own).unwrap();
    profile.count_vanishing(NOW).unwrap();
    assert!(profile.queue_again(own).unwrap());
    forget(&mut profile, NOW + 2 * HOUR);
    assert!(!is_forgotten(&profile, own));
    assert_eq!(
        profile.next_to_vanish().unwrap(),
        None,
        "it is waited for, and not looked for again and again"
    );
    profile.mark_acknowledged(&peer(1), "own").unwrap();
    assert!(profile.is_to_vanish(own).unwrap());
    forget(&mut profile, NOW + 2 * HOUR);
    assert!(is_forgotten(&profile, own));
}

#[test]
fn an_agreement_is_kept_and_told_once_and_nothing_is_heard_of_strangers() {
    let (dir, mut profile) = profile();
    for unknown in [Vanish::Propose(timer(1, 60)), Vanish::Confirm(timer(1, 60))] {
        assert_eq!(profile.hear_vanishing(&peer(1), unknown, NOW).unwrap(), None);
    }
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let with = profile.contact(&peer(1)).unwrap().unwrap().conversation;
    assert_eq!(profile.opening_vanishing(&peer(1)).unwrap(), None);
    let told = |profile: &Profile, after| {
        let rows = profile.changes_after(after, 100).unwrap();
        rows.iter().filter(|row| row.what == What::Vanishing && row.conversation == Some(with)).count()
    };
    let seen = profile.feed_bounds().unwrap().newest;
    assert_eq!(profile.propose_vanishing(with, Some(60)).unwrap(), peer(1));
    profile.propose_vanishing(with, Some(60)).unwrap();
    let mut profile = reopen(&dir, profile);
    assert_eq!(profile.opening_vanishing(&peer(1)).unwrap(), Some(Vanish::Propose(timer(1, 60))));
    assert_eq!(profile.listed(with).unwrap().vanish.state(), State::Proposed);
    profile.learn_vanishing(&peer(1), true).unwrap();
    assert_eq!(told(&profile, seen), 1);
    for _ in 0..2 {
        assert_eq!(profile.hear_vanishing(&peer(1), Vanish::Confirm(timer(1, 60)), NOW).unwrap(), None);
    }
    let agreement = profile.listed(with).unwrap().vanish;
    assert_eq!((agreement.state(), agreement.in_force), (State::Agreed, Some(60)));
    assert_eq!(told(&profile, seen), 2);
    profile.learn_vanishing(&peer(1), false).unwrap();
    assert_eq!((profile.listed(with).unwrap().vanish.state(), told(&profile, seen)), (State::Unsupported, 3));

    for wrong in [0, u64::from(VANISH_MIN) - 1, u64::from(VANISH_MAX) + 1, u64::MAX] {
        let refused = profile.propose_vanishing(with, Some(wrong));
        assert!(matches!(refused, Err(StorageError::Vanishing)), "{wrong}");
    }
    let missing = profile.propose_vanishing(ConversationId(99), None);
    assert!(matches!(missing, Err(StorageError::UnknownConversation)));
    // With the contact everything about it goes.
    profile.remove_contact(&peer(1)).unwrap();
    let left: i64 = profile.conn.query_row("SELECT count(*) FROM vanishing", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    let (_dir, mut profile, _, group) = in_group(History::Empty);
    let group = profile.group(&group.id).unwrap().unwrap().conversation;
    assert!(matches!(profile.propose_vanishing(group, None), Err(StorageError::NoContact)));
}

#[test]
fn a_flood_of_proposals_writes_little() {
    let (_dir, mut profile) = profile();
    profile.add_contact(&peer(1), None, NOW).unwrap();
    let seen = profile.feed_bounds().unwrap().newest;
    let rows = crate::fixtures::rows_changed(&profile);
    for number in 1..=1_000 {
        profile
            .hear_vanishing(
                &peer(1),
                Vanish::Propose(timer(number, 60 + u32::try_from(number).unwrap())),
                NOW,
            )
            .unwrap();
    }
    assert!(profile.changes_after(seen, 1_000).unwrap().len() <= 8, "the person is told seldom");
    assert!(crate::fixtures::rows_changed(&profile) - rows <= 32);
}
