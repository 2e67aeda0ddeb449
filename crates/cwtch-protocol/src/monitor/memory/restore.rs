//! Restoring what a monitor keeps from the disk.

use std::collections::BTreeMap;

use cwtch_log::object::CheckpointBytes;
use cwtch_log::tree::CompactRange;
use cwtch_log::{Certificate, Checkpoint, EntryId, Policy, Receipt, Retain};
use cwtch_primitives::Address;

use super::certificates::Certificates;
use super::gossip::Gossip;
use super::kept::{Edit, Kept};
use super::log::KeptLog;
use super::snapshot::{HeadSource, Snapshot, StoredHead};
use super::statement::Statement;
use super::tail::Tail;
use super::waiting::WaitingHead;

/// The error of a stored state that does not verify where nothing else says what the server is to be held to: the
/// database was damaged or changed. It says nothing about the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the stored record of a server is damaged: its {0} cannot be right; restore the database from a backup"
)]
pub struct RestoreError(&'static str);

/// Restores what is kept from a snapshot. Parts that cannot be used are forgotten, each by an edit of its own.
pub(crate) fn restore(server: &Address, kept: &Snapshot) -> Result<Kept, RestoreError> {
    let mut state = KeptLog::default();
    let mut forget = Vec::new();
    if let Some(pinned) = kept.pinned {
        let bytes = kept.certificates.get(&pinned);
        let certificate = bytes.and_then(|bytes| certificate(pinned, bytes, server));
        state.certificates.insert(certificate.ok_or(RestoreError("pinned certificate"))?);
        state.certificates.pin(pinned);
    }
    for (incarnation, bytes) in &kept.certificates {
        match certificate(*incarnation, bytes, server) {
            Some(certificate) => state.certificates.insert(certificate),
            None => forget.push(Edit::CertificateGone(*incarnation)),
        }
    }
    let signer = |incarnation: u64| state.certificates.get(incarnation);
    let policy = |bytes: &Vec<u8>| {
        let by = Policy::peek(bytes).and_then(|fields| signer(fields.incarnation));
        by.and_then(|by| Policy::from_bytes(bytes, by).ok()).ok_or(RestoreError("policy"))
    };
    let retain = |bytes: &Vec<u8>| {
        let by = Retain::peek(bytes).and_then(|fields| signer(fields.incarnation));
        by.and_then(|by| Retain::from_bytes(bytes, by).ok()).ok_or(RestoreError("Retain"))
    };
    let (policy, retain) =
        (kept.policy.as_ref().map(policy).transpose()?, kept.retain.as_ref().map(retain).transpose()?);
    (state.policy, state.retain) = (policy, retain);
    match log(kept, &state.certificates) {
        Some((tail, head)) => (state.tail, state.head) = (tail, head),
        None => forget.push(Edit::Rewound(0)),
    }
    for ((size, incarnation), bytes) in &kept.boundaries {
        match CheckpointBytes::try_from(bytes.as_slice()) {
            Ok(bytes) => state.boundaries.insert_bytes((*size, *incarnation), bytes),
            Err(_) => forget.push(Edit::BoundaryGone { size: *size, incarnation: *incarnation }),
        }
    }
    for head in kept.heads.values() {
        match waiting_head(&state.certificates, head) {
            Some(waiting) => state.waiting.insert(head.id, waiting),
            None => forget.push(Edit::HeadGone(head.id)),
        }
    }
    state.noise = kept.noise;
    state.losses.clone_from(&kept.losses);
    state.evidence.clone_from(&kept.evidence);
    state.stopped = kept.stopped;
    state.gossip = Gossip::restore(kept.gossip.clone());

    let mut restored = Kept::restored(state);
    forget.into_iter().for_each(|edit| restored.record(edit));
    restored.drop_excess();
    Ok(restored)
}

fn certificate(incarnation: u64, bytes: &[u8], server: &Address) -> Option<Certificate> {
    let certificate = Certificate::from_bytes(bytes, server).ok()?;
    (certificate.incarnation() == incarnation).then_some(certificate)
}

fn waiting_head(certificates: &Certificates, stored: &StoredHead) -> Option<WaitingHead> {
    let certificate = certificates.get(stored.incarnation)?;
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

/// Reads the end of the log, and the checkpoint that covers it; `None` if they do not fit together.
fn log(kept: &Snapshot, certificates: &Certificates) -> Option<(Tail, Option<Checkpoint>)> {
    let tail = tail(&kept.ranges, &kept.ids)?;
    let Some((incarnation, bytes)) = &kept.verified else { return Some((tail, None)) };
    let head = Checkpoint::from_bytes(bytes, certificates.get(*incarnation)?).ok()?;
    let covers = head.size() == tail.end() && tail.root_at(tail.end()) == Some(*head.root());
    covers.then_some((tail, Some(head)))
}

fn tail(ranges: &BTreeMap<u64, Vec<u8>>, ids: &BTreeMap<u64, EntryId>) -> Option<Tail> {
    let end = ranges.keys().next_back().copied().unwrap_or(0);
    let first = ids.keys().next().copied().unwrap_or(end);
    // Indexes ascend, so they have no gaps if the last is the one that their number demands.
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
