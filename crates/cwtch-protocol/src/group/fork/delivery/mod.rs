//! Delivery of forks (`docs/group-forks.md`, section 9): when a package is put into the group and put there again, what goes to
//! which contact, who is asked for what does not open, and when a member shows that they have moved.
//!
//! Everything here is a value that a store can keep as a row, and functions of it, of the time and of randomness; nothing sends. The time
//! is the own clock's, and a clock that is set back never makes anybody wait for longer than the wait was: see [`Wait`].
//!
//! | what | where |
//! |---|---|
//! | a fork's maker posts its parts, and goes on when they are there or an hour has passed | [`Announcement`], [`Posting`] |
//! | members who moved post them again on three days | [`Rounds`], [`View::lacks`] |
//! | holders pass them on to contacts | [`Passing`], [`View::passes_on`] |
//! | parts are collected, from each source on its own | [`Shelf`] |
//! | a package that does not open | [`Unopened`], [`View::answers`], [`Answering`] |
//! | the first message after a move, prekeys, end marks | [`Voice`], [`is_newer_prekey`], [`spent_halves`] |
//!
//! [`View::lacks`]: super::View::lacks
//! [`View::passes_on`]: super::View::passes_on
//! [`View::answers`]: super::View::answers

mod announce;
mod answer;
mod collect;
mod pass_on;
mod prekeys;
mod rounds;
mod unopened;
mod voice;
mod wait;

pub use announce::{Announcement, Posting, Standing};
pub use answer::{Answer, Answering};
pub use collect::{Admission, Held, Shelf, Source, admit};
pub use pass_on::{Passing, Stage};
pub use prekeys::{HALVES_MAX, Half, PREKEYS_MAX, is_newer_prekey, spent_halves};
pub use rounds::Rounds;
pub use unopened::Unopened;
pub use voice::{Carries, Voice};
pub use wait::Wait;
