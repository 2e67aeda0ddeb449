//! The rows of the tables.

use cwtch_log::object::{CERTIFICATE_LEN, CheckpointBytes, POLICY_LEN, RETAIN_LEN};
use cwtch_log::{Checkpoint, Hash, Policy, Retain};

use crate::signer::Nonce;
use crate::store::{NewEntry, Seq};

/// The random part of a token.
pub type Token = [u8; 32];

/// The bytes of a certificate.
pub type CertificateBytes = [u8; CERTIFICATE_LEN];

/// The one row of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogRow {
    /// The counters.
    pub status: StoreStatus,
    /// The state of the log, with what was signed last.
    pub log: LogState,
}

/// The store's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStatus {
    /// Messages held, shadowed ones included.
    pub messages: u64,
    /// Tokens spent, for ever.
    pub spent: u64,
    /// Messages deleted because of the storage cap.
    pub pruned: u64,
    /// Number of the newest message ever stored, 0 for none.
    pub newest: Seq,
}

/// State of the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogState {
    /// Messages that had been deleted before the log began.
    pub began: Seq,
    /// The nonce that the guard beside the log key must have, too.
    pub nonce: Option<Nonce>,
    /// The last signed time, in unix seconds; 0 if nothing was signed.
    pub time: u64,
    /// The size of the newest checkpoint.
    pub signed_size: u64,
    /// The newest checkpoint's bytes; `None` if there is none of this incarnation.
    pub checkpoint: Option<CheckpointBytes>,
    /// The promised time for which bodies are kept, in seconds; 0 for none.
    pub retention: u64,
    /// The storage cap of the newest policy, 0 for none.
    pub cap: u64,
    /// The newest policy's bytes; `None` if there is none of this incarnation.
    pub policy: Option<[u8; POLICY_LEN]>,
    /// Index below which bodies may be gone.
    pub min_index: u64,
    /// The bytes of the Retain that says so; `None` if there is none of this incarnation.
    pub retain: Option<[u8; RETAIN_LEN]>,
    /// The newest certificate's `not_before`, in unix seconds; `None` while there is no log. It follows from the table of
    /// certificates and is not written with the row.
    pub incarnation: Option<u64>,
}

impl LogState {
    /// True if the log has ended: it has a certificate, and signs nothing.
    pub fn is_retired(&self) -> bool {
        self.incarnation.is_some() && self.checkpoint.is_none()
    }

    /// Sets the newest checkpoint, and what it says.
    pub(in crate::store) fn set_checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.time = checkpoint.time();
        self.signed_size = checkpoint.size();
        self.checkpoint = Some(checkpoint.to_bytes());
    }

    /// Sets the newest policy, and what it says.
    pub(in crate::store) fn set_policy(&mut self, policy: &Policy) {
        (self.retention, self.cap) = (policy.retention(), policy.cap());
        self.time = policy.time();
        self.policy = Some(policy.to_bytes());
    }

    /// Sets the newest Retain, and what it says.
    pub(in crate::store) fn set_retain(&mut self, retain: &Retain) {
        self.min_index = retain.min_index();
        self.time = retain.time();
        self.retain = Some(retain.to_bytes());
    }
}

/// The ends of two tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Ends {
    /// The lowest number of a message that is held.
    pub first_message: Option<Seq>,
    /// The highest number of an entry.
    pub last_entry: Option<Seq>,
}

/// A boundary checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Boundary {
    /// The log's size at the boundary.
    pub size: u64,
    /// The time that was signed, in unix seconds.
    pub time: u64,
    /// The checkpoint's bytes.
    pub bytes: CheckpointBytes,
}

impl From<&Checkpoint> for Boundary {
    fn from(boundary: &Checkpoint) -> Self {
        Self { size: boundary.size(), time: boundary.time(), bytes: boundary.to_bytes() }
    }
}

/// A stored subtree of the log's tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// The subtree's level; never 0, as the leaves follow from the ids of the entries.
    pub level: u8,
    /// The subtree's index on that level.
    pub place: u64,
    /// The subtree's root.
    pub hash: Hash,
}

/// Neighbouring nodes of one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// The level.
    pub level: u8,
    /// The index of the first node.
    pub first: u64,
    /// Number of nodes.
    pub count: u64,
}

/// Range of messages that are to be visited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Messages {
    /// The first number.
    pub from: Seq,
    /// The last number.
    pub to: Seq,
    /// The largest number of messages to visit.
    pub limit: usize,
    /// True if shadowed messages are to be visited, too.
    pub shadowed: bool,
}

/// A message that is appended, and its entry.
#[derive(Debug, Clone, Copy)]
pub struct Appended<'a> {
    /// The message's number.
    pub seq: Seq,
    /// True if an earlier message that is held has the same signature.
    pub shadowed: bool,
    /// The message.
    pub entry: &'a NewEntry,
}

/// The changes of one transaction, in the order in which they must seem to happen.
#[derive(Debug)]
pub struct Change<'a> {
    /// Number below which messages are deleted; their entries stay.
    pub delete_below: Option<Seq>,
    /// Numbers of messages that are shadowed no longer.
    pub shown: Vec<Seq>,
    /// Tokens that are spent.
    pub spent: Vec<&'a Token>,
    /// Messages to be appended, with their entries.
    pub appended: Vec<Appended<'a>>,
    /// Nodes of the log's tree to be added.
    pub nodes: Vec<Node>,
    /// Size above which existing boundary checkpoints are void and deleted.
    pub void_boundaries_above: Option<u64>,
    /// Boundary checkpoints to be added.
    pub boundaries: Vec<Boundary>,
    /// Certificates to be added, with their incarnations; those that exist stay as they are.
    pub certificates: Vec<(u64, CertificateBytes)>,
    /// The row of the log afterwards.
    pub row: &'a LogRow,
}

impl<'a> Change<'a> {
    /// A change of the row of the log, and of nothing else.
    pub(in crate::store) fn of(row: &'a LogRow) -> Self {
        Self {
            delete_below: None,
            shown: Vec::new(),
            spent: Vec::new(),
            appended: Vec::new(),
            nodes: Vec::new(),
            void_boundaries_above: None,
            boundaries: Vec::new(),
            certificates: Vec::new(),
            row,
        }
    }
}
