//! The signer of the verifiable log: what stands outside of the database (docs/verifiable-log.md, 6).
//!
//! - [`Keeper`] signs for the store's writer, with a [`Clock`] that does not believe everything.
//! - [`Guard`] lies beside the log key and notices a database that was set back.
//! - [`Opening`] does at a start what the table of `decision` says: the log goes on, begins anew, or must not go on.

mod clock;
mod decision;
mod error;
mod guard;
mod keeper;
mod key;
mod opening;
#[cfg(test)]
mod tests;

pub use clock::{Clock, Doubt, Reading, Source, Trust};
pub use decision::Mismatch;
pub use error::LogError;
pub use guard::{Guard, GuardError, Nonce};
pub use keeper::Keeper;
pub(crate) use opening::directory;
pub use opening::{NotYet, Opened, Opening, Pause};
