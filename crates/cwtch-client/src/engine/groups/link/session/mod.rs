//! One authenticated connection to a board, from its first replay to its end: bytes for the
//! [`Follower`], which says what happens, and its outputs for the database and for who waits.

mod outputs;
mod posts;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use cwtch_net::{ConnError, SecureConnection};
use cwtch_primitives::OsRng;
use cwtch_protocol::app::board_client::PostId;
use cwtch_protocol::board::Follower;
use cwtch_protocol::board::follower::{Now, Start};
use cwtch_protocol::monitor::Monitor;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};

use self::posts::InFlight;
use super::actor::Actor;
use super::ask::{Ask, MonitorJob};
use super::intake::{self, Feed, Keys};
use crate::api::{ApiError, Problem, ServerPhase};
use crate::engine::dial::Target;
use crate::engine::groups::log::{self as server_log, unix};
use crate::engine::groups::{limits, problems};
use crate::profile::SyncStart;

/// Longest time that saying goodbye may take.
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
    let trial = intake::trial(&shared.context, board, fed, tried_out);
    let store = intake::store(&shared, board, counts, actor.teller.clone(), actor.asking.clone(), tried);
    let session = BoardSession::new(actor, feed, monitor);
    // The session drops its end of the feed; what it had read is stored before the connection counts as ended.
    let (ended, trial, store) = tokio::join!(session.talk(connection, synced), trial, store);
    store.and(trial).and(ended)
}

/// One connection to a board: what the follower of the board asks for is done here.
struct BoardSession<'a> {
    actor: &'a mut Actor,
    feed: mpsc::Sender<Feed>,
    follower: Follower,
    /// The moment from which the follower's time counts.
    began: Instant,
    keys: Option<Arc<Keys>>,
    /// The sync that was begun last; see [`SyncStart::epoch`].
    epoch: i64,
    in_flight: HashMap<PostId, InFlight>,
    /// Tells when everything is stored that the follower waits for.
    stored: Option<oneshot::Receiver<()>>,
    /// Groups were joined: when a replay is to begin for them.
    joined: Option<Instant>,
    /// Trouble with the newest answer, though it was used.
    trouble: Option<Problem>,
    /// The server was asked for the time once more before a post was held back for it.
    asked_the_time: bool,
}

impl<'a> BoardSession<'a> {
    fn new(actor: &'a mut Actor, feed: mpsc::Sender<Feed>, monitor: Monitor) -> Self {
        Self {
            actor,
            feed,
            follower: Follower::new(monitor, limits::REPLAY, Duration::ZERO, &mut OsRng),
            began: Instant::now(),
            keys: None,
            epoch: 0,
            in_flight: HashMap::new(),
            stored: None,
            joined: None,
            trouble: None,
            asked_the_time: false,
        }
    }

    async fn talk(mut self, mut connection: SecureConnection, synced: &mut bool) -> Result<(), ApiError> {
        let (outbox, wake) = (self.actor.outbox.clone(), self.actor.wake.clone());
        let server = self.actor.server.board;
        let lost = |error: ConnError| problems::lost(&server, &error);
        loop {
            self.advance().await?;
            *synced = self.follower.is_synced();
            while connection.has_room()
                && let Some(payload) = self.follower.poll_send()
            {
                connection.queue(&payload).map_err(lost)?;
            }
            if *self.actor.demand.borrow() == 0 && (self.is_idle() || self.is_forbidden()) {
                let _ = timeout(CLOSE, connection.close()).await;
                return Ok(());
            }
            let deadline = self.began + self.follower.deadline();
            tokio::select! {
                payload = connection.recv() => match payload {
                    Ok(Some(payload)) => self.received(&payload).await?,
                    Ok(None) => return Err(lost(ConnError::ClosedEarly)),
                    Err(error) => return Err(lost(error)),
                },
                Some(ask) = self.actor.asks.recv() => self.asked(ask).await?,
                () = outbox.notified() => self.follower.posts_queued(),
                () = wake.probe.notified() => self.follower.probe(self.now().steady),
                Ok(()) = stored(&mut self.stored), if self.stored.is_some() => self.all_stored().await?,
                () = at(self.joined) => {
                    self.joined = None;
                    self.follower.want_replay();
                }
                () = sleep_until(deadline) => {
                    self.follower.overdue(self.now(), &mut OsRng);
                    self.carry_out().await?;
                }
                () = self.feed.closed() => return Err(ApiError::closed()),
                _ = self.actor.demand.changed() => {}
            }
        }
    }

    /// Starts what can be started.
    async fn advance(&mut self) -> Result<(), ApiError> {
        if self.follower.wants_start() {
            return self.start_replay().await;
        }
        self.post_queued().await?;
        // A post may need a newer word of the server before it.
        if self.follower.wants_start() { self.start_replay().await } else { Ok(()) }
    }

    /// Tells if nothing is left to be done but to listen.
    fn is_idle(&self) -> bool {
        let hopeless = self.actor.wallet.trouble().is_some();
        self.follower.is_idle() && self.joined.is_none() && (!self.follower.lacks_tokens() || hopeless)
    }

    /// Tells if the profile appears offline to this server, too: what is under way goes on with the next connection.
    fn is_forbidden(&self) -> bool {
        !self.actor.shared.context.dialing.attention().allows(Target::Server(self.actor.server.board))
    }

    fn now(&self) -> Now {
        Now { unix: unix(self.actor.shared.context.now()), steady: self.began.elapsed() }
    }

    async fn start_replay(&mut self) -> Result<(), ApiError> {
        // It reads for all that were joined so far.
        self.joined = None;
        self.actor.counts.stale.store(false, Ordering::Release);
        for waiting in &mut self.actor.waiting {
            waiting.covered = true;
        }
        let start = self.begin_sync().await?;
        self.epoch = start.epoch;
        self.use_keys(Keys::new(&start)).await?;
        // A heartbeat is nobody's business.
        if !self.follower.is_synced() || !self.actor.waiting.is_empty() {
            self.actor.set_phase(ServerPhase::Syncing, None);
        }
        let now = self.actor.shared.context.now();
        let refetch = start.refetch.filter(|refetch| refetch.after <= now).map(|refetch| refetch.from);
        let start = Start { cursor: start.cursor, refetch };
        self.follower.start(start, &mut OsRng, self.now());
        self.carry_out().await
    }

    /// Everything that the follower waits for is stored.
    async fn all_stored(&mut self) -> Result<(), ApiError> {
        self.stored = None;
        let complete = !self.actor.counts.stale.load(Ordering::Acquire);
        self.follower.stored(complete, self.now());
        self.carry_out().await
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

    /// Has it told when everything that was read so far is stored.
    async fn flushed(&self) -> Result<oneshot::Receiver<()>, ApiError> {
        let (done, stored) = oneshot::channel();
        self.feed(Feed::Flush(done)).await?;
        Ok(stored)
    }

    /// Waits until everything that was read so far is stored.
    async fn flush(&self) -> Result<(), ApiError> {
        self.flushed().await?.await.map_err(|_| ApiError::closed())
    }

    // --- what comes ---

    async fn received(&mut self, payload: &[u8]) -> Result<(), ApiError> {
        self.follower.handle(payload, self.now());
        self.carry_out().await?;
        self.follower.handled(self.began.elapsed());
        Ok(())
    }

    async fn asked(&mut self, ask: Ask) -> Result<(), ApiError> {
        match ask {
            Ask::Sync(answer) => {
                self.actor.wait(answer);
                if !self.follower.is_replaying() {
                    self.follower.want_replay();
                }
            }
            Ask::Refresh { replay, done } => {
                let start = self.begin_sync().await?;
                // The sync's epoch stays: only a replay that begins after a group was joined may move its cursor.
                let keys = match &self.keys {
                    Some(keys) => keys.with_groups_of(&start),
                    None => Keys::new(&start),
                };
                self.use_keys(keys).await?;
                self.feed(Feed::Entered).await?;
                // What waited for keys that are confirmed now may leave.
                self.follower.posts_queued();
                if replay {
                    self.joined.get_or_insert(Instant::now() + limits::JOIN_PAUSE);
                }
                let _ = done.send(());
            }
            Ask::Monitor(job) => self.with_monitor(job).await?,
        }
        Ok(())
    }

    /// Somebody else has something for the monitor.
    async fn with_monitor(&mut self, MonitorJob { work, done }: MonitorJob) -> Result<(), ApiError> {
        work(self.follower.monitor_mut());
        self.follower.worked();
        let caught = self.carry_out().await;
        self.flush().await?;
        let _ = done.send(());
        caught
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
