//! The first packet of an authenticated connection (§1.5 step 1).

use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::packet::PLAIN_MAX;

/// Two Ed25519 public keys, not yet checked: that is the handshake's work.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hello {
    /// The key that names the sender.
    pub long_term: [u8; 32],
    /// The key of this connection only.
    pub ephemeral: [u8; 32],
}

impl Hello {
    /// `{"LongTermPublicKey":b64,"EphemeralPublicKey":b64}`.
    pub fn to_json(&self) -> Vec<u8> {
        ObjectWriter::new(144)
            .bytes("LongTermPublicKey", &self.long_term)
            .bytes("EphemeralPublicKey", &self.ephemeral)
            .finish_bytes()
    }

    /// Reads what a peer sent. Keep the bytes: the transcript covers them as received.
    ///
    /// # Errors
    /// [`WireError`] if it is no such JSON or a key is missing or not 32 bytes.
    pub fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("authentication message", json, PLAIN_MAX, |fields| {
            Ok(Self {
                long_term: fields.array("LongTermPublicKey")?,
                ephemeral: fields.array("EphemeralPublicKey")?,
            })
        })
    }
}

impl core::fmt::Debug for Hello {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Hello(…)")
    }
}
