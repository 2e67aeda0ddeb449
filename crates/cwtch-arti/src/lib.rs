//! Tor inside the process: a [`Network`](cwtch_net::Network) over arti.
//!
//! This is the only crate that names arti's types, because whatever names them is slow to build. It exports
//! [`EmbeddedTor`] and nothing generic.
//!
//! - `config` takes the person's part of arti's configuration and adds what the program decides.
//! - `client` dials; `bootstrap` reports how far Tor is and tries again for ever.
//! - `service` hosts an identity's onion service; `circuits` takes what reaches it; `keys` are in arti while it listens.
//!
//! **Keys.** An identity's key goes from the caller to arti's keystore in memory and nowhere else, and leaves it when the
//! identity no longer listens. (Copies that arti made for a moment may stay in memory that it gave back; only the
//! program's end erases those.) On disk, in directories of mode 0700, are the guards, the state of introduction points
//! under names that say nothing, and the directory of relays.
//!
//! **Not here:** the proof of work of onion services. arti has it under a licence (LGPL) that this program's does not
//! fit, so a hosted service does not ask for it and a dial does not offer it; a service that is under attack and asks
//! for it serves such a dial last.

mod bootstrap;
mod builders;
mod circuits;
mod client;
mod config;
mod keys;
mod service;

pub use client::{EmbeddedTor, StartError};
pub use config::{ConfigError, check};
