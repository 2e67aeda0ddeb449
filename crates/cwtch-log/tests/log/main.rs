//! The verifiable log from outside: every kind of fraud is proven, and nothing else is.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod cases;
mod honest;
mod kinds;
mod mutations;
mod oracles;
mod simulation;
mod support;
mod vectors;
