//! Engines over a network in memory that is slow, comes and goes, and loses connections without a word.
//!
//! Time stands still and is turned by the tests; no test waits for real time.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails must fail at once"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod attention;
mod fabric;
mod host;
mod hostile;
mod isolation;
mod one_shot;
mod rivals;
mod starting;
mod states;
mod support;
mod waking;
#[path = "../common/words.rs"]
mod words;
