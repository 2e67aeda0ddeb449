//! A board's client and host in random interleavings, with replays of either kind: whatever the order, nothing is
//! lost or misread.

use std::collections::VecDeque;

use bytes::Bytes;
use cwtch_protocol::app::board_client::{BoardClient, Event};
use cwtch_protocol::app::board_host::{
    Action, BoardHost, Delivery, PostAnswer, entry, log_message, new_message,
};
use cwtch_wire::board::{Certificates, HeadLog, LiveLog, PostLog};
use proptest::prelude::*;

use crate::board::{message, token};
use crate::board_log::{log, start, stream};
use crate::support::cases;

#[derive(Debug, Clone, Copy)]
enum Do {
    /// Posts with or without a receipt.
    Post(bool),
    /// Asks for a replay from an index of the log on, or for a deployed one.
    AskForReplay(Option<u64>),
    AskForHead,
    AskForProof(u64),
    DeliverToHost,
    DeliverToClient,
    Answer,
    /// Begins a replay of this many entries; true for a server that has a log.
    BeginReplay(u64, bool),
    Stream,
    /// Another client's message arrives.
    Live(u64),
}

fn step() -> impl Strategy<Value = Do> {
    prop_oneof![
        1 => any::<bool>().prop_map(Do::Post),
        1 => proptest::option::of(0u64..300).prop_map(Do::AskForReplay),
        1 => Just(Do::AskForHead),
        1 => (0u64..20).prop_map(Do::AskForProof),
        3 => Just(Do::DeliverToHost),
        3 => Just(Do::DeliverToClient),
        2 => Just(Do::Answer),
        2 => (0u64..300, any::<bool>()).prop_map(|(count, has_log)| Do::BeginReplay(count, has_log)),
        3 => Just(Do::Stream),
        1 => (0u64..1000).prop_map(Do::Live),
    ]
}

/// Things that are expected at the client, in this order among those of one kind.
#[derive(Debug, Default, PartialEq, Eq)]
struct Told {
    /// Index and message of each entry, `None` between two replays.
    entries: Vec<Option<(Option<u64>, usize)>>,
    posts: Vec<(bool, bool)>,
    heads: usize,
    proofs: Vec<u64>,
    live: Vec<(usize, bool)>,
}

/// The number in a message of the tests.
fn number(text: &[u8]) -> usize {
    String::from_utf8_lossy(text).rsplit_once(' ').unwrap().1.parse().unwrap()
}

impl Told {
    fn take(&mut self, event: Event) {
        match event {
            Event::ReplayStarted { .. } | Event::Boundary { .. } => {}
            Event::Entry { message, index } => self.entries.push(Some((index, number(&message.signature)))),
            Event::Synced => self.entries.push(None),
            Event::NewMessage { message, log } => {
                self.live.push((number(&message.unwrap().signature), log.is_some()));
            }
            Event::PostAnswered { success, log, .. } => self.posts.push((success, log.is_some())),
            Event::Head(_) => self.heads += 1,
            Event::Proof { size, .. } => self.proofs.push(size),
        }
    }
}

/// The host's side of a replay: what is still to be given to the machine.
enum Streaming {
    Nothing,
    Entries(VecDeque<usize>),
    Packets(VecDeque<Bytes>),
}

proptest! {
    #![proptest_config(cases(150))]

    #[test]
    fn any_interleaving_is_understood(steps in proptest::collection::vec(step(), 1..120)) {
        let (mut client, mut host) = (BoardClient::new(1000), BoardHost::new());
        let (mut wire, mut back) = (VecDeque::new(), VecDeque::new());
        let (mut told, mut expected) = (Told::default(), Told::default());
        let mut replays: VecDeque<Option<u64>> = VecDeque::new();
        let mut questions = VecDeque::new();
        let mut streaming = Streaming::Nothing;

        // At the end everything is finished, so that nothing may be left over.
        let finish = [Do::DeliverToHost, Do::BeginReplay(1, true), Do::Stream, Do::Answer, Do::DeliverToClient];
        let steps = steps.into_iter().chain(finish.into_iter().cycle().take(finish.len() * 200));
        for step in steps {
            match step {
                Do::Post(true) => drop(client.post_for_receipt(&token(1), &message(1))),
                Do::Post(false) => drop(client.post(&token(1), &message(1))),
                Do::AskForReplay(Some(from)) => drop(client.request_log_replay(from, None)),
                Do::AskForReplay(None) => drop(client.request_replay(None)),
                Do::AskForHead => drop(client.request_head()),
                Do::AskForProof(n) => drop(client.request_proof(0, 64 * n)),
                Do::DeliverToHost => {
                    wire.extend(core::iter::from_fn(|| client.poll_send()));
                    if let Some(payload) = wire.pop_front() {
                        host.handle(&payload).unwrap();
                    }
                    while let Some(action) = host.poll_action() {
                        match action {
                            Action::Replay { .. } => replays.push_back(None),
                            Action::LogReplay { from, .. } => replays.push_back(Some(from)),
                            question => questions.push_back(question),
                        }
                    }
                }
                Do::DeliverToClient => {
                    back.extend(core::iter::from_fn(|| host.poll_send()));
                    while let Some(payload) = back.pop_front() {
                        client.handle(&payload).unwrap();
                        core::iter::from_fn(|| client.poll_event()).for_each(|event| told.take(event));
                    }
                }
                Do::Answer => match questions.pop_front() {
                    Some(Action::Post { id, log, .. }) => {
                        host.post_answer(id, PostAnswer::Log(PostLog::Receipt(vec![1; 121]))).unwrap();
                        expected.posts.push((true, log));
                    }
                    Some(Action::LogHead) => {
                        let certificates = Certificates { current: [1; 186], earlier: vec![] };
                        host.log_head(HeadLog { certificates, state: None }).unwrap();
                        expected.heads += 1;
                    }
                    Some(Action::LogProof { from, size }) => {
                        host.log_proof(from, size, vec![]).unwrap();
                        expected.proofs.push(size);
                    }
                    _ => {}
                },
                Do::BeginReplay(count, has_log) => if let Some(asked) = replays.pop_front() {
                    match asked {
                        Some(from) if has_log => {
                            host.log_replay_result(count, log(Some(start(from)))).unwrap();
                            expected.entries.extend((from..from + count).map(|i| Some((Some(i), i as usize))));
                            if count > 0 {
                                streaming = Streaming::Packets(stream(from, count).into());
                            }
                        }
                        _ => {
                            let count = count % 5;
                            host.replay_result(count).unwrap();
                            expected.entries.extend((0..count as usize).map(|n| Some((None, n))));
                            streaming = Streaming::Entries((0..count as usize).collect());
                        }
                    }
                    expected.entries.push(None);
                },
                Do::Stream => match &mut streaming {
                    Streaming::Nothing => {}
                    Streaming::Entries(left) => match left.pop_front() {
                        Some(n) => host.replay_entry(entry(&message(n))).unwrap(),
                        None => streaming = Streaming::Nothing,
                    },
                    Streaming::Packets(left) => match left.pop_front() {
                        Some(packet) => host.replay_packet(packet).unwrap(),
                        None => {
                            host.replay_end().unwrap();
                            streaming = Streaming::Nothing;
                        }
                    },
                },
                Do::Live(n) => {
                    let with_log = host.speaks_log();
                    let sent = message(n as usize);
                    let place = LiveLog { index: n, checkpoint: Some([2; 113]), mark: None };
                    let payload =
                        if with_log { log_message(sent.borrowed(), &place).0 } else { new_message(sent) };
                    if host.new_message(payload).unwrap() != Delivery::NotSynced {
                        expected.live.push((n as usize, with_log));
                    }
                }
            }
        }
        prop_assert!(!client.is_replaying() && client.posts_in_flight() == 0 && client.heads_in_flight() == 0);
        prop_assert_eq!(told, expected);
    }
}
