//! Policies: for how long a server promises to keep bodies (section 3.3).

use alloc::vec::Vec;
use core::fmt;

use cwtch_primitives::{Identity, Signature};

use super::{Certificate, Fault, LogId, Object, ObjectError};
use crate::bytes::Reader;

/// Length of a policy in bytes.
pub const POLICY_LEN: usize = 96;
const SIGNED: usize = 32;
const CONTEXT: &[u8] = b"cwtch-log-policy/1\n";

/// A verified policy.
#[derive(Clone, PartialEq, Eq)]
pub struct Policy {
    log: LogId,
    time: u64,
    retention: u64,
    cap: u64,
    signature: Signature,
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
        if bytes.len() != POLICY_LEN {
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
            retention: reader.u64().ok_or(Fault::Length)?,
            cap: reader.u64().ok_or(Fault::Length)?,
            signature: reader.array().ok_or(Fault::Length)?,
        };
        log.check_time(read.time)?;
        log.key.verify(&read.signed_text(), &read.signature)?;
        Ok(read)
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
        log.check_time(time).map_err(fault)?;
        let mut signed = Self { log, time, retention, cap, signature: [0; 64] };
        signed.signature = key.sign(&signed.signed_text());
        Ok(signed)
    }

    fn signed_text(&self) -> Vec<u8> {
        let mut text = CONTEXT.to_vec();
        text.extend(self.to_bytes().iter().take(SIGNED));
        text
    }

    /// The bytes of the policy.
    pub fn to_bytes(&self) -> [u8; POLICY_LEN] {
        let mut bytes = Vec::with_capacity(POLICY_LEN);
        for field in [self.log.incarnation, self.time, self.retention, self.cap] {
            bytes.extend(field.to_be_bytes());
        }
        bytes.extend(self.signature);
        bytes.first_chunk().copied().unwrap_or([0; POLICY_LEN])
    }

    /// When it was signed: unix seconds, a multiple of 60.
    pub const fn time(&self) -> u64 {
        self.time
    }

    /// For how many seconds after it was appended the body of an entry is kept; 0 promises nothing.
    pub const fn retention(&self) -> u64 {
        self.retention
    }

    /// How many messages the server holds at most; 0 for no limit.
    pub const fn cap(&self) -> u64 {
        self.cap
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
            .field("time", &self.time)
            .field("retention", &self.retention)
            .field("cap", &self.cap)
            .finish_non_exhaustive()
    }
}
