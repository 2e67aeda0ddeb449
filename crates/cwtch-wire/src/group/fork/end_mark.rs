//! End marks: an author's word, in the group that a fork made, for how far they had written in the one before.

use cwtch_log::{EntryPrefix, PREFIX_LEN};
use cwtch_primitives::PublicKey;
use cwtch_primitives::group::GroupKey;
use cwtch_primitives::mac::hmac_sha256;

use super::notice::ForkId;
use crate::redact::silent_debug;

/// Length of an end mark in bytes.
pub const END_MARK_LEN: usize = PREFIX_LEN;

/// A mark of an author's last transmitted message in the group before. Who has that group's key compares it with the
/// messages at hand; to others it is random.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct EndMark([u8; END_MARK_LEN]);

impl EndMark {
    /// Computes the mark of a message, by the key of the group before, the author, the fork that came behind, and the message's
    /// number and name. Without any message they are 0 and [`EntryPrefix::NONE`].
    pub fn of(key: &GroupKey, author: &PublicKey, fork: &ForkId, number: u32, entry: &EntryPrefix) -> Self {
        let number = number.to_be_bytes();
        let parts =
            [b"cwtch-fork-tail/1", &author.as_bytes()[..], fork.as_bytes(), &number, entry.as_bytes()];
        let full = hmac_sha256(key, &parts);
        let mut mark = [0; END_MARK_LEN];
        mark.iter_mut().zip(full.expose()).for_each(|(to, from)| *to = *from);
        Self(mark)
    }

    /// A mark that was received.
    pub const fn from_bytes(bytes: [u8; END_MARK_LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the mark.
    pub const fn as_bytes(&self) -> &[u8; END_MARK_LEN] {
        &self.0
    }
}

silent_debug!(EndMark);
