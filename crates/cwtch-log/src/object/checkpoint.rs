//! Checkpoints: statements of the largest tree that the log signed until a time (section 3.2).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::{Identity, Signature};
use data_encoding::BASE64;

use super::{Certificate, Fault, LogId, Object, ObjectError, check_root, check_time};
use crate::bytes::Reader;
use crate::{BOUNDARY, Hash};

/// Length of a checkpoint in bytes.
pub const CHECKPOINT_LEN: usize = 113;

/// A checkpoint's bytes, verified or not.
pub type CheckpointBytes = [u8; CHECKPOINT_LEN];

/// Kind of a checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CheckpointKind {
    /// A checkpoint of a commit, or of the 60-second grid. It could have been made for one session: it is never shown
    /// to another person except as part of a proof.
    Ordinary,
    /// The checkpoint of a multiple of 256, made once and kept for ever; people compare these.
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
    fields: CheckpointFields,
    signature: Signature,
}

/// Fields of a checkpoint. By themselves they prove nothing: only a [`Checkpoint`] was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckpointFields {
    /// Ordinary or boundary.
    pub kind: CheckpointKind,
    /// The number of entries.
    pub size: u64,
    /// The root of the tree over them.
    pub root: Hash,
    /// Time of the signature, unix seconds.
    pub time: u64,
}

impl CheckpointFields {
    fn parse(bytes: &[u8], incarnation: u64) -> Result<(Self, Signature), Fault> {
        let (read, signature) = Self::read(bytes)?;
        read.check(incarnation)?;
        Ok((read, signature))
    }

    fn read(bytes: &[u8]) -> Result<(Self, Signature), Fault> {
        if bytes.len() != CHECKPOINT_LEN {
            return Err(Fault::Length);
        }
        let mut reader = Reader::new(bytes);
        let kind = match reader.u8() {
            Some(0) => CheckpointKind::Ordinary,
            Some(1) => CheckpointKind::Boundary,
            _ => return Err(Fault::Kind),
        };
        let read = Self {
            kind,
            size: reader.u64().ok_or(Fault::Length)?,
            root: reader.array().ok_or(Fault::Length)?,
            time: reader.u64().ok_or(Fault::Length)?,
        };
        Ok((read, reader.array().ok_or(Fault::Length)?))
    }

    fn check(&self, incarnation: u64) -> Result<(), Fault> {
        check_root(self.size, &self.root)?;
        let is_boundary = self.kind == CheckpointKind::Boundary;
        if is_boundary && (self.size == 0 || !self.size.is_multiple_of(BOUNDARY)) {
            return Err(Fault::Size);
        }
        check_time(self.time, incarnation)
    }

    /// The text that is signed, in the format of C2SP tlog-cosignature.
    fn signed_text(&self, certificate: &Certificate) -> String {
        let Self { kind, size, root, time } = self;
        let (server, incarnation) = (certificate.server(), certificate.incarnation());
        let suffix = match kind {
            CheckpointKind::Ordinary => "",
            CheckpointKind::Boundary => "/boundary",
        };
        let root = BASE64.encode(root);
        format!("cosignature/v1\ntime {time}\ncwtch-log/1/{server}/{incarnation}{suffix}\n{size}\n{root}\n")
    }
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
        let (fields, signature) = CheckpointFields::parse(bytes, certificate.incarnation())?;
        let log = certificate.log_or_fault()?;
        log.key.verify(fields.signed_text(certificate).as_bytes(), &signature)?;
        Ok(Self { log, fields, signature })
    }

    /// Reads the bytes of a checkpoint without verifying them; `None` if they cannot be one. This serves to find the
    /// certificate to verify it under, and to read one that was verified before it was stored.
    pub fn peek(bytes: &[u8]) -> Option<CheckpointFields> {
        CheckpointFields::read(bytes).ok().map(|(fields, _)| fields)
    }

    /// Checks that bytes are well-formed for an incarnation, without regard to the signature.
    pub(crate) fn outline(bytes: &[u8], incarnation: u64) -> Result<(), Fault> {
        CheckpointFields::parse(bytes, incarnation).map(|_| ())
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
        let fields = CheckpointFields { kind, size, root, time };
        fields.check(log.incarnation).map_err(fault)?;
        let signature = key.sign(fields.signed_text(certificate).as_bytes());
        Ok(Self { log, fields, signature })
    }

    /// The bytes of the checkpoint.
    pub fn to_bytes(&self) -> [u8; CHECKPOINT_LEN] {
        let mut bytes = Vec::with_capacity(CHECKPOINT_LEN);
        bytes.push(self.fields.kind.byte());
        bytes.extend(self.fields.size.to_be_bytes());
        bytes.extend(self.fields.root);
        bytes.extend(self.fields.time.to_be_bytes());
        bytes.extend(self.signature);
        bytes.first_chunk().copied().unwrap_or([0; CHECKPOINT_LEN])
    }

    /// Ordinary or boundary.
    pub const fn kind(&self) -> CheckpointKind {
        self.fields.kind
    }

    /// True if it is a boundary checkpoint.
    pub const fn is_boundary(&self) -> bool {
        matches!(self.fields.kind, CheckpointKind::Boundary)
    }

    /// The number of entries.
    pub const fn size(&self) -> u64 {
        self.fields.size
    }

    /// The root of the tree over them.
    pub const fn root(&self) -> &Hash {
        &self.fields.root
    }

    /// Time of the signature: unix seconds, a multiple of 60.
    pub const fn time(&self) -> u64 {
        self.fields.time
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
            .field("kind", &self.fields.kind)
            .field("size", &self.fields.size)
            .field("time", &self.fields.time)
            .finish_non_exhaustive()
    }
}
