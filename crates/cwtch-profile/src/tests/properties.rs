//! Any order of deliveries, repeats and restarts gives what a simple model says.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

/// One step of a history of deliveries.
#[derive(Debug, Clone)]
enum Step {
    /// A batch of messages of a group, by number.
    Deliver(Vec<u64>),
    /// An own message is queued, if it has not been yet.
    Post(u64),
    /// The program ends and starts again.
    Restart,
}

const MESSAGES: u64 = 12;

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::collection::vec(0..MESSAGES, 0..6).prop_map(Step::Deliver),
        2 => (0..MESSAGES).prop_map(Step::Post),
        1 => Just(Step::Restart),
    ]
}

/// Even numbers are other people's messages, odd ones are ours.
fn is_own(n: u64) -> bool {
    n % 2 == 1
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_group_holds_each_message_once_in_the_servers_order(
        steps in prop::collection::vec(step(), 1..16),
        previous in prop::collection::vec(prop::option::of(0..MESSAGES), MESSAGES as usize),
    ) {
        let (dir, mut profile, server, group) = in_group(History::Empty);
        let own = *profile.address();
        let mut delivered: Vec<u64> = Vec::new();
        let mut known: HashSet<u64> = HashSet::new();
        let mut queued: HashSet<u64> = HashSet::new();
        let link = |n: u64| previous[n as usize].filter(|p| *p != n);

        for step in steps {
            match step {
                Step::Deliver(numbers) => {
                    let items = numbers
                        .iter()
                        .map(|n| item(&group, if is_own(*n) { &own } else { &group.server }, *n, link(*n)))
                        .collect();
                    let outcome = apply(&mut profile, &server, items);
                    for (n, fate) in numbers.iter().zip(outcome.items) {
                        let first = !delivered.contains(n);
                        match fate {
                            ItemOutcome::Stored(_) => prop_assert!(first && !queued.contains(n)),
                            ItemOutcome::Confirmed(_) => prop_assert!(first && queued.contains(n)),
                            ItemOutcome::Duplicate => prop_assert!(!first),
                            ItemOutcome::Buffered | ItemOutcome::UnknownGroup => prop_assert!(false),
                        }
                        if first {
                            delivered.push(*n);
                        }
                        known.insert(*n);
                    }
                }
                Step::Post(n) if is_own(n) => {
                    let result = profile.enqueue_group_post(&group.id, &post(n, link(n)), NOW);
                    prop_assert_eq!(result.is_ok(), known.insert(n));
                    if result.is_ok() {
                        queued.insert(n);
                    }
                }
                Step::Post(_) => {}
                Step::Restart => profile = reopen(&dir, profile),
            }
        }

        let stored = profile.group(&group.id).unwrap().unwrap();
        let messages = profile.messages(stored.conversation, MessageId(0), 1000).unwrap();
        prop_assert_eq!(messages.len(), known.len());
        for message in &messages {
            let n = u64::from_be_bytes(message.signature.as_ref().unwrap()[56..].try_into().unwrap());
            let place = delivered.iter().position(|d| *d == n).map(|i| i as u64 + 1);
            prop_assert_eq!(message.position, place);
            prop_assert_eq!(message.own, is_own(n));
            let state = match (is_own(n), place) {
                (false, _) => MessageState::Verified,
                (true, Some(_)) => MessageState::Stored,
                (true, None) => MessageState::Queued,
            };
            prop_assert_eq!(message.state, state);
            // A post that was written while its predecessor was missing closes its gap like any other.
            prop_assert_eq!(message.gap, link(n).is_some_and(|p| !known.contains(&p)));
        }
        prop_assert_eq!(stored.last_signature, delivered.last().map(|n| signature(*n)));
        let pending = profile.pending_posts(&server.board, MessageId(0), 100).unwrap().len();
        prop_assert_eq!(pending, queued.iter().filter(|n| !delivered.contains(n)).count());
    }

    #[test]
    fn a_contacts_messages_are_stored_once_and_numbered_upwards(
        steps in prop::collection::vec((0..2u64, 0..6u8, any::<bool>()), 1..40),
    ) {
        let (dir, mut profile) = profile();
        for n in 0..2 {
            profile.add_contact(&peer(n), None, NOW).unwrap();
        }
        let mut seen = HashSet::new();
        let mut newest = MessageId(0);
        for (from, id, restart) in steps {
            if restart && seen.len() % 4 == 3 {
                profile = reopen(&dir, profile);
            }
            match profile.receive_p2p(&peer(from), &id.to_string(), &text("x"), NOW).unwrap() {
                Received::Stored(number) => {
                    prop_assert!(seen.insert((from, id)));
                    prop_assert!(number > newest);
                    newest = number;
                }
                Received::Duplicate(number) => {
                    prop_assert!(seen.contains(&(from, id)));
                    prop_assert!(number <= newest);
                }
                Received::NotAccepted => prop_assert!(false),
            }
        }
    }
}
