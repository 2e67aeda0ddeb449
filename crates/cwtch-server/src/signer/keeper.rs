//! The keeper, with which the writer signs: the log key, a clock that is not believed blindly, and the guard.

use std::path::PathBuf;

use cwtch_log::{Signer, floor60};
use cwtch_net::Validity;

use super::clock::{Clock, Doubt};
use super::guard::{Guard, Mark};

/// The one signer of an incarnation.
#[derive(Debug)]
pub struct Keeper {
    signer: Signer,
    clock: Clock,
    guard: Option<GuardFile>,
    /// The doubt about the clock that the operator has been told of.
    told: Option<Doubt>,
}

#[derive(Debug)]
struct GuardFile {
    dir: PathBuf,
    guard: Guard,
    mark: Mark,
}

impl Keeper {
    /// A keeper without a guard, for tests and simulations: nothing notices if its database is set back.
    pub fn unguarded(signer: Signer, clock: Clock) -> Self {
        Self { signer, clock, guard: None, told: None }
    }

    /// Sets the guard and the mark in this directory, to which what is signed is written from now on.
    pub(super) fn set_guard(&mut self, dir: PathBuf, guard: Guard, mark: Mark) {
        self.guard = Some(GuardFile { dir, guard, mark });
    }

    /// The signer, which has the log key.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// The time to be signed now, in unix seconds: a whole minute, and never before `last`.
    pub fn time(&mut self, last: u64) -> u64 {
        // `last` is below the incarnation only before anything was signed.
        self.now().max(last).max(self.signer.certificate().incarnation())
    }

    /// The current minute in unix seconds, even if a later one was signed already. Tells the operator once of each
    /// doubt about the clock.
    pub fn now(&mut self) -> u64 {
        let now = floor60(self.clock.now());
        let doubt = self.clock.doubt();
        if let Some((doubt, ahead)) = doubt
            && self.told != Some(doubt)
        {
            tracing::error!(
                seconds = ahead,
                "{doubt}; until that is confirmed the log goes on with the time that should be, and clients may find it \
                 stale: if the clock is right, start again with --confirm-clock"
            );
        }
        self.told = doubt.map(|(doubt, _)| doubt);
        now
    }

    /// Takes a network's word for the clock: the time for which its directory is valid, or `None` if it turned out
    /// that the network cannot tell.
    pub fn confirm_clock(&mut self, valid: Option<Validity>) {
        match valid {
            Some(valid) if self.clock.confirm(valid) => tracing::info!("the machine's clock is confirmed"),
            Some(_) => {}
            None => self.clock.stay_unconfirmed(),
        }
    }

    /// Notes a commit before anything of it is shown: writes the mark, and the guard once a minute.
    pub fn note(&mut self, size: u64, time: u64) {
        if let Some(file) = &self.guard
            && let Err(error) = file.mark.write(size, time)
        {
            tracing::error!("what was signed last could not be marked: {error}");
        }
        if self.guard.as_ref().is_some_and(|file| file.guard.time != time) {
            self.finish(size, time);
        }
    }

    /// Writes the guard with the size and time signed last.
    pub fn finish(&mut self, size: u64, time: u64) {
        let Some(GuardFile { dir, guard, .. }) = &mut self.guard else { return };
        let now = Guard { size, time, ..guard.clone() };
        // After a failure the old guard stays valid: only a restore of the last minutes might not be noticed.
        match now.store(dir) {
            Ok(()) => *guard = now,
            Err(error) => tracing::error!("what was signed last could not be noted: {error}"),
        }
    }
}
