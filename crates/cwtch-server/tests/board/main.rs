//! The board as its clients see it.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod admission;
#[path = "../common/mod.rs"]
mod common;
mod parts;
mod rules;

use std::time::Duration;

use common::{PATIENCE, Place, message, signature};
use cwtch_primitives::token::SpentToken;
use cwtch_protocol::app::board_client::{Event, pay};
use cwtch_server::Config;
use cwtch_server::data_dir::{DataDir, DataDirError};
use cwtch_server::store::SqliteStore;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_post_is_stored_delivered_and_replayed() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut reader = server.synced().await;
    let mut poster = server.connect().await;
    for n in 0..3 {
        assert!(poster.post(&server.pay(&message(n)), &message(n)).await);
        assert_eq!(reader.new_message().await, message(n));
    }
    let mut late = server.connect().await;
    assert_eq!(late.replay(None).await, [message(0), message(1), message(2)]);
    // From the last message that a client has, inclusive; also a second time on a connection.
    assert_eq!(late.replay(Some(&signature(1))).await, [message(1), message(2)]);
    assert_eq!(late.replay(Some(&signature(2))).await, [message(2)]);
    assert_eq!(late.replay(Some(b"unknown")).await.len(), 3);
    assert_eq!(late.replay(Some(b"")).await.len(), 3);
    let stats = server.server.stats();
    assert_eq!((stats.stored, stats.synced, stats.board_open), (3, 2, 3));
    server.server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_synced_clients_get_new_messages_the_poster_among_them() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut unsynced = server.connect().await;
    let mut poster = server.synced().await;
    poster.machine.post(&server.pay(&message(1)), &message(1)).unwrap();
    poster.flush().await;
    let mut seen = [poster.event().await, poster.event().await];
    seen.sort_by_key(|event| matches!(event, Event::NewMessage { .. }));
    assert!(matches!(seen[0], Event::PostAnswered { success: true, .. }));
    assert_eq!(seen[1], Event::NewMessage { message: Some(message(1)), log: None });
    // What an unsynced client gets first is the answer to its own question.
    assert_eq!(unsynced.replay(None).await, [message(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_pays_once_and_for_one_message() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    let token = server.tokens(1).pop().unwrap();
    let spent = pay(token.clone(), &message(1), &server.address());
    // Bound to another message.
    assert!(!client.post(&spent, &message(2)).await);
    assert!(client.post(&spent, &message(1)).await);
    // The same post again, as after a lost answer; it succeeds even with an invalid token.
    assert!(client.post(&spent, &message(1)).await);
    let forged = SpentToken { t: [1; 32], mac: [2; 64] };
    assert!(client.post(&forged, &message(1)).await);
    // The token is spent, whatever it is to pay for.
    assert!(!client.post(&pay(token, &message(2), &server.address()), &message(2)).await);
    assert!(!client.post(&forged, &message(2)).await);
    assert_eq!(client.replay(None).await, [message(1)]);
    let stats = server.server.stats();
    assert_eq!((stats.stored, stats.duplicates, stats.posts_refused), (1, 2, 3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_repeated_signature_is_stored_but_not_shown() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client = server.synced().await;
    let squatted = EncryptedGroupMessage { ciphertext: b"other".to_vec(), ..message(1) };
    assert!(client.post(&server.pay(&message(1)), &message(1)).await);
    let mut other = server.connect().await;
    assert!(other.post(&server.pay(&squatted), &squatted).await);
    assert!(other.post(&server.pay(&message(2)), &message(2)).await);
    assert_eq!(other.replay(None).await, [message(1), message(2)]);
    let mut live = vec![client.new_message().await];
    while live.last() != Some(&message(2)) {
        live.push(client.new_message().await);
    }
    assert!(!live.contains(&squatted));
    assert_eq!(server.server.stats().stored, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_signature_costs_the_token_and_gets_no_answer() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    let unsigned = EncryptedGroupMessage { signature: Vec::new(), ..message(1) };
    let token = server.tokens(1).pop().unwrap();
    client.raw_post(pay(token.clone(), &unsigned, &server.address()), unsigned.clone()).await;
    // The next two answers belong to what follows: an invalid token, then a valid one.
    client.raw_post(SpentToken { t: [0; 32], mac: [0; 64] }, unsigned).await;
    assert_eq!(client.message().await, ServerMessage::PostResult { success: false });
    client.raw_post(server.pay(&message(2)), message(2)).await;
    assert_eq!(client.message().await, ServerMessage::PostResult { success: true });
    client.raw_post(pay(token, &message(3), &server.address()), message(3)).await;
    assert_eq!(client.message().await, ServerMessage::PostResult { success: false });
    // An empty message is refused, its token kept.
    let empty = EncryptedGroupMessage { ciphertext: Vec::new(), ..message(4) };
    client.raw_post(server.pay(&empty), empty).await;
    assert_eq!(client.message().await, ServerMessage::PostResult { success: false });
    assert_eq!(client.replay(None).await, [message(2)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_requests_close_and_unknown_types_do_not() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let requests: [&[u8]; 5] = [
        b"{",
        b"not json",
        br#"{"MessageType":0}"#,
        br#"{"MessageType":2}"#,
        br#"{"MessageType":"0","ReplayRequest":{}}"#,
    ];
    for request in requests {
        let mut client = server.connect().await;
        client.raw(request).await;
        assert_eq!(client.payload().await, None);
    }
    server.until(|stats| stats.misbehaved == 5).await;
    let mut client = server.connect().await;
    client.raw(br#"{"MessageType":77,"Anything":[1]}"#).await;
    assert!(client.post(&server.pay(&message(1)), &message(1)).await);
    // A token of the wrong shape is an invalid token, not malformed JSON.
    client.raw(&ClientMessage::Post { token: None, message: message(2), log: false }.to_json()).await;
    assert_eq!(client.message().await, ServerMessage::PostResult { success: false });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn posts_during_a_replay_are_neither_lost_nor_doubled() {
    const STORED: u32 = 2000;
    const LIVE: u32 = 300;
    let place = Place::new();
    place.fill(STORED);
    let server = place.start(Config::default()).await;
    let mut reader = server.connect().await;
    reader.machine.request_replay(None).unwrap();
    reader.flush().await;
    let mut poster = server.connect().await;
    let mut got = Vec::new();
    // One post for every few entries that were read, so that posts fall before, into and after the replay.
    for n in 0..LIVE {
        assert!(poster.post(&server.pay(&message(STORED + n)), &message(STORED + n)).await);
        for _ in 0..7 {
            collect(&mut got, reader.event().await);
        }
    }
    while got.len() < (STORED + LIVE) as usize {
        collect(&mut got, reader.event().await);
    }
    let expected: Vec<_> = (0..STORED + LIVE).map(message).collect();
    assert!(got == expected);
    // Nothing is left that would come twice.
    assert!(poster.post(&server.pay(&message(9999)), &message(9999)).await);
    assert_eq!(reader.new_message().await, message(9999));
}

fn collect(got: &mut Vec<EncryptedGroupMessage>, event: Event) {
    if let Event::Entry { message, .. } | Event::NewMessage { message: Some(message), .. } = event {
        got.push(message);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_that_falls_behind_the_ring_still_gets_everything() {
    const POSTS: u32 = 3000;
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut reader = server.synced().await;
    let mut poster = server.connect().await;
    let tokens = server.tokens(POSTS as usize);
    let mut answered = 0;
    for (n, token) in (0..).zip(tokens) {
        while !poster.machine.can_post() {
            answered += u32::from(matches!(poster.event().await, Event::PostAnswered { success: true, .. }));
        }
        poster.machine.post(&pay(token, &message(n), &server.address()), &message(n)).unwrap();
        poster.flush().await;
    }
    while answered < POSTS {
        answered += u32::from(matches!(poster.event().await, Event::PostAnswered { success: true, .. }));
    }
    // Twenty-four megabytes wait for it, more than the system's buffers and the ring hold.
    for n in 0..POSTS {
        assert_eq!(reader.new_message().await, message(n));
    }
    assert_eq!(server.server.stats().slow_readers, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_does_not_read_is_closed_and_delays_nobody() {
    let place = Place::new();
    place.fill(4000);
    let mut config = Config::default();
    config.deadlines.write_seconds = 1;
    config.limits.replays = 1;
    let server = place.start(config).await;
    let mut slow = server.connect().await;
    slow.machine.request_replay(None).unwrap();
    slow.flush().await;
    server.until(|stats| stats.replays == 1).await;
    let mut poster = server.connect().await;
    assert!(poster.post(&server.pay(&message(9999)), &message(9999)).await);
    server.until(|stats| stats.slow_readers == 1).await;
    assert_eq!(poster.replay(Some(&signature(3999))).await, [message(3999), message(9999)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_keep_the_order_of_many_posts_at_once() {
    let place = Place::new();
    let mut config = Config::default();
    config.limits.packets_in_flight = 2;
    let server = place.start(config).await;
    let mut client = server.connect().await;
    let mut posts = Vec::new();
    for n in 0..60 {
        let token = server.pay(&message(n));
        // Every third pays for something else and is refused.
        let sent = if n % 3 == 0 { message(n + 1000) } else { message(n) };
        posts.push((client.machine.post(&token, &sent).unwrap(), n % 3 != 0));
    }
    client.flush().await;
    for (id, success) in posts {
        assert_eq!(client.event().await, Event::PostAnswered { id, success, log: None });
    }
    assert_eq!(client.replay(None).await.len(), 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_and_spent_tokens_survive_a_restart() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    let token = server.tokens(1).pop().unwrap();
    assert!(client.post(&pay(token.clone(), &message(1), &server.address()), &message(1)).await);
    let address = server.address();
    server.server.shutdown().await;
    assert!(common::is_empty(&place.net()));
    assert_eq!(client.payload().await, None);

    let server = place.start(Config::default()).await;
    assert_eq!(server.address(), address);
    let mut client = server.connect().await;
    assert!(!client.post(&pay(token, &message(2), &address), &message(2)).await);
    let mut reader = server.connect().await;
    assert_eq!(reader.replay(None).await, [message(1)]);
    assert!(client.post(&server.pay(&message(3)), &message(3)).await);
    assert_eq!(reader.new_message().await, message(3));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_answers_what_was_posted() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    let mut posts = 0;
    for n in 0..16 {
        client.machine.post(&server.pay(&message(n)), &message(n)).unwrap();
    }
    client.flush().await;
    server.until(|stats| stats.stored > 0).await;
    server.server.shutdown().await;
    while let Some(payload) = client.payload().await {
        client.machine.handle(&payload).unwrap();
        while let Some(event) = client.machine.poll_event() {
            assert!(matches!(event, Event::PostAnswered { success: true, .. }));
            posts += 1;
        }
    }
    // The server has stored and answered whatever it took.
    let server = place.start(Config::default()).await;
    assert_eq!(server.connect().await.replay(None).await.len(), posts);
}

/// A program may drop its server instead of waiting for its end, and start another one at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_server_keeps_its_directory_until_its_last_commit() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let mut client = server.connect().await;
    // The database is busy, so what is posted now waits for its commit.
    let database = rusqlite::Connection::open(place.data().join(SqliteStore::FILE)).unwrap();
    database.execute_batch("BEGIN IMMEDIATE").unwrap();
    client.raw_post(server.pay(&message(1)), message(1)).await;
    // Requests are taken in their order: with this answer the post is the writer's.
    client.head().await;
    drop(server.server);
    assert!(matches!(DataDir::open(&place.data()), Err(DataDirError::Locked { .. })));
    database.execute_batch("COMMIT").unwrap();
    drop(database);
    let freed = async {
        while DataDir::open(&place.data()).is_err() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, freed).await.unwrap();
    let server = place.start(Config::default()).await;
    assert_eq!(server.connect().await.replay(None).await, [message(1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_storage_cap_holds_while_the_server_runs() {
    let place = Place::new();
    let mut config = Config::default();
    config.storage.max_messages = Some(20);
    let server = place.start(config).await;
    let mut client = server.connect().await;
    for n in 0..21 {
        assert!(client.post(&server.pay(&message(n)), &message(n)).await);
    }
    // The old messages are deleted right after the commit; the next answer comes after that.
    assert!(client.post(&server.pay(&message(21)), &message(21)).await);
    let expected: Vec<_> = (2..22).map(message).collect();
    assert_eq!(client.replay(None).await, expected);
    assert_eq!(client.replay(Some(&signature(0))).await, expected);
}
