//! Networks that Cwtch runs over, and the driver between a stream of bytes and the protocol's state
//! machines: the only crate of the protocol that knows sockets and a clock.
//!
//! - [`Network`] and [`Listener`] are what a network must do; [`NetworkSpec`] is how a person names one.
//! - [`loopback`] is the test network of §1.2: this machine only, no anonymity.
//! - [`onion`] has the common parts of both ways to Tor; [`readiness`] tells how far a network or address is.
//! - [`driver`] carries packets: [`SecureConnection`] for peers and boards (§1.5), [`PlainConnection`] for
//!   the token service (§1.6), every step of both under a deadline of [`Deadlines`].
//! - [`Allowance`] bounds what a remote may ask for in a given time.
//!
//! Nothing here logs an address, a key or a payload, and no error's text contains an address.

mod allowance;
pub mod driver;
mod exhaustion;
pub mod loopback;
mod network;
pub mod onion;
pub mod readiness;
mod spec;

pub use allowance::Allowance;
pub use cwtch_api::{LinkFault, Obstacle, Step};
pub use driver::{
    AtFault, Awaiting, ConnError, Deadlines, PacketStream, PlainConnection, Rng, SecureConnection,
};
pub use exhaustion::Exhaustion;
pub use loopback::Loopback;
pub use network::{
    AddressFileFault, BoxStream, Isolation, Listener, NetError, Network, Stream, UnreachableWhy, Validity,
};
pub use readiness::Readiness;
pub use spec::{ControlPort, NetworkSpec, SpecError};
