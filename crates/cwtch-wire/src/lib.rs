//! Every byte that leaves a Cwtch process, layer 2: one module for each wire format.
//!
//! Pure codecs: no IO, no clock, no async; randomness is an argument. Every decoder takes arbitrary bytes, never
//! panics, and does work bounded by the input's length; inputs longer than their format allows are refused unread.
//! Everything written here is byte for byte what the deployed implementation writes, because signatures and MACs
//! cover re-encoded JSON ([`go_json`]).
//!
//! Section numbers in the documentation (§1.1 …) are those of `docs/protocol.md`.

pub mod auth;
pub mod board;
pub mod bundle;
pub mod error;
pub mod go_json;
pub mod group;
pub mod invite;
pub mod overlay;
pub mod packet;
pub mod peer;
pub mod peer_log;
pub mod peer_vanish;
mod redact;
pub mod token;

pub use error::WireError;
