//! Comparisons with a contact (section 7.2).

use cwtch_log::{Certificate, Checkpoint, GRID};
use cwtch_primitives::group::LogTag;
use cwtch_wire::peer_log::{BoundaryEvidence, Compare, Mismatch};

use super::Monitor;
use super::observe::Observed;
use super::refused::{Malformed, Refused};
use super::waiting::HeadSource;

/// Outcome of a comparison. None of it accuses the server: roots are not signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ComparisonOutcome {
    /// Both have the same log.
    Same,
    /// Our own log does not know its root at that size.
    Unknown,
    /// The contact has another log: "NAME is shown a different log of this server". Send this answer.
    Differs(Mismatch),
}

/// Outcome of comparing a contact's evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MismatchOutcome {
    /// There was no evidence, or our own log agrees with it: the contact holds other roots, and nothing signed for
    /// them.
    Nothing,
    /// The evidence waits to be compared until our own log gets there.
    Waits,
    /// The evidence cannot be compared.
    Incomparable,
}

impl Monitor {
    /// The comparison to send to a contact: the root of the newest boundary, or without one of the newest multiple of
    /// 64. `None` for a log that has neither, and once the server is stopped (then show the evidence).
    pub fn comparison(&self, tag: LogTag) -> Option<Compare> {
        let boundary = self.newest_boundary(self.verified_size()).map(|boundary| boundary.size());
        let size = boundary.unwrap_or(self.verified_size() / GRID * GRID);
        if size == 0 || self.kept.stopped {
            return None;
        }
        let incarnation = self.kept.certificates.of_size(size)?.incarnation();
        Some(Compare { tag, incarnation, size, root: self.own_root(size)? })
    }

    /// Compares our own log with what a contact computed.
    pub fn compare_with(&self, theirs: &Compare) -> ComparisonOutcome {
        let continued = self.kept.certificates.continued(theirs.incarnation).unwrap_or(0);
        if theirs.size > continued {
            return ComparisonOutcome::Unknown;
        }
        match self.own_root(theirs.size) {
            None => ComparisonOutcome::Unknown,
            Some(own) if own == theirs.root => ComparisonOutcome::Same,
            Some(_) => ComparisonOutcome::Differs(self.mismatch(theirs.tag, theirs.size)),
        }
    }

    /// Takes a contact's answer to a comparison: the server's own statement.
    ///
    /// # Errors
    /// [`Refused::Stopped`] if it proves that the server cheated: the evidence is kept. If it was new
    /// ([`Notice::Fraud`](super::Notice::Fraud) comes), answer with [`Monitor::mismatch`] of the checkpoint's size, so that
    /// both have it. [`Refused::Malformed`]: ignore it.
    pub fn mismatch_received(&mut self, theirs: &Mismatch, now: u64) -> Result<MismatchOutcome, Refused> {
        let Some(evidence) = &theirs.evidence else { return Ok(MismatchOutcome::Nothing) };
        let certificate = Certificate::from_bytes(&evidence.certificate, &self.server)?;
        let checkpoint = Checkpoint::from_bytes(&evidence.checkpoint, &certificate)?;
        if !checkpoint.is_boundary() {
            return Err(Malformed::Size.into());
        }
        self.certificate_learnt(&evidence.certificate, now)?;
        Ok(match self.observe(checkpoint, &certificate, HeadSource::Comparison)? {
            Observed::Agrees => MismatchOutcome::Nothing,
            Observed::Waits => MismatchOutcome::Waits,
            Observed::Incomparable => MismatchOutcome::Incomparable,
        })
    }

    /// Our own boundary checkpoint of the largest boundary up to a size, for a contact.
    pub fn mismatch(&self, tag: LogTag, size: u64) -> Mismatch {
        let boundary = self.newest_boundary(size.min(self.verified_size()));
        let evidence = boundary.and_then(|boundary| {
            let certificate = self.kept.certificates.get(boundary.incarnation())?.to_bytes();
            Some(Box::new(BoundaryEvidence { checkpoint: boundary.to_bytes(), certificate }))
        });
        Mismatch { tag, evidence }
    }

    fn newest_boundary(&self, size: u64) -> Option<Checkpoint> {
        self.kept.boundaries.between(0, size).find_map(|(size, incarnation)| {
            let certificate = self.kept.certificates.of_size(size)?;
            let in_line = certificate.incarnation() == incarnation;
            in_line.then(|| self.kept.boundaries.get(size, certificate)).flatten()
        })
    }
}
