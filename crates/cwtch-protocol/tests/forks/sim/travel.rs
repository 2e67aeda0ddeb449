//! What travels: messages in a group, and packets between contacts.

use std::rc::Rc;

use cwtch_primitives::forks::EpochKeys;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::fork::{Epoch, Member};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{Ack, Bare, ForkId, Part, Prekey, SealedFork};

/// What a message of a group says.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) author: Member,
    /// The time that the author signs.
    pub(crate) time: u64,
    pub(crate) part: Option<Part>,
    pub(crate) prekey: Option<Prekey>,
    pub(crate) leaving: bool,
    pub(crate) control: bool,
}

/// A message that waits for its transmission.
#[derive(Clone)]
pub(crate) struct Outgoing {
    pub(crate) number: u64,
    pub(crate) epoch: ForkId,
    pub(crate) words: Words,
    /// True once it may have left: it is not written anew in another epoch.
    pub(crate) begun: bool,
    /// The bytes, where a program composed it.
    pub(crate) sealed: Option<EncryptedGroupMessage>,
}

/// A message on the server.
pub(crate) struct Entry {
    pub(crate) index: u64,
    pub(crate) epoch: ForkId,
    pub(crate) words: Words,
    /// The bytes, where they are simulated.
    pub(crate) sealed: Option<EncryptedGroupMessage>,
}

/// A packet between contacts. Those with a format go as bytes.
#[derive(Clone)]
pub(crate) enum Packet {
    Data(&'static str, Vec<u8>),
    /// The epoch in which the package came, whose tag stands for it in the format, and a prekey.
    Want(ForkId, Prekey),
    Invite(Rc<Made>),
    /// An invite, by its text.
    Text(String),
}

impl Packet {
    pub(crate) fn ack(ack: &Ack) -> Self {
        Self::Data(cwtch_wire::group::fork::CONTEXT_FORK_ACK, ack.to_bytes())
    }

    pub(crate) fn bare(bare: &Bare) -> Self {
        Self::Data(cwtch_wire::group::fork::CONTEXT_FORK_BARE, bare.to_bytes().expose().to_vec())
    }

    pub(crate) fn part(part: &Part) -> Self {
        Self::Data(cwtch_wire::group::fork::CONTEXT_FORK_PART, part.to_bytes())
    }
}

/// A fork that somebody made.
pub(crate) struct Made {
    pub(crate) epoch: Epoch,
    pub(crate) group: GroupId,
    pub(crate) sealed: SealedFork,
    /// The oldest time of a prekey that it was sealed to: copies of devices made before cannot read on.
    pub(crate) healing: u64,
}

impl Made {
    pub(crate) fn keys(&self) -> &EpochKeys {
        &self.sealed.content.keys
    }
}
