//! The bounds of everything that is kept, and what makes room for what. Whatever goes, goes by an edit of its own, so
//! that the store forgets it, too.

use cwtch_log::{Certificate, Checkpoint, EntryId, Policy, Retain};

use super::gossip::GossipClaim;
use super::kept::{Edit, Kept};
use super::snapshot::{HeadSource, Loss};
use super::waiting::{Room, WaitingHead};
use crate::monitor::limits::{
    BOUNDARIES_MAX, CERTIFICATES_MAX, GOSSIP_AUTHORS_MAX, GOSSIP_PER_AUTHOR_MAX, LOSSES_MAX,
};

impl Kept {
    /// Pins a certificate.
    pub(crate) fn pin(&mut self, certificate: &Certificate) {
        if self.certificates.get(certificate.incarnation()).is_none() {
            self.record(Edit::Certificate(Box::new(certificate.clone())));
        }
        self.record(Edit::Pinned(certificate.incarnation()));
        self.drop_certificates();
    }

    /// Keeps a certificate beside the pinned one; `false` if it was known, or there is no room.
    pub(crate) fn keep_certificate(&mut self, certificate: &Certificate) -> bool {
        let incarnation = certificate.incarnation();
        if self.certificates.get(incarnation).is_some() {
            return false;
        }
        let mut with = self.certificates.clone();
        with.insert(certificate.clone());
        if with.surplus(&self.needed()).contains(&incarnation) {
            return false;
        }
        self.record(Edit::Certificate(Box::new(certificate.clone())));
        self.drop_certificates();
        true
    }

    /// Drops the certificates for which there is no room if there are more than there may ever be: an older version of this
    /// program kept every one that it was shown.
    pub(crate) fn drop_excess(&mut self) {
        if self.certificates.len() > CERTIFICATES_MAX {
            self.drop_certificates();
        }
        self.drop_boundaries();
    }

    /// Incarnations without whose certificates something that is kept could not be verified.
    fn needed(&self) -> Vec<u64> {
        let waiting = self.waiting.iter().map(|(_, head)| head);
        let waiting = waiting.filter(|head| head.source != HeadSource::Certificate);
        let mut needed: Vec<u64> = waiting.map(|head| head.signed_by()).collect();
        needed.extend(self.head.as_ref().map(Checkpoint::incarnation));
        needed.extend(self.policy.as_ref().map(Policy::incarnation));
        needed.extend(self.retain.as_ref().map(Retain::incarnation));
        needed
    }

    fn drop_certificates(&mut self) {
        for incarnation in self.certificates.surplus(&self.needed()) {
            // A waiting statement in such a certificate goes with it.
            let said: Vec<u64> = self
                .waiting
                .iter()
                .filter(|(_, head)| head.signed_by() == incarnation)
                .map(|(id, _)| id)
                .collect();
            for id in said {
                self.record(Edit::HeadGone(id));
            }
            self.record(Edit::CertificateGone(incarnation));
        }
    }

    /// Keeps a boundary checkpoint, if there is none of its size and incarnation.
    pub(crate) fn keep_boundary(&mut self, checkpoint: &Checkpoint) {
        if self.boundaries.has((checkpoint.size(), checkpoint.incarnation())) {
            return;
        }
        self.record(Edit::Boundary(Box::new(checkpoint.clone())));
        self.drop_boundaries();
    }

    fn drop_boundaries(&mut self) {
        while self.boundaries.len() > BOUNDARIES_MAX
            && let Some((size, incarnation)) = self.boundaries.oldest()
        {
            self.record(Edit::BoundaryGone { size, incarnation });
        }
    }

    /// Lets a head wait, under a number of its own; `None` if the same statement waits already, there is no room, or
    /// its certificate is not kept. The second value is the entry of a receipt that made room.
    pub(crate) fn add_head(&mut self, head: WaitingHead) -> (Option<u64>, Option<EntryId>) {
        let mut gone = None;
        match self.waiting.room(&head) {
            _ if self.certificates.get(head.signed_by()).is_none() => return (None, None),
            Room::None => return (None, None),
            Room::Free => {}
            Room::InPlaceOf(id) => gone = self.take_head(id).and_then(|head| head.posted()),
        }
        let id = self.waiting.next();
        self.record(Edit::HeadAdded(id, Box::new(head)));
        (Some(id), gone)
    }

    /// Removes a waiting head.
    pub(crate) fn take_head(&mut self, id: u64) -> Option<WaitingHead> {
        let head = self.waiting.get(id)?.clone();
        self.record(Edit::HeadGone(id));
        Some(head)
    }

    /// Keeps a declared loss; beyond the limit it replaces the last one.
    pub(crate) fn keep_loss(&mut self, loss: Loss) {
        let replaces_last = self.losses.len() >= LOSSES_MAX;
        self.record(Edit::Loss { loss, replaces_last });
    }

    /// Keeps a claim; false if it is known. A claim of an author beyond the limit is not kept, but it is still told.
    pub(crate) fn keep_gossip(&mut self, claim: GossipClaim) -> bool {
        if self.gossip.knows(&claim) {
            return false;
        }
        match self.gossip.of(&claim.author) {
            0 if self.gossip.authors() >= GOSSIP_AUTHORS_MAX => return true,
            GOSSIP_PER_AUTHOR_MAX.. => self.record(Edit::GossipGone(claim.author)),
            _ => {}
        }
        self.record(Edit::Gossip(claim));
        true
    }
}
