//! State of a link's task, between its connections and while one is served.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::sync::{Notify, mpsc, oneshot, watch};

use super::ask::{Ask, Wake};
use super::status::StatusSender;
use crate::api::{ApiError, Problem, ServerPhase, SyncInfo};
use crate::engine::groups::log::Teller;
use crate::engine::groups::shared::LinkShared;
use crate::engine::groups::wallet::Wallet;
use crate::profile::{MessageId, Server};

/// Somebody who waits for a sync.
pub(super) struct Waiting {
    pub(super) answer: oneshot::Sender<Result<SyncInfo, ApiError>>,
    /// Counts at the moment when they asked.
    before: SyncInfo,
    /// The attempt during which they asked: only a later one may fail them, because the connection that they
    /// met may have been dead already.
    attempt: u64,
    /// The replay under way began after they asked.
    pub(super) covered: bool,
}

/// Counts and marks of what a link has brought since it started.
#[derive(Default)]
pub(super) struct Counts {
    /// New messages of own groups that are shown.
    pub(super) received: AtomicU64,
    /// Messages that failed a check.
    pub(super) rejected: AtomicU64,
    /// A group was joined after the sync began: it must begin again.
    pub(super) stale: AtomicBool,
    /// A sync was completed since the link started: what comes now was posted after the database was opened.
    pub(super) caught_up: AtomicBool,
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

/// State of a link's task.
pub(super) struct Actor {
    pub(super) shared: Arc<LinkShared>,
    pub(super) server: Server,
    pub(super) asks: mpsc::Receiver<Ask>,
    /// The other end of `asks`, as long as anybody else has it.
    pub(super) asking: mpsc::WeakSender<Ask>,
    pub(super) status: StatusSender,
    pub(super) demand: watch::Receiver<usize>,
    pub(super) outbox: Arc<Notify>,
    pub(super) wake: Arc<Wake>,
    pub(super) wallet: Arc<Wallet>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) teller: Teller,
    /// Number of times that each waiting post was refused with a token that was bought since the database was opened.
    pub(super) refusals: HashMap<MessageId, u32>,
    /// A sync was completed.
    pub(super) syncs: Arc<Notify>,
    pub(super) counts: Arc<Counts>,
    /// Counts connections, successful or not.
    pub(super) attempt: u64,
}

impl Actor {
    pub(super) fn wait(&mut self, answer: oneshot::Sender<Result<SyncInfo, ApiError>>) {
        self.waiting.retain(|waiting| !waiting.answer.is_closed());
        let (before, attempt) = (self.counts.now(), self.attempt);
        self.waiting.push(Waiting { answer, before, attempt, covered: false });
    }

    /// Answers those whose replay is complete.
    pub(super) fn answer_covered(&mut self) {
        for waiting in self.waiting.extract_if(.., |waiting| waiting.covered) {
            let _ = waiting.answer.send(Ok(self.counts.since(waiting.before)));
        }
    }

    pub(super) fn fail_waiting(&mut self, error: &ApiError) {
        let attempt = self.attempt;
        for waiting in self.waiting.extract_if(.., |waiting| waiting.attempt < attempt) {
            let _ = waiting.answer.send(Err(error.clone()));
        }
        for waiting in &mut self.waiting {
            waiting.covered = false;
        }
    }

    pub(super) fn set_phase(&self, phase: ServerPhase, trouble: Option<Problem>) {
        self.status.set(&self.shared.context, &self.server.board, phase, trouble);
    }
}
