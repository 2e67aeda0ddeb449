//! The task of one server: connected while wanted, again and again.
//!
//! [`Link`] is the handle; [`run`] is the task and [`actor`] what it holds; [`session`] is one connection, [`intake`] tries and stores what
//! it brings. Every connection has a fresh identity, which lives in memory and dies with the handshake, so
//! that a board cannot tell whether two connections are one person's.

mod actor;
mod ask;
mod first_dial;
pub(super) mod intake;
mod run;
mod session;
mod status;
mod stopped;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use cwtch_protocol::monitor::Monitor;
use tokio::sync::{Notify, mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;

use self::actor::Actor;
use self::ask::Wake;
pub(super) use self::ask::{Ask, on_monitor};
pub(super) use self::first_dial::{LOOK, first_dial};
use self::status::Status;
pub(super) use self::status::StatusSender;
use super::log::Teller;
use super::shared::LinkShared;
use super::wallet::Wallet;
use super::{limits, problems};
use crate::api::{ApiError, Problem, ServerPhase, SyncInfo};
use crate::engine::dial::Target;
use crate::profile::Server;

/// A handle to a server's task. The task ends when the handle is dropped.
pub(super) struct Link {
    asks: mpsc::Sender<Ask>,
    status: watch::Receiver<Status>,
    demand: watch::Sender<usize>,
    /// The demand of a daemon that keeps the connection without being asked.
    kept: Mutex<Option<Demand>>,
    outbox: Arc<Notify>,
    wake: Arc<Wake>,
    wallet: Arc<Wallet>,
    stop: CancellationToken,
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
    pub(super) fn start(shared: &Arc<LinkShared>, server: Server) -> Arc<Self> {
        let (asks, asked) = mpsc::channel(limits::ASKS);
        let (status_out, status) = StatusSender::new();
        let demand = watch::Sender::new(0);
        let outbox = Arc::new(Notify::new());
        let wake = Arc::<Wake>::default();
        let wallet = Arc::new(Wallet::new());
        let stop = shared.context.shutdown.child_token();
        let link = Arc::new(Self {
            asks,
            status,
            demand: demand.clone(),
            kept: Mutex::default(),
            outbox: outbox.clone(),
            wake: wake.clone(),
            wallet: wallet.clone(),
            stop: stop.clone(),
        });
        let board = server.board;
        // A daemon always wants to be connected, unless the profile appears offline.
        link.keep_connected(shared.context.keeps(Target::Server(board)));
        let actor = Actor {
            shared: shared.clone(),
            server,
            asks: asked,
            asking: link.asks.downgrade(),
            status: status_out,
            demand: demand.subscribe(),
            outbox,
            wake,
            wallet,
            waiting: Vec::new(),
            teller: Teller::default(),
            refusals: HashMap::new(),
            syncs: Arc::default(),
            counts: Arc::default(),
            attempt: 0,
        };
        shared.context.spawn(async move {
            let _ = stop.run_until_cancelled(actor.run()).await;
        });
        link
    }

    /// Keeps the connection without being asked, or no longer.
    pub(super) fn keep_connected(&self, keep: bool) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.is_some() != keep {
            *kept = keep.then(|| self.demand());
            // It buys ahead while the connection is kept.
            self.wallet.taken();
        }
    }

    /// Keeps the connection wanted until the guard is dropped.
    pub(super) fn demand(&self) -> Demand {
        self.demand.send_modify(|count| *count += 1);
        Demand(self.demand.clone())
    }

    /// Waits until everything that the server has now is stored here.
    pub(super) async fn sync(&self) -> Result<SyncInfo, ApiError> {
        let (answer, done) = oneshot::channel();
        self.asks.send(Ask::Sync(answer)).await.map_err(|_| problems::stopped())?;
        done.await.unwrap_or_else(|_| Err(problems::stopped()))
    }

    /// Makes the task use the groups that the database has now; returns when it does.
    pub(super) async fn refresh(&self, replay: bool) {
        let (done, used) = oneshot::channel();
        if self.asks.send(Ask::Refresh { replay, done }).await.is_ok() {
            let _ = used.await;
        }
    }

    /// Does something with the server's monitor, in the order of what comes from the server. When it returns, what the
    /// monitor changed is durable and what it had to tell is told. `None` if the link ends first.
    pub(super) async fn monitor<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Monitor) -> T + Send + 'static,
    ) -> Option<T> {
        on_monitor(&self.asks, work).await
    }

    /// The alarm was taken back by the person.
    pub(super) fn resume(&self) {
        self.wake.resume.notify_one();
        self.wallet.hurry();
        self.wallet.taken();
    }

    /// Lets what waited for the person's choice be sent, and tokens be bought for it.
    pub(super) fn resend(&self) {
        self.wallet.taken();
        self.posted();
    }

    /// A post was queued.
    pub(super) fn posted(&self) {
        self.outbox.notify_one();
        self.wake.parts.notify_one();
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

    /// Phase of the connection.
    pub(super) fn phase(&self) -> ServerPhase {
        self.status.borrow().phase
    }

    /// Reason why posts do not get through; `None` if nothing is known to be wrong.
    pub(super) fn trouble(&self) -> Option<Problem> {
        let connection = self.status.borrow().trouble.clone();
        connection.or_else(|| self.wallet.trouble())
    }

    /// Waits until there is no connection, or a command needs it.
    pub(super) async fn until_left(&self) {
        let (mut status, mut demand) = (self.status.clone(), self.demand.subscribe());
        let left = |status: &Status| matches!(status.phase, ServerPhase::Offline | ServerPhase::Stopped);
        tokio::select! {
            _ = status.wait_for(left) => {}
            _ = demand.wait_for(|count| *count > 0) => {}
        }
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
