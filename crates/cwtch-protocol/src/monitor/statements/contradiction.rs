//! Proofs that two signed statements make if they disagree (sections 3.6 and 4).

use cwtch_log::fraud::Disagreement;
use cwtch_log::tree::consistency_proof;
use cwtch_log::{Certificate, Checkpoint, FraudProof, Head};

use crate::monitor::memory::{Certificates, Statement, Tail};

/// Makes the proof that two statements contradict each other: two of one incarnation, or one of an incarnation and
/// one about what that incarnation continues. `tail` is a tree with which the statement of the larger size agrees,
/// and the other does not.
pub(crate) fn contradiction(
    known: &Certificates,
    a: &Statement,
    b: &Statement,
    tail: &Tail,
) -> Option<FraudProof> {
    if a.incarnation() != b.incarnation() {
        return not_continued(a, b, tail).or_else(|| not_continued(b, a, tail));
    }
    let certificate = known.get(a.incarnation())?;
    let (small, large) = if a.size() <= b.size() { (a, b) } else { (b, a) };
    match (small, large) {
        (Statement::Previous(_), Statement::Previous(_)) => {}
        (Statement::Previous(later), head) | (head, Statement::Previous(later)) => {
            let head = head.head(certificate)?;
            let how = disagreement(&head, later, tail)?;
            return FraudProof::wrong_start(certificate, later, &head, &how);
        }
        _ => {}
    }
    let (small, large) = (small.head(certificate)?, large.head(certificate)?);
    if small.size() == large.size() {
        return FraudProof::same_size(certificate, &small, &large);
    }
    let proof = consistency_proof(&mut &*tail, small.size(), large.size()).ok()?;
    FraudProof::prefix(certificate, &small, &large, &proof)
}

/// Makes the proof that an incarnation does not continue what its own certificate says (`start`), as another
/// statement of it shows.
fn not_continued(start: &Statement, statement: &Statement, tail: &Tail) -> Option<FraudProof> {
    let Statement::Previous(certificate) = start else { return None };
    if certificate.incarnation() != statement.incarnation() {
        return None;
    }
    let head = statement.head(certificate)?;
    FraudProof::not_continued(certificate, &head, &Disagreement::Smaller).or_else(|| {
        let how = disagreement(&head, certificate, tail)?;
        FraudProof::not_continued(certificate, &head, &how)
    })
}

/// Finds how a head and the previous tree of a certificate disagree; `None` if that cannot be shown.
fn disagreement(head: &Head, certificate: &Certificate, tail: &Tail) -> Option<Disagreement> {
    let (head, previous) = (head.size(), certificate.previous()?.size);
    if head == previous {
        return Some(Disagreement::SameSize);
    }
    let proof = consistency_proof(&mut &*tail, head.min(previous), head.max(previous)).ok()?;
    Some(Disagreement::Prefix { head_is_smaller: head < previous, proof })
}

/// Makes the proof that two checkpoints of one incarnation contradict each other by their fields alone.
pub(crate) fn two_checkpoints(
    certificate: &Certificate,
    a: &Checkpoint,
    b: &Checkpoint,
) -> Option<FraudProof> {
    FraudProof::same_size(certificate, &a.clone().into(), &b.clone().into())
        .or_else(|| FraudProof::shrunk(certificate, a, b))
        .or_else(|| FraudProof::shrunk(certificate, b, a))
        .or_else(|| FraudProof::second_boundary(certificate, a, b))
}

/// Looks for kind 13, as far as a statement shows it by itself: too few entries, or others of the same number.
pub(crate) fn against_start(certificate: &Certificate, head: &Head) -> Option<FraudProof> {
    FraudProof::not_continued(certificate, head, &Disagreement::Smaller)
        .or_else(|| FraudProof::not_continued(certificate, head, &Disagreement::SameSize))
}
