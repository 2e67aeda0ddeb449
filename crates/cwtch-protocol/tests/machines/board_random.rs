//! A board's client and host in random interleavings: whatever the order, nothing is lost or misread.

use std::collections::{BTreeMap, HashMap, VecDeque};

use cwtch_protocol::app::board_client::{BoardClient, Event};
use cwtch_protocol::app::board_host::{Action, BoardHost, Delivery, PostAnswer, entry, new_message};
use proptest::prelude::*;

use crate::board::{message, token};
use crate::support::cases;

#[derive(Debug, Clone, Copy)]
enum Do {
    Post,
    AskForReplay,
    DeliverToHost,
    DeliverToClient,
    /// Answers one of the waiting posts, any of them.
    Answer(usize, bool),
    BeginReplay(u64),
    StreamEntry,
    /// Another client's message arrives.
    Live,
}

fn step() -> impl Strategy<Value = Do> {
    prop_oneof![
        1 => Just(Do::Post),
        1 => Just(Do::AskForReplay),
        3 => Just(Do::DeliverToHost),
        3 => Just(Do::DeliverToClient),
        2 => (any::<usize>(), any::<bool>()).prop_map(|(i, s)| Do::Answer(i, s)),
        1 => (0u64..5).prop_map(Do::BeginReplay),
        3 => Just(Do::StreamEntry),
        1 => Just(Do::Live),
    ]
}

proptest! {
    #![proptest_config(cases(400))]

    #[test]
    fn any_interleaving_is_understood(steps in proptest::collection::vec(step(), 1..120)) {
        let (mut client, mut host) = (BoardClient::new(100), BoardHost::new());
        let (mut wire, mut back) = (VecDeque::new(), VecDeque::new());
        let mut replays_asked = 0u64;
        let (mut begun, mut outstanding) = (0u64, 0u64);
        let mut waiting_posts = vec![];
        let mut answers = VecDeque::new();
        let mut client_ids = VecDeque::new();
        let (mut sent_entries, mut got_entries) = (0, 0);
        let (mut sent_live, mut got_live, mut syncs) = (0, 0, 0);
        let mut names = HashMap::new();
        let (mut posted, mut verdicts) = (0, BTreeMap::new());

        // At the end everything is finished, so that nothing may be left over.
        let finish = [Do::DeliverToHost, Do::BeginReplay(1), Do::StreamEntry, Do::StreamEntry, Do::StreamEntry,
            Do::StreamEntry, Do::Answer(0, true), Do::DeliverToClient];
        let steps = steps.into_iter().chain(finish.into_iter().cycle().take(finish.len() * 130));
        for step in steps {
            match step {
                Do::Post => if client.can_post() {
                    client_ids.push_back(client.post(&token(1), &message(posted)).unwrap());
                    posted += 1;
                },
                Do::AskForReplay => if client.request_replay(None).is_ok() { replays_asked += 1 },
                Do::DeliverToHost => {
                    wire.extend(core::iter::from_fn(|| client.poll_send()));
                    if let Some(payload) = wire.pop_front() {
                        host.handle(&payload).unwrap();
                    }
                    while let Some(action) = host.poll_action() {
                        match action {
                            Action::Post { id, .. } => {
                                names.insert(id, client_ids.pop_front().unwrap());
                                waiting_posts.push(id);
                            }
                            Action::Replay { .. } => begun += 1,
                            other => panic!("{other:?} was not asked for"),
                        }
                    }
                }
                Do::DeliverToClient => {
                    back.extend(core::iter::from_fn(|| host.poll_send()));
                    while let Some(payload) = back.pop_front() {
                        client.handle(&payload).unwrap();
                        while let Some(event) = client.poll_event() {
                            match event {
                                Event::Entry { .. } => got_entries += 1,
                                Event::NewMessage { .. } => got_live += 1,
                                Event::Synced => syncs += 1,
                                Event::ReplayStarted { .. } => {}
                                Event::PostAnswered { id, success, .. } => answers.push_back((id, success)),
                                other => panic!("{other:?} was not asked for"),
                            }
                        }
                    }
                }
                Do::Answer(which, success) => if !waiting_posts.is_empty() {
                    let id = waiting_posts.swap_remove(which % waiting_posts.len());
                    let answer = if success { PostAnswer::Stored } else { PostAnswer::Refused };
                    host.post_answer(id, answer).unwrap();
                    verdicts.insert(names[&id], success);
                },
                Do::BeginReplay(count) => if begun > 0 {
                    begun -= 1;
                    host.replay_result(count).unwrap();
                    outstanding = count;
                },
                Do::StreamEntry => if outstanding > 0 {
                    outstanding -= 1;
                    sent_entries += 1;
                    host.replay_entry(entry(&message(0))).unwrap();
                },
                Do::Live => match host.new_message(new_message(message(1))).unwrap() {
                    Delivery::NotSynced => {}
                    Delivery::Queued | Delivery::Held => sent_live += 1,
                },
            }
        }
        prop_assert_eq!((got_entries, got_live, syncs), (sent_entries, sent_live, replays_asked));
        prop_assert_eq!(client.posts_in_flight(), 0);
        prop_assert!(answers.iter().is_sorted_by_key(|(id, _)| *id), "answers come in the order of the posts");
        prop_assert_eq!(answers.len(), posted);
        prop_assert_eq!(answers.into_iter().collect::<BTreeMap<_, _>>(), verdicts);
    }
}
