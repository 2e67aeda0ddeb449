//! Networks that Cwtch runs over.
//!
//! - [`Network`] and [`Listener`] are what a network must do; [`NetworkSpec`] is how a person names one.
//! - [`loopback`] is the test network of §1.2: this machine only, no anonymity.
//!
//! Nothing here logs an address, a key or a payload, and no error's text contains an address.

pub mod loopback;
mod network;
mod spec;

pub use loopback::Loopback;
pub use network::{AddressFileFault, BoxStream, Listener, NetError, Network, Stream, UnreachableWhy};
pub use spec::{NetworkSpec, SpecError};
