//! Rules of delivery, each by itself.

use std::collections::BTreeSet;

use cwtch_primitives::Identity;
use cwtch_protocol::group::fork::delivery::{
    Admission, Announcement, Answer, Answering, Carries, HALVES_MAX, Half, Held, Passing, Posting, Rounds,
    Shelf, Source, Stage, Standing, Unopened, Voice, Wait, admit, is_newer_prekey, spent_halves,
};
use cwtch_protocol::group::fork::{DAY, Event, HOUR, SETTLING};
use cwtch_testkit::rng;
use cwtch_wire::group::fork::{AckState, Class, Mode, Package, PackageId, Part, PartFault};
use proptest::collection::vec;
use proptest::prelude::*;

use super::support::{One, START, founded, id, member, members, rekey, without};

/// A package of a class, whose bytes have the form of one and hold nothing.
fn package(class: Class, number: u8) -> Package {
    let mut bytes = vec![number; class.package_len()];
    bytes[64] = class.boxes();
    Package::from_bytes(bytes).unwrap()
}

#[test]
fn parts_go_into_the_group_one_by_one_with_pauses() {
    let mut rng = rng(1);
    let mut posting = Posting::new(Class::Many, START);
    let mut now = START;
    for index in 0..4 {
        assert_eq!(posting.due(now), Some(index));
        posting.posted(now, &mut rng);
        if index < 3 {
            assert_eq!(posting.due(now + 4), None, "at least five seconds");
            let due = posting.wakes().unwrap();
            assert!((now + 5..=now + 60).contains(&due));
            now = due;
        }
    }
    assert_eq!((posting.due(now + HOUR), posting.wakes()), (None, None));
}

#[test]
fn a_fork_goes_on_when_its_parts_are_there_or_an_hour_has_passed() {
    let mut fork = Announcement::new(Class::Some, false, START);
    assert_eq!(fork.standing(START), Standing::Waits);
    fork.confirmed(1);
    assert_eq!(fork.standing(START + HOUR - 1), Standing::Waits);
    assert_eq!(fork.standing(START + HOUR), Standing::Quiet);
    fork.confirmed(0);
    assert_eq!(fork.standing(START + 1), Standing::Announced);
    // Late confirmations still count, and an index that no package has changes nothing.
    let mut late = Announcement::new(Class::Few, false, START);
    late.confirmed(200);
    assert_eq!(late.standing(START + 2 * HOUR), Standing::Quiet);
    late.confirmed(0);
    assert_eq!(late.standing(START + 2 * HOUR), Standing::Announced);
    // A person's wish, and a clock that is set back.
    assert_eq!(Announcement::new(Class::Few, true, START).standing(START), Standing::Quiet);
    assert_eq!(Announcement::new(Class::Few, false, START).standing(START - DAY), Standing::Quiet);
}

#[test]
fn members_who_moved_post_again_on_three_days_unless_somebody_did() {
    for seed in 0..50 {
        let mut rng = rng(seed);
        let mut rounds = Rounds::new(START, START, &mut rng);
        for day in [1, 3, 7] {
            // The third day's can come behind the seventh's: then one post is enough.
            let Some(due) = rounds.wakes().map(|due| due - START) else { continue };
            assert!((day * DAY / 2..=day * DAY * 3 / 2).contains(&due), "{due}");
            assert!(!rounds.is_due(START + due - 1) && rounds.is_due(START + due));
            rounds.over(START + due);
        }
        assert_eq!(rounds.wakes(), None);
    }
}

#[test]
fn a_round_is_left_to_whoever_posts_the_whole_package() {
    let fresh = || Rounds::new(START, START, &mut rng(3));
    let mut rounds = fresh();
    // The first posts of the fork are no round, and half a package is none.
    rounds.sees(0, Class::Some, START + 60);
    rounds.sees(1, Class::Some, START + 60);
    rounds.sees(0, Class::Some, START + 13 * HOUR);
    rounds.sees(0, Class::Some, START + 13 * HOUR);
    assert_eq!(rounds.next, 0);
    rounds.sees(1, Class::Some, START + 14 * HOUR);
    assert_eq!((rounds.next, rounds.seen), (1, 0));
    // Late ones of the first day do not count for the third.
    rounds.sees(0, Class::Few, START + 35 * HOUR);
    assert_eq!(rounds.next, 1);
    // Who reads a later round first has no earlier one to post.
    let mut rounds = fresh();
    rounds.sees(0, Class::Few, START + 5 * DAY);
    assert_eq!((rounds.next, rounds.wakes()), (3, None));
    rounds.sees(0, Class::Few, START + 9 * DAY);
    // An absent member posts once for what was due.
    let mut rounds = fresh();
    rounds.over(START + 20 * DAY);
    assert_eq!(rounds.wakes(), None);
}

#[test]
fn who_moves_late_takes_part_in_what_is_left() {
    let next = |time: u64, now| Rounds::new(time, now, &mut rng(4)).next;
    assert_eq!(next(START, START), 0);
    assert_eq!(next(START, START + 2 * DAY), 1);
    assert_eq!(next(START, START + 5 * DAY), 2);
    assert_eq!(next(START, START + 40 * DAY), 2, "the last one, for who comes even later");
    // Clocks that are wrong by years.
    let ahead = Rounds::new(START + 4000 * DAY, START, &mut rng(4));
    assert_eq!((ahead.since, ahead.next), (START, 0));
    assert_eq!(Rounds::new(0, START, &mut rng(4)).since, START - 7 * DAY);
}

#[test]
fn only_who_could_open_a_package_and_is_elsewhere_lacks_it() {
    let group = founded(6);
    let fork = without(1, &group, 2, START, 5);
    let below = rekey(2, &fork, 3, START + HOUR);
    let mut one = One::of(&group);
    one.opens(&fork);
    one.opens(&below);
    // Number 5 is not listed, number 4 has a program that reads no packages.
    let capable = members([0, 1, 2, 3, 5]);
    let lacks = |one: &One| one.view.lacks(&fork, &capable);
    assert_eq!(lacks(&one), members([0]), "its maker is there, and who made what came out of it");
    one.now += HOUR;
    one.says(3, &group);
    assert_eq!(lacks(&one), members([0]), "the notice's time is later");
    one.now += HOUR;
    one.says(3, &group);
    assert_eq!(lacks(&one), members([0, 3]));
    one.now += 1;
    one.says(3, &below);
    assert_eq!(lacks(&one), members([0]));
    one.event(Event::Leaves(member(0), fork.id));
    assert_eq!(lacks(&one), BTreeSet::new());
}

#[test]
fn contacts_are_sent_a_package_on_each_connection_until_they_have_it() {
    let mut to = Passing::default();
    assert!(to.sends(START, START));
    to.sent(START + 1);
    assert!(!to.sends(START, START + DAY), "once on a connection");
    assert!(to.sends(START + 2, START + 2), "and on the next one");
    to.acknowledged(AckState::Complete);
    assert!(!to.sends(START + 2, START + HOUR) && to.sends(START + 2, START + 1 + DAY));
    to.sent(START + 1 + DAY);
    assert!(!to.sends(START + 2 * DAY, START + 2 * DAY));
    to.acknowledged(AckState::Opened);
    assert!(!to.sends(START + 9 * DAY, START + 9 * DAY));
    // Messages that come late take nothing back.
    to.acknowledged(AckState::Moved);
    to.acknowledged(AckState::Complete);
    assert_eq!(to.stage, Stage::Moved);
    // A clock that was ahead when they were sent.
    let mut to = Passing { sent: Some(START + 900 * DAY), ..Passing::default() };
    assert!(to.sends(START, START));
    to.acknowledged(AckState::Complete);
    assert!(to.sends(START, START));
}

#[test]
fn contacts_are_told_each_stage_once_and_again_when_they_send_again() {
    let mut to = Passing::default();
    assert_eq!(to.tells(AckState::Complete, false), Some(AckState::Complete));
    to.told(AckState::Complete);
    assert_eq!(to.tells(AckState::Complete, false), None);
    assert_eq!(to.tells(AckState::Complete, true), Some(AckState::Complete));
    assert_eq!(to.tells(AckState::Moved, false), Some(AckState::Moved));
    to.told(AckState::Moved);
    to.told(AckState::Opened);
    assert_eq!(to.tells(AckState::Moved, false), None);
}

#[test]
fn packages_are_passed_on_to_listed_contacts_and_not_for_who_was_left_out() {
    let group = founded(6);
    let removal = without(1, &group, 2, START, 5);
    let theirs = rekey(2, &group, 5, START);
    let mut one = One::of(&group);
    one.opens(&removal);
    one.opens(&theirs);
    let passes = |one: &One, fork, contact| one.view.passes_on(fork, &member(contact), one.now);
    assert!(passes(&one, &removal, 3) && passes(&one, &theirs, 3));
    assert!(!passes(&one, &removal, 5) && !passes(&one, &removal, 9) && !passes(&one, &removal, 1));
    one.accepts(&removal);
    assert!(passes(&one, &removal, 3) && !passes(&one, &theirs, 3));
}

#[test]
fn stages_are_those_of_messages_and_of_what_contacts_say() {
    let group = founded(4);
    let fork = rekey(1, &group, 2, START);
    let mut one = One::of(&group);
    one.opens(&fork);
    one.says(3, &fork);
    let said = |who: &_| if *who == member(0) { Stage::Opened } else { Stage::Listed };
    let stages = |one: &One| {
        (0..4)
            .map(|n| one.view.stages(&fork, said).iter().find(|(who, _)| *who == member(n)).unwrap().1)
            .collect::<Vec<_>>()
    };
    assert_eq!(stages(&one), [Stage::Opened, Stage::Listed, Stage::Moved, Stage::Moved]);
    one.waits(SETTLING);
    assert_eq!(stages(&one)[1], Stage::Moved);
}

#[test]
fn what_does_not_open_is_asked_for_ever_more_seldom_and_told_after_a_day() {
    let mut lost = Unopened::new(START);
    assert!(!lost.asks(None, START + HOUR - 1) && lost.asks(None, START + HOUR));
    let again = |times, after| lost.asks(Some((START + HOUR, times)), START + HOUR + after);
    assert!(!again(1, HOUR - 1) && again(1, HOUR));
    assert!(!again(2, 2 * HOUR - 1) && again(2, 2 * HOUR));
    assert!(!again(60, DAY - 1) && again(60, DAY));
    assert!(again(u32::MAX, DAY));
    assert!(!lost.tells(START + DAY - 1) && lost.tells(START + DAY));
    lost.told = true;
    assert!(!lost.tells(START + 9 * DAY));
}

#[test]
fn who_asks_is_given_the_way_to_where_the_member_writes() {
    let group = founded(6);
    let (first, second) = (rekey(1, &group, 2, START), without(2, &rekey(1, &group, 2, START), 3, START, 5));
    let mut one = One::of(&group);
    one.opens(&first);
    let answers = |one: &One, who: usize, erased: &[u64]| {
        let has = |fork: &_| !erased.iter().any(|number| id(*number) == *fork);
        one.view.answers(&member(who), &group.id, has, one.now)
    };
    // Who has not moved gives no secret away.
    assert_eq!(answers(&one, 4, &[]), [Answer::Parts(id(1))]);
    one.waits(SETTLING);
    one.opens(&second);
    one.accepts(&second);
    let whole = [1, 2].map(|n| [Answer::Parts(id(n)), Answer::Bare(id(n))]).concat();
    assert_eq!(answers(&one, 4, &[]), whole);
    // Where a secret is erased, an invite; not to who was left out later.
    assert_eq!(answers(&one, 4, &[1]), [Answer::Invite]);
    assert_eq!(answers(&one, 4, &[2]), [whole[0], whole[1], Answer::Invite]);
    assert_eq!(answers(&one, 5, &[]), whole[..2]);
    assert_eq!(answers(&one, 5, &[1]), []);
    // Nothing came out of where the member writes, and an epoch that was not followed is none of theirs.
    assert_eq!(one.view.answers(&member(4), &second.id, |_| true, one.now), []);
    assert_eq!(one.view.answers(&member(4), &id(9), |_| true, one.now), []);
    // Once an hour.
    assert!(Answering::default().is_due(START));
    let answered = Answering { last: Some(START) };
    assert!(!answered.is_due(START + HOUR - 1) && answered.is_due(START + HOUR));
}

#[test]
fn the_first_message_after_a_move_comes_within_the_time_of_the_contest() {
    let mut sum = 0;
    for seed in 0..200 {
        let voice = Voice::new(START, &mut rng(seed));
        let due = voice.wakes(Mode::Trusted, false).unwrap() - START;
        assert!(due <= 6 * DAY);
        assert!(voice.is_due(Mode::Trusted, false, START + due));
        assert!(due == 0 || !voice.is_due(Mode::Trusted, false, START + due - 1));
        assert!(!voice.is_due(Mode::Strangers, true, START + 90 * DAY), "only where people are counted");
        sum += due;
    }
    let mean = sum / 200;
    assert!((2 * DAY..4 * DAY).contains(&mean), "three days on average: {mean}");
}

#[test]
fn while_rekeys_compete_members_say_sooner_and_again_where_they_are() {
    let mut rng = rng(5);
    let mut voice = Voice::new(START, &mut rng);
    let due = voice.wakes(Mode::Trusted, true).unwrap();
    assert_eq!(due - START, voice.speaks.seconds / 3);
    assert!(due <= START + 2 * DAY && voice.is_due(Mode::Trusted, true, due));
    voice.wrote(due, &mut rng);
    let again = voice.wakes(Mode::Trusted, true).unwrap();
    assert!((due + DAY..=due + 3 * DAY).contains(&again));
    assert!(voice.is_due(Mode::Trusted, true, again) && !voice.is_due(Mode::Trusted, false, again));
    // They compete for seven days, where there is more than one, and then while the group is split.
    let group = founded(6);
    let (one_of_them, other) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    let mut one = One::of(&group);
    one.opens(&one_of_them);
    one.waits(SETTLING);
    assert!(!one.view.is_settling(one.now));
    one.opens(&other);
    assert!(one.view.is_settling(one.now + 6 * DAY));
    assert!(one.view.is_settling(one.now + 29 * DAY) && !one.view.is_settling(one.now + 30 * DAY));
    one.now += DAY;
    one.says(3, &one_of_them);
    assert!(one.view.is_settling(one.now) && !one.view.is_settling(one.now + 7 * DAY), "nobody is there");
}

#[test]
fn prekeys_go_with_the_first_message_with_old_ones_and_after_silence() {
    let mut voice = Voice::new(START, &mut rng(1));
    let new = Some(START - DAY);
    assert_eq!(voice.carries(new, START), Carries { prekey: true, end_mark: true });
    voice.wrote(START, &mut rng(2));
    assert_eq!(voice.carries(new, START), Carries::default());
    assert!(voice.carries(None, START).prekey);
    assert!(!voice.carries(new, START + 6 * DAY - 1).prekey && voice.carries(new, START + 6 * DAY).prekey);
    (1..16).for_each(|_| voice.wrote(START, &mut rng(2)));
    assert!(voice.carries(new, START).end_mark, "every sixteenth");
    assert!(!voice.is_due(Mode::Trusted, false, START + 28 * DAY - 1));
    assert!(voice.is_due(Mode::Trusted, false, START + 28 * DAY));
    assert_eq!(voice.wakes(Mode::Trusted, false), Some(START + 28 * DAY));
    assert_eq!((voice.wakes(Mode::Static, true), voice.is_due(Mode::Static, true, u64::MAX)), (None, false));
}

#[test]
fn the_newest_prekey_counts_that_is_not_from_the_future() {
    assert!(is_newer_prekey(None, START, START) && is_newer_prekey(None, START + DAY, START));
    assert!(!is_newer_prekey(None, START + DAY + 1, START));
    assert!(is_newer_prekey(Some(START - HOUR), START, START));
    assert!(
        !is_newer_prekey(Some(START), START, START) && !is_newer_prekey(Some(START), START - HOUR, START)
    );
}

#[test]
fn halves_go_by_time_and_the_last_confirmed_one_stays() {
    let half = |day: u64, superseded: Option<u64>| Half {
        created: START + day * DAY,
        superseded: superseded.map(|day| START + day * DAY),
    };
    let now = START + 40 * DAY;
    assert!(spent_halves(&[half(0, None)], now).is_empty());
    assert_eq!(spent_halves(&[half(7, None), half(0, Some(7))], now), [1]);
    assert!(spent_halves(&[half(0, Some(20)), half(20, None)], now).is_empty());
    // Too many: the oldest that a confirmed one follows, and never one that nothing follows.
    let many: Vec<Half> = (30..36).map(|day| half(day, (day < 35).then_some(day + 1))).collect();
    assert_eq!(spent_halves(&many, now), [0, 1]);
    let unconfirmed: Vec<Half> = (30..36).map(|day| half(day, None)).collect();
    assert!(spent_halves(&unconfirmed, now).is_empty());
    assert_eq!(many.len() - spent_halves(&many, now).len(), HALVES_MAX);
}

#[test]
fn parts_of_one_source_make_a_package_in_any_order() {
    let whole = package(Class::Many, 1);
    let mut parts = whole.parts();
    parts.reverse();
    let (alice, bob) = (Source::Author(member(1)), Source::Contact(member(1)));
    let mut shelf = Shelf::new();
    for part in &parts[..3] {
        assert_eq!(shelf.put(alice, part.clone(), START), Ok(None));
        assert_eq!(shelf.put(alice, part.clone(), START), Ok(None), "twice is once");
    }
    // The missing one from elsewhere completes nothing.
    assert_eq!(shelf.put(bob, parts[3].clone(), START), Ok(None));
    assert_eq!(shelf.whole(), []);
    assert_eq!(shelf.put(alice, parts[3].clone(), START), Ok(Some(whole.clone())));
    assert_eq!(shelf.whole(), [(alice, whole.clone())]);
    assert_eq!(shelf.put(alice, parts[3].clone(), START), Ok(None), "told once");
    shelf.settle(&whole.id());
    assert_eq!(shelf.held(), []);
}

#[test]
fn junk_under_a_package_s_name_spoils_its_sender_s_copy_only() {
    let whole = package(Class::Some, 1);
    let [first, second] = &whole.parts()[..] else { panic!() };
    let mut bytes = first.to_bytes();
    bytes[900] ^= 1;
    let junk = Part::from_bytes(&bytes).unwrap();
    let (honest, hostile) = (Source::Author(member(1)), Source::Author(member(2)));
    let mut shelf = Shelf::new();
    assert_eq!(shelf.put(hostile, junk.clone(), START), Ok(None));
    assert_eq!(shelf.put(honest, first.clone(), START), Ok(None));
    assert_eq!(shelf.put(hostile, second.clone(), START), Err(PartFault::Hash));
    assert_eq!(shelf.put(honest, second.clone(), START), Ok(Some(whole)));
    assert_eq!(shelf.held().len(), 1);
}

#[test]
fn parts_expire() {
    let mut shelf = Shelf::new();
    let part = package(Class::Some, 1).parts().remove(0);
    shelf.put(Source::Author(member(1)), part, START).unwrap();
    shelf.expire(START + 30 * DAY - 1);
    assert_eq!(shelf.held().len(), 1);
    shelf.expire(START + 30 * DAY);
    assert_eq!(shelf.held(), []);
}

#[test]
fn a_source_s_third_package_takes_the_place_of_its_own_oldest() {
    let first = |number| package(Class::Some, number).parts().remove(0);
    let (honest, hostile) = (Source::Author(member(1)), Source::Author(member(2)));
    let mut shelf = Shelf::new();
    shelf.put(honest, first(100), START).unwrap();
    for number in 0..50 {
        shelf.put(hostile, first(number), START + u64::from(number)).unwrap();
    }
    let held: Vec<(Source, PackageId)> = shelf.held().iter().map(|h| (h.source, h.package)).collect();
    assert_eq!(held.len(), 3);
    for (source, number) in [(honest, 100), (hostile, 48), (hostile, 49)] {
        assert!(held.contains(&(source, package(Class::Some, number).id())));
    }
    // What a clock that was ahead has dated is the first to go.
    let dated = |number, since| Held {
        source: hostile,
        package: package(Class::Some, number).id(),
        class: Class::Some,
        parts: 1,
        since,
    };
    let held = [dated(1, START - DAY), dated(2, START + 900 * DAY)];
    let admission = admit(&held, hostile, &first(3), START);
    let drops = vec![(hostile, held[1].package)];
    assert_eq!(admission, Admission::Kept { drops, whole: false });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    /// Whatever comes, a shelf stays within its bounds, and holds no more of one source than that is allowed.
    #[test]
    fn a_shelf_is_bounded(parts in vec((0..90usize, 0..6u8, 0..4usize, any::<bool>()), 1..300)) {
        let mut shelf = Shelf::new();
        for (at, (source, number, index, contact)) in parts.into_iter().enumerate() {
            let who = *Identity::from_seed(&[(source % 60) as u8 + 1; 32]).public_key();
            let source = if contact { Source::Contact(who) } else { Source::Author(who) };
            let class = [Class::Few, Class::Some, Class::Many][usize::from(number) % 3];
            let parts = package(class, number).parts();
            let part = parts[index % parts.len()].clone();
            prop_assert!(shelf.put(source, part.clone(), START + at as u64).is_ok());
            let held = shelf.held();
            prop_assert!(held.len() <= 64);
            prop_assert!(held.iter().filter(|h| h.source == source).count() <= 2);
            prop_assert!(held.iter().any(|h| h.source == source && h.package == part.package()));
        }
    }

    /// No wait is longer than it was meant to be, whatever the clock does.
    #[test]
    fn a_wait_ends(since in any::<u64>(), seconds in 0..40 * DAY, later in 0..400 * DAY) {
        let wait = Wait::new(since, seconds);
        let now = since.saturating_add(later);
        prop_assert!(wait.is_over(now) || now - since < seconds);
        prop_assert!(since == 0 || wait.is_over(since - 1));
    }
}
