//! A server in this process over a private loopback network, and clients made of the protocol's own machines.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by several test programs, each of which uses a part; a test that fails may panic"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use cwtch_log::object::CheckpointBytes;
use cwtch_log::tree::CompactRange;
use cwtch_log::{BOUNDARY, Certificate, Checkpoint, EntryId, Retain};
use cwtch_net::{ConnError, Deadlines, Isolation, Loopback, Network, SecureConnection};
use cwtch_primitives::token::{IssuerKey, PendingToken, SpentToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_protocol::app::board_client::{BoardClient, Event, pay};
use cwtch_server::keys::ServerKeys;
use cwtch_server::store::{NewEntry, NewPost, SqliteStore, Store};
use cwtch_server::{Config, RunningServer, Server};
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, HeadLog, PostLog, ReplayLog, ServerMessage};

/// The longest wait for anything: nothing here takes long, so a test that waits longer has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The directories of a server and its network.
pub(crate) struct Place {
    dir: tempfile::TempDir,
    pub(crate) network: Arc<dyn Network>,
}

impl Place {
    pub(crate) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let network = Arc::new(Loopback::new(dir.path().join("net")));
        Self { dir, network }
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    pub(crate) fn net(&self) -> PathBuf {
        self.dir.path().join("net")
    }

    pub(crate) async fn start(&self, config: Config) -> TestServer {
        let server = Server::start(config, &self.data(), Arc::clone(&self.network)).await.unwrap();
        let issuer = ServerKeys::load(&self.data()).unwrap().issuer;
        TestServer { server, issuer, network: Arc::clone(&self.network) }
    }

    /// Puts messages numbered from 0 into the database before a server runs.
    pub(crate) fn fill(&self, count: u32) {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().mode(0o700).create(self.data()).unwrap();
        let keys = ServerKeys::load_or_create(&self.data(), false, &mut OsRng).unwrap();
        let path = self.data().join(SqliteStore::FILE);
        let store = SqliteStore::open(&path, keys.board.address().as_bytes(), None).unwrap();
        let posts: Vec<_> = (0..count)
            .map(|n| {
                let EncryptedGroupMessage { ciphertext, signature } = message(n);
                let mut token = [0xee; 32];
                token[..4].copy_from_slice(&n.to_be_bytes());
                NewPost { token, entry: Some(NewEntry::new(signature, ciphertext)) }
            })
            .collect();
        store.writer().unwrap().commit(&posts).unwrap();
    }
}

pub(crate) struct TestServer {
    pub(crate) server: RunningServer,
    issuer: IssuerKey,
    network: Arc<dyn Network>,
}

impl TestServer {
    pub(crate) fn address(&self) -> Address {
        *self.server.address()
    }

    pub(crate) fn tokens(&self, count: usize) -> Vec<Token> {
        mint(&self.issuer, count)
    }

    pub(crate) fn pay(&self, message: &EncryptedGroupMessage) -> SpentToken {
        pay(self.tokens(1).pop().unwrap(), message, &self.address())
    }

    pub(crate) async fn try_connect(&self) -> Result<Client, ConnError> {
        connect(&*self.network, &self.address()).await
    }

    pub(crate) async fn connect(&self) -> Client {
        self.try_connect().await.unwrap()
    }

    /// Connects a client that has everything up to now.
    pub(crate) async fn synced(&self) -> Client {
        let mut client = self.connect().await;
        client.replay(None).await;
        client
    }

    /// Waits until a condition of the counters holds.
    pub(crate) async fn until(&self, holds: impl Fn(&cwtch_server::StatsSnapshot) -> bool) {
        let polling = async {
            while !holds(&self.server.stats()) {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let patient = tokio::time::timeout(PATIENCE, polling).await;
        assert!(patient.is_ok(), "still {:?}", self.server.stats());
    }
}

/// Connects to a server as a stranger.
pub(crate) async fn connect(network: &dyn Network, server: &Address) -> Result<Client, ConnError> {
    let identity = Identity::generate(&mut OsRng);
    let deadlines = Deadlines::all(PATIENCE);
    let conn =
        SecureConnection::connect(network, &identity, server, Isolation::new(), &deadlines, OsRng).await?;
    Ok(Client { conn, machine: BoardClient::new(u64::MAX) })
}

/// Unspent tokens, made with a server's own key.
pub(crate) fn mint(issuer: &IssuerKey, count: usize) -> Vec<Token> {
    let mut tokens = Vec::new();
    while tokens.len() < count {
        let pending: Vec<_> =
            (0..(count - tokens.len()).min(10)).map(|_| PendingToken::generate(&mut OsRng)).collect();
        let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
        let (signed, proof) = issuer.sign_batch(&mut Transcript::new(), &blinded, &mut OsRng).unwrap();
        let public = issuer.public();
        tokens.extend(
            PendingToken::finish_batch(&mut Transcript::new(), public, &pending, &signed, &proof).unwrap(),
        );
    }
    tokens
}

/// A message as good as any other for a server, which cannot read it.
pub(crate) fn message(n: u32) -> EncryptedGroupMessage {
    EncryptedGroupMessage { ciphertext: format!("ciphertext {n}").into_bytes(), signature: signature(n) }
}

pub(crate) fn signature(n: u32) -> Vec<u8> {
    format!("signature {n}").into_bytes()
}

pub(crate) struct Client {
    pub(crate) conn: SecureConnection,
    pub(crate) machine: BoardClient,
}

impl Client {
    /// Sends what the machine wants to be sent.
    pub(crate) async fn flush(&mut self) {
        while let Some(payload) = self.machine.poll_send() {
            self.conn.send(&payload).await.unwrap();
        }
    }

    pub(crate) async fn event(&mut self) -> Event {
        loop {
            if let Some(event) = self.machine.poll_event() {
                return event;
            }
            let payload = self.payload().await.expect("the server closed the connection");
            self.machine.handle(&payload).unwrap();
        }
    }

    /// Receives the next payload; `None` if the server closed.
    pub(crate) async fn payload(&mut self) -> Option<Vec<u8>> {
        match tokio::time::timeout(PATIENCE, self.conn.recv()).await.expect("the server says nothing") {
            Ok(payload) => payload,
            Err(ConnError::Io { .. } | ConnError::Truncated) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends a request as bytes.
    pub(crate) async fn raw(&mut self, payload: &[u8]) {
        self.conn.send(payload).await.unwrap();
    }

    pub(crate) async fn raw_post(&mut self, token: SpentToken, message: EncryptedGroupMessage) {
        self.raw(&ClientMessage::Post { token: Some(token), message, log: false }.to_json()).await;
    }

    pub(crate) async fn message(&mut self) -> ServerMessage {
        let payload = self.payload().await.expect("the server closed the connection");
        ServerMessage::from_json(&payload).unwrap().unwrap()
    }

    /// Replays and returns the entries.
    pub(crate) async fn replay(&mut self, last_commit: Option<&[u8]>) -> Vec<EncryptedGroupMessage> {
        self.machine.request_replay(last_commit).unwrap();
        self.flush().await;
        let mut entries = Vec::new();
        loop {
            match self.event().await {
                Event::ReplayStarted { .. } => {}
                Event::Entry { message, .. } => entries.push(message),
                Event::Synced => return entries,
                other => panic!("{other:?} during a replay"),
            }
        }
    }

    /// Posts and waits for the answer; new messages that come before it are dropped.
    pub(crate) async fn post(&mut self, token: &SpentToken, message: &EncryptedGroupMessage) -> bool {
        let post = self.machine.post(token, message).unwrap();
        self.flush().await;
        loop {
            match self.event().await {
                Event::PostAnswered { id, success, .. } => {
                    assert_eq!(id, post);
                    return success;
                }
                Event::NewMessage { .. } => {}
                other => panic!("{other:?} while waiting for an answer"),
            }
        }
    }

    /// Asks for the log from an index on and returns what the server says of it, and the stream.
    pub(crate) async fn replay_log(&mut self, from: u64) -> LogView {
        self.machine.request_log_replay(from, None).unwrap();
        self.flush().await;
        let (count, log) = loop {
            match self.event().await {
                Event::ReplayStarted { count, log } => break (count, log.expect("the server has a log")),
                // Live messages from before.
                Event::NewMessage { .. } => {}
                other => panic!("{other:?} instead of a replay"),
            }
        };
        let (mut entries, mut marks) = (Vec::new(), Vec::new());
        loop {
            match self.event().await {
                Event::Entry { message, .. } => entries.push(message),
                Event::Boundary { size, checkpoint } => marks.push((size, *checkpoint)),
                Event::Synced => break,
                other => panic!("{other:?} during a replay"),
            }
        }
        assert_eq!(entries.len() as u64, count);
        LogView { log: *log, entries, marks }
    }

    /// Posts and waits for the answer with what the log says.
    pub(crate) async fn post_for_receipt(
        &mut self,
        token: &SpentToken,
        message: &EncryptedGroupMessage,
    ) -> Option<PostLog> {
        self.machine.post_for_receipt(token, message).unwrap();
        self.flush().await;
        loop {
            match self.event().await {
                Event::PostAnswered { log, .. } => return log,
                Event::NewMessage { .. } => {}
                other => panic!("{other:?} while waiting for an answer"),
            }
        }
    }

    /// Asks for the newest statements of the log.
    pub(crate) async fn head(&mut self) -> HeadLog {
        self.machine.request_head().unwrap();
        self.flush().await;
        loop {
            match self.event().await {
                Event::Head(head) => return *head,
                Event::NewMessage { .. } => {}
                other => panic!("{other:?} instead of a head"),
            }
        }
    }

    pub(crate) async fn new_message(&mut self) -> EncryptedGroupMessage {
        match self.event().await {
            Event::NewMessage { message: Some(message), .. } => message,
            other => panic!("{other:?} instead of a new message"),
        }
    }
}

/// A replay of the log.
pub(crate) struct LogView {
    pub(crate) log: ReplayLog,
    pub(crate) entries: Vec<EncryptedGroupMessage>,
    /// Boundary checkpoints with their sizes.
    pub(crate) marks: Vec<(u64, CheckpointBytes)>,
}

impl LogView {
    /// Folds the stream like a client that knows nothing yet: everything must lead to the checkpoint. Returns the
    /// certificate and the checkpoint, verified.
    pub(crate) fn verify(&self, server: &Address) -> (Certificate, Checkpoint) {
        let certificates = &self.log.certificates;
        let certificate = Certificate::from_bytes(&certificates.current, server).unwrap();
        let start = self.log.start.as_ref().unwrap();
        let checkpoint = Checkpoint::from_bytes(&start.checkpoint, &certificate).unwrap();
        let mut range = match &start.skipped {
            Some(skipped) => CompactRange::from_bytes(start.from, &skipped.frontier).unwrap(),
            None => CompactRange::new(),
        };
        if let Some(retain) = &start.retain {
            let retain = Retain::from_bytes(retain, &certificate).unwrap();
            assert!(start.skipped.is_none() || *retain.root() == range.root());
        }
        assert_eq!(range.size(), start.from);
        let mut marks = self.marks.iter();
        for entry in &self.entries {
            range.push(EntryId::of(&entry.signature, &entry.ciphertext).leaf());
            if range.size().is_multiple_of(BOUNDARY) {
                let (size, mark) = marks.next().unwrap();
                let mark = Checkpoint::from_bytes(mark, &certificate).unwrap();
                assert!(mark.is_boundary());
                assert_eq!((mark.size(), *size, mark.root()), (range.size(), range.size(), &range.root()));
            }
        }
        assert!(marks.next().is_none());
        assert_eq!((checkpoint.size(), checkpoint.root()), (range.size(), &range.root()));
        (certificate, checkpoint)
    }
}

pub(crate) fn is_empty(dir: &Path) -> bool {
    std::fs::read_dir(dir).map_or(true, |mut entries| entries.next().is_none())
}
