//! A new member fetches all messages of a board: as the stream of its log, and as deployed clients do.

use std::time::Instant;

use cwtch_wire::packet::PACKET_LEN;

use crate::board::{Board, MESSAGES};
use crate::stage::{Place, Provider, Stage};
use crate::table::Row;
use crate::watch::Watch;
use cwtch_testkit::usage;

const ROUNDS: usize = 3;
/// Bytes on the wire of a message in the log's stream; a test of the protocol holds the limit of 2.9 MB for a thousand.
const STREAMED: f64 = 2880.0;

/// How a server hands out what it stored.
#[derive(Debug, Clone, Copy)]
enum Form {
    /// As the stream of its log.
    Stream,
    /// A packet for each message. A server that has retired its log answers today's clients so, too.
    Deployed,
}

pub(crate) fn run(stage: &Stage) -> Vec<Row> {
    let place = stage.place();
    let mut rows = Vec::new();
    for (server, name) in
        [(Provider::Embedded, "an embedded server"), (Provider::System, "a system's server")]
    {
        for form in [Form::Stream, Form::Deployed] {
            let mut board = Board::filled(&place, &format!("server-{server:?}-{form:?}"), server);
            board.server.start();
            if matches!(form, Form::Deployed) {
                board.retires_its_log();
            }
            let what = format!("{server:?} {form:?}");
            let [embedded, system] = Provider::BOTH.map(|member| measure(&place, &board, &what, member));
            board.server.stop();
            let (named, each) = match form {
                Form::Stream => ("by the stream", STREAMED),
                Form::Deployed => ("in the deployed form", PACKET_LEN as f64),
            };
            let megabytes = |rates: &[f64]| rates.iter().map(|rate| rate * each / 1e6).collect();
            let bytes: [Vec<f64>; 2] = [megabytes(&embedded.rate), megabytes(&system.rate)];
            rows.extend([
                Row::new(
                    format!("join until authenticated with {name}"),
                    "s",
                    [embedded.connect, system.connect],
                ),
                Row::new(
                    format!("replay of {MESSAGES} from {name} {named}, all verified"),
                    "msg/s",
                    [embedded.rate, system.rate],
                ),
                Row::new("the same in bytes of packets", "MB/s", bytes),
                Row::new("processor time of the member for it", "s", [embedded.work, system.work]),
                Row::new("processor time of the server for it", "s", [embedded.serving, system.serving]),
            ]);
        }
    }
    rows
}

/// What the rounds of one pair of providers gave.
struct Measured {
    /// Seconds until a new member is authenticated.
    connect: Vec<f64>,
    /// Messages per second from there on until all are stored.
    rate: Vec<f64>,
    /// Seconds of a processor that the member's program had meanwhile.
    work: Vec<f64>,
    /// The same of the server's program.
    serving: Vec<f64>,
}

fn measure(place: &Place<'_>, board: &Board, what: &str, provider: Provider) -> Measured {
    let mut round = 0;
    let [connect, rate, work, serving] =
        usage::rounds(&format!("{what} server, {provider:?} member"), ROUNDS, || {
            round += 1;
            // Short, for the path of its socket: the initials, and a number.
            let initials = what.split(' ').filter_map(|word| word.chars().next());
            let name: String = initials.chain(format!("{provider:?}").chars().take(1)).collect();
            let name = format!("{name}{round}");
            let mut member = place.person(&name, provider);
            member.start();
            let mut watch = Watch::of(&member);
            watch.is_online();
            let start = Instant::now();
            board.joins(&mut watch);
            board.is(&mut watch, "syncing");
            let connected = start.elapsed().as_secs_f64();
            let before = [member.pid(), board.server.pid()].map(usage::processor_seconds);
            board.is(&mut watch, "synced");
            let synced = start.elapsed().as_secs_f64();
            let after = [member.pid(), board.server.pid()].map(usage::processor_seconds);
            board.is_complete(&member);
            member.stop();
            [connected, MESSAGES as f64 / (synced - connected), after[0] - before[0], after[1] - before[1]]
        });
    Measured { connect, rate, work, serving }
}
