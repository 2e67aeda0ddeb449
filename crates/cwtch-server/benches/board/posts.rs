//! Durable posts: each is answered only after the commit that holds it.

use std::time::Instant;

use tokio::task::JoinSet;

use super::place::Place;
use super::{Aim, Row, clients, load};

const ROUNDS: usize = 7;

pub(crate) fn run() -> Vec<Row> {
    vec![
        Row::new("durable posts, 1 poster", "posts/s", Aim::None, measure(1, 1000, 1, false)),
        Row::new("the same, with receipts", "posts/s", Aim::None, measure(1, 1000, 1, true)),
        Row::new("durable posts, 64 posters", "posts/s", Aim::AtLeast(5000.0), measure(64, 150, 1, false)),
        Row::new("the same, with receipts", "posts/s", Aim::AtLeast(5000.0), measure(64, 150, 1, true)),
        Row::new(
            "durable posts, 64 posters, 8 in flight each",
            "posts/s",
            Aim::None,
            measure(64, 150, 8, false),
        ),
        Row::new("the same, with receipts", "posts/s", Aim::None, measure(64, 150, 8, true)),
    ]
}

/// Posts per second. A deployed client has one post in flight: it waits for the answer before the next.
fn measure(posters: usize, each: usize, in_flight: usize, receipts: bool) -> Vec<f64> {
    let place = Place::new();
    let _server = place.serve();
    load::rounds(ROUNDS, || {
        let mut requests = clients::posts(&place, posters * each, receipts);
        let took = clients::run(async {
            let mut tasks = JoinSet::new();
            let mut ready = Vec::new();
            for _ in 0..posters {
                ready.push((clients::connect(&place).await, requests.split_off(requests.len() - each)));
            }
            let start = Instant::now();
            for (mut client, requests) in ready {
                tasks.spawn_local(async move {
                    let mut waiting = 0;
                    for request in requests {
                        if waiting == in_flight {
                            clients::expect_stored(&mut client).await;
                            waiting -= 1;
                        }
                        client.send(&request).await.unwrap();
                        waiting += 1;
                    }
                    for _ in 0..waiting {
                        clients::expect_stored(&mut client).await;
                    }
                });
            }
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
            start.elapsed()
        });
        (posters * each) as f64 / took.as_secs_f64()
    })
}
