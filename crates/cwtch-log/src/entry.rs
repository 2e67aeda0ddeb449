//! Names of entries and of messages (section 2).

use core::fmt;

use sha2::{Digest, Sha256};

use crate::Hash;
use crate::tree::leaf_hash;

/// Length of an [`EntryPrefix`] in bytes.
pub const PREFIX_LEN: usize = 20;

/// Kind of a leaf of the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LeafKind {
    /// The server holds the body of the entry.
    Body,
    /// A commitment without a body; reserved.
    Commitment,
}

impl LeafKind {
    pub(crate) const fn byte(self) -> u8 {
        match self {
            Self::Body => 0,
            Self::Commitment => 1,
        }
    }
}

/// The name of an encrypted group message in the log: a hash over its signature and ciphertext.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryId(Hash);

impl EntryId {
    /// The id of an encrypted group message, from its decoded bytes.
    pub fn of(signature: &[u8], ciphertext: &[u8]) -> Self {
        let len = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
        let hash = Sha256::new()
            .chain_update(b"cwtch-egm/1")
            .chain_update(len(signature))
            .chain_update(signature)
            .chain_update(len(ciphertext))
            .chain_update(ciphertext);
        Self(hash.finalize().into())
    }

    /// An id that was stored or received.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The hash of the leaf of an entry whose body the server holds.
    pub fn leaf(&self) -> Hash {
        leaf_hash(LeafKind::Body, self)
    }

    /// The id's first bytes, by which messages refer to each other.
    pub fn prefix(&self) -> EntryPrefix {
        EntryPrefix(self.0.first_chunk().copied().unwrap_or_default())
    }
}

/// The beginning of an [`EntryId`], by which a message names the ones before it (section 8).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EntryPrefix([u8; PREFIX_LEN]);

impl EntryPrefix {
    /// The prefix that stands for no entry where the format has room for one: zeros.
    pub const NONE: Self = Self([0; PREFIX_LEN]);

    /// A prefix that was stored or received.
    pub const fn from_bytes(bytes: [u8; PREFIX_LEN]) -> Self {
        Self(bytes)
    }

    /// The bytes of the prefix.
    pub const fn as_bytes(&self) -> &[u8; PREFIX_LEN] {
        &self.0
    }

    /// The least and the greatest id that begin with this prefix, for a search among sorted ids.
    pub fn range(&self) -> (EntryId, EntryId) {
        let filled = |with| {
            let mut bytes = [with; 32];
            for (byte, of_prefix) in bytes.iter_mut().zip(self.0) {
                *byte = of_prefix;
            }
            EntryId(bytes)
        };
        (filled(0), filled(0xff))
    }
}

impl fmt::Debug for EntryPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_start("EntryPrefix", &self.0, f)
    }
}

/// Shows the first four bytes only: the program's log needs to tell entries apart, not to name them.
impl fmt::Debug for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug_start("EntryId", &self.0, f)
    }
}

/// The name of a *message*, whatever its wrapping: a hash over its group and its plain JSON. Clients drop copies
/// by it. Logs name no messages: `Debug` does not show it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MsgId(Hash);

impl MsgId {
    /// The id of a message of a group, from the plain JSON in the form that is signed.
    pub fn of(group: &[u8; 16], plain: &[u8]) -> Self {
        let hash = Sha256::new().chain_update(b"cwtch-msg/1").chain_update(group).chain_update(plain);
        Self(hash.finalize().into())
    }

    /// An id that was stored.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for MsgId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MsgId(…)")
    }
}

fn debug_start(name: &str, hash: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{name}(")?;
    for byte in hash.iter().take(4) {
        write!(f, "{byte:02x}")?;
    }
    f.write_str("…)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    #[test]
    fn lengths_separate_the_fields() {
        assert_ne!(EntryId::of(b"ab", b"c"), EntryId::of(b"a", b"bc"));
        // Two entries with one signature are two entries.
        assert_ne!(EntryId::of(b"ab", b"c"), EntryId::of(b"ab", b"d"));
    }

    #[test]
    fn bytes_are_those_of_the_specification() {
        let by_hand = Sha256::digest(b"cwtch-egm/1\x00\x00\x00\x02ab\x00\x00\x00\x01c");
        let id = EntryId::of(b"ab", b"c");
        assert_eq!(id.as_bytes()[..], by_hand[..]);
        assert_eq!(id.prefix().as_bytes()[..], by_hand[..20]);
        let mut leaf = std::vec![0, 0];
        leaf.extend_from_slice(&by_hand);
        assert_eq!(id.leaf()[..], Sha256::digest(&leaf)[..]);
        leaf[1] = 1;
        assert_eq!(leaf_hash(LeafKind::Commitment, &id)[..], Sha256::digest(&leaf)[..]);
        assert_eq!(
            MsgId::of(&[7; 16], b"{}").as_bytes()[..],
            Sha256::digest([b"cwtch-msg/1".as_slice(), &[7; 16], b"{}"].concat())[..]
        );
    }

    #[test]
    fn the_range_of_a_prefix_holds_what_begins_like_it() {
        let id = EntryId::of(b"ab", b"c");
        let (least, greatest) = id.prefix().range();
        assert!(least < id && id < greatest);
        assert_eq!((least.prefix(), greatest.prefix()), (id.prefix(), id.prefix()));
        assert_eq!(least.as_bytes()[20..], [0; 12]);
        assert_eq!(greatest.as_bytes()[20..], [0xff; 12]);
    }

    #[test]
    fn debug_is_short_and_names_no_message() {
        let id = EntryId::from_bytes([0xab; 32]);
        assert_eq!(format!("{id:?}"), "EntryId(abababab…)");
        assert_eq!(format!("{:?}", id.prefix()), "EntryPrefix(abababab…)");
        assert_eq!(format!("{:?}", MsgId::from_bytes([0xab; 32])), "MsgId(…)");
    }
}
