//! The profiles that a daemon has open, and what is done with profiles as wholes.
//!
//! Each open profile has a door: the socket in its own directory, behind which whoever names no profile means this one.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cwtch_api::{Advice, ApiError, HostCommand, OpenProfile, Problem, ProfileInfo};
use cwtch_client::engine::{Account, EngineOptions, Host, Listener, Mode};
use cwtch_client::profile::{DataDir, Password, Profile, StorageError};
use cwtch_net::Network;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::door::{Arrival, Door};
use crate::rpc::socket::Socket;

/// Something that happened to the profiles.
pub(crate) enum Change {
    /// One was opened; what it tells from its beginning, and the path of its door.
    Opened(Account, Listener, PathBuf),
    /// One was closed.
    Closed(Arc<str>),
    /// The part of one that keeps its database is gone, by a fault of the program.
    Broke(Arc<str>),
}

/// The profiles that are open, and the others of the data directory.
pub(crate) struct Accounts {
    host: Host,
    data: DataDir,
    /// Doors of the open profiles, by label.
    doors: Mutex<BTreeMap<Arc<str>, Door>>,
    arrivals: mpsc::Sender<Arrival>,
    changes: mpsc::UnboundedSender<Change>,
    /// True if each profile appears offline at first, whatever its person chose before.
    appear_offline: bool,
    /// One password is tried at a time: each try takes much memory.
    trying: tokio::sync::Mutex<()>,
}

impl Accounts {
    /// None is open yet. Whoever comes through a door goes to `arrivals`. With `appear_offline`, each profile begins so.
    pub(crate) fn new(
        network: Arc<dyn Network>,
        data: DataDir,
        arrivals: mpsc::Sender<Arrival>,
        changes: mpsc::UnboundedSender<Change>,
        appear_offline: bool,
    ) -> Self {
        let (doors, trying) = (Mutex::default(), tokio::sync::Mutex::default());
        Self { host: Host::new(network), data, doors, arrivals, changes, appear_offline, trying }
    }

    fn doors(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Door>> {
        self.doors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The profile that a request is about: the one that it names, else the one behind whose door it came, else the only
    /// one that is open.
    ///
    /// # Errors
    /// If it is not open, or if it could be several.
    pub(crate) fn find(&self, named: Option<&str>, door: Option<&str>) -> Result<Account, ApiError> {
        if let Some(label) = named.or(door) {
            return self
                .host
                .account(label)
                .ok_or_else(|| not_open(Problem::ProfileNotOpen { profile: label.to_owned() }));
        }
        match self.host.accounts().as_slice() {
            [] => Err(not_open(Problem::NoProfileOpen)),
            [only] => Ok(only.clone()),
            several => {
                let profiles = several.iter().map(|account| account.label.to_string()).collect();
                Err(Problem::ProfileNotNamed { profiles }.into())
            }
        }
    }

    /// The open profiles.
    pub(crate) fn open_profiles(&self) -> Vec<OpenProfile> {
        let accounts = self.host.accounts();
        accounts
            .iter()
            .map(|account| OpenProfile {
                profile: account.label.to_string(),
                address: account.engine.address().to_string(),
            })
            .collect()
    }

    /// Carries out what is done with a profile as a whole.
    ///
    /// # Errors
    /// A refusal. It concerns this profile alone: the others go on.
    pub(crate) async fn carry_out(&self, command: HostCommand) -> Result<Value, ApiError> {
        Ok(match command {
            HostCommand::ProfileList {} => json!(self.list().await?),
            HostCommand::ProfileOpen { profile, password } => {
                let password =
                    password.map_or(Password::None, |password| Password::Some(password.expose().clone()));
                let account = self.open(&profile, password).await?;
                let (open, address) = (true, Some(account.engine.address().to_string()));
                json!(ProfileInfo { password: self.has_password(&profile).await?, profile, open, address })
            }
            HostCommand::ProfileClose { profile } => {
                self.close(&profile).await?;
                json!(self.closed(profile).await?)
            }
            HostCommand::ProfileRename { profile, name } => {
                self.is_closed(&profile)?;
                let new = name.clone();
                self.with_files(move |data| data.rename(&profile, &new)).await?;
                json!(self.closed(name).await?)
            }
            HostCommand::ProfileDelete { profile } => {
                self.is_closed(&profile)?;
                self.with_files(move |data| data.delete(&profile)).await?;
                json!({})
            }
        })
    }

    async fn list(&self) -> Result<Vec<ProfileInfo>, ApiError> {
        let open: BTreeMap<String, String> =
            self.open_profiles().into_iter().map(|open| (open.profile, open.address)).collect();
        let known = self.with_files(DataDir::list).await?;
        let info = |known: cwtch_client::profile::ProfileInfo| ProfileInfo {
            address: open.get(&known.label).cloned(),
            open: open.contains_key(&known.label),
            password: known.has_password,
            profile: known.label,
        };
        Ok(known.into_iter().map(info).collect())
    }

    async fn has_password(&self, label: &str) -> Result<bool, ApiError> {
        let known = self.with_files(DataDir::list).await?;
        Ok(known.iter().any(|known| known.label == label && known.has_password))
    }

    async fn closed(&self, profile: String) -> Result<ProfileInfo, ApiError> {
        let password = self.has_password(&profile).await?;
        Ok(ProfileInfo { profile, password, open: false, address: None })
    }

    /// Does something with the data directory that may take a while.
    async fn with_files<T: Send + 'static>(
        &self,
        job: impl FnOnce(&DataDir) -> Result<T, StorageError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let data = self.data.clone();
        let done = tokio::task::spawn_blocking(move || job(&data)).await;
        done.map_err(|_| ApiError::closed())?.map_err(ApiError::from)
    }

    fn is_closed(&self, label: &str) -> Result<(), ApiError> {
        match self.host.account(label) {
            None => Ok(()),
            Some(_) => {
                let open = Problem::ProfileMustBeClosed { profile: label.to_owned() };
                Err(ApiError::from(open).advise([Advice::ProfileClose]))
            }
        }
    }

    async fn open(&self, label: &str, password: Password) -> Result<Account, ApiError> {
        self.host.has_room(label)?;
        let profile = {
            let _one = self.trying.lock().await;
            let label = label.to_owned();
            self.with_files(move |data| data.open(&label, &password)).await?
        };
        self.admit(label, profile).await
    }

    /// Starts a profile that was opened, and opens its door.
    ///
    /// # Errors
    /// As [`Host::open`], or if the door cannot be made.
    pub(crate) async fn admit(&self, label: &str, profile: Profile) -> Result<Account, ApiError> {
        // The profile's lock is ours, so whatever socket is there belongs to nobody. Who comes from now on waits.
        let place = profile.path().to_owned();
        let socket =
            Socket::bind(&place).map_err(|error| Problem::SocketUnusable { detail: error.message })?;
        let path = socket.path().to_owned();
        let mut options = EngineOptions::new(Mode::Daemon);
        options.appear_offline = self.appear_offline;
        let account = self.host.open(label, profile, options).await?;
        // Before the network is looked at, so that no change is missed.
        let events = account.engine.subscribe();
        self.doors().insert(
            account.label.clone(),
            Door::open(socket, Some(account.label.clone()), self.arrivals.clone()),
        );
        let (watched, changes) = (account.clone(), self.changes.clone());
        tokio::spawn(async move {
            if watched.engine.broke().await {
                let _ = changes.send(Change::Broke(watched.label));
            }
        });
        let _ = self.changes.send(Change::Opened(account.clone(), events, path));
        Ok(account)
    }

    /// Closes a profile when what it does is durable and its address is withdrawn.
    ///
    /// # Errors
    /// If it is not open.
    pub(crate) async fn close(&self, label: &str) -> Result<(), ApiError> {
        let account = self.find(Some(label), None)?;
        // Nobody comes any more who would mean this one.
        self.doors().remove(&account.label);
        self.host.close(label).await;
        let _ = self.changes.send(Change::Closed(account.label));
        Ok(())
    }

    /// True if no profile is open.
    pub(crate) fn is_empty(&self) -> bool {
        self.host.accounts().is_empty()
    }

    /// Closes all doors: nobody comes any more.
    pub(crate) fn close_doors(&self) {
        self.doors().clear();
    }

    /// Closes all profiles, and leaves the network.
    pub(crate) async fn shutdown(&self) {
        self.host.shutdown().await;
    }
}

fn not_open(problem: Problem) -> ApiError {
    ApiError::from(problem).advise([Advice::ProfileOpen])
}
