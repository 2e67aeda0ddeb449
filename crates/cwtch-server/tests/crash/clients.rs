//! Clients that expect the server to vanish: posters that keep accounts, and a watcher that remembers an order.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use cwtch_net::{ConnError, Deadlines, Isolation, Network, SecureConnection};
use cwtch_primitives::token::{IssuerKey, Token};
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_protocol::app::board_client::{BoardClient, Event, pay};
use cwtch_wire::board::{EncryptedGroupMessage, PostLog, PostRefusal};
use tokio::sync::{mpsc, watch};

use crate::common::{Client, PATIENCE, mint};

/// Number of posts that a poster has under way at a time.
const WINDOW: usize = 8;
/// Bytes of a ciphertext: as many as in the messages of real groups, so that commits and checkpoints take their time.
const CIPHERTEXT: usize = 2800;
/// Bit in the numbers of messages that are only ever paid for with a spent token.
pub(crate) const FORBIDDEN: u32 = 1 << 31;
/// The life of the server on which everything is settled.
pub(crate) const LAST: u32 = u32::MAX;

/// State that all clients share.
pub(crate) struct World {
    pub(crate) network: Arc<dyn Network>,
    pub(crate) board: Address,
    pub(crate) issuer: IssuerKey,
    /// Number of the server's life that can be dialled, from 1; 0 for none yet.
    pub(crate) life: watch::Sender<u32>,
    /// Number of the life that was killed last.
    pub(crate) killed: AtomicU32,
    /// New posts acknowledged so far.
    pub(crate) acknowledged: watch::Sender<u64>,
}

/// Report of a client that has noticed that the server is gone.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Report {
    /// Posts that were answered true, ever.
    pub(crate) acknowledged: u64,
    /// Posts whose answer did not come.
    pub(crate) unknown: u64,
}

/// The error of a client whose server is gone.
struct Gone;

impl World {
    /// Connects to the server.
    pub(crate) async fn dial(&self) -> Result<Client, ConnError> {
        let identity = Identity::generate(&mut OsRng);
        let deadlines = Deadlines::all(PATIENCE);
        let conn = SecureConnection::connect(
            &*self.network,
            &identity,
            &self.board,
            Isolation::new(),
            &deadlines,
            OsRng,
        )
        .await?;
        Ok(Client { conn, machine: BoardClient::new(u64::MAX) })
    }

    async fn connect(&self) -> Result<Client, Gone> {
        self.dial().await.map_err(|error| match error {
            ConnError::Network(error) if error.is_unreachable() => Gone,
            ConnError::Io { .. } | ConnError::Truncated | ConnError::ClosedEarly => Gone,
            other => panic!("{other}"),
        })
    }

    /// Checks that a connection ended because this life was killed.
    fn expect_killed(&self, life: u32) {
        assert_eq!(
            self.killed.load(Ordering::SeqCst),
            life,
            "the server closed a connection before it was killed"
        );
    }
}

async fn flush(client: &mut Client) -> Result<(), Gone> {
    while let Some(payload) = client.machine.poll_send() {
        match client.conn.send(&payload).await {
            Ok(()) => {}
            Err(ConnError::Io { .. }) => return Err(Gone),
            Err(error) => panic!("{error}"),
        }
    }
    Ok(())
}

async fn event(client: &mut Client) -> Result<Event, Gone> {
    loop {
        if let Some(event) = client.machine.poll_event() {
            return Ok(event);
        }
        let payload = client.payload().await.ok_or(Gone)?;
        client.machine.handle(&payload).unwrap();
    }
}

/// The message with this number.
pub(crate) fn message(n: u32) -> EncryptedGroupMessage {
    let ciphertext = n.to_be_bytes().into_iter().cycle().take(CIPHERTEXT).collect();
    EncryptedGroupMessage { ciphertext, signature: format!("{n:064}").into_bytes() }
}

/// A message's number; it must be whole.
pub(crate) fn number(entry: &EncryptedGroupMessage) -> u32 {
    let n = String::from_utf8_lossy(&entry.signature).parse().unwrap();
    assert!(*entry == message(n), "message {n} is damaged");
    n
}

/// A post with its token. Each number belongs to one post.
pub(crate) struct Post {
    pub(crate) n: u32,
    token: Token,
}

enum Ask {
    /// A new post, or one whose answer did not come: must be answered true.
    Post { post: Post, again: bool },
    /// A token that is spent, for another message: must be answered false.
    SpendAgain(u32),
}

/// A client that posts as fast as the server answers, and keeps accounts.
pub(crate) struct Poster {
    world: Arc<World>,
    next: u32,
    step: u32,
    wallet: Vec<Token>,
    in_flight: VecDeque<Ask>,
    /// Sent, not answered; oldest first.
    unknown: VecDeque<Post>,
    /// Answered true.
    pub(crate) stored: Vec<Post>,
    /// Stored posts whose token is to be tried again: numbers in `stored`.
    suspects: Vec<usize>,
    /// Number of posts that were sent again.
    pub(crate) repeated: u64,
    /// Receipts that the server gave for stored posts, with their numbers.
    pub(crate) receipts: Vec<(u32, Vec<u8>)>,
}

impl Poster {
    /// The poster of the numbers `first`, `first + step`, …
    pub(crate) fn new(world: Arc<World>, first: u32, step: u32) -> Self {
        Self {
            world,
            next: first,
            step,
            wallet: Vec::new(),
            in_flight: VecDeque::new(),
            unknown: VecDeque::new(),
            stored: Vec::new(),
            suspects: Vec::new(),
            repeated: 0,
            receipts: Vec::new(),
        }
    }

    /// Posts through every life of the server; in the last one it settles what is open and tries every
    /// token a second time.
    pub(crate) async fn run(mut self, reports: mpsc::Sender<Report>) -> Self {
        let mut lives = self.world.life.subscribe();
        let mut before = 0;
        loop {
            let life = *lives.wait_for(|life| *life != before).await.unwrap();
            before = life;
            // A crash can only have forgotten what was acknowledged just before it.
            let recent = if life == LAST { 0 } else { self.stored.len().saturating_sub(2 * WINDOW) };
            self.suspects = (recent..self.stored.len()).collect();
            if self.connection(life == LAST).await.is_ok() {
                return self;
            }
            self.world.expect_killed(life);
            for ask in std::mem::take(&mut self.in_flight).into_iter().rev() {
                if let Ask::Post { post, .. } = ask {
                    self.unknown.push_front(post);
                }
            }
            let report =
                Report { acknowledged: self.stored.len() as u64, unknown: self.unknown.len() as u64 };
            // Nobody listens any more once another client has found a fault.
            let _ = reports.send(report).await;
        }
    }

    async fn connection(&mut self, last: bool) -> Result<(), Gone> {
        let mut client = self.world.connect().await?;
        loop {
            while self.in_flight.len() < WINDOW
                && let Some(ask) = self.next(last)
            {
                let (n, token) = match &ask {
                    Ask::Post { post, .. } => (post.n, &post.token),
                    Ask::SpendAgain(at) => {
                        let post = &self.stored[*at as usize];
                        (post.n | FORBIDDEN, &post.token)
                    }
                };
                let message = message(n);
                let paid = pay(token.clone(), &message, &self.world.board);
                client.machine.post_for_receipt(&paid, &message).unwrap();
                self.in_flight.push_back(ask);
            }
            if self.in_flight.is_empty() {
                return Ok(());
            }
            flush(&mut client).await?;
            match event(&mut client).await? {
                Event::PostAnswered { success, log: Some(log), .. } => self.answered(success, log),
                other => panic!("{other:?} while waiting for an answer"),
            }
        }
    }

    fn next(&mut self, last: bool) -> Option<Ask> {
        if let Some(post) = self.unknown.pop_front() {
            self.repeated += 1;
            return Some(Ask::Post { post, again: true });
        }
        if let Some(suspect) = self.suspects.pop() {
            return Some(Ask::SpendAgain(suspect as u32));
        }
        if last {
            return None;
        }
        if self.wallet.is_empty() {
            self.wallet = mint(&self.world.issuer, 10);
        }
        let post = Post { n: self.next, token: self.wallet.pop()? };
        self.next += self.step;
        Some(Ask::Post { post, again: false })
    }

    fn answered(&mut self, success: bool, log: PostLog) {
        match self.in_flight.pop_front().unwrap() {
            Ask::Post { post, again } => {
                assert!(success, "post {} was refused (sent again: {again})", post.n);
                if again {
                    self.suspects.push(self.stored.len());
                } else {
                    self.world.acknowledged.send_modify(|count| *count += 1);
                }
                match log {
                    PostLog::Receipt(receipt) => self.receipts.push((post.n, receipt)),
                    PostLog::Duplicate(receipt) if again => self.receipts.push((post.n, receipt)),
                    other => panic!("{other:?} for post {}", post.n),
                }
                self.stored.push(post);
            }
            Ask::SpendAgain(at) => {
                assert!(!success, "the token of post {} was spent twice", self.stored[at as usize].n);
                assert_eq!(log, PostLog::Refused(PostRefusal::Token));
            }
        }
    }
}

/// A client that reads what the server shows, over all its lives, and insists that the order stays what it was.
pub(crate) struct Watcher {
    world: Arc<World>,
    /// Numbers of the messages in the order in which the server showed them.
    seen: Arc<Mutex<Vec<u32>>>,
}

impl Watcher {
    pub(crate) fn new(world: Arc<World>, seen: Arc<Mutex<Vec<u32>>>) -> Self {
        Self { world, seen }
    }

    /// Watches until the task is aborted.
    pub(crate) async fn run(self, reports: mpsc::Sender<Report>) {
        let mut lives = self.world.life.subscribe();
        let mut before = 0;
        loop {
            let life = *lives.wait_for(|life| *life != before).await.unwrap();
            before = life;
            // From the last message as a rule, and everything from time to time.
            let Err(Gone) = self.connection(life % 10 == 0 || life == LAST).await;
            self.world.expect_killed(life);
            let _ = reports.send(Report::default()).await;
        }
    }

    async fn connection(&self, everything: bool) -> Result<std::convert::Infallible, Gone> {
        let mut client = self.world.connect().await?;
        let known = self.seen.lock().unwrap().len();
        let mut at = if everything { 0 } else { known.saturating_sub(1) };
        let last = self.seen.lock().unwrap().get(at).copied().map(message);
        let from = last.filter(|_| !everything).map(|message| message.signature);
        client.machine.request_replay(from.as_deref()).unwrap();
        flush(&mut client).await?;
        loop {
            match event(&mut client).await? {
                Event::ReplayStarted { .. } => {}
                Event::Entry { message: entry, .. } | Event::NewMessage { message: Some(entry), .. } => {
                    self.sees(at, number(&entry));
                    at += 1;
                }
                Event::Synced => assert!(at >= known, "of {known} messages seen {at} are left"),
                other => panic!("{other:?} in a replay"),
            }
        }
    }

    fn sees(&self, at: usize, n: u32) {
        let mut seen = self.seen.lock().unwrap();
        match seen.get(at) {
            Some(before) => assert_eq!(*before, n, "the order changed at place {at}"),
            None => seen.push(n),
        }
    }
}
