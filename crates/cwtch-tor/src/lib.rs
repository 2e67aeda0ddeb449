//! Choice of a Tor, and the ways to reach it.
//!
//! [`open()`] turns a name into a [`Network`](cwtch_net::Network): the embedded Tor (`cwtch-arti`, behind the feature
//! `arti`), the system's Tor over its control port, or loopback. [`TorConfig`] is the file with the settings that the
//! name does not hold.

mod bridges;
mod config;
mod endpoint;
#[doc(hidden)]
pub mod fuzzing;
mod open;
mod secret_file;
mod system;

pub use bridges::{BridgeError, with_bridges};
pub use config::{ConfigError, DEFAULT_FILE, Listen, SystemConfig, TorConfig};
pub use endpoint::{Endpoint, EndpointError};
pub use open::{OpenError, open};
pub use secret_file::PasswordFileFault;
pub use system::EnvironmentFault;
