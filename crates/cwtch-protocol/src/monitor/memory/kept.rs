//! The state that a monitor keeps, and the one way in which it changes.
//!
//! Memory and store are the same fold of the same changes: every edit of the kept state goes through
//! [`Kept::record`], which changes the memory and notes the [`Change`] for the store. Nothing else can write:
//! [`Kept`] only lets its [`KeptLog`] be read. Anything that makes room for something else goes by an edit of its own.

use core::ops::Deref;

use cwtch_log::tree::CompactRange;
use cwtch_log::{Certificate, Checkpoint, Policy, Retain};

use super::evidence::Evidence;
use super::gossip::GossipClaim;
use super::log::KeptLog;
use super::snapshot::{Change, Loss, Noise};
use super::tail::{Tail, TailGrowth};
use super::waiting::WaitingHead;

/// The state of a monitor with the changes that the store has not got yet.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    state: KeptLog,
    changes: Vec<Change>,
}

/// A change of the kept state, in verified objects. Each is one [`Change`].
#[derive(Debug, Clone)]
pub(crate) enum Edit {
    Certificate(Box<Certificate>),
    CertificateGone(u64),
    Pinned(u64),
    Restarted(CompactRange),
    /// The log goes back to a size whose compact range is kept, or to 0.
    Rewound(u64),
    Grown(Box<Growth>),
    Boundary(Box<Checkpoint>),
    BoundaryGone {
        size: u64,
        incarnation: u64,
    },
    Policy(Box<Policy>),
    Retain(Box<Retain>),
    Noise(Noise),
    HeadAdded(u64, Box<WaitingHead>),
    HeadGone(u64),
    Loss {
        loss: Loss,
        replaces_last: bool,
    },
    Evidence(Box<Evidence>),
    Stopped,
    Gossip(GossipClaim),
    GossipGone([u8; 32]),
    StartedOver,
}

/// Growth of the verified log, and the checkpoint that covers it.
#[derive(Debug, Clone)]
pub(crate) struct Growth {
    pub(crate) tail: TailGrowth,
    pub(crate) checkpoint: Checkpoint,
}

impl Deref for Kept {
    type Target = KeptLog;

    fn deref(&self) -> &KeptLog {
        &self.state
    }
}

impl Kept {
    /// The state that was read from a store, without changes.
    pub(crate) fn restored(state: KeptLog) -> Self {
        Self { state, changes: Vec::new() }
    }

    /// Applies an edit, here and, as a change, in the store.
    pub(crate) fn record(&mut self, edit: Edit) {
        self.changes.push(edit.change());
        self.state.apply(edit);
    }

    /// Takes the changes that the store has not got yet, in their order.
    pub(crate) fn take_changes(&mut self) -> Vec<Change> {
        core::mem::take(&mut self.changes)
    }
}

impl Edit {
    /// The edit as a change for the store.
    fn change(&self) -> Change {
        match self {
            Self::Certificate(certificate) => Change::Certificate {
                incarnation: certificate.incarnation(),
                bytes: certificate.to_bytes().to_vec(),
            },
            Self::CertificateGone(incarnation) => Change::CertificateGone(*incarnation),
            Self::Pinned(incarnation) => Change::Pinned(*incarnation),
            Self::Restarted(range) => Change::Restarted { size: range.size(), range: range.to_bytes() },
            Self::Rewound(size) => Change::Rewound { size: *size },
            Self::Grown(growth) => growth.change(),
            Self::Boundary(checkpoint) => Change::Boundary {
                size: checkpoint.size(),
                incarnation: checkpoint.incarnation(),
                bytes: checkpoint.to_bytes().to_vec(),
            },
            Self::BoundaryGone { size, incarnation } => {
                Change::BoundaryGone { size: *size, incarnation: *incarnation }
            }
            Self::Policy(policy) => Change::Policy(policy.to_bytes().to_vec()),
            Self::Retain(retain) => Change::Retain(retain.to_bytes().to_vec()),
            Self::Noise(noise) => Change::Noise(*noise),
            Self::HeadAdded(id, head) => Change::HeadAdded(head.stored(*id)),
            Self::HeadGone(id) => Change::HeadGone(*id),
            Self::Loss { loss, replaces_last } => Change::Loss { loss: *loss, replaces_last: *replaces_last },
            Self::Evidence(evidence) => Change::Evidence(evidence.clone()),
            Self::Stopped => Change::Stopped,
            Self::Gossip(claim) => Change::Gossip(*claim),
            Self::GossipGone(author) => Change::GossipGone { author: *author },
            Self::StartedOver => Change::StartedOver,
        }
    }
}

impl Growth {
    fn change(&self) -> Change {
        let TailGrowth { first, ids, ranges, ids_from, ranges_gone } = &self.tail;
        Change::Grown {
            first: *first,
            ids: ids.clone(),
            ranges: ranges.iter().map(|range| (range.size(), range.to_bytes())).collect(),
            ids_from: *ids_from,
            ranges_gone: ranges_gone.clone(),
            checkpoint: self.checkpoint.to_bytes().to_vec(),
            incarnation: self.checkpoint.incarnation(),
        }
    }
}

impl KeptLog {
    /// Applies an edit as [`Snapshot::apply`](super::snapshot::Snapshot::apply) applies its change.
    fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Certificate(certificate) => self.certificates.insert(*certificate),
            Edit::CertificateGone(incarnation) => self.certificates.remove(incarnation),
            Edit::Pinned(incarnation) => self.certificates.pin(incarnation),
            Edit::Restarted(range) => self.tail = Tail::at(range),
            Edit::Rewound(size) => {
                self.tail.truncate(size);
                self.head = None;
            }
            Edit::Grown(growth) => {
                self.tail.grow(growth.tail);
                self.head = Some(growth.checkpoint);
            }
            Edit::Boundary(checkpoint) => self.boundaries.insert(&checkpoint),
            Edit::BoundaryGone { size, incarnation } => self.boundaries.remove((size, incarnation)),
            Edit::Policy(policy) => self.policy = Some(*policy),
            Edit::Retain(retain) => self.retain = Some(*retain),
            Edit::Noise(noise) => self.noise = Some(noise),
            Edit::HeadAdded(id, head) => self.waiting.insert(id, *head),
            Edit::HeadGone(id) => self.waiting.remove(id),
            Edit::Loss { loss, replaces_last } => {
                if replaces_last {
                    self.losses.pop();
                }
                self.losses.push(loss);
            }
            Edit::Evidence(evidence) => self.evidence.push(*evidence),
            Edit::Stopped => self.stopped = true,
            Edit::Gossip(claim) => self.gossip.push(claim),
            Edit::GossipGone(author) => self.gossip.remove_oldest(&author),
            Edit::StartedOver => {
                let Self { losses, evidence, gossip, .. } = core::mem::take(self);
                *self = Self { losses, evidence, gossip, ..Self::default() };
            }
        }
    }
}
