//! Messages of a client to a board.

use core::fmt;

use cwtch_log::MAX_SIZE;
use cwtch_primitives::token::SpentToken;

use super::log::LOG_VERSION;
use super::{EncryptedGroupMessage, LOG_HEAD, LOG_PROOF, POST_REQUEST, REPLAY_REQUEST, body, typed};
use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::packet::SEALED_MAX;
use crate::token::{spent_from_fields, spent_to_json};

/// A message from client to server.
#[derive(Clone, PartialEq, Eq)]
pub enum ClientMessage {
    /// "Send me everything from this message on."
    Replay {
        /// The signature of the last message that the client has; `None` for everything.
        last_commit: Option<Vec<u8>>,
        /// For a client that reads the log: the index of the first entry that it wants. The server then
        /// answers with [`super::ServerMessage::LogReplayResult`], unless it has no log: `last_commit` is for that case.
        log: Option<u64>,
    },
    /// "Store this."
    Post {
        /// The token that pays; `None` if the field has the wrong shape, which counts as an invalid token.
        token: Option<SpentToken>,
        /// The message.
        message: EncryptedGroupMessage,
        /// True if the client wants a receipt ([`super::ServerMessage::LogPostResult`]).
        log: bool,
    },
    /// "Show me the newest head of your log."
    LogHead,
    /// "Show me that your log of `from` entries is the beginning of the one of `size` entries."
    LogProof {
        /// The smaller size.
        from: u64,
        /// The larger size, or the same.
        size: u64,
    },
}

impl ClientMessage {
    /// The packet's payload.
    pub fn to_json(&self) -> Vec<u8> {
        match self {
            Self::Replay { last_commit, log } => {
                let body = ObjectWriter::new(192).opt_bytes("LastCommit", last_commit.as_deref());
                let body = match log {
                    Some(from) => body.raw("Log", &version().uint("from", *from).int("flags", 0).finish()),
                    None => body,
                };
                typed(REPLAY_REQUEST, "ReplayRequest", &body.finish())
            }
            Self::Post { token, message, log } => {
                let token =
                    token.as_ref().map_or_else(|| r#"{"T":null,"MAC":null}"#.to_owned(), spent_to_json);
                let egm = message.borrowed().json();
                let body =
                    ObjectWriter::new(token.len() + egm.len() + 40).raw("Token", &token).raw("EGM", &egm);
                let body = if *log { body.raw("Log", &version().finish()) } else { body };
                typed(POST_REQUEST, "PostRequest", &body.finish())
            }
            Self::LogHead => typed(LOG_HEAD, "LogHead", "{}"),
            Self::LogProof { from, size } => {
                let body = ObjectWriter::new(64).uint("from", *from).uint("size", *size).finish();
                typed(LOG_PROOF, "LogProof", &body)
            }
        }
    }

    /// Reads what a client sent; `None` for a message that a server does not know, which it ignores.
    ///
    /// A `Log` that cannot be read, or is of another version, counts as none: the request is answered as a deployed
    /// server would, and the client finds no `Log` in the answer. So nothing that a deployed server serves is refused
    /// here because of what stands beside it. A LogHead or LogProof that cannot be read is ignored, as deployed
    /// servers ignore its type.
    ///
    /// # Errors
    /// [`WireError`] for malformed JSON or a deployed type without its body: the connection is to be closed.
    pub fn from_json(json: &[u8]) -> Result<Option<Self>, WireError> {
        Fields::parse("board request", json, SEALED_MAX, |fields| {
            Ok(match fields.int("MessageType")?.unwrap_or(REPLAY_REQUEST) {
                REPLAY_REQUEST => {
                    let body = body(&fields, "ReplayRequest")?;
                    let log = log_of(&body).and_then(|log| log.uint("from", MAX_SIZE).ok().flatten());
                    Some(Self::Replay { last_commit: body.bytes("LastCommit")?, log })
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
                    Some(Self::Post { token, message, log: log_of(&body).is_some() })
                }
                LOG_HEAD => fields.object("LogHead").ok().flatten().map(|_| Self::LogHead),
                LOG_PROOF => fields
                    .object("LogProof")
                    .ok()
                    .flatten()
                    .and_then(|body| sizes(&body).ok())
                    .map(|(from, size)| Self::LogProof { from, size }),
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
            Self::LogHead => "LogHead",
            Self::LogProof { .. } => "LogProof(…)",
        })
    }
}

/// The start of a `Log` object of a request.
fn version() -> ObjectWriter {
    ObjectWriter::new(64).uint("v", LOG_VERSION)
}

/// A request's `Log` object, if it is one of our version. Flags are for later versions, and not looked at.
fn log_of<'v, 'a>(body: &Fields<'v, 'a>) -> Option<Fields<'v, 'a>> {
    let log = body.object("Log").ok()??;
    (log.uint("v", LOG_VERSION).ok()? == Some(LOG_VERSION)).then_some(log)
}

/// The two sizes of a LogProof.
pub(super) fn sizes(body: &Fields<'_, '_>) -> Result<(u64, u64), WireError> {
    let size = |field| body.uint(field, MAX_SIZE)?.ok_or(WireError::Missing { field });
    let (from, size) = (size("from")?, size("size")?);
    if from > size {
        return Err(WireError::Range { field: "from" });
    }
    Ok((from, size))
}
