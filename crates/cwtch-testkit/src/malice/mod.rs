//! A server with switchable malice.
//!
//! [`MaliciousServer`] answers a client as an honest server does until it is told to [`fire`](MaliciousServer::fire);
//! from then on its [`Attack`] decides what the victim sees. Everything that it shows is well-formed and signed by
//! its own keys: a client must tell truth from lies, not good syntax from bad. It knows no clock; its choices come
//! from a seed.
//!
//! A [`Forger`] has no aim: it signs at random.
//!
//! Its answers are the values of `cwtch_wire::board`, so that the same malice sits behind a simulated client or at the end
//! of a real connection.

mod attack;
mod forger;
mod rewrite;
mod server;
#[cfg(test)]
mod tests;

pub use attack::Attack;
pub use forger::Forger;
pub use server::{MaliciousServer, Posted, Visitor};
