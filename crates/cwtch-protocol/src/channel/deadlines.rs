//! Deadlines of each step. The machines have no clock: the driver applies these.
//!
//! A connection through Tor may need many seconds for a round trip, and a dead one is not always
//! signalled; hence limits that are generous, but always there.

use std::time::Duration;

/// Time from dialling to an open stream.
pub const DIAL: Duration = Duration::from_secs(90);
/// Time from an open stream to the peer's hello, and from that to its proof (§1.5, steps 1 and 4).
pub const HELLO: Duration = Duration::from_secs(30);
/// Time from the first byte of a packet to its last, and for writing one; a slower peer loses the connection.
pub const PACKET: Duration = Duration::from_secs(60);

/// Time of a token client from an open stream to the seed.
pub const TOKEN_SEED: Duration = Duration::from_secs(30);
/// Time of a token service from the solution to the request, which the client sends right after it.
pub const TOKEN_REQUEST: Duration = Duration::from_secs(30);
/// Time of a token client from the request to the answer.
pub const TOKEN_ANSWER: Duration = Duration::from_secs(60);

/// Time of a board's client from a post to its result, from a replay request to its result, and between two entries.
pub const BOARD_ANSWER: Duration = Duration::from_secs(120);
/// Time as in [`BOARD_ANSWER`] if it is doubtful whether the connection lives, or if nothing but a proof is asked
/// for.
pub const BOARD_DOUBT: Duration = Duration::from_secs(60);
/// Time of silence after which a board's client asks for a replay from its last message; the answer (within
/// [`BOARD_ANSWER`]) shows that the connection lives.
pub const BOARD_HEARTBEAT: Duration = Duration::from_secs(300);
