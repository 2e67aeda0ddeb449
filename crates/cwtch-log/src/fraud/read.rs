//! Reading a proof: its form is checked, then every object is verified, then the kind's constructor decides.

use alloc::vec::Vec;

use cwtch_primitives::Address;

use super::{
    Disagreement, FraudKind, FraudProof, MAGIC, MAX_PROOF_LEN, NodeConflict, NotProven, ProofError,
    Unreadable,
};
use crate::Hash;
use crate::bytes::Reader;
use crate::object::{
    CERTIFICATE_LEN, CHECKPOINT_LEN, Certificate, Checkpoint, Fault, Head, Object, ObjectError, Outline,
    POLICY_LEN, Policy, RETAIN_LEN, Retain,
};

impl From<Unreadable> for ProofError {
    fn from(fault: Unreadable) -> Self {
        Self::Unreadable(fault)
    }
}

/// Converts an error about bytes that are well-formed: `outline` comes first.
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

/// Reads and checks a proof. Its form is decided before anything is verified, so that the verdict does not depend on
/// the order in which a reader looks at the parts.
pub(super) fn proof(bytes: &[u8], server: &Address) -> Result<FraudProof, ProofError> {
    let (kind, accused) = outline(bytes)?;
    if accused != *server {
        return Err(ProofError::NotProven(NotProven::OtherServer(accused)));
    }
    let content = bytes.get(HEAD..).unwrap_or_default();
    let mut parts = Parts { reader: Reader::new(content), server };
    parts.proof(kind)?.ok_or(ProofError::NotProven(NotProven::Honest(kind)))
}

/// Reads the kind of a proof and the server that it names, if the bytes are well-formed.
pub(super) fn outline(bytes: &[u8]) -> Result<(FraudKind, Address), Unreadable> {
    if bytes.len() > MAX_PROOF_LEN {
        return Err(Unreadable::TooLong);
    }
    let mut reader = Reader::new(bytes);
    if reader.array().as_ref() != Some(MAGIC) {
        return Err(Unreadable::Magic);
    }
    let number = reader.u8().ok_or(Unreadable::Truncated)?;
    let kind = FraudKind::from_number(number).ok_or(Unreadable::Kind(number))?;
    let server = Layout { reader }.walk(kind)?;
    Ok((kind, server))
}

/// Number of bytes before the first certificate.
const HEAD: usize = MAGIC.len() + 1;

/// A walk over the parts of a proof that checks the form of each.
struct Layout<'a> {
    reader: Reader<'a>,
}

impl Layout<'_> {
    /// Checks everything up to the end; returns the server that the first certificate names.
    fn walk(mut self, kind: FraudKind) -> Result<Address, Unreadable> {
        let Outline { server, incarnation } = self.certificate()?;
        match kind {
            FraudKind::SameSize => self.heads(incarnation)?,
            FraudKind::Node => {
                self.heads(incarnation)?;
                self.node()?;
            }
            FraudKind::Shrunk | FraudKind::SecondBoundary => {
                self.checkpoint(incarnation)?;
                self.checkpoint(incarnation)?;
            }
            FraudKind::TwoCertificates => {
                self.certificate()?;
            }
            FraudKind::RetainBackwards => {
                self.retain()?;
                self.retain()?;
            }
            FraudKind::OldSigner => {
                self.certificate()?;
                self.checkpoint(incarnation)?;
            }
            FraudKind::WrongStart => {
                self.certificate()?;
                self.head(incarnation)?;
                self.disagreement(kind)?;
            }
            FraudKind::PrunedEarly => {
                self.policy()?;
                self.checkpoint(incarnation)?;
                self.retain()?;
            }
            FraudKind::PolicyBackwards => {
                self.policy()?;
                self.policy()?;
            }
            FraudKind::Prefix => {
                self.heads(incarnation)?;
                self.path()?;
            }
            FraudKind::NotContinued => {
                self.head(incarnation)?;
                self.disagreement(kind)?;
            }
        }
        if self.reader.is_empty() { Ok(server) } else { Err(Unreadable::Trailing) }
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        self.reader.u8().ok_or(Unreadable::Truncated)
    }

    fn skip(&mut self, len: usize) -> Result<&[u8], Unreadable> {
        self.reader.slice(len).ok_or(Unreadable::Truncated)
    }

    fn certificate(&mut self) -> Result<Outline, Unreadable> {
        let outline = Certificate::outline(self.skip(CERTIFICATE_LEN)?);
        outline.map_err(|fault| Unreadable::Object(Object::Certificate.fault(fault)))
    }

    fn checkpoint(&mut self, incarnation: u64) -> Result<(), Unreadable> {
        let outline = Checkpoint::outline(self.skip(CHECKPOINT_LEN)?, incarnation);
        outline.map_err(|fault| Unreadable::Object(Object::Checkpoint.fault(fault)))
    }

    fn policy(&mut self) -> Result<(), Unreadable> {
        let outline = Policy::outline(self.skip(POLICY_LEN)?);
        outline.map_err(|fault| Unreadable::Object(Object::Policy.fault(fault)))
    }

    fn retain(&mut self) -> Result<(), Unreadable> {
        let outline = Retain::outline(self.skip(RETAIN_LEN)?);
        outline.map_err(|fault| Unreadable::Object(Object::Retain.fault(fault)))
    }

    fn heads(&mut self, incarnation: u64) -> Result<(), Unreadable> {
        self.head(incarnation)?;
        self.head(incarnation)
    }

    fn head(&mut self, incarnation: u64) -> Result<(), Unreadable> {
        match self.byte()? {
            0 => self.checkpoint(incarnation),
            1 => self.retain(),
            2 => self.certificate().map(|_| ()),
            _ => Err(Unreadable::Form),
        }
    }

    fn path(&mut self) -> Result<(), Unreadable> {
        let count = usize::from(self.byte()?);
        self.skip(count * 32).map(|_| ())
    }

    fn node(&mut self) -> Result<(), Unreadable> {
        self.skip(1 + 8 + 2 * 32)?;
        self.path()?;
        self.path()
    }

    fn disagreement(&mut self, kind: FraudKind) -> Result<(), Unreadable> {
        match self.byte()? {
            1 => Ok(()),
            2 => self.node(),
            3 if kind == FraudKind::NotContinued => Ok(()),
            12 => match self.byte()? {
                0 | 1 => self.path(),
                _ => Err(Unreadable::Form),
            },
            _ => Err(Unreadable::Form),
        }
    }
}

/// The parts of a well-formed proof, which are verified one by one.
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
            FraudKind::NotContinued => {
                let (head, how) = (self.head(log)?, self.disagreement()?);
                FraudProof::not_continued(log, &head, &how)
            }
        };
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
            2 => {
                let other = Object::Certificate.fault(Fault::OtherIncarnation);
                Head::previous(log, &self.certificate()?).ok_or_else(|| other.into())
            }
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
            3 => Ok(Disagreement::Smaller),
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
