//! The state of a monitor as it is kept on disk, and the changes of a step.

use std::collections::BTreeMap;

use cwtch_log::EntryId;

use super::evidence::Evidence;
use super::gossip::GossipClaim;

/// Everything that a monitor keeps, as bytes and numbers. [`Snapshot::apply`] defines the meaning of each [`Change`].
///
/// Objects are checked again when a monitor is restored ([`Monitor::restore`](crate::monitor::Monitor::restore)), boundary
/// checkpoints when they are used.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// Certificates (186 bytes) by incarnation.
    pub certificates: BTreeMap<u64, Vec<u8>>,
    /// The incarnation of the pinned certificate.
    pub pinned: Option<u64>,
    /// The compact ranges that are kept, by size: their hashes, concatenated.
    pub ranges: BTreeMap<u64, Vec<u8>>,
    /// The ids of the newest entries, by index, without gaps. The verified size is the index after the last one;
    /// without any, the largest size in `ranges`.
    pub ids: BTreeMap<u64, EntryId>,
    /// The checkpoint (113 bytes) that covers the verified size, with its incarnation.
    pub verified: Option<(u64, Vec<u8>)>,
    /// Boundary checkpoints (113 bytes) by size and incarnation.
    pub boundaries: BTreeMap<(u64, u64), Vec<u8>>,
    /// The newest policy (96 bytes).
    pub policy: Option<Vec<u8>>,
    /// The newest Retain (120 bytes).
    pub retain: Option<Vec<u8>>,
    /// The draw of the cursor's noise.
    pub noise: Option<Noise>,
    /// Heads and receipts that wait to be compared, by number.
    pub heads: BTreeMap<u64, StoredHead>,
    /// The losses that the server declared, oldest first.
    pub losses: Vec<Loss>,
    /// Evidence, oldest first.
    pub evidence: Vec<Evidence>,
    /// True if the server is not synced any more.
    pub stopped: bool,
    /// Gossip that differs from our own log, oldest first.
    pub gossip: Vec<GossipClaim>,
}

/// The draw of the beginning of the next replay, made once for each verified size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    /// The verified size that it was drawn for.
    pub size: u64,
    /// The draw, 0 to 31: the number of blocks by which the replay begins further back.
    pub draw: u8,
    /// The block, in entries.
    pub block: u64,
}

/// Entries that the server declared lost: those that a new incarnation does not continue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loss {
    /// Index of the first lost entry.
    pub from: u64,
    /// Index after the last lost entry that the client held a signature for; there may have been more.
    pub to: u64,
    /// The incarnation whose certificate declared the loss.
    pub incarnation: u64,
    /// Time at which it was learnt, in unix seconds.
    pub at: u64,
}

/// Source from which a waiting head was learnt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeadSource {
    /// A reply or live message whose entries did not come.
    Reply,
    /// A cold probe.
    Probe,
    /// A contact's answer to a comparison.
    Comparison,
    /// A certificate that continues or ends the incarnation before.
    Certificate,
    /// The receipt of one of our own posts.
    Receipt {
        /// The entry that was posted.
        entry: EntryId,
    },
}

/// A waiting head as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredHead {
    /// The head's own number.
    pub id: u64,
    /// Source from which it was learnt.
    pub source: HeadSource,
    /// The incarnation of the certificate that it verifies under; with [`HeadSource::Certificate`], that certificate is
    /// the head.
    pub incarnation: u64,
    /// The receipt or checkpoint; empty with [`HeadSource::Certificate`].
    pub bytes: Vec<u8>,
}

/// A change of a part of the kept state. The changes of a step belong in one database transaction, in their order,
/// together with the messages that they cover.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// A certificate is known; it replaces none.
    Certificate {
        /// Its incarnation.
        incarnation: u64,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// The certificate of this incarnation is not kept any more.
    CertificateGone(u64),
    /// The pinned certificate is the one of this incarnation.
    Pinned(u64),
    /// Forget all ids and ranges; the log begins after this compact range.
    Restarted {
        /// Its size.
        size: u64,
        /// Its hashes.
        range: Vec<u8>,
    },
    /// Forget the ids from this index on and the ranges of larger sizes, and the verified checkpoint.
    Rewound {
        /// The size.
        size: u64,
    },
    /// The verified log grew, or a newer checkpoint covers it.
    Grown {
        /// The index of the first of `ids`.
        first: u64,
        /// The entries that were added.
        ids: Vec<EntryId>,
        /// Compact ranges that were added: size and hashes.
        ranges: Vec<(u64, Vec<u8>)>,
        /// Forget the ids below this index.
        ids_from: u64,
        /// Forget the ranges of these sizes.
        ranges_gone: Vec<u64>,
        /// The checkpoint that covers it now.
        checkpoint: Vec<u8>,
        /// Its incarnation.
        incarnation: u64,
    },
    /// A boundary checkpoint is kept; it replaces none.
    Boundary {
        /// Its size.
        size: u64,
        /// Its incarnation.
        incarnation: u64,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// A boundary checkpoint is not kept any more.
    BoundaryGone {
        /// Its size.
        size: u64,
        /// Its incarnation.
        incarnation: u64,
    },
    /// The newest policy.
    Policy(Vec<u8>),
    /// The newest Retain.
    Retain(Vec<u8>),
    /// The noise was drawn. Durable before the request that was made with it is sent.
    Noise(Noise),
    /// A head waits.
    HeadAdded(StoredHead),
    /// The head with this number waits no more.
    HeadGone(u64),
    /// The server declared a loss; it replaces the last one if `replaces_last`.
    Loss {
        /// The lost entries.
        loss: Loss,
        /// True if the list was full.
        replaces_last: bool,
    },
    /// Evidence was found. Kept for ever.
    Evidence(Box<Evidence>),
    /// The server is not synced any more.
    Stopped,
    /// Gossip that differs is kept.
    Gossip(GossipClaim),
    /// Forget the oldest gossip of this author.
    GossipGone {
        /// The author's public key.
        author: [u8; 32],
    },
    /// Forget everything but evidence, losses and gossip: the server is met anew.
    StartedOver,
}

impl Snapshot {
    /// Applies a change; this defines what a store must do with it.
    pub fn apply(&mut self, change: &Change) {
        match change.clone() {
            Change::Certificate { incarnation, bytes } => {
                self.certificates.insert(incarnation, bytes);
            }
            Change::CertificateGone(incarnation) => {
                self.certificates.remove(&incarnation);
            }
            Change::Pinned(incarnation) => self.pinned = Some(incarnation),
            Change::Restarted { size, range } => {
                self.ids.clear();
                self.ranges.clear();
                // The range of size 0 goes without saying.
                if size > 0 {
                    self.ranges.insert(size, range);
                }
            }
            Change::Rewound { size } => {
                self.ids.retain(|index, _| *index < size);
                self.ranges.retain(|kept, _| *kept <= size);
                self.verified = None;
            }
            Change::Grown { first, ids, ranges, ids_from, ranges_gone, checkpoint, incarnation } => {
                self.ids.extend((first..).zip(ids));
                self.ranges.extend(ranges);
                self.ids.retain(|index, _| *index >= ids_from);
                self.ranges.retain(|size, _| !ranges_gone.contains(size));
                self.verified = Some((incarnation, checkpoint));
            }
            Change::Boundary { size, incarnation, bytes } => {
                self.boundaries.insert((size, incarnation), bytes);
            }
            Change::BoundaryGone { size, incarnation } => {
                self.boundaries.remove(&(size, incarnation));
            }
            Change::Policy(bytes) => self.policy = Some(bytes),
            Change::Retain(bytes) => self.retain = Some(bytes),
            Change::Noise(noise) => self.noise = Some(noise),
            Change::HeadAdded(head) => {
                self.heads.insert(head.id, head);
            }
            Change::HeadGone(id) => {
                self.heads.remove(&id);
            }
            Change::Loss { loss, replaces_last } => {
                if replaces_last {
                    self.losses.pop();
                }
                self.losses.push(loss);
            }
            Change::Evidence(evidence) => self.evidence.push(*evidence),
            Change::Stopped => self.stopped = true,
            Change::Gossip(claim) => self.gossip.push(claim),
            Change::GossipGone { author } => {
                if let Some(at) = self.gossip.iter().position(|claim| claim.author == author) {
                    self.gossip.remove(at);
                }
            }
            Change::StartedOver => {
                let kept = core::mem::take(self);
                let Self { losses, evidence, gossip, .. } = kept;
                *self = Self { losses, evidence, gossip, ..Self::default() };
            }
        }
    }
}
