//! Reading a proof: every object is verified, then the kind's constructor decides.

use alloc::vec::Vec;

use cwtch_primitives::Address;

use super::{
    Disagreement, FraudKind, FraudProof, MAGIC, MAX_PROOF_LEN, NodeConflict, NotProven, ProofError,
    Unreadable,
};
use crate::Hash;
use crate::bytes::Reader;
use crate::object::{
    CERTIFICATE_LEN, CHECKPOINT_LEN, Certificate, Checkpoint, Fault, Head, ObjectError, POLICY_LEN, Policy,
    RETAIN_LEN, Retain,
};

impl From<Unreadable> for ProofError {
    fn from(fault: Unreadable) -> Self {
        Self::Unreadable(fault)
    }
}

/// Genuine bytes under another server, log or key prove nothing; bytes that no log signs are no proof at all.
impl From<ObjectError> for ProofError {
    fn from(error: ObjectError) -> Self {
        match error.fault {
            Fault::OtherServer | Fault::OtherIncarnation | Fault::Retired | Fault::Signature => {
                Self::NotProven(NotProven::Object(error))
            }
            _ => Self::Unreadable(Unreadable::Object(error)),
        }
    }
}

pub(super) fn proof(bytes: &[u8], server: &Address) -> Result<FraudProof, ProofError> {
    if bytes.len() > MAX_PROOF_LEN {
        return Err(Unreadable::TooLong.into());
    }
    let mut parts = Parts { reader: Reader::new(bytes), server };
    if parts.reader.array().as_ref() != Some(MAGIC) {
        return Err(Unreadable::Magic.into());
    }
    let number = parts.byte()?;
    let kind = FraudKind::from_number(number).ok_or(Unreadable::Kind(number))?;
    parts.proof(kind)?.ok_or(ProofError::NotProven(NotProven::Honest(kind)))
}

struct Parts<'a> {
    reader: Reader<'a>,
    server: &'a Address,
}

impl Parts<'_> {
    fn proof(&mut self, kind: FraudKind) -> Result<Option<FraudProof>, ProofError> {
        // Every proof begins with the certificate of its first statement.
        let log = &self.certificate()?;
        let proof = match kind {
            FraudKind::SameSize => {
                let (a, b) = (self.head(log)?, self.head(log)?);
                FraudProof::same_size(log, &a, &b)
            }
            FraudKind::Node => {
                let (a, b, node) = (self.head(log)?, self.head(log)?, self.node()?);
                FraudProof::node(log, &a, &b, &node)
            }
            FraudKind::Shrunk => {
                let (a, b) = (self.checkpoint(log)?, self.checkpoint(log)?);
                FraudProof::shrunk(log, &a, &b)
            }
            FraudKind::TwoCertificates => FraudProof::two_certificates(log, &self.certificate()?),
            FraudKind::RetainBackwards => {
                let (a, b) = (self.retain(log)?, self.retain(log)?);
                FraudProof::retain_backwards(log, &a, &b)
            }
            FraudKind::OldSigner => {
                let (later, checkpoint) = (self.certificate()?, self.checkpoint(log)?);
                FraudProof::old_signer(log, &later, &checkpoint)
            }
            FraudKind::WrongStart => {
                let (later, head, how) = (self.certificate()?, self.head(log)?, self.disagreement()?);
                FraudProof::wrong_start(log, &later, &head, &how)
            }
            FraudKind::PrunedEarly => {
                let (policy, checkpoint, retain) =
                    (self.policy(log)?, self.checkpoint(log)?, self.retain(log)?);
                FraudProof::pruned_early(log, &policy, &checkpoint, &retain)
            }
            FraudKind::SecondBoundary => {
                let (a, b) = (self.checkpoint(log)?, self.checkpoint(log)?);
                FraudProof::second_boundary(log, &a, &b)
            }
            FraudKind::PolicyBackwards => {
                let (a, b) = (self.policy(log)?, self.policy(log)?);
                FraudProof::policy_backwards(log, &a, &b)
            }
            FraudKind::Prefix => {
                let (a, b, path) = (self.head(log)?, self.head(log)?, self.path()?);
                FraudProof::prefix(log, &a, &b, &path)
            }
        };
        if !self.reader.is_empty() {
            return Err(Unreadable::Trailing.into());
        }
        Ok(proof)
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        self.reader.u8().ok_or(Unreadable::Truncated)
    }

    fn hash(&mut self) -> Result<Hash, Unreadable> {
        self.reader.array().ok_or(Unreadable::Truncated)
    }

    fn object(&mut self, len: usize) -> Result<&[u8], Unreadable> {
        self.reader.slice(len).ok_or(Unreadable::Truncated)
    }

    fn certificate(&mut self) -> Result<Certificate, ProofError> {
        let server = self.server;
        Ok(Certificate::from_bytes(self.object(CERTIFICATE_LEN)?, server)?)
    }

    fn checkpoint(&mut self, log: &Certificate) -> Result<Checkpoint, ProofError> {
        Ok(Checkpoint::from_bytes(self.object(CHECKPOINT_LEN)?, log)?)
    }

    fn policy(&mut self, log: &Certificate) -> Result<Policy, ProofError> {
        Ok(Policy::from_bytes(self.object(POLICY_LEN)?, log)?)
    }

    fn retain(&mut self, log: &Certificate) -> Result<Retain, ProofError> {
        Ok(Retain::from_bytes(self.object(RETAIN_LEN)?, log)?)
    }

    fn head(&mut self, log: &Certificate) -> Result<Head, ProofError> {
        match self.byte()? {
            0 => self.checkpoint(log).map(Head::Checkpoint),
            1 => self.retain(log).map(Head::Retain),
            _ => Err(Unreadable::Form.into()),
        }
    }

    fn path(&mut self) -> Result<Vec<Hash>, Unreadable> {
        let count = self.byte()?;
        let hashes = self.object(usize::from(count) * 32)?;
        Ok(hashes.as_chunks().0.to_vec())
    }

    fn node(&mut self) -> Result<NodeConflict, Unreadable> {
        Ok(NodeConflict {
            level: self.byte()?,
            index: self.reader.u64().ok_or(Unreadable::Truncated)?,
            hash_a: self.hash()?,
            hash_b: self.hash()?,
            path_a: self.path()?,
            path_b: self.path()?,
        })
    }

    fn disagreement(&mut self) -> Result<Disagreement, Unreadable> {
        match self.byte()? {
            1 => Ok(Disagreement::SameSize),
            2 => Ok(Disagreement::Node(self.node()?)),
            12 => {
                let head_is_smaller = match self.byte()? {
                    0 => true,
                    1 => false,
                    _ => return Err(Unreadable::Form),
                };
                Ok(Disagreement::Prefix { head_is_smaller, proof: self.path()? })
            }
            _ => Err(Unreadable::Form),
        }
    }
}
