//! The machines against each other, against the vectors, and against hostile counterparts; all in one thread.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod board;
mod board_log;
mod board_log_random;
mod board_random;
mod channel;
mod daily;
mod group;
mod handshake;
mod hostile_handshake;
mod lanes;
mod peer;
mod support;
mod tokens;
mod vanish;
