//! Everything that a server ever signed and let go, and the attempt to accuse it with that.

use std::collections::BTreeMap;

use cwtch_log::fraud::{Disagreement, NodeConflict};
use cwtch_log::tree::{MemoryTree, consistency_proof, roots_from_consistency};
use cwtch_log::{Certificate, Checkpoint, EntryId, FraudProof, Head, Policy, Receipt, Retain};
use cwtch_primitives::Address;
use cwtch_wire::board::{Certificates, HeadLog, ReplayLog};

use crate::store::{CommitLog, Store};

/// The statements of one incarnation.
#[derive(Default)]
struct Incarnation {
    certificates: BTreeMap<Vec<u8>, Certificate>,
    checkpoints: BTreeMap<Vec<u8>, Checkpoint>,
    policies: BTreeMap<Vec<u8>, Policy>,
    retains: BTreeMap<Vec<u8>, Retain>,
    receipts: BTreeMap<Vec<u8>, (EntryId, Receipt)>,
}

/// The statements of a server, each verified.
pub(super) struct Statements {
    server: Address,
    incarnations: BTreeMap<u64, Incarnation>,
}

impl Statements {
    pub(super) fn new(server: Address) -> Self {
        Self { server, incarnations: BTreeMap::new() }
    }

    fn log(&mut self, certificates: &Certificates) -> (Certificate, &mut Incarnation) {
        for bytes in certificates.earlier.iter().chain([&certificates.current]) {
            let certificate = Certificate::from_bytes(bytes, &self.server).unwrap();
            let incarnation = self.incarnations.entry(certificate.incarnation()).or_default();
            incarnation.certificates.insert(bytes.to_vec(), certificate);
        }
        let current = Certificate::from_bytes(&certificates.current, &self.server).unwrap();
        let incarnation = self.incarnations.entry(current.incarnation()).or_default();
        (current, incarnation)
    }

    pub(super) fn add_head(&mut self, head: &HeadLog) {
        let (certificate, log) = self.log(&head.certificates);
        let Some(state) = &head.state else { return };
        log.checkpoint(&certificate, &state.checkpoint);
        log.policy(&certificate, &state.policy);
        state.retain.iter().for_each(|retain| log.retain(&certificate, retain));
        state.mark.iter().for_each(|mark| log.checkpoint(&certificate, mark));
    }

    pub(super) fn add_replay(&mut self, replay: &ReplayLog) {
        let (certificate, log) = self.log(&replay.certificates);
        let Some(start) = &replay.start else { return };
        log.checkpoint(&certificate, &start.checkpoint);
        log.policy(&certificate, &start.policy);
        start.retain.iter().for_each(|retain| log.retain(&certificate, retain));
    }

    pub(super) fn add_mark(&mut self, certificates: &Certificates, mark: &[u8]) {
        let (certificate, log) = self.log(certificates);
        log.checkpoint(&certificate, mark);
    }

    /// Adds the statements that the posters of a commit and the synced clients get.
    pub(super) fn add_commit(
        &mut self,
        certificates: &Certificates,
        commit: &CommitLog,
        entries: &[(u64, EntryId)],
    ) {
        let (certificate, log) = self.log(certificates);
        for (index, id) in entries {
            let live = commit.live(*index);
            live.checkpoint.iter().chain(&live.mark).for_each(|bytes| log.checkpoint(&certificate, bytes));
            log.receipt(&certificate, *id, &commit.receipt(*index).unwrap());
        }
    }

    pub(super) fn add_receipt(&mut self, certificates: &Certificates, id: EntryId, receipt: &[u8]) {
        let (certificate, log) = self.log(certificates);
        log.receipt(&certificate, id, receipt);
    }

    pub(super) fn count(&self) -> usize {
        let all = self.incarnations.values();
        all.map(|log| log.checkpoints.len() + log.policies.len() + log.retains.len() + log.receipts.len())
            .sum()
    }

    /// Tries every constructor of a fraud proof on all pairs. The store proves for the newest incarnation that its heads
    /// are beginnings of each other.
    pub(super) fn accuse_in_vain(&self, store: &dyn Store) {
        let certificates: Vec<_> =
            self.incarnations.values().flat_map(|log| log.certificates.values()).collect();
        for a in &certificates {
            for b in &certificates {
                assert!(FraudProof::two_certificates(a, b).is_none(), "two certificates");
            }
        }
        for log in self.incarnations.values() {
            let Some(certificate) = log.certificates.values().next() else { continue };
            log.accuse_in_vain(certificate);
            for later in &certificates {
                for checkpoint in log.checkpoints.values() {
                    let old = FraudProof::old_signer(certificate, later, checkpoint);
                    assert!(old.is_none(), "old signer");
                }
                for head in log.heads() {
                    let how = Disagreement::SameSize;
                    let start = FraudProof::wrong_start(certificate, later, &head, &how);
                    assert!(start.is_none(), "wrong start");
                }
            }
        }
        let Some(log) = self.incarnations.values().next_back() else { return };
        let Some(certificate) = log.certificates.values().next() else { return };
        let heads = log.heads();
        for smaller in &heads {
            for larger in heads.iter().filter(|larger| larger.size() > smaller.size()) {
                let proof = store.proof_between(smaller.size(), larger.size());
                assert!(FraudProof::prefix(certificate, smaller, larger, &proof).is_none(), "prefix");
                if smaller.size() > 0 {
                    let roots = roots_from_consistency(smaller.size(), larger.size(), &proof);
                    assert_eq!(roots, Some((*smaller.root(), *larger.root())));
                }
            }
        }
    }
}

impl Statements {
    /// Tries the kinds of fraud proof that need paths, with those of the trees that the incarnations really had.
    pub(super) fn accuse_in_vain_with(&self, trees: &BTreeMap<u64, MemoryTree>) {
        let certificates: Vec<_> =
            self.incarnations.values().flat_map(|log| log.certificates.values()).collect();
        let stated = certificates.iter().filter_map(|certificate| certificate.previous());
        let sizes: Vec<u64> = stated.map(|previous| previous.size).collect();
        for (incarnation, log) in &self.incarnations {
            let (Some(certificate), Some(tree)) = (log.certificates.values().next(), trees.get(incarnation))
            else {
                continue;
            };
            let proof = |from, to| consistency_proof(&mut &*tree, from, to).ok();
            let heads = log.heads();
            for small in &heads {
                for large in heads.iter().filter(|large| large.size() > small.size()) {
                    let proof = proof(small.size(), large.size()).expect("the log had that size");
                    assert!(FraudProof::prefix(certificate, small, large, &proof).is_none(), "prefix");
                }
                for later in &certificates {
                    for size in &sizes {
                        let (from, to) = (small.size().min(*size), small.size().max(*size));
                        let Some(proof) = proof(from, to) else { continue };
                        let head_is_smaller = small.size() < *size;
                        let how = Disagreement::Prefix { head_is_smaller, proof };
                        let start = FraudProof::wrong_start(certificate, later, small, &how);
                        assert!(start.is_none(), "wrong start");
                        let own = FraudProof::not_continued(later, small, &how);
                        assert!(own.is_none(), "not continued");
                    }
                }
            }
        }
    }
}

impl Incarnation {
    fn checkpoint(&mut self, certificate: &Certificate, bytes: &[u8]) {
        let checkpoint = Checkpoint::from_bytes(bytes, certificate).unwrap();
        self.checkpoints.insert(bytes.to_vec(), checkpoint);
    }

    fn policy(&mut self, certificate: &Certificate, bytes: &[u8]) {
        self.policies.insert(bytes.to_vec(), Policy::from_bytes(bytes, certificate).unwrap());
    }

    fn retain(&mut self, certificate: &Certificate, bytes: &[u8]) {
        self.retains.insert(bytes.to_vec(), Retain::from_bytes(bytes, certificate).unwrap());
    }

    fn receipt(&mut self, certificate: &Certificate, id: EntryId, bytes: &[u8]) {
        let receipt = Receipt::from_bytes(bytes, certificate).unwrap();
        assert!(receipt.verify_entry(&id), "a receipt is not for its entry");
        self.checkpoint(certificate, &receipt.checkpoint().to_bytes());
        self.receipts.insert(bytes.to_vec(), (id, receipt));
    }

    fn heads(&self) -> Vec<Head> {
        let checkpoints = self.checkpoints.values().cloned().map(Head::from);
        checkpoints.chain(self.retains.values().cloned().map(Head::from)).collect()
    }

    fn accuse_in_vain(&self, certificate: &Certificate) {
        let heads = self.heads();
        for a in &heads {
            for b in &heads {
                assert!(FraudProof::same_size(certificate, a, b).is_none(), "same size");
            }
        }
        for a in self.checkpoints.values() {
            for b in self.checkpoints.values() {
                assert!(FraudProof::shrunk(certificate, a, b).is_none(), "shrunk");
                assert!(FraudProof::second_boundary(certificate, a, b).is_none(), "second boundary");
            }
        }
        for a in self.retains.values() {
            for b in self.retains.values() {
                assert!(FraudProof::retain_backwards(certificate, a, b).is_none(), "Retain backwards");
            }
            for policy in self.policies.values() {
                for checkpoint in self.checkpoints.values() {
                    let early = FraudProof::pruned_early(certificate, policy, checkpoint, a);
                    assert!(early.is_none(), "pruned early");
                }
            }
        }
        for a in self.policies.values() {
            for b in self.policies.values() {
                assert!(FraudProof::policy_backwards(certificate, a, b).is_none(), "policy backwards");
            }
        }
        for (id_a, a) in self.receipts.values() {
            for (id_b, b) in self.receipts.values().filter(|(_, b)| b.index() == a.index()) {
                let node = NodeConflict {
                    level: 0,
                    index: a.index(),
                    hash_a: id_a.leaf(),
                    hash_b: id_b.leaf(),
                    path_a: a.path().to_vec(),
                    path_b: b.path().to_vec(),
                };
                let (a, b) = (a.checkpoint().clone().into(), b.checkpoint().clone().into());
                assert!(FraudProof::node(certificate, &a, &b, &node).is_none(), "node");
            }
        }
    }
}
