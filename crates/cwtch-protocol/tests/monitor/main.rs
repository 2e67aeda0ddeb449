//! The monitor against servers in memory: honest ones, and one hostile one for each kind of fraud.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

mod anew;
mod cursor;
mod fold;
mod fraud;
mod honest;
mod incarnations;
#[path = "../common/reader.rs"]
mod reader;
mod starts;
mod support;
