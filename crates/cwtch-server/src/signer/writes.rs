//! The durable writes of a start, in the order that makes every crash between two of them harmless.
//!
//! A fresh key is durable before a certificate names it, and takes its place afterwards ([`key::find`] finishes what a
//! crash interrupted). The guard holds both nonces while the database changes from one to the other. Where a restore was
//! declared, the guard goes on contradicting the database until the new incarnation is durable: a crash in between asks
//! for the declaration again.

use std::path::PathBuf;

use cwtch_log::Certificate;
use cwtch_primitives::{CryptoRngCore, Identity};

use super::error::LogError;
use super::found::Found;
use super::guard::{Guard, Mark, Nonce};
use super::keeper::Keeper;
use super::key;
use crate::keys::Unbegun;
use crate::store::{Changes, Start, Store};

/// The database and the directory of keys that a start writes to.
pub(super) struct Writes<'a, 'w> {
    store: &'a dyn Store,
    keys: PathBuf,
    /// Callback after each durable write, so that tests can crash there.
    written: Option<&'w mut dyn FnMut()>,
}

impl<'a, 'w> Writes<'a, 'w> {
    pub(super) fn new(store: &'a dyn Store, keys: PathBuf, written: Option<&'w mut dyn FnMut()>) -> Self {
        Self { store, keys, written }
    }

    fn written(&mut self) {
        if let Some(written) = &mut self.written {
            written();
        }
    }

    /// Draws a log key that no certificate names yet.
    ///
    /// # Errors
    /// If the system refuses.
    pub(super) fn fresh_key(&mut self, rng: &mut impl CryptoRngCore) -> Result<Identity, LogError> {
        let key = key::prepare(&self.keys, rng)?;
        self.written();
        Ok(key)
    }

    /// Starts the log that a keeper signs: writes the guard, the database, the guard again, and moves a new key to
    /// its place. `missing` are earlier certificates that the database may not know; `retention` is promised, in
    /// seconds. Returns the keeper with its guard.
    ///
    /// # Errors
    /// If the system refuses, the database fails, or the retention would become shorter.
    pub(super) fn start(
        mut self,
        found: &Found,
        mut keeper: Keeper,
        missing: &[Certificate],
        retention: u64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Keeper, LogError> {
        let nonce = Nonce::generate(rng);
        let certificate = keeper.signer().certificate().to_bytes();
        let begins = found.start.certificate.as_deref() != Some(certificate.as_slice());
        found.before(nonce).store(&self.keys)?;
        self.written();
        let changes = Changes { keeper: &mut keeper, begins, missing, nonce, retention };
        let (size, time) = self.store.start_log(changes)?;
        self.written();
        let guard = Guard { nonce: Some(nonce), next: None, size, time, certificate: certificate.to_vec() };
        guard.store(&self.keys)?;
        self.written();
        if begins {
            key::establish(&self.keys)?;
            self.written();
        }
        Unbegun::clear(&self.keys)?;
        let mark = Mark::open(&self.keys, nonce)?;
        keeper.set_guard(self.keys, guard, mark);
        Ok(keeper)
    }

    /// Ends the log that goes on in the database.
    ///
    /// # Errors
    /// If the system refuses or the database fails.
    pub(super) fn end(
        mut self,
        found: &Found,
        retired: &Certificate,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), LogError> {
        let nonce = Nonce::generate(rng);
        found.before(nonce).store(&self.keys)?;
        self.written();
        self.end_in_database(retired, nonce)
    }

    /// Ends a log in a database from before its end.
    ///
    /// # Errors
    /// If the system refuses or the database fails.
    pub(super) fn end_again(
        self,
        retired: &Certificate,
        rng: &mut impl CryptoRngCore,
    ) -> Result<(), LogError> {
        // The guard, which knows of the end, contradicts the database until that is durable.
        self.end_in_database(retired, Nonce::generate(rng))
    }

    fn end_in_database(mut self, retired: &Certificate, nonce: Nonce) -> Result<(), LogError> {
        self.store.end_log(retired, nonce)?;
        self.written();
        let start = self.store.log_start()?;
        self.clear(&start, retired)
    }

    /// Clears up after the log's end: removes the keys, and leaves a guard that remembers the end.
    ///
    /// # Errors
    /// If the system refuses.
    pub(super) fn clear(mut self, start: &Start, retired: &Certificate) -> Result<(), LogError> {
        let guard = Guard {
            nonce: start.log.nonce,
            next: None,
            size: start.log.signed_size,
            time: start.log.time,
            certificate: retired.to_bytes().to_vec(),
        };
        guard.store(&self.keys)?;
        self.written();
        key::remove(&self.keys)?;
        Ok(Unbegun::clear(&self.keys)?)
    }
}
