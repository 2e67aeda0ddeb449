//! Trial of a board's message: which group it belongs to, and whether it is valid (§1.9). Only a store of messages can
//! tell what is missing before it.

mod days;

use core::fmt;

use cwtch_primitives::Address;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::fork::{DailyReject, DayError, DayKeys};
use cwtch_wire::group::{
    GroupContext, RejectReason, VerifiedGroupMessage, parse_plain, try_open_into, verify,
};

use self::days::Days;

/// The groups that a board's messages are tried against.
///
/// Trying a wrong key costs only the authenticator over the ciphertext, a few microseconds. The set is
/// `Send + Sync` and immutable while in use: a caller spreads the messages over its cores, with one
/// [`Scratch`] for each.
#[derive(Default)]
pub struct TrialSet {
    groups: Vec<Group>,
}

struct Group {
    id: GroupId,
    key: GroupKey,
    server: Address,
    /// `None` in a static group.
    days: Option<Days>,
}

/// Reused buffers for decryption, one pair for each thread. Erased when dropped.
#[derive(Default)]
pub struct Scratch {
    outer: zeroize::Zeroizing<Vec<u8>>,
    inner: zeroize::Zeroizing<Vec<u8>>,
}

/// Outcome of trying a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// No group's key opens it. Nothing is wrong: a board carries the messages of many groups.
    NotOurs,
    /// A member wrote it, and everything holds.
    Verified {
        /// The group's place in the set.
        group: usize,
        /// The message.
        message: Box<VerifiedGroupMessage>,
        /// The day with whose key it was sealed, in days since 1970; `None` in a static group.
        day: Option<u64>,
    },
    /// A group's key opens it, but it is not valid. Count and explain it; never show it.
    Rejected {
        /// The group's place in the set.
        group: usize,
        /// Reason for the rejection: the first check that failed.
        reason: RejectReason,
    },
    /// A group's key opens it, and the key of its day is erased. Nothing is wrong.
    Sealed {
        /// The group's place in the set.
        group: usize,
    },
    /// A group's key opens it, and the key of its day does not: that key is false here, or was where the box was made.
    /// Nobody is accused: any member can put any author's signature beside such a box.
    Unfit {
        /// The group's place in the set.
        group: usize,
    },
}

/// Reason why an opened message is not taken.
enum Refusal {
    Rejected(RejectReason),
    Sealed,
    Unfit,
}

impl TrialSet {
    /// An empty set, with which nothing is ours.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a group on a server and returns its place. The id must be the one derived from key and
    /// server (checked when the group was joined; deriving it takes milliseconds).
    pub fn push(&mut self, id: GroupId, key: GroupKey, server: Address) -> usize {
        self.add(id, key, server, None)
    }

    /// Adds a group with daily keys, as [`TrialSet::push`] does a static one.
    pub fn push_daily(&mut self, id: GroupId, key: GroupKey, server: Address, days: DayKeys) -> usize {
        self.add(id, key, server, Some(Days::new(days)))
    }

    fn add(&mut self, id: GroupId, key: GroupKey, server: Address, days: Option<Days>) -> usize {
        self.groups.push(Group { id, key, server, days });
        self.groups.len() - 1
    }

    /// Number of groups.
    pub fn len(&self) -> usize {
        self.groups.len()
    }

    /// True if there are no groups.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// The id of the group at a place.
    pub fn id(&self, group: usize) -> Option<&GroupId> {
        self.groups.get(group).map(|g| &g.id)
    }

    /// Tries every group's key, then checks the message against the one that opens it: the day, the group's id, the
    /// author, the time and the signature.
    pub fn classify(&self, message: &EncryptedGroupMessage, scratch: &mut Scratch) -> Outcome {
        let mut outcome = Outcome::NotOurs;
        for (group, candidate) in self.groups.iter().enumerate() {
            let Some(plain) = try_open_into(&candidate.key, &message.ciphertext, &mut scratch.outer) else {
                continue;
            };
            let refused = match candidate.check(plain, message, &mut scratch.inner) {
                Ok((message, day)) => return Outcome::Verified { group, message: Box::new(message), day },
                Err(Refusal::Rejected(reason)) => Outcome::Rejected { group, reason },
                Err(Refusal::Sealed) => Outcome::Sealed { group },
                Err(Refusal::Unfit) => Outcome::Unfit { group },
            };
            // Two groups may share a key, on two servers: the other one may still be the right one.
            if outcome == Outcome::NotOurs {
                outcome = refused;
            }
        }
        outcome
    }
}

impl Group {
    fn check(
        &self,
        plain: &[u8],
        message: &EncryptedGroupMessage,
        inner: &mut Vec<u8>,
    ) -> Result<(VerifiedGroupMessage, Option<u64>), Refusal> {
        let context = GroupContext { id: &self.id, key: &self.key, server: &self.server };
        let (received, day) = match &self.days {
            None => (parse_plain(plain)?, None),
            Some(days) => {
                let (received, day) = days.open(&message.ciphertext, plain, inner)?;
                (received, Some(day))
            }
        };
        Ok((verify(context, received, &message.signature)?, day))
    }
}

impl From<RejectReason> for Refusal {
    fn from(reason: RejectReason) -> Self {
        Self::Rejected(reason)
    }
}

impl From<DailyReject> for Refusal {
    fn from(reject: DailyReject) -> Self {
        match reject {
            DailyReject::Rejected(reason) => Self::Rejected(reason),
            DailyReject::Day(DayError::Sealed(_)) => Self::Sealed,
            DailyReject::InnerBox(_) => Self::Unfit,
            DailyReject::OtherDay => Self::Rejected(RejectReason::OtherDay),
            // What a later version of the format may add is no reason to show a message.
            _ => Self::Rejected(RejectReason::DayAhead),
        }
    }
}

impl fmt::Debug for TrialSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TrialSet({} groups)", self.groups.len())
    }
}

impl fmt::Debug for Scratch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scratch([redacted])")
    }
}

/// The time to show for a message: what its author says if that can be believed at `now` (unix
/// seconds; from 2017 to a day ahead of `now`), otherwise `now`. The flag says whether it was believed. A wrong
/// clock does not make a message invalid, on either side.
pub fn shown_time(message: &VerifiedGroupMessage, now: i64) -> (i64, bool) {
    message.sane_timestamp(now).map_or((now, false), |sent| (sent, true))
}
