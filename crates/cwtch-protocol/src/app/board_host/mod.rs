//! The server's side of one board connection (§1.8, and section 5 of `docs/verifiable-log.md`), after
//! authentication.

mod action;
mod error;

use core::fmt;
use std::collections::VecDeque;

use bytes::Bytes;
use cwtch_wire::board::{
    ClientMessage, EncryptedGroupMessage, HeadLog, LiveLog, MessageRef, ReplayLog, ServerMessage,
    live_payloads,
};

pub use action::{Action, Delivery, PostAnswer};
pub use error::BoardHostError;

/// Number of posts of one connection that may await their result. A deployed client has one.
pub const MAX_POSTS_IN_FLIGHT: usize = 64;
/// Number of payloads that may wait to be sent before more are refused, apart from those held during a replay.
pub const MAX_QUEUED: usize = 256;
/// Number of payloads that may be held back while a replay streams.
pub const MAX_HELD: usize = 256;
/// Number of LogHeads of one connection that are answered; further ones are ignored. A client needs one.
pub const MAX_HEADS: usize = 8;
/// Number of LogProofs of one connection that are answered; further ones are ignored.
pub const MAX_PROOFS: usize = 32;

/// The name of a post of this connection until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(u64);

/// One client's connection to the board, as the server.
///
/// Give payloads to [`BoardHost::handle`] while [`BoardHost::wants_input`], do what
/// [`BoardHost::poll_action`] says, send what [`BoardHost::poll_send`] gives. Payloads are shared
/// ([`Bytes`]), so that one encoded message goes to a thousand clients.
///
/// A deployed client reads exactly the announced number of bare entries after a replay's result, whatever they are.
/// So while entries are outstanding, the machine holds post results and live messages back, at most [`MAX_HELD`], and
/// sends them after the last entry. A server that follows its store with a cursor for each client needs no held
/// messages: it calls [`BoardHost::new_message`] only while not [`BoardHost::is_streaming`]. Nobody counts the
/// packets of a log's stream; the caller says when they end. Live messages have another form for clients that read
/// the log ([`BoardHost::speaks_log`]). Results of posts leave in the order of the posts, because they carry no ids.
/// One further replay request may wait for the end of the running one; another one closes the connection.
#[derive(Default)]
pub struct BoardHost {
    replay: Sending,
    waiting_replay: Option<Request>,
    synced: bool,
    speaks_log: bool,
    posts: VecDeque<Post>,
    next_post: u64,
    actions: VecDeque<Action>,
    out: VecDeque<Bytes>,
    held: VecDeque<Bytes>,
    heads: Answers,
    proofs: Answers,
}

/// A replay that a client asked for.
struct Request {
    last_commit: Option<Vec<u8>>,
    log: Option<u64>,
}

/// A post that was not answered, or whose turn to be answered has not come.
struct Post {
    id: PostId,
    log: bool,
    answer: Option<PostAnswer>,
}

/// Counts of the questions of a kind: those that are answered or to be answered, and those of them that are still
/// open.
#[derive(Debug, Clone, Copy, Default)]
struct Answers {
    asked: usize,
    open: usize,
}

impl Answers {
    /// Counts one more question; true if it is to be answered.
    fn ask(&mut self, limit: usize) -> bool {
        let answered = self.asked < limit;
        if answered {
            self.asked += 1;
            self.open += 1;
        }
        answered
    }

    fn answer(&mut self) -> Result<(), BoardHostError> {
        self.open = self.open.checked_sub(1).ok_or(BoardHostError::Misuse)?;
        Ok(())
    }
}

/// The replay that a host sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Sending {
    #[default]
    None,
    Asked {
        log: bool,
    },
    Entries {
        remaining: u64,
    },
    Packets,
}

impl BoardHost {
    /// The host of a fresh connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// True if another payload may be handled now; otherwise leave the client's packets unread until posts are
    /// answered and payloads are sent. This bounds a client that posts and does not read.
    pub fn wants_input(&self) -> bool {
        self.posts.len() < MAX_POSTS_IN_FLIGHT && self.out.len() + self.held.len() < MAX_QUEUED
    }

    /// Takes a payload of the client. Unknown message types are ignored.
    ///
    /// # Errors
    /// [`BoardHostError`]; close the connection.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), BoardHostError> {
        match ClientMessage::from_json(payload).map_err(BoardHostError::Malformed)? {
            Some(ClientMessage::Post { token, message, log }) => {
                if self.posts.len() >= MAX_POSTS_IN_FLIGHT {
                    return Err(BoardHostError::TooManyPosts);
                }
                let id = PostId(self.next_post);
                self.next_post += 1;
                self.posts.push_back(Post { id, log, answer: None });
                self.actions.push_back(Action::Post { id, token, message, log });
            }
            Some(ClientMessage::Replay { last_commit, log }) => {
                let request = Request { last_commit, log };
                if self.replay == Sending::None {
                    self.begin(request);
                } else if self.waiting_replay.is_none() {
                    self.waiting_replay = Some(request);
                } else {
                    return Err(BoardHostError::TooManyReplays);
                }
            }
            Some(ClientMessage::LogHead) if self.heads.ask(MAX_HEADS) => {
                self.actions.push_back(Action::LogHead);
            }
            Some(ClientMessage::LogProof { from, size }) if self.proofs.ask(MAX_PROOFS) => {
                self.actions.push_back(Action::LogProof { from, size });
            }
            Some(ClientMessage::LogHead | ClientMessage::LogProof { .. }) | None => {}
        }
        Ok(())
    }

    fn begin(&mut self, Request { last_commit, log }: Request) {
        self.replay = Sending::Asked { log: log.is_some() };
        self.actions.push_back(match log {
            Some(from) => Action::LogReplay { from, last_commit },
            None => Action::Replay { last_commit },
        });
    }

    /// The next action.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next payload to send.
    pub fn poll_send(&mut self) -> Option<Bytes> {
        self.out.pop_front()
    }

    /// Number of payloads that wait to be sent; stop adding to a replay at [`MAX_QUEUED`].
    pub fn queued(&self) -> usize {
        self.out.len()
    }

    /// True if the client completed a replay and so gets live messages.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// True if the client's newest replay was one of the log, which decides the form of its live messages.
    pub fn speaks_log(&self) -> bool {
        self.speaks_log
    }

    /// True if entries of an announced replay are outstanding.
    pub fn is_streaming(&self) -> bool {
        matches!(self.replay, Sending::Entries { .. } | Sending::Packets)
    }

    /// Answers a post, in any order; the results leave in the order of the posts.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] for a post that does not wait for an answer.
    pub fn post_answer(&mut self, id: PostId, answer: PostAnswer) -> Result<(), BoardHostError> {
        let waits = |post: &&mut Post| post.id == id && post.answer.is_none();
        self.posts.iter_mut().find(waits).ok_or(BoardHostError::Misuse)?.answer = Some(answer);
        while let Some(Post { answer: Some(_), .. }) = self.posts.front() {
            let Some(Post { log, answer: Some(answer), .. }) = self.posts.pop_front() else { break };
            let result = match answer {
                PostAnswer::Stored => ServerMessage::PostResult { success: true },
                PostAnswer::Refused => ServerMessage::PostResult { success: false },
                PostAnswer::Silent => continue,
                PostAnswer::Log(answer) if log => ServerMessage::LogPostResult(answer),
                PostAnswer::Log(answer) => ServerMessage::PostResult { success: answer.success() },
            };
            // No limit here: the number of posts in flight is the limit.
            self.queue(result.to_json().into());
        }
        Ok(())
    }

    /// Announces the asked-for replay of `count` entries in their deployed form.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] if none was asked for.
    pub fn replay_result(&mut self, count: u64) -> Result<(), BoardHostError> {
        if !matches!(self.replay, Sending::Asked { .. }) {
            return Err(BoardHostError::Misuse);
        }
        self.speaks_log = false;
        self.out.push_back(ServerMessage::ReplayResult { count }.to_json().into());
        self.entries_left(count);
        Ok(())
    }

    /// Adds an entry of the announced replay ([`entry`]).
    ///
    /// # Errors
    /// [`BoardHostError::QueueFull`]: send first; the entry was not taken. [`BoardHostError::Misuse`]
    /// if no entry is outstanding.
    pub fn replay_entry(&mut self, entry: Bytes) -> Result<(), BoardHostError> {
        let Sending::Entries { remaining } = self.replay else {
            return Err(BoardHostError::Misuse);
        };
        if self.out.len() >= MAX_QUEUED {
            return Err(BoardHostError::QueueFull);
        }
        self.out.push_back(entry);
        self.entries_left(remaining - 1);
        Ok(())
    }

    /// Announces the asked-for replay of `count` entries of the log. If `log` says that there is none any more, the
    /// entries follow in their deployed form, otherwise as a stream; one of no entries is over at once.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] if no replay of the log was asked for.
    pub fn log_replay_result(&mut self, count: u64, log: ReplayLog) -> Result<(), BoardHostError> {
        if self.replay != (Sending::Asked { log: true }) {
            return Err(BoardHostError::Misuse);
        }
        let streams = log.start.is_some();
        self.speaks_log = streams;
        self.out.push_back(ServerMessage::LogReplayResult { count, log: Box::new(log) }.to_json().into());
        if streams && count > 0 {
            self.replay = Sending::Packets;
        } else {
            self.entries_left(count);
        }
        Ok(())
    }

    /// Adds a payload of the announced stream.
    ///
    /// # Errors
    /// [`BoardHostError::QueueFull`]: send first; the payload was not taken. [`BoardHostError::Misuse`] if no
    /// stream is under way.
    pub fn replay_packet(&mut self, payload: Bytes) -> Result<(), BoardHostError> {
        if self.replay != Sending::Packets {
            return Err(BoardHostError::Misuse);
        }
        if self.out.len() >= MAX_QUEUED {
            return Err(BoardHostError::QueueFull);
        }
        self.out.push_back(payload);
        Ok(())
    }

    /// Ends the stream, once all of it was given.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] if no stream is under way.
    pub fn replay_end(&mut self) -> Result<(), BoardHostError> {
        if self.replay != Sending::Packets {
            return Err(BoardHostError::Misuse);
        }
        self.finished();
        Ok(())
    }

    fn entries_left(&mut self, remaining: u64) {
        if remaining > 0 {
            self.replay = Sending::Entries { remaining };
        } else {
            self.finished();
        }
    }

    fn finished(&mut self) {
        self.replay = Sending::None;
        self.synced = true;
        self.out.append(&mut self.held);
        if let Some(request) = self.waiting_replay.take() {
            self.begin(request);
        }
    }

    /// Answers a LogHead.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] if none waits for an answer.
    pub fn log_head(&mut self, head: HeadLog) -> Result<(), BoardHostError> {
        self.heads.answer()?;
        // No limit here nor below: the number of questions is the limit.
        self.queue(ServerMessage::LogHead(Box::new(head)).to_json().into());
        Ok(())
    }

    /// Answers a LogProof with the hashes of the proof, one after the other.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] if none waits for an answer.
    pub fn log_proof(&mut self, from: u64, size: u64, proof: Vec<u8>) -> Result<(), BoardHostError> {
        self.proofs.answer()?;
        self.queue(ServerMessage::LogProof { from, size, proof }.to_json().into());
        Ok(())
    }

    /// Passes a live message on, if the client is synced. The payload comes from [`new_message`], or from
    /// [`log_message`] if the client [speaks of the log](BoardHost::speaks_log).
    ///
    /// # Errors
    /// [`BoardHostError::QueueFull`]: the client reads too slowly; close the connection.
    pub fn new_message(&mut self, message: Bytes) -> Result<Delivery, BoardHostError> {
        if !self.synced {
            return Ok(Delivery::NotSynced);
        }
        let streaming = self.is_streaming();
        let full = if streaming { self.held.len() >= MAX_HELD } else { self.out.len() >= MAX_QUEUED };
        if full {
            return Err(BoardHostError::QueueFull);
        }
        self.queue(message);
        Ok(if streaming { Delivery::Held } else { Delivery::Queued })
    }

    fn queue(&mut self, payload: Bytes) {
        if self.is_streaming() { self.held.push_back(payload) } else { self.out.push_back(payload) }
    }
}

impl fmt::Debug for BoardHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoardHost")
            .field("replay", &self.replay)
            .field("synced", &self.synced)
            .field("posts", &self.posts.len())
            .field("queued", &self.out.len())
            .finish_non_exhaustive()
    }
}

/// Encodes an entry of a replay.
pub fn entry(message: &EncryptedGroupMessage) -> Bytes {
    message.to_json().into()
}

/// Encodes a live message, once for every client.
pub fn new_message(message: EncryptedGroupMessage) -> Bytes {
    ServerMessage::NewMessage(message).to_json().into()
}

/// Encodes a live message for clients that read the log, once for all of them: one payload, or two, to be given to
/// [`BoardHost::new_message`] in this order.
pub fn log_message(message: MessageRef<'_>, log: &LiveLog) -> (Bytes, Option<Bytes>) {
    let payloads = live_payloads(message, log);
    (payloads.first.into(), payloads.notice.map(Bytes::from))
}
