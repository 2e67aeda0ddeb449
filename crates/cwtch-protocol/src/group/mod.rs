//! One machine for a group: which messages are its own, what its next message says, and what the ones that come say about
//! those before them (section 8 of `docs/verifiable-log.md`).
//!
//! The machine holds nothing. Each step asks a store through a narrow view, [`Messages`], whose answers are bounded
//! whatever the group holds, and gives [`Change`]s. All decisions are here; a store keeps rows.
//!
//! - [`TrialSet`] tells whose a message of the board is, and whether it is valid.
//! - [`next_extensions`] says what the next message tells, [`composed`] takes its number, and [`given_up`], [`confirmed`] and
//!   [`came_from_elsewhere`] keep the own chain true.
//! - [`shown`] takes a verified message from the server, [`given`] one from a member: new, known, a copy, an own one that was
//!   waiting. [`AuthorChain`] finds numbers that are missing or were used twice.
//! - [`Page`] holds what is still to be judged, and gives the verdicts; [`Gone`] tells whether what is missing may have
//!   expired.
//! - [`Turns`] chooses which of the missing messages members are asked for first.
//! - [`fork`] tells which new key of a group a member follows.
//! - [`Memory`] is a store in memory: the definition of what a store does with a [`Change`].
//!
//! **Durable first**: the changes of a step belong into one transaction, together with the message that they are about and
//! with what the server's [`Monitor`](crate::monitor::Monitor) changed, before anything is shown or transmitted.
//!
//! No verdict accuses the server: gossip is not signed by it. A monitor does that, and only from what the server signed.
//! A message without extensions, or with malformed ones, is weak: it is never accused.

mod arrive;
mod chain;
mod change;
pub mod fork;
mod judge;
mod keep;
mod known;
mod memory;
mod missing;
mod next;
mod notes;
mod own;
mod place;
mod stretch;
mod trial;
mod turns;
mod verdict;

pub use arrive::{Fate, Step, given, shown};
pub use chain::{AuthorChain, CHAINS_MAX, HOLES_MAX, Hole, Taken};
pub use change::{Change, How, Keep, View, Which};
pub use judge::{Judged, Open, OpenReference, OpenView, Page, WAITING_SYNCS, turns};
pub use known::{Answer, Arrival, Held, Messages, Named, Newest, Numbered, OwnChain, Place, Row, Words};
pub use memory::{Memory, Reference, Touched};
pub use missing::{Gone, Missing, Why};
pub use next::{CERTIFICATE_EVERY, WINDOW, next_extensions};
pub use notes::{Facts, Note, NoteKind};
pub use own::{
    NumberTaken, begin_anew, came_from_elsewhere, composed, confirmed, given_up, leaves_own_chain,
};
pub use place::{LAST, at_first, located};
pub use stretch::{EARLIER, Stretch};
pub use trial::{Outcome, Scratch, TrialSet, shown_time};
pub use turns::Turns;
pub use verdict::{Log, Verdict};
