//! Conversations over a connection, one machine for each side of each protocol.
//!
//! Every machine is used alike: `handle` takes a received payload, then `poll_send` (payloads to
//! send, in order) and `poll_event` (or `poll_action`) are drained until they return `None`. An error
//! of `handle` is the peer's fault and final: close the connection. Errors of other methods are
//! the caller's and change nothing.

pub mod board_client;
pub mod board_host;
pub mod lanes;
pub mod peer;
pub mod token_client;
pub mod token_issuer;
pub mod vanish;

pub use board_client::{BoardClient, BoardClientError};
pub use board_host::{BoardHost, BoardHostError};
pub use peer::{Peer, PeerError};
pub use token_client::{TokenClient, TokenClientError};
pub use token_issuer::{TokenIssuer, TokenIssuerError};
