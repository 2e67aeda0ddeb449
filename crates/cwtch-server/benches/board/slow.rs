//! Posts over a back end each of whose calls takes a millisecond, as one behind a socket may: the store alone, without a
//! server.

use std::time::{Duration, Instant};

use cwtch_server::store::{Outcome, Publication, SqliteDatabase, Store, TableStore, spawn_writer};
use tokio::runtime::Runtime;

use super::backend::{Behind, Line};
use super::place::Place;
use super::{Aim, Row};

const POSTERS: usize = 64;
const EACH: usize = 100;
const ROUNDS: usize = 5;

pub(crate) fn run() -> Vec<Row> {
    let rounds = (0..ROUNDS).map(|_| round()).collect();
    vec![Row::new("posts, 64 posters, each call takes 1 ms", "posts/s", Aim::AtLeast(1000.0), rounds)]
}

fn round() -> f64 {
    let (place, runtime) = (Place::new(), Runtime::new().unwrap());
    let database = SqliteDatabase::prepare(&place.database(), place.address().as_bytes()).unwrap();
    let line = Line::slow(runtime.handle().clone(), Duration::from_millis(1));
    let store = TableStore::over(Behind::new(line, database), None).unwrap();
    let (submitter, writer) = spawn_writer(store.writer().unwrap(), (), |_: Publication| {}).unwrap();
    let batches: Vec<Vec<_>> = (0..POSTERS).map(|_| (0..EACH).map(|_| place.stored()).collect()).collect();
    let start = Instant::now();
    runtime.block_on(async {
        let mut posters = tokio::task::JoinSet::new();
        for batch in batches {
            let submitter = submitter.clone();
            posters.spawn(async move {
                for post in batch {
                    let answered = submitter.submit(post).await.await.unwrap();
                    assert!(matches!(answered, Some((Outcome::Stored { .. }, _))));
                }
            });
        }
        while let Some(done) = posters.join_next().await {
            done.unwrap();
        }
    });
    let took = start.elapsed().as_secs_f64();
    drop(submitter);
    writer.join();
    (POSTERS * EACH) as f64 / took
}
