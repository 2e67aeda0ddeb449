//! Many synced clients: how fast a message reaches them all, and what each idle one costs.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use cwtch_net::SecureConnection;
use cwtch_wire::packet::PACKET_LEN;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::clients::{self, RawClient};
use super::place::{Place, ServerProcess};
use super::{Aim, Row};

const SYNCED: usize = 1000;
const IDLE: usize = 2000;
/// Messages that are on the board before, and that every client has been replayed.
const BEFORE: usize = 20;

/// Synced raw clients that count what they get.
struct Crowd {
    tasks: JoinSet<()>,
    got: Rc<Got>,
}

#[derive(Default)]
struct Got {
    packets: Cell<usize>,
    wanted: Cell<usize>,
    reached: Notify,
}

impl Crowd {
    fn new() -> Self {
        Self { tasks: JoinSet::new(), got: Rc::default() }
    }

    /// Adds clients, 32 connecting at a time.
    async fn join(&mut self, place: &Rc<Place>, count: usize) {
        let mut connecting = JoinSet::new();
        let (mut begun, mut synced) = (0, 0);
        while synced < count {
            if begun < count && connecting.len() < 32 {
                let place = Rc::clone(place);
                begun += 1;
                connecting.spawn_local(async move {
                    let mut client = RawClient::connect(&place).await;
                    let count = client.ask_replay().await;
                    client.skip(count, &mut vec![0; PACKET_LEN]).await;
                    client
                });
                continue;
            }
            let mut client = connecting.join_next().await.unwrap().unwrap();
            synced += 1;
            let got = Rc::clone(&self.got);
            self.tasks.spawn_local(async move {
                let mut buffer = vec![0; PACKET_LEN];
                loop {
                    client.skip(1, &mut buffer).await;
                    got.packets.set(got.packets.get() + 1);
                    if got.packets.get() == got.wanted.get() {
                        got.reached.notify_one();
                    }
                }
            });
        }
    }

    /// Announces that all clients together will get this many more packets.
    fn expect(&self, packets: usize) {
        self.got.wanted.set(self.got.packets.get() + packets);
    }

    async fn got_all(&self) {
        self.got.reached.notified().await;
    }
}

async fn crowd_and_poster(place: &Rc<Place>, count: usize) -> (Crowd, SecureConnection) {
    let mut crowd = Crowd::new();
    crowd.join(place, count).await;
    (crowd, clients::connect(place).await)
}

fn place_with_messages() -> (Rc<Place>, ServerProcess) {
    let place = Rc::new(Place::new());
    place.fill(BEFORE);
    let server = place.serve();
    (place, server)
}

pub(crate) fn run() -> Vec<Row> {
    const LATENCY_ROUNDS: usize = 50;
    const BURST_ROUNDS: usize = 5;
    const BURST: usize = 100;

    let (place, _server) = place_with_messages();
    let mut requests = clients::posts(&place, LATENCY_ROUNDS + BURST_ROUNDS * BURST, false);
    let (mut latencies, mut rates) = (Vec::new(), Vec::new());
    clients::run(async {
        let (crowd, mut poster) = crowd_and_poster(&place, SYNCED).await;
        for request in requests.drain(..LATENCY_ROUNDS) {
            crowd.expect(SYNCED);
            let start = Instant::now();
            clients::post(&mut poster, &request).await;
            crowd.got_all().await;
            latencies.push(start.elapsed().as_secs_f64() * 1e3);
        }
        while !requests.is_empty() {
            crowd.expect(SYNCED * BURST);
            let start = Instant::now();
            for chunk in requests.split_off(requests.len() - BURST).chunks(16) {
                poster.send_batch(chunk).await.unwrap();
                for _ in chunk {
                    clients::expect_stored(&mut poster).await;
                }
            }
            crowd.got_all().await;
            let all = (SYNCED * BURST) as f64;
            rates.push(all / start.elapsed().as_secs_f64());
        }
    });
    vec![
        Row::new("post until the last of 1,000 synced has it", "ms", Aim::None, latencies),
        Row::new("fan-out to 1,000 synced, deliveries", "msg/s", Aim::None, rates),
    ]
}

pub(crate) fn memory() -> Vec<Row> {
    let (mut idle, mut after) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let (place, server) = place_with_messages();
        let mut requests = clients::posts(&place, 10, false);
        clients::run(async {
            // The server sets some things up once, for the first connections; that is not a client's cost.
            let (mut crowd, mut poster) = crowd_and_poster(&place, 50).await;
            let before = settled(&server).await;
            crowd.join(&place, IDLE).await;
            idle.push((settled(&server).await - before) / IDLE as f64);
            for request in requests.drain(..) {
                crowd.expect(50 + IDLE);
                clients::post(&mut poster, &request).await;
                crowd.got_all().await;
            }
            after.push((settled(&server).await - before) / IDLE as f64);
        });
    }
    vec![
        Row::new("memory of an idle synced client", "KiB", Aim::AtMost(24.0), idle),
        Row::new("the same, after 10 live messages", "KiB", Aim::AtMost(24.0), after),
    ]
}

/// The server's memory when it has come to rest.
async fn settled(server: &ServerProcess) -> f64 {
    tokio::time::sleep(Duration::from_millis(500)).await;
    server.resident_kib()
}
