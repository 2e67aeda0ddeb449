//! What client and server have resident.

use std::fs;

use serde_json::json;

use crate::board::{Board, MESSAGES};
use crate::common::until;
use crate::load;
use crate::stage::{Provider, Stage};
use crate::table::Row;
use crate::watch::Watch;

const ROUNDS: usize = 3;
/// Messages with the contact before the first look.
const TALK: usize = 20;

pub(crate) fn run(stage: &Stage) -> Vec<Row> {
    let [embedded, system] = Provider::BOTH.map(|provider| measure(stage, provider));
    let names = [
        "client, online, one contact connected".to_owned(),
        format!("the same after a replay of {MESSAGES}"),
        "client, peak until then".to_owned(),
        "server, reachable".to_owned(),
        format!("the same after a replay of {MESSAGES}"),
        "server, peak until then".to_owned(),
    ];
    let mut rows: Vec<Row> = (names.into_iter().zip(embedded).zip(system))
        .map(|((name, embedded), system)| Row::new(name, "MiB", [embedded, system]))
        .collect();
    let tor = stage.system_tor().pid().expect("the system's Tor runs");
    let tor = vec![mebibytes(tor, "VmRSS:")];
    rows.push(Row::new("the system's Tor itself, after all this", "MiB", [Vec::new(), tor]));
    rows
}

/// Mebibytes, in the order of the table's names.
fn measure(stage: &Stage, provider: Provider) -> [Vec<f64>; 6] {
    let place = stage.place();
    let mut board = Board::filled(&place, "server", provider);
    let round = |round| {
        let mut alice = place.person(&format!("alice-{round}"), provider);
        let mut bob = place.contact(&format!("bob-{round}"), provider);
        alice.start();
        bob.start();
        let (mut ours, mut theirs) = (Watch::of(&alice), Watch::of(&bob));
        ours.is_online();
        theirs.is_online();
        ours.meets(&bob);
        until("the request arrives", || bob.contact(&alice.address));
        theirs.ask("contact.accept", json!({"contact": alice.address}));
        (0..TALK).for_each(|n| ours.says(&bob, &format!("message {n}")));
        let client = mebibytes(alice.pid(), "VmRSS:");

        board.server.start();
        let server = mebibytes(board.server.pid(), "VmRSS:");
        board.joins(&mut ours);
        board.is(&mut ours, "synced");
        board.is_complete(&alice);
        let after =
            [alice.pid(), board.server.pid()].map(|id| ["VmRSS:", "VmHWM:"].map(|key| mebibytes(id, key)));
        alice.stop();
        bob.stop();
        board.server.stop();
        let [[client_after, client_peak], [server_after, server_peak]] = after;
        [client, client_after, client_peak, server, server_after, server_peak]
    };
    // Other programs' work changes none of it.
    load::by_figure((0..ROUNDS).map(round).collect())
}

/// A line of a process's status.
pub(crate) fn mebibytes(process: u32, key: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("the process runs");
    let line = status.lines().find(|line| line.starts_with(key)).expect("the line is there");
    let kibibytes: f64 = line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    kibibytes / 1024.0
}
