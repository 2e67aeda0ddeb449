//! The rules of forks: each by itself, and many members under loss, absence, crashes, wrong clocks and hostile forkers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod checks;
mod delivery;
mod properties;
mod rules;
mod support;
mod world;
