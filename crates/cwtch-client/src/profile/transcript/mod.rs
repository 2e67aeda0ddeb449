//! What group messages say about the ones before them (docs/verifiable-log.md, section 8).
//!
//! - [`own`] is the own chain and what the next message says.
//! - [`receive`] keeps what a message says, in the transaction that keeps the message; [`chains`] are the authors' chains.
//! - [`open`] gives out what is still to be judged and takes the verdicts. What is judged is not looked at again,
//!   except that a message that arrives late settles everything that named it.
//! - [`turns`] chooses what is asked for first.
//! - [`notes`] is what a person is told about a message.
//! - [`members`] is what goes between contacts who are in a group together: who they are, what is missing, what can be
//!   given.
//!
//! What can be told from the tables alone is told here; the judgement is that of [`cwtch_protocol::transcript`].

mod chains;
mod members;
mod notes;
mod open;
mod own;
mod receive;
mod turns;

use std::collections::BTreeSet;

pub use members::{Companion, FromMember};
pub use notes::{MissingFrom, Note, NoteKind};
pub use open::{Open, OpenParent, OpenView};

pub(super) use members::{KEPT_MAX, by_signature, keep_received, shown_by_server, trim_received};
pub(super) use open::AUTHOR_LIES;
pub(super) use own::{give_up, not_given_up, note_own, noticed_elsewhere, was_here};
pub(super) use receive::{Said, copy, note};

use super::types::MessageId;

/// Messages about which a person may be told something else than before.
pub(super) type Touched = BTreeSet<MessageId>;
