//! Directory of what belongs to no single profile: the daemon's socket, and what the embedded Tor keeps.
//!
//! `DIR/daemon/` (mode 0700) holds `daemon.sock`, `lock` and `tor`. Whoever has the lock is the daemon of the data
//! directory, or a command that uses the embedded Tor for a moment: two Tors cannot share what one keeps.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cwtch_files::{Lock, Others};
use cwtch_net::{Network, NetworkSpec};
use tokio::time::{Instant, sleep};

use crate::command_error::CommandError;
use crate::output::{capital, note, sentence};
use crate::rpc::client::Client;
use crate::rpc::socket;
use crate::settings::Settings;
use crate::words::{say, word};

const NAME: &str = "daemon";
const LOCK: &str = "lock";
/// Directory of the embedded Tor's guards and network directory, here; in a profile's directory where an earlier version
/// kept it.
const TOR: &str = "tor";
/// Pause before looking again whether the lock is free.
const POLL: Duration = Duration::from_millis(50);

/// The directory, whether it is there or not.
pub(crate) struct HostDir {
    path: PathBuf,
}

/// The directory of whoever has its lock; free again when dropped.
pub(crate) struct Held {
    path: PathBuf,
    _lock: Lock,
}

impl HostDir {
    /// The one in a data directory.
    pub(crate) fn of(data: &Path) -> Self {
        Self { path: data.join(NAME) }
    }

    /// A connection with the daemon of the data directory, where one runs.
    ///
    /// # Errors
    /// If there is one that cannot be used.
    pub(crate) async fn connect(&self) -> Result<Option<Client>, CommandError> {
        Client::connect(&self.path).await
    }

    /// Takes the lock; waits for commands that have it for a moment.
    ///
    /// # Errors
    /// If a daemon has it, if that takes longer than the patience, or if the system refuses.
    pub(crate) async fn take(&self, settings: &Settings) -> Result<Held, CommandError> {
        self.until_free(settings, true).await
    }

    /// Returns when no daemon has the directory any more.
    ///
    /// # Errors
    /// If that takes longer than the patience.
    pub(crate) async fn until_left(&self, settings: &Settings) -> Result<(), CommandError> {
        self.until_free(settings, false).await.map(drop)
    }

    async fn until_free(&self, settings: &Settings, gives_way: bool) -> Result<Held, CommandError> {
        let path = &self.path;
        let unusable = |e: cwtch_files::FileError| {
            let path = ("path", path.display().to_string().into());
            CommandError::storage(say("cli-daemon-directory", [path, ("detail", e.why.to_string().into())]))
        };
        cwtch_files::make_dir(path).map_err(unusable)?;
        cwtch_files::check_dir(path, Others::Nothing).map_err(unusable)?;
        let begun = Instant::now();
        loop {
            if let Some(lock) = Lock::try_take(&path.join(LOCK)).map_err(unusable)? {
                return Ok(Held { path: path.clone(), _lock: lock });
            }
            if gives_way && socket::connect(path).await?.is_some() {
                return Err(CommandError::new("locked", word("cli-daemon-of-others-runs")));
            }
            if begun.elapsed() >= settings.lock_patience {
                return Err(CommandError::new("locked", word("cli-network-in-use")));
            }
            sleep(POLL).await;
        }
    }
}

impl Held {
    /// Path of the directory.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the network that the settings name, by default the embedded Tor. What that kept in the directory of the
    /// `profile` in earlier versions it goes on with.
    ///
    /// # Errors
    /// What waiting does not mend.
    pub(crate) async fn network(
        &self,
        settings: &Settings,
        profile: &Path,
    ) -> Result<Arc<dyn Network>, CommandError> {
        open(settings, &self.tor(profile)).await
    }

    /// Directory for the embedded Tor; it goes on with the guards that a profile had for itself.
    fn tor(&self, profile: &Path) -> PathBuf {
        let (ours, before) = (self.path.join(TOR), profile.join(TOR));
        if !ours.exists() && before.is_dir() {
            // Where it cannot be moved, Tor begins anew.
            let _ = fs::rename(&before, &ours);
        }
        ours
    }
}

/// Opens the network that the settings name for one command; the directory is held as long as the embedded Tor needs it.
///
/// # Errors
/// What waiting does not mend, or that a daemon has the embedded Tor.
pub(crate) async fn network_for_one(
    settings: &Settings,
    profile: &Path,
) -> Result<(Arc<dyn Network>, Option<Held>), CommandError> {
    if settings.network_used() != NetworkSpec::Arti {
        return Ok((open(settings, Path::new("")).await?, None));
    }
    let held = HostDir::of(&settings.data).take(settings).await?;
    Ok((held.network(settings, profile).await?, Some(held)))
}

async fn open(settings: &Settings, tor: &Path) -> Result<Arc<dyn Network>, CommandError> {
    let spec = settings.network_used();
    let network = cwtch_tor::open(&spec, &settings.tor, tor).await?;
    warn_of(network.as_ref(), settings.json);
    Ok(network)
}

/// Says what a person must know of a network that protects nobody.
pub(crate) fn warn_of(network: &dyn Network, json: bool) {
    if let (Some(warning), false) = (network.warning(), json) {
        note(&capital(warning));
    }
}

impl From<cwtch_tor::OpenError> for CommandError {
    fn from(error: cwtch_tor::OpenError) -> Self {
        use cwtch_net::NetError;
        use cwtch_tor::OpenError;
        let kind = match &error {
            error if error.is_usage() => "usage",
            OpenError::Network(NetError::Io { .. }) => "storage",
            _ => "unreachable",
        };
        Self::new(kind, sentence(&say("cli-network-unusable", [("detail", error.to_string().into())])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_of_an_earlier_version_are_kept_and_those_in_use_are_not_replaced() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join(NAME);
        cwtch_files::make_dir(&path).unwrap();
        let held = Held { _lock: Lock::try_take(&path.join(LOCK)).unwrap().unwrap(), path };
        let profiles = ["a", "b"].map(|name| root.path().join(name));
        for profile in &profiles {
            fs::create_dir_all(profile.join(TOR)).unwrap();
            fs::write(profile.join(TOR).join("guards"), profile.display().to_string()).unwrap();
        }
        for profile in &profiles {
            let tor = held.tor(profile);
            assert_eq!(fs::read_to_string(tor.join("guards")).unwrap(), profiles[0].display().to_string());
        }
        assert!(!profiles[0].join(TOR).exists() && profiles[1].join(TOR).exists());
    }
}
