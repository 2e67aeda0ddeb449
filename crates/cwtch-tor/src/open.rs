//! From a network's name to the network.

use std::path::Path;
use std::sync::Arc;

use cwtch_net::{Loopback, NetError, Network, NetworkSpec};

use crate::config::TorConfig;

/// Why a network cannot be opened at all. What may pass by itself is no such error: the network then says so in
/// its [readiness](Network::readiness).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// This program was built without it.
    #[error(
        "this program was built without the embedded Tor: build it with its default features, or use a Tor that \
         runs already with --network system-tor"
    )]
    NoEmbeddedTor,
    /// The network refused.
    #[error(transparent)]
    Network(#[from] NetError),
}

/// Opens a network. Returns at once where the network takes time to become usable; its readiness tells.
/// Must be called inside a tokio runtime.
///
/// `state` is a directory for what the embedded Tor keeps between runs (guards, the directory of relays); it is
/// made for its owner only when it is needed.
///
/// # Errors
/// [`OpenError`]: what waiting does not mend.
pub async fn open(
    spec: &NetworkSpec,
    _config: &TorConfig,
    _state: &Path,
) -> Result<Arc<dyn Network>, OpenError> {
    match spec {
        NetworkSpec::Loopback(dir) => {
            let network = Loopback::new(dir);
            network.create_directory()?;
            Ok(Arc::new(network))
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
