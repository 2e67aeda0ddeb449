//! Messages between client and board (§1.8), and what the verifiable log adds to them.
//!
//! The log's additions are those of section 5 of `docs/verifiable-log.md`: `Log` objects inside the deployed
//! messages, two further types, and the record stream of a replay. A message without them is, byte for byte, the
//! deployed one. Certificates, checkpoints and proofs are bytes of known lengths here; `cwtch-log` reads them.

mod client;
mod live;
mod log;
mod server;
pub mod stream;

use core::fmt;

use cwtch_primitives::Address;

use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::packet::SEALED_MAX;

pub use client::ClientMessage;
pub use live::{LivePayloads, live_len, live_payloads};
pub use log::{
    CHAIN_MAX, Certificates, HeadLog, HeadState, LiveLog, PostLog, PostRefusal, ReplayLog, ReplayStart,
    Skipped,
};
pub use server::ServerMessage;

const REPLAY_REQUEST: i64 = 0;
const REPLAY_RESULT: i64 = 1;
const POST_REQUEST: i64 = 2;
const POST_RESULT: i64 = 3;
const NEW_MESSAGE: i64 = 4;
const LOG_HEAD: i64 = 5;
const LOG_PROOF: i64 = 6;

/// The largest number of bytes that ciphertext and signature of a message can have together: a message comes to the
/// board in base64, in one packet.
pub const MESSAGE_MAX: usize = SEALED_MAX / 4 * 3;

/// A message as the server sees it: a box that only the group's members open, and its author's signature,
/// which only they can check.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct EncryptedGroupMessage {
    /// Nonce and secretbox.
    pub ciphertext: Vec<u8>,
    /// Ed25519 signature over the content. The board uses it as the message's name.
    pub signature: Vec<u8>,
}

/// An [`EncryptedGroupMessage`] that lies somewhere else, such as in a database's page.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageRef<'a> {
    /// Nonce and secretbox.
    pub ciphertext: &'a [u8],
    /// The author's signature.
    pub signature: &'a [u8],
}

impl EncryptedGroupMessage {
    /// `{"Ciphertext":b64,"Signature":b64}`: an entry of a replay.
    pub fn to_json(&self) -> Vec<u8> {
        self.borrowed().to_json()
    }

    /// The same message, borrowed.
    pub fn borrowed(&self) -> MessageRef<'_> {
        MessageRef { ciphertext: &self.ciphertext, signature: &self.signature }
    }

    /// Reads an entry of a replay.
    ///
    /// # Errors
    /// [`WireError`] for malformed JSON and for one without a ciphertext, such as a [`ServerMessage`].
    pub fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("group message", json, SEALED_MAX, |fields| {
            let message = Self::from_fields(&fields)?;
            if message.ciphertext.is_empty() {
                return Err(WireError::Missing { field: "Ciphertext" });
            }
            Ok(message)
        })
    }

    fn from_fields(fields: &Fields<'_, '_>) -> Result<Self, WireError> {
        Ok(Self {
            ciphertext: fields.bytes("Ciphertext")?.unwrap_or_default(),
            signature: fields.bytes("Signature")?.unwrap_or_default(),
        })
    }
}

impl MessageRef<'_> {
    /// `{"Ciphertext":b64,"Signature":b64}`: an entry of a replay.
    pub fn to_json(self) -> Vec<u8> {
        self.json().into_bytes()
    }

    fn json(self) -> String {
        ObjectWriter::new((self.ciphertext.len() + self.signature.len()) / 3 * 4 + 48)
            .bytes("Ciphertext", self.ciphertext)
            .bytes("Signature", self.signature)
            .finish()
    }
}

impl fmt::Debug for EncryptedGroupMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedGroupMessage({} bytes)", self.ciphertext.len())
    }
}

impl fmt::Debug for MessageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MessageRef({} bytes)", self.ciphertext.len())
    }
}

/// The bytes that a token for a post is spent on: the message's JSON and the board's address (§1.6).
pub fn spend_data(message: &EncryptedGroupMessage, board: &Address) -> Vec<u8> {
    let mut data = message.to_json();
    data.extend_from_slice(board.as_bytes());
    data
}

fn typed(message_type: i64, name: &'static str, body: &str) -> Vec<u8> {
    ObjectWriter::new(body.len() + 48).int("MessageType", message_type).raw(name, body).finish_bytes()
}

fn body<'v, 'a>(fields: &Fields<'v, 'a>, name: &'static str) -> Result<Fields<'v, 'a>, WireError> {
    fields.object(name)?.ok_or(WireError::Missing { field: name })
}
