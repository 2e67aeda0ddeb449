//! An untrusted Cwtch server: a token service and a board.
//!
//! The server stores what it cannot read, from authors that it cannot tell apart, and hands it to whoever asks. It
//! is trusted with availability only.
//!
//! - [`Server::start`] runs both services on any network, in this process.
//! - [`cli::run`] is the program `cwtch-server`, for any binary that wants to be one.
//! - [`manual`] makes man pages and completions out of a command line.
//! - [`store`] is what is kept, and its rules; [`keys`] and [`data_dir`] are the files.
//! - [`signer`] signs what the store commits to (`docs/verifiable-log.md`).
//!
//! Section numbers in the documentation (§1.1 …) are those of `docs/protocol.md`.

mod accept;
mod admission;
mod board;
pub mod cli;
pub mod config;
pub mod data_dir;
pub mod keys;
pub mod manual;
mod progress;
mod server;
pub mod signer;
mod stats;
pub mod store;
mod timekeeping;
mod token_service;

pub use config::Config;
pub use server::{Declarations, PartFailed, RunningServer, Server, ServerError};
pub use stats::StatsSnapshot;
