//! Client and host of a board, step by step, honest and not.

use cwtch_primitives::token::SpentToken;
use cwtch_protocol::app::board_client::{self, BoardClient, BoardClientError, Event};
use cwtch_protocol::app::board_host::{
    self, Action, BoardHost, BoardHostError, Delivery, MAX_HELD, MAX_POSTS_IN_FLIGHT, MAX_QUEUED, PostAnswer,
    entry, new_message,
};
use cwtch_wire::board::{EncryptedGroupMessage, ServerMessage};
use proptest::prelude::*;

use crate::support::cases;

pub(crate) fn message(n: usize) -> EncryptedGroupMessage {
    EncryptedGroupMessage {
        ciphertext: format!("ciphertext {n}").into_bytes(),
        signature: format!("signature {n}").into_bytes(),
    }
}

pub(crate) fn token(n: u8) -> SpentToken {
    SpentToken { t: [n; 32], mac: [n; 64] }
}

/// The event of a client for a live message of a server without a log.
fn live(message: EncryptedGroupMessage) -> Event {
    Event::NewMessage { message: Some(message), log: None }
}

fn client() -> BoardClient {
    BoardClient::new(1000)
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

/// A client and a host after a replay of nothing.
fn synced() -> (BoardClient, BoardHost) {
    let (mut client, mut host) = (client(), BoardHost::new());
    client.request_replay(None).unwrap();
    to_host(&mut client, &mut host);
    assert_eq!(host.poll_action(), Some(Action::Replay { last_commit: None }));
    host.replay_result(0).unwrap();
    assert_eq!(
        to_client(&mut host, &mut client),
        [Event::ReplayStarted { count: 0, log: None }, Event::Synced]
    );
    assert!(client.is_synced() && host.is_synced());
    (client, host)
}

fn post(client: &mut BoardClient, host: &mut BoardHost, n: u8) -> (board_client::PostId, board_host::PostId) {
    let sent = message(usize::from(n));
    let at_client = client.post(&token(n), &sent).unwrap();
    to_host(client, host);
    let Some(Action::Post { id, token: Some(t), message, log: false }) = host.poll_action() else {
        panic!("no post")
    };
    assert_eq!((t, message), (token(n), sent));
    (at_client, id)
}

#[test]
fn replay_then_live_messages() {
    let (mut client, mut host) = (client(), BoardHost::new());
    assert_eq!(host.new_message(new_message(message(0))), Ok(Delivery::NotSynced));
    client.request_replay(Some(b"signature 1")).unwrap();
    assert_eq!(client.request_replay(None), Err(BoardClientError::ReplayUnderWay));
    to_host(&mut client, &mut host);
    assert_eq!(host.poll_action(), Some(Action::Replay { last_commit: Some(b"signature 1".to_vec()) }));
    host.replay_result(2).unwrap();
    host.replay_entry(entry(&message(1))).unwrap();
    assert!(host.is_streaming() && !host.is_synced());
    host.replay_entry(entry(&message(2))).unwrap();
    assert_eq!(host.replay_entry(entry(&message(3))), Err(BoardHostError::Misuse), "one too many");
    let events = to_client(&mut host, &mut client);
    let expected = [
        Event::ReplayStarted { count: 2, log: None },
        Event::Entry { message: message(1), index: None },
        Event::Entry { message: message(2), index: None },
        Event::Synced,
    ];
    assert_eq!(events, expected);
    assert_eq!(host.new_message(new_message(message(3))), Ok(Delivery::Queued));
    assert_eq!(to_client(&mut host, &mut client), [live(message(3))]);
    assert!(client.request_replay(None).is_ok(), "again, as a heartbeat");
}

#[test]
fn answers_leave_in_the_order_of_the_posts() {
    let (mut client, mut host) = synced();
    let posts: Vec<_> = (0..4).map(|n| post(&mut client, &mut host, n)).collect();
    assert_eq!(client.posts_in_flight(), 4);
    host.post_answer(posts[2].1, PostAnswer::Stored).unwrap();
    host.post_answer(posts[1].1, PostAnswer::Refused).unwrap();
    assert!(host.poll_send().is_none(), "the first is not answered yet");
    host.post_answer(posts[0].1, PostAnswer::Stored).unwrap();
    assert_eq!(host.post_answer(posts[0].1, PostAnswer::Stored), Err(BoardHostError::Misuse));
    let answered = |n: usize, success| Event::PostAnswered { id: posts[n].0, success, log: None };
    assert_eq!(to_client(&mut host, &mut client), [answered(0, true), answered(1, false), answered(2, true)]);
    host.post_answer(posts[3].1, PostAnswer::Refused).unwrap();
    assert_eq!(to_client(&mut host, &mut client), [answered(3, false)]);
    assert_eq!(client.posts_in_flight(), 0);
}

#[test]
fn a_post_without_signature_is_not_answered() {
    let mut host = BoardHost::new();
    let json = br#"{"MessageType":2,"PostRequest":{"Token":{"T":null,"MAC":null},"EGM":{"Ciphertext":"AA==","Signature":""}}}"#;
    host.handle(json).unwrap();
    let Some(Action::Post { id, token: None, message, log: false }) = host.poll_action() else {
        panic!("no post")
    };
    assert!(message.signature.is_empty());
    host.post_answer(id, PostAnswer::Silent).unwrap();
    assert!(host.poll_send().is_none());
    assert!(host.wants_input());
    // Our client refuses to send one, because nothing would tell it what became of it.
    let mut client = client();
    assert_eq!(client.post(&token(1), &message), Err(BoardClientError::Incomplete));
}

#[test]
fn nothing_comes_between_the_entries_of_a_replay() {
    let (mut client, mut host) = synced();
    let (at_client, at_host) = post(&mut client, &mut host, 1);
    client.request_replay(None).unwrap();
    to_host(&mut client, &mut host);
    assert!(matches!(host.poll_action(), Some(Action::Replay { .. })));
    // Before the result everything may pass.
    assert_eq!(host.new_message(new_message(message(7))), Ok(Delivery::Queued));
    host.replay_result(2).unwrap();
    host.replay_entry(entry(&message(1))).unwrap();
    host.post_answer(at_host, PostAnswer::Stored).unwrap();
    assert_eq!(host.new_message(new_message(message(8))), Ok(Delivery::Held));
    let started = [
        live(message(7)),
        Event::ReplayStarted { count: 2, log: None },
        Event::Entry { message: message(1), index: None },
    ];
    assert_eq!(to_client(&mut host, &mut client), started);
    host.replay_entry(entry(&message(2))).unwrap();
    let rest = [
        Event::Entry { message: message(2), index: None },
        Event::Synced,
        Event::PostAnswered { id: at_client, success: true, log: None },
        live(message(8)),
    ];
    assert_eq!(to_client(&mut host, &mut client), rest);
}

#[test]
fn one_further_replay_waits_and_a_third_is_too_much() {
    let request = |n: &str| format!(r#"{{"MessageType":0,"ReplayRequest":{{"LastCommit":"{n}"}}}}"#);
    let mut host = BoardHost::new();
    host.handle(request("AQ==").as_bytes()).unwrap();
    host.handle(request("Ag==").as_bytes()).unwrap();
    assert_eq!(host.handle(request("Aw==").as_bytes()), Err(BoardHostError::TooManyReplays));
    assert_eq!(host.poll_action(), Some(Action::Replay { last_commit: Some(vec![1]) }));
    assert_eq!(host.poll_action(), None);
    host.replay_result(1).unwrap();
    host.replay_entry(entry(&message(1))).unwrap();
    assert_eq!(host.poll_action(), Some(Action::Replay { last_commit: Some(vec![2]) }));
    host.replay_result(0).unwrap();
    assert_eq!(host.poll_action(), None);
}

#[test]
fn a_slow_reader_is_bounded() {
    let (_, mut host) = synced();
    let live = new_message(message(1));
    for _ in 0..MAX_QUEUED {
        host.new_message(live.clone()).unwrap();
    }
    assert_eq!(host.new_message(live.clone()), Err(BoardHostError::QueueFull));
    assert!(!host.wants_input(), "nothing is read from somebody who does not read");

    let (mut client, mut host) = synced();
    client.request_replay(None).unwrap();
    to_host(&mut client, &mut host);
    host.replay_result(10_000).unwrap();
    let bare = entry(&message(1));
    while host.queued() < MAX_QUEUED {
        host.replay_entry(bare.clone()).unwrap();
    }
    assert_eq!(host.replay_entry(bare.clone()), Err(BoardHostError::QueueFull));
    host.poll_send().unwrap();
    assert_eq!(host.replay_entry(bare), Ok(()), "room again");
    for _ in 0..MAX_HELD {
        assert_eq!(host.new_message(live.clone()), Ok(Delivery::Held));
    }
    assert_eq!(host.new_message(live), Err(BoardHostError::QueueFull));
}

#[test]
fn posts_in_flight_are_bounded_on_both_sides() {
    let (mut client, mut host) = synced();
    for n in 0..MAX_POSTS_IN_FLIGHT {
        assert!(client.can_post() && host.wants_input(), "{n}");
        client.post(&token(1), &message(n)).unwrap();
        to_host(&mut client, &mut host);
    }
    assert!(!client.can_post() && !host.wants_input());
    assert_eq!(client.post(&token(1), &message(0)), Err(BoardClientError::TooManyPosts));
    let one_more = br#"{"MessageType":2,"PostRequest":{"Token":{},"EGM":{}}}"#;
    assert_eq!(host.handle(one_more), Err(BoardHostError::TooManyPosts));
}

#[test]
fn a_post_that_does_not_fit_a_packet_is_refused_before_it_is_sent() {
    let mut client = client();
    let large = EncryptedGroupMessage { ciphertext: vec![1; 6000], signature: vec![2; 64] };
    assert!(matches!(client.post(&token(1), &large), Err(BoardClientError::TooLong { limit: 8150, .. })));
    assert_eq!((client.poll_send(), client.posts_in_flight()), (None, 0));
}

#[test]
fn a_server_that_says_what_nobody_asked() {
    let replay = ServerMessage::ReplayResult { count: 0 }.to_json();
    assert_eq!(client().handle(&replay), Err(BoardClientError::UnsolicitedReplay));
    let result = ServerMessage::PostResult { success: true }.to_json();
    assert_eq!(client().handle(&result), Err(BoardClientError::UnsolicitedResult));

    let mut greedy = client();
    greedy.request_replay(None).unwrap();
    let endless = ServerMessage::ReplayResult { count: 1001 }.to_json();
    let too_long = BoardClientError::ReplayTooLong { announced: 1001, limit: 1000 };
    assert_eq!(greedy.handle(&endless), Err(too_long));

    for intruder in [
        ServerMessage::PostResult { success: true }.to_json(),
        ServerMessage::ReplayResult { count: 1 }.to_json(),
        b"{}".to_vec(),
    ] {
        let mut client = client();
        client.request_replay(None).unwrap();
        client.handle(&ServerMessage::ReplayResult { count: 2 }.to_json()).unwrap();
        client.handle(&message(1).to_json()).unwrap();
        assert!(matches!(client.handle(&intruder), Err(BoardClientError::NotAnEntry(_))));
    }
}

#[test]
fn a_live_message_between_entries_is_no_entry() {
    let mut client = client();
    client.request_replay(None).unwrap();
    client.handle(&ServerMessage::ReplayResult { count: 2 }.to_json()).unwrap();
    client.handle(&message(1).to_json()).unwrap();
    client.handle(&ServerMessage::NewMessage(message(3)).to_json()).unwrap();
    assert!(client.is_replaying(), "an entry is still missing");
    client.handle(&message(2).to_json()).unwrap();
    let events: Vec<Event> = std::iter::from_fn(|| client.poll_event()).collect();
    let expected = [
        Event::ReplayStarted { count: 2, log: None },
        Event::Entry { message: message(1), index: None },
        live(message(3)),
        Event::Entry { message: message(2), index: None },
        Event::Synced,
    ];
    assert_eq!(events, expected);
}

#[test]
fn events_that_nobody_reads_are_bounded() {
    let (mut client, _) = synced();
    let live = ServerMessage::NewMessage(message(1)).to_json();
    let full = (0..1000).find_map(|_| client.handle(&live).err());
    assert_eq!(full, Some(BoardClientError::EventsFull));
}

#[test]
fn unknown_types_are_ignored_and_malformed_ones_close() {
    let (mut client, mut host) = synced();
    for unknown in [&br#"{"MessageType":99}"#[..], br#"{"MessageType":5,"Future":{"A":[1,2]}}"#] {
        client.handle(unknown).unwrap();
        host.handle(unknown).unwrap();
    }
    assert_eq!((client.poll_event(), host.poll_action()), (None, None));
    for malformed in [
        &b"x"[..],
        b"[]",
        br#"{"MessageType":0}"#,
        br#"{"MessageType":2}"#,
        br#"{"MessageType":2,"PostRequest":null}"#,
        br#"{"MessageType":"0"}"#,
        br#"{"MessageType":0,"ReplayRequest":{"LastCommit":"?"}}"#,
    ] {
        assert!(matches!(host.handle(malformed), Err(BoardHostError::Malformed(_))));
    }
    for malformed in [&b"x"[..], br#"{"MessageType":1}"#, br#"{"MessageType":3}"#, br#"{"MessageType":4}"#] {
        assert!(matches!(client.handle(malformed), Err(BoardClientError::Malformed(_))));
    }
    assert_eq!(host.replay_result(0), Err(BoardHostError::Misuse), "none was asked for");
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn garbage_never_panics(payload in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = BoardHost::new().handle(&payload);
        let _ = client().handle(&payload);
        let mut client = client();
        client.request_replay(None).unwrap();
        client.handle(&ServerMessage::ReplayResult { count: 2 }.to_json()).unwrap();
        prop_assert!(client.handle(&payload).is_err());
    }

    #[test]
    fn a_truncated_request_is_refused(cut: prop::sample::Index) {
        let mut client = client();
        client.post(&token(1), &message(1)).unwrap();
        let request = client.poll_send().unwrap();
        prop_assert!(BoardHost::new().handle(&request[..cut.index(request.len())]).is_err());
    }
}
