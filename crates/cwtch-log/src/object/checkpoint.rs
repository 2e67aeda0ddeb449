//! Checkpoints: the largest tree that the log signed until a time (section 3.2).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::{Identity, Signature};
use data_encoding::BASE64;

use super::{Certificate, Fault, LogId, Object, ObjectError, check_root};
use crate::bytes::Reader;
use crate::{BOUNDARY, Hash};

/// Length of a checkpoint in bytes.
pub const CHECKPOINT_LEN: usize = 113;

/// Which of the two checkpoints it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckpointKind {
    /// Made with each commit and on the 60-second grid. It could have been made for one session: never shown
    /// to another person but as part of a proof.
    Ordinary,
    /// Made once for each multiple of 256 and kept for ever; the one that people compare.
    Boundary,
}

impl CheckpointKind {
    const fn byte(self) -> u8 {
        match self {
            Self::Ordinary => 0,
            Self::Boundary => 1,
        }
    }
}

/// A verified checkpoint.
#[derive(Clone, PartialEq, Eq)]
pub struct Checkpoint {
    log: LogId,
    kind: CheckpointKind,
    size: u64,
    root: Hash,
    time: u64,
    signature: Signature,
}

impl Checkpoint {
    /// Reads and verifies a checkpoint of the certificate's incarnation.
    ///
    /// # Errors
    /// If the bytes are malformed, not signed by the certificate's log key, or the certificate is a retired one.
    pub fn from_bytes(bytes: &[u8], certificate: &Certificate) -> Result<Self, ObjectError> {
        Self::read(bytes, certificate).map_err(|fault| Object::Checkpoint.fault(fault))
    }

    fn read(bytes: &[u8], certificate: &Certificate) -> Result<Self, Fault> {
        if bytes.len() != CHECKPOINT_LEN {
            return Err(Fault::Length);
        }
        let log = certificate.log_or_fault()?;
        let mut reader = Reader::new(bytes);
        let kind = match reader.u8() {
            Some(0) => CheckpointKind::Ordinary,
            Some(1) => CheckpointKind::Boundary,
            _ => return Err(Fault::Kind),
        };
        let read = Self {
            log,
            kind,
            size: reader.u64().ok_or(Fault::Length)?,
            root: reader.array().ok_or(Fault::Length)?,
            time: reader.u64().ok_or(Fault::Length)?,
            signature: reader.array().ok_or(Fault::Length)?,
        };
        read.check()?;
        log.key.verify(read.signed_text(certificate).as_bytes(), &read.signature)?;
        Ok(read)
    }

    pub(crate) fn sign(
        certificate: &Certificate,
        key: &Identity,
        kind: CheckpointKind,
        size: u64,
        root: Hash,
        time: u64,
    ) -> Result<Self, ObjectError> {
        let fault = |fault| Object::Checkpoint.fault(fault);
        let log = certificate.log_or_fault().map_err(fault)?;
        let mut signed = Self { log, kind, size, root, time, signature: [0; 64] };
        signed.check().map_err(fault)?;
        signed.signature = key.sign(signed.signed_text(certificate).as_bytes());
        Ok(signed)
    }

    fn check(&self) -> Result<(), Fault> {
        check_root(self.size, &self.root)?;
        if self.is_boundary() && (self.size == 0 || !self.size.is_multiple_of(BOUNDARY)) {
            return Err(Fault::Size);
        }
        self.log.check_time(self.time)
    }

    /// The text of C2SP tlog-cosignature.
    fn signed_text(&self, certificate: &Certificate) -> String {
        let Self { size, time, .. } = self;
        let (server, incarnation) = (certificate.server(), self.log.incarnation);
        let suffix = if self.is_boundary() { "/boundary" } else { "" };
        let root = BASE64.encode(&self.root);
        format!("cosignature/v1\ntime {time}\ncwtch-log/1/{server}/{incarnation}{suffix}\n{size}\n{root}\n")
    }

    /// The bytes of the checkpoint.
    pub fn to_bytes(&self) -> [u8; CHECKPOINT_LEN] {
        let mut bytes = Vec::with_capacity(CHECKPOINT_LEN);
        bytes.push(self.kind.byte());
        bytes.extend(self.size.to_be_bytes());
        bytes.extend(self.root);
        bytes.extend(self.time.to_be_bytes());
        bytes.extend(self.signature);
        bytes.first_chunk().copied().unwrap_or([0; CHECKPOINT_LEN])
    }

    /// Ordinary or boundary.
    pub const fn kind(&self) -> CheckpointKind {
        self.kind
    }

    /// Whether it is a boundary checkpoint.
    pub const fn is_boundary(&self) -> bool {
        matches!(self.kind, CheckpointKind::Boundary)
    }

    /// The number of entries.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root of the tree over them.
    pub const fn root(&self) -> &Hash {
        &self.root
    }

    /// When it was signed: unix seconds, a multiple of 60.
    pub const fn time(&self) -> u64 {
        self.time
    }

    /// The incarnation that it belongs to.
    pub const fn incarnation(&self) -> u64 {
        self.log.incarnation
    }

    pub(crate) const fn log(&self) -> &LogId {
        &self.log
    }
}

impl fmt::Debug for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Checkpoint")
            .field("kind", &self.kind)
            .field("size", &self.size)
            .field("time", &self.time)
            .finish_non_exhaustive()
    }
}
