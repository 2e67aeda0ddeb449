//! Several profiles that are open in one process, over one network.
//!
//! Each has an engine of its own: its database, its tasks, its address, its events. They have in common the network and
//! the places for dialling on it, and nothing else: no two of them ever dial with the same isolation, so that no circuit
//! carries streams of both. The host alone ends the network, when all of them have ended.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_net::Network;
use tokio_util::task::TaskTracker;

use super::handle::{EngineHandle, start_on};
use super::line::Line;
use super::options::EngineOptions;
use crate::api::{Advice, ApiError, Problem};
use crate::profile::Profile;

/// The most profiles that may be open at a time.
pub const PROFILES_MAX: usize = 16;

/// A network, and the profiles that are open on it.
pub struct Host {
    line: Line,
    profiles: Mutex<Profiles>,
}

#[derive(Default)]
struct Profiles {
    /// Places of the profiles, by label.
    seats: BTreeMap<String, Seat>,
    /// The host ends: nothing more is opened.
    ending: bool,
}

/// State of a profile that has a place.
enum Seat {
    /// Its engine starts.
    Opening,
    /// Its engine runs, or ends.
    Open(Account),
}

/// A profile that is open. All clones are the same one.
#[derive(Clone)]
pub struct Account {
    /// Its label, by which commands name it.
    pub label: Arc<str>,
    /// Its engine.
    pub engine: EngineHandle,
}

/// A place that was taken for a profile whose engine starts; given back when dropped.
struct Opening<'a> {
    host: &'a Host,
    label: &'a str,
}

impl Drop for Opening<'_> {
    fn drop(&mut self) {
        let mut profiles = self.host.profiles();
        if let Some(Seat::Opening) = profiles.seats.get(self.label) {
            profiles.seats.remove(self.label);
        }
    }
}

impl Host {
    /// A host on a network that nobody else uses.
    pub fn new(network: Arc<dyn Network>) -> Self {
        Self { line: Line::new(network), profiles: Mutex::default() }
    }

    fn profiles(&self) -> MutexGuard<'_, Profiles> {
        self.profiles.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts the engine of an open profile under its label; see [`start`](super::start).
    ///
    /// # Errors
    /// If one of this label is open, if [`PROFILES_MAX`] are, if the host ends, or as [`start`](super::start). No other
    /// profile is touched by that.
    pub async fn open(
        &self,
        label: &str,
        profile: Profile,
        options: EngineOptions,
    ) -> Result<Account, ApiError> {
        let _opening = self.take_place(label)?;
        let engine = start_on(&self.line, profile, options).await?;
        let account = Account { label: label.into(), engine };
        let ends = {
            let mut profiles = self.profiles();
            if !profiles.ending {
                profiles.seats.insert(label.to_owned(), Seat::Open(account.clone()));
            }
            profiles.ending
        };
        if ends {
            account.engine.shutdown().await;
            return Err(ApiError::closed());
        }
        Ok(account)
    }

    /// Says before a password is asked for whether a profile could be opened.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn has_room(&self, label: &str) -> Result<(), ApiError> {
        self.profiles().check(label)
    }

    fn take_place<'a>(&'a self, label: &'a str) -> Result<Opening<'a>, ApiError> {
        let mut profiles = self.profiles();
        profiles.check(label)?;
        profiles.seats.insert(label.to_owned(), Seat::Opening);
        drop(profiles);
        Ok(Opening { host: self, label })
    }

    /// The open profile of a label.
    pub fn account(&self, label: &str) -> Option<Account> {
        match self.profiles().seats.get(label) {
            Some(Seat::Open(account)) => Some(account.clone()),
            _ => None,
        }
    }

    /// The open profiles, by label.
    pub fn accounts(&self) -> Vec<Account> {
        let profiles = self.profiles();
        let open = profiles.seats.values().filter_map(|seat| match seat {
            Seat::Open(account) => Some(account.clone()),
            Seat::Opening => None,
        });
        open.collect()
    }

    /// Ends the engine of a profile as [`EngineHandle::shutdown`] does, and returns when its database is closed; false if
    /// it is not open. The network and the other profiles go on.
    pub async fn close(&self, label: &str) -> bool {
        let Some(account) = self.account(label) else { return false };
        account.engine.shutdown().await;
        // Only now: until the database is closed the label is taken.
        let mut profiles = self.profiles();
        if let Some(Seat::Open(now)) = profiles.seats.get(label)
            // And not one that was opened since, where two closed it at a time.
            && Arc::ptr_eq(&now.label, &account.label)
        {
            profiles.seats.remove(label);
        }
        true
    }

    /// Ends all engines side by side, and then the network.
    pub async fn shutdown(&self) {
        self.profiles().ending = true;
        let ending = TaskTracker::new();
        for account in self.accounts() {
            ending.spawn(async move { account.engine.shutdown().await });
        }
        ending.close();
        ending.wait().await;
        self.profiles().seats.retain(|_, seat| matches!(seat, Seat::Opening));
        self.line.end().await;
    }
}

impl Profiles {
    fn check(&self, label: &str) -> Result<(), ApiError> {
        if self.ending {
            return Err(ApiError::closed());
        }
        if self.seats.contains_key(label) {
            return Err(Problem::ProfileOpenAlready { profile: label.to_owned() }.into());
        }
        if self.seats.len() >= PROFILES_MAX {
            let full = Problem::TooManyProfilesOpen { max: PROFILES_MAX as u64 };
            return Err(ApiError::from(full).advise([Advice::ProfileClose]));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cwtch_net::Loopback;

    use super::*;

    #[tokio::test]
    async fn so_many_profiles_are_open_and_no_more() {
        let host = Host::new(Arc::new(Loopback::new("/nowhere")));
        let labels: Vec<String> = (0..PROFILES_MAX).map(|n| n.to_string()).collect();
        let mut places: Vec<_> = labels.iter().map(|label| host.take_place(label).unwrap()).collect();
        let refusal = host.has_room("one more").unwrap_err();
        assert_eq!(refusal.problem, Problem::TooManyProfilesOpen { max: PROFILES_MAX as u64 });
        assert_eq!(refusal.advice, [Advice::ProfileClose]);
        assert!(host.accounts().is_empty() && host.account("0").is_none(), "none of them runs yet");
        places.pop();
        host.has_room("one more").unwrap();
        assert_eq!(
            host.has_room("0").unwrap_err().problem,
            Problem::ProfileOpenAlready { profile: "0".to_owned() }
        );
        host.shutdown().await;
        assert_eq!(host.has_room("one more").unwrap_err(), ApiError::closed());
    }
}
