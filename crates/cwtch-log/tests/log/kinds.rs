//! Every kind of fraud is proven to a verifier who has the bytes and the address, and each predicate has its edges.

use cwtch_log::fraud::{Disagreement, MAX_PROOF_LEN, NotProven, Unreadable};
use cwtch_log::{Certificate, FraudKind, FraudProof, Head, Previous, ProofError, Signer, armour};

use crate::support::{START, continued, continuing, forked, identity, proofs, server, signer};

#[test]
fn a_third_party_verifies_every_kind() {
    let address = server().address();
    for proof in proofs() {
        let bytes = proof.to_bytes();
        assert!(bytes.len() <= MAX_PROOF_LEN);
        assert_eq!(bytes[..14], *b"cwtch-fraud/1\n");
        assert_eq!(bytes[14], proof.kind().number());
        assert_eq!(FraudProof::verify(&bytes, &address), Ok(proof.clone()), "{}", proof.kind());
        let text = proof.to_string();
        assert!(text.starts_with("The server ") && text.ends_with('.'), "{text}");
        let armoured = armour::encode(&proof);
        let head = format!("-----BEGIN CWTCH FRAUD PROOF-----\nServer: {address}\n");
        let body = armoured.strip_prefix(&head).unwrap();
        let body = body.strip_suffix("\n-----END CWTCH FRAUD PROOF-----\n").unwrap();
        assert!(body.lines().rev().skip(1).all(|line| line.len() == 64));
        let (named, read) = armour::decode(&armoured).unwrap();
        assert_eq!((named, read), (address, bytes));
    }
}

#[test]
fn another_server_is_not_accused() {
    for proof in proofs() {
        let refused = FraudProof::verify(&proof.to_bytes(), &identity(9).address());
        let named = NotProven::OtherServer(server().address());
        assert_eq!(refused, Err(ProofError::NotProven(named)));
    }
}

#[test]
fn what_is_no_proof_says_why() {
    let address = server().address();
    let bytes = proofs()[0].to_bytes();
    let refused = |bytes: &[u8]| FraudProof::verify(bytes, &address).unwrap_err();
    let unreadable = ProofError::Unreadable;
    assert_eq!(refused(b""), unreadable(Unreadable::Magic));
    assert_eq!(refused(&[0; MAX_PROOF_LEN + 1]), unreadable(Unreadable::TooLong));
    assert_eq!(refused(&bytes[..300]), unreadable(Unreadable::Truncated));
    assert_eq!(refused(&[bytes.as_slice(), &[0]].concat()), unreadable(Unreadable::Trailing));
    for kind in [0, 4, 14, 255] {
        let mut unknown = bytes.clone();
        unknown[14] = kind;
        assert_eq!(refused(&unknown), unreadable(Unreadable::Kind(kind)));
    }
    // The same statement twice: genuine, and no contradiction.
    let at = 15 + 186;
    let honest = [&bytes[..at], &bytes[at..at + 114], &bytes[at..at + 114]].concat();
    assert_eq!(refused(&honest), ProofError::NotProven(NotProven::Honest(FraudKind::SameSize)));
}

/// Statements that just miss a predicate prove nothing.
#[test]
fn edges() {
    let signer = signer();
    let log = signer.certificate();
    let tree = forked(u64::MAX, 600);
    let root = |size| tree.root_at(size).unwrap();
    let checkpoint = |size, time| signer.checkpoint(size, root(size), time).unwrap();
    let retain = |time, size| signer.retain(time, size, root(size)).unwrap();
    let policy = |time, retention| signer.policy(time, retention, 0).unwrap();

    // Smaller at the same time: two signatures of one minute, in the other order.
    assert!(FraudProof::shrunk(log, &checkpoint(9, START), &checkpoint(8, START)).is_none());
    assert!(FraudProof::shrunk(log, &checkpoint(9, START), &checkpoint(9, START + 60)).is_none());
    assert!(FraudProof::retain_backwards(log, &retain(START, 9), &retain(START, 8)).is_none());
    assert!(FraudProof::policy_backwards(log, &policy(START, 9), &policy(START, 8)).is_none());
    assert!(FraudProof::two_certificates(log, log).is_none());

    let boundary = |time| signer.boundary(256, root(256), time).unwrap();
    assert!(FraudProof::second_boundary(log, &boundary(START), &boundary(START)).is_none());
    let ordinary = checkpoint(256, START);
    assert!(FraudProof::second_boundary(log, &boundary(START), &ordinary).is_none());

    let previous = Previous { incarnation: START, size: 9, root: root(9) };
    let later = continued(START + 600, previous);
    assert!(FraudProof::old_signer(log, &later, &checkpoint(9, START + 600)).is_none());
    assert!(FraudProof::old_signer(log, &later, &checkpoint(9, START + 660)).is_some());
    assert!(FraudProof::old_signer(&later, log, &checkpoint(9, START + 660)).is_none());

    // After a total loss the same holds, but for what came before: it says nothing of that.
    let key = identity(4);
    let loss = Certificate::sign_total_loss(&server(), key.public_key(), START + 600).unwrap();
    assert!(FraudProof::old_signer(log, &loss, &checkpoint(9, START + 600)).is_none());
    assert!(FraudProof::old_signer(log, &loss, &checkpoint(9, START + 660)).is_some());
    assert!(FraudProof::two_certificates(&loss, &later).is_some());
    let (head, same) = (Head::from(checkpoint(9, START)), cwtch_log::fraud::Disagreement::SameSize);
    assert!(FraudProof::wrong_start(log, &loss, &head, &same).is_none());

    // The last entry came after START + 60, so it may go at START + 60 + 3600, which reads as 0 to 59 s less.
    let pruned = |promised, pruned, size| {
        let (policy, before) = (policy(promised, 3_600), checkpoint(5, START + 60));
        FraudProof::pruned_early(log, &policy, &before, &retain(pruned, size)).is_some()
    };
    assert!(pruned(START, START + 3_540, 6));
    assert!(!pruned(START, START + 3_600, 6));
    assert!(!pruned(START, START + 3_540, 5));
    assert!(!pruned(START + 60, START + 3_540, 6));
    // Even a first checkpoint of a log that goes on is not smaller; a Retain may be.
    let next = continuing(START + 600, previous);
    let later = next.certificate();
    let of_next = |size| Head::from(next.checkpoint(size, root(size), START + 600).unwrap());
    let smaller = |head: &Head| FraudProof::not_continued(later, head, &Disagreement::Smaller).is_some();
    assert!(smaller(&of_next(8)));
    assert!(!smaller(&of_next(9)) && !smaller(&of_next(10)));
    assert!(!smaller(&next.retain(START + 600, 8, root(8)).unwrap().into()));
    assert!(!smaller(&checkpoint(8, START + 600).into()));
    let same = |head: &Head| FraudProof::not_continued(later, head, &Disagreement::SameSize).is_some();
    assert!(!same(&of_next(9)));
    assert!(FraudProof::not_continued(log, &checkpoint(8, START).into(), &Disagreement::Smaller).is_none());
    assert!(
        FraudProof::wrong_start(log, later, &checkpoint(8, START).into(), &Disagreement::Smaller).is_none()
    );

    let for_ever = policy(START, u64::MAX);
    assert!(
        FraudProof::pruned_early(log, &for_ever, &checkpoint(5, START + 60), &retain(START + 120, 6))
            .is_some()
    );
}

/// Two certificates of one incarnation have two logs: what one signed is never set against the other.
#[test]
fn statements_stay_with_their_certificate() {
    let one = signer();
    let key = identity(3);
    let two = Certificate::sign_first(&server(), key.public_key(), START).unwrap();
    let two = Signer::new(two, key).unwrap();
    let a = Head::from(one.checkpoint(5, [1; 32], START).unwrap());
    let b = Head::from(two.checkpoint(5, [2; 32], START).unwrap());
    assert!(FraudProof::same_size(one.certificate(), &a, &b).is_none());
    assert!(FraudProof::same_size(two.certificate(), &a, &b).is_none());
    assert!(FraudProof::same_size(two.certificate(), &a, &a).is_none());
    assert!(FraudProof::two_certificates(one.certificate(), two.certificate()).is_some());
}
