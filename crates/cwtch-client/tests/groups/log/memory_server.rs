//! A server whose log is in memory: what it shows is the test's choice.

use std::sync::{Arc, Mutex};

use cwtch_log::tree::consistency_proof;
use cwtch_net::{BoxStream, Deadlines, Network, SecureConnection};
use cwtch_primitives::token::IssuerKey;
use cwtch_primitives::{Identity, OsRng};
use cwtch_testkit::log::{HonestLog, Reply, ServerKeys};
use cwtch_testkit::malice::Forger;
use cwtch_wire::board::{ClientMessage, PostLog, ServerMessage};
use cwtch_wire::bundle::KeyBundle;

use crate::fake_server;

/// What the server shows, and what it was asked.
pub struct State {
    /// The log that is shown to whoever asks for a replay, and that takes posts.
    pub log: HonestLog,
    /// What strangers are shown who ask for a head only; the same if absent.
    pub other: Option<HonestLog>,
    /// Unix seconds.
    pub now: u64,
    /// The chain of every reply is certificates of this one, which has the same keys.
    pub forger: Option<Forger>,
    /// Posts are answered without a receipt.
    pub no_receipts: bool,
    /// Posts are refused.
    pub refuses: bool,
    /// Nothing is said about a log.
    pub legacy: bool,
    /// The heads that were asked for, and whether the same connection had asked for anything before.
    pub heads: Vec<bool>,
    /// Requests wait for their answer.
    pub held: bool,
    /// Requests that came, answered or not.
    pub asked: usize,
    /// The `from` and whether a LastCommit was in each replay request.
    pub replays: Vec<(Option<u64>, bool)>,
    /// Connections that came.
    pub connections: usize,
    /// Everything that was said: on which connection, which kind of message, and its length.
    pub said: Vec<(usize, &'static str, usize)>,
}

/// A running server.
pub struct MemoryServer {
    pub bundle: KeyBundle,
    state: Arc<Mutex<State>>,
}

impl MemoryServer {
    /// Starts both services.
    pub async fn start(network: &Arc<dyn Network>, keys: ServerKeys, log: HonestLog, now: u64) -> Self {
        let board = keys.identity().clone();
        let (tokens, key) = (Identity::generate(&mut OsRng), IssuerKey::generate(&mut OsRng));
        let bundle = KeyBundle::sign(&board, &tokens.address(), key.public());
        let state = State {
            log,
            other: None,
            now,
            forger: None,
            no_receipts: false,
            refuses: false,
            legacy: false,
            heads: Vec::new(),
            held: false,
            asked: 0,
            replays: Vec::new(),
            connections: 0,
            said: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let mut listener = network.listen(&tokens).await.unwrap();
        tokio::spawn(async move {
            while let Ok(stream) = listener.accept().await {
                tokio::spawn(fake_server::sell(stream, key.clone()));
            }
        });
        let mut listener = network.listen(&board).await.unwrap();
        let shared = state.clone();
        tokio::spawn(async move {
            while let Ok(stream) = listener.accept().await {
                tokio::spawn(serve(stream, board.clone(), shared.clone()));
            }
        });
        Self { bundle, state }
    }

    pub fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.state.lock().unwrap())
    }
}

async fn serve(stream: BoxStream, board: Identity, state: Arc<Mutex<State>>) {
    let accepted = SecureConnection::accept(stream, &board, &Deadlines::default(), OsRng).await;
    let Ok(mut connection) = accepted else { return };
    let mut asked = false;
    let number = {
        let mut state = state.lock().unwrap();
        state.connections += 1;
        state.connections
    };
    while let Ok(Some(payload)) = connection.recv().await {
        state.lock().unwrap().asked += 1;
        while state.lock().unwrap().held {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        for payload in answer(&payload, &state, number, asked) {
            if connection.send(&payload).await.is_err() {
                return;
            }
        }
        asked = true;
    }
}

fn answer(payload: &[u8], state: &Mutex<State>, connection: usize, asked: bool) -> Vec<Vec<u8>> {
    let mut state = state.lock().unwrap();
    let now = state.now;
    let message = ClientMessage::from_json(payload).unwrap().unwrap();
    let kind = match &message {
        ClientMessage::Replay { .. } => "replay",
        ClientMessage::Post { .. } => "post",
        ClientMessage::LogHead => "head",
        ClientMessage::LogProof { .. } => "proof",
    };
    state.said.push((connection, kind, payload.len()));
    match message {
        ClientMessage::Replay { last_commit, log } => {
            state.replays.push((log, last_commit.is_some()));
            match log.filter(|_| !state.legacy) {
                Some(from) => {
                    let mut reply = state.log.reply(from);
                    if let Some(forger) = &mut state.forger {
                        reply.log.certificates.earlier = forger.chain();
                    }
                    replay(&reply)
                }
                None => vec![ServerMessage::ReplayResult { count: 0 }.to_json()],
            }
        }
        ClientMessage::Post { .. } if state.refuses => {
            vec![ServerMessage::PostResult { success: false }.to_json()]
        }
        ClientMessage::Post { message, log, .. } => {
            let appended = state.log.commit(now, &[message]);
            let [answer] = <[PostLog; 1]>::try_from(appended.answers).unwrap();
            let answer = if log && !state.no_receipts {
                ServerMessage::LogPostResult(answer)
            } else {
                ServerMessage::PostResult { success: answer.success() }
            };
            let live = appended.live.into_iter().map(|live| {
                ServerMessage::LogNewMessage { message: Some(live.message), log: Box::new(live.log) }
                    .to_json()
            });
            std::iter::once(answer.to_json()).chain(live).collect()
        }
        ClientMessage::LogHead => {
            state.heads.push(asked);
            let shown = state.other.as_ref().filter(|_| !asked).unwrap_or(&state.log);
            vec![ServerMessage::LogHead(Box::new(shown.head())).to_json()]
        }
        ClientMessage::LogProof { from, size } => {
            let proof = consistency_proof(&mut state.log.tree(), from, size).unwrap().concat();
            vec![ServerMessage::LogProof { from, size, proof }.to_json()]
        }
    }
}

fn replay(reply: &Reply) -> Vec<Vec<u8>> {
    let header = ServerMessage::LogReplayResult { count: reply.count, log: Box::new(reply.log.clone()) };
    std::iter::once(header.to_json()).chain(reply.payloads()).collect()
}
