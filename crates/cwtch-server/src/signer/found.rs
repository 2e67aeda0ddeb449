//! The state that a start finds on the disk: the database's log, the guard, the log key.

use std::path::Path;

use cwtch_log::tree::empty_root;
use cwtch_log::{Certificate, Previous};
use cwtch_primitives::Identity;

use super::decision::{self, Database, Declared, Key, Noted, Situation};
use super::error::LogError;
use super::guard::{Guard, GuardError, Nonce};
use super::key;
use crate::keys::Unbegun;
use crate::store::{Start, Store, StoreError};

/// Everything of a log that lies on the disk before a start changes any of it.
pub(super) struct Found {
    /// The log's state in the database.
    pub(super) start: Start,
    /// The database's newest certificate, verified.
    pub(super) certificate: Option<Certificate>,
    /// The guard's certificate, verified; `None` also if it does not verify, because then it is not this server's.
    pub(super) noted: Option<Certificate>,
    guard: Option<Guard>,
    damaged: bool,
}

impl Found {
    /// Reads the files beside a database that has this log.
    ///
    /// # Errors
    /// If the database's certificate is not this server's, or the guard cannot be opened.
    pub(super) fn look(start: Start, server: &Identity, keys: &Path) -> Result<Self, LogError> {
        let address = server.address();
        let certificate = start.certificate.as_deref();
        let certificate = certificate.map(|bytes| Certificate::from_bytes(bytes, &address)).transpose()?;
        let (guard, damaged) = match Guard::load(keys) {
            Ok(guard) => (guard, false),
            Err(GuardError::Damaged { .. }) => (None, true),
            Err(error) => return Err(LogError::Guard(error)),
        };
        let noted =
            guard.as_ref().and_then(|guard| Certificate::from_bytes(&guard.certificate, &address).ok());
        Ok(Self { start, certificate, noted, guard, damaged })
    }

    /// Builds the row of the decision table from the files and what the operator declares.
    ///
    /// # Errors
    /// If a log key cannot be read.
    pub(super) fn situation(&self, keys: &Path, declared: Declared) -> Result<Situation, LogError> {
        let log = &self.start.log;
        let database = match &self.certificate {
            Some(certificate) if certificate.is_retired() => Database::Ended,
            Some(_) => Database::Logged,
            None if self.start.empty => Database::Nothing,
            None => Database::Unlogged,
        };
        let guard = match &self.guard {
            None if self.damaged => decision::Guard::Damaged,
            None => decision::Guard::Missing,
            Some(guard) if guard.fits(log.nonce, log.signed_size, log.time) => decision::Guard::Fits,
            Some(guard) if guard.knows(log.nonce) => {
                decision::Guard::Behind { knows: log.signed_size, signed: guard.size }
            }
            Some(_) => decision::Guard::OtherCopy,
        };
        let noted = match &self.noted {
            Some(certificate) if certificate.is_retired() => Noted::End,
            Some(_) => Noted::Log,
            None => Noted::Nothing,
        };
        let named = self.certificate.as_ref().and_then(Certificate::log_key);
        let key = match named.map(|named| key::find(keys, named)).transpose()?.flatten() {
            Some(_) => Key::Named,
            None if key::exists(keys) => Key::Other,
            None => Key::Missing,
        };
        Ok(Situation {
            fresh: Unbegun::is(keys),
            database,
            guard,
            noted,
            noted_last: self.guard.as_ref().is_some_and(|guard| guard.time >= log.time),
            key,
            declared,
        })
    }

    /// The database's incarnation.
    pub(super) fn incarnation(&self) -> Option<u64> {
        self.start.log.incarnation
    }

    /// The last time that is known to have been signed, in unix seconds.
    pub(super) fn last(&self) -> u64 {
        let guarded = self.guard.as_ref().map_or(0, |guard| guard.time);
        self.start.log.time.max(guarded).max(self.incarnation().unwrap_or(0))
    }

    /// The guard to be stored while the database changes to a new nonce. It fits the database that was found only if
    /// the old guard did.
    pub(super) fn before(&self, next: Nonce) -> Guard {
        let log = &self.start.log;
        match &self.guard {
            Some(guard) if !guard.fits(log.nonce, log.signed_size, log.time) => {
                Guard { next: Some(next), ..guard.clone() }
            }
            Some(guard) => Guard {
                nonce: log.nonce,
                next: Some(next),
                size: log.signed_size,
                time: log.time,
                certificate: guard.certificate.clone(),
            },
            None => Guard { nonce: None, next: Some(next), size: 0, time: 0, certificate: Vec::new() },
        }
    }

    /// The certificate of an incarnation that only the guard knows, because the database is from before it began.
    pub(super) fn between(&self) -> Option<&Certificate> {
        let noted = self.noted.as_ref()?;
        self.incarnation().is_none_or(|known| noted.incarnation() > known).then_some(noted)
    }

    /// The part of the log that a new incarnation continues: as much as the database and the newest certificate have
    /// in common.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub(super) fn previous(&self, store: &dyn Store) -> Result<Option<Previous>, StoreError> {
        let signed = self.start.log.signed_size;
        let (incarnation, size) = match (self.between(), self.incarnation()) {
            (None, None) => return Ok(None),
            (None, Some(known)) => (known, signed),
            (Some(between), known) => {
                let common = between.previous().filter(|previous| Some(previous.incarnation) == known);
                (between.incarnation(), common.map_or(0, |previous| previous.size.min(signed)))
            }
        };
        let root = if size == 0 { empty_root() } else { store.root_at(size)? };
        Ok(Some(Previous { incarnation, size, root }))
    }
}
