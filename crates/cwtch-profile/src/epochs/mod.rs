//! Epochs of a group: the keys under which it is read, one after another, in one conversation (docs/group-forks.md, section 12).
//!
//! Of a group exactly one epoch is *written in*. Others are *undecided* (known and read, but the person or the rules have not
//! gone there), *closing* (left; what others still write there is read and shown) or *closed* (the key is gone, the texts stay).
//! To the machine for groups each epoch is a group of its own; what a person sees is one conversation with one order.
//!
//! Each change of state is one transaction, for others to call within theirs ([`change`]). What comes for an undecided epoch is
//! no message yet: it waits in a buffer as it was posted ([`buffer`]).

mod buffer;
pub(crate) mod change;
mod closing;
mod old;
mod read;
mod refetch;
pub(crate) mod rows;

use cwtch_primitives::Address;
use cwtch_primitives::group::{GroupId, GroupKey};

pub use buffer::Buffered;
pub(crate) use closing::time as erasing_time;
pub use old::OldKey;
pub use read::{EpochFacts, OwnEnd};
pub(crate) use read::{all, own_end};
pub(crate) use refetch::{read_again, read_behind};
pub use rows::{BUFFER_BYTES, BUFFER_ENTRIES};

use crate::Profile;
use crate::error::StorageError;
use crate::types::{Added, ConversationId, NewNotice};

/// State of an epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EpochState {
    /// Own messages go there.
    Written,
    /// Read, and nobody has decided yet.
    Undecided,
    /// It was left, or is an own one that was taken back: read until it closes.
    Closing,
    /// Its key is gone.
    Closed,
}

impl EpochState {
    const ALL: [Self; 4] = [Self::Written, Self::Undecided, Self::Closing, Self::Closed];

    /// The schema's number.
    pub(crate) fn code(self) -> i64 {
        match self {
            Self::Written => 1,
            Self::Undecided => 2,
            Self::Closing => 3,
            Self::Closed => 4,
        }
    }

    pub(crate) fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// An epoch that a fork makes, once its key is known.
#[derive(Clone)]
pub struct NewEpoch {
    /// Its id, derived from key and server.
    pub id: GroupId,
    /// Its key.
    pub key: GroupKey,
    /// The name that its notice gives the group; invites say it.
    pub name: String,
    /// The number of the epoch that it was made from.
    pub parent: u64,
    /// The board that carries it, which the profile knows.
    pub server: Address,
    /// The maker.
    pub forker: Address,
    /// Time at which it was made, as its notice says, unix seconds.
    pub made: i64,
    /// The number of members that it lists.
    pub listed: u32,
    /// Members of the epoch before whom it does not list.
    pub left_out: Vec<Address>,
    /// Members whom it lists and the epoch before did not.
    pub added: Vec<Address>,
    /// The size of the log of its parent's server when it was made: on that server, nothing of it lies before. `None` without a
    /// log.
    pub begins: Option<u64>,
    /// The notice that announces it, with the keys of its days; it must be that of this epoch.
    pub notice: Option<NewNotice>,
}

impl core::fmt::Debug for NewEpoch {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("NewEpoch").field("parent", &self.parent).finish_non_exhaustive()
    }
}

/// Result of going over to another epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// The number of the epoch that was written in before.
    pub from: u64,
    /// The number of the one that is now.
    pub to: u64,
    /// Own messages that wait for their composition and go there now.
    pub drafts: u64,
    /// Entries that wait to enter the conversation: [`Profile::buffered`]. Nothing is posted before they have.
    pub buffered: u64,
}

impl Profile {
    /// Adds an epoch whose key is known: it is read from now on, and not written in.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], [`StorageError::UnknownServer`], [`StorageError::GroupChanged`] if the id is known
    /// otherwise, [`StorageError::EpochState`] if its parent is not known, or trouble with the database.
    pub fn add_epoch(
        &mut self,
        conversation: ConversationId,
        new: &NewEpoch,
        now: i64,
    ) -> Result<Added<u64>, StorageError> {
        self.write("add an epoch", |tx| change::add(tx, conversation, new, now))
    }

    /// Goes over to another epoch: it is written in from now on, and the one before is closing. Own messages that were not
    /// composed go there; those that were may have left, so that they go on as they are, in the epoch that they were composed
    /// for, until the server has them, they are given up, or that epoch closes.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], [`StorageError::EpochState`] if the epoch is not known or closed, or trouble with the
    /// database.
    pub fn move_to_epoch(
        &mut self,
        conversation: ConversationId,
        epoch: u64,
        now: i64,
    ) -> Result<Moved, StorageError> {
        self.write("go over to an epoch", |tx| change::enter(tx, conversation, epoch, now))
    }

    /// Takes the own fork back that is written in: goes back to the epoch that it was made from.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], [`StorageError::EpochState`] if the epoch is none of the own forks or the one before is
    /// closed, or trouble with the database.
    pub fn return_to_epoch(&mut self, conversation: ConversationId, now: i64) -> Result<Moved, StorageError> {
        let own = self.address;
        self.write("go back to an epoch", |tx| change::take_back(tx, &own, conversation, now))
    }

    /// Closes an epoch that was left: its key is erased, and with it the list of its people and every message as it was posted.
    /// Texts and what is known about them stay. Own messages that still wait there are given up. A sync with its server must
    /// have been completed before. False if it was closed.
    ///
    /// # Errors
    /// [`StorageError::EpochState`] if it is written in, undecided or not known, or trouble with the database.
    pub fn close_epoch(
        &mut self,
        conversation: ConversationId,
        epoch: u64,
        now: i64,
    ) -> Result<bool, StorageError> {
        let own = self.address;
        self.erase("close an epoch", |tx| change::close(tx, &own, conversation, epoch, now))
    }

    /// Forgets an undecided epoch with its key and all that waits for it. False if there is none.
    ///
    /// # Errors
    /// [`StorageError::EpochState`] if it was entered, or another one was made from it; or trouble with the database.
    pub fn drop_epoch(&mut self, conversation: ConversationId, epoch: u64) -> Result<bool, StorageError> {
        self.erase("forget an epoch", |tx| change::drop(tx, conversation, epoch))
    }
}
