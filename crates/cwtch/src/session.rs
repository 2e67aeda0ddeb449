//! Executor that carries a command out: by the profile's daemon where one runs, else by an engine in this process.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use cwtch_api::{ApiError, Command, Event, Reply};
use cwtch_client::engine::{self, EngineHandle, EngineOptions, Mode};
use cwtch_client::profile::{DataDir, Password, Profile, StorageError};
use cwtch_net::{BoxStream, Isolation, Listener, NetError, Network};
use cwtch_primitives::{Address, Identity};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep};

use crate::command_error::CommandError;
use crate::host_dir::{Held, network_for_one};
use crate::output::progress::Progress;
use crate::output::{note, sanitize};
use crate::prompt::{self, Typed};
use crate::rpc::client::Client;
use crate::rpc::socket;
use crate::settings::{PasswordSource, Settings};
use crate::words::{number, say, word, words};

/// After which time a person is told that another command is waited for.
const LOCK_NOTE: Duration = Duration::from_secs(2);
/// Pause before looking again.
const LOCK_POLL: Duration = Duration::from_millis(50);

/// A profile that was chosen.
#[derive(Debug, Clone)]
pub(crate) struct Chosen {
    pub(crate) dir: DataDir,
    pub(crate) label: String,
    /// The profile's own directory.
    pub(crate) path: PathBuf,
    has_password: bool,
    /// Time to wait for another command that has it open.
    patience: Duration,
    json: bool,
}

/// Finds the profile that the settings mean.
///
/// # Errors
/// If there is none, or several and none is named.
pub(crate) fn choose(settings: &Settings) -> Result<Chosen, CommandError> {
    choose_named(settings, settings.profile.as_deref())
}

/// Finds the profiles of these labels, each once; without any, the one that the settings mean.
///
/// # Errors
/// As [`choose`].
pub(crate) fn choose_all(settings: &Settings, labels: &[String]) -> Result<Vec<Chosen>, CommandError> {
    if labels.is_empty() {
        return Ok(vec![choose(settings)?]);
    }
    let mut chosen: Vec<Chosen> = Vec::new();
    for label in labels {
        if chosen.iter().all(|known| known.label != *label) {
            chosen.push(choose_named(settings, Some(label))?);
        }
    }
    Ok(chosen)
}

/// Finds a profile by its label; without one, the only one.
///
/// # Errors
/// As [`choose`].
pub(crate) fn choose_named(settings: &Settings, label: Option<&str>) -> Result<Chosen, CommandError> {
    let none = || {
        let dir = settings.data.display().to_string();
        CommandError::new("not-found", say("cli-profiles-none", [("dir", dir.into())]))
    };
    if !settings.data.is_dir() {
        return Err(none());
    }
    let dir = DataDir::open_or_create(&settings.data)?;
    let profiles = dir.list()?;
    let info = match (label, profiles.as_slice()) {
        (Some(name), all) => {
            all.iter().find(|profile| profile.label == name).ok_or(StorageError::NoSuchProfile)?
        }
        (None, []) => return Err(none()),
        (None, [only]) => only,
        (None, several) => {
            let names: Vec<&str> = several.iter().map(|profile| profile.label.as_str()).collect();
            let values = [("number", number(names.len())), ("names", names.join(", ").into())];
            return Err(CommandError::usage(say("cli-profiles-several", values)));
        }
    };
    let (label, has_password) = (info.label.clone(), info.has_password);
    let path = dir.profile_path(&label)?;
    let patience = settings.lock_patience;
    Ok(Chosen { dir, label, path, has_password, patience, json: settings.json })
}

/// Finds a profile by its label that is not open in a daemon.
///
/// # Errors
/// As [`choose`], and if it is open.
pub(crate) async fn choose_closed(settings: &Settings, name: &str) -> Result<Chosen, CommandError> {
    let chosen = choose_named(settings, Some(name))?;
    match socket::connect(&chosen.path).await? {
        None => Ok(chosen),
        Some(_) => Err(CommandError::new(
            "refused",
            say("cli-profile-close-first", [("name", sanitize::line(name).into())]),
        )),
    }
}

impl Chosen {
    /// The password that opens the profile. A profile without one needs none to be said.
    ///
    /// # Errors
    /// If it cannot be had.
    pub(crate) fn password(&self, source: &PasswordSource) -> Result<Password, CommandError> {
        Ok(self.typed(source)?.map_or(Password::None, Password::Some))
    }

    /// The password as it is said without being typed: by a file, or as there being none.
    ///
    /// # Errors
    /// If it cannot be had.
    pub(crate) fn typed_elsewhere(&self, source: &PasswordSource) -> Result<Typed, CommandError> {
        match source {
            PasswordSource::Terminal => Ok(None),
            other => prompt::existing(other, &self.label),
        }
    }

    /// The same as it was typed.
    ///
    /// # Errors
    /// If it cannot be had.
    pub(crate) fn typed(&self, source: &PasswordSource) -> Result<Typed, CommandError> {
        if *source == PasswordSource::Terminal {
            if !self.has_password {
                return Ok(None);
            }
            // Nobody should type a password for a profile that cannot be opened anyway.
            match self.dir.open(&self.label, &Password::None) {
                Ok(_) => return Ok(None),
                Err(StorageError::PasswordNeeded | StorageError::Locked) => {}
                Err(other) => return Err(other.into()),
            }
        }
        prompt::existing(source, &self.label)
    }

    /// Opens the profile in this process; waits a moment for another command that has it open.
    ///
    /// # Errors
    /// If the password is wrong, the profile stays locked, or the disk fails.
    pub(crate) async fn open(&self, password: &Password) -> Result<Profile, CommandError> {
        match self.open_unless_daemon(password).await? {
            Found::Profile(profile) => Ok(*profile),
            Found::Daemon(_) => Err(StorageError::Locked.into()),
        }
    }

    /// Opens the profile in this process, or finds its daemon, which is not asked whether the password is right.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(crate) async fn find(&self, password: &Typed) -> Result<Found, CommandError> {
        if let Some(client) = Client::connect(&self.path).await? {
            return Ok(Found::Daemon(client));
        }
        self.open_unless_daemon(&password.clone().map_or(Password::None, Password::Some)).await
    }

    /// Opens the profile as [`Self::open`] does, but gives a connection with the daemon if what has it open turns out
    /// to be one.
    async fn open_unless_daemon(&self, password: &Password) -> Result<Found, CommandError> {
        let begun = Instant::now();
        let mut told = self.json;
        loop {
            match self.dir.open(&self.label, password) {
                Err(StorageError::Locked) if begun.elapsed() < self.patience => {}
                opened => return Ok(Found::Profile(Box::new(opened?))),
            }
            if let Some(client) = Client::connect(&self.path).await? {
                return Ok(Found::Daemon(client));
            }
            if !told && begun.elapsed() >= LOCK_NOTE {
                told = true;
                note(&word("cli-profile-waits"));
            }
            sleep(LOCK_POLL).await;
        }
    }
}

/// A profile that nobody else has open, or the daemon that has it.
pub(crate) enum Found {
    Profile(Box<Profile>),
    Daemon(Client),
}

/// Somebody who carries commands out.
pub(crate) enum Executor {
    /// The profile's daemon.
    Daemon(Client),
    /// An engine in this process, and what its network holds.
    Local(EngineHandle, Option<Held>),
}

impl Executor {
    /// Finds the daemon, or opens the profile.
    ///
    /// # Errors
    /// As [`choose`], [`Chosen::open`] and [`network_for_one`].
    pub(crate) async fn open(settings: &Settings, needs_network: bool) -> Result<Self, CommandError> {
        let chosen = choose(settings)?;
        if let Some(client) = Client::connect(&chosen.path).await? {
            return Self::with_daemon(client, settings, needs_network);
        }
        let password = chosen.password(&settings.password)?;
        match chosen.open_unless_daemon(&password).await? {
            Found::Daemon(client) => Self::with_daemon(client, settings, needs_network),
            Found::Profile(profile) => {
                let (network, held): (Arc<dyn Network>, _) = match needs_network {
                    true => network_for_one(settings, &chosen.path).await?,
                    false => (Arc::new(NoNetwork), None),
                };
                let engine = engine::start(*profile, network, EngineOptions::new(Mode::OneShot)).await?;
                Ok(Self::Local(engine, held))
            }
        }
    }

    /// Nothing leaves by another network than the one that was named.
    fn with_daemon(client: Client, settings: &Settings, needs_network: bool) -> Result<Self, CommandError> {
        match &settings.network {
            Some(spec) if needs_network && client.network() != Some(spec.full_name().as_str()) => {
                Err(CommandError::new("refused", word("cli-network-other")))
            }
            _ => Ok(Self::Daemon(client)),
        }
    }

    /// Carries a command out; shows progress meanwhile.
    ///
    /// # Errors
    /// The engine's refusal, or that the daemon is gone.
    pub(crate) async fn ask(&mut self, command: Command, progress: &Progress) -> Result<Reply, CommandError> {
        let mut tick = interval(Progress::TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Skip);
        let outcome = match self {
            Self::Daemon(client) => {
                if progress.is_shown() {
                    client.subscribe_if_there_is_room().await?;
                }
                let call = client.call(&command, |event| progress.hear(&event));
                let mut call = std::pin::pin!(call);
                loop {
                    tokio::select! {
                        outcome = &mut call => break outcome,
                        _ = tick.tick() => progress.tick(),
                    }
                }
            }
            Self::Local(engine, _) => {
                let mut events = engine.subscribe();
                let mut call = std::pin::pin!(engine.call(command));
                loop {
                    tokio::select! {
                        outcome = &mut call => {
                            while let Ok(event) = events.try_recv() {
                                progress.hear(&in_words(&event));
                            }
                            break outcome.map_err(CommandError::from).map(|mut reply| {
                                cwtch_words::reply(words(), &mut reply);
                                reply
                            });
                        }
                        Ok(event) = events.recv() => progress.hear(&in_words(&event)),
                        _ = tick.tick() => progress.tick(),
                    }
                }
            }
        };
        progress.clear();
        // A failure says by itself what is wrong.
        if outcome.is_ok() {
            progress.take_notices().iter().for_each(|notice| note(notice));
        }
        outcome
    }

    /// Ends an engine in this process cleanly.
    pub(crate) async fn close(self) {
        if let Self::Local(engine, held) = self {
            engine.shutdown().await;
            drop(held);
        }
    }
}

/// An event of an engine in this process, with the sentences that a daemon would have put into it.
pub(crate) fn in_words(event: &Event) -> Event {
    let mut event = event.clone();
    cwtch_words::event(words(), &mut event);
    event
}

/// Stands where a command needs no network, so that none has to be named.
struct NoNetwork;

#[async_trait]
impl Network for NoNetwork {
    async fn listen(&self, _: &Identity) -> Result<Box<dyn Listener>, NetError> {
        Err(NetError::Closed)
    }

    async fn dial(&self, _: &Address, _: Isolation) -> Result<BoxStream, NetError> {
        Err(NetError::Closed)
    }

    fn describe(&self) -> &'static str {
        static NONE: LazyLock<String> = LazyLock::new(|| word("cli-network-not-needed"));
        &NONE
    }
}

impl From<StorageError> for CommandError {
    fn from(error: StorageError) -> Self {
        ApiError::from(error).into()
    }
}
