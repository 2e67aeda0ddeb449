//! Fraud proofs: statements of a server that no honest server signs together (section 4).
//!
//! A proof is bytes that anybody can check with nothing but the server's address: no clock, no network. It holds no
//! text, author or group, and nothing that tells who found it. A [`FraudProof`] exists only where the proof holds:
//! the constructors give `None` and [`FraudProof::verify`] an error otherwise.

mod build;
mod explain;
mod kind;
mod read;

use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::Address;

pub use build::{Disagreement, NodeConflict};
pub use explain::{Dated, Finding};
pub use kind::FraudKind;

use crate::object::ObjectError;

/// Upper bound on the length of a proof in bytes: the longest, of kind 8, has three certificates and two paths of 48
/// hashes.
pub const MAX_PROOF_LEN: usize = 4096;
pub(crate) const MAGIC: &[u8; 14] = b"cwtch-fraud/1\n";

/// A proof that a server cheated, checked.
///
/// `Display` says in words what it shows.
#[derive(Clone, PartialEq, Eq)]
pub struct FraudProof {
    server: Address,
    finding: Finding,
    bytes: Vec<u8>,
}

impl FraudProof {
    /// Checks a proof against the server with this address.
    ///
    /// # Errors
    /// [`ProofError::Unreadable`] if the bytes are no proof of this format, which depends on nothing but them;
    /// [`ProofError::NotProven`] if they are, but do not show that this server cheated.
    pub fn verify(bytes: &[u8], server: &Address) -> Result<Self, ProofError> {
        read::proof(bytes, server)
    }

    /// Reads the server that bytes accuse, if they can be read; nothing of them is verified.
    ///
    /// # Errors
    /// [`Unreadable`] exactly where [`FraudProof::verify`] says so, whatever the address.
    pub fn accused(bytes: &[u8]) -> Result<Address, Unreadable> {
        read::outline(bytes).map(|(_, server)| server)
    }

    /// The bytes of the proof, at most [`MAX_PROOF_LEN`].
    pub fn to_bytes(&self) -> Vec<u8> {
        self.bytes.clone()
    }

    /// Kind of fraud that it shows.
    pub const fn kind(&self) -> FraudKind {
        self.finding.kind()
    }

    /// The server that cheated.
    pub const fn server(&self) -> &Address {
        &self.server
    }

    /// Facts that the server signed, in numbers.
    pub const fn finding(&self) -> &Finding {
        &self.finding
    }
}

impl fmt::Display for FraudProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.finding.fmt(f)
    }
}

impl fmt::Debug for FraudProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FraudProof").field("server", &self.server).field("finding", &self.finding).finish()
    }
}

/// Reason why bytes do not prove anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The bytes are not a proof of this format.
    #[error("this is not a readable fraud proof: {0}")]
    Unreadable(Unreadable),
    /// The bytes are a proof of this format that shows nothing about this server.
    #[error("this does not prove that the server cheated: {0}")]
    NotProven(NotProven),
}

/// Reason why bytes cannot be read as a proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unreadable {
    /// The bytes do not begin like a proof.
    #[error("it does not begin with \"cwtch-fraud/1\"")]
    Magic,
    /// The bytes are longer than any proof.
    #[error("it is longer than any proof")]
    TooLong,
    /// The kind does not exist in this version.
    #[error("its kind, {0}, is unknown to this program; a newer one may know it")]
    Kind(u8),
    /// The bytes end too early.
    #[error("it ends too early: a part of it was not copied")]
    Truncated,
    /// There are bytes after the end.
    #[error("something was added behind its end")]
    Trailing,
    /// A selector has a value that does not exist.
    #[error("a part of it is of a form that does not exist")]
    Form,
    /// An object is malformed.
    #[error("{0}")]
    Object(ObjectError),
}

/// Reason why a readable proof shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotProven {
    /// The first certificate belongs to another server, which is this one.
    #[error("it is about another server, {0}.onion")]
    OtherServer(Address),
    /// A statement does not belong to this server and log.
    #[error("{0}")]
    Object(ObjectError),
    /// The statements are genuine, and an honest server could have signed them all.
    #[error("what it holds is no proof of \"{0}\": an honest server could have signed all of it")]
    Honest(FraudKind),
}
