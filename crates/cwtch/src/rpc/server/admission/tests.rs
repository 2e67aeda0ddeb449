//! The policy of the daemon's socket, with a few places and a clock of the test's.

use proptest::prelude::*;

use super::*;

const LIMITS: Limits = Limits {
    open: 4,
    subscribed: 2,
    waiting: 3,
    waits: 2,
    grace: Duration::from_secs(10),
    stall: Duration::from_secs(60),
};

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

/// A policy, and connections named by numbers that came one second after another.
fn with(count: u64, start: Instant) -> (Admission<u64>, Vec<Id>) {
    let mut admission = Admission::new(LIMITS);
    let ids = (0..count).map(|name| admission.enter(name, start + seconds(name))).collect();
    (admission, ids)
}

#[test]
fn who_waits_or_listens_takes_no_place_from_newcomers() {
    let now = Instant::now();
    let (mut admission, ids) = with(4, now);
    assert!(matches!(admission.knock(now), Verdict::Later(_)));
    admission.subscribe(ids[0], now).unwrap();
    assert_eq!(admission.knock(now), Verdict::Come);
    admission.enter(9, now);
    assert!(matches!(admission.knock(now), Verdict::Later(_)));
    assert!(admission.wait(ids[1]));
    assert_eq!(admission.knock(now), Verdict::Come);
    admission.waited(ids[1], now);
    assert!(matches!(admission.knock(now), Verdict::Later(_)), "it is an open one again");
}

#[test]
fn nobody_goes_before_the_grace_is_over_and_then_who_never_asked() {
    let start = Instant::now();
    let (mut admission, ids) = with(4, start);
    // The oldest has asked something, and is idle now.
    admission.asks(ids[0], start);
    admission.answered(ids[0], start);
    let Verdict::Later(due) = admission.knock(start + seconds(9)) else { panic!("nobody is to go yet") };
    assert_eq!(due, start + LIMITS.grace);
    assert_eq!(admission.knock(start + seconds(12)), Verdict::Instead(1), "silent since the longest");
    admission.enter(4, start + seconds(12));
    assert_eq!(admission.knock(start + seconds(12)), Verdict::Instead(2));
    admission.enter(5, start + seconds(12));
    assert_eq!(
        admission.knock(start + seconds(12)),
        Verdict::Instead(0),
        "idle; the last silent one is young"
    );
}

#[test]
fn the_longest_idle_one_goes_and_nobody_who_is_at_work() {
    let start = Instant::now();
    let (mut admission, ids) = with(4, start);
    for (second, id) in ids.iter().rev().enumerate() {
        let at = start + seconds(second as u64);
        admission.asks(*id, at);
        if *id != ids[3] {
            admission.answered(*id, at);
        }
    }
    let late = start + seconds(100);
    assert_eq!(admission.knock(late), Verdict::Instead(2));
    for id in ids {
        admission.asks(id, late);
    }
    admission.enter(7, late);
    admission.asks(5, late);
    assert!(matches!(admission.knock(late + seconds(1000)), Verdict::Later(_)), "all are at work");
}

#[test]
fn who_does_not_read_goes_first() {
    let start = Instant::now();
    let (mut admission, ids) = with(4, start);
    admission.asks(ids[3], start + seconds(3));
    admission.writes(ids[3], Some(start + seconds(3)));
    assert_eq!(admission.knock(start + seconds(63)), Verdict::Instead(3));
    // The same among those who listen.
    let (mut admission, ids) = with(3, start);
    assert_eq!(admission.subscribe(ids[0], start), Ok(None));
    assert_eq!(admission.subscribe(ids[1], start), Ok(None));
    admission.writes(ids[1], Some(start));
    assert_eq!(admission.subscribe(ids[2], start + seconds(59)), Err(LIMITS.subscribed));
    assert_eq!(admission.subscribe(ids[2], start + seconds(60)), Ok(Some(1)));
    admission.writes(ids[0], Some(start));
    admission.writes(ids[0], None);
    let one_more = admission.enter(8, start);
    assert_eq!(admission.subscribe(one_more, start + seconds(600)), Err(LIMITS.subscribed), "they read");
    admission.unsubscribe(ids[0], start);
    assert_eq!(admission.subscribe(one_more, start), Ok(None));
}

#[test]
fn places_to_wait_are_counted_by_connection_and_on_each() {
    let now = Instant::now();
    let (mut admission, ids) = with(4, now);
    assert!(admission.wait(ids[0]) && admission.wait(ids[0]));
    assert!(!admission.wait(ids[0]), "two on one connection");
    assert!(admission.wait(ids[1]) && admission.wait(ids[2]));
    assert!(!admission.wait(ids[3]), "three connections");
    admission.waited(ids[1], now);
    assert!(admission.wait(ids[3]));
}

proptest! {
    /// However they come, ask, wait, listen and go: a newcomer is never told more than to come later, no bound is
    /// ever exceeded, and nobody goes who waits, works and reads, or is younger than the grace.
    #[test]
    fn bounds_hold_and_nobody_with_a_claim_goes(steps in prop::collection::vec((0u8..8, 0usize..12), 1..400)) {
        let mut now = Instant::now();
        let mut admission: Admission<Id> = Admission::new(LIMITS);
        let mut next = 1;
        for (what, whom) in steps {
            let id = admission.places.keys().copied().nth(whom % admission.places.len().max(1)).unwrap_or(0);
            match what {
                0 | 1 => {
                    let before: Vec<_> = admission.places.iter()
                        .map(|(id, place)| (*id, place.class(), place.quiet, place.stalled)).collect();
                    match admission.knock(now) {
                        Verdict::Later(at) => prop_assert!(at > now),
                        verdict => {
                            if let Verdict::Instead(gone) = verdict {
                                let (_, class, quiet, stalled) =
                                    before.iter().find(|(id, ..)| *id == gone).copied().unwrap();
                                let unread = stalled.is_some_and(|since| since + LIMITS.stall <= now);
                                let silent = matches!(class, Class::Fresh | Class::Idle)
                                    && quiet + LIMITS.grace <= now;
                                prop_assert!(unread || silent, "{class:?}");
                            }
                            prop_assert_eq!(admission.enter(next, now), next);
                            next += 1;
                        }
                    }
                }
                2 => admission.asks(id, now),
                3 => admission.answered(id, now),
                4 => { admission.wait(id); }
                5 => admission.waited(id, now),
                6 => { let _ = admission.subscribe(id, now); }
                _ => admission.leave(id),
            }
            if whom == 0 { now += seconds(7); }
            if whom == 1 { admission.writes(id, Some(now)); }
            let count = |class| admission.places.values().filter(|place| place.class() == class).count();
            prop_assert!(count(Class::Waiting) <= LIMITS.waiting);
            prop_assert!(admission.places.values().filter(|place| place.subscribed).count() <= LIMITS.subscribed);
            prop_assert!(admission.places.len() <= LIMITS.open + LIMITS.subscribed + LIMITS.waiting);
        }
    }
}
