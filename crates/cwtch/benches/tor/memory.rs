//! What client and server have resident.

use serde_json::json;

use crate::board::{Board, MESSAGES};
use crate::common::until;
use crate::stage::{Provider, Stage};
use crate::table::Row;
use crate::watch::Watch;
use cwtch_testkit::usage;

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
    let [tor, _] = usage::mebibytes(tor);
    rows.push(Row::new("the system's Tor itself, after all this", "MiB", [Vec::new(), vec![tor]]));
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
        let [client, _] = usage::mebibytes(alice.pid());

        board.server.start();
        let [server, _] = usage::mebibytes(board.server.pid());
        board.joins(&mut ours);
        board.is(&mut ours, "synced");
        board.is_complete(&alice);
        let after = [alice.pid(), board.server.pid()].map(usage::mebibytes);
        alice.stop();
        bob.stop();
        board.server.stop();
        let [[client_after, client_peak], [server_after, server_peak]] = after;
        [client, client_after, client_peak, server, server_after, server_peak]
    };
    // Other programs' work changes none of it.
    usage::by_figure((0..ROUNDS).map(round).collect())
}
