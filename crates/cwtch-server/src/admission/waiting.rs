//! The bytes that wait for clients to take them, under one limit for all clients. It makes decisions only.

use std::collections::BTreeMap;

use super::table::Id;

/// The number of a hold. Later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct HoldId(u64);

/// Holds of bytes, in the order in which they began. A client that reads is done with its hold in a moment, so the
/// oldest hold belongs to the slowest client.
#[derive(Debug)]
pub(crate) struct Waiting {
    limit: usize,
    used: usize,
    next: u64,
    holds: BTreeMap<HoldId, (Id, usize)>,
}

impl Waiting {
    /// An empty table for at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, used: 0, next: 0, holds: BTreeMap::new() }
    }

    /// Bytes that wait.
    #[cfg(test)]
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// True if at least half of the limit is free: enough for reading ahead, which is convenient but not needed.
    pub(crate) fn has_plenty(&self) -> bool {
        self.used <= self.limit / 2
    }

    /// Begins a hold of `bytes` for a connection. Until they fit below the limit, the other connections with the
    /// oldest holds are evicted: they are returned, and hold nothing any more.
    pub(crate) fn hold(&mut self, id: Id, bytes: usize) -> (HoldId, Vec<Id>) {
        let mut evicted: Vec<Id> = Vec::new();
        while self.used.saturating_add(bytes) > self.limit
            && let Some(oldest) = self.holds.values().map(|(holder, _)| *holder).find(|holder| *holder != id)
        {
            self.drop_holds(oldest);
            evicted.push(oldest);
        }
        let hold = HoldId(self.next);
        self.next += 1;
        self.used = self.used.saturating_add(bytes);
        self.holds.insert(hold, (id, bytes));
        (hold, evicted)
    }

    /// Ends a hold, because its bytes were taken.
    pub(crate) fn release(&mut self, hold: HoldId) {
        if let Some((_, bytes)) = self.holds.remove(&hold) {
            self.used = self.used.saturating_sub(bytes);
        }
    }

    fn drop_holds(&mut self, id: Id) {
        let used = &mut self.used;
        self.holds.retain(|_, (holder, bytes)| {
            let stays = *holder != id;
            if !stays {
                *used = used.saturating_sub(*bytes);
            }
            stays
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admission::table::{Shares, Table};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_limit_holds_and_the_slowest_goes(
            steps in prop::collection::vec((any::<bool>(), 0usize..6, 1usize..60), 0..200),
        ) {
            let mut table = Table::new(Shares::halves(6, 1));
            let ids: Vec<Id> = (0..6).map(|_| table.enter().0).collect();
            let mut waiting = Waiting::new(100);
            let mut held: Vec<(HoldId, Id, usize)> = Vec::new();
            for (hold, who, bytes) in steps {
                if hold {
                    let id = ids[who];
                    // A connection holds two pieces at most, and those fit.
                    if held.iter().filter(|(_, holder, _)| *holder == id).map(|(_, _, bytes)| *bytes).sum::<usize>() + bytes > 100 {
                        continue;
                    }
                    let (hold, evicted) = waiting.hold(id, bytes);
                    prop_assert!(!evicted.contains(&id));
                    for evicted in evicted {
                        let oldest = held.iter().find(|(_, holder, _)| *holder != id).unwrap().1;
                        prop_assert_eq!(oldest, evicted);
                        held.retain(|(_, holder, _)| *holder != evicted);
                    }
                    held.push((hold, id, bytes));
                } else if !held.is_empty() {
                    waiting.release(held.remove(who % held.len()).0);
                }
                prop_assert_eq!(waiting.used, held.iter().map(|(_, _, bytes)| bytes).sum::<usize>());
                prop_assert!(waiting.used <= 100);
            }
        }
    }
}
