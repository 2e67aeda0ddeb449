//! Patience of a command: how long it waits, and why it gives up.

use std::sync::Arc;
use std::time::Duration;

use cwtch_net::{Obstacle, Readiness, Step};
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use super::context::Context;
use super::info::readiness_info;
use super::turn::Turn;
use crate::api::{Event, Problem};

/// Without a daemon: how long a network that is not ready does not count as waiting. A cold start of Tor takes
/// most of it.
const STARTING: Duration = Duration::from_secs(90);

/// The patience of one command.
///
/// Without a daemon its time begins to count when the network is ready, or after [`STARTING`]; a network that
/// needs a person ends it at once, because nobody but the one who waits can help. A daemon's network has been
/// there before and will be after, so its commands count from their beginning.
pub(crate) struct Patience {
    context: Arc<Context>,
    readiness: watch::Receiver<Readiness>,
    wait: Duration,
    begun: Instant,
    /// Moment at which the time began to count.
    counted_from: Option<Instant>,
    /// Given on when the command has done all but waiting.
    turn: Option<Turn>,
}

/// Reason why a command waits no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GaveUp {
    /// Its time is up.
    Late,
    /// Waiting does not help.
    Hopeless(Problem),
}

impl Patience {
    /// Patience for `wait`, from now on.
    pub(crate) fn new(context: &Arc<Context>, wait: Duration, turn: Option<Turn>) -> Self {
        let readiness = context.network.readiness();
        let begun = Instant::now();
        let counted_from = context.is_daemon().then_some(begun);
        if counted_from.is_none() && !wait.is_zero() && !readiness.borrow().is_ready() {
            // Whoever asked began to listen after the last change, maybe.
            context.emit(Event::Network(readiness_info(&readiness.borrow())));
        }
        Self { context: context.clone(), readiness, wait, begun, counted_from, turn }
    }

    /// Gives the turn on: what the command changes is durable, and from here on it waits for others.
    pub(crate) fn only_waits(&mut self) {
        self.turn = None;
    }

    /// True if the command waits for nobody at all.
    pub(crate) fn is_none(&self) -> bool {
        self.wait.is_zero()
    }

    /// Time that the command waits once the time counts.
    pub(crate) fn wait(&self) -> Duration {
        self.wait
    }

    /// Returns when the time begins to count, with what remains of it to wait for.
    ///
    /// # Errors
    /// If waiting does not help.
    pub(crate) async fn begins(&mut self) -> Result<Instant, GaveUp> {
        if let Some(from) = self.counted_from {
            return Ok(from + self.wait);
        }
        let settled = self.readiness.wait_for(|now| now.is_ready() || hopeless(now).is_some());
        let verdict = tokio::select! {
            settled = settled => settled.ok().and_then(|now| hopeless(&now)),
            () = sleep_until(self.begun + STARTING) => None,
        };
        if let Some(why) = verdict {
            return Err(GaveUp::Hopeless(why));
        }
        let from = Instant::now();
        self.counted_from = Some(from);
        Ok(from + self.wait)
    }

    /// Returns when the command should wait no longer. May be dropped and called again.
    pub(crate) async fn ends(&mut self) -> GaveUp {
        let until = match self.begins().await {
            Ok(until) => until,
            Err(gave_up) => return gave_up,
        };
        let watched = !self.context.is_daemon();
        tokio::select! {
            () = sleep_until(until) => GaveUp::Late,
            why = until_hopeless(&mut self.readiness), if watched => GaveUp::Hopeless(why),
        }
    }

    /// Returns when the network alone is to blame: waiting does not help, or it is still not ready when the time is
    /// up. For commands that end by themselves over a network that carries.
    pub(crate) async fn network_fails(&mut self) -> GaveUp {
        loop {
            let gave_up = self.ends().await;
            if gave_up != GaveUp::Late || !self.readiness.borrow().is_ready() {
                return gave_up;
            }
            if self.readiness.wait_for(|now| !now.is_ready()).await.is_err() {
                std::future::pending::<()>().await;
            }
            self.counted_from = Some(Instant::now());
        }
    }

    /// Obstacle in the network's way; `None` if it is ready.
    pub(crate) fn network_trouble(&self) -> Option<Problem> {
        let now = self.readiness.borrow();
        if now.is_ready() {
            return None;
        }
        Some(match &now.trouble {
            Some(obstacle) => of_network(obstacle),
            None => Problem::NetworkNotReady {
                percent: now.percent,
                step: now.waiting_for.clone().unwrap_or(Step::Network),
            },
        })
    }
}

fn of_network(obstacle: &Obstacle) -> Problem {
    Problem::NetworkTrouble { obstacle: obstacle.clone() }
}

fn hopeless(now: &Readiness) -> Option<Problem> {
    now.needs_person().map(of_network)
}

async fn until_hopeless(readiness: &mut watch::Receiver<Readiness>) -> Problem {
    let found = readiness.wait_for(|now| hopeless(now).is_some()).await.ok().and_then(|now| hopeless(&now));
    match found {
        Some(why) => why,
        // Nobody reports any more: nothing new will be known.
        None => std::future::pending().await,
    }
}
