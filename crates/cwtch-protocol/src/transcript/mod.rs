//! What a group message says about the ones before it, and what may be concluded from it (section 8 of
//! `docs/verifiable-log.md`).
//!
//! Everything here is a pure function, or a small state that a caller keeps beside a group:
//! - [`judge`] gives a verdict for each reference of a message, from a [`View`] of the log and of the group's messages;
//!   [`OpenReferences`] keeps those that are not settled, and judges them again when more is known;
//! - [`AuthorChain`] finds the numbers of an author's chain that are missing, and numbers that were used twice;
//! - [`Heads`], [`references`] and [`OwnChain`] make the extensions of own messages.
//!
//! No verdict accuses the server: gossip is not signed by it. A [`Monitor`](crate::monitor::Monitor) does that, and only
//! from what the server signed. A message without extensions, or with malformed ones, is weak: it is never accused.

mod chain;
mod heads;
mod open;
mod own;
mod verdict;
mod view;

pub use chain::{AuthorChain, HOLES_MAX, Hole, Missing, Taken, Why};
pub use heads::{HEADS_MAX, Heads, references};
pub use open::{Changed, OPEN_MAX, OpenReference, OpenReferences};
pub use own::{IN_FLIGHT_MAX, OwnChain, WAITING_NUMBERS_MAX};
pub use verdict::{
    GossipVerdict, Judged, Standing, Verdict, WAITING_SYNCS, judge, judge_gossip, judge_parent,
};
pub use view::{LogView, Messages, View};
