//! Service for one client while others read slowly or say nothing.

use std::time::{Duration, Instant};

use cwtch_net::{Deadlines, Isolation, Network, PlainConnection};
use cwtch_primitives::OsRng;
use cwtch_protocol::app::token_client::{Progress, TokenClient};
use cwtch_wire::packet::PACKET_LEN;
use tokio::task::JoinSet;

use super::clients::{self, RawClient};
use super::place::Place;
use super::{Aim, Row, load};

const MESSAGES: usize = 8000;
const SLOW: usize = 120;
/// Time for which each of the slow readers rests after every eight packets.
const REST: Duration = Duration::from_millis(6500);
const SILENT: usize = 2000;
const ROUNDS: usize = 5;

pub(crate) fn run() -> Vec<Row> {
    let place = Place::new();
    place.fill(MESSAGES);
    let _server = place.serve();
    // A first round is not measured, so that every round finds the database in the system's cache.
    replay(&place, 0);
    vec![
        Row::new("replay of 8,000", "ms", Aim::None, load::rounds(ROUNDS, || replay(&place, 0))),
        Row::new(
            "the same beside 120 slow readers",
            "ms",
            Aim::AtMost(5000.0),
            load::rounds(ROUNDS, || replay(&place, SLOW)),
        ),
        Row::new("tokens, over the work for them", "ms", Aim::None, load::rounds(ROUNDS, || buy(&place, 0))),
        Row::new(
            "the same beside 2,000 silent sockets",
            "ms",
            Aim::AtMost(1000.0),
            load::rounds(ROUNDS, || buy(&place, SILENT)),
        ),
    ]
}

/// Milliseconds from the connection to the last packet of a replay of everything.
fn replay(place: &Place, slow: usize) -> f64 {
    clients::run(async {
        let mut crowd = JoinSet::new();
        for _ in 0..slow {
            let mut client = RawClient::connect(place).await;
            let count = client.ask_replay().await;
            crowd.spawn_local(async move {
                let mut buffer = vec![0; 8 * PACKET_LEN];
                for _ in 0..count / 8 {
                    client.skip(8, &mut buffer).await;
                    tokio::time::sleep(REST).await;
                }
            });
        }
        let start = Instant::now();
        let mut client = RawClient::connect(place).await;
        let count = client.ask_replay().await;
        assert_eq!(count, MESSAGES as u64);
        client.skip(count, &mut vec![0; 16 * PACKET_LEN]).await;
        milliseconds(start.elapsed())
    })
}

/// Milliseconds that a purchase of ten tokens takes beside the proof of work.
fn buy(place: &Place, silent: usize) -> f64 {
    clients::run(async {
        let (network, service) = (place.network(), place.keys.token_service.address());
        let mut sockets = Vec::new();
        for _ in 0..silent {
            sockets.push(network.dial(&service, Isolation::new()).await.unwrap());
        }
        let start = Instant::now();
        let mut client = TokenClient::new(*place.keys.issuer.public(), 10, &mut OsRng).unwrap();
        let mut conn = PlainConnection::connect(&network, &service, Isolation::new(), &Deadlines::default())
            .await
            .unwrap();
        client.handle(&conn.recv().await.unwrap().unwrap()).unwrap();
        let working = Instant::now();
        while client.work(1 << 20).unwrap() != Progress::Done {}
        let work = working.elapsed();
        while let Some(payload) = client.poll_send() {
            conn.send(&payload).await.unwrap();
        }
        client.handle(&conn.recv().await.unwrap().unwrap()).unwrap();
        assert_eq!(client.take_tokens().unwrap().len(), 10);
        milliseconds(start.elapsed().saturating_sub(work))
    })
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
