//! Each rule by itself.

use cwtch_protocol::group::fork::{
    CONTEST, Change, DAY, Epoch, Event, FORKS_OF_EPOCH, HOUR, JOIN_AGAIN, Kind, OPENABLE, SETTLING, SPOKEN,
    STOP, Statement, View, Why,
};
use cwtch_wire::group::fork::Mode;
use proptest::collection::vec;
use proptest::prelude::*;

use super::support::{One, START, founded, id, member, rekey, without};

#[test]
fn a_rekey_changes_nothing_but_the_key() {
    let group = founded(4);
    let mut one = One::of(&group);
    let kind = |one: &One, fork| one.view.kind(&fork, one.now);
    let good = || rekey(1, &group, 2, START);
    assert_eq!(kind(&one, good()), Kind::Rekey);
    // A member more, a member less, a stranger who signs, another mode, another server.
    let mut more = good();
    more.listed.insert(member(9));
    assert_eq!(kind(&one, more), Kind::Change);
    assert_eq!(kind(&one, without(1, &group, 2, START, 3)), Kind::Change);
    assert_eq!(kind(&one, rekey(1, &group, 9, START)), Kind::Change);
    assert_eq!(
        kind(&one, cwtch_protocol::group::fork::Epoch { mode: Mode::Strangers, ..good() }),
        Kind::Change
    );
    assert_eq!(kind(&one, cwtch_protocol::group::fork::Epoch { server: member(9), ..good() }), Kind::Move);
    // Who said that they leave may be missing, and makes no rekey any more.
    one.event(Event::Leaves(member(3), group.id));
    assert_eq!(kind(&one, without(1, &group, 2, START, 3)), Kind::Rekey);
    assert_eq!(kind(&one, rekey(1, &group, 3, START)), Kind::Change);
    // Groups whose list binds nobody have none.
    for mode in [Mode::Static, Mode::Strangers] {
        let open = cwtch_protocol::group::fork::Epoch { mode, ..group.clone() };
        let one = One::of(&open);
        assert_eq!(kind(&one, rekey(1, &open, 2, START)), Kind::Change);
    }
}

#[test]
fn a_rekey_is_followed_an_hour_after_it_came_and_after_a_sync() {
    let group = founded(4);
    let fork = rekey(1, &group, 2, START);
    let mut one = One::of(&group);
    one.event(Event::Opened(fork.clone()));
    one.waits(SETTLING);
    assert!(one.is_in(&group), "no sync was completed since");
    one.event(Event::Synced);
    assert!(one.is_in(&fork));
    let mut one = One::of(&group);
    one.opens(&fork);
    one.waits(SETTLING - 1);
    assert!(one.is_in(&group));
    let moves = one.waits(1);
    assert_eq!(moves, [Change::Moves { to: fork.id, at: one.now, chosen: false }]);
    assert!(!one.is_asked());
}

#[test]
fn of_several_rekeys_the_one_with_most_followers_is_followed_and_of_equals_the_lowest() {
    let group = founded(6);
    let (low, high) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    let mut one = One::of(&group);
    one.opens(&high);
    one.opens(&low);
    one.waits(SETTLING);
    assert!(one.is_in(&low));
    let mut one = One::of(&group);
    one.opens(&high);
    one.opens(&low);
    one.says(4, &high);
    one.waits(SETTLING);
    assert!(one.is_in(&high));
    assert_eq!((one.view.count(&high, one.now), one.view.count(&low, one.now)), (3, 1));
}

#[test]
fn a_count_is_of_listed_members_and_of_what_came_out_of_a_fork() {
    let group = founded(6);
    let fork = rekey(5, &group, 2, START);
    let below = rekey(6, &fork, 3, START + HOUR);
    let mut one = One::of(&group);
    one.opens(&fork);
    one.opens(&below);
    one.says(2, &fork);
    one.says(3, &below);
    // Somebody who is not listed, and a statement that the member took back later.
    one.says(9, &below);
    one.says(4, &fork);
    one.now += 1;
    one.says(4, &group);
    assert_eq!(one.view.count(&fork, one.now), 2);
    assert_eq!(one.view.count(&below, one.now), 1);
    // Oneself, where one writes.
    one.waits(SETTLING);
    assert!(one.is_in(&below));
    assert_eq!(one.view.count(&fork, one.now), 3);
}

#[test]
fn the_newest_statement_is_the_one_behind_in_the_log() {
    let log = member(63);
    let at = |time, place| Statement { epoch: id(1), time, place };
    assert!(at(5, Some((log, 9))).is_newer_than(&at(7, Some((log, 8)))));
    assert!(!at(9, Some((log, 7))).is_newer_than(&at(7, Some((log, 8)))));
    // Elsewhere, or without a log, by time.
    assert!(at(9, Some((log, 7))).is_newer_than(&at(7, Some((member(62), 8)))));
    assert!(at(9, None).is_newer_than(&at(7, Some((log, 8)))));
    assert!(!at(7, None).is_newer_than(&at(7, None)));
}

#[test]
fn for_seven_days_a_better_rekey_is_gone_over_to_and_afterwards_joining_is_asked() {
    let group = founded(6);
    let (mine, other) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    let follow = |one: &mut One| {
        one.opens(&mine);
        one.opens(&other);
        one.waits(SETTLING);
        assert!(one.is_in(&mine));
    };
    let mut one = One::of(&group);
    follow(&mut one);
    one.says(5, &other);
    assert!(one.is_in(&mine), "as many, and the id is higher");
    one.now += CONTEST - 1;
    one.says(4, &other);
    assert!(one.is_in(&other) && !one.is_asked());

    let mut one = One::of(&group);
    follow(&mut one);
    one.now += CONTEST;
    one.says(5, &other);
    one.says(4, &other);
    assert!(one.is_in(&mine));
    assert_eq!((one.question().why, one.question().forks), (Why::Join, vec![other.id]));
    // "No" holds for a week.
    one.refuses();
    assert!(one.is_in(&mine) && !one.is_asked());
    one.waits(JOIN_AGAIN - 1);
    assert!(!one.is_asked());
    one.waits(1);
    assert_eq!(one.question().why, Why::Join);
    one.accepts(&other);
    assert!(one.is_in(&other) && !one.is_asked());
    // The question goes when the reason goes.
    let mut one = One::of(&group);
    follow(&mut one);
    one.now += CONTEST;
    one.says(5, &other);
    one.says(4, &other);
    assert!(one.is_asked());
    one.now += 1;
    one.says(4, &mine);
    assert!(!one.is_asked());
}

#[test]
fn a_lower_id_takes_nobody_back_before_the_members_had_time_to_speak() {
    let group = founded(6);
    let (kept, honest) = (rekey(1, &group, 5, START), rekey(2, &group, 2, START));
    // Shown when the honest one was followed: two against two, and the others have said nothing since.
    let follow = || {
        let mut one = One::of(&group);
        one.opens(&honest);
        one.waits(SETTLING);
        assert!(one.is_in(&honest));
        one.opens(&kept);
        one.says(0, &kept);
        one
    };
    let mut one = follow();
    one.waits(SPOKEN - 1);
    assert!(one.is_in(&honest));
    one.waits(1);
    assert!(one.is_in(&kept) && !one.is_asked());
    // Those who have not spoken followed the honest one.
    let mut one = follow();
    one.says(3, &honest);
    one.waits(SPOKEN);
    assert!(one.is_in(&honest));
    // Once all have spoken there is nothing to wait for.
    let mut one = follow();
    one.says(3, &honest);
    one.says(4, &kept);
    assert!(one.is_in(&honest), "an hour for each rekey");
    one.waits(SETTLING);
    assert!(one.is_in(&kept) && !one.is_asked());
}

#[test]
fn what_a_person_declined_is_not_followed_by_itself() {
    let group = founded(6);
    let first = rekey(1, &group, 2, START);
    let soon = rekey(2, &first, 2, START + DAY);
    let mut one = One::of(&group);
    one.opens(&first);
    one.waits(SETTLING);
    one.opens(&soon);
    one.refuses();
    for who in [0, 3, 4, 5] {
        one.says(who, &soon);
    }
    one.waits(DAY);
    assert!(one.is_in(&first), "although most are there");
    assert_eq!(one.question().why, Why::Again);
}

#[test]
fn a_grandchild_does_not_end_the_contest() {
    let group = founded(6);
    let (mine, other) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    let below = rekey(3, &mine, 4, START + HOUR);
    let follow = || {
        let mut one = One::of(&group);
        one.opens(&mine);
        one.opens(&other);
        one.opens(&below);
        one.waits(SETTLING);
        assert!(one.is_in(&below), "from child to child in one step");
        one
    };
    let mut one = follow();
    one.says(2, &other);
    one.says(5, &other);
    assert!(one.is_in(&other) && !one.is_asked());
    let mut one = follow();
    one.now += CONTEST;
    one.says(2, &other);
    one.says(5, &other);
    assert!(one.is_in(&below));
    assert_eq!(one.question().why, Why::Join);
    one.accepts(&other);
    assert!(one.is_in(&other));
}

#[test]
fn what_a_person_chose_is_not_left_for_a_better_rekey() {
    let group = founded(6);
    let (mine, other) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    let mut one = One::of(&group);
    one.opens(&other);
    one.accepts(&other);
    one.opens(&mine);
    one.says(2, &mine);
    one.says(4, &mine);
    one.waits(SETTLING);
    assert!(one.is_in(&other));
    assert_eq!(one.question().why, Why::Join);
}

#[test]
fn two_rekeys_of_one_signer_are_two_like_any_others() {
    let group = founded(6);
    let (first, second) = (rekey(1, &group, 2, START), rekey(2, &group, 2, START + HOUR));
    // Who wants to win by a low id shows only that one.
    let mut one = One::of(&group);
    one.opens(&second);
    one.opens(&first);
    one.waits(SETTLING);
    assert!(one.is_in(&first) && !one.is_asked());
    // One with more followers leads.
    let mut one = One::of(&group);
    one.opens(&first);
    one.opens(&second);
    one.says(3, &second);
    one.waits(SETTLING);
    assert!(one.is_in(&second) && !one.is_asked());
}

#[test]
fn a_second_rekey_of_one_signer_within_a_week_needs_most_of_the_members() {
    let group = founded(6);
    let first = rekey(1, &group, 2, START);
    let soon = rekey(2, &first, 2, START + 6 * DAY);
    let mut one = One::of(&group);
    one.opens(&first);
    one.waits(SETTLING);
    one.now = START + 6 * DAY;
    one.opens(&soon);
    one.waits(SETTLING);
    assert!(one.is_in(&first));
    assert_eq!(one.question().why, Why::Doubtful);
    for who in [2, 3, 4] {
        one.says(who, &soon);
    }
    assert!(one.is_in(&first), "half are not most");
    one.says(5, &soon);
    assert!(one.is_in(&soon) && !one.is_asked());
    // After a week, or by another member, it is a rekey like any other.
    for (forker, time) in [(2, START + 7 * DAY), (3, START + DAY)] {
        let mut one = One::of(&group);
        one.opens(&first);
        one.waits(SETTLING);
        let later = rekey(3, &first, forker, time);
        one.now = time;
        one.opens(&later);
        one.waits(SETTLING);
        assert!(one.is_in(&later));
    }
    // Two in turn: the whole path counts.
    let turn = rekey(4, &first, 3, START + DAY);
    let again = rekey(5, &turn, 2, START + 2 * DAY);
    let mut one = One::of(&group);
    one.opens(&first);
    one.opens(&turn);
    one.opens(&again);
    one.waits(SETTLING);
    assert!(one.is_in(&turn) && one.is_asked());
}

#[test]
fn a_waiting_change_stops_rekeys_for_two_days_and_once() {
    let group = founded(6);
    let change = without(1, &group, 2, START, 5);
    let honest = rekey(9, &group, 3, START);
    let mut one = One::of(&group);
    one.opens(&change);
    one.opens(&honest);
    one.waits(STOP - 1);
    assert!(one.is_in(&group));
    // Another one by the same forker prolongs nothing.
    one.opens(&without(2, &group, 2, START + DAY, 4));
    assert_eq!(one.question().forks.len(), 2);
    one.waits(1);
    assert!(one.is_in(&honest));
    // The change can still be taken.
    assert_eq!(one.question().why, Why::Change);
    one.accepts(&change);
    assert!(one.is_in(&change));
    // A refusal ends the stop at once.
    let mut one = One::of(&group);
    one.opens(&change);
    one.opens(&honest);
    one.waits(SETTLING);
    assert!(one.is_in(&group));
    one.refuses();
    assert!(one.is_in(&honest));
}

#[test]
fn a_change_beats_a_rekey_however_late_it_comes() {
    let group = founded(6);
    let first = rekey(1, &group, 5, START);
    let second = rekey(2, &first, 4, START + HOUR);
    let change = without(9, &group, 2, START, 5);
    let mut one = One::of(&group);
    one.opens(&first);
    one.opens(&second);
    one.waits(SETTLING);
    assert!(one.is_in(&second));
    one.opens(&change);
    assert_eq!((one.question().why, one.question().parent), (Why::Change, group.id));
    one.accepts(&change);
    assert!(one.is_in(&change) && !one.is_asked());
    // Who was left out is passed over, whatever they do now.
    one.opens(&rekey(3, &group, 5, START + HOUR));
    one.opens(&rekey(0, &change, 5, START + HOUR));
    one.opens(&without(4, &change, 5, START + HOUR, 2));
    one.waits(SETTLING);
    assert!(one.is_in(&change) && !one.is_asked());
    // Not for ever.
    let mut one = One::of(&group);
    one.opens(&first);
    one.waits(SETTLING);
    one.opens(&change);
    assert!(one.is_asked());
    one.waits(OPENABLE + 1);
    assert!(!one.is_asked());
    one.accepts(&change);
    assert!(one.is_in(&first));
    // Not by who is not listed where the member writes.
    let mut one = One::of(&group);
    let removal = without(1, &group, 3, START, 2);
    one.opens(&removal);
    one.accepts(&removal);
    one.opens(&change);
    one.waits(SETTLING);
    assert!(!one.is_asked());
}

#[test]
fn who_is_listed_again_is_heard_again() {
    let group = founded(6);
    let out = without(1, &group, 2, START, 5);
    let mut back = rekey(2, &out, 2, START + 8 * DAY);
    back.listed.insert(member(5));
    let mut one = One::of(&group);
    one.opens(&out);
    one.accepts(&out);
    one.opens(&back);
    one.accepts(&back);
    assert!(one.is_in(&back));
    let theirs = rekey(3, &back, 5, START + 9 * DAY);
    one.opens(&theirs);
    one.waits(SETTLING);
    assert!(one.is_in(&theirs));
    // Who left by themselves was not left out.
    let mut one = One::of(&group);
    one.event(Event::Leaves(member(5), group.id));
    let without_them = without(4, &group, 2, START, 5);
    one.opens(&without_them);
    one.waits(SETTLING);
    assert!(one.is_in(&without_them));
}

#[test]
fn of_two_changes_all_who_answer_end_in_the_lower() {
    let group = founded(6);
    let (low, high) = (without(1, &group, 2, START, 5), without(2, &group, 3, START, 4));
    // Both at once: one question, the lower first.
    let mut one = One::of(&group);
    one.opens(&high);
    one.opens(&low);
    assert_eq!(one.question().forks, [low.id, high.id]);
    one.accepts(&low);
    assert!(one.is_in(&low) && !one.is_asked());
    // The higher first: asked once more.
    let mut one = One::of(&group);
    one.opens(&high);
    one.accepts(&high);
    one.opens(&low);
    assert_eq!(one.question().forks, [low.id]);
    one.refuses();
    assert!(one.is_in(&high) && !one.is_asked());
    // Who chose the higher of two that were named did not want the lower.
    let mut one = One::of(&group);
    one.opens(&high);
    one.opens(&low);
    one.accepts(&high);
    assert!(one.is_in(&high) && !one.is_asked());
}

#[test]
fn after_two_refusals_a_forker_is_passed_over_until_the_person_takes_it_back() {
    let group = founded(6);
    let mut one = One::of(&group);
    for number in 0..2 {
        one.opens(&without(number, &group, 2, START, 5));
        one.refuses();
    }
    one.opens(&without(2, &group, 2, START, 4));
    one.opens(&rekey(3, &group, 2, START));
    one.waits(SETTLING);
    assert!(one.is_in(&group) && !one.is_asked());
    one.event(Event::Blocks(member(2), false));
    assert_eq!(one.question().forks, [id(2)]);
    one.event(Event::Blocks(member(2), true));
    assert!(!one.is_asked());
}

#[test]
fn a_forker_has_one_question_at_a_time() {
    let group = founded(6);
    let first = rekey(1, &group, 3, START);
    let mut one = One::of(&group);
    one.opens(&first);
    one.waits(SETTLING);
    one.opens(&without(2, &group, 2, START, 5));
    one.opens(&without(3, &first, 2, START + HOUR, 5));
    assert_eq!(one.view.questions().len(), 1);
    one.opens(&without(4, &first, 4, START + HOUR, 5));
    assert_eq!(one.view.questions().len(), 2);
}

#[test]
fn what_was_declined_is_asked_about_once_more_when_most_have_followed() {
    let group = founded(5);
    let change = without(1, &group, 2, START, 4);
    let mut one = One::of(&group);
    one.opens(&change);
    one.refuses();
    one.says(2, &change);
    one.says(3, &change);
    assert!(!one.is_asked());
    one.says(0, &change);
    assert_eq!(one.question().why, Why::Again);
    one.refuses();
    assert!(!one.is_asked());
    one.waits(DAY);
    assert!(!one.is_asked());
    // Still there for who looks for it.
    one.accepts(&change);
    assert!(one.is_in(&change));
}

#[test]
fn forks_of_epochs_that_are_not_followed_are_kept_and_count_for_what_they_came_from() {
    let group = founded(6);
    let (mine, other) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    let below = rekey(3, &other, 4, START + HOUR);
    let mut one = One::of(&group);
    one.opens(&mine);
    one.waits(SETTLING);
    one.opens(&other);
    one.opens(&below);
    one.waits(SETTLING);
    // Two against two: the other one's maker, and who made what came out of it.
    assert_eq!(one.view.count(&other, one.now), 2);
    assert!(one.is_in(&mine) && !one.is_asked());
    one.says(5, &below);
    assert!(one.is_in(&below), "over to the better one, and on to its head");
}

/// Lets a fork expire, if it can.
fn expires(one: &mut One, fork: &Epoch) -> bool {
    let changes = one.event(Event::Expires(fork.id));
    assert!(changes.first().is_none_or(|change| *change == Change::Closes(fork.id)), "{changes:?}");
    one.view.fork(&fork.id).is_some_and(|fork| fork.closed)
}

#[test]
fn the_keys_of_a_fork_go_when_nobody_can_follow_it_any_more() {
    let group = founded(6);
    let change = without(1, &group, 2, START, 5);
    let below = rekey(2, &change, 3, START + HOUR);
    let mut one = One::of(&group);
    one.opens(&change);
    one.opens(&below);
    one.waits(OPENABLE);
    assert!(!expires(&mut one, &change) && one.is_asked(), "it can still be chosen");
    one.waits(1);
    assert!(expires(&mut one, &change) && !one.is_asked());
    // Nor what came out of it; and nothing leads there, also if a clock goes back.
    assert!(expires(&mut one, &below));
    one.now = START + HOUR;
    one.says(3, &change);
    assert!(one.accepts(&change).is_empty() && one.accepts(&below).is_empty() && one.is_in(&group));
    assert!(one.view.writes_in(&member(3), &change.id), "it counts for what others say");
    // What was declined lately can be followed after all for as long.
    let mut one = One::of(&group);
    one.opens(&change);
    one.waits(OPENABLE - 5);
    one.refuses();
    one.waits(OPENABLE);
    assert!(!expires(&mut one, &change));
    one.waits(1);
    assert!(expires(&mut one, &change));
    // What was followed never expires.
    let mut one = One::of(&group);
    one.opens(&change);
    one.accepts(&change);
    one.waits(4000 * DAY);
    assert!(!expires(&mut one, &change));
}

#[test]
fn a_rekey_does_not_expire_while_it_may_be_followed_by_itself() {
    let group = founded(6);
    let (slow, fast) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    // Opened, and then the program did not run for months.
    let mut one = One::of(&group);
    one.event(Event::Opened(slow.clone()));
    one.now += 400 * DAY;
    assert!(!expires(&mut one, &slow));
    one.event(Event::Synced);
    assert!(one.is_in(&slow));
    // One that is better than the one that was followed, as long as that is settled.
    let mut one = One::of(&group);
    one.opens(&fast);
    one.event(Event::Opened(slow.clone()));
    one.waits(OPENABLE + SETTLING);
    assert!(one.is_in(&fast) && !expires(&mut one, &slow));
    one.waits(CONTEST);
    assert!(expires(&mut one, &slow));
    one.event(Event::Synced);
    one.says(4, &slow);
    one.says(5, &slow);
    one.now = START + OPENABLE + SETTLING + DAY;
    one.event(Event::Tick);
    assert!(one.is_in(&fast), "a clock that goes back leads to no key that is gone");
}

#[test]
fn an_own_fork_is_taken_back_only_while_nobody_followed() {
    let group = founded(6);
    let mine = rekey(1, &group, 1, START);
    let mut one = One::of(&group);
    one.event(Event::Forked(mine.clone()));
    assert!(one.is_in(&mine));
    one.event(Event::TakesBack(mine.id));
    assert!(one.is_in(&group));
    one.waits(SETTLING);
    assert!(one.is_in(&group));
    let mut one = One::of(&group);
    one.event(Event::Forked(mine.clone()));
    one.says(3, &mine);
    one.event(Event::TakesBack(mine.id));
    assert!(one.is_in(&mine));
    // Nor somebody else's.
    let theirs = rekey(2, &group, 2, START);
    let mut one = One::of(&group);
    one.opens(&theirs);
    one.waits(SETTLING);
    one.event(Event::TakesBack(theirs.id));
    assert!(one.is_in(&theirs));
}

#[test]
fn an_own_fork_is_lost_where_another_took_its_place_for_as_long_as_it_could_be_followed() {
    let group = founded(6);
    let (mine, theirs) = (without(2, &group, 1, START, 5), without(1, &group, 2, START, 4));
    let lost = |one: &One| one.view.lost(one.now).map(|fork| fork.epoch.id).collect::<Vec<_>>();
    let mut one = One::of(&group);
    one.event(Event::Forked(mine.clone()));
    one.opens(&theirs);
    assert_eq!(lost(&one), [], "one writes in it");
    one.accepts(&theirs);
    assert!(one.is_in(&theirs));
    assert_eq!(lost(&one), [mine.id]);
    one.waits(OPENABLE);
    assert_eq!(lost(&one), [mine.id]);
    one.waits(1);
    assert_eq!(lost(&one), []);
    // What its maker took back, or another made, is not.
    let mut one = One::of(&group);
    one.event(Event::Forked(mine.clone()));
    one.event(Event::TakesBack(mine.id));
    one.opens(&theirs);
    one.refuses();
    assert!(one.is_in(&group));
    assert_eq!(lost(&one), []);
}

#[test]
fn concurrent_own_rekeys_meet_by_themselves() {
    let group = founded(2);
    let (low, high) = (rekey(1, &group, 0, START), rekey(2, &group, 1, START));
    let mut one = One::of(&group);
    one.event(Event::Forked(high.clone()));
    one.opens(&low);
    assert!(one.is_in(&high));
    one.waits(SETTLING);
    assert!(one.is_in(&low) && !one.is_asked(), "one against one, and no message is needed");
}

#[test]
fn whoever_made_a_fork_is_known_to_have_followed_it() {
    let group = founded(6);
    let (fork, other) = (rekey(1, &group, 2, START), rekey(2, &group, 3, START));
    let mut one = One::of(&group);
    one.now = START + HOUR;
    one.opens(&fork);
    one.opens(&other);
    let count = |one: &One, fork| one.view.count(fork, one.now);
    assert_eq!((count(&one, &fork), count(&one, &other)), (1, 1));
    // By what they wrote before it, but not by what they wrote since.
    one.event(Event::Said(member(2), Statement { epoch: group.id, time: START + HOUR - 1, place: None }));
    assert_eq!(count(&one, &fork), 1);
    one.says(2, &group);
    assert_eq!(count(&one, &fork), 0);
    one.says(3, &fork);
    assert_eq!((count(&one, &fork), count(&one, &other)), (1, 0));
    // What came out of an epoch counts for it; of two by one signer it is not known which.
    let below = rekey(3, &fork, 4, START + HOUR);
    one.opens(&below);
    assert_eq!(count(&one, &fork), 2);
    one.opens(&rekey(4, &fork, 4, START + HOUR));
    assert_eq!(count(&one, &fork), 1);
}

#[test]
fn what_is_known_is_bounded_and_nobody_keeps_out_another_s_fork() {
    let group = founded(6);
    let mut one = One::of(&group);
    for number in 0..40 {
        one.event(Event::Opened(without(number, &group, 2, START, 5)));
    }
    assert_eq!(one.view.forks().count(), FORKS_OF_EPOCH);
    // The same member's next one finds no room, another member's does.
    let known = one.view.clone();
    one.event(Event::Opened(without(50, &group, 2, START, 5)));
    assert!(one.view == known);
    let removal = without(60, &group, 3, START, 2);
    one.event(Event::Opened(removal.clone()));
    assert_eq!(one.view.forks().count(), FORKS_OF_EPOCH);
    assert!(one.view.fork(&removal.id).is_some());
    one.accepts(&removal);
    assert!(one.is_in(&removal) && !one.is_asked());
    // And one that is known twice is known once.
    let known = one.view.clone();
    one.event(Event::Opened(removal));
    assert!(one.view == known);
    let view = View::new(member(1), group);
    assert_eq!((view.questions(), view.path().count()), (&[][..], 1));
}

#[test]
fn what_goes_for_want_of_room_takes_along_what_came_out_of_it_and_nothing_that_was_followed() {
    let group = founded(6);
    let mut one = One::of(&group);
    // Followed, and left for a better one.
    let left = rekey(1, &group, 2, START);
    one.opens(&left);
    one.waits(SETTLING);
    let better = rekey(2, &group, 3, START);
    one.opens(&better);
    one.says(4, &better);
    one.says(5, &better);
    one.waits(SETTLING);
    assert!(one.is_in(&better));
    // The oldest of who makes most has a child and a grandchild, by others.
    let oldest = without(3, &group, 2, one.now, 5);
    let child = rekey(4, &oldest, 3, one.now);
    let grandchild = rekey(5, &child, 4, one.now);
    for fork in [&oldest, &child, &grandchild] {
        one.opens(fork);
    }
    one.waits(1);
    for number in 10..25 {
        one.event(Event::Opened(without(number, &group, 2, START, 5)));
    }
    let changes = one.event(Event::Opened(without(60, &group, 4, START, 2)));
    let dropped: Vec<_> = changes.iter().filter(|change| matches!(change, Change::Drops(_))).collect();
    let expected = [&grandchild, &child, &oldest].map(|fork| Change::Drops(fork.id));
    assert_eq!(dropped, expected.iter().collect::<Vec<_>>());
    assert!(one.view.fork(&left.id).is_some() && one.is_in(&better));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    /// Whatever happens, a step ends, leaves nothing that is due, and never leads where the member is not listed.
    #[test]
    fn every_step_ends(events in vec((0..9u8, 0..24u64, 0..6usize, 0..40u64), 1..60)) {
        let group = founded(6);
        let mut known = vec![group.clone()];
        let mut one = One::of(&group);
        for (what, number, who, hours) in events {
            let parent = known[number as usize % known.len()].clone();
            let time = one.now - one.now % HOUR;
            match what {
                0 | 1 => {
                    let fork = rekey(number, &parent, who, time);
                    one.event(Event::Opened(fork.clone()));
                    known.push(fork);
                }
                2 => {
                    let fork = without(100 + number, &parent, who, time, (who + 2) % 6);
                    if fork.listed.contains(&member(1)) {
                        one.event(Event::Opened(fork.clone()));
                        known.push(fork);
                    }
                }
                3 => drop(one.says(who, &parent)),
                4 => drop(one.event(Event::Synced)),
                5 => drop(one.event(Event::Accepts(parent.id))),
                6 => {
                    if let Some(question) = one.view.questions().first().cloned() {
                        one.event(Event::Refuses(question));
                    }
                }
                7 => drop(one.event(Event::Leaves(member(who), parent.id))),
                _ => drop(one.waits(hours * HOUR)),
            }
            prop_assert!(one.view.current().listed.contains(&member(1)));
            let mut forkers: Vec<_> = one.view.questions().iter().flat_map(|q| &q.forks).collect();
            forkers.sort();
            prop_assert!(forkers.windows(2).all(|pair| pair[0] != pair[1]), "no fork is asked about twice");
        }
    }
}
