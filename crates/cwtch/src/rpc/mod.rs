//! JSON-RPC 2.0 between a profile's daemon and everything that wants something from it: one object per
//! line over a Unix socket that only its owner can open. The lines are those of [`cwtch_api::rpc`]; docs/json-rpc.md
//! describes them for others.

pub(crate) mod client;
pub(crate) mod lines;
pub(crate) mod server;
pub(crate) mod socket;
