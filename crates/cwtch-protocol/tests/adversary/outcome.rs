//! The outcome of a run.

use std::collections::BTreeSet;

use cwtch_log::FraudProof;
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Evidence, EvidenceKind, Notice};

/// The outcome of a run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Outcome {
    /// True if the server acted.
    pub(crate) fired: bool,
    /// True if somebody was given something that cannot be honest, and could tell.
    pub(crate) reached: bool,
    /// True if one of those was told.
    pub(crate) detected: bool,
    /// True if there was a proof.
    pub(crate) proven: bool,
    /// Everything that was told and is more than daily life.
    pub(crate) kinds: BTreeSet<String>,
    /// All proofs.
    pub(crate) proofs: Vec<Vec<u8>>,
}

impl Outcome {
    /// Adds what a client has at the end.
    pub(crate) fn add(&mut self, server: &Address, evidence: &[Evidence], notices: &[Notice]) {
        for found in evidence {
            match (&found.kind, &found.proof) {
                (EvidenceKind::Proven(kind), Some(bytes)) => {
                    let proof = FraudProof::verify(bytes, server).expect("a proof is accepted");
                    assert_eq!(proof.kind(), *kind);
                    assert!(!proof.to_string().is_empty());
                    self.proven = true;
                    self.proofs.push(bytes.clone());
                    self.kinds.insert(format!("{} {kind}", kind.number()));
                }
                (EvidenceKind::Unproven(kind), None) => {
                    self.kinds.insert(format!("{kind:?}"));
                }
                other => panic!("a proof belongs to proven kinds, and to them alone: {other:?}"),
            }
        }
        for notice in notices {
            let word = match notice {
                Notice::Downgrade => "Downgrade",
                Notice::NoReceipt { .. } => "NoReceipt",
                Notice::Stale { .. } => "Stale",
                Notice::Lost { again: true, .. } => "Lost again",
                _ => continue,
            };
            self.kinds.insert(word.to_owned());
        }
    }
}
