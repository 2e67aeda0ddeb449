//! Overlays (§1.10): the meanings of a chat text.

use core::fmt;

use cwtch_primitives::Address;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use sha2::{Digest, Sha256};

use crate::error::WireError;
use crate::go_json::{Fields, ObjectWriter};
use crate::packet::SEALED_MAX;
use crate::peer::PeerVersion;

/// The longest overlay in a group, in bytes of JSON (§1.9).
pub const TEXT_MAX_GROUP: usize = 1800;
/// The longest overlay to a peer that reads version 1, in bytes of JSON.
pub const OVERLAY_MAX_V1: usize = 6000;
/// The longest overlay to a peer that announced version 2, in bytes of JSON.
pub const OVERLAY_MAX_V2: usize = 7000;

/// Number of a text.
pub const KIND_TEXT: u64 = 1;
/// Number of a reply that quotes.
pub const KIND_QUOTE: u64 = 10;
/// Number of a recommended contact.
pub const KIND_SUGGESTED_CONTACT: u64 = 100;
/// Number of an invite to a group.
pub const KIND_GROUP_INVITE: u64 = 101;
/// Number of an offered file.
pub const KIND_FILE: u64 = 200;

/// The longest overlay to a peer, in bytes of JSON.
pub fn peer_limit(version: PeerVersion) -> usize {
    match version {
        PeerVersion::V1 => OVERLAY_MAX_V1,
        PeerVersion::V2 => OVERLAY_MAX_V2,
    }
}

/// An overlay as it is sent: a number that tells the kind of the data, and the data.
#[derive(Clone, PartialEq, Eq)]
pub struct Overlay {
    /// The kind of the data.
    pub kind: u64,
    /// The data, a text.
    pub data: String,
}

impl Overlay {
    /// `{"o":n,"d":text}`.
    pub fn to_json(&self) -> String {
        ObjectWriter::new(self.data.len() + 32).uint("o", self.kind).string("d", &self.data).finish()
    }

    /// Reads an overlay.
    ///
    /// # Errors
    /// [`WireError`] for a text that is no overlay; show it as it is.
    pub fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("overlay", json, SEALED_MAX, |fields| {
            let kind = fields.int("o")?.ok_or(WireError::Missing { field: "o" })?;
            Ok(Self {
                kind: u64::try_from(kind).map_err(|_| WireError::Range { field: "o" })?,
                data: fields.string("d")?.unwrap_or_default().to_owned(),
            })
        })
    }
}

impl fmt::Debug for Overlay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Overlay({}, {} bytes)", self.kind, self.data.len())
    }
}

/// Meaning of an overlay.
#[derive(Clone, PartialEq, Eq)]
pub enum Content {
    /// A text.
    Text(String),
    /// A reply.
    Quote {
        /// [`quoted_hash`] of the message it answers.
        hash: [u8; 32],
        /// The reply's text.
        body: String,
    },
    /// "You should talk to her."
    SuggestedContact(Address),
    /// A `torv3…` or `tofubundle:…` text, not yet read.
    GroupInvite(String),
    /// An offered file.
    File(FileOffer),
    /// Any other overlay, and known numbers whose data is malformed: shown as such, never dropped.
    Unknown {
        /// The overlay's number.
        kind: u64,
        /// Its data.
        data: String,
    },
}

impl Content {
    /// Reads the meaning of an overlay; every overlay has one.
    pub fn from_overlay(overlay: Overlay) -> Self {
        let Overlay { kind, data } = overlay;
        let known = match kind {
            KIND_TEXT => return Self::Text(data),
            KIND_GROUP_INVITE => return Self::GroupInvite(data),
            KIND_QUOTE => quote(&data).ok(),
            KIND_SUGGESTED_CONTACT => data.parse().map(Self::SuggestedContact).ok(),
            KIND_FILE => FileOffer::from_json(data.as_bytes()).map(Self::File).ok(),
            _ => None,
        };
        known.unwrap_or(Self::Unknown { kind, data })
    }

    /// The overlay with this meaning.
    pub fn to_overlay(&self) -> Overlay {
        let (kind, data) = match self {
            Self::Text(text) => (KIND_TEXT, text.clone()),
            Self::Quote { hash, body } => {
                let data = ObjectWriter::new(body.len() + 80)
                    .bytes("quotedHash", hash)
                    .string("body", body)
                    .finish();
                (KIND_QUOTE, data)
            }
            Self::SuggestedContact(address) => (KIND_SUGGESTED_CONTACT, address.to_string()),
            Self::GroupInvite(text) => (KIND_GROUP_INVITE, text.clone()),
            Self::File(offer) => (KIND_FILE, offer.to_json()),
            Self::Unknown { kind, data } => (*kind, data.clone()),
        };
        Overlay { kind, data }
    }

    /// The overlay's JSON.
    pub fn to_json(&self) -> String {
        self.to_overlay().to_json()
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(_) => "Text(…)",
            Self::Quote { .. } => "Quote(…)",
            Self::SuggestedContact(_) => "SuggestedContact(…)",
            Self::GroupInvite(_) => "GroupInvite(…)",
            Self::File(_) => "File(…)",
            Self::Unknown { .. } => "Unknown(…)",
        })
    }
}

fn quote(data: &str) -> Result<Content, WireError> {
    Fields::parse("quoted reply", data.as_bytes(), SEALED_MAX, |fields| {
        let body = fields.string("body")?.ok_or(WireError::Missing { field: "body" })?;
        Ok(Content::Quote { hash: fields.array("quotedHash")?, body: body.to_owned() })
    })
}

/// Computes the hash by which a reply names the message that it quotes: SHA-256 of the author's address and the
/// quoted overlay's JSON as it was sent.
pub fn quoted_hash(author: &Address, overlay_json: &[u8]) -> [u8; 32] {
    Sha256::new().chain_update(author.as_bytes()).chain_update(overlay_json).finalize().into()
}

/// An offered file: `{"f":name,"h":hex,"n":hex,"s":size}`.
#[derive(Clone, PartialEq, Eq)]
pub struct FileOffer {
    /// The sender's name for the file; never a path.
    pub name: String,
    /// SHA-512 over the file.
    pub root_hash: [u8; 64],
    /// A nonce that makes the file's key unique.
    pub nonce: [u8; 24],
    /// Length of the file in bytes.
    pub size: u64,
}

impl FileOffer {
    fn to_json(&self) -> String {
        ObjectWriter::new(self.name.len() + 256)
            .string("f", &self.name)
            .string("h", &HEXLOWER.encode(&self.root_hash))
            .string("n", &HEXLOWER.encode(&self.nonce))
            .uint("s", self.size)
            .finish()
    }

    fn from_json(json: &[u8]) -> Result<Self, WireError> {
        Fields::parse("file offer", json, SEALED_MAX, |fields| {
            let size = fields.int("s")?.ok_or(WireError::Missing { field: "s" })?;
            Ok(Self {
                name: fields.string("f")?.ok_or(WireError::Missing { field: "f" })?.to_owned(),
                root_hash: hex(&fields, "h")?,
                nonce: hex(&fields, "n")?,
                size: u64::try_from(size).map_err(|_| WireError::Range { field: "s" })?,
            })
        })
    }

    /// The file's key, by which peers ask for it: hash and nonce in hex with a dot between.
    pub fn key(&self) -> String {
        format!("{}.{}", HEXLOWER.encode(&self.root_hash), HEXLOWER.encode(&self.nonce))
    }
}

impl fmt::Debug for FileOffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "FileOffer({} bytes)", self.size)
    }
}

fn hex<const N: usize>(fields: &Fields<'_, '_>, field: &'static str) -> Result<[u8; N], WireError> {
    let text = fields.string(field)?.ok_or(WireError::Missing { field })?;
    let bytes = HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| WireError::Type { field, expected: "hexadecimal digits" })?;
    let actual = bytes.len();
    bytes.try_into().map_err(|_| WireError::Length { field, expected: N, actual })
}
