//! A private Tor network on loopback addresses: three authorities, which are relays, too, five more relays, and client
//! tors, all from the installed `tor`.
//!
//! [`TorNet::start`] blocks until the network can be used: every authority has a consensus that lists
//! all relays, and every client tor has bootstrapped. [`TorNet::tor_toml`] then is a configuration for both ways of
//! this workspace's programs to reach Tor. Everything lives in one directory, temporary unless it is named, and ends with
//! the [`TorNet`]; if this process is killed, each tor notices within some fifteen seconds and ends by itself.
//!
//! There are no exits: onion services need none. Nothing is reached but 127.0.0.0/8, of which every relay has an address
//! in a /16 of its own. That works on Linux, where all of it is this machine.
#![warn(clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod client;
mod config;
mod control;
mod error;
mod folder;
mod keys;
mod net;
mod options;
mod ports;
mod process;
mod programs;
mod relay;
mod start;
mod torrc;
mod wait;

pub use client::{Client, ClientOptions, ControlKind};
pub use control::ControlAddress;
pub use error::TornetError;
pub use net::TorNet;
pub use options::Options;
pub use ports::{AUTHORITIES, RELAYS};
pub use programs::Programs;
pub use relay::Relay;
pub use start::Progress;
