//! Clients against a server that cheats, and against an honest one that crashes.
//!
//! A *schedule* follows from a seed: posts, syncs, interruptions, live sessions, restarts, probes, comparisons,
//! clocks, and when the server acts. The model knows the truth: it holds, for each client, every signed head that the
//! client was given, with the list of entries that it covers. From that follows when a client *must* have noticed,
//! and whether a proof was possible; the monitor is checked against it after each step.
//!
//! `CWTCH_ADVERSARY=n` runs `n` schedules for each attack instead of a thousand and prints a table; seeds are printed
//! when one fails, `CWTCH_ADVERSARY_SEED=n` repeats it alone.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "tests fail by panicking"
)]

mod attacks;
mod client;
mod closing;
mod duty;
mod framing;
mod held;
mod honest;
mod members;
mod outcome;
#[path = "../common/reader.rs"]
mod reader;
mod runner;
mod world;
