//! The embedded client, which dials and owns the onion services.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use arti_client::config::BoolOrAuto;
use arti_client::isolation::IsolationHelper;
use arti_client::{BootstrapBehavior, DormantMode, ErrorKind, HasKind, StreamPrefs, TorClient};
use async_trait::async_trait;
use cwtch_files::Others;
use cwtch_net::onion::{CheckTimes, PORT};
use cwtch_net::{
    BoxStream, Isolation, Listener, NetError, Network, Obstacle, Readiness, UnreachableWhy, Validity,
};
use cwtch_primitives::{Address, Identity};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tor_netdir::Timeliness;
use tor_rtcompat::tokio::TokioRustlsRuntime;

use crate::bootstrap;
use crate::config::{self, ConfigError};
use crate::keys::{self, Nicknames};
use crate::service;

/// Directory, below arti's state, of what it keeps of onion services.
const SERVICES: &str = "hss";
/// The longest time that leaving may take.
const FAREWELL: Duration = Duration::from_secs(2);

pub(crate) type Arti = TorClient<TokioRustlsRuntime>;

/// Reason why the embedded Tor cannot be started at all.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The settings cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The directory cannot be used.
    #[error(
        "the embedded Tor cannot use its directory {}: {why}; only its owner may have access to it and to what \
         it lies in, or name another data directory", path.display()
    )]
    Directory {
        /// The directory.
        path: std::path::PathBuf,
        /// The fault of the directory.
        why: String,
    },
    /// arti refused.
    #[error("the embedded Tor does not start: {0}")]
    Arti(String),
}

/// Tor inside this process. It ends when dropped.
pub struct EmbeddedTor {
    shared: Arc<TorShared>,
}

/// State that the client's tasks share. They hold it weakly or end with `stop`, so that it goes with its owner.
pub(crate) struct TorShared {
    pub(crate) readiness: watch::Receiver<Readiness>,
    pub(crate) checks: CheckTimes,
    pub(crate) stop: CancellationToken,
    pub(crate) tasks: TaskTracker,
    /// The client; `None` once the network was shut down.
    client: Mutex<Option<Arc<Arti>>>,
    /// Names of identities in arti's keystore and state; see [`forget_services`].
    pub(crate) nicknames: Nicknames,
}

impl EmbeddedTor {
    /// Starts Tor with the person's `settings` (TOML, arti's format; empty for the public network) and what earlier
    /// runs kept in `state`. Returns at once: the readiness tells how far Tor is. It retries until it is dropped.
    /// Must be called inside a tokio runtime. A `state` is for one process at a time, and for one start in that
    /// process's life.
    ///
    /// # Errors
    /// [`StartError`], for faults that waiting does not mend.
    ///
    /// `settings` is taken as it is, except for the places where things are kept and what this program decides
    /// anyway; the caller says which settings a person may make. `checks` is the schedule of looks at hosted services
    /// from outside.
    pub async fn start(settings: &str, state: &Path, checks: CheckTimes) -> Result<Arc<Self>, StartError> {
        let config = config::build(settings, state)?;
        let unusable = |why| StartError::Directory { path: state.to_owned(), why };
        make_private(state).map_err(unusable)?;
        forget_services(state).map_err(|e| unusable(e.to_string()))?;
        // Another user of TLS in this process may have chosen a provider before; then that one is used.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let refused = |e: arti_client::Error| match e.kind() {
            ErrorKind::FsPermissions
            | ErrorKind::PersistentStateAccessFailed
            | ErrorKind::CacheAccessFailed => {
                StartError::Directory { path: state.to_owned(), why: report(&e) }
            }
            _ => StartError::Arti(report(&e)),
        };
        let runtime = TokioRustlsRuntime::current().map_err(|e| StartError::Arti(e.to_string()))?;
        let client = TorClient::with_runtime(runtime)
            .config(config)
            .bootstrap_behavior(BootstrapBehavior::OnDemand)
            .create_unbootstrapped_async()
            .await
            .map_err(refused)?;
        let (report, readiness) = watch::channel(bootstrap::started());
        let stop = CancellationToken::new();
        let tasks = TaskTracker::new();
        let keep = bootstrap::keep(client.clone(), report);
        let stopped = stop.clone();
        tasks.spawn(async move { stopped.run_until_cancelled(keep).await });
        let shared = TorShared {
            readiness,
            checks,
            stop,
            tasks,
            client: Mutex::new(Some(client)),
            nicknames: Nicknames::default(),
        };
        Ok(Arc::new(Self { shared: Arc::new(shared) }))
    }
}

impl TorShared {
    /// The client, while the network is there.
    ///
    /// # Errors
    /// [`NetError::Closed`].
    pub(crate) fn client(&self) -> Result<Arc<Arti>, NetError> {
        let client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        client.clone().ok_or(NetError::Closed)
    }

    /// Opens a stream to an onion service.
    pub(crate) async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        let client = self.client()?;
        let not_ready = |readiness: &Readiness| NetError::NotReady { obstacle: readiness.trouble.clone() };
        {
            let readiness = self.readiness.borrow();
            if !readiness.is_ready() {
                return Err(not_ready(&readiness));
            }
        }
        let mut prefs = StreamPrefs::new();
        prefs.set_isolation(Circuits(isolation));
        // Only onion addresses are ever dialled, so arti never has to resolve a name.
        prefs.connect_to_onion_services(BoolOrAuto::Explicit(true));
        let target = (format!("{address}.onion"), PORT);
        let dialled = tokio::select! {
            dialled = client.connect_with_prefs(target, &prefs) => dialled,
            () = self.stop.cancelled() => return Err(NetError::Closed),
        };
        dialled.map(|stream| Box::new(stream) as BoxStream).map_err(|error| {
            tracing::debug!(kind = ?error.kind(), "an onion service was not reached");
            match error.kind() {
                ErrorKind::OnionServiceNotFound => NetError::unreachable(UnreachableWhy::NoDescriptor),
                ErrorKind::RemoteConnectionRefused
                | ErrorKind::RemoteStreamClosed
                | ErrorKind::RemoteStreamReset
                | ErrorKind::RemoteStreamError => NetError::unreachable(UnreachableWhy::Declined),
                ErrorKind::RemoteNetworkTimeout | ErrorKind::TorNetworkTimeout | ErrorKind::ExitTimeout => {
                    NetError::unreachable(UnreachableWhy::TimedOut)
                }
                ErrorKind::BootstrapRequired
                | ErrorKind::DirectoryExpired
                | ErrorKind::TorAccessFailed
                | ErrorKind::LocalNetworkError => {
                    let readiness = self.readiness.borrow();
                    if readiness.is_ready() {
                        NetError::NotReady { obstacle: Some(Obstacle::TorUnreachable) }
                    } else {
                        not_ready(&readiness)
                    }
                }
                ErrorKind::ArtiShuttingDown | ErrorKind::ReactorShuttingDown => NetError::Closed,
                _ => NetError::unreachable(UnreachableWhy::NoAnswer),
            }
        })
    }
}

#[async_trait]
impl Network for EmbeddedTor {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        service::listen(&self.shared, identity).await
    }

    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        self.shared.dial(address, isolation).await
    }

    fn confirms_clock(&self) -> bool {
        true
    }

    fn validity(&self) -> Option<Validity> {
        let directory = self.shared.client().ok()?.dirmgr().ok()?.netdir(Timeliness::Unchecked).ok()?;
        let unix = |time: SystemTime| time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs());
        let lifetime = directory.lifetime();
        Some(Validity { after: unix(lifetime.valid_after())?, until: unix(lifetime.valid_until())? })
    }

    fn describe(&self) -> &'static str {
        "Tor (inside this program)"
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        self.shared.readiness.clone()
    }

    async fn shutdown(&self) {
        self.shared.stop.cancel();
        self.shared.tasks.close();
        let client = self.shared.client.lock().unwrap_or_else(PoisonError::into_inner).take();
        // arti ends only with the process: some of its tasks sleep for hours before they see that nobody is left.
        // Until then it does nothing more by itself.
        if let Some(client) = client {
            self.shared.nicknames.end_all(|name| keys::forget(&client, name));
            client.set_dormant(DormantMode::Soft);
        }
        if tokio::time::timeout(FAREWELL, self.shared.tasks.wait()).await.is_err() {
            tracing::debug!("the embedded Tor did not end in time");
        }
    }
}

impl Drop for EmbeddedTor {
    fn drop(&mut self) {
        self.shared.stop.cancel();
    }
}

/// arti's form of an [`Isolation`].
#[derive(Debug, Clone, Copy)]
struct Circuits(Isolation);

impl IsolationHelper for Circuits {
    fn compatible_same_type(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn join_same_type(&self, other: &Self) -> Option<Self> {
        (self.0 == other.0).then_some(*self)
    }
}

/// Dials an address without keeping the network alive.
pub(crate) async fn dial_weakly(shared: &Weak<TorShared>, address: &Address) -> Result<BoxStream, NetError> {
    let shared = shared.upgrade().ok_or(NetError::Closed)?;
    shared.dial(address, Isolation::new()).await
}

/// Text of an error of arti's with its causes, addresses redacted by arti.
pub(crate) fn report(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

/// Removes what arti keeps of onion services from earlier runs: the relays that introduced them, under names that count
/// services by when they first listened. Their keys were in memory only, so that it is of no use; and where several
/// identities share a directory, one would be introduced by the relays of another, which links the two.
fn forget_services(state: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(state.join(config::STATE).join(SERVICES)) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(e),
        _ => Ok(()),
    }
}

/// Makes a directory for its owner only, and refuses one that others can use.
fn make_private(dir: &Path) -> Result<(), String> {
    let made = cwtch_files::make_dir(dir).and_then(|()| cwtch_files::check_dir(dir, Others::Nothing));
    made.map_err(|error| error.why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_kept_of_services_is_forgotten_and_guards_are_not() {
        let dir = tempfile::tempdir().unwrap();
        forget_services(dir.path()).unwrap();
        let state = dir.path().join(config::STATE);
        std::fs::create_dir_all(state.join("hss/service-0/iptreplay")).unwrap();
        std::fs::write(state.join("hss/service-0/ipts.json"), "{}").unwrap();
        std::fs::write(state.join("guards.json"), "{}").unwrap();
        forget_services(dir.path()).unwrap();
        assert!(!state.join("hss").exists());
        assert!(state.join("guards.json").exists());
    }
}
