//! Words: those of all interfaces in files for each language ([`Words`]), and the sentences for what the engine gives as codes with
//! arguments.
//!
//! The engine and everything below it speak of problems as data ([`cwtch_api::Problem`]). What a person reads is made here, in
//! one place, for the command line as for a window, with no knowledge of either: what to type or where to click is
//! [`cwtch_api::Advice`], which each interface words by itself. Every match is complete, so that nothing can be said
//! without words for it. Plain functions that take the words of a language, one module for each family; nothing here reads, writes or
//! waits.
//!
//! Arguments may come from strangers. A sentence is one line of text: control characters in arguments become U+FFFD.

mod address;
mod fill;
mod log;
mod network;
mod notes;
mod problem;
mod text;
mod when;
mod words;

pub use fill::{event, reply};
pub use log::evidence;
pub use network::{obstacle, step};
pub use notes::note;
pub use problem::{error, problem, rejection};
pub use text::{count, number, sentence};
pub use words::{Value, Words, WordsFault};
