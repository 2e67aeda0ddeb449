//! Messages between two people (§1.10).

use core::fmt;

use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::packet::SEALED_MAX;

/// Context of chat, which is acknowledged.
pub const CONTEXT_RAW: &str = "im.cwtch.raw";
/// Context of an acknowledgement: same id, no data.
pub const CONTEXT_ACK: &str = "im.cwtch.acknowledgement";
/// Context of a question for an attribute ([`GetVal`]); also carries the version announcement.
pub const CONTEXT_GET_VAL: &str = "im.cwtch.getVal";
/// Context of the answer ([`RetVal`]), same id.
pub const CONTEXT_RET_VAL: &str = "im.cwtch.retVal";
/// Context of a group invite outside an overlay.
pub const CONTEXT_INVITE: &str = "im.cwtch.invite";
/// The context, and the announcement's id, about message versions.
pub const CONTEXT_VERSION: &str = "im.cwtch.version";
/// Context of "Send me the manifest of this file."
pub const CONTEXT_FILE_REQUEST_MANIFEST: &str = "im.cwtch.file.request.manifest";
/// Context of a file's manifest.
pub const CONTEXT_FILE_SEND_MANIFEST: &str = "im.cwtch.file.send.manifest";
/// Context of "Send me these chunks."
pub const CONTEXT_FILE_REQUEST_CHUNK: &str = "im.cwtch.file.request.chunk";
/// Context of a chunk of a file.
pub const CONTEXT_FILE_SEND_CHUNK: &str = "im.cwtch.file.send.chunk";

/// The scope of attributes that a contact may read.
pub const SCOPE_PUBLIC: &str = "public";

/// Form of the peer messages that a side writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum PeerVersion {
    /// JSON, with which every side starts.
    #[default]
    V1,
    /// `ID|Context|Data`, once the peer has announced that it reads it.
    V2,
}

/// One message to or from a contact.
#[derive(Clone, PartialEq, Eq)]
pub struct PeerMessage {
    /// The id, which the sender chooses; an answer carries the same.
    pub id: String,
    /// The kind of the data.
    pub context: String,
    /// The data, whose form depends on the context.
    pub data: Vec<u8>,
}

impl PeerMessage {
    /// A message.
    pub fn new(id: impl Into<String>, context: impl Into<String>, data: impl Into<Vec<u8>>) -> Self {
        Self { id: id.into(), context: context.into(), data: data.into() }
    }

    /// The acknowledgement of this message.
    pub fn acknowledgement(&self) -> Self {
        Self::new(self.id.clone(), CONTEXT_ACK, [])
    }

    /// The packet's payload.
    ///
    /// # Errors
    /// [`WireError::Charset`] for an id or context that is empty or has other characters than letters,
    /// digits and dots; [`WireError::TooLong`] if the result exceeds one packet.
    pub fn encode(&self, version: PeerVersion) -> Result<Vec<u8>, WireError> {
        for (field, text) in [("ID", &self.id), ("Context", &self.context)] {
            if text.is_empty() || !is_plain(text.as_bytes()) {
                return Err(WireError::Charset { field });
            }
        }
        let out = match version {
            PeerVersion::V1 => ObjectWriter::new(self.data.len() / 3 * 4 + self.id.len() + 96)
                .string("ID", &self.id)
                .string("Context", &self.context)
                .bytes("Data", &self.data)
                .finish_bytes(),
            PeerVersion::V2 => {
                [self.id.as_bytes(), b"|", self.context.as_bytes(), b"|", self.data.as_slice()].concat()
            }
        };
        WireError::check_len("message", out.len(), SEALED_MAX)?;
        Ok(out)
    }

    /// Reads a payload; a reader of version 2 falls back to version 1, because the peer may have sent
    /// before it knew.
    ///
    /// # Errors
    /// [`WireError`] of version 1's form if it is neither.
    pub fn decode(payload: &[u8], version: PeerVersion) -> Result<Self, WireError> {
        WireError::check_len("message", payload.len(), SEALED_MAX)?;
        if version == PeerVersion::V2
            && let Ok(message) = Self::decode_v2(payload)
        {
            return Ok(message);
        }
        Fields::parse("message", payload, SEALED_MAX, |fields| {
            Ok(Self {
                id: fields.string("ID")?.unwrap_or_default().to_owned(),
                context: fields.string("Context")?.unwrap_or_default().to_owned(),
                data: fields.bytes("Data")?.unwrap_or_default(),
            })
        })
    }

    fn decode_v2(payload: &[u8]) -> Result<Self, WireError> {
        let mut parts = payload.splitn(3, |b| *b == b'|');
        let mut text = |field| {
            let part = parts.next().ok_or(WireError::Separator)?;
            match core::str::from_utf8(part) {
                Ok(text) if is_plain(part) => Ok(text.to_owned()),
                _ => Err(WireError::Charset { field }),
            }
        };
        let (id, context) = (text("ID")?, text("Context")?);
        let data = parts.next().ok_or(WireError::Separator)?.to_vec();
        Ok(Self { id, context, data })
    }

    /// The highest version that this message announces, if it is an announcement.
    pub fn announced_version(&self) -> Option<u8> {
        match self.data.as_slice() {
            [version] if self.id == CONTEXT_VERSION && self.context == CONTEXT_GET_VAL => Some(*version),
            _ => None,
        }
    }
}

impl fmt::Debug for PeerMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PeerMessage({} bytes)", self.data.len())
    }
}

/// The first message of a side (always in version 1): "I read version 2".
pub fn version_announcement() -> PeerMessage {
    PeerMessage::new(CONTEXT_VERSION, CONTEXT_GET_VAL, [2])
}

fn is_plain(bytes: &[u8]) -> bool {
    bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'.')
}

/// A question for an attribute: `{"Scope":…,"Path":…}`.
#[derive(Clone, PartialEq, Eq)]
pub struct GetVal {
    /// [`SCOPE_PUBLIC`] for what contacts may read.
    pub scope: String,
    /// The attribute.
    pub path: String,
}

impl GetVal {
    /// The message's data.
    pub fn to_json(&self) -> Vec<u8> {
        ObjectWriter::new(64).string("Scope", &self.scope).string("Path", &self.path).finish_bytes()
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError`] for malformed JSON.
    pub fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("attribute request", json, SEALED_MAX, |fields| {
            Ok(Self {
                scope: fields.string("Scope")?.unwrap_or_default().to_owned(),
                path: fields.string("Path")?.unwrap_or_default().to_owned(),
            })
        })
    }
}

impl fmt::Debug for GetVal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GetVal(…)")
    }
}

/// The answer to a question for an attribute: `{"Val":text,"Exists":bool}`.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct RetVal {
    /// The value, empty if there is none.
    pub value: String,
    /// True if there is a value.
    pub exists: bool,
}

impl RetVal {
    /// The message's data.
    pub fn to_json(&self) -> Vec<u8> {
        ObjectWriter::new(self.value.len() + 32)
            .string("Val", &self.value)
            .bool("Exists", self.exists)
            .finish_bytes()
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError`] for malformed JSON.
    pub fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("attribute", json, SEALED_MAX, |fields| {
            Ok(Self {
                value: fields.string("Val")?.unwrap_or_default().to_owned(),
                exists: fields.bool("Exists")?.unwrap_or(false),
            })
        })
    }
}

impl fmt::Debug for RetVal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RetVal(exists: {})", self.exists)
    }
}
