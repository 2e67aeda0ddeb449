//! Client and host of a board with a log, step by step, honest and not.

use bytes::Bytes;
use cwtch_protocol::app::board_client::{BoardClient, BoardClientError, Event, MAX_EVENTS};
use cwtch_protocol::app::board_host::{
    Action, BoardHost, BoardHostError, Delivery, MAX_HEADS, MAX_HELD, MAX_PROOFS, MAX_QUEUED, PostAnswer,
    entry, log_message, new_message,
};
use cwtch_wire::board::stream::{Encoder, StreamError};
use cwtch_wire::board::{
    Certificates, ClientMessage, EncryptedGroupMessage, HeadLog, HeadState, LiveLog, PostLog, PostRefusal,
    ReplayLog, ReplayStart, ServerMessage, Skipped,
};
use cwtch_wire::packet::SEALED_MAX;
use proptest::prelude::*;

use crate::board::{message, token};
use crate::support::cases;

fn certificates() -> Certificates {
    Certificates { current: [1; 186], earlier: vec![] }
}

pub(crate) fn start(from: u64) -> ReplayStart {
    ReplayStart { checkpoint: [2; 113], policy: [3; 96], from, retain: None, skipped: None }
}

pub(crate) fn log(start: Option<ReplayStart>) -> ReplayLog {
    ReplayLog { certificates: certificates(), start }
}

fn pruned(from: u64) -> ReplayStart {
    let frontier = vec![4; 32 * from.count_ones() as usize];
    let skipped = Some(Skipped { frontier, proof: vec![] });
    ReplayStart { retain: Some([5; 120]), skipped, ..start(from) }
}

fn mark(size: u64) -> [u8; 113] {
    [(size / 256) as u8; 113]
}

/// The stream of the entries `from..from + count`, each the message of its index.
pub(crate) fn stream(from: u64, count: u64) -> Vec<Bytes> {
    let mut stream = vec![];
    let mut encoder = Encoder::new(from, count);
    for index in from..from + count {
        encoder.entry(message(index as usize).borrowed(), &mut stream).unwrap();
        if encoder.boundary_due() {
            encoder.boundary(&mark(index + 1), &mut stream).unwrap();
        }
    }
    encoder.finish().unwrap();
    stream.chunks(SEALED_MAX).map(Bytes::copy_from_slice).collect()
}

fn entries(from: u64, count: u64) -> Vec<Event> {
    let mut events = vec![];
    for index in from..from + count {
        events.push(Event::Entry { message: message(index as usize), index: Some(index) });
        if (index + 1) % 256 == 0 {
            events.push(Event::Boundary { size: index + 1, checkpoint: Box::new(mark(index + 1)) });
        }
    }
    events
}

fn place(index: u64, last: bool) -> LiveLog {
    LiveLog { index, checkpoint: last.then_some([2; 113]), mark: None }
}

fn to_host(client: &mut BoardClient, host: &mut BoardHost) {
    while let Some(payload) = client.poll_send() {
        host.handle(&payload).unwrap();
    }
}

fn to_client(host: &mut BoardHost, client: &mut BoardClient) -> Vec<Event> {
    let mut events = vec![];
    while let Some(payload) = host.poll_send() {
        client.handle(&payload).unwrap();
        events.extend(core::iter::from_fn(|| client.poll_event()));
    }
    events
}

/// A client that asked for the log from an index on, and a host that is to answer.
fn asked(from: u64) -> (BoardClient, BoardHost) {
    let (mut client, mut host) = (BoardClient::new(1000), BoardHost::new());
    client.request_log_replay(from, None).unwrap();
    to_host(&mut client, &mut host);
    assert_eq!(host.poll_action(), Some(Action::LogReplay { from, last_commit: None }));
    (client, host)
}

/// A client and a host after a replay of the log.
fn synced() -> (BoardClient, BoardHost) {
    let (mut client, mut host) = asked(64);
    host.log_replay_result(0, log(Some(start(64)))).unwrap();
    let events = to_client(&mut host, &mut client);
    assert_eq!(
        events,
        [Event::ReplayStarted { count: 0, log: Some(Box::new(log(Some(start(64))))) }, Event::Synced]
    );
    assert!(client.is_synced() && client.reads_log() && host.is_synced() && host.speaks_log());
    (client, host)
}

#[test]
fn a_replay_of_the_log_then_live_messages() {
    let (mut client, mut host) = asked(64);
    assert_eq!(host.replay_packet(stream(64, 1).remove(0)), Err(BoardHostError::Misuse), "not announced");
    host.log_replay_result(300, log(Some(start(64)))).unwrap();
    assert!(host.is_streaming() && !host.is_synced() && host.speaks_log());
    assert_eq!(host.replay_entry(entry(&message(1))), Err(BoardHostError::Misuse), "the wrong form");
    for packet in stream(64, 300) {
        host.replay_packet(packet).unwrap();
    }
    assert!(host.is_streaming(), "until it is said that it ends");
    host.replay_end().unwrap();
    assert_eq!(host.replay_end(), Err(BoardHostError::Misuse));
    let mut expected = vec![Event::ReplayStarted { count: 300, log: Some(Box::new(log(Some(start(64))))) }];
    expected.extend(entries(64, 300));
    assert!(expected.contains(&Event::Boundary { size: 256, checkpoint: Box::new(mark(256)) }));
    expected.push(Event::Synced);
    assert_eq!(to_client(&mut host, &mut client), expected);

    let (live, notice) = log_message(message(364).borrowed(), &place(364, true));
    assert_eq!((host.new_message(live), notice), (Ok(Delivery::Queued), None));
    let log = Some(Box::new(place(364, true)));
    assert_eq!(to_client(&mut host, &mut client), [Event::NewMessage { message: Some(message(364)), log }]);
}

#[test]
fn checkpoints_that_do_not_fit_follow_their_message() {
    let (mut client, mut host) = synced();
    let large = EncryptedGroupMessage { ciphertext: vec![7; 5874], signature: vec![8; 64] };
    let (live, notice) = log_message(large.borrowed(), &place(64, true));
    host.new_message(live).unwrap();
    host.new_message(notice.unwrap()).unwrap();
    let expected = [
        Event::NewMessage { message: Some(large), log: Some(Box::new(place(64, false))) },
        Event::NewMessage { message: None, log: Some(Box::new(place(64, true))) },
    ];
    assert_eq!(to_client(&mut host, &mut client), expected);
}

#[test]
fn a_server_without_a_log_answers_as_ever() {
    let (mut client, mut host) = (BoardClient::new(1000), BoardHost::new());
    client.request_log_replay(64, Some(b"signature 1")).unwrap();
    to_host(&mut client, &mut host);
    let last_commit = Some(b"signature 1".to_vec());
    assert_eq!(host.poll_action(), Some(Action::LogReplay { from: 64, last_commit }));
    host.replay_result(1).unwrap();
    host.replay_entry(entry(&message(1))).unwrap();
    assert!(!host.speaks_log());
    host.new_message(new_message(message(2))).unwrap();
    let expected = [
        Event::ReplayStarted { count: 1, log: None },
        Event::Entry { message: message(1), index: None },
        Event::Synced,
        Event::NewMessage { message: Some(message(2)), log: None },
    ];
    assert_eq!(to_client(&mut host, &mut client), expected);
    assert!(!client.reads_log());
}

#[test]
fn a_server_whose_log_is_retired_shows_the_certificate_and_answers_as_ever() {
    let (mut client, mut host) = asked(64);
    host.log_replay_result(1, log(None)).unwrap();
    assert!(!host.speaks_log());
    host.replay_entry(entry(&message(1))).unwrap();
    let expected = [
        Event::ReplayStarted { count: 1, log: Some(Box::new(log(None))) },
        Event::Entry { message: message(1), index: None },
        Event::Synced,
    ];
    assert_eq!(to_client(&mut host, &mut client), expected);
}

#[test]
fn a_deployed_replay_is_never_answered_with_the_log() {
    let mut host = BoardHost::new();
    host.handle(&ClientMessage::Replay { last_commit: None, log: None }.to_json()).unwrap();
    assert_eq!(host.poll_action(), Some(Action::Replay { last_commit: None }));
    assert_eq!(host.log_replay_result(0, log(None)), Err(BoardHostError::Misuse));
    host.replay_result(0).unwrap();
    // One of the other kind waits for the end of the one before.
    host.handle(&ClientMessage::Replay { last_commit: None, log: Some(7) }.to_json()).unwrap();
    assert_eq!(host.poll_action(), Some(Action::LogReplay { from: 7, last_commit: None }));
    host.handle(&ClientMessage::Replay { last_commit: None, log: None }.to_json()).unwrap();
    host.log_replay_result(1, log(Some(start(7)))).unwrap();
    host.replay_packet(stream(7, 1).remove(0)).unwrap();
    assert_eq!(host.poll_action(), None);
    host.replay_end().unwrap();
    assert_eq!(host.poll_action(), Some(Action::Replay { last_commit: None }));
    host.replay_result(0).unwrap();
    assert!(!host.speaks_log(), "what counts is the newest");
}

#[test]
fn receipts_for_who_asks() {
    let (mut client, mut host) = synced();
    let receipt = PostLog::Receipt(vec![9; 121 + 64]);
    let duplicate = PostLog::Duplicate(vec![9; 121]);
    let full = PostLog::Refused(PostRefusal::Full);
    for (answer, success) in [(&receipt, true), (&duplicate, true), (&full, false)] {
        for asks in [true, false] {
            let id = if asks {
                client.post_for_receipt(&token(1), &message(1)).unwrap()
            } else {
                client.post(&token(1), &message(1)).unwrap()
            };
            to_host(&mut client, &mut host);
            let Some(Action::Post { id: at_host, log, .. }) = host.poll_action() else { panic!("no post") };
            assert_eq!(log, asks);
            host.post_answer(at_host, PostAnswer::Log(answer.clone())).unwrap();
            let log = asks.then(|| answer.clone());
            assert_eq!(to_client(&mut host, &mut client), [Event::PostAnswered { id, success, log }]);
        }
    }
    // A server without a log answers without one.
    let id = client.post_for_receipt(&token(1), &message(1)).unwrap();
    to_host(&mut client, &mut host);
    let Some(Action::Post { id: at_host, .. }) = host.poll_action() else { panic!("no post") };
    host.post_answer(at_host, PostAnswer::Stored).unwrap();
    let answered = [Event::PostAnswered { id, success: true, log: None }];
    assert_eq!(to_client(&mut host, &mut client), answered);
}

#[test]
fn nothing_comes_between_the_packets_of_a_stream() {
    let (mut client, mut host) = synced();
    let post = client.post(&token(1), &message(1)).unwrap();
    client.request_head().unwrap();
    client.request_log_replay(0, None).unwrap();
    client.request_proof(64, 128).unwrap();
    to_host(&mut client, &mut host);
    let actions: Vec<_> = core::iter::from_fn(|| host.poll_action()).collect();
    let [Action::Post { id, .. }, Action::LogHead, Action::LogReplay { .. }, proof] = actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    assert_eq!(proof, &Action::LogProof { from: 64, size: 128 });
    host.log_replay_result(300, log(Some(start(0)))).unwrap();
    let packets = stream(0, 300);
    assert!(packets.len() > 1, "a stream of one packet would show nothing");
    let head = HeadLog { certificates: certificates(), state: None };
    host.post_answer(*id, PostAnswer::Refused).unwrap();
    host.log_head(head.clone()).unwrap();
    host.log_proof(64, 128, vec![6; 32]).unwrap();
    assert_eq!(
        host.new_message(log_message(message(300).borrowed(), &place(300, true)).0),
        Ok(Delivery::Held)
    );
    packets.into_iter().for_each(|packet| host.replay_packet(packet).unwrap());
    host.replay_end().unwrap();
    let mut expected = vec![Event::ReplayStarted { count: 300, log: Some(Box::new(log(Some(start(0))))) }];
    expected.extend(entries(0, 300));
    expected.extend([
        Event::Synced,
        Event::PostAnswered { id: post, success: false, log: None },
        Event::Head(Box::new(head)),
        Event::Proof { from: 64, size: 128, proof: vec![6; 32] },
        Event::NewMessage { message: Some(message(300)), log: Some(Box::new(place(300, true))) },
    ]);
    assert_eq!(to_client(&mut host, &mut client), expected);
}

#[test]
fn questions_are_bounded_on_both_sides() {
    let (mut client, mut host) = synced();
    for _ in 0..MAX_HEADS {
        client.request_head().unwrap();
    }
    for n in 0..MAX_PROOFS as u64 {
        client.request_proof(0, 64 * n).unwrap();
    }
    assert_eq!(client.request_head(), Err(BoardClientError::TooManyQuestions));
    assert_eq!(client.request_proof(0, 0), Err(BoardClientError::TooManyQuestions));
    assert_eq!(client.heads_in_flight(), MAX_HEADS);
    to_host(&mut client, &mut host);
    // A client that does not count is not answered, and not closed either.
    for _ in 0..100 {
        host.handle(&ClientMessage::LogHead.to_json()).unwrap();
        host.handle(&ClientMessage::LogProof { from: 0, size: 64 }.to_json()).unwrap();
    }
    let actions: Vec<_> = core::iter::from_fn(|| host.poll_action()).collect();
    let heads = actions.iter().filter(|action| **action == Action::LogHead).count();
    assert_eq!((heads, actions.len() - heads), (MAX_HEADS, MAX_PROOFS));
    let head = || HeadLog { certificates: certificates(), state: None };
    for _ in 0..MAX_HEADS {
        host.log_head(head()).unwrap();
    }
    assert_eq!(host.log_head(head()), Err(BoardHostError::Misuse));
    for n in 0..MAX_PROOFS as u64 {
        host.log_proof(0, 64 * n, vec![]).unwrap();
    }
    assert_eq!(host.log_proof(0, 64, vec![]), Err(BoardHostError::Misuse));
    assert_eq!(to_client(&mut host, &mut client).len(), MAX_HEADS + MAX_PROOFS);
    assert_eq!(client.heads_in_flight(), 0);
}

#[test]
fn answers_that_nobody_asked_for_are_passed_over() {
    let mut client = BoardClient::new(1000);
    let state = HeadState { checkpoint: [2; 113], policy: [3; 96], retain: None, mark: None };
    let head = HeadLog { certificates: certificates(), state: Some(state) };
    client.request_proof(0, 64).unwrap();
    for message in [
        ServerMessage::LogHead(Box::new(head)),
        ServerMessage::LogProof { from: 0, size: 128, proof: vec![] },
        // News of a log that was not asked for.
        ServerMessage::LogNewMessage { message: None, log: Box::new(place(1, true)) },
    ] {
        client.handle(&message.to_json()).unwrap();
        assert_eq!(client.poll_event(), None);
    }
    let live = ServerMessage::LogNewMessage { message: Some(message(1)), log: Box::new(place(1, true)) };
    client.handle(&live.to_json()).unwrap();
    assert_eq!(client.poll_event(), Some(Event::NewMessage { message: Some(message(1)), log: None }));
    // What was asked for is still awaited, once.
    let proof = ServerMessage::LogProof { from: 0, size: 64, proof: vec![] }.to_json();
    client.handle(&proof).unwrap();
    assert_eq!(client.poll_event(), Some(Event::Proof { from: 0, size: 64, proof: vec![] }));
    client.handle(&proof).unwrap();
    assert_eq!(client.poll_event(), None);
}

#[test]
fn a_replay_begins_where_it_must() {
    let answer = |count, start: Option<ReplayStart>| {
        let (mut client, _) = asked(128);
        let log = Box::new(log(start));
        client.handle(&ServerMessage::LogReplayResult { count, log }.to_json())
    };
    let wrong = |from| Err(BoardClientError::WrongStart { from, asked: 128 });
    assert_eq!(answer(3, Some(start(128))), Ok(()));
    assert_eq!(answer(3, Some(start(64))), wrong(64));
    assert_eq!(answer(3, Some(start(192))), wrong(192), "nothing stands in for what is left out");
    assert_eq!(answer(3, Some(pruned(192))), Ok(()));
    assert_eq!(answer(0, Some(start(5))), Ok(()), "more was asked for than there is");
    assert_eq!(answer(0, Some(start(192))), wrong(192));
    assert_eq!(answer(3, Some(pruned(64))), wrong(64));
    assert_eq!(answer(3, None), Ok(()));
    let too_long = Err(BoardClientError::ReplayTooLong { announced: 1001, limit: 1000 });
    assert_eq!(answer(1001, Some(start(128))), too_long);

    let mut deployed = BoardClient::new(1000);
    let unasked = ServerMessage::LogReplayResult { count: 0, log: Box::new(log(Some(start(0)))) }.to_json();
    assert_eq!(deployed.handle(&unasked), Err(BoardClientError::UnsolicitedReplay));
    deployed.request_replay(None).unwrap();
    assert_eq!(deployed.handle(&unasked), Err(BoardClientError::UnsolicitedLog));
    assert_eq!(synced().0.handle(&unasked), Err(BoardClientError::UnsolicitedReplay));
}

#[test]
fn what_is_no_stream_ends_the_connection() {
    let begun = || {
        let (mut client, mut host) = asked(0);
        host.log_replay_result(2, log(Some(start(0)))).unwrap();
        to_client(&mut host, &mut client);
        client
    };
    let stream_of_two = stream(0, 2).remove(0);
    for bad in [
        ServerMessage::NewMessage(message(1)).to_json(),
        ServerMessage::PostResult { success: true }.to_json(),
        message(1).to_json(),
        [&stream_of_two[..], &[0]].concat(),
    ] {
        assert!(matches!(begun().handle(&bad), Err(BoardClientError::Stream(_))));
    }
    let mut client = begun();
    let (first, rest) = stream_of_two.split_at(10);
    client.handle(first).unwrap();
    assert!(client.is_replaying() && client.poll_event().is_none());
    client.handle(rest).unwrap();
    assert!(!client.is_replaying() && client.is_synced());
    // Malformed news of the log ends it, too.
    let bad = br#"{"MessageType":4,"NewMessage":{"Log":{"index":-1}}}"#;
    assert!(matches!(client.handle(bad), Err(BoardClientError::Malformed(_))));
}

#[test]
fn the_smallest_entries_are_bounded_by_their_packet() {
    let (mut client, _) = asked(0);
    let log = Box::new(log(Some(start(0))));
    client.handle(&ServerMessage::LogReplayResult { count: 1000, log }.to_json()).unwrap();
    let mut stream_of_more = vec![];
    let mut encoder = Encoder::new(0, 5000);
    let tiny = EncryptedGroupMessage { ciphertext: vec![1], signature: vec![2] };
    while encoder.next_index() < 2000 {
        encoder.entry(tiny.borrowed(), &mut stream_of_more).unwrap();
        if encoder.boundary_due() {
            encoder.boundary(&mark(encoder.next_index()), &mut stream_of_more).unwrap();
        }
    }
    // More than were announced.
    let error = client.handle(&stream_of_more[..SEALED_MAX]);
    assert_eq!(error, Err(BoardClientError::Stream(StreamError::Trailing)));
    let events = core::iter::from_fn(|| client.poll_event()).count();
    assert!(events > MAX_EVENTS && events <= SEALED_MAX / 6, "{events}");
    // A caller that does not read them gets no further.
    let (mut client, mut host) = asked(0);
    host.log_replay_result(900, self::log(Some(start(0)))).unwrap();
    client.handle(&host.poll_send().unwrap()).unwrap();
    let packets = stream(0, 900);
    client.handle(&packets[0]).unwrap();
    assert_eq!(client.handle(&packets[1]), Err(BoardClientError::EventsFull));
}

#[test]
fn a_slow_reader_of_a_stream_is_bounded() {
    let (_, mut host) = asked(0);
    host.log_replay_result(10, log(Some(start(0)))).unwrap();
    let packet = Bytes::from_static(&[1; 100]);
    while host.queued() < MAX_QUEUED {
        host.replay_packet(packet.clone()).unwrap();
    }
    assert_eq!(host.replay_packet(packet.clone()), Err(BoardHostError::QueueFull));
    assert!(!host.wants_input());
    host.poll_send().unwrap();
    assert_eq!(host.replay_packet(packet), Ok(()), "room again");
    // Only synced clients get live messages.
    let live = new_message(message(1));
    assert_eq!(host.new_message(live.clone()), Ok(Delivery::NotSynced));

    let (mut client, mut host) = synced();
    client.request_log_replay(64, None).unwrap();
    to_host(&mut client, &mut host);
    host.log_replay_result(10, log(Some(start(64)))).unwrap();
    for _ in 0..MAX_HELD {
        assert_eq!(host.new_message(live.clone()), Ok(Delivery::Held));
    }
    assert_eq!(host.new_message(live), Err(BoardHostError::QueueFull));
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn garbage_in_place_of_a_stream_never_panics(
        payloads in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..300), 0..5),
    ) {
        let (mut client, mut host) = asked(255);
        host.log_replay_result(3, log(Some(start(255)))).unwrap();
        to_client(&mut host, &mut client);
        let mut entries = 0;
        for payload in payloads {
            if client.handle(&payload).is_err() {
                break;
            }
            let events: Vec<_> = core::iter::from_fn(|| client.poll_event()).collect();
            entries += events.iter().filter(|event| matches!(event, Event::Entry { .. })).count();
        }
        prop_assert!(entries <= 3);
    }
}
