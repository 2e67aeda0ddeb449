//! Heads: whatever states a root for a size (section 3.6).

use super::{Checkpoint, LogId, Retain};
use crate::Hash;

/// A statement about the root of a size of one incarnation. Any two must agree.
///
/// The third kind of head, what a [`Certificate`](super::Certificate) says of the incarnation before, is compared by
/// [`FraudProof::wrong_start`](crate::FraudProof::wrong_start).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A checkpoint.
    Checkpoint(Checkpoint),
    /// A Retain: the root of the tree of `min_index` entries.
    Retain(Retain),
}

impl Head {
    /// The number of entries.
    pub const fn size(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.size(),
            Self::Retain(retain) => retain.min_index(),
        }
    }

    /// The root of the tree over them.
    pub const fn root(&self) -> &Hash {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.root(),
            Self::Retain(retain) => retain.root(),
        }
    }

    /// When it was signed: unix seconds.
    pub const fn time(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.time(),
            Self::Retain(retain) => retain.time(),
        }
    }

    pub(crate) const fn log(&self) -> &LogId {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.log(),
            Self::Retain(retain) => retain.log(),
        }
    }
}

impl From<Checkpoint> for Head {
    fn from(checkpoint: Checkpoint) -> Self {
        Self::Checkpoint(checkpoint)
    }
}

impl From<Retain> for Head {
    fn from(retain: Retain) -> Self {
        Self::Retain(retain)
    }
}
