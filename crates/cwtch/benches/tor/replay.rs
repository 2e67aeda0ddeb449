//! A new member fetches all messages of a board.

use std::time::Instant;

use cwtch_wire::packet::PACKET_LEN;

use crate::board::{Board, MESSAGES};
use crate::load;
use crate::stage::{Place, Provider, Stage};
use crate::table::Row;
use crate::watch::Watch;

const ROUNDS: usize = 3;

pub(crate) fn run(stage: &Stage) -> Vec<Row> {
    let place = stage.place();
    let mut rows = Vec::new();
    for (server, name) in
        [(Provider::Embedded, "an embedded server"), (Provider::System, "a system's server")]
    {
        let mut board = Board::filled(&place, &format!("server-{server:?}"), server);
        board.server.start();
        let [embedded, system] = Provider::BOTH.map(|member| measure(&place, &board, server, member));
        board.server.stop();
        let megabytes = |rates: &[f64]| rates.iter().map(|rate| rate * PACKET_LEN as f64 / 1e6).collect();
        let bytes: [Vec<f64>; 2] = [megabytes(&embedded.1), megabytes(&system.1)];
        rows.extend([
            Row::new(format!("join until authenticated with {name}"), "s", [embedded.0, system.0]),
            Row::new(
                format!("replay of {MESSAGES} from {name}, all verified"),
                "msg/s",
                [embedded.1, system.1],
            ),
            Row::new("the same in bytes of packets", "MB/s", bytes),
        ]);
    }
    rows
}

/// Seconds until a new member is authenticated, and messages per second from there on until all are stored.
fn measure(place: &Place<'_>, board: &Board, server: Provider, member: Provider) -> (Vec<f64>, Vec<f64>) {
    let mut round = 0;
    let name = format!("{server:?} server, {member:?} member");
    let [connect, rate] = load::rounds(&name, ROUNDS, || {
        round += 1;
        let mut member = place.person(&format!("member-{server:?}-{member:?}-{round}"), member);
        member.start();
        let mut watch = Watch::of(&member);
        watch.is_online();
        let start = Instant::now();
        board.joins(&mut watch);
        board.is(&mut watch, "syncing");
        let connected = start.elapsed().as_secs_f64();
        board.is(&mut watch, "synced");
        let synced = start.elapsed().as_secs_f64();
        board.is_complete(&member);
        member.stop();
        [connected, MESSAGES as f64 / (synced - connected)]
    });
    (connect, rate)
}
