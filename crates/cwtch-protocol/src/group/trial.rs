//! Trial of a board's message: which group it belongs to, and whether it is valid (§1.9). Only a store of messages can
//! tell what is missing before it.

use core::fmt;

use cwtch_primitives::Address;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{
    GroupContext, RejectReason, VerifiedGroupMessage, parse_plain, try_open_into, verify,
};

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
}

/// A reused buffer for decryption, one for each thread. Erased when dropped.
#[derive(Default)]
pub struct Scratch(zeroize::Zeroizing<Vec<u8>>);

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
    },
    /// A group's key opens it, but it is not valid. Count and explain it; never show it.
    Rejected {
        /// The group's place in the set.
        group: usize,
        /// Reason for the rejection: the first check that failed.
        reason: RejectReason,
    },
}

impl TrialSet {
    /// An empty set, with which nothing is ours.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a group on a server and returns its place. The id must be the one derived from key and
    /// server (checked when the group was joined; deriving it takes milliseconds).
    pub fn push(&mut self, id: GroupId, key: GroupKey, server: Address) -> usize {
        self.groups.push(Group { id, key, server });
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

    /// Tries every group's key, then checks the message against the one that opens it: the group's id, the
    /// author, the time and the signature.
    pub fn classify(&self, message: &EncryptedGroupMessage, scratch: &mut Scratch) -> Outcome {
        let mut outcome = Outcome::NotOurs;
        for (group, candidate) in self.groups.iter().enumerate() {
            let Some(plain) = try_open_into(&candidate.key, &message.ciphertext, &mut scratch.0) else {
                continue;
            };
            match candidate.check(plain, &message.signature) {
                Ok(message) => return Outcome::Verified { group, message: Box::new(message) },
                // Two groups may share a key, on two servers: the other one may still be the right one.
                Err(reason) if outcome == Outcome::NotOurs => outcome = Outcome::Rejected { group, reason },
                Err(_) => {}
            }
        }
        outcome
    }
}

impl Group {
    fn check(&self, plain: &[u8], signature: &[u8]) -> Result<VerifiedGroupMessage, RejectReason> {
        let context = GroupContext { id: &self.id, key: &self.key, server: &self.server };
        verify(context, parse_plain(plain)?, signature)
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
