//! Epochs, forks, and where members write.

use std::collections::BTreeSet;

use cwtch_primitives::PublicKey;
use cwtch_wire::group::fork::{ForkId, Mode, Notice, OldPart};

use super::OPENABLE;

/// A member, by the key of the address.
pub type Member = PublicKey;

/// An epoch, as its notice says it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Epoch {
    /// The fork that made it; [`ForkId::NONE`] without a notice.
    pub id: ForkId,
    /// The epoch that was forked; `None` for the first.
    pub parent: Option<ForkId>,
    /// The epoch's mode.
    pub mode: Mode,
    /// Number of forks before it.
    pub depth: u32,
    /// Time of the fork, in unix seconds by its maker's clock.
    pub time: u64,
    /// The board on which it lives.
    pub server: PublicKey,
    /// Its maker; `None` without a notice.
    pub forker: Option<Member>,
    /// The listed members; none without a notice.
    pub listed: BTreeSet<Member>,
}

impl Epoch {
    /// The epoch of a group without a notice on this board.
    pub fn unlisted(server: PublicKey) -> Self {
        Self {
            id: ForkId::NONE,
            parent: None,
            mode: Mode::Static,
            depth: 0,
            time: 0,
            server,
            forker: None,
            listed: BTreeSet::new(),
        }
    }

    /// The epoch of a notice.
    pub fn of(notice: &Notice, old: Option<&OldPart>) -> Self {
        let fields = notice.fields();
        Self {
            id: notice.fork_id(),
            parent: old.map(|old| old.fork),
            mode: fields.mode,
            depth: fields.depth,
            time: fields.time,
            server: fields.server,
            forker: Some(*notice.forker()),
            listed: fields.members.clone(),
        }
    }
}

/// A fork whose package opened and was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The epoch that it makes.
    pub epoch: Epoch,
    /// Time since which the package is complete and open.
    pub opened: u64,
    /// True once a sync was completed since.
    pub synced: bool,
    /// Answers of the person.
    pub decision: Decision,
    /// True once it was followed, also if it was left for another one since.
    pub followed: bool,
    /// True once its keys are erased: nobody goes there any more, and it only counts for what others say.
    pub closed: bool,
}

impl Fork {
    /// True while a person can choose the fork: for a time since it was opened, or was declined last.
    pub(super) fn is_openable(&self, now: u64) -> bool {
        !self.closed && now <= self.decision.refused.unwrap_or(self.opened).saturating_add(OPENABLE)
    }
}

/// Answers of a person about one fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Decision {
    /// Time of the newest "no".
    pub refused: Option<u64>,
    /// True if the person was asked once more, because most had followed.
    pub asked_again: bool,
    /// Time at which the person did not want to join.
    pub not_joined: Option<u64>,
}

/// The newest verified message of a member in the conversation: it tells where the member writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    /// The epoch that it is in.
    pub epoch: ForkId,
    /// The time that its author signed.
    pub time: u64,
    /// The server and the index in its log, where there is one.
    pub place: Option<(PublicKey, u64)>,
}

impl Statement {
    /// True if this one was made after the other: by the log where both are in one, else by their authors' times.
    pub fn is_newer_than(&self, other: &Self) -> bool {
        match (self.place, other.place) {
            (Some((server, index)), Some((elsewhere, before))) if server == elsewhere => index > before,
            _ => self.time > other.time,
        }
    }
}
