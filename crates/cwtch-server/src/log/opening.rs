//! What a start does with the log: go on, begin, begin anew after a restore, or refuse.
//!
//! The order of the writes makes every crash harmless. A fresh key is durable before a certificate names it, and takes its
//! place afterwards ([`key::find`] finishes what a crash interrupted). The guard holds both nonces while the database
//! changes from one to the other. Where a restore was declared, the guard goes on contradicting the database until
//! the new incarnation is durable: a crash in between asks for the declaration again.

use std::fmt;
use std::path::{Path, PathBuf};

use cwtch_log::tree::empty_root;
use cwtch_log::{Certificate, ObjectError, Previous, Signer, floor60};
use cwtch_primitives::{CryptoRngCore, Identity};

use super::clock::{Clock, Source};
use super::guard::{Guard, GuardError, Nonce};
use super::keeper::Keeper;
use super::key;
use crate::keys::KeyError;
use crate::store::{Changes, SqliteStore, Start, StoreError};

/// How the log is to be opened.
pub struct Opening<'a> {
    /// The server's identity.
    pub server: &'a Identity,
    /// The directory of the keys.
    pub keys: PathBuf,
    /// The promised retention in seconds, 0 for none.
    pub retention: u64,
    /// The operator declares that the database was restored. This vouches for the machine's clock, too.
    pub declare_restore: bool,
    /// The operator vouches for the machine's clock.
    pub confirm_clock: bool,
    /// The machine's clocks.
    pub clock: Source,
    /// Called after each durable write: where a crash may strike.
    pub(crate) written: Option<&'a mut dyn FnMut()>,
}

/// How database, log key and guard contradict each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mismatch {
    /// The database has a log, but its key is not here.
    KeyMissing,
    /// The guard is not here.
    GuardMissing,
    /// The guard cannot be read.
    GuardDamaged,
    /// The nonce is another one: another copy of the database was used since.
    OtherCopy,
    /// The database knows less than what was signed.
    Behind {
        /// The entries that it knows.
        knows: u64,
        /// The entries that were signed, at least.
        signed: u64,
    },
    /// There was a log, and the database has none.
    NoLog,
}

/// Why the log cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LogError {
    /// Going on could contradict what was signed.
    #[error(
        "the database is not the one that this server used last: {0}. If you restored or moved it, start once with \
         --declare-restore (clients are then told which messages the server lost). If you did not, put the right \
         database back, and make sure that no other copy of this server runs"
    )]
    Refused(Mismatch),
    /// A key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The guard file cannot be used.
    #[error(transparent)]
    Guard(GuardError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A certificate that is stored is not valid, or one cannot be signed.
    #[error("the log's certificate cannot be used: {0}")]
    Certificate(#[from] ObjectError),
    /// There is nothing to end.
    #[error("the server has no log yet: start it once")]
    NotBegun,
    /// It has ended already.
    #[error("the server's log has been retired already")]
    AlreadyRetired,
}

impl From<crate::data_dir::DataDirError> for LogError {
    fn from(error: crate::data_dir::DataDirError) -> Self {
        Self::Key(error.into())
    }
}

/// What is found at a start.
struct Found {
    start: Start,
    certificate: Option<Certificate>,
    guard: Option<Guard>,
    damaged: bool,
}

impl<'a> Opening<'a> {
    /// With nothing promised and nothing declared.
    pub fn new(server: &'a Identity, keys: PathBuf, clock: Source) -> Self {
        Self {
            server,
            keys,
            retention: 0,
            declare_restore: false,
            confirm_clock: false,
            clock,
            written: None,
        }
    }

    fn written(&mut self) {
        if let Some(written) = &mut self.written {
            written();
        }
    }

    /// Opens the log of a database; `None` if it has been retired. The caller holds the data directory's lock.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(self, store: &SqliteStore, rng: &mut impl CryptoRngCore) -> Result<Option<Keeper>, LogError> {
        let found = self.look(store)?;
        if let Some(retired) = found.certificate.as_ref().filter(|certificate| certificate.is_retired()) {
            self.clear(&found.start, retired)?;
            return Ok(None);
        }
        match self.mismatch(&found)? {
            None if found.certificate.is_none() => self.begin(store, &found, rng).map(Some),
            None => {
                if self.declare_restore {
                    tracing::warn!(
                        "--declare-restore is not needed: the database is the one that was used last"
                    );
                }
                self.go_on(store, &found, rng).map(Some)
            }
            Some(mismatch) if !self.declare_restore => Err(LogError::Refused(mismatch)),
            Some(_) => self.begin_again(store, &found, rng),
        }
    }

    /// Ends the log of a database for ever. The caller holds the data directory's lock.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn retire(mut self, store: &SqliteStore, rng: &mut impl CryptoRngCore) -> Result<(), LogError> {
        let found = self.look(store)?;
        let Some(certificate) = &found.certificate else { return Err(LogError::NotBegun) };
        if certificate.is_retired() {
            return Err(LogError::AlreadyRetired);
        }
        if let Some(mismatch) = self.mismatch(&found)? {
            return Err(LogError::Refused(mismatch));
        }
        let size = found.start.log.signed_size;
        let previous = Previous { incarnation: certificate.incarnation(), size, root: store.root_at(size)? };
        let incarnation = self.next_incarnation(&found);
        let retired = Certificate::sign_retired(self.server, incarnation, previous)?;
        let nonce = Nonce::generate(rng);
        let guard = found.before(nonce);
        guard.store(&self.keys)?;
        self.written();
        store.end_log(&retired, nonce)?;
        self.written();
        let start = store.log_start()?;
        self.clear(&start, &retired)
    }

    fn look(&self, store: &SqliteStore) -> Result<Found, LogError> {
        let start = store.log_start()?;
        let address = self.server.address();
        let certificate = start.certificate.as_deref();
        let certificate = certificate.map(|bytes| Certificate::from_bytes(bytes, &address)).transpose()?;
        let (guard, damaged) = match Guard::load(&self.keys) {
            Ok(guard) => (guard, false),
            Err(GuardError::Damaged { .. }) => (None, true),
            Err(error) => return Err(LogError::Guard(error)),
        };
        Ok(Found { start, certificate, guard, damaged })
    }

    fn mismatch(&self, found: &Found) -> Result<Option<Mismatch>, LogError> {
        if found.damaged {
            return Ok(Some(Mismatch::GuardDamaged));
        }
        let named = found.certificate.as_ref().map(Certificate::log_key);
        let Some(named) = named else {
            let had = found.guard.as_ref().is_some_and(|guard| !guard.certificate.is_empty());
            return Ok((had || key::exists(&self.keys)).then_some(Mismatch::NoLog));
        };
        let log = &found.start.log;
        let key = named.map(|named| key::find(&self.keys, named)).transpose()?.flatten();
        let Some(guard) = &found.guard else { return Ok(Some(Mismatch::GuardMissing)) };
        if key.is_none() {
            return Ok(Some(Mismatch::KeyMissing));
        }
        Ok(match guard.fits(log.nonce, log.signed_size, log.time) {
            true => None,
            false if guard.knows(log.nonce) => {
                Some(Mismatch::Behind { knows: log.signed_size, signed: guard.size })
            }
            false => Some(Mismatch::OtherCopy),
        })
    }

    /// The first incarnation.
    fn begin(
        mut self,
        store: &SqliteStore,
        found: &Found,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Keeper, LogError> {
        let mut clock = self.clock(0, true);
        let incarnation = floor60(clock.now());
        let log_key = key::prepare(&self.keys, rng)?;
        self.written();
        let certificate = Certificate::sign_first(self.server, log_key.public_key(), incarnation)?;
        tracing::info!("the server begins a log of what it stores");
        self.commit(store, found, Keeper::unguarded(Signer::new(certificate, log_key)?, clock), &[], rng)
    }

    /// The incarnation goes on.
    fn go_on(
        mut self,
        store: &SqliteStore,
        found: &Found,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Keeper, LogError> {
        let certificate = found.certificate.clone().ok_or(LogError::NotBegun)?;
        let named = certificate.log_key().ok_or(LogError::AlreadyRetired)?;
        let log_key = key::find(&self.keys, named)?.ok_or(LogError::Refused(Mismatch::KeyMissing))?;
        let clock = self.clock(found.start.log.time, self.confirm_clock);
        self.commit(store, found, Keeper::unguarded(Signer::new(certificate, log_key)?, clock), &[], rng)
    }

    /// A new incarnation of a log whose database was restored.
    fn begin_again(
        mut self,
        store: &SqliteStore,
        found: &Found,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Option<Keeper>, LogError> {
        let address = self.server.address();
        let guarded = found.guard.as_ref().map(|guard| guard.certificate.as_slice()).unwrap_or_default();
        // A restore of a database from before an earlier restore: the guard knows the incarnation between.
        let between = Certificate::from_bytes(guarded, &address)
            .ok()
            .filter(|between| found.incarnation().is_none_or(|known| between.incarnation() > known));
        if let Some(retired) = between.as_ref().filter(|between| between.is_retired()) {
            let nonce = Nonce::generate(rng);
            store.end_log(retired, nonce)?;
            self.written();
            self.clear(&store.log_start()?, retired)?;
            return Ok(None);
        }
        let previous = found.previous(store, between.as_ref())?;
        let incarnation = self.next_incarnation(found);
        let log_key = key::prepare(&self.keys, rng)?;
        self.written();
        let public = log_key.public_key();
        let certificate = match previous {
            Some(previous) => Certificate::sign_next(self.server, public, incarnation, previous)?,
            None => Certificate::sign_first(self.server, public, incarnation)?,
        };
        let kept = previous.map_or(0, |previous| previous.size);
        tracing::warn!(kept, "a restore was declared: the log begins anew behind the entries that were kept");
        let keeper = Keeper::unguarded(Signer::new(certificate, log_key)?, self.clock(0, true));
        self.commit(store, found, keeper, between.as_slice(), rng).map(Some)
    }

    /// The writes that every start has: guard, database, guard, and the place of a new key.
    fn commit(
        mut self,
        store: &SqliteStore,
        found: &Found,
        mut keeper: Keeper,
        missing: &[Certificate],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Keeper, LogError> {
        let nonce = Nonce::generate(rng);
        let certificate = keeper.signer().certificate().to_bytes();
        let begins = found.start.certificate.as_deref() != Some(certificate.as_slice());
        let before = found.before(nonce);
        before.store(&self.keys)?;
        self.written();
        let retention = self.retention;
        let (size, time) =
            store.start_log(Changes { keeper: &mut keeper, begins, missing, nonce, retention })?;
        self.written();
        let guard = Guard { nonce: Some(nonce), next: None, size, time, certificate: certificate.to_vec() };
        guard.store(&self.keys)?;
        self.written();
        if begins {
            key::establish(&self.keys)?;
            self.written();
        }
        keeper.set_guard(self.keys, guard);
        Ok(keeper)
    }

    /// After the log's end: no key, and a guard that remembers it.
    fn clear(mut self, start: &Start, retired: &Certificate) -> Result<(), LogError> {
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
        Ok(())
    }

    fn clock(&mut self, last: u64, confirmed: bool) -> Clock {
        let source = std::mem::replace(&mut self.clock, Box::new(super::clock::Reading::of_system));
        Clock::new(source, last, confirmed)
    }

    /// The next multiple of 60 after everything that may have been signed, and a minute more.
    fn next_incarnation(&self, found: &Found) -> u64 {
        let guarded = found.guard.as_ref().map_or(0, |guard| guard.time);
        let known = (self.clock)().wall.max(found.start.log.time).max(guarded);
        floor60(known.saturating_add(60)).saturating_add(60)
    }
}

impl Found {
    fn incarnation(&self) -> Option<u64> {
        self.start.log.incarnation
    }

    /// The guard while the database changes to a new nonce. It fits the database that was found only if it did so before.
    fn before(&self, next: Nonce) -> Guard {
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

    /// What a new incarnation continues: as much as database and the newest certificate have in common.
    fn previous(
        &self,
        store: &SqliteStore,
        between: Option<&Certificate>,
    ) -> Result<Option<Previous>, StoreError> {
        let signed = self.start.log.signed_size;
        let (incarnation, size) = match (between, self.incarnation()) {
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

impl fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("retention", &self.retention).finish_non_exhaustive()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::KeyMissing => f.write_str("the key of its log (keys/log.key) is not here"),
            Self::GuardMissing => f.write_str("the guard of its log (keys/log.guard) is not here"),
            Self::GuardDamaged => f.write_str("the guard of its log (keys/log.guard) cannot be read"),
            Self::OtherCopy => f.write_str("another copy of it has been used since"),
            Self::Behind { knows, signed } => {
                write!(f, "it ends at {knows} entries, and the server had signed {signed} or signed later")
            }
            Self::NoLog => f.write_str("the server had a log, and this database has none"),
        }
    }
}

/// Where the log key and the guard of a data directory lie.
pub(crate) fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join(crate::keys::DIR)
}
