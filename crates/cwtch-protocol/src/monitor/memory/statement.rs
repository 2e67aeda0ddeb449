//! Statements of a root for a size.

use cwtch_log::{Certificate, Checkpoint, Hash, Head, Retain};

use super::evidence::EvidenceObject;

/// A verified statement of a server about the root of a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    Checkpoint(Checkpoint),
    Retain(Retain),
    /// The previous tree that a certificate states for the incarnation before.
    Previous(Certificate),
}

impl Statement {
    /// The size that it is about.
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.size(),
            Self::Retain(retain) => retain.min_index(),
            Self::Previous(certificate) => certificate.previous().map_or(0, |previous| previous.size),
        }
    }

    /// The root that it states; `None` for a certificate that continues nothing.
    pub(crate) fn root(&self) -> Option<&Hash> {
        match self {
            Self::Checkpoint(checkpoint) => Some(checkpoint.root()),
            Self::Retain(retain) => Some(retain.root()),
            Self::Previous(certificate) => certificate.previous().map(|previous| &previous.root),
        }
    }

    /// The incarnation whose tree the statement is about.
    pub(crate) fn incarnation(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.incarnation(),
            Self::Retain(retain) => retain.incarnation(),
            Self::Previous(certificate) => certificate.previous().map_or(0, |previous| previous.incarnation),
        }
    }

    /// The signed object that states it, as evidence.
    pub(crate) fn object(&self) -> EvidenceObject {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.into(),
            Self::Retain(retain) => retain.into(),
            Self::Previous(certificate) => certificate.into(),
        }
    }

    /// The statement as a head of the log of a certificate.
    pub(crate) fn head(&self, certificate: &Certificate) -> Option<Head> {
        match self {
            Self::Checkpoint(checkpoint) => Some(checkpoint.clone().into()),
            Self::Retain(retain) => Some(retain.clone().into()),
            Self::Previous(later) => Head::previous(certificate, later),
        }
    }
}
