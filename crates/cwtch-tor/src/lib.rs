//! Which Tor, and how to reach it.
//!
//! [`open`] makes a [`Network`](cwtch_net::Network) of a name: the embedded Tor (`cwtch-arti`, behind the feature
//! `arti`), the system's Tor over its control port ([`system`]), or loopback. [`config`] is the file that says
//! what the name does not.

mod config;
mod open;

pub use config::{ConfigError, TorConfig};
pub use open::{OpenError, open};
