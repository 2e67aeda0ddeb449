//! The real programs over a private Tor network: `cargo bench -p cwtch --bench tor [-- NAME…]`.
//!
//! One network of this machine's loopback addresses serves all parts and ends with this program, as every process does
//! that a part starts, also where one panics. The relays, the programs and their Tors share the machine's cores, so the
//! figures are what all of them together manage. Without `tor` on the machine, or without `--bench`, as `cargo test
//! --all-targets` runs it, it does nothing.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints, and one that cannot go on should say so"
)]

#[path = "../../tests/common/mod.rs"]
mod common;

mod board;
mod bootstrap;
mod chat;
mod memory;
mod profiles;
mod replay;
mod stage;
mod table;
mod watch;

use cwtch_testkit::tornet::TorNet;

use stage::Stage;
use table::Row;

/// A measurement: its name, and what it adds to the table.
type Bench = (&'static str, fn(&Stage) -> Vec<Row>);

const BENCHES: [Bench; 5] = [
    ("bootstrap", bootstrap::run),
    ("chat", chat::run),
    ("replay", replay::run),
    ("memory", memory::run),
    ("profiles", profiles::run),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    if let Err(error) = TorNet::installed() {
        println!("SKIPPED: the benches over a Tor network: {error}");
        return;
    }
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let stage = Stage::new();
    table::header();
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            bench(&stage).iter().for_each(Row::print);
        }
    }
}
