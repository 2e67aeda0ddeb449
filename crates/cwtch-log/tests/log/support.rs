//! Servers, trees, and one proof of each kind.

use curve25519_dalek::scalar::Scalar;
use cwtch_log::fraud::{Disagreement, NodeConflict};
use cwtch_log::tree::{MemoryTree, Nodes, consistency_proof, subtree_path};
use cwtch_log::{Certificate, EntryId, FraudKind, FraudProof, Head, Previous, Signer};
use cwtch_primitives::Identity;

/// Time at which the first log of these tests begins: 2026-03-01 10:00 UTC.
pub(crate) const START: u64 = 1_772_359_200;

/// The server that cheats in these tests.
pub(crate) fn server() -> Identity {
    Identity::from_seed(&[1; 32])
}

/// An identity by number, for log keys and other servers.
pub(crate) fn identity(number: u8) -> Identity {
    Identity::from_seed(&[number; 32])
}

/// The signer of the first log.
pub(crate) fn signer() -> Signer {
    let key = identity(2);
    Signer::new(Certificate::sign_first(&server(), key.public_key(), START).unwrap(), key).unwrap()
}

/// The entry number `i` of a view.
pub(crate) fn entry(view: &str, i: u64) -> EntryId {
    EntryId::of(&i.to_be_bytes(), view.as_bytes())
}

/// A tree of `size` entries, which from the entry `fork` on are those of another view.
pub(crate) fn forked(fork: u64, size: u64) -> MemoryTree {
    let mut tree = MemoryTree::new();
    (0..size).for_each(|i| tree.push(entry(if i < fork { "true" } else { "forked" }, i).leaf()));
    tree
}

/// A node of which two trees have different hashes, the deepest above the entry `index`, with its paths.
pub(crate) fn conflict(level: u8, index: u64, a: (&MemoryTree, u64), b: (&MemoryTree, u64)) -> NodeConflict {
    let hash = |tree: &MemoryTree| (&mut &*tree).node(level, index).unwrap();
    let path = |(tree, size): (&MemoryTree, u64)| subtree_path(&mut &*tree, level, index, size).unwrap();
    NodeConflict { level, index, hash_a: hash(a.0), hash_b: hash(b.0), path_a: path(a), path_b: path(b) }
}

/// The next certificate of the server, which claims to continue `previous`.
pub(crate) fn continued(incarnation: u64, previous: Previous) -> Certificate {
    Certificate::sign_next(&server(), identity(4).public_key(), incarnation, previous).unwrap()
}

/// The signer of an incarnation that says that it continues `previous`.
pub(crate) fn continuing(incarnation: u64, previous: Previous) -> Signer {
    Signer::new(continued(incarnation, previous), identity(4)).unwrap()
}

/// A proof of every kind, with every form that it has.
pub(crate) fn proofs() -> Vec<FraudProof> {
    let signer = signer();
    let log = signer.certificate();
    let (honest, forked) = (forked(u64::MAX, 600), forked(300, 600));
    let root = |tree: &MemoryTree, size| tree.root_at(size).unwrap();
    let checkpoint = |tree: &MemoryTree, size: u64, minute: u64| {
        signer.checkpoint(size, root(tree, size), START + 60 * minute).unwrap()
    };
    let retain = |tree: &MemoryTree, size: u64, minute: u64| {
        signer.retain(START + 60 * minute, size, root(tree, size)).unwrap()
    };
    let boundary = |tree: &MemoryTree, size: u64, minute: u64| {
        signer.boundary(size, root(tree, size), START + 60 * minute).unwrap()
    };
    let head = |tree: &MemoryTree, size: u64, minute: u64| Head::from(checkpoint(tree, size, minute));
    let proof = |tree: &MemoryTree, from, size| consistency_proof(&mut &*tree, from, size).unwrap();
    let day = 86_400;
    let late = START + 10 * day;
    let previous =
        |tree: &MemoryTree, size: u64| Previous { incarnation: START, size, root: root(tree, size) };
    let wrong = |tree: &MemoryTree, size: u64, head: &Head, how| {
        FraudProof::wrong_start(log, &continued(late, previous(tree, size)), head, &how)
    };
    let retired = Certificate::sign_retired(&server(), late, previous(&honest, 500)).unwrap();
    // A log that claims to continue the honest one, and does not.
    let next = continuing(late, previous(&honest, 500));
    let later = next.certificate();
    let of_next =
        |tree: &MemoryTree, size| Head::from(next.checkpoint(size, root(tree, size), late).unwrap());
    let retain_of_next =
        |tree: &MemoryTree, size| Head::from(next.retain(late, size, root(tree, size)).unwrap());
    let third = |tree: &MemoryTree, size| {
        let previous = Previous { incarnation: late, size, root: root(tree, size) };
        continued(late + day, previous)
    };

    let all = [
        FraudProof::same_size(log, &head(&honest, 301, 1), &head(&forked, 301, 1)),
        FraudProof::same_size(log, &head(&honest, 301, 1), &retain(&forked, 301, 9).into()),
        FraudProof::node(
            log,
            &head(&honest, 301, 1),
            &head(&forked, 599, 5),
            &conflict(0, 300, (&honest, 301), (&forked, 599)),
        ),
        FraudProof::node(
            log,
            &retain(&honest, 513, 1).into(),
            &head(&forked, 600, 5),
            &conflict(8, 1, (&honest, 513), (&forked, 600)),
        ),
        FraudProof::shrunk(log, &checkpoint(&honest, 301, 1), &checkpoint(&honest, 300, 2)),
        FraudProof::two_certificates(
            log,
            &Certificate::sign_first(&server(), identity(3).public_key(), START).unwrap(),
        ),
        FraudProof::retain_backwards(log, &retain(&honest, 20, 1), &retain(&honest, 10, 2)),
        FraudProof::old_signer(
            log,
            &continued(late, previous(&honest, 500)),
            &signer.checkpoint(501, root(&honest, 501), late + 60).unwrap(),
        ),
        FraudProof::old_signer(
            log,
            &retired,
            &signer.checkpoint(500, root(&honest, 500), late + 60).unwrap(),
        ),
        wrong(&forked, 500, &head(&honest, 500, 1), Disagreement::SameSize),
        wrong(
            &forked,
            599,
            &head(&honest, 500, 1),
            Disagreement::Node(conflict(2, 75, (&honest, 500), (&forked, 599))),
        ),
        wrong(
            &forked,
            599,
            &head(&honest, 500, 1),
            Disagreement::Prefix { head_is_smaller: true, proof: proof(&forked, 500, 599) },
        ),
        wrong(
            &forked,
            400,
            &head(&honest, 500, 1),
            Disagreement::Prefix { head_is_smaller: false, proof: proof(&honest, 400, 500) },
        ),
        FraudProof::pruned_early(
            log,
            &signer.policy(START, 30 * day, 0).unwrap(),
            &checkpoint(&honest, 100, 1),
            &retain(&honest, 150, 1440),
        ),
        FraudProof::second_boundary(log, &boundary(&honest, 512, 1), &boundary(&honest, 512, 2)),
        FraudProof::second_boundary(log, &boundary(&honest, 512, 1), &boundary(&forked, 512, 1)),
        FraudProof::policy_backwards(
            log,
            &signer.policy(START, 30 * day, 0).unwrap(),
            &signer.policy(START + 60, 7 * day, 0).unwrap(),
        ),
        FraudProof::prefix(log, &head(&honest, 512, 1), &head(&forked, 600, 1), &proof(&forked, 512, 600)),
        FraudProof::prefix(
            log,
            &retain(&honest, 333, 3).into(),
            &head(&forked, 600, 1),
            &proof(&forked, 333, 600),
        ),
        FraudProof::same_size(
            log,
            &Head::previous(log, &continued(late, previous(&honest, 500))).unwrap(),
            &Head::previous(log, &continued(late + day, previous(&forked, 500))).unwrap(),
        ),
        FraudProof::prefix(
            log,
            &Head::previous(log, &retired).unwrap(),
            &head(&forked, 600, 1),
            &proof(&forked, 500, 600),
        ),
        FraudProof::pruned_early(
            log,
            &signer.policy(START, u64::MAX, 0).unwrap(),
            &checkpoint(&honest, 100, 1),
            &retain(&honest, 150, 1440),
        ),
        FraudProof::not_continued(later, &of_next(&forked, 500), &Disagreement::SameSize),
        FraudProof::not_continued(
            later,
            &of_next(&forked, 599),
            &Disagreement::Node(conflict(2, 75, (&forked, 599), (&honest, 500))),
        ),
        FraudProof::not_continued(later, &of_next(&honest, 499), &Disagreement::Smaller),
        FraudProof::not_continued(
            later,
            &retain_of_next(&forked, 400),
            &Disagreement::Prefix { head_is_smaller: true, proof: proof(&honest, 400, 500) },
        ),
        FraudProof::not_continued(
            later,
            &of_next(&forked, 600),
            &Disagreement::Prefix { head_is_smaller: false, proof: proof(&forked, 500, 600) },
        ),
        FraudProof::not_continued(
            later,
            &Head::previous(later, &third(&forked, 600)).unwrap(),
            &Disagreement::Prefix { head_is_smaller: false, proof: proof(&forked, 500, 600) },
        ),
    ];
    let proofs: Vec<FraudProof> = all.into_iter().map(Option::unwrap).collect();
    // Nobody adds a kind without adding its proof here.
    for kind in FraudKind::ALL {
        assert!(proofs.iter().any(|proof| proof.kind() == kind), "{kind}");
    }
    proofs
}

/// Adds the order of the group to the `S` of the signature that ends the bytes: the same scalar, not reduced.
pub(crate) fn add_group_order(bytes: &mut [u8]) {
    // The greatest scalar, and one.
    let mut order = (Scalar::ZERO - Scalar::ONE).to_bytes();
    order[0] += 1;
    let at = bytes.len() - 32;
    let mut carry = 0u16;
    for (byte, more) in bytes[at..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(more);
        *byte = carry as u8;
        carry >>= 8;
    }
    assert_eq!(carry, 0);
}
