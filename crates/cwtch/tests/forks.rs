//! Groups get new keys while days pass: real programs, each with its own clock.

mod common;
#[path = "forks/sessions.rs"]
mod sessions;
