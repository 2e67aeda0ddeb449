//! Accusations of a server, before they are kept as evidence.

use cwtch_log::FraudProof;

use crate::monitor::memory::{EvidenceKind, EvidenceObject, Unproven};

/// A check of the server's own objects that failed, with the objects that show it.
#[derive(Debug)]
pub(crate) struct Charge {
    pub(crate) kind: EvidenceKind,
    /// The incarnation of the log in which it happened.
    pub(crate) incarnation: u64,
    /// The fraud proof, if it can be shown to others.
    pub(crate) proof: Option<Vec<u8>>,
    pub(crate) objects: Vec<EvidenceObject>,
}

impl Charge {
    /// A charge that a fraud proof shows to anybody.
    pub(crate) fn proven(proof: &FraudProof, incarnation: u64, objects: Vec<EvidenceObject>) -> Self {
        Self { kind: EvidenceKind::Proven(proof.kind()), incarnation, proof: Some(proof.to_bytes()), objects }
    }

    /// A charge that makes no proof for others.
    pub(crate) fn unproven(what: Unproven, incarnation: u64, objects: Vec<EvidenceObject>) -> Self {
        Self { kind: EvidenceKind::Unproven(what), incarnation, proof: None, objects }
    }
}
