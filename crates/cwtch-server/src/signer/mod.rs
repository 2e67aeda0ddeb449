//! The signer of the verifiable log: the parts of it that live outside of the database (docs/verifiable-log.md, 6).
//!
//! - [`Keeper`] signs for the store's writer, with a [`Clock`] that does not believe every jump.
//! - [`Guard`] lies beside the log key and notices a database that was set back.
//! - [`Opening`] carries out at a start what the table of `decision` says: the log goes on, begins anew, or must not
//!   go on. `found` reads the disk, `pause` waits if it must, `writes` keeps the order of the changes.

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
pub use opening::{Opened, Opening, directory};
pub use pause::{NotYet, Pause};
