//! Agreements about vanishing: both sides come to the same one, whatever is lost or crosses, and nobody is flooded.

use std::collections::VecDeque;

use cwtch_protocol::app::vanish::{Agreement, CHANGES_MAX, REACH, State, WINDOW};
use cwtch_wire::peer_vanish::{Timer, Vanish};
use proptest::prelude::*;

use crate::support::cases;

const NOW: i64 = 1_700_000_000;

fn timer(number: u64, seconds: Option<u32>) -> Timer {
    Timer::new(number, seconds).unwrap()
}

/// Two sides and what is under way between them.
#[derive(Default)]
struct Pair {
    sides: [Agreement; 2],
    to: [VecDeque<Vanish>; 2],
}

impl Pair {
    fn connect(&mut self) {
        for from in 0..2 {
            self.to[from].clear();
        }
        for from in 0..2 {
            self.to[1 - from].extend(self.sides[from].opening());
        }
    }

    fn propose(&mut self, from: usize, seconds: Option<u32>) {
        self.sides[from].propose(seconds).unwrap();
        self.to[1 - from].extend(self.sides[from].opening());
    }

    /// Delivers the oldest word to a side; false if there is none.
    fn deliver(&mut self, to: usize) -> bool {
        let Some(word) = self.to[to].pop_front() else { return false };
        self.to[1 - to].extend(self.sides[to].hear(word, NOW));
        true
    }

    /// Delivers everything, which comes to an end.
    fn settle(&mut self) {
        for words in 0.. {
            if !self.deliver(0) && !self.deliver(1) {
                return;
            }
            assert!(words < 100, "they talk for ever");
        }
    }

    fn states(&self) -> [(State, Option<u32>); 2] {
        [0, 1].map(|n| (self.sides[n].state(), self.sides[n].in_force))
    }
}

#[test]
fn a_proposal_is_in_force_with_its_confirmation_and_so_is_its_end() {
    let mut pair = Pair::default();
    pair.propose(0, Some(3_600));
    assert_eq!(pair.states(), [(State::Proposed, None), (State::Off, None)]);
    pair.deliver(1);
    assert_eq!(pair.states(), [(State::Proposed, None), (State::Agreed, Some(3_600))]);
    pair.settle();
    assert_eq!(pair.states(), [(State::Agreed, Some(3_600)); 2]);
    // The same again is nothing new.
    pair.propose(1, Some(3_600));
    assert_eq!(pair.sides[1].held, Some(timer(1, Some(3_600))));
    pair.settle();
    pair.propose(1, None);
    assert_eq!(pair.states()[1], (State::Proposed, Some(3_600)), "it lasts until the other side knows");
    pair.settle();
    assert_eq!(pair.states(), [(State::Off, None); 2]);
    // Nobody who never spoke of it says anything.
    assert_eq!(Agreement::default().opening(), None);
    let mut off = Agreement::default();
    off.propose(None).unwrap();
    assert_eq!(off, Agreement::default());
    for wrong in [0, 59, 31_536_001] {
        assert!(off.propose(Some(wrong)).is_err(), "{wrong}");
    }
}

#[test]
fn proposals_that_cross_leave_both_with_the_shorter_time() {
    for (first, second, both) in
        [(Some(60), Some(3_600), Some(60)), (None, Some(3_600), Some(3_600)), (Some(60), Some(60), Some(60))]
    {
        for swapped in [false, true] {
            let mut pair = Pair::default();
            pair.propose(0, Some(7_200));
            pair.settle();
            let (one, other) = if swapped { (second, first) } else { (first, second) };
            pair.propose(0, one);
            pair.propose(1, other);
            pair.settle();
            assert_eq!(pair.states(), [(State::Agreed, both); 2]);
        }
    }
}

#[test]
fn a_side_that_comes_back_from_a_copy_learns_what_it_missed() {
    let mut pair = Pair::default();
    pair.propose(0, Some(3_600));
    pair.settle();
    let copy = pair.sides[0];
    pair.propose(0, Some(60));
    pair.settle();
    pair.propose(1, None);
    pair.settle();
    pair.propose(1, Some(120));
    pair.settle();
    pair.sides[0] = copy;
    pair.connect();
    pair.settle();
    assert_eq!(pair.states(), [(State::Agreed, Some(120)); 2]);
    // One that lost all of it learns it, too.
    pair.sides[0] = Agreement::default();
    pair.connect();
    pair.settle();
    assert_eq!(pair.states(), [(State::Agreed, Some(120)); 2]);
}

#[test]
fn a_program_that_does_not_know_it_agrees_to_nothing_and_its_end_waits_for_nobody() {
    let mut side = Agreement::default();
    side.propose(Some(3_600)).unwrap();
    side.learn(false);
    assert_eq!((side.state(), side.in_force), (State::Unsupported, None));
    side.propose(None).unwrap();
    assert_eq!((side.state(), side.in_force), (State::Off, None));
    // One that knew it, and was replaced by one that does not.
    side.learn(true);
    side.propose(Some(3_600)).unwrap();
    let confirmed = Vanish::Confirm(side.held.unwrap());
    assert_eq!(side.hear(confirmed, NOW), None);
    side.learn(false);
    assert_eq!((side.state(), side.in_force), (State::Unsupported, Some(3_600)), "it goes on here");
    side.propose(None).unwrap();
    assert_eq!((side.state(), side.in_force), (State::Off, None));
    // And back: what was proposed is said again.
    let (mut other, opening) = (Agreement::default(), side.opening().unwrap());
    let answer = other.hear(opening, NOW).unwrap();
    assert_eq!((side.hear(answer, NOW), side.settled, side.able), (None, true, Some(true)));
}

#[test]
fn a_flood_of_proposals_changes_little_and_uses_up_no_numbers() {
    let mut side = Agreement::default();
    let mut number = 0;
    let mut propose = |side: &mut Agreement, now| {
        number += 1;
        side.hear(Vanish::Propose(timer(number, Some(60))), now).is_some()
    };
    let taken = (0..1_000).filter(|_| propose(&mut side, NOW)).count();
    assert_eq!(taken, CHANGES_MAX as usize);
    assert_eq!(side.held, Some(timer(u64::from(CHANGES_MAX), Some(60))));
    // What is held is answered all the same; and in the next hour, and behind a clock that was set back, changes are taken.
    assert!(side.hear(Vanish::Propose(side.held.unwrap()), NOW).is_some());
    assert!(!propose(&mut side, NOW + WINDOW - 1));
    assert!(propose(&mut side, NOW + WINDOW));
    assert!(propose(&mut side, NOW - 1));
    let before = side;
    let far = timer(side.held.unwrap().number() + REACH + 1, None);
    for word in [Vanish::Propose(far), Vanish::Confirm(far)] {
        assert_eq!((side.hear(word, NOW + 10 * WINDOW), side), (None, before));
    }
    let near = timer(side.held.unwrap().number() + REACH, None);
    assert!(side.hear(Vanish::Propose(near), NOW + 10 * WINDOW).is_some());
}

#[derive(Debug, Clone)]
enum Step {
    Propose(usize, Option<u32>),
    Deliver(usize),
    /// The connection breaks, with all that is under way, and comes back.
    Break,
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![Just(None), Just(Some(60)), Just(Some(3_600)), Just(Some(86_400))];
    prop_oneof![
        2 => (0..2_usize, seconds).prop_map(|(side, seconds)| Step::Propose(side, seconds)),
        4 => (0..2_usize).prop_map(Step::Deliver),
        1 => Just(Step::Break),
    ]
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn both_sides_come_to_the_same_agreement(steps in prop::collection::vec(step(), 0..60)) {
        let mut pair = Pair::default();
        for step in steps {
            match step {
                Step::Propose(side, seconds) => pair.propose(side, seconds),
                Step::Deliver(side) => {
                    pair.deliver(side);
                }
                Step::Break => pair.connect(),
            }
            for n in 0..2 {
                // Nobody holds in force what the other one never knew.
                let (one, other) = (&pair.sides[n], &pair.sides[1 - n]);
                prop_assert!(!one.settled || other.held >= one.held);
                // Changes of the other side are counted by the hour: here all of them shall be taken.
                pair.sides[n].changes = 0;
            }
        }
        pair.connect();
        pair.settle();
        let [one, other] = &pair.sides;
        prop_assert_eq!((one.held, one.in_force), (other.held, other.in_force));
        prop_assert!(one.held.is_none() || (one.settled && other.settled));
        prop_assert_eq!(one.in_force, one.wanted());
    }
}
