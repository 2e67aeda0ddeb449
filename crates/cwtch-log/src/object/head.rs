//! Heads: statements of a root for a size, of whatever kind (section 3.6).

use core::fmt;

use super::{Certificate, Checkpoint, LogId, Previous, Retain};
use crate::Hash;

/// A statement about the root of a size of one incarnation. Any two must agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A checkpoint.
    Checkpoint(Checkpoint),
    /// A Retain: the root of the tree of `min_index` entries.
    Retain(Retain),
    /// The previous tree in a later certificate.
    Previous(PreviousHead),
}

/// The size and root at which a later certificate continues or ends an incarnation.
#[derive(Clone, PartialEq, Eq)]
pub struct PreviousHead {
    log: LogId,
    previous: Previous,
    later: Certificate,
}

impl PreviousHead {
    /// The certificate that states it.
    pub const fn certificate(&self) -> &Certificate {
        &self.later
    }
}

impl Head {
    /// The previous tree that `later` states for the incarnation of `earlier`; `None` if it continues or ends another
    /// one, or none.
    pub fn previous(earlier: &Certificate, later: &Certificate) -> Option<Self> {
        let (log, previous) = (earlier.log()?, *later.previous()?);
        let of_it = earlier.server() == later.server() && previous.incarnation == earlier.incarnation();
        of_it.then(|| Self::Previous(PreviousHead { log, previous, later: later.clone() }))
    }

    /// The number of entries.
    pub const fn size(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.size(),
            Self::Retain(retain) => retain.min_index(),
            Self::Previous(head) => head.previous.size,
        }
    }

    /// The root of the tree over them.
    pub const fn root(&self) -> &Hash {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.root(),
            Self::Retain(retain) => retain.root(),
            Self::Previous(head) => &head.previous.root,
        }
    }

    /// Time of the signature in unix seconds; for a certificate, the time from which on it is valid.
    pub const fn time(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.time(),
            Self::Retain(retain) => retain.time(),
            Self::Previous(head) => head.later.incarnation(),
        }
    }

    pub(crate) const fn log(&self) -> &LogId {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.log(),
            Self::Retain(retain) => retain.log(),
            Self::Previous(head) => &head.log,
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

impl fmt::Debug for PreviousHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreviousHead").field("later", &self.later).finish_non_exhaustive()
    }
}
