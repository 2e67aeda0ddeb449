//! The task of one server: connected while wanted, again and again.
//!
//! [`Link`] is the handle; [`Actor`] is the task; [`session`] is one connection, [`intake`] tries and stores what
//! it brings. Every connection has a fresh identity, which lives in memory and dies with the handshake, so
//! that a board cannot tell whether two connections are one person's.

mod intake;
mod session;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use cwtch_net::{Isolation, SecureConnection};
use cwtch_primitives::{Address, Identity, OsRng};
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::wallet::Wallet;
use super::{Shared, limits, sentences};
use crate::api::{ApiError, Event, ServerPhase, SyncInfo};
use crate::engine::context::Context;
use crate::engine::dial::{Stage, Target};
use crate::profile::Server;

/// A handle to a server's task. The task ends when the handle is dropped.
pub(super) struct Link {
    server: Address,
    asks: mpsc::Sender<Ask>,
    status: watch::Receiver<Status>,
    demand: watch::Sender<usize>,
    outbox: Arc<Notify>,
    wake: Arc<Wake>,
    wallet: Arc<Wallet>,
    stop: CancellationToken,
}

/// What a link does when the network or the machine was away.
#[derive(Default)]
struct Wake {
    /// Dial now; the pauses so far say nothing any more.
    hurry: Notify,
    /// Ask the server for a sign of life.
    probe: Notify,
}

/// What the rest of the engine asks a link for.
enum Ask {
    /// A sync from the last message on.
    Sync(oneshot::Sender<Result<SyncInfo, ApiError>>),
    /// Use the groups that the database has now; with `replay`, begin the sync again.
    Refresh { replay: bool, done: oneshot::Sender<()> },
}

/// What the rest of the engine sees of a link.
struct Status {
    phase: ServerPhase,
    trouble: Option<String>,
}

/// The end of a link's status that the task has.
#[derive(Clone)]
struct StatusSender(Arc<watch::Sender<Status>>);

impl StatusSender {
    /// Tells everybody where the connection stands, if that is new.
    fn set(&self, context: &Context, board: &Address, phase: ServerPhase, trouble: Option<String>) {
        let changed = self.0.send_if_modified(|status| {
            if status.phase == phase && status.trouble == trouble {
                return false;
            }
            *status = Status { phase, trouble: trouble.clone() };
            true
        });
        if changed {
            context.emit(Event::Server { address: board.to_string(), phase, detail: trouble });
        }
    }
}

/// Somebody needs the connection as long as this lives.
pub(super) struct Demand(watch::Sender<usize>);

impl Drop for Demand {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count = count.saturating_sub(1));
    }
}

impl Link {
    /// Starts the task of a server.
    pub(super) fn start(shared: &Arc<Shared>, server: Server) -> Arc<Self> {
        let (asks, asked) = mpsc::channel(limits::ASKS);
        let (status_out, status) = watch::channel(Status { phase: ServerPhase::Offline, trouble: None });
        // A daemon always wants to be connected.
        let demand = watch::Sender::new(usize::from(shared.context.is_daemon()));
        let outbox = Arc::new(Notify::new());
        let wake = Arc::<Wake>::default();
        let wallet = Arc::new(Wallet::new());
        let stop = shared.context.shutdown.child_token();
        let link = Arc::new(Self {
            server: server.board,
            asks,
            status,
            demand: demand.clone(),
            outbox: outbox.clone(),
            wake: wake.clone(),
            wallet: wallet.clone(),
            stop: stop.clone(),
        });
        let actor = Actor {
            shared: shared.clone(),
            server,
            asks: asked,
            status: StatusSender(Arc::new(status_out)),
            demand: demand.subscribe(),
            outbox,
            wake,
            wallet,
            waiting: Vec::new(),
            counts: Arc::default(),
            attempt: 0,
        };
        shared.context.spawn(async move {
            let _ = stop.run_until_cancelled(actor.run()).await;
        });
        link
    }

    /// Keeps the connection wanted until the guard is dropped.
    pub(super) fn demand(&self) -> Demand {
        self.demand.send_modify(|count| *count += 1);
        Demand(self.demand.clone())
    }

    /// Waits until everything that the server has now is stored here.
    pub(super) async fn sync(&self) -> Result<SyncInfo, ApiError> {
        let (answer, done) = oneshot::channel();
        self.asks.send(Ask::Sync(answer)).await.map_err(|_| sentences::stopped())?;
        done.await.unwrap_or_else(|_| Err(sentences::stopped()))
    }

    /// Makes the task use the groups that the database has now; returns when it does.
    pub(super) async fn refresh(&self, replay: bool) {
        let (done, used) = oneshot::channel();
        if self.asks.send(Ask::Refresh { replay, done }).await.is_ok() {
            let _ = used.await;
        }
    }

    /// A post was queued.
    pub(super) fn posted(&self) {
        self.outbox.notify_one();
    }

    /// The network or the machine was away: dial now.
    pub(super) fn hurry(&self) {
        self.wake.hurry.notify_one();
        self.wallet.hurry();
    }

    /// The connection may be dead: ask.
    pub(super) fn probe(&self) {
        self.wake.probe.notify_one();
    }

    /// Where the connection stands.
    pub(super) fn phase(&self) -> ServerPhase {
        self.status.borrow().phase
    }

    /// Why posts do not get through, if something is known to be wrong.
    pub(super) fn trouble(&self) -> Option<String> {
        let connection = self.status.borrow().trouble.clone();
        connection.or_else(|| self.wallet.trouble().map(|why| sentences::no_tokens(&self.server, &why)))
    }

    /// Ends the task.
    pub(super) fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits until the task was told to end.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Somebody who waits for a sync.
struct Waiting {
    answer: oneshot::Sender<Result<SyncInfo, ApiError>>,
    /// What had been counted when they asked.
    before: SyncInfo,
    /// The attempt during which they asked: only a later one may fail them, because the connection that they
    /// met may have been dead already.
    attempt: u64,
    /// The replay under way began after they asked.
    covered: bool,
}

/// What a link has brought since it started.
#[derive(Default)]
struct Counts {
    received: AtomicU64,
    rejected: AtomicU64,
    /// A group was joined after the sync began: it must begin again.
    stale: AtomicBool,
}

impl Counts {
    fn now(&self) -> SyncInfo {
        SyncInfo {
            received: self.received.load(Ordering::Acquire),
            rejected: self.rejected.load(Ordering::Acquire),
        }
    }

    fn since(&self, before: SyncInfo) -> SyncInfo {
        let now = self.now();
        SyncInfo {
            received: now.received.saturating_sub(before.received),
            rejected: now.rejected.saturating_sub(before.rejected),
        }
    }
}

/// The task.
struct Actor {
    shared: Arc<Shared>,
    server: Server,
    asks: mpsc::Receiver<Ask>,
    status: StatusSender,
    demand: watch::Receiver<usize>,
    outbox: Arc<Notify>,
    wake: Arc<Wake>,
    wallet: Arc<Wallet>,
    waiting: Vec<Waiting>,
    counts: Arc<Counts>,
    /// Counts connections, successful or not.
    attempt: u64,
}

impl Actor {
    async fn run(mut self) {
        let (shared, server) = (self.shared.clone(), self.server.clone());
        let (wallet, outbox) = (self.wallet.clone(), self.outbox.clone());
        tokio::select! {
            () = self.stay_connected() => {}
            () = async {
                wallet.keep_filled(&shared, &server, &outbox).await;
                // It ends only with the engine.
                std::future::pending::<()>().await;
            } => {}
        }
    }

    async fn stay_connected(&mut self) {
        let mut pauses = pauses();
        loop {
            if !self.until_wanted().await {
                return;
            }
            self.attempt += 1;
            let mut synced = false;
            let Err(error) = self.connection(&mut synced).await else {
                // Nobody wants it any more.
                self.set_phase(ServerPhase::Offline, None);
                pauses = self::pauses();
                continue;
            };
            if synced {
                pauses = self::pauses();
            }
            tracing::debug!(kind = ?error.kind, "a server's connection ended");
            self.set_phase(ServerPhase::Offline, Some(error.message.clone()));
            self.fail_waiting(&error);
            if self.pause(pauses.next().unwrap_or(limits::RETRY_MAX)).await {
                pauses = self::pauses();
            }
        }
    }

    /// Waits until somebody wants a connection; `false` if nobody ever will.
    async fn until_wanted(&mut self) -> bool {
        loop {
            if *self.demand.borrow_and_update() > 0 {
                return true;
            }
            tokio::select! {
                changed = self.demand.changed() => if changed.is_err() { return false },
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.note(ask),
                    None => return false,
                },
            }
        }
    }

    /// Waits before the next attempt, unless somebody asks for something; true if the pauses begin anew.
    async fn pause(&mut self, pause: Duration) -> bool {
        let hurried = !self.waiting.is_empty();
        let until = tokio::time::Instant::now() + pause;
        if !hurried {
            tokio::select! {
                () = sleep_until(until) => return false,
                // No shorter pause here: whoever wakes all links has the dial queue spread them.
                () = self.wake.hurry.notified() => return true,
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.note(ask),
                    None => return false,
                },
                // Every session looks for queued posts when it begins.
                () = self.outbox.notified() => {}
            }
        }
        sleep(limits::RETRY_FLOOR.min(pause)).await;
        false
    }

    /// One connection from dialling to its end. `Ok` when it is not wanted any more.
    async fn connection(&mut self, synced: &mut bool) -> Result<(), ApiError> {
        let (shared, board, status) = (self.shared.clone(), self.server.board, self.status.clone());
        let connect = async {
            let told = |stage| match stage {
                // What went wrong last stands until something new is tried.
                Stage::Waiting => {}
                Stage::Dialling => status.set(&shared.context, &board, ServerPhase::Connecting, None),
            };
            let dialing = &shared.context.dialing;
            // Another way through the network for each connection, so that nothing on it links them.
            let stream = dialing
                .dial(Target::Server(board), &board, Isolation::new(), &shared.deadlines, told)
                .await?;
            status.set(&shared.context, &board, ServerPhase::Connected, None);
            // Never written to disk, never used twice.
            let identity = Identity::generate(&mut OsRng);
            SecureConnection::outbound(stream, &identity, &board, &shared.deadlines, OsRng).await
        };
        tokio::pin!(connect);
        let connection = loop {
            tokio::select! {
                connected = &mut connect => break connected.map_err(|e| sentences::lost(&board, &e))?,
                Some(ask) = self.asks.recv() => self.note(ask),
                changed = self.demand.changed() => {
                    if changed.is_err() || *self.demand.borrow_and_update() == 0 {
                        return Ok(());
                    }
                }
            }
        };
        session::run(self, connection, synced).await
    }

    /// Takes an ask while there is no connection: the next one begins with what it needs.
    fn note(&mut self, ask: Ask) {
        match ask {
            Ask::Sync(answer) => self.wait(answer),
            Ask::Refresh { done, .. } => drop(done.send(())),
        }
    }

    fn wait(&mut self, answer: oneshot::Sender<Result<SyncInfo, ApiError>>) {
        self.waiting.retain(|waiting| !waiting.answer.is_closed());
        let (before, attempt) = (self.counts.now(), self.attempt);
        self.waiting.push(Waiting { answer, before, attempt, covered: false });
    }

    /// Answers those whose replay is complete.
    fn answer_covered(&mut self) {
        for waiting in self.waiting.extract_if(.., |waiting| waiting.covered) {
            let _ = waiting.answer.send(Ok(self.counts.since(waiting.before)));
        }
    }

    fn fail_waiting(&mut self, error: &ApiError) {
        let attempt = self.attempt;
        for waiting in self.waiting.extract_if(.., |waiting| waiting.attempt < attempt) {
            let _ = waiting.answer.send(Err(error.clone()));
        }
        for waiting in &mut self.waiting {
            waiting.covered = false;
        }
    }

    fn set_phase(&self, phase: ServerPhase, trouble: Option<String>) {
        self.status.set(&self.shared.context, &self.server.board, phase, trouble);
    }
}

/// Doubles from `RETRY_FIRST` to `RETRY_MAX` with jitter, for ever.
fn pauses() -> impl Iterator<Item = Duration> + Send {
    ExponentialBuilder::default()
        .with_jitter()
        .with_min_delay(limits::RETRY_FIRST)
        .with_max_delay(limits::RETRY_MAX)
        .without_max_times()
        .build()
}
