//! A client's duty to notice an attack, as it follows from what it was shown.

use std::collections::BTreeMap;

use cwtch_log::object::{CHECKPOINT_LEN, RetainFields};
use cwtch_log::{Certificate, Checkpoint, Policy, Retain};
use cwtch_testkit::log::HonestLog;

use super::client::Client;
use super::held::Held;

/// Statements that a client held before it was shown something.
pub(crate) struct Before {
    pub(crate) expects_log: bool,
    pub(crate) verified: u64,
    pub(crate) pinned: Option<u64>,
    certificates: BTreeMap<u64, Vec<u8>>,
    boundaries: BTreeMap<(u64, u64), Vec<u8>>,
    /// Incarnation, size and time of each checkpoint that is held.
    checkpoints: Vec<(u64, u64, u64)>,
    /// The largest size that the newest history has a signature for.
    signed: u64,
    policy: Option<Vec<u8>>,
    retain: Option<Vec<u8>>,
    losses: usize,
}

impl Before {
    pub(crate) fn of(client: &Client) -> Self {
        let store = &client.store;
        let numbers = |incarnation: u64, bytes: &[u8]| {
            Checkpoint::peek(bytes).map(|fields| (incarnation, fields.size, fields.time))
        };
        let verified = store.verified.iter().filter_map(|(incarnation, bytes)| numbers(*incarnation, bytes));
        let heads = store.heads.values().filter_map(|head| match head.bytes.len() {
            CHECKPOINT_LEN => numbers(head.incarnation, &head.bytes),
            // A receipt: its index stands before the checkpoint.
            _ => numbers(head.incarnation, head.bytes.get(8..8 + CHECKPOINT_LEN)?),
        });
        let mut checkpoints: Vec<_> = verified.chain(heads).collect();
        let sizes = checkpoints.iter().map(|(_, size, _)| *size);
        let signed = sizes.chain([client.monitor().verified_size()]).max();
        let newest = store.boundaries.iter().rev().take(2);
        checkpoints.extend(newest.filter_map(|((_, incarnation), bytes)| numbers(*incarnation, bytes)));
        Self {
            expects_log: client.monitor().expects_log(),
            verified: client.monitor().verified_size(),
            pinned: store.pinned,
            certificates: store.certificates.clone(),
            boundaries: store.boundaries.clone(),
            checkpoints,
            signed: signed.unwrap_or(0),
            policy: store.policy.clone(),
            retain: store.retain.clone(),
            losses: store.losses.len(),
        }
    }
}

/// Things that a client must have noticed.
#[derive(Default)]
pub(crate) struct Duty {
    why: Option<&'static str>,
    provable: bool,
    stops: bool,
}

impl Duty {
    pub(crate) fn why(&self) -> Option<&'static str> {
        self.why
    }

    /// True if a proof was possible with what the client held.
    pub(crate) fn provable(&self) -> bool {
        self.provable
    }

    /// True if an alarm is enough, because nothing failed a check.
    pub(crate) fn alarm_only(&self) -> bool {
        !self.stops
    }

    pub(crate) fn detect(&mut self, why: &'static str, provable: bool) {
        self.why.get_or_insert(why);
        self.provable |= provable;
        self.stops = true;
    }

    /// Adds what the statements of an answer show beside what was held. `used` tells that the answer was not refused
    /// for its age.
    pub(crate) fn header(&mut self, before: &Before, log: &HonestLog, used: bool) {
        self.certificate(before, log.certificate());
        let (shown, incarnation) = (log.checkpoint(), log.certificate().incarnation());
        if before.pinned.is_some_and(|pinned| pinned > incarnation && shown.time() > pinned) {
            self.detect("a replaced log goes on signing", true);
        }
        if !used {
            return;
        }
        let policy = before.policy.as_deref().and_then(Policy::peek);
        let policy = policy.filter(|old| old.incarnation == incarnation).map(|old| (old.time, old.retention));
        let retain = before.retain.as_deref().and_then(Retain::peek);
        let retain = retain.filter(|old| old.incarnation == incarnation);
        if let Some((time, retention)) = policy
            && time < log.policy().time()
            && retention > log.policy().retention()
        {
            self.detect("a promise taken back", true);
        }
        let Some(new) = log.retain() else { return };
        let less = |old: &RetainFields| old.time < new.time() && old.min_index > new.min_index();
        if retain.as_ref().is_some_and(less) {
            self.detect("less deleted than before", true);
        }
        let promise = policy.unwrap_or((log.policy().time(), log.policy().retention()));
        let known = before.retain.as_ref().is_some_and(|old| old[..] == new.to_bytes()[..]);
        if !known && self.pruned_early(before, promise, new) {
            self.detect("pruned early", true);
        }
    }

    fn pruned_early(&self, before: &Before, (promised, retention): (u64, u64), new: &Retain) -> bool {
        before.checkpoints.iter().any(|(incarnation, size, time)| {
            *incarnation == new.incarnation()
                && promised < *time
                && *size < new.min_index()
                && new.time() + 60 < time + retention
        })
    }

    /// Adds what a certificate shows beside those that were held.
    pub(crate) fn certificate(&mut self, before: &Before, new: &Certificate) {
        let incarnation = new.incarnation();
        if before.certificates.get(&incarnation).is_some_and(|known| known[..] != new.to_bytes()[..]) {
            self.detect("two certificates", true);
        }
        let Some(pinned) = before.pinned.filter(|pinned| *pinned < incarnation) else { return };
        let linked = new.previous().is_some_and(|previous| previous.incarnation == pinned);
        let continues =
            |previous: &cwtch_log::Previous| before.certificates.contains_key(&previous.incarnation);
        let overtaken = |(old, _, time): &(u64, u64, u64)| *old < incarnation && *time > incarnation;
        if new.previous().is_some_and(continues) && before.checkpoints.iter().any(overtaken) {
            self.detect("the old log was signed after the new one began", true);
        }
        let lossy = new.previous().is_some_and(|previous| previous.size < before.signed);
        if linked && lossy && before.losses > 0 && self.why.is_none() {
            self.why = Some("a second loss");
        }
    }

    /// Adds what held heads show beside a new one: its size and time, and, if the entries were read, the entries.
    /// `read` is the index that was asked for and the one where the entries began.
    pub(crate) fn heads(&mut self, held: &[Held], before: &Before, shown: &Held, read: Option<(u64, u64)>) {
        let shrank = |(incarnation, size, time): &(u64, u64, u64)| {
            *incarnation == shown.incarnation && *time < shown.time && *size > shown.size
        };
        if before.checkpoints.iter().any(shrank) {
            self.detect("a smaller size at a later time", true);
        }
        let Some((from, begin)) = read else { return };
        for head in held.iter().filter(|head| head.size <= shown.size && head.diverges(shown)) {
            if begin > from {
                // Between these nothing was read; what was compared is the beginning up to what was asked for.
                if head.common(shown) < from {
                    self.detect("another past before deleted entries", false);
                }
                continue;
            }
            let current = head.size >= before.verified && head.incarnation == shown.incarnation;
            self.detect("another past", current && (head.size == shown.size || head.common(shown) >= from));
        }
    }

    /// Adds what a head shows that was compared with our own log at once, or that covers it now.
    pub(crate) fn agrees(&mut self, held: &[Held], before: &Before, shown: &Held) {
        let verified = held.iter().filter(|head| head.size <= before.verified.max(shown.size));
        for head in verified {
            let compared = head.size == before.verified && shown.size <= before.verified;
            if compared && head.diverges(shown) {
                self.detect("another past, compared at once", false);
            }
        }
    }

    /// Adds what held boundary checkpoints show beside those of a stream.
    pub(crate) fn boundaries(&mut self, before: &Before, log: &HonestLog, from: u64) {
        for size in
            before.boundaries.keys().map(|(size, _)| *size).filter(|size| *size > from.max(log.min_index()))
        {
            self.boundary(before, log, size);
        }
    }

    /// Adds the same for the newest boundary, which stands in the answer to a probe.
    pub(crate) fn mark(&mut self, before: &Before, log: &HonestLog) {
        let newest = log.size() / cwtch_log::BOUNDARY * cwtch_log::BOUNDARY;
        self.boundary(before, log, newest);
    }

    fn boundary(&mut self, before: &Before, log: &HonestLog, size: u64) {
        let Some(shown) = log.boundary(size) else { return };
        let held = before.boundaries.get(&(size, shown.incarnation()));
        if held.is_some_and(|held| held[..] != shown.to_bytes()[..]) {
            self.detect("a second boundary", true);
        }
    }
}
