//! One constructor for each kind of fraud: it checks the predicate, then makes the bytes.
//!
//! Each is sound because its statements cannot all come from one signer whose tree only grows and whose times
//! never go back; the tests hold every one of them against histories of honest servers.

use alloc::vec::Vec;

use super::explain::{Dated, Finding};
use super::{FraudKind, FraudProof, MAGIC};
use crate::object::{Certificate, Checkpoint, Head, LogId, Policy, Previous, Retain};
use crate::tree::{root_from_subtree, roots_from_consistency};
use crate::{Hash, TICK};

/// A complete subtree of which two trees state different hashes, with the paths to their roots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConflict {
    /// Level of the subtree; leaves are level 0.
    pub level: u8,
    /// Its index on that level.
    pub index: u64,
    /// Its hash in the first tree.
    pub hash_a: Hash,
    /// Its hash in the second tree.
    pub hash_b: Hash,
    /// The path to the root of the first tree.
    pub path_a: Vec<Hash>,
    /// The path to the root of the second tree.
    pub path_b: Vec<Hash>,
}

/// Disagreement of a certificate's previous (size, root) with a head of that incarnation (kind 8), or its own (kind 13).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disagreement {
    /// Form 1: the sizes are equal, the roots are not.
    SameSize,
    /// Form 3, in kind 13 only: the head is a checkpoint of fewer entries.
    Smaller,
    /// Form 2: a subtree that both have differs; the first tree is the head's.
    Node(NodeConflict),
    /// Form 12: the smaller tree is not the beginning of the larger one.
    Prefix {
        /// True if the head is the smaller one; else the certificate's previous tree is.
        head_is_smaller: bool,
        /// The self-contained consistency proof between the two sizes, under the larger root.
        proof: Vec<Hash>,
    },
}

/// A root for a size, whichever statement holds it.
#[derive(Clone, Copy)]
struct Stated<'a> {
    size: u64,
    root: &'a Hash,
}

impl<'a> From<&'a Head> for Stated<'a> {
    fn from(head: &'a Head) -> Self {
        Self { size: head.size(), root: head.root() }
    }
}

impl<'a> From<&'a Previous> for Stated<'a> {
    fn from(previous: &'a Previous) -> Self {
        Self { size: previous.size, root: &previous.root }
    }
}

/// Predicate of kind 1.
fn same_size(a: Stated<'_>, b: Stated<'_>) -> bool {
    a.size == b.size && a.root != b.root
}

/// Predicate of kind 2.
fn nodes_differ(a: Stated<'_>, b: Stated<'_>, node: &NodeConflict) -> bool {
    let NodeConflict { level, index, hash_a, hash_b, path_a, path_b } = node;
    hash_a != hash_b
        && root_from_subtree(*level, *index, hash_a, a.size, path_a) == Some(*a.root)
        && root_from_subtree(*level, *index, hash_b, b.size, path_b) == Some(*b.root)
}

/// Predicate of kind 12.
fn no_prefix(smaller: Stated<'_>, larger: Stated<'_>, proof: &[Hash]) -> bool {
    roots_from_consistency(smaller.size, larger.size, proof)
        .is_some_and(|(small, large)| large == *larger.root && small != *smaller.root)
}

/// Predicate of kinds 8 and 13, except for form 3.
fn disagree(head: Stated<'_>, previous: Stated<'_>, how: &Disagreement) -> bool {
    match how {
        Disagreement::SameSize => same_size(head, previous),
        Disagreement::Smaller => false,
        Disagreement::Node(node) => nodes_differ(head, previous, node),
        Disagreement::Prefix { head_is_smaller: true, proof } => no_prefix(head, previous, proof),
        Disagreement::Prefix { head_is_smaller: false, proof } => no_prefix(previous, head, proof),
    }
}

/// Checks that both statements were verified under this certificate.
fn of_log(certificate: &Certificate, a: &LogId, b: &LogId) -> Option<()> {
    let log = certificate.log()?;
    (log == *a && log == *b).then_some(())
}

impl FraudProof {
    /// Kind 1: two heads state different roots for one size.
    pub fn same_size(certificate: &Certificate, a: &Head, b: &Head) -> Option<Self> {
        of_log(certificate, a.log(), b.log())?;
        same_size(a.into(), b.into()).then(|| {
            let finding = Finding::SameSize { size: a.size(), times: [a.time(), b.time()] };
            Writer::new(certificate, finding).head(a).head(b).done()
        })
    }

    /// Kind 2: a complete subtree has different hashes in the trees of two heads.
    pub fn node(certificate: &Certificate, a: &Head, b: &Head, node: &NodeConflict) -> Option<Self> {
        of_log(certificate, a.log(), b.log())?;
        nodes_differ(a.into(), b.into(), node).then(|| {
            let (first, last) = span(node);
            let finding = Finding::Node { first, last, a: a.into(), b: b.into() };
            Writer::new(certificate, finding).head(a).head(b).node(node).done()
        })
    }

    /// Kind 3: a later checkpoint is smaller.
    pub fn shrunk(certificate: &Certificate, earlier: &Checkpoint, later: &Checkpoint) -> Option<Self> {
        of_log(certificate, earlier.log(), later.log())?;
        (earlier.time() < later.time() && earlier.size() > later.size()).then(|| {
            let finding = Finding::Shrunk { earlier: earlier.into(), later: later.into() };
            Writer::new(certificate, finding).checkpoint(earlier).checkpoint(later).done()
        })
    }

    /// Kind 5: two certificates of one incarnation.
    pub fn two_certificates(a: &Certificate, b: &Certificate) -> Option<Self> {
        let same = a.server() == b.server() && a.incarnation() == b.incarnation();
        (same && a.to_bytes() != b.to_bytes()).then(|| {
            let finding = Finding::TwoCertificates { incarnation: a.incarnation() };
            Writer::new(a, finding).certificate(b).done()
        })
    }

    /// Kind 6: a later Retain has a lower `min_index`.
    pub fn retain_backwards(certificate: &Certificate, earlier: &Retain, later: &Retain) -> Option<Self> {
        of_log(certificate, earlier.log(), later.log())?;
        (earlier.time() < later.time() && earlier.min_index() > later.min_index()).then(|| {
            let finding = Finding::RetainBackwards { earlier: earlier.into(), later: later.into() };
            Writer::new(certificate, finding).retain(earlier).retain(later).done()
        })
    }

    /// Kind 7: a checkpoint of an earlier incarnation is dated after the later one began.
    pub fn old_signer(earlier: &Certificate, later: &Certificate, checkpoint: &Checkpoint) -> Option<Self> {
        of_log(earlier, checkpoint.log(), checkpoint.log())?;
        let two = earlier.server() == later.server() && earlier.incarnation() < later.incarnation();
        (two && checkpoint.time() > later.incarnation()).then(|| {
            let finding = Finding::OldSigner {
                until: later.incarnation(),
                retired: later.is_retired(),
                checkpoint: checkpoint.into(),
            };
            Writer::new(earlier, finding).certificate(later).checkpoint(checkpoint).done()
        })
    }

    /// Kind 8: a certificate's statement about the incarnation before disagrees with a head of that incarnation.
    pub fn wrong_start(
        earlier: &Certificate,
        later: &Certificate,
        head: &Head,
        how: &Disagreement,
    ) -> Option<Self> {
        of_log(earlier, head.log(), head.log())?;
        let previous = later.previous()?;
        if earlier.server() != later.server() || previous.incarnation != earlier.incarnation() {
            return None;
        }
        disagree(head.into(), previous.into(), how).then(|| {
            let finding = Finding::WrongStart {
                signed: head.into(),
                continued: Dated { size: previous.size, time: later.incarnation() },
            };
            Writer::new(earlier, finding).certificate(later).head(head).disagreement(how).done()
        })
    }

    /// Kind 9: bodies were declared gone before the promised time was over.
    ///
    /// The checkpoint shows that the last of them was appended after it, the policy that it was promised before:
    /// times have a grid, so only a policy of an earlier minute certainly came first.
    pub fn pruned_early(
        certificate: &Certificate,
        policy: &Policy,
        checkpoint: &Checkpoint,
        retain: &Retain,
    ) -> Option<Self> {
        of_log(certificate, policy.log(), checkpoint.log())?;
        of_log(certificate, policy.log(), retain.log())?;
        let promised = policy.time() < checkpoint.time() && checkpoint.size() < retain.min_index();
        // The integers are wider than those of times, so that no promise overflows.
        let gone = u128::from(retain.time()) + u128::from(TICK);
        let due = u128::from(checkpoint.time()) + u128::from(policy.retention());
        (promised && gone < due).then(|| {
            let finding = Finding::PrunedEarly {
                retention: policy.retention(),
                promised: policy.time(),
                before: checkpoint.into(),
                pruned: retain.into(),
            };
            Writer::new(certificate, finding).policy(policy).checkpoint(checkpoint).retain(retain).done()
        })
    }

    /// Kind 10: two boundary checkpoints of one size.
    pub fn second_boundary(certificate: &Certificate, a: &Checkpoint, b: &Checkpoint) -> Option<Self> {
        of_log(certificate, a.log(), b.log())?;
        let boundaries = a.is_boundary() && b.is_boundary() && a.size() == b.size();
        (boundaries && a.to_bytes() != b.to_bytes()).then(|| {
            let finding = Finding::SecondBoundary {
                size: a.size(),
                times: [a.time(), b.time()],
                roots_differ: a.root() != b.root(),
            };
            Writer::new(certificate, finding).checkpoint(a).checkpoint(b).done()
        })
    }

    /// Kind 11: a later policy promises less. Both may be honest within one minute, in the other order.
    pub fn policy_backwards(certificate: &Certificate, earlier: &Policy, later: &Policy) -> Option<Self> {
        of_log(certificate, earlier.log(), later.log())?;
        (earlier.time() < later.time() && earlier.retention() > later.retention()).then(|| {
            let finding = Finding::PolicyBackwards {
                times: [earlier.time(), later.time()],
                retentions: [earlier.retention(), later.retention()],
            };
            Writer::new(certificate, finding).policy(earlier).policy(later).done()
        })
    }

    /// Kind 12: the smaller head is not the beginning of the larger one. `proof` is the self-contained consistency
    /// proof between the two sizes in the tree of the larger one.
    pub fn prefix(certificate: &Certificate, smaller: &Head, larger: &Head, proof: &[Hash]) -> Option<Self> {
        of_log(certificate, smaller.log(), larger.log())?;
        no_prefix(smaller.into(), larger.into(), proof).then(|| {
            let finding = Finding::Prefix { smaller: smaller.into(), larger: larger.into() };
            Writer::new(certificate, finding).head(smaller).head(larger).path(proof).done()
        })
    }

    /// Kind 13: a head of an incarnation disagrees with the tree that its own certificate claims to continue.
    ///
    /// The signer of an incarnation begins with that tree and only adds to it, so even a first checkpoint is not
    /// smaller. (A Retain may be, and is then about the beginning of that tree.)
    pub fn not_continued(certificate: &Certificate, head: &Head, how: &Disagreement) -> Option<Self> {
        of_log(certificate, head.log(), head.log())?;
        let previous = certificate.previous()?;
        let smaller = *how == Disagreement::Smaller
            && matches!(head, Head::Checkpoint(_))
            && head.size() < previous.size;
        (smaller || disagree(head.into(), previous.into(), how)).then(|| {
            let continued = Dated { size: previous.size, time: certificate.incarnation() };
            let finding = Finding::NotContinued { continued, signed: head.into(), smaller };
            Writer::new(certificate, finding).head(head).disagreement(how).done()
        })
    }
}

/// First and last entry below a node that lies in a tree.
const fn span(node: &NodeConflict) -> (u64, u64) {
    let first = node.index << node.level;
    (first, first + (1 << node.level) - 1)
}

/// The bytes of a proof, in the order of the specification's table.
struct Writer {
    proof: FraudProof,
}

impl Writer {
    fn new(certificate: &Certificate, finding: Finding) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.push(FraudKind::number(finding.kind()));
        let proof = FraudProof { server: *certificate.server(), finding, bytes };
        Self { proof }.certificate(certificate)
    }

    fn put(mut self, bytes: &[u8]) -> Self {
        self.proof.bytes.extend_from_slice(bytes);
        self
    }

    fn certificate(self, certificate: &Certificate) -> Self {
        self.put(&certificate.to_bytes())
    }

    fn checkpoint(self, checkpoint: &Checkpoint) -> Self {
        self.put(&checkpoint.to_bytes())
    }

    fn policy(self, policy: &Policy) -> Self {
        self.put(&policy.to_bytes())
    }

    fn retain(self, retain: &Retain) -> Self {
        self.put(&retain.to_bytes())
    }

    fn head(self, head: &Head) -> Self {
        match head {
            Head::Checkpoint(checkpoint) => self.put(&[0]).checkpoint(checkpoint),
            Head::Retain(retain) => self.put(&[1]).retain(retain),
            Head::Previous(head) => self.put(&[2]).certificate(head.certificate()),
        }
    }

    /// A path that the predicate has accepted has at most 48 hashes.
    fn path(self, path: &[Hash]) -> Self {
        let count = u8::try_from(path.len()).unwrap_or(u8::MAX);
        self.put(&[count]).put(path.as_flattened())
    }

    fn node(self, node: &NodeConflict) -> Self {
        self.put(&[node.level])
            .put(&node.index.to_be_bytes())
            .put(&node.hash_a)
            .put(&node.hash_b)
            .path(&node.path_a)
            .path(&node.path_b)
    }

    fn disagreement(self, how: &Disagreement) -> Self {
        match how {
            Disagreement::SameSize => self.put(&[1]),
            Disagreement::Smaller => self.put(&[3]),
            Disagreement::Node(node) => self.put(&[2]).node(node),
            Disagreement::Prefix { head_is_smaller, proof } => {
                self.put(&[12, u8::from(!head_is_smaller)]).path(proof)
            }
        }
    }

    fn done(self) -> FraudProof {
        self.proof
    }
}
