//! A server that answers posts as a script says, and remembers everything that clients show it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use cwtch_net::{BoxStream, Deadlines, Network, PlainConnection, SecureConnection};
use cwtch_primitives::token::{IssuerKey, SpentToken};
use cwtch_primitives::{Address, Identity, OsRng};
use cwtch_protocol::app::TokenIssuer;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage};
use cwtch_wire::bundle::KeyBundle;

/// What to do with a post.
#[derive(Debug, Clone, Copy)]
pub enum Answer {
    /// Success false, nothing stored.
    Refuse,
    /// Stored, but success false; the message comes back as a new one.
    StoreAndRefuse,
    /// Stored, but the connection ends before the answer.
    StoreAndHangUp,
    /// Not stored, and the connection ends.
    HangUp,
}

/// What clients have shown and said.
#[derive(Default)]
pub struct Seen {
    /// The identity of each connection.
    pub clients: Vec<Address>,
    /// Every post, in order.
    pub posts: Vec<(SpentToken, EncryptedGroupMessage)>,
    /// What is stored.
    pub log: Vec<EncryptedGroupMessage>,
    /// Payloads that came, answered or not.
    pub payloads: usize,
    /// Says nothing more.
    pub silent: bool,
    /// Says nothing more once it had a post.
    pub silent_after_posts: bool,
    /// Comes as a new message instead of the next replay, then the connection ends.
    pub interruption: Option<EncryptedGroupMessage>,
    answers: VecDeque<Answer>,
}

pub struct FakeServer {
    pub bundle: KeyBundle,
    seen: Arc<Mutex<Seen>>,
}

impl FakeServer {
    /// Starts both services. Posts get these answers in turn, then they are stored. The token service signs
    /// with the bundle's key, unless `issuer` is another one.
    pub async fn start(network: &Arc<dyn Network>, answers: &[Answer], issuer: Option<IssuerKey>) -> Self {
        let (board, tokens) = (Identity::generate(&mut OsRng), Identity::generate(&mut OsRng));
        let key = IssuerKey::generate(&mut OsRng);
        let bundle = KeyBundle::sign(&board, &tokens.address(), key.public());
        let seen =
            Arc::new(Mutex::new(Seen { answers: answers.iter().copied().collect(), ..Seen::default() }));

        let mut listener = network.listen(&tokens).await.unwrap();
        let issuer = issuer.unwrap_or(key);
        tokio::spawn(async move {
            while let Ok(stream) = listener.accept().await {
                tokio::spawn(sell(stream, issuer.clone()));
            }
        });
        let mut listener = network.listen(&board).await.unwrap();
        let shared = seen.clone();
        tokio::spawn(async move {
            while let Ok(stream) = listener.accept().await {
                tokio::spawn(serve(stream, board.clone(), shared.clone()));
            }
        });
        Self { bundle, seen }
    }

    pub fn seen<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap())
    }

    /// Breaks the next replay: this message comes live before its result, then the connection ends.
    pub fn interrupt_next_replay(&self, with: EncryptedGroupMessage) {
        self.seen.lock().unwrap().interruption = Some(with);
    }

    /// Has these entries, too, whoever posted them.
    pub fn show(&self, entries: &[EncryptedGroupMessage]) {
        self.seen.lock().unwrap().log.extend_from_slice(entries);
    }

    /// Forgets the entry at a place, as if it had never been posted.
    pub fn lose(&self, place: usize) {
        self.seen.lock().unwrap().log.remove(place);
    }

    /// The next posts get these answers in turn.
    pub fn script(&self, answers: &[Answer]) {
        self.seen.lock().unwrap().answers.extend(answers);
    }

    /// From now on it says nothing once it had a post; or it speaks again.
    pub fn silent_after_posts(&self, silent: bool) {
        let mut seen = self.seen.lock().unwrap();
        (seen.silent_after_posts, seen.silent) = (silent, false);
    }

    /// From now on it reads and says nothing, as a machine whose network is gone; or it speaks again.
    pub fn set_silent(&self, silent: bool) {
        self.seen.lock().unwrap().silent = silent;
    }
}

pub async fn sell(stream: BoxStream, key: IssuerKey) {
    let mut connection = PlainConnection::new(stream, &Deadlines::default());
    let mut machine = TokenIssuer::new(&mut OsRng);
    loop {
        while let Some(payload) = machine.poll_send() {
            if connection.send(&payload).await.is_err() {
                return;
            }
        }
        let Ok(Some(payload)) = connection.recv().await else { return };
        if machine.handle(&payload, &key, &mut OsRng).is_err() {
            return;
        }
    }
}

async fn serve(stream: BoxStream, board: Identity, seen: Arc<Mutex<Seen>>) {
    let accepted = SecureConnection::accept(stream, &board, &Deadlines::default(), OsRng).await;
    let Ok(mut connection) = accepted else { return };
    seen.lock().unwrap().clients.push(*connection.peer());
    while let Ok(Some(payload)) = connection.recv().await {
        let (out, then) = answer(&payload, &seen);
        for payload in out {
            if connection.send(&payload).await.is_err() {
                return;
            }
        }
        if then == Then::HangUp {
            return;
        }
    }
}

#[derive(PartialEq, Eq)]
enum Then {
    GoOn,
    HangUp,
}

/// What to say to a request.
fn answer(payload: &[u8], seen: &Mutex<Seen>) -> (Vec<Vec<u8>>, Then) {
    let mut seen = seen.lock().unwrap();
    seen.payloads += 1;
    if seen.silent {
        return (Vec::new(), Then::GoOn);
    }
    let new = |message: &EncryptedGroupMessage| ServerMessage::NewMessage(message.clone()).to_json();
    let result = |success| ServerMessage::PostResult { success }.to_json();
    match ClientMessage::from_json(payload).unwrap().unwrap() {
        ClientMessage::Replay { last_commit, .. } => {
            if let Some(message) = seen.interruption.take() {
                seen.log.push(message.clone());
                return (vec![new(&message)], Then::HangUp);
            }
            let from = last_commit
                .and_then(|last| seen.log.iter().position(|entry| entry.signature == last))
                .unwrap_or(0);
            let entries = &seen.log[from..];
            let mut out = vec![ServerMessage::ReplayResult { count: entries.len() as u64 }.to_json()];
            out.extend(entries.iter().map(EncryptedGroupMessage::to_json));
            (out, Then::GoOn)
        }
        ClientMessage::Post { token, message, .. } => {
            seen.posts.push((token.unwrap(), message.clone()));
            seen.silent |= seen.silent_after_posts;
            let answer = seen.answers.pop_front();
            if !matches!(answer, Some(Answer::Refuse | Answer::HangUp)) {
                seen.log.push(message.clone());
            }
            match answer {
                Some(Answer::Refuse) => (vec![result(false)], Then::GoOn),
                Some(Answer::HangUp | Answer::StoreAndHangUp) => (Vec::new(), Then::HangUp),
                Some(Answer::StoreAndRefuse) => (vec![new(&message), result(false)], Then::GoOn),
                None => (vec![result(true), new(&message)], Then::GoOn),
            }
        }
        // It knows no log.
        ClientMessage::LogHead | ClientMessage::LogProof { .. } => (Vec::new(), Then::GoOn),
    }
}
