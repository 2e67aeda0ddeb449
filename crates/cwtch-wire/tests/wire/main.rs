//! Tests of every format: against vectors, against an oracle, and with bytes that are wrong.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests"
)]

mod artefacts;
mod extensions;
mod fork;
mod log;
mod peer_log;
mod peer_vanish;
mod properties;
mod redaction;
mod reject;
mod stream;
mod support;
mod vectors;
