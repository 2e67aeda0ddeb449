//! The certificates of a server: the pinned one, those before it, and loose ones.

use std::collections::BTreeMap;

use cwtch_log::Certificate;

use crate::monitor::limits::{LINE_MAX, LOOSE_MAX};

/// Every certificate of the server that is known, by incarnation; one of them is pinned.
#[derive(Debug, Clone, Default)]
pub(crate) struct Certificates {
    known: BTreeMap<u64, Certificate>,
    pinned: Option<u64>,
}

/// Relation of a valid certificate to the pinned one.
#[derive(Debug)]
pub(crate) enum Relation {
    /// No certificate is pinned yet.
    First,
    /// The certificate is the pinned one.
    Pinned,
    /// The certificate has the incarnation of the pinned one, or of another known one, and other bytes.
    Second(Box<Certificate>),
    /// The certificate is from before the pinned one.
    Earlier,
    /// The certificate continues the pinned one, or one before it, over these certificates, oldest first, itself the
    /// last. Or the first of them declares that everything before it was lost.
    Later(Vec<Certificate>),
    /// The certificate is later, but the known certificates do not lead from the pinned one to it.
    Unlinked,
    /// The certificate is later, and begins a log of its own: it continues nothing.
    Contradiction,
}

impl Certificates {
    pub(crate) fn pinned(&self) -> Option<&Certificate> {
        self.known.get(&self.pinned?)
    }

    pub(crate) fn get(&self, incarnation: u64) -> Option<&Certificate> {
        self.known.get(&incarnation)
    }

    pub(crate) fn all(&self) -> impl DoubleEndedIterator<Item = &Certificate> {
        self.known.values()
    }

    /// Makes a known certificate the pinned one.
    pub(super) fn pin(&mut self, incarnation: u64) {
        self.pinned = Some(incarnation);
    }

    pub(super) fn insert(&mut self, certificate: Certificate) {
        self.known.insert(certificate.incarnation(), certificate);
    }

    pub(super) fn remove(&mut self, incarnation: u64) {
        self.known.remove(&incarnation);
    }

    /// Number of certificates that are kept.
    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    /// The incarnations of the certificates for which there is no room. Kept are the newest part of the pinned one's
    /// line, whatever is `needed`, and a few more: first the nearest after the pinned one, which may link a later one
    /// to it, then the nearest before it. A server can make as many as it likes, but none that takes the place of
    /// these.
    pub(crate) fn surplus(&self, needed: &[u64]) -> Vec<u64> {
        let line: Vec<u64> = self.line().take(LINE_MAX).map(Certificate::incarnation).collect();
        let loose = |incarnation: &&u64| !line.contains(incarnation) && !needed.contains(incarnation);
        let pinned = self.pinned.unwrap_or(0);
        let later = self.known.range(pinned..).map(|(incarnation, _)| incarnation).filter(loose);
        let earlier = self.known.range(..pinned).rev().map(|(incarnation, _)| incarnation).filter(loose);
        later.chain(earlier).skip(LOOSE_MAX).copied().collect()
    }

    /// The known certificate of the same incarnation with other bytes.
    pub(crate) fn second(&self, certificate: &Certificate) -> Option<&Certificate> {
        self.known.get(&certificate.incarnation()).filter(|known| *known != certificate)
    }

    /// The certificate of the incarnation that signs for a size: the latest in the pinned one's line that began
    /// below it. `None` if it is not known.
    pub(crate) fn of_size(&self, size: u64) -> Option<&Certificate> {
        self.line().find(|certificate| certificate.previous().is_none_or(|before| size > before.size))
    }

    /// The size up to which the pinned one's tree is that of an incarnation in its line: no later one in the line
    /// began below. The greatest number for the pinned one itself; `None` for an incarnation that is not in the line.
    pub(crate) fn continued(&self, incarnation: u64) -> Option<u64> {
        let mut size = u64::MAX;
        for certificate in self.line() {
            if certificate.incarnation() == incarnation {
                return Some(size);
            }
            let before = certificate.previous()?;
            size = size.min(before.size);
            // The certificate of the incarnation before may be unknown; the one that continues it tells enough.
            if before.incarnation == incarnation {
                return Some(size);
            }
        }
        None
    }

    /// The line of certificates: the pinned one, the one that it continues, and so on.
    pub(crate) fn line(&self) -> impl Iterator<Item = &Certificate> {
        std::iter::successors(self.pinned(), |certificate| {
            self.known.get(&certificate.previous()?.incarnation)
        })
    }

    /// The incarnation before the oldest known certificate of the line; `None` where the log began, and where no more
    /// of the line is kept.
    pub(crate) fn missing_in_line(&self) -> Option<u64> {
        let line: Vec<&Certificate> = self.line().take(LINE_MAX).collect();
        let before = line.last()?.previous()?.incarnation;
        (line.len() < LINE_MAX).then_some(before)
    }

    /// Compares a certificate with the pinned one; `chain` may help to link them.
    pub(crate) fn relation(&self, certificate: &Certificate, chain: &[Certificate]) -> Relation {
        if let Some(second) = self.second(certificate) {
            return Relation::Second(Box::new(second.clone()));
        }
        let Some(pinned) = self.pinned() else { return Relation::First };
        if certificate == pinned {
            return Relation::Pinned;
        }
        if certificate.incarnation() < pinned.incarnation() {
            return Relation::Earlier;
        }
        let mut path = vec![certificate.clone()];
        while let Some(oldest) = path.last() {
            if oldest.is_total_loss() {
                path.reverse();
                return Relation::Later(path);
            }
            // Incarnations decrease along the path, so this ends.
            let Some(before) = oldest.previous().map(|previous| previous.incarnation) else {
                return Relation::Contradiction;
            };
            if self.continued(before).is_some() {
                path.reverse();
                return Relation::Later(path);
            }
            if before < pinned.incarnation() {
                return Relation::Unlinked;
            }
            let found = chain.iter().find(|link| link.incarnation() == before);
            match found.or_else(|| self.known.get(&before)) {
                Some(link) => path.push(link.clone()),
                None => return Relation::Unlinked,
            }
        }
        Relation::Unlinked
    }
}
