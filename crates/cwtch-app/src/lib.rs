//! The Cwtch app without an interface.
//!
//! [`update()`] takes what happened (an answer or event of the engine, a key by what is meant by it, a second gone by) into the
//! [`State`], and gives what is to be done ([`Effect`]). [`view`] says what is to be seen, in words and weights. A terminal client
//! or a window draws that, brings [`Input`]s and carries out effects; every rule of the interface is here, and can be reached by a
//! test. Nothing here reads, writes, waits or looks at a clock.
//!
//! Text of others is made harmless in [`clean`], for every interface; [`terminal`] has what terminals need beside. Words for people
//! are in the files of `cwtch-words`, for each language the same ones.

mod acts;
mod answers;
mod ask;
pub mod clean;
mod closing;
pub mod composer;
pub mod dialog;
mod done;
pub mod editor;
mod effect;
mod emoji;
pub mod found;
mod input;
pub mod list;
mod new_key;
pub mod page;
mod pages;
mod password;
mod reading;
#[cfg(feature = "scenarios")]
pub mod scenarios;
mod search;
mod start;
pub mod state;
pub mod terminal;
pub mod thread;
mod update;
mod veil;
pub mod verbs;
pub mod view;
pub mod words;

pub use effect::{Effect, Remember};
pub use input::{
    HostTold, Input, Intent, Move, NetworkChoice, Place, ProfileChoice, Refusal, Start, Target, Ticket,
};
pub use state::State;
pub use update::update;
pub use words::Words;
