//! The task loop of an open profile.
//!
//! [`start`] takes an open [`Profile`] and a network and returns a handle: [`EngineHandle::call`] runs a
//! [`Command`], [`EngineHandle::subscribe`] hears every [`Event`], [`EngineHandle::shutdown`] ends all tasks
//! and closes the database. Nothing is acknowledged to anybody before it is durable, so a process that is
//! killed loses nothing that it promised.

mod afterwards;
mod commands;
mod contacts;
mod context;
mod dial;
mod groups;
mod info;
mod members;
mod network;
mod notes;
mod patience;
mod peers;
mod probes;
mod store;
mod talk;
mod turn;
mod twin;
mod wake;

use std::sync::Arc;

use cwtch_net::Network;
use tokio::sync::broadcast;

pub use self::context::Clock;
use self::context::Context;
use self::groups::Groups;
pub use self::members::MemberTimes;
use self::members::Members;
use self::peers::Peers;
pub use self::probes::Probes;
use self::store::Store;
pub use self::turn::{NextTurn, Turn};
use crate::api::{ApiError, Command, Event, Reply};
use crate::profile::Profile;

/// What an engine does without being asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Listens on the identity, keeps connections with all accepted contacts and, if the experiment is on,
    /// stays synced with the servers of its groups.
    Daemon,
    /// Touches the network only when a command needs it, and never listens.
    #[default]
    OneShot,
}

/// How to start an engine. `EngineOptions::default()` is a one-shot engine with the system's clock.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct EngineOptions {
    /// What to do without being asked.
    pub mode: Mode,
    /// Where the time comes from; the system where absent.
    pub clock: Option<Clock>,
    /// When servers are asked as by a stranger.
    pub probes: Probes,
    /// When contacts who are in a group, too, are asked.
    pub members: MemberTimes,
}

impl EngineOptions {
    /// Options for a mode.
    pub fn new(mode: Mode) -> Self {
        Self { mode, ..Self::default() }
    }
}

/// A running engine. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct EngineHandle {
    inner: Arc<Inner>,
}

struct Inner {
    context: Arc<Context>,
    peers: Peers,
    groups: Groups,
    members: Members,
}

/// Starts an engine over an open profile.
///
/// In [`Mode::Daemon`] it returns once the network has taken the profile's address, or has said that it is not
/// ready yet: then it listens and dials as soon as it is. Whether others can reach the address is told by
/// [`Event::Reachability`] and [`Event::Online`].
///
/// # Errors
/// If the database cannot be read, or if the network will not take the address however long one waits.
pub async fn start(
    profile: Profile,
    network: Arc<dyn Network>,
    options: EngineOptions,
) -> Result<EngineHandle, ApiError> {
    let identity = profile.identity().clone();
    let (ear, hearing) = members::ear();
    let twin = profile.twin()?;
    let context = Context::new(Store::start(profile)?, network, identity, options, (twin, ear));
    if context.is_daemon() {
        // Until everybody who dials at start is in the queue: see `network::watch`.
        context.dialing.set_open(false);
    }
    let parts = async {
        let groups = Groups::start(context.clone()).await?;
        Ok((Peers::start(context.clone()).await?, groups))
    };
    match parts.await {
        Ok((peers, groups)) => {
            let inner = Arc::new(Inner { context, peers, groups, members: Members::default() });
            inner.context.spawn(network::watch(inner.clone()));
            inner.context.spawn(members::run(inner.clone(), hearing));
            Ok(EngineHandle { inner })
        }
        Err(error) => {
            context.stop().await;
            Err(error)
        }
    }
}

impl EngineHandle {
    /// Runs one command to its end. Commands may run at the same time.
    ///
    /// # Errors
    /// A refusal with its sentence; see [`ApiError`].
    pub async fn call(&self, command: Command) -> Result<Reply, ApiError> {
        self.call_in_turn(command, Turn::new().0).await
    }

    /// As [`Self::call`] for one of several commands that are to take effect in the order in which they were given:
    /// the turn is given on as soon as what this command changes is durable, be it that it goes on waiting for others.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_in_turn(&self, command: Command, turn: Turn) -> Result<Reply, ApiError> {
        commands::run(&self.inner, command, turn).await
    }

    /// Every event from now on. A receiver that lags hears `Lagged` from tokio; user interfaces turn that
    /// into [`Event::Missed`].
    pub fn subscribe(&self) -> broadcast::Receiver<Arc<Event>> {
        self.inner.context.events.subscribe()
    }

    /// Returns when the engine has failed for good by a fault of the program: the part that keeps the database is gone.
    /// Every command that needs it is answered with an error from then on; all that is left is to start anew.
    pub async fn broke(&self) {
        self.inner.context.store.broke().await;
    }

    /// Stops listening, closes every connection, finishes what is being written, leaves the network and closes the
    /// database.
    /// A second call waits for the first one's end.
    pub async fn shutdown(&self) {
        self.inner.context.stop().await;
    }
}
