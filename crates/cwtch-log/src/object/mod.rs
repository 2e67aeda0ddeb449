//! The signed objects (section 3), verified by construction: `from_bytes` checks structure and signature.

mod certificate;
mod checkpoint;
mod head;
mod policy;
mod receipt;
mod retain;
#[cfg(test)]
mod tests;

use core::fmt;

use cwtch_primitives::{PublicKey, Signature};

pub(crate) use certificate::Outline;
pub use certificate::{CERTIFICATE_LEN, Certificate, CertificateKind, Previous};
pub use checkpoint::{CHECKPOINT_LEN, Checkpoint, CheckpointKind};
pub use head::{Head, PreviousHead};
pub use policy::{POLICY_LEN, Policy};
pub use receipt::Receipt;
pub use retain::{RETAIN_LEN, Retain};

use crate::{MAX_SIZE, TICK};

/// What kind of thing was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Object {
    /// A certificate (section 3.1).
    Certificate,
    /// A checkpoint (section 3.2).
    Checkpoint,
    /// A policy (section 3.3).
    Policy,
    /// A Retain (section 3.4).
    Retain,
    /// A receipt (section 3.5).
    Receipt,
    /// A compact range (section 2).
    CompactRange,
}

impl Object {
    pub(crate) const fn fault(self, fault: Fault) -> ObjectError {
        ObjectError { object: self, fault }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::Checkpoint => "checkpoint",
            Self::Policy => "policy",
            Self::Retain => "Retain",
            Self::Receipt => "receipt",
            Self::CompactRange => "compact range",
        })
    }
}

/// Why an object was not accepted, or cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {object} is refused: {fault}")]
pub struct ObjectError {
    /// What was refused.
    pub object: Object,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// Not as long as it must be.
    #[error("it does not have the length that it must have")]
    Length,
    /// A version that is not 1.
    #[error("its version is not 1")]
    Version,
    /// A kind that does not exist.
    #[error("its kind does not exist")]
    Kind,
    /// It names another server than the one that was asked about.
    #[error("it names another server")]
    OtherServer,
    /// It belongs to another incarnation than the certificate.
    #[error("it belongs to another incarnation of the log")]
    OtherIncarnation,
    /// The incarnation is not a multiple of 60.
    #[error("its incarnation is no multiple of 60 seconds")]
    Incarnation,
    /// A key that is not acceptable: no canonical point, with torsion, or the server's own key as log key.
    #[error("it holds a key that cannot be the key of a log")]
    Key,
    /// The signing key is not the one that the certificate names.
    #[error("the key is not the one that the certificate names")]
    WrongKey,
    /// The previous incarnation is not below the own one, or there is one where none can be.
    #[error("the incarnation before it does not fit")]
    Previous,
    /// A time that is no multiple of 60, or below the incarnation.
    #[error("its time is no multiple of 60 seconds, or before the beginning of the log")]
    Time,
    /// A size of 2^48 or more, or one that this object cannot have.
    #[error("its size is not one that it can have")]
    Size,
    /// The root of a size 0 that is not the empty root.
    #[error("its root is not that of an empty log, but its size is 0")]
    Root,
    /// A path that does not lead to the root.
    #[error("its path does not have the length that follows from index and size")]
    Path,
    /// The certificate ends the log: nothing is signed under it.
    #[error("the certificate says that the server has no log any more")]
    Retired,
    /// The signature does not verify.
    #[error("its signature is not valid")]
    Signature,
}

/// A key of section 1: canonical, not of small order, without torsion component. Every signature of a log is
/// verified here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignerKey(PublicKey);

impl SignerKey {
    pub(crate) fn new(key: &PublicKey) -> Option<Self> {
        key.is_torsion_free().then_some(Self(*key))
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        Self::new(&PublicKey::from_bytes(bytes).ok()?)
    }

    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.0
    }

    pub(crate) fn verify(&self, text: &[u8], signature: &Signature) -> Result<(), Fault> {
        self.0.verify(text, signature).map_err(|_| Fault::Signature)
    }
}

/// The log under whose key a statement was verified. Two certificates of one incarnation with different keys are
/// different logs here, so that no statement is taken for one of the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogId {
    pub(crate) server: PublicKey,
    pub(crate) incarnation: u64,
    pub(crate) key: SignerKey,
}

/// Checks a statement's time: on the grid, and not before the log began. The incarnation is on the grid as well.
fn check_time(time: u64, incarnation: u64) -> Result<(), Fault> {
    if !incarnation.is_multiple_of(TICK) {
        return Err(Fault::Incarnation);
    }
    if !time.is_multiple_of(TICK) || time < incarnation {
        return Err(Fault::Time);
    }
    Ok(())
}

/// Checks that a root can be the root of a tree of that size.
fn check_root(size: u64, root: &crate::Hash) -> Result<(), Fault> {
    if size > MAX_SIZE {
        return Err(Fault::Size);
    }
    if size == 0 && *root != crate::tree::empty_root() {
        return Err(Fault::Root);
    }
    Ok(())
}
