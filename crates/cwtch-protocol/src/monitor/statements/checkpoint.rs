//! Contradictions of a signed statement with everything that is signed and held, and with our own log.

use cwtch_log::{Certificate, Checkpoint, FraudProof};

use super::charge::Charge;
use super::contradiction::{against_start, contradiction, two_checkpoints};
use crate::monitor::memory::{EvidenceObject, KeptLog, Statement, Unproven};

/// Compares a checkpoint with everything that is signed and held: kinds 1, 3, 7, 9, 10 and 13.
pub(crate) fn against_signed(
    log: &KeptLog,
    checkpoint: &Checkpoint,
    certificate: &Certificate,
) -> Option<Charge> {
    let (proof, other) = signed_contradiction(log, checkpoint, certificate)?;
    Some(Charge::proven(&proof, checkpoint.incarnation(), vec![checkpoint.into(), other]))
}

/// Finds the proof that a checkpoint contradicts something that is held, and what that is.
fn signed_contradiction(
    log: &KeptLog,
    checkpoint: &Checkpoint,
    certificate: &Certificate,
) -> Option<(FraudProof, EvidenceObject)> {
    if let Some(proof) = against_start(certificate, &checkpoint.clone().into()) {
        return Some((proof, certificate.into()));
    }
    for later in log.certificates.all() {
        if let Some(proof) = FraudProof::old_signer(certificate, later, checkpoint) {
            return Some((proof, later.into()));
        }
    }
    let suspects = log.boundaries.suspects(checkpoint, certificate);
    let held = log.head.iter().chain(log.waiting.checkpoints()).chain(&suspects);
    for other in held {
        if let Some(proof) = two_checkpoints(certificate, checkpoint, other) {
            return Some((proof, other.into()));
        }
    }
    let retain = log.retain.as_ref()?;
    let same_size = FraudProof::same_size(certificate, &checkpoint.clone().into(), &retain.clone().into());
    let early = || FraudProof::pruned_early(certificate, log.policy.as_ref()?, checkpoint, retain);
    same_size.or_else(early).map(|proof| (proof, retain.into()))
}

/// Accuses the server because a statement disagrees with the verified log: looks for a signed statement of that log
/// with which it makes a proof.
pub(crate) fn disproved(log: &KeptLog, statement: &Statement) -> Charge {
    let incarnation = statement.incarnation();
    let found = partners(log, statement.size()).into_iter().find_map(|partner| {
        let proof = contradiction(&log.certificates, statement, &partner, &log.tail)?;
        Some((proof, partner))
    });
    let mut objects = vec![statement.object()];
    match found {
        Some((proof, partner)) => {
            objects.push(partner.object());
            Charge::proven(&proof, incarnation, objects)
        }
        None => {
            objects.extend(log.head.as_ref().map(EvidenceObject::from));
            Charge::unproven(Unproven::States, incarnation, objects)
        }
    }
}

/// Signed statements of the verified log about sizes from `size` on.
fn partners(log: &KeptLog, size: u64) -> Vec<Statement> {
    let mut partners: Vec<Statement> = log.head.iter().cloned().map(Statement::Checkpoint).collect();
    for (size, incarnation) in log.boundaries.between(size, log.verified_size()) {
        let certificate = log.certificates.get(incarnation);
        let boundary = certificate.and_then(|certificate| log.boundaries.get(size, certificate));
        partners.extend(boundary.map(Statement::Checkpoint));
        // Each costs a verification; two boundaries are as far as the ids reach.
        if partners.len() > 4 {
            break;
        }
    }
    if let Some(certificate) = log.certificates.of_size(size) {
        let exact = log.boundaries.get(size, certificate);
        partners.extend(exact.map(Statement::Checkpoint));
    }
    partners.extend(log.certificates.all().cloned().map(Statement::Previous));
    partners
}
