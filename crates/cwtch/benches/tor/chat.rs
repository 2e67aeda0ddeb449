//! Two people, both on the same provider.

use std::time::Instant;

use serde_json::json;

use crate::common::until;
use crate::stage::{Provider, Stage};
use crate::table::Row;
use crate::watch::Watch;
use cwtch_testkit::usage;

const ROUNDS: usize = 5;
/// Messages of each round, one after the other.
const MESSAGES: usize = 20;

pub(crate) fn run(stage: &Stage) -> Vec<Row> {
    let [embedded, system] = Provider::BOTH.map(|provider| measure(stage, provider));
    vec![
        Row::new("connect and authenticate with a new contact", "s", [embedded.0, system.0]),
        Row::new("message: sent until acknowledged", "ms", [embedded.1, system.1]),
    ]
}

/// Seconds until a contact is connected, and milliseconds until a message is acknowledged.
fn measure(stage: &Stage, provider: Provider) -> (Vec<f64>, Vec<f64>) {
    let place = stage.place();
    let mut alice = place.person("alice", provider);
    alice.start();
    let mut ours = Watch::of(&alice);
    ours.is_online();
    let mut messages = Vec::new();
    let mut round = 0;
    let [connect] = usage::rounds(&format!("{provider:?}, connect"), ROUNDS, || {
        round += 1;
        // Somebody new, so that nothing is known of the way there.
        let mut bob = place.contact(&format!("bob-{round}"), provider);
        bob.start();
        let mut theirs = Watch::of(&bob);
        theirs.is_online();
        let start = Instant::now();
        ours.meets(&bob);
        let connected = start.elapsed().as_secs_f64();
        until("the request arrives", || bob.contact(&alice.address));
        theirs.ask("contact.accept", json!({"contact": alice.address}));
        // The first one waits for the acceptance, too.
        ours.says(&bob, "hello");
        let times = usage::rounds(&format!("{provider:?}, messages"), 1, || {
            std::array::from_fn::<f64, MESSAGES, _>(|n| {
                let start = Instant::now();
                ours.says(&bob, &format!("message {n}"));
                start.elapsed().as_secs_f64() * 1000.0
            })
        });
        messages.extend(times.into_iter().flatten());
        // Or she would go on looking for all whom she ever met.
        ours.ask("contact.block", json!({"contact": bob.address}));
        bob.stop();
        [connected]
    });
    alice.stop();
    (connect, messages)
}
