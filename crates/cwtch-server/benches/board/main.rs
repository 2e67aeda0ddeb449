//! A board under load: `cargo bench -p cwtch-server --bench board [-- NAME…]`.
//!
//! The server is the real program in a process of its own; all its clients are one thread of this process. Both share
//! the machine's cores, so the figures are those of both together. Run without `--bench`, as `cargo test
//! --all-targets` does, it does nothing.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a bench prints, and one that cannot go on should say so"
)]

#[path = "../../tests/common/slow.rs"]
mod backend;
mod clients;
mod crowded;
mod deletion;
mod fanout;
mod load;
mod place;
mod posts;
mod replay;
mod slow;
mod table;

use table::{Aim, Row};

/// A measurement: its name, and what it adds to the table.
type Bench = (&'static str, fn() -> Vec<Row>);

const BENCHES: [Bench; 7] = [
    ("posts", posts::run),
    ("replay", replay::run),
    ("fanout", fanout::run),
    ("memory", fanout::memory),
    ("crowded", crowded::run),
    ("deletion", deletion::run),
    ("slow", slow::run),
];

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        return;
    }
    let wanted: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    table::header();
    for (name, bench) in BENCHES {
        if wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str())) {
            bench().iter().for_each(Row::print);
        }
    }
}
