//! How long each step may take. The machines have no clock: whoever drives them applies these.
//!
//! A connection through Tor may need many seconds for a round trip, and a dead one is not always
//! signalled; hence limits that are generous, but always there.

use std::time::Duration;

/// From dialling to an open stream.
pub const DIAL: Duration = Duration::from_secs(90);
/// From an open stream to the peer's hello (§1.5 step 1).
pub const HELLO: Duration = Duration::from_secs(30);
/// From the peer's hello to its proof (§1.5 step 4).
pub const PROOF: Duration = Duration::from_secs(30);
/// From the first byte of a packet to its last, and for writing one: slower ends the connection.
pub const PACKET: Duration = Duration::from_secs(60);

/// Token client: from an open stream to the seed.
pub const TOKEN_SEED: Duration = Duration::from_secs(30);
/// Token service: from the solution to the request, which the client sends right behind it.
pub const TOKEN_REQUEST: Duration = Duration::from_secs(30);
/// Token client: from the request to the answer.
pub const TOKEN_ANSWER: Duration = Duration::from_secs(60);

/// Board client: from a post to its result, from a replay request to its result, between two entries.
pub const BOARD_ANSWER: Duration = Duration::from_secs(120);
/// Board client: the same where there is doubt whether the connection lives, or nothing but a proof is asked for.
pub const BOARD_DOUBT: Duration = Duration::from_secs(60);
/// Board client: after so long a silence it asks for a replay from its last message; the answer
/// ([`BOARD_ANSWER`]) shows that the connection lives.
pub const BOARD_HEARTBEAT: Duration = Duration::from_secs(300);
