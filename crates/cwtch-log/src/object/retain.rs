//! Retains: from which entry on the server still holds bodies (section 3.4).

use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::{Identity, Signature};

use super::{Certificate, Fault, LogId, Object, ObjectError, check_root};
use crate::Hash;
use crate::bytes::Reader;

/// Length of a Retain in bytes.
pub const RETAIN_LEN: usize = 120;
const SIGNED: usize = 56;
const CONTEXT: &[u8] = b"cwtch-log-retain/1\n";

/// A verified Retain.
#[derive(Clone, PartialEq, Eq)]
pub struct Retain {
    log: LogId,
    time: u64,
    min_index: u64,
    root: Hash,
    signature: Signature,
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
        if bytes.len() != RETAIN_LEN {
            return Err(Fault::Length);
        }
        let log = certificate.log_or_fault()?;
        let mut reader = Reader::new(bytes);
        if reader.u64() != Some(log.incarnation) {
            return Err(Fault::OtherIncarnation);
        }
        let read = Self {
            log,
            time: reader.u64().ok_or(Fault::Length)?,
            min_index: reader.u64().ok_or(Fault::Length)?,
            root: reader.array().ok_or(Fault::Length)?,
            signature: reader.array().ok_or(Fault::Length)?,
        };
        read.check()?;
        log.key.verify(&read.signed_text(), &read.signature)?;
        Ok(read)
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
        let mut signed = Self { log, time, min_index, root, signature: [0; 64] };
        signed.check().map_err(fault)?;
        signed.signature = key.sign(&signed.signed_text());
        Ok(signed)
    }

    fn check(&self) -> Result<(), Fault> {
        if self.min_index == 0 {
            return Err(Fault::Size);
        }
        check_root(self.min_index, &self.root)?;
        self.log.check_time(self.time)
    }

    fn signed_text(&self) -> Vec<u8> {
        let mut text = CONTEXT.to_vec();
        text.extend(self.to_bytes().iter().take(SIGNED));
        text
    }

    /// The bytes of the Retain.
    pub fn to_bytes(&self) -> [u8; RETAIN_LEN] {
        let mut bytes = Vec::with_capacity(RETAIN_LEN);
        for field in [self.log.incarnation, self.time, self.min_index] {
            bytes.extend(field.to_be_bytes());
        }
        bytes.extend(self.root);
        bytes.extend(self.signature);
        bytes.first_chunk().copied().unwrap_or([0; RETAIN_LEN])
    }

    /// When it was signed: unix seconds, a multiple of 60.
    pub const fn time(&self) -> u64 {
        self.time
    }

    /// The bodies of the entries below this index may be gone.
    pub const fn min_index(&self) -> u64 {
        self.min_index
    }

    /// The root of the tree of `min_index` entries.
    pub const fn root(&self) -> &Hash {
        &self.root
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
            .field("time", &self.time)
            .field("min_index", &self.min_index)
            .finish_non_exhaustive()
    }
}
