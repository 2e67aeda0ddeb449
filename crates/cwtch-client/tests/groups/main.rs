//! Groups: people's engines and a server over the loopback network, in one process.
//!
//! Everything here waits for an event or a condition; the one time limit there is only ends a test that
//! would hang.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that fails must fail at once"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod afterwards;
mod copies;
mod daily;
mod fake_server;
mod forgery;
mod forgetting;
mod forks;
mod heartbeat;
mod log;
mod network;
mod order;
#[path = "../common/person.rs"]
mod person;
mod recovery;
mod references;
mod refused_posts;
mod secrecy;
mod support;
mod talk;
mod usage;
mod watched;
#[path = "../common/words.rs"]
mod words;
