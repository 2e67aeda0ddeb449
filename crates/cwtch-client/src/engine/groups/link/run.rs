//! The task of a link: dials, has the connection served, waits, dials again.

use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use cwtch_net::{Isolation, SecureConnection};
use cwtch_primitives::{Identity, OsRng};
use tokio::time::{sleep, sleep_until};

use super::actor::Actor;
use super::ask::{Ask, MonitorJob};
use super::session;
use super::stopped::keep_salvaging;
use crate::api::{ApiError, ErrorKind, ServerPhase};
use crate::engine::dial::{Stage, Target};
use crate::engine::groups::log::{self, Alarm};
use crate::engine::groups::waiters::Fate;
use crate::engine::groups::{limits, problems};
use crate::profile::{MessageId, Profile};

impl Actor {
    /// Runs until the link is stopped.
    pub(super) async fn run(mut self) {
        let (shared, server) = (self.shared.clone(), self.server.clone());
        let (wallet, outbox, status) = (self.wallet.clone(), self.outbox.clone(), self.status.clone());
        let probes = log::keep_probing(shared.clone(), server.board, self.syncs.clone(), self.asking.clone());
        let salvage = keep_salvaging(shared.clone(), server.board, self.wake.clone());
        tokio::select! {
            () = self.stay_connected() => {}
            () = probes => {}
            () = salvage => {}
            () = async {
                wallet.keep_filled(&shared, &server, &status, &outbox).await;
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
            if !self.until_first_dial().await {
                return;
            }
            self.attempt += 1;
            match self.shared.alarm(&self.server.board).await {
                Ok(Some(alarm)) if alarm.stopped => {
                    if !self.stay_away(&alarm).await {
                        return;
                    }
                    pauses = self::pauses();
                    continue;
                }
                Err(error) if error.kind() == ErrorKind::Closed => return,
                // The connection meets the same trouble with the database, and tells it.
                Ok(_) | Err(_) => {}
            }
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
            tracing::debug!(kind = ?error.kind(), "a server's connection ended");
            if let Ok(Some(alarm)) = self.shared.alarm(&self.server.board).await
                && alarm.stopped
            {
                self.release_alarm().await;
                // Whoever waits hears at once why.
                continue;
            }
            self.set_phase(ServerPhase::Offline, Some(error.problem.clone().unnamed()));
            self.fail_waiting(&error);
            if self.pause(pauses.next().unwrap_or(limits::RETRY_MAX)).await {
                pauses = self::pauses();
            }
        }
    }

    /// Has an alarm told that was held back. If it cannot be, the next start of the engine does.
    async fn release_alarm(&self) {
        if !self.teller.release_alarm() {
            return;
        }
        let board = self.server.board;
        let release = move |profile: &mut Profile| profile.release_alarm(Some(&board));
        if let Err(error) = self.shared.context.store.run(release).await {
            tracing::warn!(kind = ?error.kind(), "an alarm could not be told");
        }
    }

    /// The server cheated: nobody dials it, and whoever asks hears why. `false` if the link ends.
    async fn stay_away(&mut self, alarm: &Alarm) -> bool {
        let board = self.server.board;
        self.set_phase(ServerPhase::Stopped, Some(alarm.what.clone()));
        self.wake.parts.notify_one();
        let fate = Fate::Stopped(alarm.error(&board));
        let queued = move |profile: &mut Profile| profile.pending_posts(&board, MessageId(0), u32::MAX);
        for post in self.shared.context.store.run(queued).await.unwrap_or_default() {
            self.shared.waiters.settle(post.id, &fate);
        }
        loop {
            for waiting in self.waiting.drain(..) {
                let _ = waiting.answer.send(Err(alarm.error(&board)));
            }
            tokio::select! {
                () = self.wake.resume.notified() => return true,
                ask = self.asks.recv() => match ask {
                    Some(ask) => self.note(ask).await,
                    None => return false,
                },
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
                    Some(ask) => self.note(ask).await,
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
                    Some(ask) => self.note(ask).await,
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
        let read = move |profile: &mut Profile| profile.pending_posts(&board, MessageId(0), 1);
        let queued = !shared.context.store.run(read).await?.is_empty();
        shared.context.dialing.attention().queued(Target::Server(board), queued);
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
                connected = &mut connect => break connected.map_err(|e| problems::lost(&board, &e))?,
                Some(ask) = self.asks.recv() => self.note(ask).await,
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
    pub(super) async fn note(&mut self, ask: Ask) {
        match ask {
            Ask::Sync(answer) => self.wait(answer),
            Ask::Refresh { done, .. } => drop(done.send(())),
            Ask::Monitor(MonitorJob { work, done }) => {
                let (board, teller) = (self.server.board, self.teller.clone());
                // Who asked hears of a failure by `done`, which is dropped then.
                if let Err(error) = self.shared.with_stored_monitor(board, teller, work).await {
                    tracing::warn!(kind = ?error.kind(), "a server's log could not be read");
                    return;
                }
                let _ = done.send(());
            }
        }
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
