//! Reading a reply's header: the compact range from which the reply folds on.

use cwtch_log::tree::{CompactRange, hashes, roots_from_consistency};
use cwtch_log::{FraudProof, Hash, Retain};
use cwtch_wire::board::{ReplayStart, Skipped};

use crate::monitor::memory::{EvidenceObject, KeptLog, Unproven};
use crate::monitor::statements::{Charge, Judge, Malformed, Refused};

/// The compact range that a reply folds on from; `None` if it begins too late after a declared loss.
pub(crate) fn base(
    judge: &mut Judge,
    asked: u64,
    start: &ReplayStart,
    size: u64,
) -> Result<Option<CompactRange>, Refused> {
    let wrong = Malformed::From { asked, from: start.from };
    if let Some(skipped) = &start.skipped {
        let retain = judge.kept.retain.clone().filter(|retain| retain.min_index() == start.from);
        let (true, Some(retain)) = (start.from > asked && start.from <= size, retain) else {
            return Err(wrong.into());
        };
        if asked > judge.kept.verified_size() {
            // After a declared loss, nothing leads from our own log to there.
            return Ok(None);
        }
        return frontier(judge, asked, skipped, &retain).map(Some);
    }
    if start.from != asked && !(start.from == size && asked > size) {
        return Err(wrong.into());
    }
    Ok(match start.from {
        0 => Some(CompactRange::new()),
        // After a declared loss, our own log may end before.
        from if from > judge.kept.verified_size() => None,
        from => judge.kept.tail.range_at(from),
    })
}

/// Checks the stand-in for deleted entries: it must be what the Retain says, and continue our own log.
fn frontier(
    judge: &mut Judge,
    asked: u64,
    skipped: &Skipped,
    retain: &Retain,
) -> Result<CompactRange, Refused> {
    let frontier = CompactRange::from_bytes(retain.min_index(), &skipped.frontier)?;
    if frontier.root() != *retain.root() {
        let charge = Charge::unproven(Unproven::Skipped, retain.incarnation(), vec![retain.into()]);
        return Err(judge.accuse(charge));
    }
    if asked == 0 {
        return Ok(frontier);
    }
    let hashes = hashes(&skipped.proof).ok_or(Malformed::Proof)?;
    let roots = roots_from_consistency(asked, retain.min_index(), hashes);
    let own = judge.kept.root_at(asked);
    match roots {
        Some((small, large)) if Some(small) == own && large == *retain.root() => Ok(frontier),
        Some(_) => Err(judge.accuse(wrong_proof(&judge.kept, asked, hashes, retain))),
        None => Err(Malformed::Proof.into()),
    }
}

/// Accuses the server because its proof does not lead from our own log to the Retain. With a boundary checkpoint of
/// exactly that size, the proof may show the contrary to others.
fn wrong_proof(log: &KeptLog, asked: u64, hashes: &[Hash], retain: &Retain) -> Charge {
    let incarnation = retain.incarnation();
    let proof = log.certificates.get(incarnation).and_then(|certificate| {
        let boundary = log.boundaries.get(asked, certificate)?;
        FraudProof::prefix(certificate, &boundary.into(), &retain.clone().into(), hashes)
    });
    let mut objects: Vec<EvidenceObject> = vec![retain.into()];
    objects.extend(log.head.as_ref().map(EvidenceObject::from));
    match proof {
        Some(proof) => Charge::proven(&proof, incarnation, objects),
        None => Charge::unproven(Unproven::Skipped, incarnation, objects),
    }
}
