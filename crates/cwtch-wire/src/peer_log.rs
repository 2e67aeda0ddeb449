//! Messages between contacts about a server's log (sections 7.2 and 8 of `docs/verifiable-log.md`): the data
//! of peer messages ([`crate::peer`]) of four contexts.
//!
//! A tag names the log, and the group that both are in, without revealing anything to others.

use cwtch_log::object::{CERTIFICATE_LEN, CHECKPOINT_LEN, CheckpointBytes};
use cwtch_log::{EntryPrefix, HASH_LEN, Hash, MAX_SIZE, PREFIX_LEN};
use cwtch_primitives::group::{LOG_TAG_LEN, LogTag};

use crate::board::EncryptedGroupMessage;
use crate::board::stream::{StreamError, read_entry, write_entry};
use crate::error::WireError;
use crate::redact::silent_debug;

/// Context of "This is my root" ([`Compare`]).
pub const CONTEXT_LOG_COMPARE: &str = "im.cwtch.log.compare";
/// Context of "Mine is another one" ([`Mismatch`]).
pub const CONTEXT_LOG_MISMATCH: &str = "im.cwtch.log.mismatch";
/// Context of "Do you have this entry?" ([`Want`]).
pub const CONTEXT_LOG_WANT: &str = "im.cwtch.log.want";
/// Context of "Here it is" ([`Have`]).
pub const CONTEXT_LOG_HAVE: &str = "im.cwtch.log.have";

const COMPARE_LEN: usize = LOG_TAG_LEN + 8 + 8 + HASH_LEN;
const EVIDENCE_LEN: usize = CHECKPOINT_LEN + CERTIFICATE_LEN;
const WANT_LEN: usize = LOG_TAG_LEN + PREFIX_LEN;

/// State of a log as a side computed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Compare {
    /// The log.
    pub tag: LogTag,
    /// The log's incarnation.
    pub incarnation: u64,
    /// The size of the log.
    pub size: u64,
    /// The root of that size.
    pub root: Hash,
}

/// Answer of a side that computed another root.
#[derive(Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The log.
    pub tag: LogTag,
    /// The checkpoint that the side was shown; `None` if it holds no boundary checkpoint up to that size.
    pub evidence: Option<Box<BoundaryEvidence>>,
}

/// A server's own statement, not yet verified.
#[derive(Clone, PartialEq, Eq)]
pub struct BoundaryEvidence {
    /// The boundary checkpoint.
    pub checkpoint: CheckpointBytes,
    /// The certificate whose key signed it.
    pub certificate: [u8; CERTIFICATE_LEN],
}

/// A question for an entry.
#[derive(Clone, PartialEq, Eq)]
pub struct Want {
    /// The log.
    pub tag: LogTag,
    /// The first bytes of the entry's id.
    pub entry: EntryPrefix,
}

/// An entry. Its id tells whether it is the wanted one.
#[derive(Clone, PartialEq, Eq)]
pub struct Have {
    /// The log.
    pub tag: LogTag,
    /// The entry.
    pub message: EncryptedGroupMessage,
}

/// Reason why an entry cannot be written or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HaveError {
    /// The data is too short for a tag.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The data holds no entry.
    #[error("what a contact sent is no entry of a log: {0}")]
    Entry(#[from] StreamError),
}

impl Compare {
    /// The message's data, 64 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (incarnation, size) = (self.incarnation.to_be_bytes(), self.size.to_be_bytes());
        [&self.tag.as_bytes()[..], &incarnation, &size, &self.root].concat()
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError::Length`], or [`WireError::Range`] for a size that no log has.
    pub fn from_bytes(data: &[u8]) -> Result<Self, WireError> {
        let read = || {
            let (tag, rest) = data.split_first_chunk()?;
            let (incarnation, rest) = rest.split_first_chunk()?;
            let (size, root) = rest.split_first_chunk()?;
            Some(Self {
                tag: LogTag::from_bytes(*tag),
                incarnation: u64::from_be_bytes(*incarnation),
                size: u64::from_be_bytes(*size),
                root: root.try_into().ok()?,
            })
        };
        let compare = read().ok_or(length(CONTEXT_LOG_COMPARE, COMPARE_LEN, data))?;
        if compare.size > MAX_SIZE {
            return Err(WireError::Range { field: "size" });
        }
        Ok(compare)
    }
}

impl Mismatch {
    /// The message's data: 16 bytes, or 315 with evidence.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut data = self.tag.as_bytes().to_vec();
        if let Some(evidence) = &self.evidence {
            data.extend_from_slice(&evidence.checkpoint);
            data.extend_from_slice(&evidence.certificate);
        }
        data
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn from_bytes(data: &[u8]) -> Result<Self, WireError> {
        let read = || {
            let (tag, rest) = data.split_first_chunk()?;
            let evidence = match rest {
                [] => None,
                rest => {
                    let (checkpoint, certificate) = rest.split_first_chunk()?;
                    let certificate = certificate.try_into().ok()?;
                    Some(Box::new(BoundaryEvidence { checkpoint: *checkpoint, certificate }))
                }
            };
            Some(Self { tag: LogTag::from_bytes(*tag), evidence })
        };
        read().ok_or(length(CONTEXT_LOG_MISMATCH, LOG_TAG_LEN + EVIDENCE_LEN, data))
    }
}

impl Want {
    /// The message's data, 36 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.tag.as_bytes()[..], self.entry.as_bytes()].concat()
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn from_bytes(data: &[u8]) -> Result<Self, WireError> {
        let read = || {
            let (tag, entry) = data.split_first_chunk()?;
            Some(Self {
                tag: LogTag::from_bytes(*tag),
                entry: EntryPrefix::from_bytes(entry.try_into().ok()?),
            })
        };
        read().ok_or(length(CONTEXT_LOG_WANT, WANT_LEN, data))
    }
}

impl Have {
    /// The message's data. Whatever fits a post fits a peer message in either version.
    ///
    /// # Errors
    /// [`HaveError::Entry`] for a message that no log can hold.
    pub fn to_bytes(&self) -> Result<Vec<u8>, HaveError> {
        let mut data = self.tag.as_bytes().to_vec();
        write_entry(self.message.borrowed(), &mut data)?;
        Ok(data)
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`HaveError`].
    pub fn from_bytes(data: &[u8]) -> Result<Self, HaveError> {
        let (tag, entry) = data.split_first_chunk().ok_or(length(CONTEXT_LOG_HAVE, LOG_TAG_LEN, data))?;
        Ok(Self { tag: LogTag::from_bytes(*tag), message: read_entry(entry)? })
    }
}

fn length(field: &'static str, expected: usize, data: &[u8]) -> WireError {
    WireError::Length { field, expected, actual: data.len() }
}

silent_debug!(Compare, Mismatch, BoundaryEvidence, Want, Have);
