//! The verifiable log: with the real server, and with servers in memory that may be made to cheat.

mod cheating;
mod honest;
pub mod memory_server;
mod restored;
