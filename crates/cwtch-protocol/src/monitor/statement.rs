//! Heads: what states a root for a size, and what two that disagree prove (sections 3.6 and 4).

use cwtch_log::fraud::Disagreement;
use cwtch_log::tree::consistency_proof;
use cwtch_log::{Certificate, Checkpoint, FraudProof, Hash, Head, Retain};

use super::certificates::Certificates;
use super::evidence::{EvidenceObject, ObjectKind};
use super::tail::Tail;

/// A verified statement of a server about the root of a size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Statement {
    Checkpoint(Checkpoint),
    Retain(Retain),
    /// What a certificate says of the incarnation before.
    Previous(Certificate),
}

impl Statement {
    pub(crate) fn size(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.size(),
            Self::Retain(retain) => retain.min_index(),
            Self::Previous(certificate) => certificate.previous().map_or(0, |previous| previous.size),
        }
    }

    pub(crate) fn root(&self) -> Option<&Hash> {
        match self {
            Self::Checkpoint(checkpoint) => Some(checkpoint.root()),
            Self::Retain(retain) => Some(retain.root()),
            Self::Previous(certificate) => certificate.previous().map(|previous| &previous.root),
        }
    }

    /// The incarnation whose tree it is about.
    pub(crate) fn incarnation(&self) -> u64 {
        match self {
            Self::Checkpoint(checkpoint) => checkpoint.incarnation(),
            Self::Retain(retain) => retain.incarnation(),
            Self::Previous(certificate) => certificate.previous().map_or(0, |previous| previous.incarnation),
        }
    }

    pub(crate) fn object(&self) -> EvidenceObject {
        let (what, bytes) = match self {
            Self::Checkpoint(checkpoint) => (ObjectKind::Checkpoint, checkpoint.to_bytes().to_vec()),
            Self::Retain(retain) => (ObjectKind::Retain, retain.to_bytes().to_vec()),
            Self::Previous(certificate) => (ObjectKind::Certificate, certificate.to_bytes().to_vec()),
        };
        EvidenceObject { what, bytes }
    }

    fn head(&self) -> Option<Head> {
        match self {
            Self::Checkpoint(checkpoint) => Some(checkpoint.clone().into()),
            Self::Retain(retain) => Some(retain.clone().into()),
            Self::Previous(_) => None,
        }
    }
}

/// The proof that two statements of one incarnation contradict each other. `tail` is a tree with which the one of the
/// larger size agrees, and the other does not.
pub(crate) fn contradiction(
    known: &Certificates,
    a: &Statement,
    b: &Statement,
    tail: &Tail,
) -> Option<FraudProof> {
    if a.incarnation() != b.incarnation() {
        return None;
    }
    let certificate = known.get(a.incarnation())?;
    let (small, large) = if a.size() <= b.size() { (a, b) } else { (b, a) };
    let same_size = small.size() == large.size();
    let proof = if same_size {
        Vec::new()
    } else {
        consistency_proof(&mut &*tail, small.size(), large.size()).ok()?
    };
    let wrong_start = |head: &Statement, later: &Certificate, head_is_smaller| {
        let how = if same_size {
            Disagreement::SameSize
        } else {
            Disagreement::Prefix { head_is_smaller, proof: proof.clone() }
        };
        FraudProof::wrong_start(certificate, later, &head.head()?, &how)
    };
    match (small, large) {
        (Statement::Previous(_), Statement::Previous(_)) => None,
        (Statement::Previous(later), head) => wrong_start(head, later, false),
        (head, Statement::Previous(later)) => wrong_start(head, later, true),
        (small, large) if same_size => FraudProof::same_size(certificate, &small.head()?, &large.head()?),
        (small, large) => FraudProof::prefix(certificate, &small.head()?, &large.head()?, &proof),
    }
}

/// The proof that two checkpoints of one incarnation contradict each other by what stands in them.
pub(crate) fn two_checkpoints(
    certificate: &Certificate,
    a: &Checkpoint,
    b: &Checkpoint,
) -> Option<FraudProof> {
    FraudProof::same_size(certificate, &a.clone().into(), &b.clone().into())
        .or_else(|| FraudProof::shrunk(certificate, a, b))
        .or_else(|| FraudProof::shrunk(certificate, b, a))
        .or_else(|| FraudProof::second_boundary(certificate, a, b))
}
