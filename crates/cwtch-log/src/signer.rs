//! The signer of an incarnation's statements (section 3).

use core::fmt;

use cwtch_primitives::Identity;

use crate::Hash;
use crate::object::{Certificate, Checkpoint, CheckpointKind, Fault, Object, ObjectError, Policy, Retain};

/// An incarnation's log key with its certificate.
///
/// It signs whatever it is given. The caller must see to it that times and sizes never go back, that a boundary is
/// signed once, and that nothing leaves before it is durable (section 6). Any slip is a proof of fraud.
pub struct Signer {
    certificate: Certificate,
    key: Identity,
}

impl Signer {
    /// Joins a certificate and its log key.
    ///
    /// # Errors
    /// If the certificate is a retired one or names another key.
    pub fn new(certificate: Certificate, key: Identity) -> Result<Self, ObjectError> {
        match certificate.log_key() {
            None => Err(Object::Certificate.fault(Fault::Retired)),
            Some(named) if named != key.public_key() => Err(Object::Certificate.fault(Fault::WrongKey)),
            Some(_) => Ok(Self { certificate, key }),
        }
    }

    /// The certificate of the incarnation.
    pub const fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Signs an ordinary checkpoint; `time` in unix seconds.
    ///
    /// # Errors
    /// If the time is no multiple of 60 or below the incarnation, or the size 2^48 or more.
    pub fn checkpoint(&self, size: u64, root: Hash, time: u64) -> Result<Checkpoint, ObjectError> {
        Checkpoint::sign(&self.certificate, &self.key, CheckpointKind::Ordinary, size, root, time)
    }

    /// Signs the boundary checkpoint of a size; to be called once, in the commit that reaches it.
    ///
    /// # Errors
    /// As [`Signer::checkpoint`], and if the size is no positive multiple of 256.
    pub fn boundary(&self, size: u64, root: Hash, time: u64) -> Result<Checkpoint, ObjectError> {
        Checkpoint::sign(&self.certificate, &self.key, CheckpointKind::Boundary, size, root, time)
    }

    /// Signs a policy: bodies are kept for `retention` seconds, at most `cap` of them (0: no limit).
    ///
    /// # Errors
    /// If the time is no multiple of 60 or below the incarnation.
    pub fn policy(&self, time: u64, retention: u64, cap: u64) -> Result<Policy, ObjectError> {
        Policy::sign(&self.certificate, &self.key, time, retention, cap)
    }

    /// Signs a Retain: bodies below `min_index` may be gone; `root` is that of the tree of `min_index` entries.
    ///
    /// # Errors
    /// As [`Signer::checkpoint`], and if `min_index` is 0.
    pub fn retain(&self, time: u64, min_index: u64, root: Hash) -> Result<Retain, ObjectError> {
        Retain::sign(&self.certificate, &self.key, time, min_index, root)
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer").field("certificate", &self.certificate).field("key", &"[redacted]").finish()
    }
}
