//! Gossip of members that differs from the own log: kept, shown, and accusing nobody (section 7.2).

use std::collections::BTreeMap;

use cwtch_log::Hash;

use super::limits::{GOSSIP_AUTHORS_MAX, GOSSIP_PER_AUTHOR_MAX};
use super::snapshot::Change;

/// What a member said about the log, and the own log says otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GossipClaim {
    /// The author's public key.
    pub author: [u8; 32],
    /// The incarnation that the author read.
    pub incarnation: u64,
    /// The size.
    pub size: u64,
    /// The root that the author computed.
    pub root: Hash,
    /// When it was read, unix seconds.
    pub at: u64,
}

/// The newest differing claims of each author.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gossip {
    claims: Vec<GossipClaim>,
}

impl Gossip {
    pub(crate) fn restore(claims: Vec<GossipClaim>) -> Self {
        Self { claims }
    }

    pub(crate) fn claims(&self) -> &[GossipClaim] {
        &self.claims
    }

    /// Keeps a claim; `false` if it is known. An author beyond the limit is not kept, but it is still told.
    pub(crate) fn add(&mut self, claim: GossipClaim, changes: &mut Vec<Change>) -> bool {
        let same = |other: &GossipClaim| GossipClaim { at: claim.at, ..*other } == claim;
        if self.claims.iter().any(same) {
            return false;
        }
        let mut authors: BTreeMap<[u8; 32], usize> = BTreeMap::new();
        for kept in &self.claims {
            *authors.entry(kept.author).or_default() += 1;
        }
        match authors.get(&claim.author) {
            None if authors.len() >= GOSSIP_AUTHORS_MAX => return true,
            Some(kept) if *kept >= GOSSIP_PER_AUTHOR_MAX => {
                if let Some(oldest) = self.claims.iter().position(|kept| kept.author == claim.author) {
                    self.claims.remove(oldest);
                    changes.push(Change::GossipGone { author: claim.author });
                }
            }
            _ => {}
        }
        self.claims.push(claim);
        changes.push(Change::Gossip(claim));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_bounded_and_known_claims_are_told_once() {
        let (mut gossip, mut changes) = (Gossip::default(), Vec::new());
        let claim = |author: u8, size| GossipClaim {
            author: [author; 32],
            incarnation: 60,
            size,
            root: [1; 32],
            at: size,
        };
        for size in 0..100 {
            assert!(gossip.add(claim(1, size), &mut changes));
            assert!(!gossip.add(GossipClaim { at: 7, ..claim(1, size) }, &mut changes));
        }
        assert_eq!(gossip.claims().len(), GOSSIP_PER_AUTHOR_MAX);
        for author in 2..=200 {
            assert!(gossip.add(claim(author, 1), &mut changes));
        }
        assert_eq!(gossip.claims().len(), GOSSIP_PER_AUTHOR_MAX + GOSSIP_AUTHORS_MAX - 1);
        let mut stored = super::super::Snapshot::default();
        changes.iter().for_each(|change| stored.apply(change));
        assert_eq!(stored.gossip, gossip.claims());
    }
}
