//! Group keys and group ids (§1.9).

use core::fmt;
use core::str::FromStr;

use data_encoding::HEXLOWER;
use pbkdf2::pbkdf2_hmac;
use sha2::Sha512;
use subtle::ConstantTimeEq;

use crate::identity::PublicKey;
use crate::mac::hmac_sha256;
use crate::secretbox::BoxKey;

/// Length of a group id in bytes.
pub const GROUP_ID_LEN: usize = 16;
/// Rounds of the id's derivation.
const ROUNDS: u32 = 4096;

/// The secret that a group's members share: whoever has it reads and writes.
pub type GroupKey = BoxKey;

/// A name of a server for those who share a group on it (`docs/verifiable-log.md`, section 7.2). Compared in constant
/// time; `Debug` does not show it.
#[derive(Clone, Copy)]
pub struct LogTag([u8; LOG_TAG_LEN]);

/// Length of a [`LogTag`] in bytes.
pub const LOG_TAG_LEN: usize = 16;

impl LogTag {
    /// Computes the first 16 bytes of HMAC-SHA256 of `cwtch-log-compare/1` and the server's key, under the group's
    /// key: somebody who is not in the group cannot tell which server is meant.
    pub fn of(key: &GroupKey, server: &PublicKey) -> Self {
        let full = hmac_sha256(key, &[b"cwtch-log-compare/1", server.as_bytes()]);
        let mut tag = [0; LOG_TAG_LEN];
        tag.iter_mut().zip(full.expose()).for_each(|(to, from)| *to = *from);
        Self(tag)
    }

    /// A tag from its 16 bytes.
    pub const fn from_bytes(bytes: [u8; LOG_TAG_LEN]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; LOG_TAG_LEN] {
        &self.0
    }
}

impl PartialEq for LogTag {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for LogTag {}

impl fmt::Debug for LogTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LogTag(…)")
    }
}

/// The public name of a group, derived from its key and its server (§1.9); 32 hex characters as text.
///
/// `Display` writes it, `Debug` does not: logs name no groups.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GroupId([u8; GROUP_ID_LEN]);

/// A text that is no group id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a group id has 32 characters, 0-9 and a-f in lower case")]
pub struct GroupIdError;

impl GroupId {
    /// Derives the id by PBKDF2-HMAC-SHA512 of the group key, salted with the server's public key; 4096 rounds, 16
    /// bytes. Takes a few milliseconds: derive it once, then keep it.
    pub fn derive(key: &GroupKey, server: &PublicKey) -> Self {
        let mut id = [0; GROUP_ID_LEN];
        pbkdf2_hmac::<Sha512>(key.expose(), server.as_bytes(), ROUNDS, &mut id);
        Self(id)
    }

    /// An id from its 16 bytes.
    pub fn from_bytes(bytes: [u8; GROUP_ID_LEN]) -> Self {
        Self(bytes)
    }

    /// The 16 bytes.
    pub fn as_bytes(&self) -> &[u8; GROUP_ID_LEN] {
        &self.0
    }
}

impl FromStr for GroupId {
    type Err = GroupIdError;

    fn from_str(text: &str) -> Result<Self, GroupIdError> {
        let bytes = HEXLOWER.decode(text.as_bytes()).map_err(|_| GroupIdError)?;
        bytes.try_into().map(Self).map_err(|_| GroupIdError)
    }
}

impl fmt::Display for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&HEXLOWER.encode(&self.0))
    }
}

impl fmt::Debug for GroupId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("GroupId(…)")
    }
}
