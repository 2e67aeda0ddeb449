//! Reasons why an object is refused.

use core::fmt;

/// Kind of thing that was not accepted.
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

/// Reason why an object was not accepted, or cannot be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the {object} is refused: {fault}")]
pub struct ObjectError {
    /// The thing that was refused.
    pub object: Object,
    /// The object's fault.
    pub fault: Fault,
}

/// Fault of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The length is wrong.
    #[error("it does not have the length that it must have")]
    Length,
    /// The version is not 1.
    #[error("its version is not 1")]
    Version,
    /// The kind does not exist.
    #[error("its kind does not exist")]
    Kind,
    /// The object names another server than the one that was asked about.
    #[error("it names another server")]
    OtherServer,
    /// The object belongs to another incarnation than the certificate.
    #[error("it belongs to another incarnation of the log")]
    OtherIncarnation,
    /// The incarnation is not a multiple of 60.
    #[error("its incarnation is no multiple of 60 seconds")]
    Incarnation,
    /// A key is not acceptable: no canonical point, with torsion, or the server's own key as log key.
    #[error("it holds a key that cannot be the key of a log")]
    Key,
    /// The signing key is not the one that the certificate names.
    #[error("the key is not the one that the certificate names")]
    WrongKey,
    /// The previous incarnation is not less than the certificate's own, or there is one where none can be.
    #[error("the incarnation before it does not fit")]
    Previous,
    /// A time is no multiple of 60, or before the incarnation.
    #[error("its time is no multiple of 60 seconds, or before the beginning of the log")]
    Time,
    /// A size is 2^48 or more, or one that this object cannot have.
    #[error("its size is not one that it can have")]
    Size,
    /// The root of size 0 is not the empty root.
    #[error("its root is not that of an empty log, but its size is 0")]
    Root,
    /// A path has a length that does not follow from index and size.
    #[error("its path does not have the length that follows from index and size")]
    Path,
    /// The certificate ends the log: nothing is signed under it.
    #[error("the certificate says that the server has no log any more")]
    Retired,
    /// The signature does not verify.
    #[error("its signature is not valid")]
    Signature,
}
