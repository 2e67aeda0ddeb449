//! Comparisons with a contact (section 7.2).

use cwtch_log::{Certificate, Checkpoint, GRID};
use cwtch_primitives::group::LogTag;
use cwtch_wire::peer_log::{BoundaryEvidence, Compare, Mismatch};

use super::judge::{Judge, Observed};
use super::refused::{Malformed, Refused};
use crate::monitor::memory::{Fold, HeadSource, KeptLog};

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

/// The comparison to send to a contact; `None` if there is nothing to compare.
pub(crate) fn comparison(log: &KeptLog, tag: LogTag) -> Option<Compare> {
    let boundary = log.newest_boundary(log.verified_size()).map(|boundary| boundary.size());
    let size = boundary.unwrap_or(log.verified_size() / GRID * GRID);
    if size == 0 || log.stopped {
        return None;
    }
    let incarnation = log.certificates.of_size(size)?.incarnation();
    Some(Compare { tag, incarnation, size, root: log.root_at(size)? })
}

/// Compares our own log with what a contact computed.
pub(crate) fn compared(log: &KeptLog, theirs: &Compare) -> ComparisonOutcome {
    let continued = log.certificates.continued(theirs.incarnation).unwrap_or(0);
    if theirs.size > continued {
        return ComparisonOutcome::Unknown;
    }
    match log.root_at(theirs.size) {
        None => ComparisonOutcome::Unknown,
        Some(own) if own == theirs.root => ComparisonOutcome::Same,
        Some(_) => ComparisonOutcome::Differs(mismatch(log, theirs.tag, theirs.size)),
    }
}

/// Our own boundary checkpoint of the largest boundary up to a size, for a contact.
pub(crate) fn mismatch(log: &KeptLog, tag: LogTag, size: u64) -> Mismatch {
    let boundary = log.newest_boundary(size.min(log.verified_size()));
    let evidence = boundary.and_then(|boundary| {
        let certificate = log.certificates.get(boundary.incarnation())?.to_bytes();
        Some(Box::new(BoundaryEvidence { checkpoint: boundary.to_bytes(), certificate }))
    });
    Mismatch { tag, evidence }
}

impl Judge {
    /// Takes a contact's answer to a comparison.
    pub(crate) fn mismatch_received(
        &mut self,
        theirs: &Mismatch,
        fold: &mut Fold,
    ) -> Result<MismatchOutcome, Refused> {
        let Some(evidence) = &theirs.evidence else { return Ok(MismatchOutcome::Nothing) };
        let certificate = Certificate::from_bytes(&evidence.certificate, &self.server)?;
        let checkpoint = Checkpoint::from_bytes(&evidence.checkpoint, &certificate)?;
        if !checkpoint.is_boundary() {
            return Err(Malformed::Size.into());
        }
        self.learn(&evidence.certificate, fold)?;
        Ok(match self.observe(checkpoint, &certificate, HeadSource::Comparison, fold)? {
            Observed::Agrees => MismatchOutcome::Nothing,
            Observed::Waits => MismatchOutcome::Waits,
            Observed::Incomparable => MismatchOutcome::Incomparable,
        })
    }
}
