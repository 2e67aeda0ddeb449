//! Replays of a full board.

use std::time::Instant;

use cwtch_log::tree::CompactRange;
use cwtch_log::{Checkpoint, EntryId};
use cwtch_protocol::app::board_client::{BoardClient, DEFAULT_MAX_REPLAY, Event};
use cwtch_wire::group::try_open_into;
use cwtch_wire::packet::PACKET_LEN;
use tokio::task::JoinSet;

use super::clients::{self, RawClient};
use super::place::Place;
use super::{Aim, Row, load};

const MESSAGES: usize = 100_000;
const ROUNDS: usize = 5;
const MANY: usize = 16;

pub(crate) fn run() -> Vec<Row> {
    let place = Place::new();
    place.fill(MESSAGES);
    let _server = place.serve();
    // A first round is not measured, so that every round finds the database in the system's cache.
    raw(&place, 1);
    let deployed = Row::new(
        "replay of 100,000 to 1 raw reader",
        "msg/s",
        Aim::AtLeast(40_000.0),
        load::rounds(ROUNDS, || raw(&place, 1)),
    );
    let aim = Aim::AtLeast(2.5 * deployed.median());
    vec![
        deployed,
        Row::new("the same of the log", "msg/s", aim, load::rounds(ROUNDS, || raw_log(&place))),
        Row::new(
            "the log to 1 decrypting, folding reader",
            "msg/s",
            Aim::None,
            load::rounds(ROUNDS, || folding(&place)),
        ),
        Row::new(
            "replay of 100,000 to 1 decrypting reader",
            "msg/s",
            Aim::AtLeast(25_000.0),
            load::rounds(ROUNDS, || decrypting(&place)),
        ),
        Row::new(
            "replay of 100,000 to 16 raw readers, in all",
            "msg/s",
            Aim::None,
            load::rounds(3, || raw(&place, MANY)),
        ),
    ]
}

/// Readers that only take packets off the stream.
fn raw(place: &Place, readers: usize) -> f64 {
    let took = clients::run(async {
        let mut ready = Vec::new();
        for _ in 0..readers {
            ready.push(RawClient::connect(place).await);
        }
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for mut client in ready {
            tasks.spawn_local(async move {
                let mut buffer = vec![0; 16 * PACKET_LEN];
                let count = client.ask_replay().await;
                assert_eq!(count, MESSAGES as u64);
                client.skip(count, &mut buffer).await;
            });
        }
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
        start.elapsed()
    });
    let all = (readers * MESSAGES) as f64;
    all / took.as_secs_f64()
}

/// A reader that opens every packet, reads the entry and opens the group message in it.
fn decrypting(place: &Place) -> f64 {
    let took = clients::run(async {
        let mut client = clients::connect(place).await;
        let mut board = BoardClient::new(DEFAULT_MAX_REPLAY);
        let (mut plain, mut opened) = (Vec::new(), 0);
        let start = Instant::now();
        board.request_replay(None).unwrap();
        client.send(&board.poll_send().unwrap()).await.unwrap();
        while !board.is_synced() {
            board.handle(&client.recv().await.unwrap().unwrap()).unwrap();
            while let Some(event) = board.poll_event() {
                if let Event::Entry { message, .. } = event {
                    try_open_into(&place.group.key, &message.ciphertext, &mut plain).unwrap();
                    opened += 1;
                }
            }
        }
        assert_eq!(opened, MESSAGES);
        start.elapsed()
    });
    let all = MESSAGES as f64;
    all / took.as_secs_f64()
}

/// A reader of the log that only takes packets off the stream.
fn raw_log(place: &Place) -> f64 {
    let packets = place.log_packets(MESSAGES);
    let took = clients::run(async {
        let mut client = RawClient::connect(place).await;
        let mut buffer = vec![0; 16 * PACKET_LEN];
        let start = Instant::now();
        assert_eq!(client.ask_log_replay().await, MESSAGES as u64);
        client.skip(packets, &mut buffer).await;
        start.elapsed()
    });
    MESSAGES as f64 / took.as_secs_f64()
}

/// A reader of the log that opens every packet, reads the entries, opens the group messages in them and computes the
/// log's root, which must be the signed one.
fn folding(place: &Place) -> f64 {
    let took = clients::run(async {
        let mut client = clients::connect(place).await;
        let mut board = BoardClient::new(DEFAULT_MAX_REPLAY);
        let (mut plain, mut range, mut signed) = (Vec::new(), CompactRange::new(), None);
        let start = Instant::now();
        board.request_log_replay(0, None).unwrap();
        client.send(&board.poll_send().unwrap()).await.unwrap();
        while !board.is_synced() {
            board.handle(&client.recv().await.unwrap().unwrap()).unwrap();
            while let Some(event) = board.poll_event() {
                match event {
                    Event::ReplayStarted { log, .. } => signed = log.unwrap().start.map(|log| log.checkpoint),
                    Event::Entry { message, .. } => {
                        range.push(EntryId::of(&message.signature, &message.ciphertext).leaf());
                        try_open_into(&place.group.key, &message.ciphertext, &mut plain).unwrap();
                    }
                    _ => {}
                }
            }
        }
        // A checkpoint holds its kind, the size and the root, in this order.
        assert_eq!(Checkpoint::peek(&signed.unwrap()).unwrap().root, range.root());
        start.elapsed()
    });
    MESSAGES as f64 / took.as_secs_f64()
}
