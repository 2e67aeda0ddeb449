//! The rows of the machine for groups ([`cwtch_protocol::group`]; docs/verifiable-log.md, section 8).
//!
//! The machine decides; here are rows in and rows out.
//!
//! - [`shelf`] answers what a step asks, [`mod@apply`] writes what it changes, [`mod@keep`] a message that it keeps.
//! - [`own`] is the own chain and what the next message says.
//! - [`open`] gives out what is still to be judged and takes the verdicts. What is judged is not looked at again,
//!   except that a message that arrives late settles everything that named it.
//! - [`notes`] is what a person is told about a message.
//! - [`places`] keeps the order of messages when their server takes their places in its log away.
//! - [`members`] is what goes between contacts who are in a group together: who they are, what is missing, what can be
//!   given.

mod apply;
mod keep;
mod members;
mod notes;
mod open;
mod own;
mod places;
mod rows;
mod shelf;

pub use members::{Companion, FromMember};
pub use notes::MissingFrom;

pub(super) use apply::apply;
pub(super) use keep::Message;
pub(super) use own::{begin_again, composed, confirmed, give_up, located};
pub(super) use places::{lost, start_over};
pub(super) use rows::{KEPT_MAX, trim_received};
pub(super) use shelf::{GroupLog, Shelf};
