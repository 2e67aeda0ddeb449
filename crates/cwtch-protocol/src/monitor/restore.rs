//! From the disk and back.

use std::collections::BTreeMap;

use cwtch_log::tree::CompactRange;
use cwtch_log::{Certificate, Checkpoint, EntryId, Policy, Receipt, Retain};
use cwtch_primitives::Address;

use super::Monitor;
use super::boundaries::Boundaries;
use super::fold::Fold;
use super::gossip::Gossip;
use super::snapshot::{Snapshot, StoredHead};
use super::statement::Statement;
use super::tail::Tail;
use super::waiting::{HeadSource, WaitingHead};

/// What is stored does not fit together: the database was damaged or changed. The server's record has to be begun anew:
/// delete it, and sync from the start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored record of a server is damaged: its {0} cannot be right; delete it and sync again")]
pub struct RestoreError(&'static str);

impl Monitor {
    /// Everything that is to be kept. A store that applied every [`Change`](super::Change) has the same.
    pub fn snapshot(&self) -> Snapshot {
        let ranges = self.tail.ranges().filter(|range| range.size() > 0);
        Snapshot {
            certificates: self
                .certificates
                .all()
                .map(|certificate| (certificate.incarnation(), certificate.to_bytes().to_vec()))
                .collect(),
            pinned: self.certificates.pinned().map(Certificate::incarnation),
            ranges: ranges.map(|range| (range.size(), range.to_bytes())).collect(),
            ids: (self.tail.first()..).zip(self.tail.ids().copied()).collect(),
            verified: self.head.as_ref().map(|head| (head.incarnation(), head.to_bytes().to_vec())),
            boundaries: self.boundaries.iter().map(|(key, bytes)| (*key, bytes.to_vec())).collect(),
            policy: self.policy.as_ref().map(|policy| policy.to_bytes().to_vec()),
            retain: self.retain.as_ref().map(|retain| retain.to_bytes().to_vec()),
            noise: self.noise,
            heads: self.waiting.iter().map(|(id, head)| (id, head.stored(id))).collect(),
            losses: self.losses.clone(),
            evidence: self.evidence.clone(),
            stopped: self.stopped,
            gossip: self.gossip.claims().to_vec(),
        }
    }

    /// A monitor from what was kept. Signatures are verified again, those of boundary checkpoints when they are used.
    ///
    /// # Errors
    /// [`RestoreError`] if something does not verify or does not fit the rest.
    pub fn restore(server: Address, kept: &Snapshot) -> Result<Self, RestoreError> {
        let mut monitor = Self::new(server);
        for bytes in kept.certificates.values() {
            let certificate =
                Certificate::from_bytes(bytes, &server).map_err(|_| RestoreError("certificate"))?;
            monitor.certificates.insert(certificate);
        }
        if let Some(pinned) = kept.pinned {
            monitor.certificates.get(pinned).ok_or(RestoreError("pinned certificate"))?;
            monitor.certificates.pin(pinned);
        }
        monitor.tail = tail(&kept.ranges, &kept.ids).ok_or(RestoreError("list of entries"))?;
        if let Some((incarnation, bytes)) = &kept.verified {
            let error = RestoreError("checkpoint");
            let certificate = monitor.certificates.get(*incarnation).ok_or(error)?;
            let head = Checkpoint::from_bytes(bytes, certificate).map_err(|_| error)?;
            let own = monitor.tail.root_at(monitor.tail.end());
            if head.size() != monitor.tail.end() || own != Some(*head.root()) {
                return Err(error);
            }
            monitor.head = Some(head);
        }
        monitor.boundaries =
            Boundaries::restore(&kept.boundaries).ok_or(RestoreError("boundary checkpoint"))?;
        // Each names its incarnation in its first eight bytes.
        let signer = |bytes: &[u8]| {
            let incarnation = bytes.first_chunk().map(|bytes| u64::from_be_bytes(*bytes))?;
            monitor.certificates.get(incarnation)
        };
        let policy = kept
            .policy
            .as_ref()
            .map(|bytes| signer(bytes).and_then(|certificate| Policy::from_bytes(bytes, certificate).ok()));
        let retain = kept
            .retain
            .as_ref()
            .map(|bytes| signer(bytes).and_then(|certificate| Retain::from_bytes(bytes, certificate).ok()));
        monitor.policy = policy.map(|policy| policy.ok_or(RestoreError("policy"))).transpose()?;
        monitor.retain = retain.map(|retain| retain.ok_or(RestoreError("Retain"))).transpose()?;
        for head in kept.heads.values() {
            let waiting = monitor.waiting_head(head).ok_or(RestoreError("receipt or checkpoint"))?;
            monitor.waiting.restore(head.id, waiting);
        }
        monitor.noise = kept.noise;
        monitor.losses.clone_from(&kept.losses);
        monitor.evidence.clone_from(&kept.evidence);
        monitor.stopped = kept.stopped;
        monitor.gossip = Gossip::restore(kept.gossip.clone());
        monitor.fold = Fold::at(CompactRange::new(), Vec::new());
        monitor.reset_fold();
        Ok(monitor)
    }

    fn waiting_head(&self, stored: &StoredHead) -> Option<WaitingHead> {
        let certificate = self.certificates.get(stored.incarnation)?;
        let (statement, receipt) = match stored.source {
            HeadSource::Certificate => (Statement::Previous(certificate.clone()), None),
            HeadSource::Receipt { entry } => {
                let receipt = Receipt::from_bytes(&stored.bytes, certificate).ok()?;
                if !receipt.verify_entry(&entry) {
                    return None;
                }
                (Statement::Checkpoint(receipt.checkpoint().clone()), Some(receipt))
            }
            _ => (Statement::Checkpoint(Checkpoint::from_bytes(&stored.bytes, certificate).ok()?), None),
        };
        Some(WaitingHead { statement, source: stored.source, receipt })
    }
}

fn tail(ranges: &BTreeMap<u64, Vec<u8>>, ids: &BTreeMap<u64, EntryId>) -> Option<Tail> {
    let end = ranges.keys().next_back().copied().unwrap_or(0);
    let first = ids.keys().next().copied().unwrap_or(end);
    // Indexes ascend, so they have no gaps if the last is where it must be.
    if ids.keys().next_back().is_some_and(|last| last - first + 1 != ids.len() as u64) {
        return None;
    }
    let mut kept = Vec::with_capacity(ranges.len() + 1);
    if first == 0 {
        kept.push(CompactRange::new());
    }
    for (size, bytes) in ranges {
        kept.push(CompactRange::from_bytes(*size, bytes).ok()?);
    }
    Tail::from_parts(kept, first, ids.values().copied().collect())
}
