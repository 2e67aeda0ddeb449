//! A client of a board (§1.8, and section 5 of `docs/verifiable-log.md`), after authentication.

mod error;
mod event;

use core::fmt;
use std::collections::VecDeque;

use cwtch_primitives::Address;
use cwtch_primitives::token::{SpentToken, Token};
use cwtch_wire::board::stream::Decoder;
use cwtch_wire::board::{
    ClientMessage, EncryptedGroupMessage, LiveLog, PostLog, ReplayLog, ReplayStart, ServerMessage, spend_data,
};
use cwtch_wire::packet::SEALED_MAX;

pub use super::board_host::{MAX_HEADS, MAX_PROOFS};
pub use error::BoardClientError;
pub use event::Event;

/// Number of posts of one connection that may await their result at a time.
pub const MAX_POSTS_IN_FLIGHT: usize = 64;
/// Number of events that may wait to be drained before another payload is taken. A payload brings at most two, except
/// one of a log's stream, which brings as many as it has records.
pub const MAX_EVENTS: usize = 64;
/// Number of entries that a replay may announce if the caller sets no other limit.
pub const DEFAULT_MAX_REPLAY: u64 = 50_000_000;

/// The name of a post of this connection until its answer comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PostId(u64);

/// One connection to a board, as a client.
///
/// The server's answers carry no ids: they are matched in order. While the entries of a replay arrive, nothing else
/// may; deployed clients read them in the same way, so a server that mixes breaks them too. Unknown message types are
/// ignored elsewhere.
///
/// The answer to a replay request that asks for the log shows whether a server has one: a server without a log,
/// deployed ones included, answers with a deployed replay. Statements about the log that nobody asked for are passed
/// over.
pub struct BoardClient {
    max_replay: u64,
    replay: Receiving,
    synced: bool,
    /// True if the newest replay was one of the log.
    reads_log: bool,
    /// Posts that await their answer, each with whether it asked for a receipt.
    posts: VecDeque<(PostId, bool)>,
    heads_asked: usize,
    heads_open: usize,
    proofs_asked: usize,
    proofs_open: Vec<(u64, u64)>,
    next_post: u64,
    out: VecDeque<Vec<u8>>,
    events: VecDeque<Event>,
}

/// The replay that a client receives.
#[derive(Debug)]
enum Receiving {
    None,
    /// A replay was asked for; of the log, with the index.
    Requested(Option<u64>),
    Entries {
        remaining: u64,
    },
    Stream(Decoder),
}

/// Spends a token on a post. The result is good for this message on this board only; keep it with the message, to be
/// able to send the same post again after a lost connection.
pub fn pay(token: Token, message: &EncryptedGroupMessage, board: &Address) -> SpentToken {
    token.spend(&spend_data(message, board))
}

impl BoardClient {
    /// The client of a fresh connection. A replay of more than `max_replay` entries is refused
    /// ([`DEFAULT_MAX_REPLAY`]).
    pub fn new(max_replay: u64) -> Self {
        Self {
            max_replay,
            replay: Receiving::None,
            synced: false,
            reads_log: false,
            posts: VecDeque::new(),
            heads_asked: 0,
            heads_open: 0,
            proofs_asked: 0,
            proofs_open: Vec::new(),
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
        self.request(None, last_commit)
    }

    /// Asks for the log's entries from an index on. A server without a log answers as to
    /// [`BoardClient::request_replay`] with `last_commit`, which is `None` as soon as a server is known to have one.
    ///
    /// # Errors
    /// [`BoardClientError::ReplayUnderWay`].
    pub fn request_log_replay(
        &mut self,
        from: u64,
        last_commit: Option<&[u8]>,
    ) -> Result<(), BoardClientError> {
        self.request(Some(from), last_commit)
    }

    fn request(&mut self, log: Option<u64>, last_commit: Option<&[u8]>) -> Result<(), BoardClientError> {
        if self.is_replaying() {
            return Err(BoardClientError::ReplayUnderWay);
        }
        self.replay = Receiving::Requested(log);
        let last_commit = last_commit.map(<[u8]>::to_vec);
        self.out.push_back(ClientMessage::Replay { last_commit, log }.to_json());
        Ok(())
    }

    /// Asks for the newest head of the log. To be used only with a server that is known to have one: another gives no
    /// answer.
    ///
    /// # Errors
    /// [`BoardClientError::TooManyQuestions`].
    pub fn request_head(&mut self) -> Result<(), BoardClientError> {
        if self.heads_asked >= MAX_HEADS {
            return Err(BoardClientError::TooManyQuestions);
        }
        self.heads_asked += 1;
        self.heads_open += 1;
        self.out.push_back(ClientMessage::LogHead.to_json());
        Ok(())
    }

    /// Asks for the proof that the log of `from` entries is the beginning of the one of `size` entries. Only
    /// sizes that are multiples of 64, or the newest one, are answered.
    ///
    /// # Errors
    /// [`BoardClientError::TooManyQuestions`].
    pub fn request_proof(&mut self, from: u64, size: u64) -> Result<(), BoardClientError> {
        if self.proofs_asked >= MAX_PROOFS {
            return Err(BoardClientError::TooManyQuestions);
        }
        self.proofs_asked += 1;
        self.proofs_open.push((from, size));
        self.out.push_back(ClientMessage::LogProof { from, size }.to_json());
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
        self.send_post(token, message, false)
    }

    /// Posts a message like [`BoardClient::post`], and asks for a receipt. A message that is larger than any of ours
    /// may fit only without this.
    ///
    /// # Errors
    /// As [`BoardClient::post`].
    pub fn post_for_receipt(
        &mut self,
        token: &SpentToken,
        message: &EncryptedGroupMessage,
    ) -> Result<PostId, BoardClientError> {
        self.send_post(token, message, true)
    }

    fn send_post(
        &mut self,
        token: &SpentToken,
        message: &EncryptedGroupMessage,
        log: bool,
    ) -> Result<PostId, BoardClientError> {
        if !self.can_post() {
            return Err(BoardClientError::TooManyPosts);
        }
        if message.ciphertext.is_empty() || message.signature.is_empty() {
            return Err(BoardClientError::Incomplete);
        }
        let request =
            ClientMessage::Post { token: Some(token.clone()), message: message.clone(), log }.to_json();
        if request.len() > SEALED_MAX {
            return Err(BoardClientError::TooLong { bytes: request.len(), limit: SEALED_MAX });
        }
        let id = PostId(self.next_post);
        self.next_post += 1;
        self.posts.push_back((id, log));
        self.out.push_back(request);
        Ok(id)
    }

    /// True if another post may be made now.
    pub fn can_post(&self) -> bool {
        self.posts.len() < MAX_POSTS_IN_FLIGHT
    }

    /// Number of posts without an answer so far.
    pub fn posts_in_flight(&self) -> usize {
        self.posts.len()
    }

    /// True if a replay was completed on this connection.
    pub fn is_synced(&self) -> bool {
        self.synced
    }

    /// True if a replay was asked for and is not complete.
    pub fn is_replaying(&self) -> bool {
        !matches!(self.replay, Receiving::None)
    }

    /// True if the newest replay that began was one of the log.
    pub fn reads_log(&self) -> bool {
        self.reads_log
    }

    /// Number of questions for a head without an answer so far.
    pub fn heads_in_flight(&self) -> usize {
        self.heads_open
    }

    /// Takes a payload of the server.
    ///
    /// # Errors
    /// [`BoardClientError`]; close the connection.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), BoardClientError> {
        if self.events.len() + 2 > MAX_EVENTS {
            return Err(BoardClientError::EventsFull);
        }
        match &mut self.replay {
            Receiving::Entries { remaining } => {
                let remaining = *remaining;
                self.entry_or_live(payload, remaining)
            }
            Receiving::Stream(decoder) => {
                let events = &mut self.events;
                decoder
                    .push(payload, &mut |size, record| events.push_back(Event::of_stream(size, record)))
                    .map_err(BoardClientError::Stream)?;
                if decoder.is_complete() {
                    self.entries_left(0);
                }
                Ok(())
            }
            Receiving::None | Receiving::Requested(_) => {
                match ServerMessage::from_json(payload).map_err(BoardClientError::Malformed)? {
                    Some(message) => self.message(message),
                    None => Ok(()),
                }
            }
        }
    }

    fn message(&mut self, message: ServerMessage) -> Result<(), BoardClientError> {
        match message {
            ServerMessage::ReplayResult { count } => {
                self.requested(count)?;
                self.reads_log = false;
                self.events.push_back(Event::ReplayStarted { count, log: None });
                self.entries_left(count);
            }
            ServerMessage::LogReplayResult { count, log } => {
                let asked = self.requested(count)?.ok_or(BoardClientError::UnsolicitedLog)?;
                self.log_replay_started(asked, count, log)?;
            }
            ServerMessage::PostResult { success } => self.post_answered(success, None)?,
            ServerMessage::LogPostResult(log) => self.post_answered(log.success(), Some(log))?,
            ServerMessage::NewMessage(message) => self.live(Some(message), None),
            ServerMessage::LogNewMessage { message, log } => self.live(message, Some(log)),
            ServerMessage::LogHead(head) => {
                if let Some(open) = self.heads_open.checked_sub(1) {
                    self.heads_open = open;
                    self.events.push_back(Event::Head(head));
                }
            }
            ServerMessage::LogProof { from, size, proof } => {
                if let Some(at) = self.proofs_open.iter().position(|asked| *asked == (from, size)) {
                    self.proofs_open.swap_remove(at);
                    self.events.push_back(Event::Proof { from, size, proof });
                }
            }
        }
        Ok(())
    }

    /// Checks that a replay of `count` entries may begin; returns the index that was asked for, in a replay of the
    /// log.
    fn requested(&self, count: u64) -> Result<Option<u64>, BoardClientError> {
        let Receiving::Requested(asked) = self.replay else {
            return Err(BoardClientError::UnsolicitedReplay);
        };
        if count > self.max_replay {
            return Err(BoardClientError::ReplayTooLong { announced: count, limit: self.max_replay });
        }
        Ok(asked)
    }

    fn log_replay_started(
        &mut self,
        asked: u64,
        count: u64,
        log: Box<ReplayLog>,
    ) -> Result<(), BoardClientError> {
        let stream = match &log.start {
            None => None,
            Some(ReplayStart { from, skipped, .. }) => {
                // A later start needs something that stands in for the entries between; an earlier one is right only
                // if no entries follow.
                let fits = if *from > asked { skipped.is_some() } else { *from == asked || count == 0 };
                if !fits {
                    return Err(BoardClientError::WrongStart { from: *from, asked });
                }
                Some(Decoder::new(*from, count))
            }
        };
        self.reads_log = stream.is_some();
        self.events.push_back(Event::ReplayStarted { count, log: Some(log) });
        match stream {
            Some(decoder) if !decoder.is_complete() => self.replay = Receiving::Stream(decoder),
            _ => self.entries_left(count),
        }
        Ok(())
    }

    fn post_answered(&mut self, success: bool, log: Option<PostLog>) -> Result<(), BoardClientError> {
        let (id, asked) = self.posts.pop_front().ok_or(BoardClientError::UnsolicitedResult)?;
        self.events.push_back(Event::PostAnswered { id, success, log: log.filter(|_| asked) });
        Ok(())
    }

    fn live(&mut self, message: Option<EncryptedGroupMessage>, log: Option<Box<LiveLog>>) {
        let log = log.filter(|_| self.reads_log);
        if message.is_some() || log.is_some() {
            self.events.push_back(Event::NewMessage { message, log });
        }
    }

    /// A deployed server broadcasts to a client that was synced before, also between the entries of a later
    /// replay; the two are told apart by their form, as an entry has no type.
    fn entry_or_live(&mut self, payload: &[u8], remaining: u64) -> Result<(), BoardClientError> {
        match EncryptedGroupMessage::from_json(payload) {
            Ok(message) => {
                self.events.push_back(Event::Entry { message, index: None });
                self.entries_left(remaining - 1);
            }
            Err(not_an_entry) => match ServerMessage::from_json(payload) {
                Ok(Some(ServerMessage::NewMessage(live))) => self.live(Some(live), None),
                _ => return Err(BoardClientError::NotAnEntry(not_an_entry)),
            },
        }
        Ok(())
    }

    fn entries_left(&mut self, remaining: u64) {
        if remaining > 0 {
            self.replay = Receiving::Entries { remaining };
        } else {
            self.replay = Receiving::None;
            self.synced = true;
            self.events.push_back(Event::Synced);
        }
    }

    /// The next payload to send.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.out.pop_front()
    }

    /// The next event.
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
