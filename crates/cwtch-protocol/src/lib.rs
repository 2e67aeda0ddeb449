//! The Cwtch protocol as state machines: bytes in, bytes and events out (layers 3 and 4).
//!
//! Nothing here knows a socket, a clock or a source of randomness: the caller brings packets,
//! the time and a generator. Both sides of each protocol stand beside each other, so that a test runs a
//! whole conversation, honest or hostile, in one thread.
//!
//! - [`channel`]: the handshake (§1.5), by types that are used up, and the encrypted channel (§1.3).
//! - [`app`]: the applications over it: tokens (§1.6), the board (§1.8), peer to peer (§1.10). Every machine is used
//!   alike: call `handle` with a received payload, then drain `poll_send` and `poll_event` (the board's host:
//!   `poll_action`). An error means: close the connection.
//! - [`board`]: everything that a client does over one connection to a board.
//! - [`group`]: which of many groups a message of the board belongs to, and whether it is valid (§1.9); what group messages
//!   say about the ones before them (`docs/verifiable-log.md`, section 8).
//! - [`monitor`]: whether a server shows the log that it signed (the same, section 7).
//!
//! Section numbers (§1.1 …) are those of `docs/protocol.md`.

pub mod app;
pub mod board;
pub mod channel;
pub mod group;
pub mod monitor;
