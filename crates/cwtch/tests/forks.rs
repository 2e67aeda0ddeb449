//! Groups get new keys while days pass: real programs, each with its own clock.

mod common;
#[path = "forks/deployed.rs"]
mod deployed;
#[path = "forks/kills.rs"]
mod kills;
#[path = "forks/life.rs"]
mod life;
#[path = "forks/mixed.rs"]
mod mixed;
#[path = "forks/sessions.rs"]
mod sessions;
