//! A start of the log: what is found, what the table says, and the writes that follow.
//!
//! The order of the writes makes every crash harmless. A fresh key is durable before a certificate names it, and takes its
//! place afterwards ([`key::find`] finishes what a crash interrupted). The guard holds both nonces while the database
//! changes from one to the other. Where a restore was declared, the guard goes on contradicting the database until
//! the new incarnation is durable: a crash in between asks for the declaration again.

use std::fmt;
use std::path::{Path, PathBuf};

use cwtch_log::tree::empty_root;
use cwtch_log::{Certificate, Previous, Signer, Utc, floor60};
use cwtch_primitives::{CryptoRngCore, Identity};

use super::clock::{Clock, Source, Trust};
use super::decision::{
    self, Action, Beginning, Database, Declared, Key, Mismatch, Noted, Situation, beginning,
};
use super::error::LogError;
use super::guard::{Guard, GuardError, Mark, Nonce};
use super::keeper::Keeper;
use super::key;
use crate::keys::{self, Unbegun};
use crate::store::{Changes, SqliteStore, Start, StoreError};

/// How the log is to be opened.
pub struct Opening<'a> {
    /// The server's identity.
    pub server: &'a Identity,
    /// The directory of the keys.
    pub keys: PathBuf,
    /// The promised retention in seconds, 0 for none.
    pub retention: u64,
    /// The operator declares that the database was restored. This vouches for the machine's clock as it is now, too.
    pub declare_restore: bool,
    /// The operator declares that everything but the keys was lost. This vouches for the machine's clock as it is now, too.
    pub declare_total_loss: bool,
    /// The operator vouches for the machine's clock, and for that of the machine that ran this server before.
    pub confirm_clock: bool,
    /// Who else vouches for the machine's clock.
    pub trust: Trust,
    /// The machine's clocks.
    pub clock: Source,
    /// The pause that an earlier attempt of this start asked for.
    pub waited: Option<Pause>,
    /// Called after each durable write: where a crash may strike.
    pub(crate) written: Option<&'a mut dyn FnMut()>,
}

/// What came of an attempt to open.
#[derive(Debug)]
pub enum Opened {
    /// The log goes on or begins: this signs it.
    Signing(Box<Keeper>),
    /// The log has been retired.
    Ended,
    /// Nothing was begun: try again when that is over.
    NotYet(NotYet),
}

/// Why a log cannot begin yet. `Display` says so to an operator.
#[derive(Debug)]
pub enum NotYet {
    /// The network has to confirm the machine's clock.
    Clock,
    /// What was signed before must be sure to lie behind.
    Until(Box<Pause>),
}

/// Until a log that replaces another may begin. Each start waits for itself, so that two never begin in one minute.
#[derive(Debug)]
pub struct Pause {
    beginning: Beginning,
    clock: Clock,
    known: bool,
}

impl Pause {
    /// The end, unix seconds.
    pub fn until(&self) -> u64 {
        self.beginning.not_signed_before
    }

    /// Whether it is over.
    pub fn is_over(&mut self) -> bool {
        self.clock.now() >= self.until()
    }
}

impl fmt::Display for NotYet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clock => f.write_str(
                "the log begins once Tor has confirmed this machine's clock. If that takes long, check the clock; if you know \
                 that it is right, start again with --confirm-clock",
            ),
            Self::Until(pause) => {
                let until = Utc(pause.until());
                write!(f, "declared: the log begins anew at {until}, so that it cannot contradict what was signed before; ")?;
                f.write_str(match pause.known {
                    true => "waiting",
                    false => {
                        "nobody knows how far the clock of the lost server was ahead, so this takes three hours. If you \
                         know that it was right (it used NTP), stop this and start with --confirm-clock as well: then it \
                         takes a minute"
                    }
                })
            }
        }
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
    /// With nothing promised, nothing declared, and nobody who confirms a clock.
    pub fn new(server: &'a Identity, keys: PathBuf, clock: Source) -> Self {
        Self {
            server,
            keys,
            retention: 0,
            declare_restore: false,
            declare_total_loss: false,
            confirm_clock: false,
            trust: Trust::Nobody,
            clock,
            waited: None,
            written: None,
        }
    }

    fn written(&mut self) {
        if let Some(written) = &mut self.written {
            written();
        }
    }

    /// Whether a start may go on although there is no database: to be asked before one is made.
    ///
    /// # Errors
    /// [`LogError::NoDatabase`] and whatever else keeps the log from being opened then.
    pub fn without_database(&self) -> Result<(), LogError> {
        match self.decide(&self.look_at(Start { empty: true, ..Start::default() })?)? {
            Action::Refuse(refusal) => Err(refusal.into()),
            _ => Ok(()),
        }
    }

    /// Opens the log of a database. The caller holds the data directory's lock.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(mut self, store: &SqliteStore, rng: &mut impl CryptoRngCore) -> Result<Opened, LogError> {
        let found = self.look(store)?;
        match self.decide(&found)? {
            Action::Refuse(refusal) => Err(refusal.into()),
            Action::StayEnded => {
                let retired = found.certificate.as_ref().ok_or(LogError::NotBegun)?;
                self.clear(&found.start, retired)?;
                Ok(Opened::Ended)
            }
            Action::EndAgain => self.end_again(store, &found, rng),
            Action::GoOn => {
                if self.declare_restore || self.declare_total_loss {
                    tracing::warn!("nothing had to be declared: the database is the one that was used last");
                }
                self.go_on(store, &found, rng)
            }
            Action::Begin if self.trusted() == Trust::Network => Ok(Opened::NotYet(NotYet::Clock)),
            Action::Begin => self.begin(store, &found, rng),
            Action::BeginAnew { known } => match self.pause(&found, known) {
                Ok(begun) => self.begin_again(store, &found, begun, rng),
                Err(not_yet) => Ok(Opened::NotYet(not_yet)),
            },
            Action::DeclareLoss => match self.pause(&found, false) {
                Ok(begun) => self.begin_from_nothing(store, &found, begun, rng),
                Err(not_yet) => Ok(Opened::NotYet(not_yet)),
            },
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
        if let Action::Refuse(refusal) = self.decide(&found)? {
            return Err(refusal.into());
        }
        let size = found.start.log.signed_size;
        let previous = Previous { incarnation: certificate.incarnation(), size, root: store.root_at(size)? };
        let known = (self.clock)().wall.max(found.last());
        let incarnation = floor60(known.saturating_add(60)).saturating_add(60);
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
        self.look_at(store.log_start()?)
    }

    fn look_at(&self, start: Start) -> Result<Found, LogError> {
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

    /// What the table says of what is found.
    fn decide(&self, found: &Found) -> Result<Action, LogError> {
        let log = &found.start.log;
        let database = match &found.certificate {
            Some(certificate) if certificate.is_retired() => Database::Ended,
            Some(_) => Database::Logged,
            None if found.start.empty => Database::Nothing,
            None => Database::Unlogged,
        };
        let guard = match &found.guard {
            None if found.damaged => decision::Guard::Damaged,
            None => decision::Guard::Missing,
            Some(guard) if guard.fits(log.nonce, log.signed_size, log.time) => decision::Guard::Fits,
            Some(guard) if guard.knows(log.nonce) => {
                decision::Guard::Behind { knows: log.signed_size, signed: guard.size }
            }
            Some(_) => decision::Guard::OtherCopy,
        };
        let noted = match self.noted(found) {
            Some(certificate) if certificate.is_retired() => Noted::End,
            Some(_) => Noted::Log,
            None => Noted::Nothing,
        };
        let named = found.certificate.as_ref().and_then(Certificate::log_key);
        let key = match named.map(|named| key::find(&self.keys, named)).transpose()?.flatten() {
            Some(_) => Key::Named,
            None if key::exists(&self.keys) => Key::Other,
            None => Key::Missing,
        };
        Ok(decision::decide(&Situation {
            fresh: Unbegun::is(&self.keys),
            database,
            guard,
            noted,
            noted_last: found.guard.as_ref().is_some_and(|guard| guard.time >= log.time),
            key,
            declared: Declared {
                restore: self.declare_restore,
                total_loss: self.declare_total_loss,
                clock: self.confirm_clock,
            },
        }))
    }

    /// The certificate that the guard holds; one that does not verify is none of this server's.
    fn noted(&self, found: &Found) -> Option<Certificate> {
        let guard = found.guard.as_ref()?;
        Certificate::from_bytes(&guard.certificate, &self.server.address()).ok()
    }

    /// Who vouches for the clock.
    fn trusted(&self) -> Trust {
        if self.confirm_clock { Trust::Confirmed } else { self.trust }
    }

    /// When a log that replaces another begins, and the clock that it goes on with; or why not yet.
    fn pause(&mut self, found: &Found, known: bool) -> Result<(u64, Clock), NotYet> {
        if self.trusted() == Trust::Network {
            return Err(NotYet::Clock);
        }
        let mut pause = match self.waited.take() {
            Some(waited) => waited,
            None => {
                let known = known || self.confirm_clock;
                let mut clock = self.clock(0, Trust::Confirmed);
                Pause { beginning: beginning(clock.now(), found.last(), known), clock, known }
            }
        };
        match pause.is_over() {
            true => Ok((pause.beginning.incarnation, pause.clock)),
            false => Err(NotYet::Until(Box::new(pause))),
        }
    }

    /// The first incarnation.
    fn begin(
        mut self,
        store: &SqliteStore,
        found: &Found,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Opened, LogError> {
        let mut clock = self.clock(0, Trust::Confirmed);
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
    ) -> Result<Opened, LogError> {
        let certificate = found.certificate.clone().ok_or(LogError::NotBegun)?;
        let named = certificate.log_key().ok_or(LogError::AlreadyRetired)?;
        let log_key = key::find(&self.keys, named)?.ok_or(LogError::Refused(Mismatch::KeyMissing))?;
        let clock = self.clock(found.start.log.time, self.trusted());
        self.commit(store, found, Keeper::unguarded(Signer::new(certificate, log_key)?, clock), &[], rng)
    }

    /// A new incarnation of a log whose database was restored.
    fn begin_again(
        mut self,
        store: &SqliteStore,
        found: &Found,
        (incarnation, clock): (u64, Clock),
        rng: &mut impl CryptoRngCore,
    ) -> Result<Opened, LogError> {
        // A restore of a database from before an earlier restore: the guard knows the incarnation between.
        let between = self
            .noted(found)
            .filter(|between| found.incarnation().is_none_or(|known| between.incarnation() > known));
        let previous = found.previous(store, between.as_ref())?.ok_or(LogError::NotBegun)?;
        let log_key = key::prepare(&self.keys, rng)?;
        self.written();
        let certificate = Certificate::sign_next(self.server, log_key.public_key(), incarnation, previous)?;
        let kept = previous.size;
        tracing::warn!(kept, "a restore was declared: the log begins anew behind the entries that were kept");
        let keeper = Keeper::unguarded(Signer::new(certificate, log_key)?, clock);
        self.commit(store, found, keeper, between.as_slice(), rng)
    }

    /// A log of a server that knows nothing of the one before.
    fn begin_from_nothing(
        mut self,
        store: &SqliteStore,
        found: &Found,
        (incarnation, clock): (u64, Clock),
        rng: &mut impl CryptoRngCore,
    ) -> Result<Opened, LogError> {
        let log_key = key::prepare(&self.keys, rng)?;
        self.written();
        let certificate = Certificate::sign_total_loss(self.server, log_key.public_key(), incarnation)?;
        tracing::warn!(
            "a total loss was declared: the log begins anew, and clients are told that everything was lost"
        );
        self.commit(store, found, Keeper::unguarded(Signer::new(certificate, log_key)?, clock), &[], rng)
    }

    /// The log had ended: it does so again in a database from before.
    fn end_again(
        mut self,
        store: &SqliteStore,
        found: &Found,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Opened, LogError> {
        let retired = self.noted(found).ok_or(LogError::NotBegun)?;
        store.end_log(&retired, Nonce::generate(rng))?;
        self.written();
        self.clear(&store.log_start()?, &retired)?;
        Ok(Opened::Ended)
    }

    /// The writes that every start has: guard, database, guard, and the place of a new key.
    fn commit(
        mut self,
        store: &SqliteStore,
        found: &Found,
        mut keeper: Keeper,
        missing: &[Certificate],
        rng: &mut impl CryptoRngCore,
    ) -> Result<Opened, LogError> {
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
        Unbegun::clear(&self.keys)?;
        let mark = Mark::open(&self.keys, nonce)?;
        keeper.set_guard(self.keys, guard, mark);
        Ok(Opened::Signing(Box::new(keeper)))
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
        Ok(Unbegun::clear(&self.keys)?)
    }

    fn clock(&mut self, last: u64, trust: Trust) -> Clock {
        let source = std::mem::replace(&mut self.clock, Box::new(super::clock::Reading::of_system));
        Clock::new(source, last, trust)
    }
}

impl Found {
    fn incarnation(&self) -> Option<u64> {
        self.start.log.incarnation
    }

    /// The last time that is known to have been signed.
    fn last(&self) -> u64 {
        let guarded = self.guard.as_ref().map_or(0, |guard| guard.time);
        self.start.log.time.max(guarded).max(self.incarnation().unwrap_or(0))
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

/// Where the log key and the guard of a data directory lie.
pub(crate) fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join(keys::DIR)
}
