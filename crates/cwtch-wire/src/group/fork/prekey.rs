//! Prekeys: the X25519 keys that members publish in their messages, and to which later forks are sealed.

use cwtch_primitives::agreement::AgreementPublicKey;

use super::notice::TIME_STEP;
use super::read::Reader;
use crate::redact::silent_debug;

/// Length of a prekey in bytes.
pub const PREKEY_LEN: usize = 8 + 32;

/// A member's prekey. Only the member's own message vouches for it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Prekey {
    created: u64,
    key: AgreementPublicKey,
}

/// Reason why bytes are no prekey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PrekeyFault {
    /// The length is wrong.
    #[error("a prekey has {PREKEY_LEN} bytes, not {0}")]
    Length(usize),
    /// The time is no full hour.
    #[error("the prekey's time is no full hour")]
    Time,
    /// The key is a point of small order.
    #[error("the prekey is a point of small order")]
    Key,
}

impl Prekey {
    /// A prekey that was made in the hour of `now` (unix seconds).
    pub const fn new(now: u64, key: AgreementPublicKey) -> Self {
        Self { created: now - now % TIME_STEP, key }
    }

    /// Reads a prekey.
    ///
    /// # Errors
    /// [`PrekeyFault`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, PrekeyFault> {
        let length = PrekeyFault::Length(bytes.len());
        let mut reader = Reader::new(bytes);
        let (created, key) = (reader.u64().ok_or(length)?, reader.array().ok_or(length)?);
        if !reader.rest().is_empty() {
            return Err(length);
        }
        if !created.is_multiple_of(TIME_STEP) {
            return Err(PrekeyFault::Time);
        }
        let key = AgreementPublicKey::from_bytes(&key).map_err(|_| PrekeyFault::Key)?;
        Ok(Self { created, key })
    }

    /// The bytes of the prekey.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.created.to_be_bytes()[..], self.key.as_bytes()].concat()
    }

    /// The hour in which it was made, in unix seconds by its member's clock. The newest one counts.
    pub const fn created(&self) -> u64 {
        self.created
    }

    /// The key.
    pub const fn key(&self) -> &AgreementPublicKey {
        &self.key
    }
}

silent_debug!(Prekey);
