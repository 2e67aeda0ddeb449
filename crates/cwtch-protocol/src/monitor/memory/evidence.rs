//! Evidence against a server: kept for ever, shown to the person once.

use core::fmt;

use cwtch_log::{Certificate, Checkpoint, FraudKind, Policy, Receipt, Retain};

/// Something that the server did and no honest server does, with the objects that show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// The kind of misbehaviour.
    pub kind: EvidenceKind,
    /// The incarnation of the log in which it happened.
    pub incarnation: u64,
    /// Time at which it was found by our own clock, in unix seconds.
    pub at: u64,
    /// The fraud proof (section 4), which anybody can verify with the server's address alone. There is one exactly if
    /// the kind is a proven one.
    pub proof: Option<Vec<u8>>,
    /// The server's signed objects that disagree with each other, or with what it sent.
    pub objects: Vec<EvidenceObject>,
}

/// An object of the server, kept with [`Evidence`].
#[derive(Clone, PartialEq, Eq)]
pub struct EvidenceObject {
    /// The object's kind.
    pub what: ObjectKind,
    /// The object's bytes.
    pub bytes: Vec<u8>,
}

impl From<&Certificate> for EvidenceObject {
    fn from(certificate: &Certificate) -> Self {
        Self { what: ObjectKind::Certificate, bytes: certificate.to_bytes().to_vec() }
    }
}

impl From<&Checkpoint> for EvidenceObject {
    fn from(checkpoint: &Checkpoint) -> Self {
        Self { what: ObjectKind::Checkpoint, bytes: checkpoint.to_bytes().to_vec() }
    }
}

impl From<&Policy> for EvidenceObject {
    fn from(policy: &Policy) -> Self {
        Self { what: ObjectKind::Policy, bytes: policy.to_bytes().to_vec() }
    }
}

impl From<&Retain> for EvidenceObject {
    fn from(retain: &Retain) -> Self {
        Self { what: ObjectKind::Retain, bytes: retain.to_bytes().to_vec() }
    }
}

impl From<&Receipt> for EvidenceObject {
    fn from(receipt: &Receipt) -> Self {
        Self { what: ObjectKind::Receipt, bytes: receipt.to_bytes() }
    }
}

/// Kind of an [`EvidenceObject`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ObjectKind {
    /// A certificate.
    Certificate,
    /// A checkpoint.
    Checkpoint,
    /// A policy.
    Policy,
    /// A Retain.
    Retain,
    /// A receipt.
    Receipt,
}

/// Kind of misbehaviour that evidence shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EvidenceKind {
    /// A fraud proof of this kind.
    Proven(FraudKind),
    /// A failed check that makes no proof for others: only this client saw what was sent.
    Unproven(Unproven),
}

/// A failed check that makes no proof.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unproven {
    /// The messages that the server sent are not the ones that it signed.
    Entries,
    /// Two signed states of the log disagree, but the entries between them are not available.
    States,
    /// The stand-in for deleted messages is not what the server signed.
    Skipped,
    /// A receipt is for a place that was taken before the post was made.
    ReceiptPlace,
    /// A new certificate does not continue the log that was pinned.
    NotContinued,
    /// A new incarnation does not continue what its own certificate says.
    Beginning,
}

impl Unproven {
    const ALL: [Self; 6] =
        [Self::Entries, Self::States, Self::Skipped, Self::ReceiptPlace, Self::NotContinued, Self::Beginning];
}

/// First code of the unproven kinds; below are the numbers of section 4.
const UNPROVEN: u8 = 100;

impl EvidenceKind {
    /// A fixed number for storage: that of section 4, or one from 100 on.
    pub fn code(self) -> u8 {
        match self {
            Self::Proven(kind) => kind.number(),
            Self::Unproven(kind) => {
                let at = Unproven::ALL.iter().position(|other| *other == kind).unwrap_or(0);
                UNPROVEN.saturating_add(u8::try_from(at).unwrap_or(0))
            }
        }
    }

    /// The kind of a code.
    pub fn from_code(code: u8) -> Option<Self> {
        match code.checked_sub(UNPROVEN) {
            Some(at) => Unproven::ALL.get(usize::from(at)).copied().map(Self::Unproven),
            None => FraudKind::from_number(code).map(Self::Proven),
        }
    }

    /// True if a fraud proof belongs to it.
    pub fn is_proven(self) -> bool {
        matches!(self, Self::Proven(_))
    }
}

/// Shows the kind only: objects name servers and sessions.
impl fmt::Debug for EvidenceObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}({} bytes)", self.what, self.bytes.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_name_kinds_and_back() {
        let codes: Vec<u8> = (0..=u8::MAX).filter(|code| EvidenceKind::from_code(*code).is_some()).collect();
        assert_eq!(codes, [1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 100, 101, 102, 103, 104, 105]);
        for code in codes {
            let kind = EvidenceKind::from_code(code).unwrap();
            assert_eq!(kind.code(), code);
            assert_eq!(kind.is_proven(), code < 100);
        }
    }
}
