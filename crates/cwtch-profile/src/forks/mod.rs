//! Forks of groups (`docs/group-forks.md`): what is kept of them.
//!
//! The rules decide ([`cwtch_protocol::group::fork`]); here are rows in and rows out.
//!
//! - [`own`] keeps the private halves of own prekeys, [`others`] the newest prekeys of others.
//! - [`packages`] collects packages from parts, and bounds what others can make grow by that.
//! - [`contents`] keeps what is in the forks that opened.
//! - [`view`] is everything that the rules go by.
//! - [`deliveries`] says what contacts have of a package.

mod contents;
mod deliveries;
mod others;
mod own;
mod packages;
mod rows;
mod view;

pub use contents::ForkContent;
pub use deliveries::Delivery;
pub use own::OwnPrekey;
pub use packages::{Collected, CollectedState, PartKept};

#[cfg(test)]
pub(crate) use view::{keep as keep_view, load as load_view};
