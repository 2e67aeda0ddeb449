//! Attempts to frame an honest server, by somebody who holds everything that it signed, and keys of their own.

use cwtch_log::fraud::Disagreement;
use cwtch_log::tree::{MemoryTree, consistency_proof};
use cwtch_log::{Certificate, Checkpoint, FraudProof, Hash, Head, Policy, Retain};
use cwtch_testkit::ChaCha20Rng;
use cwtch_testkit::log::{HonestLog, Signed};
use rand_core::RngCore;

/// All signed statements, each once.
#[derive(Default)]
struct Statements {
    certificates: Vec<Certificate>,
    checkpoints: Vec<Checkpoint>,
    retains: Vec<Retain>,
    policies: Vec<Policy>,
    trees: Vec<MemoryTree>,
}

impl Statements {
    fn of(logs: &[HonestLog]) -> Self {
        let mut all = Self::default();
        for log in logs {
            for signed in log.signed() {
                match signed.clone() {
                    Signed::Certificate(it) if !all.certificates.contains(&it) => all.certificates.push(it),
                    Signed::Checkpoint(it) if !all.checkpoints.contains(&it) => all.checkpoints.push(it),
                    Signed::Retain(it) if !all.retains.contains(&it) => all.retains.push(it),
                    Signed::Policy(it) if !all.policies.contains(&it) => all.policies.push(it),
                    _ => {}
                }
            }
            all.trees.push(log.tree().clone());
        }
        all
    }

    fn heads(&self) -> Vec<Head> {
        let checkpoints = self.checkpoints.iter().cloned().map(Head::from);
        checkpoints.chain(self.retains.iter().cloned().map(Head::from)).collect()
    }

    /// Consistency proofs between two sizes, in every tree that the server ever had.
    fn proofs(&self, from: u64, size: u64) -> Vec<Vec<Hash>> {
        self.trees.iter().filter_map(|tree| consistency_proof(&mut &*tree, from, size).ok()).collect()
    }
}

/// Checks that no pair or triple of signed statements satisfies any kind.
pub(crate) fn nothing_is_proven(logs: &[HonestLog], rng: &mut ChaCha20Rng) {
    let all = Statements::of(logs);
    let mut found: Vec<FraudProof> = Vec::new();
    for certificate in &all.certificates {
        for a in &all.checkpoints {
            for b in &all.checkpoints {
                found.extend(FraudProof::shrunk(certificate, a, b));
                found.extend(FraudProof::second_boundary(certificate, a, b));
            }
        }
        for a in &all.retains {
            for b in &all.retains {
                found.extend(FraudProof::retain_backwards(certificate, a, b));
            }
            for policy in &all.policies {
                for checkpoint in &all.checkpoints {
                    found.extend(FraudProof::pruned_early(certificate, policy, checkpoint, a));
                }
            }
        }
        for a in &all.policies {
            for b in &all.policies {
                found.extend(FraudProof::policy_backwards(certificate, a, b));
            }
        }
        found.extend(heads(&all, certificate, rng));
        found.extend(certificates(&all, certificate));
    }
    assert!(found.is_empty(), "an honest server is framed: {}", found[0]);
}

fn heads(all: &Statements, certificate: &Certificate, rng: &mut ChaCha20Rng) -> Vec<FraudProof> {
    let heads = all.heads();
    let mut found = Vec::new();
    for a in &heads {
        for b in &heads {
            found.extend(FraudProof::same_size(certificate, a, b));
            // Proofs cost more: one pair in eight.
            if a.size() < b.size() && rng.next_u32().is_multiple_of(8) {
                for proof in all.proofs(a.size(), b.size()) {
                    found.extend(FraudProof::prefix(certificate, a, b, &proof));
                }
            }
        }
    }
    found
}

fn certificates(all: &Statements, earlier: &Certificate) -> Vec<FraudProof> {
    let mut found = Vec::new();
    for later in &all.certificates {
        found.extend(FraudProof::two_certificates(earlier, later));
        for checkpoint in &all.checkpoints {
            found.extend(FraudProof::old_signer(earlier, later, checkpoint));
        }
        let Some(previous) = later.previous() else { continue };
        for head in all.heads() {
            found.extend(FraudProof::wrong_start(earlier, later, &head, &Disagreement::SameSize));
            let head_is_smaller = head.size() < previous.size;
            let (small, large) =
                if head_is_smaller { (head.size(), previous.size) } else { (previous.size, head.size()) };
            for proof in all.proofs(small, large) {
                let how = Disagreement::Prefix { head_is_smaller, proof };
                found.extend(FraudProof::wrong_start(earlier, later, &head, &how));
            }
        }
    }
    found
}
