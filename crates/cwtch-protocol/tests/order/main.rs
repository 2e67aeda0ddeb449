//! Random conversations: what is lost is reported, what is not is not, and nobody is blamed for another.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on must fail"
)]

mod conversations;
mod table;
mod world;
