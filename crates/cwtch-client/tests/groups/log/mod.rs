//! The verifiable log: with the real server, and with servers in memory that may be made to cheat.

mod cheating;
pub mod honest;
pub mod memory_server;
pub mod restored;
mod told;
