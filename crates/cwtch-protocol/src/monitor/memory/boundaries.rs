//! Boundary checkpoints: kept as bytes, verified again when they are used.

use std::collections::BTreeMap;

use cwtch_log::object::{CheckpointBytes, CheckpointFields};
use cwtch_log::{Certificate, Checkpoint, Hash};

/// The boundary checkpoints by size and incarnation.
#[derive(Debug, Clone, Default)]
pub(crate) struct Boundaries {
    kept: BTreeMap<(u64, u64), CheckpointBytes>,
}

impl Boundaries {
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&(u64, u64), &CheckpointBytes)> {
        self.kept.iter()
    }

    /// Number of boundary checkpoints that are kept.
    pub(crate) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(crate) fn has(&self, key: (u64, u64)) -> bool {
        self.kept.contains_key(&key)
    }

    /// Size and incarnation of the boundary checkpoint that makes room first.
    pub(crate) fn oldest(&self) -> Option<(u64, u64)> {
        self.kept.first_key_value().map(|(key, _)| *key)
    }

    pub(super) fn insert(&mut self, checkpoint: &Checkpoint) {
        self.kept.insert((checkpoint.size(), checkpoint.incarnation()), checkpoint.to_bytes());
    }

    pub(super) fn insert_bytes(&mut self, key: (u64, u64), bytes: CheckpointBytes) {
        self.kept.insert(key, bytes);
    }

    pub(super) fn remove(&mut self, key: (u64, u64)) {
        self.kept.remove(&key);
    }

    /// The boundary checkpoint of a size, verified under the certificate of its incarnation.
    pub(crate) fn get(&self, size: u64, certificate: &Certificate) -> Option<Checkpoint> {
        Checkpoint::from_bytes(self.kept.get(&(size, certificate.incarnation()))?, certificate).ok()
    }

    /// The root in the boundary checkpoint of a size.
    pub(crate) fn root(&self, size: u64, incarnation: u64) -> Option<Hash> {
        Some(self.fields((size, incarnation))?.root)
    }

    /// The boundary checkpoints that contradict a checkpoint: of its incarnation the nearest below and above it, if
    /// size and time disagree, and the one of its size, if the bytes do.
    pub(crate) fn suspects(&self, checkpoint: &Checkpoint, certificate: &Certificate) -> Vec<Checkpoint> {
        let (size, incarnation) = (checkpoint.size(), checkpoint.incarnation());
        let of_incarnation = |key: &&(u64, u64)| key.1 == incarnation;
        let below = self.kept.range(..(size, 0)).rev().map(|(key, _)| key).find(of_incarnation);
        let above = self.kept.range((size.saturating_add(1), 0)..).map(|(key, _)| key).find(of_incarnation);
        let (below, above) = (below.copied(), above.copied());
        let mut sizes = Vec::new();
        if below.is_some_and(|key| self.time(key) > Some(checkpoint.time())) {
            sizes.extend(below);
        }
        if above.is_some_and(|key| self.time(key) < Some(checkpoint.time())) {
            sizes.extend(above);
        }
        let same = self.kept.get_key_value(&(size, incarnation));
        if let Some((key, bytes)) = same
            && *bytes != checkpoint.to_bytes()
            && (checkpoint.is_boundary() || self.root(size, incarnation) != Some(*checkpoint.root()))
        {
            sizes.push(*key);
        }
        sizes.into_iter().filter_map(|(size, _)| self.get(size, certificate)).collect()
    }

    /// The sizes from `low` to `high` (both inclusive) with their incarnations, largest first.
    pub(crate) fn between(&self, low: u64, high: u64) -> impl Iterator<Item = (u64, u64)> {
        self.kept.range((low, 0)..=(high, u64::MAX)).rev().map(|(key, _)| *key)
    }

    /// The time in a boundary checkpoint, in unix seconds.
    pub(crate) fn time(&self, key: (u64, u64)) -> Option<u64> {
        Some(self.fields(key)?.time)
    }

    fn fields(&self, key: (u64, u64)) -> Option<CheckpointFields> {
        Checkpoint::peek(self.kept.get(&key)?)
    }
}
