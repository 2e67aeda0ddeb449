//! Attempts to frame an honest server: over whole histories, no pairing of what it signed satisfies any kind, with
//! whatever paths an attacker makes up.

use cwtch_log::fraud::{Disagreement, NodeConflict};
use cwtch_log::tree::{MemoryTree, Nodes, consistency_proof, root_from_subtree, subtree_path};
use cwtch_log::{Checkpoint, FraudKind, FraudProof, Hash, Head, Previous, Retain, Signer};
use proptest::prelude::*;

use crate::simulation::{Event, Honest, Incarnation};
use crate::support::{entry, identity};

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        5 => (0u16..140).prop_map(Event::Commit),
        1 => (250u16..600).prop_map(Event::Commit),
        2 => Just(Event::Resign),
        3 => (0i32..100).prop_map(Event::Clock),
        3 => (0i32..200_000).prop_map(Event::Clock),
        1 => (-100_000i32..0).prop_map(Event::Clock),
        2 => prop_oneof![Just(0u32), 1u32..200, 1u32..200_000].prop_map(Event::Promise),
        3 => any::<u8>().prop_map(Event::Prune),
        1 => prop_oneof![Just(0u8), 0u8..6].prop_map(Event::Restore),
    ];
    prop::collection::vec(event, 1..26)
}

/// Trees from which an attacker takes hashes and paths: the server's own, and one that it never had.
fn materials(history: &[Incarnation]) -> Vec<MemoryTree> {
    let mut invented = MemoryTree::new();
    let largest = history.iter().map(|one| one.tree.size()).max().unwrap_or(0);
    (0..largest + 64).for_each(|i| invented.push(entry("invented", i).leaf()));
    history.iter().map(|one| one.tree.clone()).chain([invented]).collect()
}

/// Hashes and paths that pass for the node `(level, index)` of a tree, of all that an attacker tries.
fn node_attempts(
    (level, index): (u8, u64),
    (size_of, root): (u64, &Hash),
    trees: &[MemoryTree],
) -> Vec<(Hash, Vec<Hash>)> {
    let mut attempts = Vec::new();
    for tree in trees {
        let mut nodes = tree;
        for (level_from, index_from) in
            [(level, index), (level, index ^ 1), (level + 1, index / 2), (level.saturating_sub(1), index)]
        {
            let Ok(hash) = nodes.node(level_from, index_from) else { continue };
            for size in [size_of, size_of.saturating_sub(1), tree.size()] {
                if let Ok(path) = subtree_path(&mut nodes, level_from, index_from, size) {
                    attempts.push((hash, path.clone()));
                    attempts.push((*root, path.clone()));
                    // One step more or less: the children's hash with the parent's path, and the reverse.
                    attempts.push((hash, path.iter().skip(1).copied().collect()));
                    attempts.push((hash, [&[hash], path.as_slice()].concat()));
                }
            }
        }
    }
    attempts.push((*root, Vec::new()));
    attempts.retain(|(hash, path)| root_from_subtree(level, index, hash, size_of, path) == Some(*root));
    attempts.dedup();
    attempts
}

fn proof_attempts(from: u64, size: u64, smaller: &Hash, trees: &[MemoryTree]) -> Vec<Vec<Hash>> {
    let mut attempts = vec![vec![*smaller]];
    for tree in trees {
        for (from, size) in
            [(from, size), (from, size.saturating_sub(1)), (from + 1, size), (from, tree.size())]
        {
            if let Ok(proof) = consistency_proof(&mut &*tree, from, size) {
                attempts.push(proof.iter().skip(1).copied().collect());
                let mut other_front = proof.clone();
                if let Some(front) = other_front.first_mut() {
                    *front = *smaller;
                }
                attempts.push(other_front);
                attempts.push(proof);
            }
        }
    }
    attempts
}

fn conflict(level: u8, index: u64, a: (&Hash, &Vec<Hash>), b: (&Hash, &Vec<Hash>)) -> NodeConflict {
    let (path_a, path_b) = (a.1.clone(), b.1.clone());
    NodeConflict { level, index, hash_a: *a.0, hash_b: *b.0, path_a, path_b }
}

fn checkpoints(one: &Incarnation) -> Vec<&Checkpoint> {
    one.heads.iter().filter_map(|h| if let Head::Checkpoint(c) = h { Some(c) } else { None }).collect()
}

fn retains(one: &Incarnation) -> Vec<&Retain> {
    one.heads.iter().filter_map(|h| if let Head::Retain(r) = h { Some(r) } else { None }).collect()
}

/// Every way in which a head and the previous tree of a certificate might disagree.
fn disagreements(
    head: &Head,
    previous: &Previous,
    trees: &[MemoryTree],
    next: &mut impl FnMut(u64) -> u64,
) -> Vec<Disagreement> {
    let mut attempts = vec![Disagreement::SameSize, Disagreement::Smaller];
    for proof in proof_attempts(head.size(), previous.size, head.root(), trees) {
        attempts.push(Disagreement::Prefix { head_is_smaller: true, proof });
    }
    for proof in proof_attempts(previous.size, head.size(), &previous.root, trees) {
        attempts.push(Disagreement::Prefix { head_is_smaller: false, proof });
    }
    let index = next(previous.size.min(head.size()));
    let of_head = node_attempts((0, index), (head.size(), head.root()), trees);
    let of_previous = node_attempts((0, index), (previous.size, &previous.root), trees);
    for (hash_a, path_a) in &of_head {
        for (hash_b, path_b) in &of_previous {
            attempts.push(Disagreement::Node(conflict(0, index, (hash_a, path_a), (hash_b, path_b))));
        }
    }
    attempts
}

/// Every proof that can be made of a history. `seed` picks the nodes and pairs on which paths are tried, which are too
/// many to try all.
fn frame(history: &[Incarnation], seed: u64) -> Vec<FraudProof> {
    let trees = materials(history);
    let mut found = Vec::new();
    let mut draw = seed | 1;
    let mut next = move |below: u64| {
        draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (draw >> 33) % below.max(1)
    };
    for log in history {
        let certificate = &log.certificate;
        let later = history.iter().filter_map(|later| Head::previous(certificate, &later.certificate));
        let own: Vec<Head> = log.heads.iter().cloned().chain(later).collect();
        let statements = history.iter().flat_map(|one| &one.heads).chain(&own).collect::<Vec<_>>();
        for a in &statements {
            for b in &statements {
                found.extend(FraudProof::same_size(certificate, a, b));
                if let (Head::Checkpoint(a), Head::Checkpoint(b)) = (a, b) {
                    found.extend(FraudProof::shrunk(certificate, a, b));
                    found.extend(FraudProof::second_boundary(certificate, a, b));
                }
                if let (Head::Retain(a), Head::Retain(b)) = (a, b) {
                    found.extend(FraudProof::retain_backwards(certificate, a, b));
                }
            }
        }
        // Paths are tried on some pairs of this incarnation.
        for _ in 0..12 {
            let mut pick = || own.get(next(own.len() as u64) as usize);
            let (Some(a), Some(b)) = (pick(), pick()) else { break };
            for proof in proof_attempts(a.size(), b.size(), a.root(), &trees) {
                found.extend(FraudProof::prefix(certificate, a, b, &proof));
            }
            let level = next(6) as u8;
            let index = next(a.size().min(b.size()) >> level);
            let (of_a, of_b) = (
                node_attempts((level, index), (a.size(), a.root()), &trees),
                node_attempts((level, index), (b.size(), b.root()), &trees),
            );
            for (hash_a, path_a) in &of_a {
                for (hash_b, path_b) in &of_b {
                    let node = conflict(level, index, (hash_a, path_a), (hash_b, path_b));
                    found.extend(FraudProof::node(certificate, a, b, &node));
                }
            }
        }
        if let Some(previous) = certificate.previous() {
            for head in &own {
                for how in disagreements(head, previous, &trees, &mut next) {
                    found.extend(FraudProof::not_continued(certificate, head, &how));
                }
            }
        }
        for policy in history.iter().flat_map(|one| &one.policies) {
            for other in history.iter().flat_map(|one| &one.policies) {
                found.extend(FraudProof::policy_backwards(certificate, policy, other));
            }
            for checkpoint in checkpoints(log) {
                for retain in retains(log) {
                    found.extend(FraudProof::pruned_early(certificate, policy, checkpoint, retain));
                }
            }
        }
        for other in history {
            found.extend(FraudProof::two_certificates(certificate, &other.certificate));
            for checkpoint in checkpoints(log) {
                found.extend(FraudProof::old_signer(certificate, &other.certificate, checkpoint));
            }
            let Some(previous) = other.certificate.previous() else { continue };
            if previous.incarnation != certificate.incarnation() {
                continue;
            }
            for head in &own {
                for how in disagreements(head, previous, &trees, &mut next) {
                    found.extend(FraudProof::wrong_start(certificate, &other.certificate, head, &how));
                }
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn an_honest_server_cannot_be_framed(events in events(), seed in any::<u64>()) {
        let history = Honest::run(&events);
        let framed = frame(&history, seed);
        prop_assert!(framed.is_empty(), "{:?}", framed.first());
    }

    /// Objects of an honest history, put together at random, are no proof of any kind.
    #[test]
    fn random_assemblies_prove_nothing(
        events in events(),
        kind in 1u8..14,
        first in any::<prop::sample::Index>(),
        picks in prop::collection::vec((0u8..7, any::<prop::sample::Index>()), 2..6),
        junk in prop::collection::vec(any::<u8>(), 0..80),
    ) {
        let history = Honest::run(&events);
        let mut bytes = [b"cwtch-fraud/1\n".as_slice(), &[kind]].concat();
        bytes.extend(history[first.index(history.len())].certificate.to_bytes());
        for (what, pick) in picks {
            let one = &history[pick.index(history.len())];
            let certificate = one.certificate.to_bytes();
            let head = (!one.heads.is_empty()).then(|| &one.heads[pick.index(one.heads.len())]);
            let (form, object) = match head {
                Some(Head::Checkpoint(checkpoint)) => (0, checkpoint.to_bytes().to_vec()),
                Some(Head::Retain(retain)) => (1, retain.to_bytes().to_vec()),
                _ => (2, certificate.to_vec()),
            };
            match what {
                0 => bytes.extend(certificate),
                1 if !one.policies.is_empty() => {
                    bytes.extend(one.policies[pick.index(one.policies.len())].to_bytes());
                }
                2 => bytes.extend(object),
                3 => bytes.extend([&[2], certificate.as_slice()].concat()),
                _ => bytes.extend([&[form], object.as_slice()].concat()),
            }
        }
        bytes.extend(junk);
        prop_assert!(FraudProof::verify(&bytes, &crate::support::server().address()).is_err());
    }
}

/// Histories in which much happens within one minute, the grid of times, make no proof.
#[test]
fn within_one_minute() {
    let day = 86_400;
    let histories: [&[Event]; 4] = [
        // Pruned while nothing was promised, and promised afterwards.
        &[Event::Resign, Event::Commit(5), Event::Prune(15), Event::Promise(day)],
        &[Event::Promise(day), Event::Promise(day)],
        &[Event::Commit(300), Event::Resign, Event::Commit(300), Event::Prune(3), Event::Prune(15)],
        &[Event::Commit(9), Event::Restore(0), Event::Commit(9), Event::Restore(2), Event::Commit(9)],
    ];
    for events in histories {
        let history = Honest::run(events);
        for seed in 0..20 {
            assert_eq!(frame(&history, seed), [], "{events:?}");
        }
    }
}

/// The same search finds each fraud that one more signature adds to an honest history, so it is not blind.
#[test]
fn the_search_finds_what_cheating_adds() {
    let day = 86_400;
    let events = [
        Event::Promise(30 * day as u32),
        Event::Clock(600),
        Event::Commit(300),
        Event::Clock(600),
        Event::Commit(300),
        Event::Clock(600),
        Event::Resign,
        Event::Clock(40 * day),
        Event::Prune(15),
        Event::Promise(10),
        Event::Clock(600),
        Event::Resign,
        Event::Commit(10),
        Event::Restore(0),
    ];
    let key = || identity(100);
    let honest = || Honest::run(&events);
    let kinds = |history: &[Incarnation]| {
        let mut kinds: Vec<FraudKind> =
            (0..24).flat_map(|seed| frame(history, seed)).map(|proof| proof.kind()).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    };
    let log = &honest()[0];
    let signer = Signer::new(log.certificate.clone(), key()).unwrap();
    let last = log.heads.iter().map(Head::time).max().unwrap();
    let mut invented = MemoryTree::new();
    (0..700).for_each(|i| invented.push(entry("invented", i).leaf()));
    let root = |size| log.tree.root_at(size).unwrap();
    let wrong = |size| invented.root_at(size).unwrap();

    let cheat = |head: Head| {
        let mut history = honest();
        history[0].heads.push(head);
        kinds(&history)
    };
    assert!(cheat(signer.checkpoint(300, wrong(300), last).unwrap().into()).contains(&FraudKind::SameSize));
    assert!(cheat(signer.checkpoint(5, root(5), last).unwrap().into()).contains(&FraudKind::Shrunk));
    let forked = cheat(signer.checkpoint(650, wrong(650), last).unwrap().into());
    assert!(forked.contains(&FraudKind::Prefix), "{forked:?}");
    assert!(forked.contains(&FraudKind::Node), "{forked:?}");
    assert!(forked.contains(&FraudKind::WrongStart), "{forked:?}");
    let second = signer.boundary(256, root(256), last).unwrap();
    assert!(cheat(second.into()).contains(&FraudKind::SecondBoundary));
    assert_eq!(cheat(signer.retain(last, 5, root(5)).unwrap().into()), [FraudKind::RetainBackwards]);
    let late = honest()[1].certificate.incarnation() + 60;
    assert_eq!(cheat(signer.checkpoint(610, root(610), late).unwrap().into()), [FraudKind::OldSigner]);
    assert_eq!(cheat(signer.retain(last, 610, root(610)).unwrap().into()), [FraudKind::PrunedEarly]);

    // The second incarnation continues what the first had, and then has something else, or less.
    let next = || Signer::new(honest()[1].certificate.clone(), identity(101)).unwrap();
    let begun = honest()[1].certificate.previous().unwrap().size;
    let cheat_next = |head: Head| {
        let mut history = honest();
        history[1].heads.push(head);
        kinds(&history)
    };
    let late = honest()[1].certificate.incarnation();
    let other = cheat_next(next().checkpoint(begun + 40, wrong(begun + 40), late).unwrap().into());
    assert!(other.contains(&FraudKind::NotContinued), "{other:?}");
    let fewer = cheat_next(next().checkpoint(begun - 40, root(begun - 40), late).unwrap().into());
    assert!(fewer.contains(&FraudKind::NotContinued), "{fewer:?}");
    let before = cheat_next(next().retain(late, 300, wrong(300)).unwrap().into());
    assert!(before.contains(&FraudKind::NotContinued), "{before:?}");

    let mut history = honest();
    history[0].policies.push(signer.policy(last, 5, 0).unwrap());
    assert_eq!(kinds(&history), [FraudKind::PolicyBackwards]);
    let mut history = honest();
    let twin = cwtch_log::Certificate::sign_first(
        &crate::support::server(),
        identity(99).public_key(),
        history[0].certificate.incarnation(),
    );
    history[1].certificate = twin.unwrap();
    assert!(kinds(&history).contains(&FraudKind::TwoCertificates));
}
