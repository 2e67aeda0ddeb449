//! Classes on a peer's connection: nothing is lost, overtakes its like, grows, starves, or holds others up.

use std::collections::VecDeque;

use cwtch_protocol::app::lanes::{Class, Lanes, PATIENCE};
use proptest::prelude::*;

use crate::support::cases;

#[derive(Debug, Clone, Copy)]
enum Step {
    Push(Class),
    /// With whether everything before is written.
    Pop(bool),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let class = prop_oneof![Just(Class::Control), Just(Class::Chat), Just(Class::Bulk)];
    let step = prop_oneof![3 => class.prop_map(Step::Push), 2 => any::<bool>().prop_map(Step::Pop)];
    // Now and then so many that bounds are reached, now and then so few that lanes become empty.
    prop_oneof![prop::collection::vec(step.clone(), 0..120), prop::collection::vec(step, 400..900)]
}

/// What waits, by the numbers that were given to payloads, and how many others went since each class had its turn.
#[derive(Default)]
struct Model {
    waiting: [VecDeque<u32>; 3],
    passed: [u32; 3],
}

impl Model {
    fn of(&mut self, class: Class) -> (&mut VecDeque<u32>, &mut u32) {
        let n = class as usize;
        (&mut self.waiting[n], &mut self.passed[n])
    }

    fn waits(&self, class: Class) -> bool {
        !self.waiting[class as usize].is_empty()
    }

    /// The class of a payload that is the first of its class.
    fn class_of(&self, number: u32) -> Option<Class> {
        Class::ALL.into_iter().find(|class| self.waiting[*class as usize].front() == Some(&number))
    }
}

fn number(payload: &[u8]) -> u32 {
    u32::from_be_bytes(payload.try_into().unwrap())
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn classes_are_ordered_bounded_and_fair(steps in steps()) {
        let (mut lanes, mut model) = (Lanes::default(), Model::default());
        let mut last = None;
        for (n, step) in (0_u32..).zip(steps) {
            match step {
                Step::Push(class) => {
                    let (waiting, passed) = model.of(class);
                    let room = waiting.len() < class.bound();
                    prop_assert_eq!(lanes.has_room(class), room);
                    prop_assert_eq!(lanes.push(class, n.to_be_bytes().to_vec()), room, "bounded");
                    if room {
                        if waiting.is_empty() {
                            *passed = 0;
                        }
                        waiting.push_back(n);
                    }
                }
                Step::Pop(drained) => {
                    let more_urgent = model.waits(Class::Control) || model.waits(Class::Chat);
                    prop_assert_eq!(lanes.has_next(drained), {
                        let due = model.waits(Class::Bulk) && model.passed[2] >= PATIENCE;
                        more_urgent || due || drained && model.waits(Class::Bulk)
                    });
                    let Some(payload) = lanes.pop(drained) else {
                        prop_assert!(!more_urgent && (!drained || !model.waits(Class::Bulk)), "nothing is kept back");
                        continue;
                    };
                    let number = number(&payload);
                    let class = model.class_of(number);
                    prop_assert!(class.is_some(), "in the order of its class, and once");
                    let class = class.unwrap();
                    let patience_of = model.passed[class as usize];
                    // Whoever goes before somebody more urgent has waited for it.
                    for other in Class::ALL.into_iter().filter(|other| *other < class && model.waits(*other)) {
                        prop_assert!(patience_of >= PATIENCE, "{class:?} went before {other:?}");
                    }
                    if class == Class::Bulk {
                        prop_assert!(drained || patience_of >= PATIENCE, "bulk goes alone");
                        prop_assert!(!(last == Some(Class::Bulk) && more_urgent), "one, and then the others");
                    }
                    model.of(class).0.pop_front();
                    *model.of(class).1 = 0;
                    for other in Class::ALL.into_iter().filter(|other| *other > class) {
                        if model.waits(other) {
                            *model.of(other).1 += 1;
                            // Of two that have waited enough, the other one may go first.
                            prop_assert!(*model.of(other).1 <= PATIENCE + 1, "{other:?} starves");
                        }
                    }
                    last = Some(class);
                }
            }
        }
        while let Some(payload) = lanes.pop(true) {
            let class = model.class_of(number(&payload));
            prop_assert!(class.is_some());
            model.of(class.unwrap()).0.pop_front();
        }
        prop_assert!(model.waiting.iter().all(VecDeque::is_empty), "nothing is lost");
    }
}

#[test]
fn bulk_delays_a_chat_message_by_one_and_a_flood_of_chat_does_not_starve_it() {
    let mut lanes = Lanes::default();
    for _ in 0..20 {
        assert!(lanes.push(Class::Bulk, vec![2]));
    }
    assert_eq!(lanes.pop(true), Some(vec![2]));
    assert_eq!(lanes.pop(false), None, "the one before is not written yet");
    assert!(lanes.push(Class::Chat, vec![1]) && lanes.push(Class::Control, vec![0]));
    assert_eq!(lanes.pop(false), Some(vec![0]));
    assert_eq!(lanes.pop(false), Some(vec![1]));
    let mut went = Vec::new();
    for _ in 0..3 * (PATIENCE + 1) {
        assert!(lanes.push(Class::Chat, vec![1]));
        went.extend(lanes.pop(false));
    }
    assert_eq!(went.iter().filter(|payload| **payload == [2]).count(), 3, "one in so many");
}
