//! People and their engines over the loopback network, in one process.
//!
//! Everything here waits for an event or a condition; the one time limit there is only ends a test that
//! would hang.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails must fail at once"
)]
#![allow(missing_docs, unreachable_pub, reason = "tests")]

mod afterwards;
mod chat;
mod feed;
mod hostile;
#[path = "../common/person.rs"]
mod person;
mod reconnect;
mod refusals;
mod support;
mod vanishing;
#[path = "../common/words.rs"]
mod words;
