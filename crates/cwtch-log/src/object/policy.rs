//! Policies: promises of how long a server keeps bodies (section 3.3).

use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::{Identity, Signature};

use super::{Certificate, Fault, LogId, Object, ObjectError, check_time};
use crate::bytes::Reader;

/// Length of a policy in bytes.
pub const POLICY_LEN: usize = 96;
const CONTEXT: &[u8] = b"cwtch-log-policy/1\n";

/// A verified policy.
#[derive(Clone, PartialEq, Eq)]
pub struct Policy {
    log: LogId,
    fields: PolicyFields,
    signature: Signature,
}

/// Fields of a policy. By themselves they prove nothing: only a [`Policy`] was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFields {
    /// The incarnation that it belongs to.
    pub incarnation: u64,
    /// Time of the signature, unix seconds.
    pub time: u64,
    /// Seconds for which the body of an entry is kept after it was appended; 0 promises nothing.
    pub retention: u64,
    /// The largest number of messages that the server holds; 0 for no limit.
    pub cap: u64,
}

impl PolicyFields {
    fn parse(bytes: &[u8]) -> Result<(Self, Signature), Fault> {
        let (read, signature) = Self::read(bytes)?;
        read.check()?;
        Ok((read, signature))
    }

    fn read(bytes: &[u8]) -> Result<(Self, Signature), Fault> {
        if bytes.len() != POLICY_LEN {
            return Err(Fault::Length);
        }
        let mut reader = Reader::new(bytes);
        let read = Self {
            incarnation: reader.u64().ok_or(Fault::Length)?,
            time: reader.u64().ok_or(Fault::Length)?,
            retention: reader.u64().ok_or(Fault::Length)?,
            cap: reader.u64().ok_or(Fault::Length)?,
        };
        Ok((read, reader.array().ok_or(Fault::Length)?))
    }

    fn check(&self) -> Result<(), Fault> {
        check_time(self.time, self.incarnation)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(POLICY_LEN);
        for field in [self.incarnation, self.time, self.retention, self.cap] {
            bytes.extend(field.to_be_bytes());
        }
        bytes
    }

    fn signed_text(&self) -> Vec<u8> {
        [CONTEXT, &self.to_bytes()].concat()
    }
}

impl Policy {
    /// Reads and verifies a policy of the certificate's incarnation.
    ///
    /// # Errors
    /// If the bytes are malformed, of another incarnation, not signed by the certificate's log key, or the
    /// certificate is a retired one.
    pub fn from_bytes(bytes: &[u8], certificate: &Certificate) -> Result<Self, ObjectError> {
        Self::read(bytes, certificate).map_err(|fault| Object::Policy.fault(fault))
    }

    fn read(bytes: &[u8], certificate: &Certificate) -> Result<Self, Fault> {
        let (fields, signature) = PolicyFields::parse(bytes)?;
        let log = certificate.log_or_fault()?;
        if fields.incarnation != log.incarnation {
            return Err(Fault::OtherIncarnation);
        }
        log.key.verify(&fields.signed_text(), &signature)?;
        Ok(Self { log, fields, signature })
    }

    /// Reads the bytes of a policy without verifying them; `None` if they cannot be one. This serves to find the
    /// certificate to verify it under, and to read one that was verified before it was stored.
    pub fn peek(bytes: &[u8]) -> Option<PolicyFields> {
        PolicyFields::read(bytes).ok().map(|(fields, _)| fields)
    }

    /// Checks that bytes are well-formed, without regard to the signature.
    pub(crate) fn outline(bytes: &[u8]) -> Result<(), Fault> {
        PolicyFields::parse(bytes).map(|_| ())
    }

    pub(crate) fn sign(
        certificate: &Certificate,
        key: &Identity,
        time: u64,
        retention: u64,
        cap: u64,
    ) -> Result<Self, ObjectError> {
        let fault = |fault| Object::Policy.fault(fault);
        let log = certificate.log_or_fault().map_err(fault)?;
        let fields = PolicyFields { incarnation: log.incarnation, time, retention, cap };
        fields.check().map_err(fault)?;
        let signature = key.sign(&fields.signed_text());
        Ok(Self { log, fields, signature })
    }

    /// The bytes of the policy.
    pub fn to_bytes(&self) -> [u8; POLICY_LEN] {
        let mut bytes = self.fields.to_bytes();
        bytes.extend(self.signature);
        bytes.first_chunk().copied().unwrap_or([0; POLICY_LEN])
    }

    /// Time of the signature: unix seconds, a multiple of 60.
    pub const fn time(&self) -> u64 {
        self.fields.time
    }

    /// Seconds for which the body of an entry is kept after it was appended; 0 promises nothing.
    pub const fn retention(&self) -> u64 {
        self.fields.retention
    }

    /// The largest number of messages that the server holds; 0 for no limit.
    pub const fn cap(&self) -> u64 {
        self.fields.cap
    }

    /// The incarnation that it belongs to.
    pub const fn incarnation(&self) -> u64 {
        self.log.incarnation
    }

    pub(crate) const fn log(&self) -> &LogId {
        &self.log
    }
}

impl fmt::Debug for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Policy")
            .field("time", &self.fields.time)
            .field("retention", &self.fields.retention)
            .field("cap", &self.fields.cap)
            .finish_non_exhaustive()
    }
}
