//! Layouts, byte by byte, and the refusal of everything that was not signed.

use cwtch_primitives::{Address, Identity};
use data_encoding::BASE64;
use std::{format, vec::Vec};

use super::*;
use crate::tree::empty_root;
use crate::{EntryId, MAX_SIZE, Signer, tree::MemoryTree, tree::inclusion_path};

const START: u64 = 1_772_359_200;

fn server() -> Identity {
    Identity::from_seed(&[1; 32])
}

fn log_key() -> Identity {
    Identity::from_seed(&[2; 32])
}

fn signer() -> Signer {
    let certificate = Certificate::sign_first(&server(), log_key().public_key(), START).unwrap();
    Signer::new(certificate, log_key()).unwrap()
}

fn previous() -> Previous {
    Previous { incarnation: START - 60, size: 5, root: [9; 32] }
}

/// Checks that flipping any bit makes bytes unacceptable.
fn only_itself(bytes: &[u8], accepted: impl Fn(&[u8]) -> bool) {
    assert!(accepted(bytes));
    for bit in 0..bytes.len() * 8 {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepted(&changed), "bit {bit}");
    }
    for len in 0..bytes.len() {
        assert!(!accepted(&bytes[..len]));
    }
    assert!(!accepted(&[bytes, &[0]].concat()));
}

#[test]
fn certificate_layout() {
    let (server, log) = (server(), log_key());
    let certificate = Certificate::sign_next(&server, log.public_key(), START, previous()).unwrap();
    let bytes = certificate.to_bytes();
    assert_eq!(bytes[..8], START.to_be_bytes());
    assert_eq!(bytes[8..10], [1, 1]);
    assert_eq!(bytes[10..42], *server.public_key().as_bytes());
    assert_eq!(bytes[42..74], *log.public_key().as_bytes());
    assert_eq!(bytes[74..82], (START - 60).to_be_bytes());
    assert_eq!(bytes[82..90], 5u64.to_be_bytes());
    assert_eq!(bytes[90..122], [9; 32]);
    let text = [b"cwtch-log-cert/1\n".as_slice(), &bytes[..122]].concat();
    assert_eq!(bytes[122..], server.sign(&text));
    assert_eq!(Certificate::from_bytes(&bytes, &server.address()).unwrap(), certificate);
    only_itself(&bytes, |bytes| Certificate::from_bytes(bytes, &server.address()).is_ok());
    assert_eq!(Certificate::from_bytes(&bytes, &log.address()).unwrap_err().fault, Fault::OtherServer);
}

#[test]
fn certificate_of_each_kind() {
    let (server, log) = (server(), log_key());
    let first = Certificate::sign_first(&server, log.public_key(), START).unwrap();
    assert_eq!(first.to_bytes()[74..122], [0; 48]);
    assert_eq!((first.kind(), first.previous()), (CertificateKind::First, None));
    let loss = Certificate::sign_total_loss(&server, log.public_key(), START).unwrap();
    assert_eq!(loss.to_bytes()[8..10], [1, 3]);
    assert_eq!(loss.to_bytes()[74..122], [0; 48]);
    assert!(loss.is_total_loss() && loss.previous().is_none() && loss.log_key() == first.log_key());
    let retired = Certificate::sign_retired(&server, START, previous()).unwrap();
    assert_eq!(retired.to_bytes()[42..74], [0; 32]);
    assert!(retired.is_retired() && retired.log_key().is_none());
    assert_eq!(retired.previous(), Some(&previous()));
    for certificate in [first, loss, retired] {
        let read = Certificate::from_bytes(&certificate.to_bytes(), &server.address()).unwrap();
        assert_eq!(read, certificate);
    }
}

/// Correct signatures over values that are not allowed are refused.
#[test]
fn certificate_rules() {
    let (server, log) = (server(), log_key());
    let key = log.public_key();
    let fault = |result: Result<Certificate, ObjectError>| result.unwrap_err().fault;
    assert_eq!(fault(Certificate::sign_first(&server, key, START + 1)), Fault::Incarnation);
    assert_eq!(fault(Certificate::sign_first(&server, server.public_key(), START)), Fault::Key);
    let next = |previous| fault(Certificate::sign_next(&server, key, START, previous));
    assert_eq!(next(Previous { incarnation: START, ..previous() }), Fault::Previous);
    assert_eq!(next(Previous { incarnation: START - 61, ..previous() }), Fault::Previous);
    assert_eq!(next(Previous { size: 0, ..previous() }), Fault::Root);
    assert_eq!(next(Previous { size: MAX_SIZE + 1, ..previous() }), Fault::Size);
    let empty = Previous { size: 0, root: empty_root(), ..previous() };
    assert!(Certificate::sign_next(&server, key, START, empty).is_ok());

    // The reader checks the same, whoever signed.
    let resign = |at: usize, value: &[u8], certificate: &Certificate| {
        let mut bytes = certificate.to_bytes();
        bytes[at..at + value.len()].copy_from_slice(value);
        let text = [b"cwtch-log-cert/1\n".as_slice(), &bytes[..122]].concat();
        bytes[122..].copy_from_slice(&server.sign(&text));
        fault(Certificate::from_bytes(&bytes, &server.address()))
    };
    let first = Certificate::sign_first(&server, key, START).unwrap();
    let retired = Certificate::sign_retired(&server, START, previous()).unwrap();
    assert_eq!(resign(7, &[first.to_bytes()[7] ^ 1], &first), Fault::Incarnation);
    assert_eq!(resign(8, &[2], &first), Fault::Version);
    assert_eq!(resign(9, &[4], &first), Fault::Kind);
    assert_eq!(resign(42, &[0; 32], &first), Fault::Key);
    assert_eq!(resign(42, server.public_key().as_bytes(), &first), Fault::Key);
    assert_eq!(resign(121, &[1], &first), Fault::Previous);
    let loss = Certificate::sign_total_loss(&server, key, START).unwrap();
    assert_eq!(resign(121, &[1], &loss), Fault::Previous);
    assert_eq!(resign(74, &(START - 60).to_be_bytes(), &loss), Fault::Previous);
    assert_eq!(resign(42, &[0; 32], &loss), Fault::Key);
    assert_eq!(resign(42, key.as_bytes(), &retired), Fault::Key);
    assert_eq!(resign(74, &START.to_be_bytes(), &retired), Fault::Previous);
}

/// A key with a torsion component signs as well as any, but never for this verifier.
#[test]
fn torsion_is_refused() {
    use curve25519_dalek::{constants::EIGHT_TORSION, edwards::CompressedEdwardsY};
    let point = CompressedEdwardsY(*log_key().public_key().as_bytes()).decompress().unwrap();
    let mixed = (point + EIGHT_TORSION[1]).compress();
    let mixed = cwtch_primitives::PublicKey::from_bytes(mixed.as_bytes()).unwrap();
    assert_eq!(Certificate::sign_first(&server(), &mixed, START).unwrap_err().fault, Fault::Key);
    let mut bytes = Certificate::sign_first(&server(), log_key().public_key(), START).unwrap().to_bytes();
    bytes[10..42].copy_from_slice(mixed.as_bytes());
    let refused = Certificate::from_bytes(&bytes, &Address::from_public_key(&mixed)).unwrap_err();
    assert_eq!(refused.fault, Fault::Key);
}

#[test]
fn checkpoint_text_and_layout() {
    let signer = signer();
    let address = server().address();
    for (checkpoint, kind, suffix) in [
        (signer.checkpoint(512, [3; 32], START + 60).unwrap(), 0, ""),
        (signer.boundary(512, [3; 32], START + 60).unwrap(), 1, "/boundary"),
    ] {
        let bytes = checkpoint.to_bytes();
        assert_eq!(bytes[0], kind);
        assert_eq!(bytes[1..9], 512u64.to_be_bytes());
        assert_eq!(bytes[9..41], [3; 32]);
        assert_eq!(bytes[41..49], (START + 60).to_be_bytes());
        let text = format!(
            "cosignature/v1\ntime {}\ncwtch-log/1/{address}/{START}{suffix}\n512\n{}\n",
            START + 60,
            BASE64.encode(&[3; 32])
        );
        assert_eq!(bytes[49..], log_key().sign(text.as_bytes()));
        only_itself(&bytes, |bytes| Checkpoint::from_bytes(bytes, signer.certificate()).is_ok());
    }
}

#[test]
fn statements_have_rules() {
    let signer = signer();
    let fault = |result: Result<Checkpoint, ObjectError>| result.unwrap_err().fault;
    assert_eq!(fault(signer.checkpoint(1, [0; 32], START + 1)), Fault::Time);
    assert_eq!(fault(signer.checkpoint(1, [0; 32], START - 60)), Fault::Time);
    assert_eq!(fault(signer.checkpoint(MAX_SIZE + 1, [0; 32], START)), Fault::Size);
    assert_eq!(fault(signer.checkpoint(0, [0; 32], START)), Fault::Root);
    assert!(signer.checkpoint(0, empty_root(), START).is_ok());
    assert_eq!(fault(signer.boundary(0, empty_root(), START)), Fault::Size);
    assert_eq!(fault(signer.boundary(255, [0; 32], START)), Fault::Size);
    assert_eq!(signer.retain(START, 0, empty_root()).unwrap_err().fault, Fault::Size);
    assert_eq!(signer.retain(START + 59, 1, [0; 32]).unwrap_err().fault, Fault::Time);
    assert_eq!(signer.policy(START - 60, 1, 1).unwrap_err().fault, Fault::Time);
    assert!(signer.policy(u64::MAX - u64::MAX % 60, u64::MAX, u64::MAX).is_ok());
}

#[test]
fn policy_and_retain_layout() {
    let signer = signer();
    let policy = signer.policy(START + 60, 86_400, 1_000).unwrap();
    let bytes = policy.to_bytes();
    let fields: Vec<u8> = [START, START + 60, 86_400, 1_000].iter().flat_map(|f| f.to_be_bytes()).collect();
    assert_eq!(bytes[..32], fields[..]);
    assert_eq!(bytes[32..], log_key().sign(&[b"cwtch-log-policy/1\n".as_slice(), &fields].concat()));
    only_itself(&bytes, |bytes| Policy::from_bytes(bytes, signer.certificate()).is_ok());

    let retain = signer.retain(START + 120, 7, [4; 32]).unwrap();
    let bytes = retain.to_bytes();
    let mut fields: Vec<u8> = [START, START + 120, 7].iter().flat_map(|f| f.to_be_bytes()).collect();
    fields.extend([4; 32]);
    assert_eq!(bytes[..56], fields[..]);
    assert_eq!(bytes[56..], log_key().sign(&[b"cwtch-log-retain/1\n".as_slice(), &fields].concat()));
    only_itself(&bytes, |bytes| Retain::from_bytes(bytes, signer.certificate()).is_ok());
}

#[test]
fn statements_of_another_log_are_refused() {
    let (mine, root) = (signer(), [3; 32]);
    let other_key = Identity::from_seed(&[3; 32]);
    let later = Certificate::sign_first(&server(), log_key().public_key(), START + 60).unwrap();
    let rekeyed = Certificate::sign_first(&server(), other_key.public_key(), START).unwrap();
    let elsewhere = Certificate::sign_first(&other_key, log_key().public_key(), START).unwrap();
    let retired = Certificate::sign_retired(&server(), START, previous()).unwrap();
    let checkpoint = mine.checkpoint(256, root, START + 120).unwrap().to_bytes();
    let policy = mine.policy(START + 120, 1, 1).unwrap().to_bytes();
    let retain = mine.retain(START + 120, 1, root).unwrap().to_bytes();
    // The policy's and Retain's texts hold the incarnation, not the server; the log key tells servers apart,
    // which is why one key is never used for two logs.
    for certificate in [later, rekeyed, retired] {
        assert!(Checkpoint::from_bytes(&checkpoint, &certificate).is_err());
        assert!(Policy::from_bytes(&policy, &certificate).is_err());
        assert!(Retain::from_bytes(&retain, &certificate).is_err());
    }
    assert!(Checkpoint::from_bytes(&checkpoint, &elsewhere).is_err());
}

#[test]
fn receipts() {
    let signer = signer();
    let ids: Vec<EntryId> = (0..11u8).map(|i| EntryId::of(&[i], b"x")).collect();
    let mut tree = MemoryTree::new();
    ids.iter().for_each(|id| tree.push(id.leaf()));
    let checkpoint = signer.checkpoint(11, tree.root(), START).unwrap();
    for (i, id) in ids.iter().enumerate() {
        let index = i as u64;
        let path = inclusion_path(&mut &tree, index, 11).unwrap();
        let receipt = Receipt::new(index, checkpoint.clone(), path.clone()).unwrap();
        assert!(receipt.verify_entry(id));
        assert!(!receipt.verify_entry(&EntryId::of(b"never posted", b"x")));
        let bytes = receipt.to_bytes();
        assert_eq!(bytes.len(), 121 + 32 * path.len());
        assert_eq!(Receipt::from_bytes(&bytes, signer.certificate()).unwrap(), receipt);
        for len in 0..bytes.len() {
            assert!(Receipt::from_bytes(&bytes[..len], signer.certificate()).is_err());
        }
        let longer = [bytes.as_slice(), &[0; 32]].concat();
        assert!(Receipt::from_bytes(&longer, signer.certificate()).is_err());
        // A flip in the path or the index is readable, and then no receipt of the entry.
        most_flips_fail(&bytes, |bytes| {
            Receipt::from_bytes(bytes, signer.certificate()).is_ok_and(|r| r.verify_entry(id))
        });
    }
    assert!(Receipt::new(11, checkpoint, Vec::new()).is_err());
}

fn most_flips_fail(bytes: &[u8], accepted: impl Fn(&[u8]) -> bool) {
    for bit in (0..bytes.len() * 8).step_by(5) {
        let mut changed = bytes.to_vec();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(!accepted(&changed), "bit {bit}");
    }
}

#[test]
fn debug_shows_no_key() {
    let signer = signer();
    let text = format!("{signer:?} {:?}", signer.checkpoint(256, [3; 32], START).unwrap());
    assert!(text.contains("[redacted]"), "{text}");
    assert!(!text.contains("SigningKey") && !text.contains("[2, 2"), "{text}");
}

#[test]
fn signer_needs_its_key() {
    let certificate = Certificate::sign_first(&server(), log_key().public_key(), START).unwrap();
    assert_eq!(Signer::new(certificate, server()).unwrap_err().fault, Fault::WrongKey);
    let retired = Certificate::sign_retired(&server(), START, previous()).unwrap();
    assert_eq!(Signer::new(retired, log_key()).unwrap_err().fault, Fault::Retired);
}
