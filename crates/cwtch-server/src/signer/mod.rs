//! The signer of the verifiable log: what stands outside of the database (docs/verifiable-log.md, 6).
//!
//! - [`Keeper`] signs for the store's writer, with a [`Clock`] that does not believe everything.
//! - [`Guard`] lies beside the log key and notices a database that was set back.
//! - [`Opening`] does at a start what the table of `decision` says: the log goes on, begins anew, or must not go on.
//!   `found` is what it finds, `pause` what it may have to wait for, `writes` the order of what it changes.

mod clock;
mod decision;
mod error;
mod found;
mod guard;
mod keeper;
mod key;
mod opening;
mod pause;
#[cfg(test)]
mod tests;
mod writes;

pub use clock::{Clock, Doubt, Reading, Source, Trust};
pub use decision::Mismatch;
pub use error::LogError;
pub use guard::{Guard, GuardError, Nonce};
pub use keeper::Keeper;
pub(crate) use opening::directory;
pub use opening::{Opened, Opening};
pub use pause::{NotYet, Pause};
