//! Forgetting: what messages say, by age or by agreement with a contact; what opens a group, when it is sealed or left.
//!
//! Three things are told apart. A message that the person *deleted* is not shown any more. One whose text was *forgotten*
//! is shown, with its author and its times, and says nothing. A group that was *left* is gone ([`crate::erase`]). Of each,
//! what keeps it from being stored a second time and what others say about it stays for as long as its conversation does.
//!
//! A text is not only in its message: the message as it was posted says the same to whoever has the group's key, and an
//! invite in a chat is that key. What goes with what is listed in [`list`]; nothing here is done before
//! [`Profile::sweep`](crate::Profile::sweep).

mod clearing;
mod invites;
pub(crate) mod list;
mod seal;
mod texts;
mod timers;

pub(crate) use invites::{key_goes, keys_go};
pub(crate) use list::SECRET;
pub use seal::Sealed;
pub use texts::{KEEP_MAX, KEEP_MIN, Remembered};
