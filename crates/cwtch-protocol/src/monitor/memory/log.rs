//! The state that a monitor keeps of a server's log, verified.

use cwtch_log::{Certificate, Checkpoint, Hash, Policy, Retain};

use super::boundaries::Boundaries;
use super::certificates::Certificates;
use super::evidence::Evidence;
use super::gossip::Gossip;
use super::snapshot::{Loss, Noise, Snapshot};
use super::statement::Statement;
use super::tail::Tail;
use super::waiting::Waiting;

/// Everything that a monitor keeps, verified.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeptLog {
    pub(crate) certificates: Certificates,
    /// The verified log: its end is the verified size.
    pub(crate) tail: Tail,
    /// The checkpoint that covers the verified size; none before the first, and after a declared loss.
    pub(crate) head: Option<Checkpoint>,
    pub(crate) boundaries: Boundaries,
    pub(crate) policy: Option<Policy>,
    pub(crate) retain: Option<Retain>,
    pub(crate) waiting: Waiting,
    pub(crate) losses: Vec<Loss>,
    pub(crate) noise: Option<Noise>,
    pub(crate) evidence: Vec<Evidence>,
    pub(crate) stopped: bool,
    pub(crate) gossip: Gossip,
}

impl KeptLog {
    /// The number of entries that a signed checkpoint covers.
    pub(crate) fn verified_size(&self) -> u64 {
        self.tail.end()
    }

    /// True if the server must show a log: one is pinned, and the server did not end it.
    pub(crate) fn expects_log(&self) -> bool {
        self.certificates.pinned().is_some_and(|pinned| !pinned.is_retired())
    }

    /// The incarnation of the pinned certificate; 0 if none is pinned.
    pub(crate) fn pinned_incarnation(&self) -> u64 {
        self.certificates.pinned().map_or(0, Certificate::incarnation)
    }

    /// The index below which the server may have deleted entries; 0 if it deletes none.
    pub(crate) fn min_index(&self) -> u64 {
        // Deletions from a log that the server has lost since say nothing of the present one.
        let retain = self.retain.as_ref().filter(|retain| {
            self.certificates.continued(retain.incarnation()).is_some_and(|to| retain.min_index() <= to)
        });
        retain.map_or(0, Retain::min_index)
    }

    /// Our own root of a size up to the verified one, if it is known.
    pub(crate) fn root_at(&self, size: u64) -> Option<Hash> {
        if size > self.verified_size() {
            return None;
        }
        self.tail.root_at(size).or_else(|| {
            let certificate = self.certificates.of_size(size)?;
            self.boundaries.root(size, certificate.incarnation())
        })
    }

    /// The boundary checkpoint of our own log of the largest boundary up to a size.
    pub(crate) fn newest_boundary(&self, size: u64) -> Option<Checkpoint> {
        self.boundaries.between(0, size).find_map(|(size, incarnation)| {
            let certificate = self.certificates.of_size(size)?;
            let in_line = certificate.incarnation() == incarnation;
            in_line.then(|| self.boundaries.get(size, certificate)).flatten()
        })
    }

    /// The greatest size that the client holds a signature for.
    pub(crate) fn largest_signed(&self) -> u64 {
        let waiting = self.waiting.iter().map(|(_, head)| head.statement.size());
        waiting.chain([self.verified_size()]).max().unwrap_or(0)
    }

    /// True if a later incarnation does not continue the log up to the statement's size.
    pub(crate) fn is_void(&self, statement: &Statement) -> bool {
        self.certificates.continued(statement.incarnation()).is_none_or(|to| statement.size() > to)
    }

    /// The certificates of our own log's incarnations, each with the size that it claims to continue from: also the
    /// first that was ever learnt, and those that came with it.
    pub(crate) fn starts(&self) -> impl Iterator<Item = (u64, &Certificate)> {
        self.certificates.line().filter_map(|certificate| {
            let previous = certificate.previous()?;
            let void = self.certificates.continued(previous.incarnation).is_none_or(|to| previous.size > to);
            (!void).then_some((previous.size, certificate))
        })
    }

    /// The whole state as bytes and numbers.
    pub(crate) fn snapshot(&self) -> Snapshot {
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
}
