//! One authenticated connection to a board, from its first replay to its end (§1.8); what it says about its log is
//! judged in [`log`].
//!
//! Order of things: replay from the last message that is stored here; when all of it is stored, post what is
//! queued; then whatever comes. A replay and a post are never under way at the same time: the answers carry no
//! ids, and an own message that a replay shows need not be posted again.
//!
//! The deployed protocol has no heartbeat, and a dead connection is not always signalled: after
//! [`BOARD_HEARTBEAT`](deadlines::BOARD_HEARTBEAT) of silence, more or less, the session asks for a replay from its
//! last message. Whatever the server owes must come within [`BOARD_ANSWER`](deadlines::BOARD_ANSWER) since the
//! last sign of it; else the connection is given up.

mod gather;
mod in_flight;
mod log;
mod posts;
mod reading;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cwtch_net::{ConnError, SecureConnection};
use cwtch_protocol::app::BoardClient;
use cwtch_protocol::app::board_client::{Event as BoardEvent, PostId};
use cwtch_protocol::channel::deadlines;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use self::in_flight::{Full, InFlight};
use self::reading::{Joins, Reading};
use super::actor::Actor;
use super::ask::Ask;
use super::intake::{self, Feed, Keys};
use crate::api::{ApiError, ServerPhase};
use crate::engine::groups::{limits, log as server_log, sentences};
use crate::profile::SyncStart;

/// How long saying goodbye may take.
const CLOSE: Duration = Duration::from_secs(2);

/// Runs a connection to its end; `synced` tells whether it ever caught up.
///
/// # Errors
/// Why it ended; `Ok` if nobody wants it any more.
pub(super) async fn run(
    actor: &mut Actor,
    connection: SecureConnection,
    synced: &mut bool,
) -> Result<(), ApiError> {
    let (feed, fed) = mpsc::channel(limits::FEED);
    let (tried_out, tried) = mpsc::channel(limits::TRIED);
    let shared = actor.shared.clone();
    let (board, counts) = (actor.server.board, actor.counts.clone());
    let monitor = shared.context.store.run(move |profile| server_log::restore(profile, &board)).await?;
    let trial = intake::trial(&shared.context, fed, tried_out);
    let store = intake::store(&shared, board, counts, actor.teller.clone(), actor.asking.clone(), tried);
    let session = Session::new(actor, feed, Reading::new(monitor));
    // The session drops its end of the feed; what it had read is stored before the connection counts as ended.
    let (ended, trial, store) = tokio::join!(session.talk(connection, synced), trial, store);
    store.and(trial).and(ended)
}

struct Session<'a> {
    actor: &'a mut Actor,
    feed: mpsc::Sender<Feed>,
    board: BoardClient,
    log: Reading,
    keys: Option<Arc<Keys>>,
    in_flight: HashMap<PostId, InFlight>,
    /// The server had no room for a post.
    full: Option<Full>,
    /// All entries of a replay have been read; this tells when they are stored.
    stored: Option<oneshot::Receiver<()>>,
    want_replay: bool,
    /// Groups were joined: when a replay is to begin for them.
    joined: Option<Instant>,
    /// There may be posts to send.
    queued: bool,
    /// Posts wait for tokens.
    out_of_tokens: bool,
    /// The first replay is complete.
    synced: bool,
    /// The last sign of life.
    heard: Instant,
    /// The last sign of something that the server owed, or the moment since which it owes something.
    owed: Instant,
    /// How long it may owe something.
    patience: Duration,
    heartbeat: Duration,
}

impl<'a> Session<'a> {
    fn new(actor: &'a mut Actor, feed: mpsc::Sender<Feed>, log: Reading) -> Self {
        let now = Instant::now();
        Self {
            actor,
            feed,
            board: BoardClient::new(limits::REPLAY),
            log,
            keys: None,
            in_flight: HashMap::new(),
            full: None,
            stored: None,
            want_replay: true,
            joined: None,
            queued: true,
            out_of_tokens: false,
            synced: false,
            heard: now,
            owed: now,
            patience: deadlines::BOARD_ANSWER,
            heartbeat: heartbeat(),
        }
    }

    async fn talk(mut self, mut connection: SecureConnection, synced: &mut bool) -> Result<(), ApiError> {
        let (outbox, wake) = (self.actor.outbox.clone(), self.actor.wake.clone());
        let server = self.actor.server.board;
        let lost = |error: ConnError| sentences::lost(&server, &error);
        loop {
            self.advance().await?;
            *synced = self.synced;
            while connection.has_room()
                && let Some(payload) = self.board.poll_send()
            {
                connection.queue(&payload).map_err(lost)?;
            }
            if self.is_idle() && *self.actor.demand.borrow() == 0 {
                let _ = timeout(CLOSE, connection.close()).await;
                return Ok(());
            }
            let deadline = self.deadline();
            tokio::select! {
                payload = connection.recv() => match payload {
                    Ok(Some(payload)) => self.received(&payload).await?,
                    Ok(None) => return Err(lost(ConnError::ClosedEarly)),
                    Err(error) => return Err(lost(error)),
                },
                Some(ask) = self.actor.asks.recv() => self.asked(ask).await?,
                () = outbox.notified() => self.queued = true,
                () = wake.probe.notified() => self.probe(),
                Ok(()) = stored(&mut self.stored), if self.stored.is_some() => self.replay_stored().await?,
                () = at(self.full.as_ref().and_then(|full| full.until)) => self.ask_again(),
                () = at(self.joined) => {
                    self.joined = None;
                    self.want_replay = true;
                }
                () = sleep_until(deadline) => self.overdue().await?,
                () = self.feed.closed() => return Err(ApiError::closed()),
                _ = self.actor.demand.changed() => {}
            }
        }
    }

    /// Starts what can be started.
    async fn advance(&mut self) -> Result<(), ApiError> {
        if self.log.gathering.is_some() {
            return Ok(());
        }
        if self.want_replay && self.in_flight.is_empty() && !self.replaying() {
            return self.start_replay().await;
        }
        if self.queued && self.synced && !self.want_replay && !self.replaying() {
            return self.post_queued().await;
        }
        Ok(())
    }

    /// Whether a replay is under way or not all stored.
    fn replaying(&self) -> bool {
        self.board.is_replaying() || self.stored.is_some()
    }

    fn server_owes(&self) -> bool {
        self.board.is_replaying() || !self.in_flight.is_empty() || self.log.gathering.is_some()
    }

    /// Whether nothing is left to be done but to listen.
    fn is_idle(&self) -> bool {
        let hopeless = self.out_of_tokens && self.actor.wallet.trouble().is_some();
        self.synced
            && !self.want_replay
            && self.joined.is_none()
            && !self.replaying()
            && self.in_flight.is_empty()
            && (!self.out_of_tokens || hopeless)
    }

    fn deadline(&self) -> Instant {
        if self.server_owes() { self.owed + self.patience } else { self.heard + self.heartbeat }
    }

    async fn overdue(&mut self) -> Result<(), ApiError> {
        if self.log.gathering.is_some() {
            return self.gathered_nothing().await;
        }
        if self.server_owes() {
            return Err(sentences::silent(&self.actor.server.board, self.patience));
        }
        // A replay that is being stored is waited for; it is this machine that is slow.
        self.heard = Instant::now();
        self.heartbeat = heartbeat();
        self.want_replay |= self.stored.is_none();
        Ok(())
    }

    /// The connection may be dead: asks for a replay now, and waits for its beginning less long than otherwise.
    fn probe(&mut self) {
        if self.server_owes() {
            // It has its own time from now on: what was owed before may have been lost with the network.
            self.owed = Instant::now();
        } else {
            self.want_replay |= self.stored.is_none();
        }
        self.patience = limits::PROBE_DEADLINE;
    }

    // --- replays ---

    async fn start_replay(&mut self) -> Result<(), ApiError> {
        self.want_replay = false;
        // It reads for all that were joined so far.
        self.joined = None;
        self.actor.counts.stale.store(false, Ordering::Release);
        for waiting in &mut self.actor.waiting {
            waiting.covered = true;
        }
        let start = self.begin_sync().await?;
        self.use_keys(Keys::new(&start)).await?;
        // A heartbeat is nobody's business.
        if !self.synced || !self.actor.waiting.is_empty() {
            self.actor.set_phase(ServerPhase::Syncing, None);
        }
        let request = self.log_request(&start).await?;
        self.server_will_owe();
        let cursor = start.cursor.filter(|_| request.last_commit_allowed);
        self.log.joins = Joins::To(cursor.clone());
        self.board.request_log_replay(request.from, cursor.as_deref()).map_err(|e| self.misbehaved(&e))
    }

    /// Everything of a replay is stored.
    async fn replay_stored(&mut self) -> Result<(), ApiError> {
        self.stored = None;
        if std::mem::take(&mut self.log.again) {
            self.want_replay = true;
            return Ok(());
        }
        if self.actor.counts.stale.swap(false, Ordering::AcqRel) {
            // A group was joined meanwhile: what was passed over may have been its messages. Others may be joined now: where
            // the whole log is to be read again, that is once for all of them.
            self.want_replay = false;
            self.joined = Some(Instant::now() + limits::JOIN_PAUSE);
            return Ok(());
        }
        self.synced = true;
        self.queued = true;
        self.actor.counts.caught_up.store(true, Ordering::Release);
        self.actor.set_phase(ServerPhase::Synced, self.trouble());
        self.actor.answer_covered();
        self.actor.syncs.notify_one();
        // Those who asked during this replay need one that began after they asked.
        self.want_replay |= !self.actor.waiting.is_empty();
        Ok(())
    }

    /// What is wrong although everything that the server shows is stored.
    fn trouble(&self) -> Option<String> {
        let full = self.full.as_ref().map(|_| sentences::FULL.to_owned());
        full.or_else(|| self.log.trouble.clone())
    }

    async fn begin_sync(&self) -> Result<SyncStart, ApiError> {
        let board = self.actor.server.board;
        self.actor.shared.context.store.run(move |profile| profile.begin_sync(&board)).await
    }

    async fn use_keys(&mut self, keys: Keys) -> Result<(), ApiError> {
        let keys = Arc::new(keys);
        self.keys = Some(keys.clone());
        self.feed(Feed::Keys(keys)).await
    }

    async fn feed(&self, item: Feed) -> Result<(), ApiError> {
        self.feed.send(item).await.map_err(|_| ApiError::closed())
    }

    /// Waits until everything that was read so far is stored.
    async fn flush(&self) -> Result<(), ApiError> {
        let (done, stored) = oneshot::channel();
        self.feed(Feed::Flush(done)).await?;
        stored.await.map_err(|_| ApiError::closed())
    }

    // --- what comes ---

    async fn asked(&mut self, ask: Ask) -> Result<(), ApiError> {
        match ask {
            Ask::Sync(answer) => {
                self.actor.wait(answer);
                self.want_replay |= !self.replaying();
            }
            Ask::Refresh { replay, done } => {
                let start = self.begin_sync().await?;
                // The sync's epoch stays: only a replay that begins after a group was joined may move its cursor.
                let keys = match &self.keys {
                    Some(keys) => keys.with_groups_of(&start),
                    None => Keys::new(&start),
                };
                self.use_keys(keys).await?;
                if replay {
                    self.joined.get_or_insert(Instant::now() + limits::JOIN_PAUSE);
                }
                let _ = done.send(());
            }
            Ask::Monitor(job) => self.with_monitor(job).await?,
        }
        Ok(())
    }

    async fn received(&mut self, payload: &[u8]) -> Result<(), ApiError> {
        self.heard = Instant::now();
        self.board.handle(payload).map_err(|e| self.misbehaved(&e))?;
        while let Some(event) = self.board.poll_event() {
            match event {
                BoardEvent::ReplayStarted { count, log } => self.replay_started(count, log).await?,
                BoardEvent::Entry { message, .. } => self.entry(message).await?,
                BoardEvent::Boundary { checkpoint, .. } => self.boundary(&checkpoint).await?,
                BoardEvent::NewMessage { message, log } => {
                    self.live(message, log).await?;
                    // It is no answer: what the server owes is due as before.
                    continue;
                }
                BoardEvent::Synced if self.log.gathering.is_some() => self.gathered_all().await?,
                BoardEvent::Synced => {
                    self.replay_ended().await?;
                    if self.log.gathering.is_some() {
                        continue;
                    }
                    if !self.log.again {
                        self.feed(Feed::Synced).await?;
                    }
                    let (done, stored) = oneshot::channel();
                    self.feed(Feed::Flush(done)).await?;
                    self.stored = Some(stored);
                }
                BoardEvent::PostAnswered { id, success, log } => {
                    self.post_answered(id, success, log).await?;
                }
                BoardEvent::Proof { from, size, proof } => self.proof(from, size, &proof).await?,
                // None was asked for here.
                BoardEvent::Head(_) => continue,
            }
            self.owed = Instant::now();
            self.patience = deadlines::BOARD_ANSWER;
        }
        // Waiting for this machine's own disk is not the server's silence.
        self.heard = Instant::now();
        Ok(())
    }

    fn misbehaved(&self, error: &dyn std::fmt::Display) -> ApiError {
        sentences::misbehaved(&self.actor.server.board, error)
    }

    fn server_will_owe(&mut self) {
        if !self.server_owes() {
            self.owed = Instant::now();
        }
    }
}

/// Waits for the store, where there is something to wait for.
async fn stored(waiting: &mut Option<oneshot::Receiver<()>>) -> Result<(), oneshot::error::RecvError> {
    match waiting {
        Some(stored) => stored.await,
        None => std::future::pending().await,
    }
}

/// Waits for a moment, where there is one.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

/// The pause between two signs of life.
fn heartbeat() -> Duration {
    deadlines::BOARD_HEARTBEAT.mul_f64(1.0 + limits::HEARTBEAT_JITTER * rand::random::<f64>())
}
