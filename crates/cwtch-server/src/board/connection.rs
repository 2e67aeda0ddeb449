//! One client's connection: a single task that owns it and does everything on it in order.
//!
//! Answers leave in the order of the posts. During a replay nothing else is sent and nothing is read: a
//! deployed client counts bare messages after the ReplayResult, so nothing may stand between them. Posts that
//! were sent before or during a replay are answered before or after it.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use cwtch_net::driver::{ConnError, SecureConnection};
use cwtch_net::{Allowance, BoxStream};
use cwtch_primitives::OsRng;
use cwtch_protocol::app::board_host::{Action, BoardHost, BoardHostError, PostAnswer, PostId};
use cwtch_wire::packet::PACKET_LEN;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use super::Board;
use super::framing::{Framing, LogStream, LogTail};
use super::posting::{Answer, Worth};
use super::readers::ReadFailed;
use super::tail::Following;
use crate::admission::{Ticket, unpaid};
use crate::stats::Held;
use crate::store::{ReplayPlan, Seq, StoreError, StoreReader};

/// Live messages sent before the connection looks at anything else.
const LIVE_BATCH: usize = 64;
/// Packets that a connection keeps sealed while they are written.
const OUTBOX_PACKETS: usize = 8;
/// Number of messages sent again to a connection that count as one request that nobody pays for.
const REPEATED: i64 = 10_000;

/// Reason why a connection ended, other than that the client or the server wished it.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// The stream failed, or the client is too slow.
    #[error(transparent)]
    Connection(#[from] ConnError),
    /// The client broke the protocol.
    #[error(transparent)]
    Protocol(#[from] BoardHostError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] ReadFailed),
    /// The client does not keep up.
    #[error("the client is too far behind or takes too long to read")]
    TooSlow,
    /// The client is silent.
    #[error("the client was silent for too long")]
    Idle,
    /// Messages that a replay had announced were deleted because of the storage cap.
    #[error("messages were deleted during their replay")]
    Pruned,
}

/// Serves a connection: handshake, then requests. The two are separate futures, so that what the handshake needed
/// does not stay in the task.
pub(super) async fn serve(
    board: &Arc<Board>,
    stream: BoxStream,
    ticket: Ticket,
    mut shutdown: watch::Receiver<bool>,
) {
    let Some(conn) = handshake(board, stream, &mut shutdown).await else { return };
    let limits = &board.config.limits;
    let mut connection = Connection {
        board: Arc::clone(board),
        ticket,
        useful: false,
        allowance: unpaid(limits.free_requests, limits.free_per_minute),
        conn,
        host: BoardHost::new(),
        unanswered: VecDeque::new(),
        newest: board.tail.watch(),
        position: 0,
        furthest: 0,
    };
    let end = connection.run(&mut shutdown).await;
    let stats = &board.stats;
    match &end {
        Ok(()) => {
            // The client may be gone already; then there is nothing to close.
            let _ = connection.finish().await;
            return;
        }
        Err(End::TooSlow | End::Connection(ConnError::Deadline(_))) => stats.slow_readers.add(1),
        Err(End::Protocol(_) | End::Connection(ConnError::Channel(_))) => stats.misbehaved.add(1),
        Err(_) => {}
    }
    if let Err(end) = end {
        tracing::debug!("a connection to the board was closed: {end}");
    }
}

async fn handshake(
    board: &Board,
    stream: BoxStream,
    shutdown: &mut watch::Receiver<bool>,
) -> Option<SecureConnection> {
    let accepting = SecureConnection::accept(stream, &board.identity, &board.deadlines, OsRng);
    let accepted = tokio::select! {
        accepted = Box::pin(accepting) => accepted,
        _ = stopped(shutdown) => return None,
    };
    match accepted {
        Ok(conn) => {
            board.stats.board_accepted.add(1);
            Some(conn)
        }
        Err(error) => {
            board.stats.handshakes_failed.add(1);
            tracing::debug!("a handshake failed: {error}");
            None
        }
    }
}

/// Waits until the server stops.
pub(crate) async fn stopped(shutdown: &mut watch::Receiver<bool>) {
    // A dropped sender is a stopped server as well.
    let _ = shutdown.wait_for(|stop| *stop).await;
}

pub(super) struct Connection {
    pub(super) board: Arc<Board>,
    pub(super) ticket: Ticket,
    /// True once the client sent something useful.
    useful: bool,
    /// Allowance for requests that nobody pays for.
    allowance: Allowance,
    conn: SecureConnection,
    pub(super) host: BoardHost,
    /// Posts whose answers the machine waits for, in the order in which they came.
    unanswered: VecDeque<(PostId, Answer)>,
    newest: watch::Receiver<Seq>,
    /// Number of the last message that was sent, once the client is synced.
    position: Seq,
    /// The greatest number that a replay has reached.
    furthest: Seq,
}

impl Connection {
    async fn run(&mut self, shutdown: &mut watch::Receiver<bool>) -> Result<(), End> {
        let board = Arc::clone(&self.board);
        let mut synced_now: Option<Held<'_>> = None;
        let mut last = Instant::now();
        let first_request = last + board.config.deadlines.first_request();
        loop {
            let (synced, in_flight) = (self.host.is_synced(), self.unanswered.len());
            if synced && synced_now.is_none() {
                synced_now = Some(board.stats.synced.hold());
            }
            // A client that asked for too much without paying is left unread for a while.
            let opens = self.allowance.opens(last);
            let wants_input = in_flight < board.config.limits.packets_in_flight
                && self.host.wants_input()
                && opens.is_none();
            let idle = if self.useful { last + board.config.deadlines.idle(synced) } else { first_request };
            tokio::select! {
                () = stopped(shutdown) => return Ok(()),
                Some(answered) = board.next_answer(&mut self.unanswered), if in_flight > 0 => {
                    self.answer(answered)?;
                    self.send().await?;
                }
                () = newer(&mut self.newest, self.position), if synced => self.deliver().await?,
                received = self.conn.recv(), if wants_input => {
                    let Some(payload) = received? else { return Ok(()) };
                    self.host.handle(&payload)?;
                    while let Some(action) = self.host.poll_action() {
                        self.act(action).await?;
                    }
                }
                () = sleep_until(opens.unwrap_or(idle)), if in_flight == 0 || opens.is_some() => {
                    if opens.is_none() {
                        return Err(End::Idle);
                    }
                }
            }
            last = Instant::now();
        }
    }

    /// Sends what the machine has queued, within one time limit for all packets: the stream's own limit holds for
    /// each packet alone, so a client that takes one packet just before it could hold the task for an hour. What the
    /// client does not take at once counts as waiting.
    pub(super) async fn send(&mut self) -> Result<(), End> {
        let bytes = self.host.queued().min(OUTBOX_PACKETS) * PACKET_LEN;
        let ticket = self.ticket.clone();
        let mut writing = pin!(self.write());
        match poll_fn(|cx| Poll::Ready(writing.as_mut().poll(cx))).await {
            Poll::Ready(written) => written,
            Poll::Pending => {
                let _hold = ticket.hold(bytes);
                writing.await
            }
        }
    }

    /// Sends what the machine has queued, without counting it as waiting: for payloads that are counted already.
    pub(super) async fn write(&mut self) -> Result<(), End> {
        let (limit, host) = (self.board.config.deadlines.write(), &mut self.host);
        let sending = self.conn.send_batch(std::iter::from_fn(|| host.poll_send()));
        Ok(timeout(limit, sending).await.map_err(|_| End::TooSlow)??)
    }

    /// Waits for the posts that are being committed, answers them and closes the connection.
    async fn finish(mut self) -> Result<(), End> {
        self.answer_all().await?;
        Ok(self.conn.close().await?)
    }

    /// Gives the answer to a post to the machine, and notes whether it was paid for.
    fn answer(&mut self, (post, answer, worth): (PostId, PostAnswer, Worth)) -> Result<(), End> {
        match worth {
            Worth::Paid => {
                self.useful = true;
                self.ticket.paid();
            }
            Worth::Free => self.allowance.charge(1, Instant::now()),
        }
        Ok(self.host.post_answer(post, answer)?)
    }

    /// Notes that the client asked for something that needs no token, which makes it a resident.
    fn asked(&mut self) {
        if !std::mem::replace(&mut self.useful, true) {
            self.ticket.served();
        }
    }

    async fn act(&mut self, action: Action) -> Result<(), End> {
        if !matches!(action, Action::Post { .. }) {
            self.asked();
        }
        match action {
            Action::Post { id, token, message, log } => {
                let answer = self.board.post(token, message, log).await?;
                self.unanswered.push_back((id, answer));
                Ok(())
            }
            // Boxed: an idle connection should not keep room for them.
            Action::Replay { last_commit } => Box::pin(self.replay(last_commit)).await,
            Action::LogReplay { from, last_commit } => Box::pin(self.log_replay(from, last_commit)).await,
            Action::LogHead => Box::pin(self.log_head()).await,
            Action::LogProof { from, size } => Box::pin(self.log_proof(from, size)).await,
        }
    }

    async fn answer_all(&mut self) -> Result<(), End> {
        let board = Arc::clone(&self.board);
        while let Some(answered) = board.next_answer(&mut self.unanswered).await {
            self.answer(answered)?;
        }
        self.send().await
    }

    /// Replays all messages from the one with this signature on, as deployed clients expect. Afterwards the client
    /// counts as synced, up to where the replay went.
    async fn replay(&mut self, last_commit: Option<Vec<u8>>) -> Result<(), End> {
        self.answer_all().await?;
        let plan = self.board.lookup(move |reader| reader.plan(last_commit.as_deref())).await?;
        self.host.replay_result(plan.count)?;
        self.replay_entries(plan, Framing::Bare).await
    }

    /// Replays the log from an index on; without a log, or where it has ended, replays the messages instead.
    async fn log_replay(&mut self, from: u64, last_commit: Option<Vec<u8>>) -> Result<(), End> {
        let found = self.board.lookup(move |reader| reader.log_replay(from)).await?;
        let Some(found) = found else { return self.replay(last_commit).await };
        self.answer_all().await?;
        let (plan, framing) = match &found.log.start {
            Some(start) => {
                let stream = LogStream::new(start.from, found.entries.count);
                (found.entries, Framing::Stream(stream))
            }
            None => {
                let plan = move |reader: &mut dyn StoreReader| reader.plan(last_commit.as_deref());
                (self.board.lookup(plan).await?, Framing::Bare)
            }
        };
        let streams = matches!(framing, Framing::Stream(_)) && plan.count > 0;
        self.host.log_replay_result(plan.count, *found.log)?;
        self.replay_entries(plan, framing).await?;
        if streams {
            self.host.replay_end()?;
        }
        Ok(())
    }

    async fn replay_entries(&mut self, plan: ReplayPlan, framing: Framing) -> Result<(), End> {
        let board = Arc::clone(&self.board);
        board.stats.replays.add(1);
        self.send().await?;
        let sent = self.stream(plan.from, plan.to, framing).await?;
        board.stats.replayed.add(sent);
        if sent != plan.count {
            return Err(End::Pruned);
        }
        let again = (self.furthest.min(plan.to) - plan.from + 1).max(0) / REPEATED;
        self.allowance.charge(u32::try_from(again + 1).unwrap_or(u32::MAX), Instant::now());
        self.furthest = self.furthest.max(plan.to);
        self.position = plan.to;
        Ok(())
    }

    async fn log_head(&mut self) -> Result<(), End> {
        if let Some(head) = self.board.lookup(|reader| reader.log_head()).await? {
            self.host.log_head(head)?;
            self.send().await?;
        }
        Ok(())
    }

    async fn log_proof(&mut self, from: u64, size: u64) -> Result<(), End> {
        if let Some(proof) = self.board.lookup(move |reader| reader.log_proof(from, size)).await? {
            self.host.log_proof(from, size, proof)?;
            self.send().await?;
        }
        Ok(())
    }

    /// Sends messages that follow the position: up to [`LIVE_BATCH`] from the tail, or from the database if the tail
    /// does not reach back so far.
    async fn deliver(&mut self) -> Result<(), End> {
        let board = Arc::clone(&self.board);
        match board.tail.after(self.position, LIVE_BATCH) {
            Following::Ready(live, upto) => {
                let speaks_log = self.host.speaks_log();
                for payload in live.iter().flat_map(|live| live.payloads(speaks_log)) {
                    self.host.new_message(payload)?;
                    board.stats.delivered.add(1);
                }
                self.send().await?;
                self.position = upto;
            }
            Following::TooOld => {
                let newest = *self.newest.borrow();
                let behind = u64::try_from(newest - self.position).unwrap_or(0);
                if behind > board.config.limits.behind {
                    return Err(End::TooSlow);
                }
                Box::pin(self.deliver_stored(newest)).await?;
            }
        }
        Ok(())
    }

    /// Sends the messages that follow the position from the database.
    async fn deliver_stored(&mut self, newest: Seq) -> Result<(), End> {
        let board = Arc::clone(&self.board);
        let (mut to, mut framing) = (newest, Framing::NewMessage);
        if self.host.speaks_log() {
            // Up to the newest signed size, because only that size has a checkpoint.
            let found = board.lookup(|reader| reader.log_replay(u64::MAX)).await?;
            let found = found.as_ref().and_then(|found| Some((found.entries, found.log.start.as_ref()?)));
            let (end, start) = found.ok_or(ReadFailed)?;
            to = end.to;
            let tail = LogTail { size: start.from, checkpoint: start.checkpoint };
            framing = Framing::Log(Box::new(tail));
        }
        let sent = self.stream(self.position + 1, to, framing).await?;
        board.stats.delivered.add(sent);
        self.position = to;
        Ok(())
    }
}

impl Board {
    /// Runs a single lookup in the database, at most [`LOOKUPS`](super::LOOKUPS) at once.
    async fn lookup<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut dyn StoreReader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ReadFailed> {
        let _permit = self.lookups.acquire().await.map_err(|_| ReadFailed)?;
        self.readers.run(work).await
    }
}

/// Waits until there is a message after the position. Cancel-safe.
async fn newer(newest: &mut watch::Receiver<Seq>, position: Seq) {
    if newest.wait_for(|newest| *newest > position).await.is_err() {
        // The server is stopping, which ends this connection otherwise.
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use cwtch_net::driver::Deadlines;
    use cwtch_primitives::Identity;
    use cwtch_primitives::token::{IssuerKey, SpentToken};
    use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage};

    use super::*;
    use crate::admission::{Admission, Place, Shares};
    use crate::board::Tail;
    use crate::config::Config;
    use crate::stats::{Stats, StatsSnapshot};
    use crate::store::{
        Committed, NewEntry, NewPost, Outcome, Publication, SqliteStore, Store, WriterHandle, spawn_writer,
    };

    /// A board without a log, whose clients are connected by pipes that hold one packet.
    struct World {
        board: Arc<Board>,
        admission: Arc<Admission>,
        stop: watch::Sender<bool>,
        _writer: WriterHandle,
        _dir: tempfile::TempDir,
    }

    impl World {
        /// A board with `stored` messages, for whose readers at most `waiting` bytes may wait.
        fn new(config: Config, stored: u32, waiting: usize) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let identity = Identity::generate(&mut OsRng);
            let store =
                SqliteStore::open(&dir.path().join("db"), identity.address().as_bytes(), None).unwrap();
            let posts: Vec<_> = (0..stored)
                .map(|n| {
                    let mut token = [0; 32];
                    token[..4].copy_from_slice(&n.to_be_bytes());
                    let entry = NewEntry::new(n.to_be_bytes().to_vec(), vec![7; 4000]);
                    NewPost { token, entry: Some(entry) }
                })
                .collect();
            store.writer().unwrap().commit(&posts).unwrap();
            let (submitter, writer) = spawn_writer(store.writer().unwrap(), (), |_| {}).unwrap();
            let (tail, stats) = (Arc::new(Tail::new(stored.into())), Arc::new(Stats::default()));
            let admission = Admission::new(Shares::halves(8, 4), waiting, Arc::clone(&stats));
            let issuer = IssuerKey::generate(&mut OsRng);
            let (store, config) = (Arc::new(store), Arc::new(config));
            let board = Board::new(identity, issuer, store, false, submitter, tail, config, stats);
            let stop = watch::Sender::new(false);
            Self { board: Arc::new(board), admission, stop, _writer: writer, _dir: dir }
        }

        async fn client(&self) -> SecureConnection {
            // Room for one packet under way.
            let (near, far) = tokio::io::duplex(8192);
            let place: Place = self.admission.enter();
            let serving = Arc::clone(&self.board).serve(Box::new(far), place.ticket(), self.stop.subscribe());
            tokio::spawn(place.serve(serving));
            let (client, deadlines) = (Identity::generate(&mut OsRng), Deadlines::default());
            SecureConnection::outbound(Box::new(near), &client, &self.board.address, &deadlines, OsRng)
                .await
                .unwrap()
        }

        /// A client that has asked for everything and received the ReplayResult.
        async fn replaying(&self) -> SecureConnection {
            let mut client = self.client().await;
            client.send(&ClientMessage::Replay { last_commit: None, log: None }.to_json()).await.unwrap();
            client.recv().await.unwrap().unwrap();
            client
        }

        fn stats(&self) -> StatsSnapshot {
            self.board.stats.snapshot()
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_synced_client_that_reads_in_a_trickle_is_closed() {
        let config = Config::default();
        let limit = config.deadlines.write();
        let world = World::new(config, 0, 1 << 20);
        let mut client = world.replaying().await;
        let live = |seq| Committed {
            outcome: Outcome::Stored { seq, index: 0, shadowed: false },
            post: NewPost { token: [7; 32], entry: Some(NewEntry::new(vec![7], vec![7; 4000])) },
        };
        world.board.tail.publish(Publication::of((1..=64).map(live).collect(), None));

        // Every packet is taken well within the limit.
        let mut taken = 0;
        let pause: Duration = limit / 4;
        while let Ok(Some(_)) = client.recv().await {
            taken += 1;
            tokio::time::sleep(pause).await;
        }
        assert!((1..10).contains(&taken), "{taken} packets taken");
        assert_eq!(world.stats().slow_readers, 1);
    }

    #[tokio::test]
    async fn whoever_lets_a_piece_lie_longest_is_closed_when_too_much_waits() {
        const STORED: u32 = 400;
        // Room for one of the largest pieces and one of the smallest, with what is sealed of them, not for two of these.
        let world = World::new(Config::default(), STORED, 600_000);
        let mut slow = Vec::new();
        for _ in 0..2 {
            slow.push(world.replaying().await);
            while world.admission.waiting() < slow.len() * 65_536 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        let mut honest = world.replaying().await;
        for _ in 0..STORED {
            honest.recv().await.unwrap().unwrap();
        }
        // The first client is closed, and no other; what was sealed for it may still arrive.
        assert_eq!(world.stats().slow_readers, 1);
        while let Ok(Some(_)) = slow[0].recv().await {}
        for _ in 0..STORED {
            slow[1].recv().await.unwrap().unwrap();
        }
        assert_eq!(world.admission.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_pays_for_has_a_rate_and_paying_has_none() {
        let mut config = Config::default();
        (config.limits.free_requests, config.limits.free_per_minute) = (4, 6);
        config.limits.packets_in_flight = 1;
        // Otherwise a client whose posts are all refused would be closed by this deadline.
        config.deadlines.first_request_seconds = 3600;
        let world = World::new(config, 1, 1 << 20);
        let repeated = EncryptedGroupMessage { ciphertext: vec![7; 4000], signature: vec![0; 4] };
        let forged = ClientMessage::Post {
            token: Some(SpentToken { t: [0; 32], mac: [0; 64] }),
            message: repeated,
            log: false,
        };
        let replay = ClientMessage::Replay { last_commit: Some(vec![0; 4]), log: None };
        for (request, answers) in [(forged, 1), (replay, 2)] {
            let mut client = world.client().await;
            let begin = Instant::now();
            let mut last = begin;
            for n in 1..=12u32 {
                client.send(&request.to_json()).await.unwrap();
                for _ in 0..answers {
                    client.recv().await.unwrap().unwrap();
                }
                let (now, waited) = (Instant::now(), last.elapsed());
                if n <= 5 {
                    assert!(now - begin < Duration::from_secs(5), "request {n} waited");
                } else {
                    assert!(waited >= Duration::from_secs(5), "request {n} came after {waited:?}");
                }
                last = now;
            }
        }
        // Another client is not affected.
        let (mut other, begin) = (world.client().await, Instant::now());
        let post = ClientMessage::Post {
            token: None,
            message: EncryptedGroupMessage { ciphertext: vec![1], signature: vec![9] },
            log: false,
        };
        other.send(&post.to_json()).await.unwrap();
        let answer = ServerMessage::from_json(&other.recv().await.unwrap().unwrap()).unwrap();
        assert_eq!(answer, Some(ServerMessage::PostResult { success: false }));
        assert!(begin.elapsed() < Duration::from_secs(5));
    }
}
