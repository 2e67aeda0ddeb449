//! Test support for every crate: the vectors, seeded randomness, time budgets of samples, decoding of vector fields,
//! with the feature `log` a server's log in memory, with `tornet` a private Tor network, and with `usage` what processes use
//! of the machine.
//!
//! For tests only: every function of this module panics on bad input, because a broken vector is a broken test. Without
//! the feature `log` it depends on no other crate of this workspace, so the lowest layer can use it.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test helper that fails must fail the test at once"
)]

pub mod budget;
pub mod faketime;
#[cfg(feature = "log")]
pub mod log;
#[cfg(feature = "log")]
pub mod malice;
#[cfg(feature = "tornet")]
pub mod tornet;
#[cfg(feature = "usage")]
pub mod usage;

use std::path::Path;
use std::sync::LazyLock;

use data_encoding::{BASE64, HEXLOWER};
pub use rand_chacha::ChaCha20Rng;
use rand_core::{OsRng, RngCore, SeedableRng};
pub use serde_json::Value;

static MODEL: LazyLock<Value> = LazyLock::new(|| parse(include_str!("../vectors/model.json")));
static TRANSCRIPT: LazyLock<Value> = LazyLock::new(|| parse(include_str!("../vectors/transcript.json")));
static FORKS: LazyLock<Value> = LazyLock::new(|| parse(include_str!("../vectors/group-forks.json")));
static VANISH: LazyLock<Value> = LazyLock::new(|| parse(include_str!("../vectors/vanish.json")));

/// A reproducible generator: the same seed gives the same bytes on every machine.
pub fn rng(seed: u64) -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(seed)
}

/// Draws a seed for a test whose randomness is the point, and prints it as `NAME=n`: given back in that environment
/// variable it repeats the test's draws.
pub fn seed(name: &str) -> u64 {
    let given = std::env::var(name).ok().and_then(|seed| seed.parse().ok());
    let seed = given.unwrap_or_else(|| OsRng.next_u64());
    eprintln!("{name}={seed}");
    seed
}

/// The vectors of an independent model of the protocol (`vectors/model.json`).
pub fn model() -> &'static Value {
    &MODEL
}

/// The deployed protocol's own transcript test (`vectors/transcript.json`).
pub fn transcript() -> &'static Value {
    &TRANSCRIPT
}

/// The vectors of an independent model of the forks of groups (`vectors/group-forks.json`).
pub fn forks() -> &'static Value {
    &FORKS
}

/// Words between contacts about messages that vanish, to the byte (`vectors/vanish.json`).
pub fn vanish() -> &'static Value {
    &VANISH
}

/// Reads a vector file made by the deployed network, which is not part of this repository. It is looked for in the
/// folder that `CWTCH_SHARED_VECTORS` names, or in `../shared/vectors` beside the workspace. `None`, and a line on
/// stderr that says so, where it is missing: the calling test then ends.
pub fn shared_vector(name: &str) -> Option<Value> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors");
    let folder = std::env::var_os("CWTCH_SHARED_VECTORS").map_or(beside, Into::into);
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Some(parse(&text)),
        Err(_) => {
            eprintln!("skipped: {name} is not in {} (set CWTCH_SHARED_VECTORS)", folder.display());
            None
        }
    }
}

/// The text of a string field.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}"))
}

/// The elements of an array field.
pub fn list(value: &Value) -> &[Value] {
    value.as_array().unwrap_or_else(|| panic!("not a list: {value}"))
}

/// The number of an integer field.
pub fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("not a number: {value}"))
}

/// The bytes of a `…_hex` field.
pub fn hex(value: &Value) -> Vec<u8> {
    HEXLOWER.decode(text(value).as_bytes()).expect("lower-case hex")
}

/// The bytes of a `…_hex` field of exactly `N` bytes.
pub fn hex_array<const N: usize>(value: &Value) -> [u8; N] {
    hex(value).try_into().unwrap_or_else(|v: Vec<u8>| panic!("{} bytes, not {N}", v.len()))
}

/// The bytes of a `…_b64` field.
pub fn b64(value: &Value) -> Vec<u8> {
    BASE64.decode(text(value).as_bytes()).expect("standard base64")
}

/// Bytes as lower-case hex, for comparisons that print readable differences.
pub fn to_hex(bytes: &[u8]) -> String {
    HEXLOWER.encode(bytes)
}

fn parse(json: &str) -> Value {
    serde_json::from_str(json).expect("a vector file is JSON")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::RngCore;

    #[test]
    fn the_vector_files_load() {
        assert!(list(&model()["addresses"]["valid"]).len() > 1);
        assert_eq!(hex(&transcript()["third_commit_hex"]).len(), 64);
        assert_eq!(list(&forks()["refused"]).len(), 42);
        assert!(list(&vanish()["words"]).len() > 4);
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        assert_eq!(rng(7).next_u64(), rng(7).next_u64());
        assert_ne!(rng(7).next_u64(), rng(8).next_u64());
    }
}
