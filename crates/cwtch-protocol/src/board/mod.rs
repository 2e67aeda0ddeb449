//! The client's side of a board.
//!
//! - [`follower`]: everything that a client does over one connection to a board, as one machine: the conversation
//!   ([`BoardClient`](crate::app::BoardClient)), the log ([`Monitor`](crate::monitor::Monitor)) and our own posts.

pub mod follower;

pub use follower::Follower;
