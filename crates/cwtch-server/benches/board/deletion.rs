//! Deleting the oldest tenth of a full board, all of whose messages repeat one signature: the store alone, without a server.

use std::time::{Duration, Instant};

use super::place::Place;
use super::{Aim, Row};

const MESSAGES: u64 = 240_000;
const ROUNDS: usize = 3;

pub(crate) fn run() -> Vec<Row> {
    let place = Place::new();
    place.fill_under_one_signature(MESSAGES);
    let (mut whole, mut longest) = (Vec::new(), Vec::new());
    let mut held = MESSAGES;
    for _ in 0..ROUNDS {
        // Each round has a tenth less than the last.
        let mut writer = place.writer(Some(held - 1));
        let (start, mut step) = (Instant::now(), Duration::ZERO);
        loop {
            let began = Instant::now();
            let more = writer.prune_step().unwrap();
            step = step.max(began.elapsed());
            if !more {
                break;
            }
        }
        whole.push(start.elapsed().as_secs_f64());
        longest.push(step.as_secs_f64() * 1000.0);
        held -= held / 10;
    }
    vec![
        Row::new("deleting a tenth of 240,000, one signature", "s", Aim::AtMost(2.0), whole),
        Row::new("the longest step of it", "ms", Aim::AtMost(50.0), longest),
    ]
}
