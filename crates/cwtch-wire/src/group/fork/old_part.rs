//! The old part: what a fork says to members of the group before it, and to nobody else.

use cwtch_log::MAX_SIZE;
use cwtch_primitives::group::{GROUP_ID_LEN, GroupId};

use super::notice::ForkId;
use super::read::{Reader, hash};
use crate::redact::silent_debug;

/// Length of an old part in bytes.
pub const OLD_PART_LEN: usize = SALT_LEN + GROUP_ID_LEN + 32 + 8 + SIZE_LEN;
const SALT_LEN: usize = 16;
const SIZE_LEN: usize = 6;

/// The group before a fork, and how far its log had grown. The notice holds a salted hash of it: a newcomer, who
/// sees the notice, learns nothing of the past.
#[derive(Clone, PartialEq, Eq)]
pub struct OldPart {
    /// Random bytes, without which the hash could be guessed.
    pub salt: [u8; SALT_LEN],
    /// The group that was forked.
    pub group: GroupId,
    /// The fork that made that group; [`ForkId::NONE`] for a group without a notice.
    pub fork: ForkId,
    /// The incarnation of the log of its server; 0 without a log.
    pub incarnation: u64,
    /// The size of that log when the forker had synced, at most [`MAX_SIZE`]; 0 without a log.
    pub log_size: u64,
}

/// Reason why an old part is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the old part does not have {OLD_PART_LEN} bytes, or its size is none that a log can have")]
pub struct OldPartFault;

impl OldPart {
    /// Reads an old part.
    ///
    /// # Errors
    /// [`OldPartFault`] for another length.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OldPartFault> {
        let read = || {
            let mut reader = Reader::new(bytes);
            let (salt, group, fork) = (reader.array()?, reader.array()?, reader.array()?);
            let incarnation = reader.u64()?;
            let [a, b, c, d, e, f] = reader.array::<SIZE_LEN>()?;
            reader.rest().is_empty().then_some(Self {
                salt,
                group: GroupId::from_bytes(group),
                fork: ForkId::from_bytes(fork),
                incarnation,
                log_size: u64::from_be_bytes([0, 0, a, b, c, d, e, f]),
            })
        };
        read().ok_or(OldPartFault)
    }

    /// The bytes of the old part.
    ///
    /// # Errors
    /// [`OldPartFault`] for a size above [`MAX_SIZE`].
    pub fn to_bytes(&self) -> Result<[u8; OLD_PART_LEN], OldPartFault> {
        if self.log_size > MAX_SIZE {
            return Err(OldPartFault);
        }
        let [_, _, size @ ..] = self.log_size.to_be_bytes();
        let incarnation = self.incarnation.to_be_bytes();
        let bytes =
            [&self.salt[..], self.group.as_bytes(), self.fork.as_bytes(), &incarnation, &size].concat();
        bytes.try_into().map_err(|_| OldPartFault)
    }

    /// The hash that stands in the notice.
    ///
    /// # Errors
    /// As [`OldPart::to_bytes`].
    pub fn hash(&self) -> Result<[u8; 32], OldPartFault> {
        Ok(hash("cwtch-fork-old/1", &[&self.to_bytes()?]))
    }
}

silent_debug!(OldPart);
