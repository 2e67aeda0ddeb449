//! Group messages (§1.9), which members read and the server cannot.
//!
//! Received and verified messages are different types: [`ReceivedGroupMessage`] came out of a box,
//! [`VerifiedGroupMessage`] was written by the author it names, for this group on this server.

mod compose;
mod extensions;
pub mod fork;
mod padding;
mod verify;

use core::fmt;

use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{Address, Signature};
use data_encoding::BASE64;

use crate::go_json::ObjectWriter;

pub use compose::{
    ComposeError, Composed, ESCAPED_MAX, ESCAPED_MAX_SHORT, PADDING_RESERVE, PLAIN_LONG, PLAIN_SHORT,
    compose, compose_with, extensions_room, forbidden_character,
};
pub use extensions::{
    ABANDONED_MAX, Chain, Extensions, ExtensionsError, Gossip, INDEX_END, Included, PARENTS_MAX, Parent,
    REQUIRED_ROOM,
};
pub use verify::{
    ReceivedGroupMessage, RejectReason, VerifiedGroupMessage, open, open_and_verify, parse_plain,
    try_open_into, verify,
};

/// The longest plain JSON whose post still fits one packet, in bytes (§1.9).
pub const PLAIN_MAX: usize = 5834;
/// The latest time that a message may carry, in unix seconds: the end of the year 9999.
pub const TIMESTAMP_MAX: i64 = 253_402_300_799;
/// The earliest time that can be believed, in unix seconds: the start of 2017, before the first release.
pub const TIMESTAMP_SANE_MIN: i64 = 1_483_228_800;
/// The largest number of seconds that a sent time may be ahead of the reader's clock and still be believed.
pub const CLOCK_TOLERANCE: i64 = 24 * 60 * 60;

/// Context that a message is written for and read with: the group, its key, its server.
#[derive(Debug, Clone, Copy)]
pub struct GroupContext<'a> {
    /// The group's id, derived once from the other two and kept.
    pub id: &'a GroupId,
    /// The group's secret key.
    pub key: &'a GroupKey,
    /// The board that carries the group.
    pub server: &'a Address,
}

impl GroupContext<'_> {
    /// The bytes that the author signs: id in hex, server's address, base64 of the plain JSON.
    fn signed_text(&self, plain_json: &[u8]) -> Vec<u8> {
        let mut text = self.id.to_string();
        text.reserve(self.server.as_str().len() + plain_json.len().div_ceil(3) * 4);
        text.push_str(self.server.as_str());
        BASE64.encode_append(plain_json, &mut text);
        text.into_bytes()
    }
}

/// The plain message in the form that is signed. Absent (`None`, `null`) and empty byte strings differ.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainGroupMessage {
    /// The overlay's JSON, up to 1800 bytes, and up to three spaces after it.
    pub text: String,
    /// The author's address, as it was written.
    pub author: String,
    /// Time of sending by the author's clock, in unix seconds.
    pub timestamp: i64,
    /// The 16 bytes of the group's id.
    pub group_id: Option<Vec<u8>>,
    /// The signature of the newest message that the author had seen; empty or absent for none.
    pub previous: Option<Vec<u8>>,
    /// Random bytes that hide the text's length. Readers do not check their number.
    pub padding: Option<Vec<u8>>,
}

impl PlainGroupMessage {
    /// The JSON that is sealed and signed.
    pub fn to_json(&self) -> Vec<u8> {
        self.json_with_capacity(PLAIN_SHORT + 64)
    }

    fn json_with_capacity(&self, capacity: usize) -> Vec<u8> {
        ObjectWriter::new(capacity)
            .string("Text", &self.text)
            .string("Onion", &self.author)
            .int("Timestamp", self.timestamp)
            .opt_bytes("SignedGroupID", self.group_id.as_deref())
            .opt_bytes("PreviousMessageSig", self.previous.as_deref())
            .opt_bytes("Padding", self.padding.as_deref())
            .finish_bytes()
    }
}

impl fmt::Debug for PlainGroupMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PlainGroupMessage({} bytes)", self.text.len())
    }
}

/// A previous signature's length in bytes, where there is one.
const SIGNATURE_LEN: usize = core::mem::size_of::<Signature>();
