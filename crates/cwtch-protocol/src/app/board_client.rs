//! A client of a board (§1.8), after authentication.

use core::fmt;
use std::collections::VecDeque;

use cwtch_primitives::Address;
use cwtch_primitives::token::{SpentToken, Token};
use cwtch_wire::WireError;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage, spend_data};
use cwtch_wire::packet::SEALED_MAX;

/// Posts of one connection that may await their result at a time.
pub const MAX_POSTS_IN_FLIGHT: usize = 64;
/// Events that may wait to be drained; a caller that drains after each payload never has more than two.
pub const MAX_EVENTS: usize = 64;
/// The most entries that a replay may announce if the caller does not know better.
pub const DEFAULT_MAX_REPLAY: u64 = 50_000_000;

/// Names a post of this connection until its answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(u64);

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A replay begins; so many [`Event::Entry`] follow, then [`Event::Synced`].
    ReplayStarted {
        /// How many entries the server announced.
        count: u64,
    },
    /// A stored message. The first is the one that was named in the request, if the server has it.
    Entry(EncryptedGroupMessage),
    /// The replay is complete; from now on new messages come by themselves.
    Synced,
    /// Somebody, perhaps we, posted this just now.
    NewMessage(EncryptedGroupMessage),
    /// The oldest unanswered post was answered.
    PostAnswered {
        /// Which post.
        id: PostId,
        /// Whether the server says that it stored the message. `false`: the token is invalid or spent,
        /// or the server is in trouble.
        success: bool,
    },
}

/// One connection to a board, as a client.
///
/// The server's answers carry no ids: they are matched in order. While the entries of a replay
/// arrive, nothing else may; this is how deployed clients read them, so a server that mixes breaks
/// them too. Unknown message types are ignored elsewhere.
pub struct BoardClient {
    max_replay: u64,
    replay: Replay,
    synced: bool,
    posts: VecDeque<PostId>,
    next_post: u64,
    out: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Replay {
    None,
    Requested,
    Entries { remaining: u64 },
}

/// What is wrong with a server or a request to one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BoardClientError {
    /// The server sent something that cannot be read.
    #[error("the server sent a malformed message: {0}")]
    Malformed(#[source] WireError),
    /// Something else where an entry of the replay must come.
    #[error("the server sent something else in the middle of a replay: {0}")]
    NotAnEntry(#[source] WireError),
    /// A replay that nobody asked for.
    #[error("the server started a replay that nobody asked for")]
    UnsolicitedReplay,
    /// A result without a post.
    #[error("the server answered a post that was not made")]
    UnsolicitedResult,
    /// More entries than the caller allows.
    #[error("the server announced {announced} messages, more than the {limit} that are allowed here")]
    ReplayTooLong {
        /// What it announced.
        announced: u64,
        /// The most allowed.
        limit: u64,
    },
    /// The caller did not drain the events.
    #[error("events are not being read; this is a bug in the program")]
    EventsFull,
    /// The caller asked for a second replay before the first was complete.
    #[error("a replay is under way; wait until it is complete")]
    ReplayUnderWay,
    /// [`MAX_POSTS_IN_FLIGHT`] posts await their answer.
    #[error("too many posts await their answer; wait for one")]
    TooManyPosts,
    /// A message without ciphertext or signature, which servers drop without an answer.
    #[error("a message without ciphertext or signature cannot be posted")]
    Incomplete,
    /// The post does not fit a packet.
    #[error("the message is too large for the server: {bytes} bytes, at most {limit} fit")]
    TooLong {
        /// The request's length in bytes.
        bytes: usize,
        /// What fits, in bytes.
        limit: usize,
    },
}

/// Spends a token on a post. The result is good for this message on this board only; keep it with the
/// message, to be able to send the same post again after a lost connection.
pub fn pay(token: Token, message: &EncryptedGroupMessage, board: &Address) -> SpentToken {
    token.spend(&spend_data(message, board))
}

impl BoardClient {
    /// A fresh connection. A replay of more than `max_replay` entries is refused
    /// ([`DEFAULT_MAX_REPLAY`]).
    pub fn new(max_replay: u64) -> Self {
        Self {
            max_replay,
            replay: Replay::None,
            synced: false,
            posts: VecDeque::new(),
            next_post: 0,
            out: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Asks for every message from the one with this signature on (inclusive), or for all.
    ///
    /// # Errors
    /// [`BoardClientError::ReplayUnderWay`].
    pub fn request_replay(&mut self, last_commit: Option<&[u8]>) -> Result<(), BoardClientError> {
        if self.replay != Replay::None {
            return Err(BoardClientError::ReplayUnderWay);
        }
        self.replay = Replay::Requested;
        let last_commit = last_commit.map(<[u8]>::to_vec);
        self.out.push_back(ClientMessage::Replay { last_commit, log: None }.to_json());
        Ok(())
    }

    /// Posts a message that was paid for with [`pay`].
    ///
    /// # Errors
    /// [`BoardClientError::TooManyPosts`], [`BoardClientError::Incomplete`], [`BoardClientError::TooLong`];
    /// nothing was sent.
    pub fn post(
        &mut self,
        token: &SpentToken,
        message: &EncryptedGroupMessage,
    ) -> Result<PostId, BoardClientError> {
        if !self.can_post() {
            return Err(BoardClientError::TooManyPosts);
        }
        if message.ciphertext.is_empty() || message.signature.is_empty() {
            return Err(BoardClientError::Incomplete);
        }
        let request =
            ClientMessage::Post { token: Some(token.clone()), message: message.clone(), log: false }
                .to_json();
        if request.len() > SEALED_MAX {
            return Err(BoardClientError::TooLong { bytes: request.len(), limit: SEALED_MAX });
        }
        let id = PostId(self.next_post);
        self.next_post += 1;
        self.posts.push_back(id);
        self.out.push_back(request);
        Ok(id)
    }

    /// Whether another post may be made now.
    pub fn can_post(&self) -> bool {
        self.posts.len() < MAX_POSTS_IN_FLIGHT
    }

    /// Posts without an answer so far.
    pub fn posts_in_flight(&self) -> usize {
        self.posts.len()
    }

    /// Whether a replay was completed on this connection.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// Whether a replay was asked for and is not complete.
    pub fn is_replaying(&self) -> bool {
        self.replay != Replay::None
    }

    /// Takes a payload of the server.
    ///
    /// # Errors
    /// [`BoardClientError`]; close the connection.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), BoardClientError> {
        if self.events.len() + 2 > MAX_EVENTS {
            return Err(BoardClientError::EventsFull);
        }
        if let Replay::Entries { remaining } = self.replay {
            return self.entry_or_live(payload, remaining);
        }
        match ServerMessage::from_json(payload).map_err(BoardClientError::Malformed)? {
            Some(ServerMessage::ReplayResult { count }) => {
                if self.replay != Replay::Requested {
                    return Err(BoardClientError::UnsolicitedReplay);
                }
                if count > self.max_replay {
                    let (announced, limit) = (count, self.max_replay);
                    return Err(BoardClientError::ReplayTooLong { announced, limit });
                }
                self.events.push_back(Event::ReplayStarted { count });
                self.entries_left(count);
            }
            Some(ServerMessage::PostResult { success }) => {
                let id = self.posts.pop_front().ok_or(BoardClientError::UnsolicitedResult)?;
                self.events.push_back(Event::PostAnswered { id, success });
            }
            Some(ServerMessage::NewMessage(message)) => self.events.push_back(Event::NewMessage(message)),
            // Nothing was asked for that these answer.
            Some(_) | None => {}
        }
        Ok(())
    }

    /// A deployed server broadcasts to a client that was synced before, also between the entries of a later
    /// replay; the two are told apart by their form, as an entry has no type.
    fn entry_or_live(&mut self, payload: &[u8], remaining: u64) -> Result<(), BoardClientError> {
        match EncryptedGroupMessage::from_json(payload) {
            Ok(entry) => {
                self.events.push_back(Event::Entry(entry));
                self.entries_left(remaining - 1);
            }
            Err(not_an_entry) => match ServerMessage::from_json(payload) {
                Ok(Some(ServerMessage::NewMessage(live))) => self.events.push_back(Event::NewMessage(live)),
                _ => return Err(BoardClientError::NotAnEntry(not_an_entry)),
            },
        }
        Ok(())
    }

    fn entries_left(&mut self, remaining: u64) {
        if remaining > 0 {
            self.replay = Replay::Entries { remaining };
        } else {
            self.replay = Replay::None;
            self.synced = true;
            self.events.push_back(Event::Synced);
        }
    }

    /// The next payload to send.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    /// What happened next.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

impl fmt::Debug for BoardClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoardClient")
            .field("replay", &self.replay)
            .field("synced", &self.synced)
            .field("posts", &self.posts.len())
            .finish_non_exhaustive()
    }
}
