//! Messages of a board to a client.

use cwtch_log::MAX_SIZE;

use super::log::{HeadLog, LiveLog, PostLog, ReplayLog, read_proof};
use super::{
    EncryptedGroupMessage, LOG_HEAD, LOG_PROOF, NEW_MESSAGE, POST_RESULT, REPLAY_REQUEST, REPLAY_RESULT,
    body, live, typed,
};
use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::packet::SEALED_MAX;

/// A message from server to client: a deployed one, or one with a `Log`, which only clients get that asked with one.
///
/// Entries of a replay are bare [`EncryptedGroupMessage`]s, or a [`super::stream`] after a
/// [`ServerMessage::LogReplayResult`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerMessage {
    /// "So many entries follow."
    ReplayResult {
        /// Number of bare messages that come next.
        count: u64,
    },
    /// "So many entries of the log follow."
    LogReplayResult {
        /// Number of entries that come next.
        count: u64,
        /// The log, and the part of it that the entries are.
        log: Box<ReplayLog>,
    },
    /// The answer to a post.
    PostResult {
        /// True if the message is stored.
        success: bool,
    },
    /// The answer to a post that asked for a receipt.
    LogPostResult(PostLog),
    /// Somebody posted this.
    NewMessage(EncryptedGroupMessage),
    /// Somebody posted this, and this is its place in the log.
    LogNewMessage {
        /// The message; `None` if this only brings a later checkpoint, or the message did not fit.
        message: Option<EncryptedGroupMessage>,
        /// The message's place.
        log: Box<LiveLog>,
    },
    /// The answer to a LogHead.
    LogHead(Box<HeadLog>),
    /// The answer to a LogProof.
    LogProof {
        /// The smaller size.
        from: u64,
        /// The larger size.
        size: u64,
        /// The hashes of the proof, one after the other.
        proof: Vec<u8>,
    },
}

impl ServerMessage {
    /// The packet's payload.
    pub fn to_json(&self) -> Vec<u8> {
        match self {
            Self::ReplayResult { count } => {
                let body = ObjectWriter::new(48).uint("NumMessages", *count).finish();
                typed(REPLAY_RESULT, "ReplayResult", &body)
            }
            Self::LogReplayResult { count, log } => {
                let log = log.json();
                let body = ObjectWriter::new(log.len() + 64).uint("NumMessages", *count).raw("Log", &log);
                typed(REPLAY_RESULT, "ReplayResult", &body.finish())
            }
            Self::PostResult { success } => {
                let body = ObjectWriter::new(24).bool("Success", *success).finish();
                typed(POST_RESULT, "PostResult", &body)
            }
            Self::LogPostResult(log) => {
                let json = log.json();
                let body = ObjectWriter::new(json.len() + 32).bool("Success", log.success());
                typed(POST_RESULT, "PostResult", &body.raw("Log", &json).finish())
            }
            Self::NewMessage(message) => live::to_json(Some(message.borrowed()), None),
            Self::LogNewMessage { message, log } => {
                live::to_json(message.as_ref().map(EncryptedGroupMessage::borrowed), Some(log))
            }
            Self::LogHead(log) => typed(LOG_HEAD, "LogHead", &log.json()),
            Self::LogProof { from, size, proof } => {
                let body = ObjectWriter::new(proof.len() / 3 * 4 + 80)
                    .uint("from", *from)
                    .uint("size", *size)
                    .bytes("proof", proof)
                    .finish();
                typed(LOG_PROOF, "LogProof", &body)
            }
        }
    }

    /// Reads what a server sent; `None` for a type that a client does not know, which it ignores. Types 5 and 6 are
    /// this project's only if they hold the fields that it named.
    ///
    /// # Errors
    /// [`WireError`] for malformed JSON, a deployed type without its body, or a `Log`, LogHead or LogProof that is not
    /// as it must be.
    pub fn from_json(json: &[u8]) -> Result<Option<Self>, WireError> {
        Fields::parse("board answer", json, SEALED_MAX, |fields| {
            Ok(match fields.int("MessageType")?.unwrap_or(REPLAY_REQUEST) {
                REPLAY_RESULT => {
                    let body = body(&fields, "ReplayResult")?;
                    let count = body.uint("NumMessages", i64::MAX.unsigned_abs())?.unwrap_or(0);
                    Some(match body.object("Log")? {
                        Some(log) => {
                            let log = Box::new(ReplayLog::read(&log)?);
                            if log.start.as_ref().is_some_and(|start| count > MAX_SIZE - start.from) {
                                return Err(WireError::Range { field: "NumMessages" });
                            }
                            Self::LogReplayResult { count, log }
                        }
                        None => Self::ReplayResult { count },
                    })
                }
                POST_RESULT => {
                    let body = body(&fields, "PostResult")?;
                    let success = body.bool("Success")?.unwrap_or(false);
                    Some(match body.object("Log")? {
                        Some(log) => Self::LogPostResult(PostLog::read(&log, success)?),
                        None => Self::PostResult { success },
                    })
                }
                NEW_MESSAGE => {
                    let body = body(&fields, "NewMessage")?;
                    let message = body.object("EGM")?;
                    let message = message.map(|egm| EncryptedGroupMessage::from_fields(&egm)).transpose()?;
                    Some(match (message, body.object("Log")?) {
                        (message, Some(log)) => {
                            Self::LogNewMessage { message, log: Box::new(LiveLog::read(&log)?) }
                        }
                        (Some(message), None) => Self::NewMessage(message),
                        (None, None) => return Err(WireError::Missing { field: "EGM" }),
                    })
                }
                LOG_HEAD => match fields.object("LogHead")? {
                    Some(log) => Some(Self::LogHead(Box::new(HeadLog::read(&log)?))),
                    None => None,
                },
                LOG_PROOF => match fields.object("LogProof")? {
                    Some(body) => {
                        let (from, size, proof) = read_proof(&body)?;
                        Some(Self::LogProof { from, size, proof })
                    }
                    None => None,
                },
                _ => None,
            })
        })
    }
}
