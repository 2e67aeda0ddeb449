//! Rules for all signed statements: their key, their time, their root.

use cwtch_primitives::{PublicKey, Signature};

use super::fault::Fault;
use crate::{Hash, MAX_SIZE, TICK};

/// A key of section 1: canonical, not of small order, without torsion component. Every signature of a log is
/// verified here.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignerKey(PublicKey);

impl SignerKey {
    pub(crate) fn new(key: &PublicKey) -> Option<Self> {
        key.is_torsion_free().then_some(Self(*key))
    }

    pub(crate) fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        Self::new(&PublicKey::from_bytes(bytes).ok()?)
    }

    pub(crate) const fn public_key(&self) -> &PublicKey {
        &self.0
    }

    pub(crate) fn verify(&self, text: &[u8], signature: &Signature) -> Result<(), Fault> {
        self.0.verify(text, signature).map_err(|_| Fault::Signature)
    }
}

/// The log under whose key a statement was verified. Two certificates of one incarnation with different keys are
/// different logs here, so that no statement is taken for one of the other.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct LogId {
    pub(crate) server: PublicKey,
    pub(crate) incarnation: u64,
    pub(crate) key: SignerKey,
}

/// Checks a statement's time: on the grid, and not before the log began. The incarnation is on the grid as well.
pub(super) fn check_time(time: u64, incarnation: u64) -> Result<(), Fault> {
    if !incarnation.is_multiple_of(TICK) {
        return Err(Fault::Incarnation);
    }
    if !time.is_multiple_of(TICK) || time < incarnation {
        return Err(Fault::Time);
    }
    Ok(())
}

/// Checks that a root can be the root of a tree of that size.
pub(super) fn check_root(size: u64, root: &Hash) -> Result<(), Fault> {
    if size > MAX_SIZE {
        return Err(Fault::Size);
    }
    if size == 0 && *root != crate::tree::empty_root() {
        return Err(Fault::Root);
    }
    Ok(())
}
