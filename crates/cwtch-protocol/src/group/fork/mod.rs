//! Rules of forks (`docs/group-forks.md`): which new key a member follows, which one the person is asked about, and which one is
//! passed over.
//!
//! One pure function, [`step`], takes what a member knows of the forks of one conversation ([`View`]), an event and the time, and
//! gives the [`Change`]s of that knowledge; a store applies and keeps them, as [`View::apply`] does in memory. A change that
//! others see is durable before it is shown or sent.
//!
//! - [`check()`] compares an opened package with what the member knows, before anything is offered.
//! - [`View::kind`] tells whether a fork is a *rekey*, which is followed by itself, or something that asks.
//! - [`View::count`] tells how many have followed, by which concurrent rekeys are settled.
//! - [`may_fork`] tells what stands in the way of a fork of one's own.
//! - [`delivery`] tells how a fork comes to whom it lists: what is posted, passed on and asked for, and when.
//! - [`newcomer()`] tells what somebody waits for who comes by an invite, before they write.
//! - [`present`] tells the time that all of this goes by, and [`keys`] which keys are to be erased, and when.

mod ask;
mod change;
mod check;
mod count;
mod decide;
pub mod delivery;
mod epoch;
mod kept;
pub mod keys;
mod kind;
mod newcomer;
mod own;
mod time;
mod view;

pub use change::{Change, Event, Question, Why};
pub use check::{Checked, Refusal, check};
pub use decide::step;
pub use epoch::{Decision, Epoch, Fork, Member, Statement};
pub use kept::{AUTHORS_KEPT, Kept};
pub use kind::Kind;
pub use newcomer::{Writes, goes_on, newcomer, vouchers};
pub use own::{Obstacle, OwnFork, Readiness, may_fork};
pub use time::present;
pub use view::View;

/// Number of seconds of an hour.
pub const HOUR: u64 = 3600;
/// Number of seconds of a day.
pub const DAY: u64 = 24 * HOUR;
/// Time for which a package is complete before its rekey is followed by itself, so that others may come.
pub const SETTLING: u64 = HOUR;
/// Time for which a member goes over to a better rekey of the same epoch by itself.
pub const CONTEST: u64 = 7 * DAY;
/// Time after which members who are there have shown by a message which of several rekeys they followed.
pub const SPOKEN: u64 = 3 * DAY;
/// Time between two forks of one member, within which the second is never followed on its word alone.
pub const SAME_SIGNER: u64 = 7 * DAY;
/// Time for which a change that waits for an answer stops what goes by itself.
pub const STOP: u64 = 2 * DAY;
/// Time for which a fork can be followed after it was opened or declined.
pub const OPENABLE: u64 = 30 * DAY;
/// Time after which a person who did not want to join the others is asked again.
pub const JOIN_AGAIN: u64 = 7 * DAY;
/// Number of refusals after which changes by one forker are passed over.
pub const REFUSALS: u8 = 2;
/// Time within which an author of an epoch without a list counts as its member.
pub const AUTHORS: u64 = 90 * DAY;
/// The largest number of forks that are known of one epoch.
pub const FORKS_OF_EPOCH: usize = 16;
/// The largest number of forks that are known in a conversation.
pub const FORKS: usize = 64;
