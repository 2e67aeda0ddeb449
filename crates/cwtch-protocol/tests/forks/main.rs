//! The rules of forks: each by itself, and many members under loss, absence, crashes, wrong clocks and hostile forkers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod checks;
mod delivery;
mod mixed;
mod modes;
mod properties;
mod reach;
mod rules;
mod secrets;
#[allow(dead_code, reason = "members over the shipped store use the rest, in cwtch-client")]
mod sim;
mod support;
mod worlds;
