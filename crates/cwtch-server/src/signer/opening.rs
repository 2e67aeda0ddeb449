//! A start of the log: it looks at the disk, asks the decision table and signs what follows.

use std::fmt;
use std::path::{Path, PathBuf};

use cwtch_log::{Certificate, Previous, Signer, floor60};
use cwtch_primitives::{CryptoRngCore, Identity};

use super::clock::{Clock, Source, Trust};
use super::decision::{Action, Declared, Mismatch, decide};
use super::error::LogError;
use super::found::Found;
use super::keeper::Keeper;
use super::key;
use super::pause::{NotYet, Pause};
use super::writes::Writes;
use crate::keys;
use crate::store::{Start, Store};

/// Parameters of an attempt to open the log.
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
    /// The party that vouches for the machine's clock, if the operator does not.
    pub trust: Trust,
    /// The machine's clocks.
    pub clock: Source,
    /// The pause that an earlier attempt of this start asked for.
    pub waited: Option<Pause>,
    /// Callback after each durable write, so that tests can crash there.
    pub(crate) written: Option<&'a mut dyn FnMut()>,
}

/// The result of an attempt to open.
#[derive(Debug)]
pub enum Opened {
    /// The log goes on or begins, signed by this keeper.
    Signing(Box<Keeper>),
    /// The log has been retired.
    Ended,
    /// Nothing was begun; the caller must wait and try again.
    NotYet(NotYet),
}

/// The keeper that signs from now on, and earlier certificates that the database may not know.
type Beginning = (Keeper, Vec<Certificate>);

impl<'a> Opening<'a> {
    /// An opening with nothing promised, nothing declared, and nobody who confirms a clock.
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

    /// Checks that a start may continue although there is no database. To be asked before one is made.
    ///
    /// # Errors
    /// [`LogError::NoDatabase`], or any other reason why the log could not be opened then.
    pub fn without_database(&self) -> Result<(), LogError> {
        let nothing = Start { empty: true, ..Start::default() };
        match self.decide(&Found::look(nothing, self.server, &self.keys)?)? {
            Action::Refuse(refusal) => Err(refusal.into()),
            _ => Ok(()),
        }
    }

    /// Opens the log of a database. The caller holds the data directory's lock.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn open(mut self, store: &dyn Store, rng: &mut impl CryptoRngCore) -> Result<Opened, LogError> {
        let found = Found::look(store.log_start()?, self.server, &self.keys)?;
        let action = self.decide(&found)?;
        let mut writes = Writes::new(store, self.keys.clone(), self.written.take());
        let (keeper, missing) = match action {
            Action::Refuse(refusal) => return Err(refusal.into()),
            Action::StayEnded => {
                let retired = found.certificate.as_ref().ok_or(LogError::NotBegun)?;
                writes.clear(&found.start, retired)?;
                return Ok(Opened::Ended);
            }
            Action::EndAgain => {
                let retired = found.noted.as_ref().ok_or(LogError::NotBegun)?;
                writes.end_again(retired, rng)?;
                return Ok(Opened::Ended);
            }
            Action::GoOn => {
                if self.declare_restore || self.declare_total_loss {
                    tracing::warn!("nothing had to be declared: the database is the one that was used last");
                }
                self.go_on(&found)?
            }
            // A signed time that lies ahead cannot be taken back, so the first log waits until Tor has confirmed the
            // clock.
            Action::Begin if self.trusted() == Trust::Network => return Ok(Opened::NotYet(NotYet::Clock)),
            Action::Begin => self.begin(&mut writes, rng)?,
            Action::BeginAnew { known } => match self.pause(&found, known) {
                Ok(begun) => self.begin_again(store, &found, begun, &mut writes, rng)?,
                Err(not_yet) => return Ok(Opened::NotYet(not_yet)),
            },
            Action::DeclareLoss => match self.pause(&found, false) {
                Ok(begun) => self.begin_from_nothing(begun, &mut writes, rng)?,
                Err(not_yet) => return Ok(Opened::NotYet(not_yet)),
            },
        };
        let keeper = writes.start(&found, keeper, &missing, self.retention, rng)?;
        Ok(Opened::Signing(Box::new(keeper)))
    }

    /// Ends the log of a database for ever. The caller holds the data directory's lock.
    ///
    /// # Errors
    /// [`LogError`].
    pub fn retire(mut self, store: &dyn Store, rng: &mut impl CryptoRngCore) -> Result<(), LogError> {
        let found = Found::look(store.log_start()?, self.server, &self.keys)?;
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
        // The next multiple of 60 after that plus a minute, so that it is above everything that was signed
        // (docs/verifiable-log.md, 6.7).
        let incarnation = floor60(known.saturating_add(60)).saturating_add(60);
        let retired = Certificate::sign_retired(self.server, incarnation, previous)?;
        Writes::new(store, self.keys, self.written.take()).end(&found, &retired, rng)
    }

    /// Asks the decision table.
    fn decide(&self, found: &Found) -> Result<Action, LogError> {
        let declared = Declared {
            restore: self.declare_restore,
            total_loss: self.declare_total_loss,
            clock: self.confirm_clock,
        };
        Ok(decide(&found.situation(&self.keys, declared)?))
    }

    /// The party that vouches for the clock.
    fn trusted(&self) -> Trust {
        if self.confirm_clock { Trust::Confirmed } else { self.trust }
    }

    /// The time at which a log that replaces another begins, and the clock with which it goes on; or what has to be
    /// waited for.
    fn pause(&mut self, found: &Found, known: bool) -> Result<(u64, Clock), NotYet> {
        if self.trusted() == Trust::Network {
            return Err(NotYet::Clock);
        }
        let pause = match self.waited.take() {
            Some(waited) => waited,
            None => {
                let known = known || self.confirm_clock;
                Pause::new(self.clock(0, Trust::Confirmed), found.last(), known)
            }
        };
        pause.end()
    }

    /// Begins the first incarnation.
    fn begin(
        &mut self,
        writes: &mut Writes<'_, '_>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Beginning, LogError> {
        let mut clock = self.clock(0, Trust::Confirmed);
        let incarnation = floor60(clock.now());
        let key = writes.fresh_key(rng)?;
        let certificate = Certificate::sign_first(self.server, key.public_key(), incarnation)?;
        tracing::info!("the server begins a log of what it stores");
        Ok((Keeper::unguarded(Signer::new(certificate, key)?, clock), Vec::new()))
    }

    /// Continues the incarnation.
    fn go_on(&mut self, found: &Found) -> Result<Beginning, LogError> {
        let certificate = found.certificate.clone().ok_or(LogError::NotBegun)?;
        let named = certificate.log_key().ok_or(LogError::AlreadyRetired)?;
        let key = key::find(&self.keys, named)?.ok_or(LogError::Refused(Mismatch::KeyMissing))?;
        let clock = self.clock(found.start.log.time, self.trusted());
        Ok((Keeper::unguarded(Signer::new(certificate, key)?, clock), Vec::new()))
    }

    /// Begins a new incarnation of a log whose database was restored.
    fn begin_again(
        &self,
        store: &dyn Store,
        found: &Found,
        (incarnation, clock): (u64, Clock),
        writes: &mut Writes<'_, '_>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Beginning, LogError> {
        let previous = found.previous(store)?.ok_or(LogError::NotBegun)?;
        let key = writes.fresh_key(rng)?;
        let certificate = Certificate::sign_next(self.server, key.public_key(), incarnation, previous)?;
        let kept = previous.size;
        tracing::warn!(kept, "a restore was declared: the log begins anew behind the entries that were kept");
        // If the database is from before an earlier restore, the guard knows the incarnation in between.
        let missing = found.between().cloned().into_iter().collect();
        Ok((Keeper::unguarded(Signer::new(certificate, key)?, clock), missing))
    }

    /// Begins a log for a server that knows nothing of the one before.
    fn begin_from_nothing(
        &self,
        (incarnation, clock): (u64, Clock),
        writes: &mut Writes<'_, '_>,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Beginning, LogError> {
        let key = writes.fresh_key(rng)?;
        let certificate = Certificate::sign_total_loss(self.server, key.public_key(), incarnation)?;
        tracing::warn!(
            "a total loss was declared: the log begins anew, and clients are told that everything was lost"
        );
        Ok((Keeper::unguarded(Signer::new(certificate, key)?, clock), Vec::new()))
    }

    fn clock(&mut self, last: u64, trust: Trust) -> Clock {
        let source = std::mem::replace(&mut self.clock, Box::new(super::clock::Reading::of_system));
        Clock::new(source, last, trust)
    }
}

impl fmt::Debug for Opening<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Opening").field("retention", &self.retention).finish_non_exhaustive()
    }
}

/// The directory inside a data directory where the log key and the guard lie.
pub fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join(keys::DIR)
}
