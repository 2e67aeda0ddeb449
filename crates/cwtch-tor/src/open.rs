//! Opening a network by its name.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use cwtch_net::{Loopback, NetError, Network, NetworkSpec};

use crate::config::TorConfig;
use crate::secret_file::{self, PasswordFileFault};
use crate::system::{Environment, EnvironmentFault, Places, SystemTor};

/// Reason why a network cannot be opened at all. Trouble that may pass by itself is no such error: the network then
/// reports it in its [readiness](Network::readiness).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// This program was built without the network.
    #[error(
        "this program was built without the embedded Tor: build it with its default features, or use a Tor that \
         runs already with --network system-tor"
    )]
    NoEmbeddedTor,
    /// The network refused.
    #[error(transparent)]
    Network(#[from] NetError),
    /// The file with the control port's password cannot be used.
    #[error("the password file {} cannot be used: {fault}", path.display())]
    PasswordFile {
        /// The file.
        path: PathBuf,
        /// The fault of the file.
        fault: PasswordFileFault,
    },
    /// The embedded Tor cannot be started.
    #[cfg(feature = "arti")]
    #[error(transparent)]
    EmbeddedTor(#[from] cwtch_arti::StartError),
    /// The embedded Tor's settings cannot be handed to it.
    #[error("the [embedded] table of tor.toml cannot be used: {0}")]
    Settings(#[from] toml::ser::Error),
    /// An environment variable has an impossible value.
    #[error(transparent)]
    Environment(#[from] EnvironmentFault),
}

impl OpenError {
    /// True if a setting is at fault, on the command line, in the environment or in `tor.toml`.
    pub fn is_usage(&self) -> bool {
        match self {
            Self::NoEmbeddedTor | Self::PasswordFile { .. } | Self::Settings(_) | Self::Environment(_) => {
                true
            }
            #[cfg(feature = "arti")]
            Self::EmbeddedTor(cwtch_arti::StartError::Config(_)) => true,
            _ => false,
        }
    }
}

/// Opens a network. Returns at once even if the network takes time to become usable; its readiness tells. Must be
/// called inside a tokio runtime.
///
/// `state` is a directory for what the embedded Tor keeps between runs (guards, the directory of relays); it is made,
/// for its owner only, when it is needed.
///
/// # Errors
/// [`OpenError`], for faults that waiting does not mend.
pub async fn open(
    spec: &NetworkSpec,
    config: &TorConfig,
    state: &Path,
) -> Result<Arc<dyn Network>, OpenError> {
    open_in(spec, config, state, &|name| std::env::var_os(name)).await
}

/// Opens a network in a given environment.
async fn open_in(
    spec: &NetworkSpec,
    config: &TorConfig,
    #[cfg_attr(
        not(feature = "arti"),
        expect(unused_variables, reason = "only the embedded Tor keeps something")
    )]
    state: &Path,
    environment: Environment<'_>,
) -> Result<Arc<dyn Network>, OpenError> {
    match spec {
        NetworkSpec::Loopback(dir) => {
            let network = Loopback::new(dir);
            network.create_directory()?;
            Ok(Arc::new(network))
        }
        NetworkSpec::SystemTor(named) => {
            let mut places = Places::of(named, &config.system, environment)?;
            if let Some(path) = &config.system.password_file {
                let password = secret_file::read_password(path);
                places.password =
                    Some(password.map_err(|fault| OpenError::PasswordFile { path: path.clone(), fault })?);
            }
            Ok(Arc::new(SystemTor::start(places, &config.system, config.onion.times())))
        }
        #[cfg(feature = "arti")]
        NetworkSpec::Arti => {
            let settings = toml::to_string(&config.embedded)?;
            Ok(cwtch_arti::EmbeddedTor::start(&settings, state, config.onion.times()).await?)
        }
        _ => Err(OpenError::NoEmbeddedTor),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn open_loopback(dir: &Path) -> Result<Arc<dyn Network>, OpenError> {
        open(&NetworkSpec::Loopback(dir.to_owned()), &TorConfig::default(), Path::new("/nowhere")).await
    }

    #[tokio::test]
    async fn loopback_s_directory_is_made_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        open_loopback(&dir).await.unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o700);
        // A second opening, and one of a directory with other permissions, changes nothing.
        std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o755)).unwrap();
        open_loopback(&dir).await.unwrap();
        assert_eq!(std::fs::metadata(&dir).unwrap().permissions().mode() & 0o777, 0o755);
    }

    #[tokio::test]
    async fn a_file_in_the_place_of_loopback_s_directory_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let file = root.path().join("net");
        std::fs::write(&file, "x").unwrap();
        assert!(matches!(open_loopback(&file).await, Err(OpenError::Network(NetError::Io { .. }))));
    }
}
