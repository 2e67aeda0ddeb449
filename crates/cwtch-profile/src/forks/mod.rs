//! Forks of groups (`docs/group-forks.md`): what is kept of them.
//!
//! The rules decide ([`cwtch_protocol::group::fork`]); here are rows in and rows out.
//!
//! - [`own`] keeps the private halves of own prekeys, [`others`] the newest prekeys of others.
//! - [`packages`] collects packages from parts, and bounds what others can make grow by that.
//! - [`contents`] keeps what is in the forks that opened.
//! - [`view`] is everything that the rules go by.
//! - [`deliveries`] says what contacts have of a package, [`passing`] what they are sent about forks, and [`hearing`] takes what they say;
//!   [`carriers`] says who brought what is of no use, [`inviting`] who is to be sent an invite.
//! - [`reading`] takes what messages say about forks, [`act`] does what follows, [`making`] makes a fork,
//!   [`moves`] adds the server that one leads to.
//! - [`lost`] says what of own changes that were not taken can be made again.
//! - [`expiring`] erases the keys of forks that nobody can follow any more.
//! - [`hiding`] hides members, whose forks are passed over.
//! - [`salvage`] is what is left to do with a server that is not used any more.
//! - [`postings`] does what time makes due, [`speaking`] is what own messages say; [`leaving`] has one
//!   say that one leaves; [`posted`] and [`said`] have the rows of both.

mod act;
mod carriers;
mod contents;
mod deliveries;
mod expiring;
mod hearing;
mod hiding;
mod inviting;
mod leaving;
mod lost;
mod making;
mod moves;
mod others;
mod own;
mod packages;
mod passing;
mod posted;
mod postings;
mod reading;
mod rows;
pub(crate) mod said;
mod salvage;
mod speaking;
mod view;

pub use carriers::ForkCarrier;
pub use contents::ForkContent;
pub use deliveries::Delivery;
pub use hearing::{ForkAnswer, ForkHeard};
pub use inviting::ForkInvite;
pub use lost::LostChange;
pub use making::{ForkRefused, PlannedFork, WantedFork};
pub use moves::FirstDial;
pub use own::OwnPrekey;
pub use packages::{Collected, CollectedState, PartKept};
pub use passing::{ForContact, ForkPacket};
pub use postings::ForkTick;
pub use salvage::Salvaged;
pub use speaking::ForkWords;

pub(crate) use act::Act;
pub(crate) use reading::{Read, Reading};

#[cfg(test)]
pub(crate) use deliveries::save as keep_passing;
#[cfg(test)]
pub(crate) use view::{keep as keep_view, load as load_view};
