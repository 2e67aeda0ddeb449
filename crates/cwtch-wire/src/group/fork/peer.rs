//! Messages between contacts about forks: the data of peer messages ([`crate::peer`]) of four contexts. The data of
//! [`CONTEXT_FORK_PART`] is a [`super::Part`].

use cwtch_primitives::SecretBytes;
use cwtch_primitives::forks::ForkSecret;
use cwtch_primitives::group::LogTag;

use super::notice::ForkId;
use super::package::PackageId;
use super::prekey::{Prekey, PrekeyFault};
use super::read::Reader;
use crate::error::WireError;
use crate::redact::silent_debug;

/// Context of a part of a package.
pub const CONTEXT_FORK_PART: &str = "im.cwtch.fork.part";
/// Context of "I have it" ([`Ack`]).
pub const CONTEXT_FORK_ACK: &str = "im.cwtch.fork.ack";
/// Context of "Seal it to this key" ([`ForkWant`]).
pub const CONTEXT_FORK_WANT: &str = "im.cwtch.fork.want";
/// Context of "This is its secret" ([`Bare`]).
pub const CONTEXT_FORK_BARE: &str = "im.cwtch.fork.bare";

const ACK_LEN: usize = 16 + 32 + 1;
const WANT_LEN: usize = 16 + super::prekey::PREKEY_LEN;
const BARE_LEN: usize = 32 + 32;

/// Stage that a member has reached with a package.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AckState {
    /// All of its parts are here.
    Complete,
    /// A box opened, and the content is valid.
    Opened,
    /// The member writes under the new key: nothing more need be sent.
    Moved,
}

/// Answer to parts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The package.
    pub package: PackageId,
    /// The fork that it says it is of.
    pub fork: ForkId,
    /// The stage.
    pub state: AckState,
}

/// A question for a package, or for its secret, by who cannot open a fork of a group.
#[derive(Clone, PartialEq, Eq)]
pub struct ForkWant {
    /// Name of the server of the asker's epoch, under that epoch's key.
    pub tag: LogTag,
    /// A prekey whose private half the asker holds.
    pub prekey: Prekey,
}

/// The secret of a fork, for a listed contact that asked.
#[derive(Clone, PartialEq, Eq)]
pub struct Bare {
    /// The fork.
    pub fork: ForkId,
    /// The fork's secret.
    pub secret: ForkSecret,
}

/// Reason why a question is malformed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WantFault {
    /// The length is wrong.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The prekey is refused.
    #[error(transparent)]
    Prekey(#[from] PrekeyFault),
}

impl Ack {
    /// The message's data, 49 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let state = match self.state {
            AckState::Complete => 1,
            AckState::Opened => 2,
            AckState::Moved => 3,
        };
        [&self.package.as_bytes()[..], self.fork.as_bytes(), &[state]].concat()
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError::Length`], or [`WireError::Range`] for a stage that does not exist.
    pub fn from_bytes(data: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(data);
        let read =
            || Some((reader.array()?, reader.array()?, reader.u8().filter(|_| reader.rest().is_empty())?));
        let (package, fork, state) = { read }().ok_or(length(CONTEXT_FORK_ACK, ACK_LEN, data))?;
        let state = match state {
            1 => AckState::Complete,
            2 => AckState::Opened,
            3 => AckState::Moved,
            _ => return Err(WireError::Range { field: "state" }),
        };
        Ok(Self { package: PackageId::from_bytes(package), fork: ForkId::from_bytes(fork), state })
    }
}

impl ForkWant {
    /// The message's data, 56 bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        [&self.tag.as_bytes()[..], &self.prekey.to_bytes()].concat()
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WantFault`].
    pub fn from_bytes(data: &[u8]) -> Result<Self, WantFault> {
        let mut reader = Reader::new(data);
        let tag = reader.array().filter(|_| data.len() == WANT_LEN);
        let tag = tag.ok_or(length(CONTEXT_FORK_WANT, WANT_LEN, data))?;
        Ok(Self { tag: LogTag::from_bytes(tag), prekey: Prekey::from_bytes(reader.rest())? })
    }
}

impl Bare {
    /// The message's data, 64 bytes. It holds a secret.
    pub fn to_bytes(&self) -> SecretBytes<BARE_LEN> {
        let mut data = [0; BARE_LEN];
        let both = self.fork.as_bytes().iter().chain(self.secret.expose());
        data.iter_mut().zip(both).for_each(|(to, from)| *to = *from);
        SecretBytes::new(data)
    }

    /// Reads a message's data.
    ///
    /// # Errors
    /// [`WireError::Length`].
    pub fn from_bytes(data: &[u8]) -> Result<Self, WireError> {
        let mut reader = Reader::new(data);
        let fork = reader.array().map(ForkId::from_bytes);
        let secret = ForkSecret::from_slice(reader.rest());
        let both = fork.zip(secret).map(|(fork, secret)| Self { fork, secret });
        both.ok_or(length(CONTEXT_FORK_BARE, BARE_LEN, data))
    }
}

fn length(field: &'static str, expected: usize, data: &[u8]) -> WireError {
    WireError::Length { field, expected, actual: data.len() }
}

silent_debug!(Ack, ForkWant, Bare);
