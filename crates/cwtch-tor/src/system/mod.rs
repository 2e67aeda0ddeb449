//! A Tor that runs already, over its control port: the network of `system-tor`.
//!
//! - [`reply`] and [`words`] read what a control port writes, [`auth`], [`hosting`], [`status`] and [`publication`] what it
//!   means, [`socks`] what a SOCKS port writes: bytes and text in, decisions out, no sockets.
//! - [`places`] finds the Tor, [`control`] is a connection with it, [`session`] a login, [`keeper`] the task that
//!   keeps one, [`hosted`] one onion service, [`local`] the socket at which Tor hands connections over, [`dial`] the way out,
//!   [`isolation`] which way keeps streams apart.
//!
//! Onion services are served without `Detach`, so they end with this process even when it is killed. The program
//! never takes ownership of the Tor and changes nothing of its configuration.

pub(crate) mod auth;
mod control;
mod dial;
mod directory;
#[cfg(test)]
mod fake;
mod hosted;
pub(crate) mod hosting;
mod isolation;
mod keeper;
mod listener;
mod local;
mod places;
pub(crate) mod publication;
pub(crate) mod reply;
mod session;
mod socks;
pub(crate) mod status;
#[cfg(test)]
mod tests;
pub(crate) mod words;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cwtch_net::onion::{Arrivals, CheckTimes, keep_checked};
use cwtch_net::{BoxStream, Isolation, Listener, NetError, Network, Readiness, Step, Validity};
use cwtch_primitives::{Address, Identity};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use self::dial::Dialer;
use self::directory::Directory;
use self::hosted::Hosted;
use self::hosting::OnionKey;
use self::keeper::{Keeper, Request};
use self::listener::SystemListener;
pub use self::places::EnvironmentFault;
pub(crate) use self::places::{Environment, Places};
use self::session::Setup;
use crate::config::SystemConfig;

/// Time that a withdrawal may take before it is left to the end of the connection.
const WITHDRAW_LIMIT: Duration = Duration::from_secs(10);

/// A Tor that runs already.
pub(crate) struct SystemTor {
    requests: mpsc::UnboundedSender<Request>,
    dialer: Dialer,
    directory: watch::Receiver<Directory>,
    closed: CancellationToken,
    keeper: AbortHandle,
    next: AtomicU64,
    checks: CheckTimes,
}

impl SystemTor {
    /// Begins to look for the Tor. The readiness tells what is in the way.
    pub(crate) fn start(places: Places, config: &SystemConfig, checks: CheckTimes) -> Self {
        let setup = Setup {
            connect: Arc::new(places.control),
            socks: places.socks,
            password: places.password,
            listen: config.listen.clone(),
            proof_of_work: config.proof_of_work,
        };
        Self { checks, ..Self::with(setup) }
    }

    fn with(setup: Setup) -> Self {
        let (requests, asked) = mpsc::unbounded_channel();
        let (readiness, ready) = watch::channel(Readiness::waiting(0, Step::ControlPort));
        let (socks, socks_told) = watch::channel(Vec::new());
        let closed = CancellationToken::new();
        let (tell_directory, directory) = watch::channel(Directory::Unknown);
        let keeper = Keeper::new(Arc::new(setup), asked, readiness, socks, tell_directory);
        let keeper = tokio::spawn(keeper.run()).abort_handle();
        let dialer = Dialer::new(ready, socks_told, closed.clone());
        let (next, checks) = (AtomicU64::new(0), CheckTimes::default());
        Self { requests, dialer, directory, closed, keeper, next, checks }
    }
}

#[async_trait]
impl Network for SystemTor {
    async fn listen(&self, identity: &Identity) -> Result<Box<dyn Listener>, NetError> {
        let address = identity.address();
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let (arrivals, streams) = Arrivals::new();
        let start = Readiness::waiting(0, Step::ServiceTaken);
        let (published, told) = watch::channel(start.clone());
        let (report, readiness) = watch::channel(start);
        let ended = CancellationToken::new();
        let key = OnionKey::of(identity);
        let hosted = Hosted::new(id, address, key, arrivals.clone(), published, ended.clone());
        self.requests.send(Request::Add(Box::new(hosted))).map_err(|_| NetError::Closed)?;
        let dialer = self.dialer.clone();
        let look = move || {
            let dialer = dialer.clone();
            // A look needs a circuit of its own: one that is in use already would show nothing.
            async move { dialer.dial(&address, Isolation::new()).await }
        };
        let checking = tokio::spawn(keep_checked(told, arrivals, self.checks, look, report));
        Ok(Box::new(SystemListener {
            address,
            id,
            streams,
            readiness,
            ended,
            requests: self.requests.clone(),
            _checking: AbortOnDropHandle::new(checking),
        }))
    }

    async fn dial(&self, address: &Address, isolation: Isolation) -> Result<BoxStream, NetError> {
        self.dialer.dial(address, isolation).await
    }

    fn readiness(&self) -> watch::Receiver<Readiness> {
        self.dialer.readiness()
    }

    async fn shutdown(&self) {
        self.closed.cancel();
        let (done, finished) = oneshot::channel();
        if self.requests.send(Request::Shutdown(done)).is_ok() {
            // An error is an end, too: without the task the connection closes, and Tor withdraws the services by
            // itself.
            let _ = timeout(WITHDRAW_LIMIT, finished).await;
            self.keeper.abort();
        }
    }

    fn confirms_clock(&self) -> bool {
        *self.directory.borrow() != Directory::Silent
    }

    fn validity(&self) -> Option<Validity> {
        match *self.directory.borrow() {
            Directory::Valid(valid) => Some(valid),
            Directory::Unknown | Directory::Silent => None,
        }
    }

    fn describe(&self) -> &'static str {
        "Tor (the one that runs on this system)"
    }
}
