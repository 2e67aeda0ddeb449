//! A small world: a loopback network, a real server, people with engines, and a member who speaks by hand.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use cwtch_client::api::{
    ApiError, Command, Event, EvidenceInfo, EvidenceText, GroupCreated, GroupInfo, GroupKeys, LogInfo,
    LogNotice, MessageState, RejectInfo, Reply, ServerInfo, ServerPhase, SyncInfo, SyncReport,
};
use cwtch_client::engine::Mode;
use cwtch_client::profile::Profile;
use cwtch_net::{Deadlines, Isolation, Loopback, Network, SecureConnection};
use cwtch_primitives::token::{PendingToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Identity, OsRng};
use cwtch_protocol::app::board_client::{BoardClient, Event as BoardEvent, pay};
use cwtch_server::data_dir::DataDir;
use cwtch_server::keys::ServerKeys;
use cwtch_server::signer::Reading;
use cwtch_server::{Config, Declarations, RunningServer, Server};
use cwtch_wire::board::EncryptedGroupMessage;
use tempfile::TempDir;

use crate::person::HANG;
pub use crate::person::{Person, profile, soon};
use crate::watched::Watched;

/// Waits until something holds, which is looked at again and again.
pub async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    soon(what, async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    })
    .await;
}

/// Waits until something holds without letting a paused clock run by itself.
pub async fn until_busily(what: &str, mut holds: impl FnMut() -> bool) {
    let since = Instant::now();
    while !holds() {
        assert!(since.elapsed() < HANG, "waited in vain for {what}");
        tokio::task::yield_now().await;
    }
}

pub struct World {
    dir: TempDir,
    pub network: Arc<dyn Network>,
}

impl World {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let network: Arc<dyn Network> = Arc::new(Loopback::new(dir.path().join("net")));
        Self { dir, network }
    }

    /// Another way into the same network.
    pub fn watched(&self) -> Arc<Watched> {
        Watched::new(Loopback::new(self.dir.path().join("net")))
    }

    pub fn profile(&self, name: &str) -> Profile {
        profile(self.dir.path(), name)
    }

    /// Where the profile of this name is.
    pub fn profile_dir(&self, name: &str) -> PathBuf {
        cwtch_client::profile::DataDir::open_or_create(self.dir.path().join("data"))
            .unwrap()
            .profile_path(name)
            .unwrap()
    }

    pub fn server_dir(&self) -> PathBuf {
        self.dir.path().join("server")
    }

    /// Starts the server, with the keys and messages that it had before.
    pub async fn server(&self) -> RunningServer {
        Server::start(Config::default(), &self.server_dir(), self.network.clone()).await.unwrap()
    }

    /// The same with an operator who sets or declares something.
    pub async fn server_with(&self, config: Config, declarations: Declarations) -> RunningServer {
        let dir = DataDir::open(&self.server_dir()).unwrap();
        Server::start_in(config, declarations, dir, self.network.clone()).await.unwrap()
    }

    /// The same where a declared start has to wait for the next minute: its clock shows the end of one when it is first
    /// looked at, and is later by so many minutes.
    pub async fn server_soon(&self, declarations: Declarations, minutes: u64) -> RunningServer {
        let dir = DataDir::open(&self.server_dir()).unwrap();
        let back = Arc::new(OnceLock::new());
        let clock = move || {
            let now = Reading::of_system();
            let back = back.get_or_init(|| (now.wall + 1) % 60);
            Reading { wall: now.wall - back + 60 * minutes, ..now }
        };
        Server::start_at(Config::default(), declarations, dir, self.network.clone(), clock).await.unwrap()
    }

    /// An engine with the groups experiment on.
    pub async fn daemon(&self, name: &str) -> Person {
        let person = self.start(name, Mode::Daemon).await;
        person.enable().await;
        person
    }

    /// The same without a daemon.
    pub async fn one_shot(&self, name: &str) -> Person {
        let person = self.start(name, Mode::OneShot).await;
        person.enable().await;
        person
    }

    pub async fn start(&self, name: &str, mode: Mode) -> Person {
        Person::start(profile(self.dir.path(), name), self.network.clone(), mode).await
    }

    /// Tokens made with the server's own key: for members who speak by hand.
    pub fn tokens(&self, count: usize) -> Vec<Token> {
        let issuer = ServerKeys::load(&self.server_dir()).unwrap().issuer;
        let pending: Vec<_> = (0..count).map(|_| PendingToken::generate(&mut OsRng)).collect();
        let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
        let (signed, proof) = issuer.sign_batch(&mut Transcript::new(), &blinded, &mut OsRng).unwrap();
        PendingToken::finish_batch(&mut Transcript::new(), issuer.public(), &pending, &signed, &proof)
            .unwrap()
    }

    /// Posts whatever one likes, as a client that knows nothing but the protocol.
    pub async fn post_by_hand(&self, server: &RunningServer, messages: &[EncryptedGroupMessage]) {
        let board = *server.address();
        let deadlines = Deadlines::default();
        let identity = Identity::generate(&mut OsRng);
        let mut connection =
            SecureConnection::connect(&*self.network, &identity, &board, Isolation::new(), &deadlines, OsRng)
                .await
                .unwrap();
        let mut machine = BoardClient::new(u64::MAX);
        // Tokens come in batches of limited size.
        let tokens = messages.chunks(10).flat_map(|batch| self.tokens(batch.len()));
        for (message, token) in messages.iter().zip(tokens) {
            let spent = pay(token, message, &board);
            let post = machine.post(&spent, message).unwrap();
            connection.send(&machine.poll_send().unwrap()).await.unwrap();
            let answer = loop {
                if let Some(event) = machine.poll_event() {
                    break event;
                }
                let payload = soon("an answer to a post", connection.recv()).await.unwrap().unwrap();
                machine.handle(&payload).unwrap();
            };
            assert_eq!(answer, BoardEvent::PostAnswered { id: post, success: true, log: None });
        }
    }
}

impl Person {
    pub async fn enable(&self) {
        self.call(Command::ExperimentEnable { name: "groups".to_owned() }).await.unwrap();
    }

    pub async fn add_server(&self, server: &str) -> Result<ServerInfo, ApiError> {
        match self.call(Command::ServerAdd { server: server.to_owned() }).await? {
            Reply::Server(server) => Ok(server),
            other => panic!("not a server: {other:?}"),
        }
    }

    pub async fn servers(&self) -> Vec<ServerInfo> {
        match self.call(Command::ServerList).await.unwrap() {
            Reply::Servers(servers) => servers,
            other => panic!("not servers: {other:?}"),
        }
    }

    /// What is known of the only server's log.
    pub async fn log(&self) -> Option<LogInfo> {
        self.servers().await.remove(0).log
    }

    /// Waits until the only server's log is as wanted.
    pub async fn log_until(&self, what: &str, wanted: impl Fn(&LogInfo) -> bool) -> LogInfo {
        soon(what, async {
            loop {
                if let Some(log) = self.log().await.filter(&wanted) {
                    return log;
                }
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
            }
        })
        .await
    }

    /// The next alarm: the server, whether it is proven, the evidence's number.
    pub async fn alarm(&mut self) -> (String, bool, Option<i64>) {
        self.event("an alarm", |event| match event {
            Event::Alarm { server, proven, evidence, detail, advice, .. } => {
                assert!(detail.ends_with('.') && advice.ends_with('.'), "sentences: {detail} {advice}");
                Some((server.clone(), *proven, *evidence))
            }
            _ => None,
        })
        .await
    }

    /// The next notice of this kind; its sentence.
    pub async fn notice(&mut self, wanted: LogNotice) -> String {
        self.event("a notice", |event| match event {
            Event::LogNotice { notice, detail, .. } if *notice == wanted => Some(detail.clone()),
            _ => None,
        })
        .await
    }

    pub async fn evidence(&self) -> Vec<EvidenceInfo> {
        match self.call(Command::EvidenceList).await.unwrap() {
            Reply::EvidenceList(found) => found,
            other => panic!("no evidence: {other:?}"),
        }
    }

    pub async fn evidence_text(&self, id: i64) -> Result<EvidenceText, ApiError> {
        match self.call(Command::EvidenceExport { id }).await? {
            Reply::Evidence(evidence) => Ok(evidence),
            other => panic!("no evidence: {other:?}"),
        }
    }

    pub async fn resume(&self, server: &str) -> Result<ServerInfo, ApiError> {
        match self.call(Command::ServerResume { server: server.to_owned() }).await? {
            Reply::Server(server) => Ok(server),
            other => panic!("not a server: {other:?}"),
        }
    }

    /// Waits until a text stands in a conversation.
    pub async fn reads(&self, with: &str, text: &str) {
        until(text, async || self.texts(with).await.iter().any(|said| said == text)).await;
    }

    pub async fn new_group(&self, name: &str, server: &str) -> Result<GroupCreated, ApiError> {
        self.try_make(name, server, GroupKeys::Static, &[]).await
    }

    /// Makes a group with keys of this kind, whose list has these contacts.
    pub async fn try_make(
        &self,
        name: &str,
        server: &str,
        keys: GroupKeys,
        with: &[&str],
    ) -> Result<GroupCreated, ApiError> {
        let with = with.iter().map(|contact| (*contact).to_owned()).collect();
        let command = Command::GroupNew { name: name.to_owned(), server: server.to_owned(), keys, with };
        match self.call(command).await? {
            Reply::GroupCreated(group) => Ok(group),
            other => panic!("not a group: {other:?}"),
        }
    }

    pub async fn join(&self, invite: &str) -> Result<GroupInfo, ApiError> {
        match self.call(Command::GroupJoin { invite: invite.to_owned() }).await? {
            Reply::Group(group) => Ok(group),
            other => panic!("not a group: {other:?}"),
        }
    }

    pub async fn groups(&self) -> Vec<GroupInfo> {
        match self.call(Command::GroupList).await.unwrap() {
            Reply::Groups(groups) => groups,
            other => panic!("not groups: {other:?}"),
        }
    }

    pub async fn sync(&self) -> Result<SyncInfo, ApiError> {
        match self.call(Command::Sync { group: None }).await? {
            Reply::Synced(SyncReport { received, rejected, .. }) => Ok(SyncInfo { received, rejected }),
            other => panic!("not a sync: {other:?}"),
        }
    }

    pub async fn rejects(&self) -> Vec<RejectInfo> {
        match self.call(Command::Rejects).await.unwrap() {
            Reply::Rejects(rejects) => rejects,
            other => panic!("not rejects: {other:?}"),
        }
    }

    /// The next change of a server's phase to this one; its detail.
    pub async fn phase(&mut self, wanted: ServerPhase) -> Option<String> {
        self.event("a server's phase", |event| match event {
            Event::Server { phase, detail, .. } if *phase == wanted => Some(detail.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until the engine has seen that the network is ready or is not.
    pub async fn until_network(&mut self, ready: bool) {
        self.event("the network", |event| match event {
            Event::Network(info) => (info.ready == ready).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Waits until an own message is in this state.
    pub async fn state(&mut self, message: i64, wanted: MessageState) {
        self.event("a message's state", |event| {
            matches!(event, Event::MessageState { id, state, .. } if *id == message && *state == wanted)
                .then_some(())
        })
        .await;
    }
}
