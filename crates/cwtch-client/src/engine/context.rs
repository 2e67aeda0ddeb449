//! State that every task of an open profile shares.

use std::sync::Arc;

use cwtch_net::Network;
use cwtch_primitives::{Address, Identity};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::chosen::Chosen;
use super::clock::{Clock, system_clock};
use super::dial::{Dialing, Target};
use super::feed::Feed;
use super::line::Line;
use super::options::{EngineOptions, Mode};
use super::peers::Contexts;
use super::store::Store;
use super::twin::Alone;
use crate::api::Event;
use crate::profile::Twin;

/// The shared parts of an engine. Always behind an `Arc`; nothing in it is a lock that is held across an await.
pub(crate) struct Context {
    /// The profile's database, on its own thread.
    pub(crate) store: Store,
    /// The network, to listen on, which other profiles may use, too. Nobody dials but through [`Dialing`], and nobody ends
    /// it but the [`Host`](super::Host).
    pub(crate) network: Arc<dyn Network>,
    /// The dial queue.
    pub(crate) dialing: Dialing,
    /// The profile's identity.
    pub(crate) identity: Identity,
    /// The identity's address.
    pub(crate) address: Address,
    /// Everybody who listens to events.
    pub(crate) feed: Arc<Feed>,
    /// Options with which the engine was started.
    pub(crate) options: EngineOptions,
    /// Cancelled once, at shutdown: every task ends at the next await.
    pub(crate) shutdown: CancellationToken,
    /// Cancelled when all has ended and the database is closed.
    pub(super) ended: CancellationToken,
    /// Every task of the engine; shutdown waits for them.
    pub(crate) tasks: TaskTracker,
    /// Unix seconds.
    pub(crate) clock: Clock,
    /// Contexts of what contacts say beside chat, and who hears them.
    pub(super) contexts: Contexts,
    /// Knowledge about another copy of the profile that runs elsewhere.
    pub(crate) alone: Arc<Alone>,
    /// Conversations that are connected although the profile appears offline.
    pub(super) chosen: Chosen,
}

impl Context {
    /// Makes a context over a network of its own, for tests of single parts.
    #[cfg(test)]
    pub(crate) fn new(
        store: Store,
        network: Arc<dyn Network>,
        identity: Identity,
        options: EngineOptions,
        about: (Option<Twin>, Contexts),
    ) -> Arc<Self> {
        Self::over(store, &Line::new(network), identity, options, about)
    }

    pub(crate) fn over(
        store: Store,
        line: &Line,
        identity: Identity,
        options: EngineOptions,
        (twin, contexts): (Option<Twin>, Contexts),
    ) -> Arc<Self> {
        let address = identity.address();
        let clock = options.clock.clone().unwrap_or_else(system_clock);
        Arc::new(Self {
            alone: Arc::new(Alone::new(twin, clock())),
            dialing: Dialing::over(line.exchange.clone()),
            network: line.network.clone(),
            identity,
            address,
            feed: store.feed.clone(),
            store,
            options,
            shutdown: CancellationToken::new(),
            ended: CancellationToken::new(),
            tasks: TaskTracker::new(),
            clock,
            contexts,
            chosen: Chosen::default(),
        })
    }

    /// Tells everybody who listens something that is not stored: what is, the feed tells.
    pub(crate) fn emit(&self, event: Event) {
        self.feed.emit(event);
    }

    /// Unix seconds.
    pub(crate) fn now(&self) -> i64 {
        (self.clock)()
    }

    /// True if the engine keeps connections without being asked.
    pub(crate) fn is_daemon(&self) -> bool {
        self.options.mode == Mode::Daemon
    }

    /// True if the engine keeps a connection with the target without a command that waits for it.
    pub(crate) fn keeps(&self, target: Target) -> bool {
        self.is_daemon() && self.dialing.attention().keeps(target)
    }

    /// Starts a task that shutdown waits for; it is dropped at its next await when shutdown begins.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let shutdown = self.shutdown.clone();
        self.tasks.spawn(async move {
            let _ = shutdown.run_until_cancelled(task).await;
        });
    }

    /// Ends all tasks, waits for them, and closes the database. The network stays.
    pub(crate) async fn stop(&self) {
        self.shutdown.cancel();
        self.tasks.close();
        // Among them is the listener's, which withdraws the address.
        self.tasks.wait().await;
        self.store.close().await;
        self.ended.cancel();
    }
}
