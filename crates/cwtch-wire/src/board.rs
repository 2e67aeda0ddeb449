//! What client and board say to each other (§1.8).

use core::fmt;

use cwtch_primitives::Address;
use cwtch_primitives::token::SpentToken;

use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::packet::SEALED_MAX;
use crate::token::{spent_from_fields, spent_to_json};

const REPLAY_REQUEST: i64 = 0;
const REPLAY_RESULT: i64 = 1;
const POST_REQUEST: i64 = 2;
const POST_RESULT: i64 = 3;
const NEW_MESSAGE: i64 = 4;

/// A message as the server sees it: a box that only the group's members open, and its author's signature,
/// which only they can check.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct EncryptedGroupMessage {
    /// Nonce and secretbox.
    pub ciphertext: Vec<u8>,
    /// Ed25519 signature over what is inside. The board uses it as the message's name.
    pub signature: Vec<u8>,
}

impl EncryptedGroupMessage {
    /// `{"Ciphertext":b64,"Signature":b64}`: an entry of a replay.
    pub fn to_json(&self) -> Vec<u8> {
        self.json().into_bytes()
    }

    fn json(&self) -> String {
        ObjectWriter::new((self.ciphertext.len() + self.signature.len()) / 3 * 4 + 48)
            .bytes("Ciphertext", &self.ciphertext)
            .bytes("Signature", &self.signature)
            .finish()
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

impl fmt::Debug for EncryptedGroupMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EncryptedGroupMessage({} bytes)", self.ciphertext.len())
    }
}

/// What a token for a post is spent on: the message's JSON and the board's address (§1.6).
pub fn spend_data(message: &EncryptedGroupMessage, board: &Address) -> Vec<u8> {
    let mut data = message.to_json();
    data.extend_from_slice(board.as_bytes());
    data
}

/// From client to server.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// "Send me everything from this message on."
    Replay {
        /// The signature of the last message that the client has; `None` for everything.
        last_commit: Option<Vec<u8>>,
    },
    /// "Store this."
    Post {
        /// The token that pays; `None` if what stood there has the wrong shape: an invalid token.
        token: Option<SpentToken>,
        /// The message.
        message: EncryptedGroupMessage,
    },
}

impl ClientMessage {
    /// The packet's payload.
    pub fn to_json(&self) -> Vec<u8> {
        match self {
            Self::Replay { last_commit } => {
                let body = ObjectWriter::new(128).opt_bytes("LastCommit", last_commit.as_deref()).finish();
                typed(REPLAY_REQUEST, "ReplayRequest", &body)
            }
            Self::Post { token, message } => {
                let token =
                    token.as_ref().map_or_else(|| r#"{"T":null,"MAC":null}"#.to_owned(), spent_to_json);
                let egm = message.json();
                let body = ObjectWriter::new(token.len() + egm.len() + 24)
                    .raw("Token", &token)
                    .raw("EGM", &egm)
                    .finish();
                typed(POST_REQUEST, "PostRequest", &body)
            }
        }
    }

    /// Reads what a client sent; `None` for a type that a server does not know, which it ignores.
    ///
    /// # Errors
    /// [`WireError`] for malformed JSON or a type without its body: the connection is to be closed.
    pub fn from_json(json: &[u8]) -> Result<Option<Self>, WireError> {
        Fields::parse("board request", json, SEALED_MAX, |fields| {
            Ok(match fields.int("MessageType")?.unwrap_or(REPLAY_REQUEST) {
                REPLAY_REQUEST => {
                    let body = body(&fields, "ReplayRequest")?;
                    Some(Self::Replay { last_commit: body.bytes("LastCommit")? })
                }
                POST_REQUEST => {
                    let body = body(&fields, "PostRequest")?;
                    let token = match body.object("Token")? {
                        Some(token) => spent_from_fields(&token)?,
                        None => None,
                    };
                    let message = match body.object("EGM")? {
                        Some(egm) => EncryptedGroupMessage::from_fields(&egm)?,
                        None => EncryptedGroupMessage::default(),
                    };
                    Some(Self::Post { token, message })
                }
                _ => None,
            })
        })
    }
}

impl fmt::Debug for ClientMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Replay { .. } => "Replay(…)",
            Self::Post { .. } => "Post(…)",
        })
    }
}

/// From server to client. Entries of a replay are bare [`EncryptedGroupMessage`]s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// "So many entries follow."
    ReplayResult {
        /// How many bare messages come next.
        count: u64,
    },
    /// The answer to a post.
    PostResult {
        /// Whether the message is stored.
        success: bool,
    },
    /// Somebody posted this.
    NewMessage(EncryptedGroupMessage),
}

impl ServerMessage {
    /// The packet's payload.
    pub fn to_json(&self) -> Vec<u8> {
        match self {
            Self::ReplayResult { count } => {
                let body = ObjectWriter::new(48).uint("NumMessages", *count).finish();
                typed(REPLAY_RESULT, "ReplayResult", &body)
            }
            Self::PostResult { success } => {
                let body = ObjectWriter::new(24).bool("Success", *success).finish();
                typed(POST_RESULT, "PostResult", &body)
            }
            Self::NewMessage(message) => {
                let egm = message.json();
                let body = ObjectWriter::new(egm.len() + 16).raw("EGM", &egm).finish();
                typed(NEW_MESSAGE, "NewMessage", &body)
            }
        }
    }

    /// Reads what a server sent; `None` for a type that a client does not know, which it ignores.
    ///
    /// # Errors
    /// [`WireError`] for malformed JSON or a type without its body.
    pub fn from_json(json: &[u8]) -> Result<Option<Self>, WireError> {
        Fields::parse("board answer", json, SEALED_MAX, |fields| {
            Ok(match fields.int("MessageType")?.unwrap_or(REPLAY_REQUEST) {
                REPLAY_RESULT => {
                    let count = body(&fields, "ReplayResult")?.int("NumMessages")?.unwrap_or(0);
                    let count =
                        u64::try_from(count).map_err(|_| WireError::Range { field: "NumMessages" })?;
                    Some(Self::ReplayResult { count })
                }
                POST_RESULT => {
                    let success = body(&fields, "PostResult")?.bool("Success")?.unwrap_or(false);
                    Some(Self::PostResult { success })
                }
                NEW_MESSAGE => {
                    let egm = body(&fields, "NewMessage")?
                        .object("EGM")?
                        .ok_or(WireError::Missing { field: "EGM" })?;
                    Some(Self::NewMessage(EncryptedGroupMessage::from_fields(&egm)?))
                }
                _ => None,
            })
        })
    }
}

fn typed(message_type: i64, name: &'static str, body: &str) -> Vec<u8> {
    ObjectWriter::new(body.len() + 48).int("MessageType", message_type).raw(name, body).finish_bytes()
}

fn body<'v, 'a>(fields: &Fields<'v, 'a>, name: &'static str) -> Result<Fields<'v, 'a>, WireError> {
    fields.object(name)?.ok_or(WireError::Missing { field: name })
}
