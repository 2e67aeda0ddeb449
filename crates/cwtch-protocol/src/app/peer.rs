//! Two people (§1.10), after authentication. Both sides are alike.

use core::fmt;
use std::collections::VecDeque;

use super::lanes::{Class, Lanes};

use cwtch_primitives::CryptoRngCore;
use cwtch_wire::WireError;
use cwtch_wire::overlay::peer_limit;
use cwtch_wire::peer::{
    CONTEXT_ACK, CONTEXT_GET_VAL, CONTEXT_INVITE, CONTEXT_RAW, CONTEXT_RET_VAL, CONTEXT_VERSION, GetVal,
    PeerMessage, PeerVersion, RetVal, version_announcement,
};

/// The longest message id that is accepted, in bytes. Ours have 32.
pub const MAX_ID_LEN: usize = 128;
/// Questions for attributes that may await their answer.
pub const MAX_REQUESTS: usize = 32;
/// The longest attribute value that is taken or sent, in bytes.
pub const MAX_VALUE_LEN: usize = 4096;
/// The longest scope or path of an attribute, in bytes.
pub const MAX_PATH_LEN: usize = 256;
/// Events that may wait to be drained; each payload makes at most one.
pub const MAX_EVENTS: usize = 64;

/// Event that the peer caused.
#[derive(Clone, PartialEq, Eq)]
pub enum Event {
    /// A chat message. Whether it is acknowledged is the caller's decision ([`Peer::acknowledge`]): messages
    /// of people that were not accepted are not. The same id may come twice; keep one.
    Message {
        /// The sender's name for it.
        id: String,
        /// An overlay's JSON, unchecked.
        data: Vec<u8>,
    },
    /// A group invite outside an overlay, unchecked.
    Invite {
        /// The sender's name for it.
        id: String,
        /// The invite.
        data: Vec<u8>,
    },
    /// The peer has this message of ours.
    Acknowledged {
        /// The id that we sent; unchecked, it may be no message of ours.
        id: String,
    },
    /// A question for one of our attributes; answer with [`Peer::ret_val`].
    GetVal {
        /// Id of the question, to answer by.
        id: String,
        /// `public` or something that nobody may read.
        scope: String,
        /// Path of the attribute that is asked for.
        path: String,
    },
    /// The answer to a [`Peer::get_val`] of ours.
    RetVal {
        /// The question's id.
        id: String,
        /// The value, up to [`MAX_VALUE_LEN`] bytes; `None` if there is none or it is longer.
        value: Option<String>,
    },
    /// The peer reads this version; we write it from now on.
    PeerVersion(PeerVersion),
    /// A well-formed message of a context that this machine does not know (files, extensions). Ignore
    /// what you do not know either.
    Other(PeerMessage),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Message { .. } => "Message(…)",
            Self::Invite { .. } => "Invite(…)",
            Self::Acknowledged { .. } => "Acknowledged(…)",
            Self::GetVal { .. } => "GetVal(…)",
            Self::RetVal { .. } => "RetVal(…)",
            Self::PeerVersion(PeerVersion::V1) => "PeerVersion(1)",
            Self::PeerVersion(PeerVersion::V2) => "PeerVersion(2)",
            Self::Other(_) => "Other(…)",
        })
    }
}

/// Error in a peer's message, or in a request to send one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PeerError {
    /// Neither version 1 nor version 2.
    #[error("the peer sent a malformed message: {0}")]
    Malformed(#[source] WireError),
    /// The caller did not drain the events.
    #[error("events are not being read; this is a bug in the program")]
    EventsFull,
    /// Too much of its class waits to be sent.
    #[error("too many messages wait to be sent; wait until the connection has taken them")]
    QueueFull,
    /// [`MAX_REQUESTS`] questions await their answer.
    #[error("too many questions await their answer; give one up first")]
    TooManyRequests,
    /// The message is longer than this peer's version can carry.
    #[error(
        "the message has {bytes} bytes with its frame, this contact can take {limit}: shorten it or split it"
    )]
    TooLong {
        /// The message's length in bytes.
        bytes: usize,
        /// The most that can be sent, in bytes.
        limit: usize,
    },
    /// The message cannot be encoded.
    #[error("the message cannot be sent: {0}")]
    Unsendable(#[source] WireError),
}

/// One connection between two contacts.
///
/// The announcement of version 2 is the first payload to send. Until the peer's arrives, version 1 is
/// written; both are always read, because a peer may write version 2 as soon as it has ours. Who is
/// accepted, acknowledged or answered is the caller's decision, and so are time limits.
pub struct Peer {
    version: PeerVersion,
    requests: VecDeque<String>,
    ignored: u64,
    out: Lanes,
    events: VecDeque<Event>,
}

impl Peer {
    /// A fresh connection.
    pub fn new() -> Self {
        // The announcement is a constant that always encodes.
        let announcement = version_announcement().encode(PeerVersion::V1);
        debug_assert!(announcement.is_ok());
        let mut out = Lanes::default();
        if let Ok(announcement) = announcement {
            out.push(Class::Control, announcement);
        }
        Self { version: PeerVersion::V1, requests: VecDeque::new(), ignored: 0, out, events: VecDeque::new() }
    }

    /// The version that we write.
    pub fn version(&self) -> PeerVersion {
        self.version
    }

    /// The longest message that can be sent now, in bytes of overlay JSON.
    pub fn message_limit(&self) -> usize {
        peer_limit(self.version)
    }

    /// Number of well-formed messages that were ignored: stray answers, ids that are too long or not plain, bodies that
    /// cannot be read.
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Takes a payload of the peer.
    ///
    /// # Errors
    /// [`PeerError::Malformed`]; close the connection.
    pub fn handle(&mut self, payload: &[u8]) -> Result<(), PeerError> {
        if self.events.len() >= MAX_EVENTS {
            return Err(PeerError::EventsFull);
        }
        let message = PeerMessage::decode(payload, PeerVersion::V2).map_err(PeerError::Malformed)?;
        match self.interpret(message) {
            Some(event) => self.events.push_back(event),
            None => self.ignored = self.ignored.saturating_add(1),
        }
        Ok(())
    }

    fn interpret(&mut self, message: PeerMessage) -> Option<Event> {
        if !is_plain_id(&message.id) {
            return None;
        }
        if let Some(announced) = message.announced_version() {
            // Whatever comes after version 2 reads it too.
            if announced >= 2 {
                self.version = PeerVersion::V2;
            }
            return Some(Event::PeerVersion(self.version));
        }
        let PeerMessage { id, context, data } = message;
        match context.as_str() {
            CONTEXT_RAW => Some(Event::Message { id, data }),
            CONTEXT_INVITE => Some(Event::Invite { id, data }),
            CONTEXT_ACK => Some(Event::Acknowledged { id }),
            CONTEXT_GET_VAL => {
                let GetVal { scope, path } = GetVal::from_json(&data).ok()?;
                let fits = scope.len() <= MAX_PATH_LEN && path.len() <= MAX_PATH_LEN;
                fits.then_some(Event::GetVal { id, scope, path })
            }
            CONTEXT_RET_VAL => {
                let place = self.requests.iter().position(|request| *request == id)?;
                let RetVal { value, exists } = RetVal::from_json(&data).ok()?;
                self.requests.remove(place);
                let value = (exists && value.len() <= MAX_VALUE_LEN).then_some(value);
                Some(Event::RetVal { id, value })
            }
            CONTEXT_VERSION => None,
            _ => Some(Event::Other(PeerMessage { id, context, data })),
        }
    }

    /// Sends a chat message under a fresh id, which it returns.
    ///
    /// # Errors
    /// [`PeerError::TooLong`] beyond [`Peer::message_limit`], [`PeerError::QueueFull`]; nothing was sent.
    pub fn send_message(
        &mut self,
        overlay: &[u8],
        rng: &mut impl CryptoRngCore,
    ) -> Result<String, PeerError> {
        let id = fresh_id(rng);
        self.send_message_as(&id, overlay)?;
        Ok(id)
    }

    /// Sends a chat message under a given id: again after a lost connection, so that the peer can drop the
    /// duplicate.
    ///
    /// # Errors
    /// As [`Peer::send_message`], and [`PeerError::Unsendable`] for an id of other characters than letters,
    /// digits and dots.
    pub fn send_message_as(&mut self, id: &str, overlay: &[u8]) -> Result<(), PeerError> {
        let limit = self.message_limit();
        if overlay.len() > limit {
            return Err(PeerError::TooLong { bytes: overlay.len(), limit });
        }
        self.send(Class::Chat, PeerMessage::new(id, CONTEXT_RAW, overlay))
    }

    /// Tells the peer that its message arrived and is kept. Acknowledge only what is stored.
    ///
    /// # Errors
    /// [`PeerError::QueueFull`].
    pub fn acknowledge(&mut self, id: &str) -> Result<(), PeerError> {
        self.send(Class::Control, PeerMessage::new(id, CONTEXT_ACK, []))
    }

    /// Asks for an attribute; returns the question's id, which the answer carries.
    ///
    /// # Errors
    /// [`PeerError::TooManyRequests`], [`PeerError::QueueFull`].
    pub fn get_val(
        &mut self,
        scope: &str,
        path: &str,
        rng: &mut impl CryptoRngCore,
    ) -> Result<String, PeerError> {
        if self.requests.len() >= MAX_REQUESTS {
            return Err(PeerError::TooManyRequests);
        }
        let id = fresh_id(rng);
        let data = GetVal { scope: scope.to_owned(), path: path.to_owned() }.to_json();
        self.send(Class::Control, PeerMessage::new(id.as_str(), CONTEXT_GET_VAL, data))?;
        self.requests.push_back(id.clone());
        Ok(id)
    }

    /// Gives a question up; a late answer is ignored.
    pub fn forget_request(&mut self, id: &str) {
        self.requests.retain(|request| request != id);
    }

    /// Answers a question of the peer; `None` if there is no such attribute or it may not be read.
    ///
    /// # Errors
    /// [`PeerError::TooLong`] beyond [`MAX_VALUE_LEN`], [`PeerError::QueueFull`].
    pub fn ret_val(&mut self, id: &str, value: Option<&str>) -> Result<(), PeerError> {
        let bytes = value.map_or(0, str::len);
        if bytes > MAX_VALUE_LEN {
            return Err(PeerError::TooLong { bytes, limit: MAX_VALUE_LEN });
        }
        let data = RetVal { value: value.unwrap_or_default().to_owned(), exists: value.is_some() }.to_json();
        self.send(Class::Control, PeerMessage::new(id, CONTEXT_RET_VAL, data))
    }

    /// True if a message of this class may be sent.
    pub fn has_room(&self, class: Class) -> bool {
        self.out.has_room(class)
    }

    /// Sends a message of any context (files, extensions), in the version that the peer reads and behind all others of
    /// its class.
    ///
    /// # Errors
    /// [`PeerError::Unsendable`] if it cannot be encoded or does not fit a packet, [`PeerError::QueueFull`].
    pub fn send(&mut self, class: Class, message: PeerMessage) -> Result<(), PeerError> {
        if !self.out.has_room(class) {
            return Err(PeerError::QueueFull);
        }
        self.out.push(class, message.encode(self.version).map_err(PeerError::Unsendable)?);
        Ok(())
    }

    /// The next payload to send, where everything before it is written.
    pub fn poll_send(&mut self) -> Option<Vec<u8>> {
        self.poll_send_behind(true)
    }

    /// The next payload to send; `drained` says that everything before it is written, see [`Lanes::pop`].
    pub fn poll_send_behind(&mut self, drained: bool) -> Option<Vec<u8>> {
        self.out.pop(drained)
    }

    /// True if [`Peer::poll_send_behind`] has something.
    pub fn has_output(&self, drained: bool) -> bool {
        self.out.has_next(drained)
    }

    /// Takes the oldest event that waits.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }
}

impl Default for Peer {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer")
            .field("version", &self.version)
            .field("requests", &self.requests.len())
            .finish_non_exhaustive()
    }
}

/// A message id: 128 random bits as 32 hex characters, which every version can carry.
pub fn fresh_id(rng: &mut impl CryptoRngCore) -> String {
    let mut bytes = [0; 16];
    rng.fill_bytes(&mut bytes);
    format!("{:032x}", u128::from_be_bytes(bytes))
}

/// True if an id can be answered in every version: 1 to [`MAX_ID_LEN`] ASCII letters, digits and dots.
fn is_plain_id(id: &str) -> bool {
    (1..=MAX_ID_LEN).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}
