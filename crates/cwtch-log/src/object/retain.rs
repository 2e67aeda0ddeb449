//! Retains: statements of the first entry whose body the server still holds (section 3.4).

use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::{Identity, Signature};

use super::{Certificate, Fault, LogId, Object, ObjectError, check_root, check_time};
use crate::Hash;
use crate::bytes::Reader;

/// Length of a Retain in bytes.
pub const RETAIN_LEN: usize = 120;
const CONTEXT: &[u8] = b"cwtch-log-retain/1\n";

/// A verified Retain.
#[derive(Clone, PartialEq, Eq)]
pub struct Retain {
    log: LogId,
    fields: RetainFields,
    signature: Signature,
}

/// Fields of a Retain. By themselves they prove nothing: only a [`Retain`] was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RetainFields {
    /// The incarnation that it belongs to.
    pub incarnation: u64,
    /// Time of the signature, unix seconds.
    pub time: u64,
    /// Index below which the bodies of entries may be gone.
    pub min_index: u64,
    /// The root of the tree of `min_index` entries.
    pub root: Hash,
}

impl RetainFields {
    fn parse(bytes: &[u8]) -> Result<(Self, Signature), Fault> {
        let (read, signature) = Self::read(bytes)?;
        read.check()?;
        Ok((read, signature))
    }

    fn read(bytes: &[u8]) -> Result<(Self, Signature), Fault> {
        if bytes.len() != RETAIN_LEN {
            return Err(Fault::Length);
        }
        let mut reader = Reader::new(bytes);
        let read = Self {
            incarnation: reader.u64().ok_or(Fault::Length)?,
            time: reader.u64().ok_or(Fault::Length)?,
            min_index: reader.u64().ok_or(Fault::Length)?,
            root: reader.array().ok_or(Fault::Length)?,
        };
        Ok((read, reader.array().ok_or(Fault::Length)?))
    }

    fn check(&self) -> Result<(), Fault> {
        if self.min_index == 0 {
            return Err(Fault::Size);
        }
        check_root(self.min_index, &self.root)?;
        check_time(self.time, self.incarnation)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(RETAIN_LEN);
        for field in [self.incarnation, self.time, self.min_index] {
            bytes.extend(field.to_be_bytes());
        }
        bytes.extend(self.root);
        bytes
    }

    fn signed_text(&self) -> Vec<u8> {
        [CONTEXT, &self.to_bytes()].concat()
    }
}

impl Retain {
    /// Reads and verifies a Retain of the certificate's incarnation.
    ///
    /// # Errors
    /// If the bytes are malformed, of another incarnation, not signed by the certificate's log key, or the
    /// certificate is a retired one.
    pub fn from_bytes(bytes: &[u8], certificate: &Certificate) -> Result<Self, ObjectError> {
        Self::read(bytes, certificate).map_err(|fault| Object::Retain.fault(fault))
    }

    fn read(bytes: &[u8], certificate: &Certificate) -> Result<Self, Fault> {
        let (fields, signature) = RetainFields::parse(bytes)?;
        let log = certificate.log_or_fault()?;
        if fields.incarnation != log.incarnation {
            return Err(Fault::OtherIncarnation);
        }
        log.key.verify(&fields.signed_text(), &signature)?;
        Ok(Self { log, fields, signature })
    }

    /// Reads the bytes of a Retain without verifying them; `None` if they cannot be one. This serves to find the
    /// certificate to verify it under, and to read one that was verified before it was stored.
    pub fn peek(bytes: &[u8]) -> Option<RetainFields> {
        RetainFields::read(bytes).ok().map(|(fields, _)| fields)
    }

    /// Checks that bytes are well-formed, without regard to the signature.
    pub(crate) fn outline(bytes: &[u8]) -> Result<(), Fault> {
        RetainFields::parse(bytes).map(|_| ())
    }

    pub(crate) fn sign(
        certificate: &Certificate,
        key: &Identity,
        time: u64,
        min_index: u64,
        root: Hash,
    ) -> Result<Self, ObjectError> {
        let fault = |fault| Object::Retain.fault(fault);
        let log = certificate.log_or_fault().map_err(fault)?;
        let fields = RetainFields { incarnation: log.incarnation, time, min_index, root };
        fields.check().map_err(fault)?;
        let signature = key.sign(&fields.signed_text());
        Ok(Self { log, fields, signature })
    }

    /// The bytes of the Retain.
    pub fn to_bytes(&self) -> [u8; RETAIN_LEN] {
        let mut bytes = self.fields.to_bytes();
        bytes.extend(self.signature);
        bytes.first_chunk().copied().unwrap_or([0; RETAIN_LEN])
    }

    /// Time of the signature: unix seconds, a multiple of 60.
    pub const fn time(&self) -> u64 {
        self.fields.time
    }

    /// The index below which the bodies of entries may be gone.
    pub const fn min_index(&self) -> u64 {
        self.fields.min_index
    }

    /// The root of the tree of `min_index` entries.
    pub const fn root(&self) -> &Hash {
        &self.fields.root
    }

    /// The incarnation that it belongs to.
    pub const fn incarnation(&self) -> u64 {
        self.log.incarnation
    }

    pub(crate) const fn log(&self) -> &LogId {
        &self.log
    }
}

impl fmt::Debug for Retain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retain")
            .field("time", &self.fields.time)
            .field("min_index", &self.fields.min_index)
            .finish_non_exhaustive()
    }
}
