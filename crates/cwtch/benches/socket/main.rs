//! How many pipelined messages a second a daemon queues from one connection, each durable before it is answered.
//!
//! `cargo bench -p cwtch --bench socket`; docs/benchmarks.md has the figures.
#![allow(missing_docs, reason = "a bench")]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a bench"
)]

#[path = "../../tests/common/mod.rs"]
mod common;

use std::time::{Duration, Instant};

use common::World;
use serde_json::json;

/// Messages in one burst.
const BURST: usize = 100;
/// Bursts.
const ROUNDS: usize = 20;

fn main() {
    let world = World::new();
    let me = world.person_online("me");
    let away = world.person("away");
    me.ok(&["contact", "add", &away.address, "--name", "Away"]);
    let mut rpc = me.rpc();
    let mut took: Vec<Duration> = Vec::new();
    for round in 0..ROUNDS {
        let line = |number: usize| {
            let params = json!({"conversation": "Away", "text": format!("{round}-{number}"), "timeout": 0});
            json!({"jsonrpc": "2.0", "id": number, "method": "send", "params": params}).to_string()
        };
        let lines: Vec<String> = (0..BURST).map(line).collect();
        let begun = Instant::now();
        rpc.write(&lines.join("\n"));
        for number in 0..BURST {
            let answer = rpc.read().expect("an answer");
            assert_eq!((&answer["id"], &answer["result"]["state"]), (&json!(number), &json!("queued")));
        }
        took.push(begun.elapsed());
    }
    let expected: Vec<String> =
        (0..ROUNDS).flat_map(|round| (0..BURST).map(move |number| format!("{round}-{number}"))).collect();
    assert_eq!(me.texts("Away"), expected, "in the order of their lines");
    took.sort_unstable();
    let rate = |time: Duration| BURST as f64 / time.as_secs_f64();
    println!(
        "{BURST} pipelined sends, {ROUNDS} rounds: median {:.0} a second (slowest {:.0}, fastest {:.0})",
        rate(took[ROUNDS / 2]),
        rate(took[ROUNDS - 1]),
        rate(took[0])
    );
}
