//! The server's side of one board connection (§1.8), after authentication.

use core::fmt;
use std::collections::VecDeque;
use std::sync::Arc;

use cwtch_primitives::token::SpentToken;
use cwtch_wire::WireError;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage};

/// Posts of one connection that may await their result. A deployed client has one.
pub const MAX_POSTS_IN_FLIGHT: usize = 64;
/// Payloads that may wait to be sent before more are refused, outside of a replay's hold.
pub const MAX_QUEUED: usize = 256;
/// Payloads that are held back while a replay streams.
pub const MAX_HELD: usize = 256;

/// Names a post of this connection until it is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(u64);

/// What the server is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Check the token, store the message durably, then call [`BoardHost::post_answer`].
    Post {
        /// To answer by.
        id: PostId,
        /// The token; `None` if what the client sent cannot be one: answer [`PostAnswer::Refused`].
        token: Option<SpentToken>,
        /// The message. With an empty signature it is not stored: [`PostAnswer::Silent`] if the token is valid.
        message: EncryptedGroupMessage,
    },
    /// Find the messages, call [`BoardHost::replay_result`], then [`BoardHost::replay_entry`] for each.
    Replay {
        /// The signature of the last message that the client has: start with that very message. `None`,
        /// empty, unknown or pruned: everything.
        last_commit: Option<Vec<u8>>,
    },
}

/// What became of a post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PostAnswer {
    /// Durably stored (or was there already).
    Stored,
    /// Invalid or spent token, or it could not be stored.
    Refused,
    /// Valid token, but an empty signature: dropped without an answer, as deployed servers do.
    Silent,
}

/// What became of a live message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// It waits to be sent.
    Queued,
    /// It waits for the end of the replay that is streaming.
    Held,
    /// This client is not synced: it gets live messages only after its first replay.
    NotSynced,
}

/// Why a connection is to be closed, or a call is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardHostError {
    /// Malformed JSON, or a type without its body.
    #[error("the client sent a malformed request: {0}")]
    Malformed(#[source] WireError),
    /// More than [`MAX_POSTS_IN_FLIGHT`] posts; a caller that heeds [`BoardHost::wants_input`] never sees it.
    #[error("the client has too many posts without an answer")]
    TooManyPosts,
    /// A third replay request while one is under way and one waits.
    #[error("the client asked for a replay too often")]
    TooManyReplays,
    /// Too much waits to be sent: the client reads too slowly. Drain first, or close.
    #[error("the client reads too slowly, too much is waiting for it")]
    QueueFull,
    /// A replay call that does not fit the state, or an answer to a post that does not wait: a bug.
    #[error("an answer was given that was not asked for; this is a bug in the server")]
    Misuse,
}

/// One client's connection to the board, as the server.
///
/// Give payloads to [`BoardHost::handle`] while [`BoardHost::wants_input`], do what
/// [`BoardHost::poll_action`] says, send what [`BoardHost::poll_send`] gives. Payloads are shared
/// ([`Arc`]), so that one encoded message goes to a thousand clients.
///
/// A deployed client reads exactly the announced number of bare entries after a replay's result,
/// whatever they are. So while entries are outstanding the machine holds post results and live messages back, at most
/// [`MAX_HELD`], and lets them go behind the last entry. A server that follows its store with a cursor
/// for each client needs no held messages: it calls [`BoardHost::new_message`] only while not
/// [`BoardHost::is_streaming`]. Results of posts leave in the order of the posts, because they carry no ids. One
/// further replay request may wait for the end of the running one; a second such closes the connection.
#[derive(Default)]
pub struct BoardHost {
    replay: Replay,
    waiting_replay: Option<Option<Vec<u8>>>,
    synced: bool,
    posts: VecDeque<(PostId, Option<PostAnswer>)>,
    next_post: u64,
    actions: VecDeque<Action>,
    out: VecDeque<Arc<[u8]>>,
    held: VecDeque<Arc<[u8]>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Replay {
    #[default]
    None,
    Asked,
    Entries {
        remaining: u64,
    },
}

impl BoardHost {
    /// A fresh connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether another payload may be handled now; otherwise leave the client's packets unread until
    /// posts are answered and payloads are sent. This is what bounds a client that posts and does not read.
    pub fn wants_input(&self) -> bool {
        self.posts.len() < MAX_POSTS_IN_FLIGHT && self.out.len() + self.held.len() < MAX_QUEUED
    }

    /// Takes a payload of the client. Unknown message types are ignored.
    ///
    /// # Errors
    /// [`BoardHostError`]; close the connection.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), BoardHostError> {
        match ClientMessage::from_json(payload).map_err(BoardHostError::Malformed)? {
            Some(ClientMessage::Post { token, message, .. }) => {
                if self.posts.len() >= MAX_POSTS_IN_FLIGHT {
                    return Err(BoardHostError::TooManyPosts);
                }
                let id = PostId(self.next_post);
                self.next_post += 1;
                self.posts.push_back((id, None));
                self.actions.push_back(Action::Post { id, token, message });
            }
            Some(ClientMessage::Replay { last_commit, .. }) if self.replay == Replay::None => {
                self.replay = Replay::Asked;
                self.actions.push_back(Action::Replay { last_commit });
            }
            Some(ClientMessage::Replay { last_commit, .. }) => {
                if self.waiting_replay.is_some() {
                    return Err(BoardHostError::TooManyReplays);
                }
                self.waiting_replay = Some(last_commit);
            }
            Some(ClientMessage::LogHead | ClientMessage::LogProof { .. }) | None => {}
        }
        Ok(())
    }

    /// The next thing to do.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// The next payload to send.
    pub fn poll_send(&mut self) -> Option<Arc<[u8]>> {
        self.out.pop_front()
    }

    /// How many payloads wait to be sent; stop adding entries of a replay at [`MAX_QUEUED`].
    pub fn queued(&self) -> usize {
        self.out.len()
    }

    /// Whether the client completed a replay and so gets live messages.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// Whether entries of an announced replay are outstanding.
    pub fn is_streaming(&self) -> bool {
        matches!(self.replay, Replay::Entries { .. })
    }

    /// Answers a post, in any order; the results leave in the order of the posts.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] for a post that does not wait for an answer.
    pub fn post_answer(&mut self, id: PostId, answer: PostAnswer) -> Result<(), BoardHostError> {
        let post = self.posts.iter_mut().find(|(post, answered)| *post == id && answered.is_none());
        post.ok_or(BoardHostError::Misuse)?.1 = Some(answer);
        while let Some((_, Some(answer))) = self.posts.front() {
            let success = match answer {
                PostAnswer::Stored => Some(true),
                PostAnswer::Refused => Some(false),
                PostAnswer::Silent => None,
            };
            self.posts.pop_front();
            if let Some(success) = success {
                // No limit here: the number of posts in flight is the limit.
                self.queue(post_result(success));
            }
        }
        Ok(())
    }

    /// Announces the asked-for replay of `count` entries.
    ///
    /// # Errors
    /// [`BoardHostError::Misuse`] if none was asked for.
    pub fn replay_result(&mut self, count: u64) -> Result<(), BoardHostError> {
        if self.replay != Replay::Asked {
            return Err(BoardHostError::Misuse);
        }
        self.out.push_back(ServerMessage::ReplayResult { count }.to_json().into());
        self.entries_left(count);
        Ok(())
    }

    /// Adds an entry of the announced replay ([`entry`]).
    ///
    /// # Errors
    /// [`BoardHostError::QueueFull`]: send first; the entry was not taken. [`BoardHostError::Misuse`]
    /// if no entry is outstanding.
    pub fn replay_entry(&mut self, entry: Arc<[u8]>) -> Result<(), BoardHostError> {
        let Replay::Entries { remaining } = self.replay else {
            return Err(BoardHostError::Misuse);
        };
        if self.out.len() >= MAX_QUEUED {
            return Err(BoardHostError::QueueFull);
        }
        self.out.push_back(entry);
        self.entries_left(remaining - 1);
        Ok(())
    }

    fn entries_left(&mut self, remaining: u64) {
        if remaining > 0 {
            self.replay = Replay::Entries { remaining };
            return;
        }
        self.replay = Replay::None;
        self.synced = true;
        self.out.append(&mut self.held);
        if let Some(last_commit) = self.waiting_replay.take() {
            self.replay = Replay::Asked;
            self.actions.push_back(Action::Replay { last_commit });
        }
    }

    /// Passes a live message on ([`new_message`]), if the client is synced.
    ///
    /// # Errors
    /// [`BoardHostError::QueueFull`]: the client reads too slowly; close the connection.
    pub fn new_message(&mut self, message: Arc<[u8]>) -> Result<Delivery, BoardHostError> {
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

    fn queue(&mut self, payload: Arc<[u8]>) {
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

/// An entry of a replay, encoded.
pub fn entry(message: &EncryptedGroupMessage) -> Arc<[u8]> {
    message.to_json().into()
}

/// A live message, encoded once for every client.
pub fn new_message(message: EncryptedGroupMessage) -> Arc<[u8]> {
    ServerMessage::NewMessage(message).to_json().into()
}

fn post_result(success: bool) -> Arc<[u8]> {
    ServerMessage::PostResult { success }.to_json().into()
}
