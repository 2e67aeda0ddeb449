//! Gossip of members that differs from our own log: kept, shown, and accusing nobody (section 7.2).

use std::collections::BTreeSet;

use cwtch_log::Hash;

/// A member's statement about the log that differs from our own log.
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
    /// Time at which it was read, in unix seconds.
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

    /// True if the claim was heard already.
    pub(crate) fn knows(&self, claim: &GossipClaim) -> bool {
        self.claims.iter().any(|other| GossipClaim { at: claim.at, ..*other } == *claim)
    }

    /// Number of authors with claims.
    pub(crate) fn authors(&self) -> usize {
        self.claims.iter().map(|claim| claim.author).collect::<BTreeSet<_>>().len()
    }

    /// Number of an author's claims.
    pub(crate) fn of(&self, author: &[u8; 32]) -> usize {
        self.claims.iter().filter(|claim| claim.author == *author).count()
    }

    pub(super) fn push(&mut self, claim: GossipClaim) {
        self.claims.push(claim);
    }

    pub(super) fn remove_oldest(&mut self, author: &[u8; 32]) {
        if let Some(oldest) = self.claims.iter().position(|claim| claim.author == *author) {
            self.claims.remove(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::kept::Kept;
    use super::*;
    use crate::monitor::limits::{GOSSIP_AUTHORS_MAX, GOSSIP_PER_AUTHOR_MAX};

    #[test]
    fn lists_are_bounded_and_known_claims_are_told_once() {
        let mut kept = Kept::default();
        let claim = |author: u8, size| GossipClaim {
            author: [author; 32],
            incarnation: 60,
            size,
            root: [1; 32],
            at: size,
        };
        for size in 0..100 {
            assert!(kept.keep_gossip(claim(1, size)));
            assert!(!kept.keep_gossip(GossipClaim { at: 7, ..claim(1, size) }));
        }
        assert_eq!(kept.gossip.claims().len(), GOSSIP_PER_AUTHOR_MAX);
        for author in 2..=200 {
            assert!(kept.keep_gossip(claim(author, 1)));
        }
        assert_eq!(kept.gossip.claims().len(), GOSSIP_PER_AUTHOR_MAX + GOSSIP_AUTHORS_MAX - 1);
        let mut stored = crate::monitor::Snapshot::default();
        kept.take_changes().iter().for_each(|change| stored.apply(change));
        assert_eq!(stored.gossip, kept.gossip.claims());
    }
}
