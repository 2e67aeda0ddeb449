//! Starting an engine, and the handle by which it is used.

use std::pin::Pin;
use std::sync::Arc;

use cwtch_net::Network;
use cwtch_primitives::Address;

use super::context::Context;
use super::erasing::keep_erasing;
use super::feed::{Follower, Listener};
use super::groups::Groups;
use super::inner::Inner;
use super::line::Line;
use super::members::{self, Members};
use super::options::{EngineOptions, Mode};
use super::peers::{Contexts, Peers};
use super::store::Store;
use super::turn::Turn;
use super::{commands, network, presence};
use crate::api::{ApiError, Command, Reply};
use crate::profile::{Profile, StorageError};

/// Work of the engine for a caller, as one object. The body of a future is compiled by the crate that awaits it: if callers
/// awaited the engine's own futures, each program and each test would compile the whole engine again.
type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A running engine. Cheap to clone; all clones are the same engine.
#[derive(Clone)]
pub struct EngineHandle {
    inner: Arc<Inner>,
    /// The network, where it is this engine's alone and ends with it.
    own: Option<Line>,
}

/// Starts an engine over an open profile, with a network that is its alone and ends with it. Several profiles share one
/// by a [`Host`](super::Host).
///
/// In [`Mode::Daemon`] it returns once the network has taken the profile's address, or has said that it is not
/// ready yet: then it listens and dials as soon as it is. Whether others can reach the address is told by
/// [`Event::Reachability`](crate::api::Event::Reachability) and [`Event::Online`](crate::api::Event::Online).
///
/// # Errors
/// If the database cannot be read, or if the network will not take the address however long one waits.
pub async fn start(
    profile: Profile,
    network: Arc<dyn Network>,
    options: EngineOptions,
) -> Result<EngineHandle, ApiError> {
    let line = Line::new(network);
    match start_on(&line, profile, options).await {
        Ok(engine) => Ok(EngineHandle { own: Some(line), ..engine }),
        Err(error) => {
            line.end().await;
            Err(error)
        }
    }
}

/// Starts an engine on a line that others may use, too, and that outlives it.
///
/// # Errors
/// As [`start`].
pub(super) fn start_on(
    line: &Line,
    profile: Profile,
    options: EngineOptions,
) -> Doing<'_, Result<EngineHandle, ApiError>> {
    Box::pin(begin(line, profile, options))
}

async fn begin(line: &Line, profile: Profile, options: EngineOptions) -> Result<EngineHandle, ApiError> {
    let identity = profile.identity().clone();
    let (contexts, hearing) = members::contexts(Contexts::default());
    let twin = profile.twin()?;
    let store = match options.mode {
        Mode::Daemon => Store::start_with_reader(profile)?,
        Mode::OneShot => Store::start(profile)?,
    };
    let context = Context::over(store, line, identity, options, (twin, contexts));
    // Before anybody is shown anything: what was over while nobody looked, also in a copy that was put back, is not shown again.
    let now = context.now();
    let over = move |profile: &mut Profile| {
        while profile.vanish_some(now)? {}
        Ok::<_, StorageError>(())
    };
    if let Err(error) = context.store.run(over).await {
        tracing::warn!(kind = ?error.kind(), "what is to vanish could not be erased; it is tried again");
    }
    if context.is_daemon() {
        // Until everybody who dials at start is in the queue: see `network::watch`.
        context.dialing.set_open(false);
    }
    let parts = async {
        presence::begin(&context).await?;
        let groups = Groups::start(context.clone()).await?;
        Ok((Peers::start(context.clone()).await?, groups))
    };
    match parts.await {
        Ok((peers, groups)) => {
            let inner = Arc::new(Inner { context, peers, groups, members: Members::default() });
            let forgetful = inner.context.clone();
            inner.context.spawn(async move { keep_erasing(&forgetful).await });
            inner.context.spawn(network::watch(inner.clone()));
            inner.context.spawn(presence::watch(inner.clone()));
            inner.context.spawn(members::run(inner.clone(), hearing));
            Ok(EngineHandle { inner, own: None })
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
    /// A refusal; see [`ApiError`].
    pub async fn call(&self, command: Command) -> Result<Reply, ApiError> {
        self.call_in_turn(command, Turn::new().0).await
    }

    /// Runs a command as [`Self::call`] does, as one of several that are to take effect in the order in which they were
    /// given: the turn is given on as soon as what this command changes is durable, be it that it goes on waiting for
    /// others.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn call_in_turn(&self, command: Command, turn: Turn) -> Result<Reply, ApiError> {
        self.run(command, turn).await
    }

    fn run(&self, command: Command, turn: Turn) -> Doing<'_, Result<Reply, ApiError>> {
        Box::pin(commands::run(&self.inner, command, turn))
    }

    /// Every event from now on, for who may lose some when it lags.
    pub fn subscribe(&self) -> Listener {
        self.inner.context.feed.listen()
    }

    /// Every change after the one with this number (`None`: from now on), each once and in order, and between them what
    /// is not stored, which begins with how it stands.
    ///
    /// # Errors
    /// [`crate::api::ErrorKind::ChangesGone`] if not all of them are kept, or trouble with the database.
    pub async fn follow(&self, after: Option<i64>) -> Result<Follower, ApiError> {
        self.followed(after).await
    }

    fn followed(&self, after: Option<i64>) -> Doing<'static, Result<Follower, ApiError>> {
        Box::pin(Follower::start(self.inner.clone(), after))
    }

    /// Returns true when the engine has failed for good by a fault of the program: the part that keeps the database is
    /// gone. Every command that needs it is answered with an error from then on; all that is left is to start anew. False
    /// once it was shut down without that.
    pub async fn broke(&self) -> bool {
        tokio::select! {
            biased;
            () = self.inner.context.store.broke() => true,
            () = self.inner.context.ended.cancelled() => false,
        }
    }

    /// The profile's own address.
    pub fn address(&self) -> &Address {
        &self.inner.context.address
    }

    /// Stops listening, closes every connection, finishes what is being written and closes the database; then leaves the
    /// network, unless that is a [`Host`](super::Host)'s.
    /// A second call waits for the first one's end.
    pub async fn shutdown(&self) {
        self.stop().await;
        if let Some(line) = &self.own {
            line.end().await;
        }
    }

    fn stop(&self) -> Doing<'_, ()> {
        Box::pin(self.inner.context.stop())
    }
}
