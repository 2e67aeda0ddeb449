//! The primitives against the vectors of an independent model, and against a second implementation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking"
)]

mod keys;
mod redaction;
mod safety;
mod secretbox;
mod tokens;

use proptest::test_runner::{Config, RngSeed};

/// Configuration of property tests, which draw the same cases everywhere, so that a failure can be seen again.
pub(crate) fn cases(n: u32) -> Config {
    Config { cases: n, rng_seed: RngSeed::Fixed(0xc37c), failure_persistence: None, ..Config::default() }
}
