//! The command line resolved: where, which network, which password.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use cwtch_net::NetworkSpec;
use cwtch_tor::TorConfig;

use crate::app::remembered::Remembered;
use crate::args::Global;
use crate::command_error::CommandError;
use crate::output::sentence;
use crate::words::{say, word};

/// Settings that hold for the whole run of the program.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    /// The data directory; may not exist yet.
    pub(crate) data: PathBuf,
    /// The network, where one was named.
    pub(crate) network: Option<NetworkSpec>,
    /// The network that was chosen in the app, where one was.
    remembered: Option<NetworkSpec>,
    /// The file with Tor's settings, where one was named.
    tor_config: Option<PathBuf>,
    /// Settings of Tor.
    pub(crate) tor: TorConfig,
    /// The profile, where one was named.
    pub(crate) profile: Option<String>,
    /// Source of the password.
    pub(crate) password: PasswordSource,
    /// Time to wait for another command that has the profile open.
    pub(crate) lock_patience: Duration,
    /// JSON for programs instead of text for people.
    pub(crate) json: bool,
}

/// Source of the profile's password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PasswordSource {
    /// Typed on the terminal.
    Terminal,
    /// The first line of a file.
    File(PathBuf),
    /// The profile has none.
    NoPassword,
}

impl Settings {
    /// Resolves flags and environment.
    ///
    /// # Errors
    /// If the network's name is unknown, there is no data directory, or Tor's settings cannot be used.
    pub(crate) fn resolve(global: Global) -> Result<Self, CommandError> {
        let network = match global.network.as_deref() {
            None | Some("") => None,
            Some(name) => {
                let spec = name.parse::<NetworkSpec>();
                Some(spec.map_err(|e| {
                    CommandError::usage(say("cli-usage-network", [("detail", e.to_string().into())]))
                })?)
            }
        };
        let password = match (global.password_file, global.no_password) {
            (_, true) => PasswordSource::NoPassword,
            (Some(file), false) => PasswordSource::File(file),
            (None, false) => PasswordSource::Terminal,
        };
        let data = match global.data.filter(|dir| !dir.as_os_str().is_empty()) {
            Some(dir) => dir,
            None => default_data_dir(|name| env::var_os(name).map(PathBuf::from))
                .ok_or_else(|| CommandError::usage(word("cli-usage-no-home")))?,
        };
        // Said here, or the settings in it would be blamed.
        if std::fs::metadata(&data).is_ok_and(|found| !found.is_dir()) {
            let shown = data.display().to_string();
            return Err(CommandError::usage(say("cli-usage-no-directory", [("path", shown.into())])));
        }
        let tor_config = global.tor_config.filter(|file| !file.as_os_str().is_empty());
        let tor = match &tor_config {
            Some(file) => TorConfig::read(file),
            None => TorConfig::of_dir(&data),
        };
        let remembered = Remembered::read(&data)?.network.and_then(|name| name.parse().ok());
        let tor = tor.map_err(|e| CommandError::usage(sentence(&e.to_string())))?;
        let profile = global.profile.filter(|name| !name.is_empty());
        let lock_patience = Duration::from_secs(global.lock_timeout);
        let json = global.json;
        Ok(Self { data, network, remembered, tor_config, tor, profile, password, lock_patience, json })
    }

    /// The network that is used: the one that was named, else the one that was chosen in the app, else the embedded Tor.
    pub(crate) fn network_used(&self) -> NetworkSpec {
        self.network.clone().or_else(|| self.remembered.clone()).unwrap_or_default()
    }

    /// True if a network was named by whoever started the program.
    pub(crate) fn is_network_named(&self) -> bool {
        self.network.is_some()
    }

    /// The same settings as arguments of this program, but for what belongs to one profile. What the environment says is not repeated: it
    /// is the same for a program that this one starts.
    pub(crate) fn arguments(&self) -> Vec<OsString> {
        let mut arguments = vec!["--data".into(), self.data.clone().into_os_string()];
        if let Some(network) = &self.network {
            arguments.extend(["--network".into(), network.full_name().into()]);
        }
        if let Some(file) = &self.tor_config {
            arguments.extend(["--tor-config".into(), file.clone().into_os_string()]);
        }
        arguments
    }
}

/// The platform's place for a program's data; relative values of the variables are ignored, as the XDG
/// specification asks.
fn default_data_dir(var: impl Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    let absolute = |name: &str| var(name).filter(|path| path.is_absolute());
    if cfg!(target_os = "macos") {
        return absolute("HOME").map(|home| home.join("Library/Application Support/cwtch"));
    }
    absolute("XDG_DATA_HOME")
        .map(|data| data.join("cwtch"))
        .or_else(|| absolute("HOME").map(|home| home.join(".local/share/cwtch")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn the_default_directory_follows_xdg_and_then_home() {
        let dir = |xdg: Option<&str>, home: Option<&str>| {
            default_data_dir(|name| if name == "HOME" { home } else { xdg }.map(PathBuf::from))
        };
        assert_eq!(dir(Some("/x"), Some("/h")), Some("/x/cwtch".into()));
        assert_eq!(dir(Some("relative"), Some("/h")), Some("/h/.local/share/cwtch".into()));
        assert_eq!(dir(None, Some("/h")), Some("/h/.local/share/cwtch".into()));
        assert_eq!(dir(None, None), None);
    }
}
