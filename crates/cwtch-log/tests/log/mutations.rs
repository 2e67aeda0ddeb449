//! Nothing but the very bytes of a proof is accepted.

use cwtch_log::{Certificate, Checkpoint, FraudKind, FraudProof, armour};
use proptest::prelude::*;

use crate::support::{START, add_group_order, identity, proofs, server, signer};

fn accepted(bytes: &[u8]) -> bool {
    FraudProof::verify(bytes, &server().address()).is_ok()
}

#[test]
fn no_flipped_bit_anywhere() {
    for proof in proofs() {
        let mut bytes = proof.to_bytes();
        for at in 0..bytes.len() {
            // One bit of each byte; the objects' own tests flip all of them.
            let bit = 1 << (at % 8);
            bytes[at] ^= bit;
            assert!(!accepted(&bytes), "{} at {at}", proof.kind());
            bytes[at] ^= bit;
        }
        assert!(accepted(&bytes));
    }
}

#[test]
fn no_other_length() {
    for proof in proofs() {
        let bytes = proof.to_bytes();
        for len in 0..bytes.len() {
            assert!(!accepted(&bytes[..len]), "{} cut to {len}", proof.kind());
        }
        for more in [1, 32, 113, 186] {
            assert!(!accepted(&[bytes.as_slice(), &vec![0; more]].concat()));
        }
    }
}

/// Ranges of the two objects after the first certificate, for the kinds of proof that have such.
fn two_objects(proof: &FraudProof) -> Option<(std::ops::Range<usize>, std::ops::Range<usize>)> {
    let len = match proof.kind() {
        FraudKind::TwoCertificates => return Some((15..201, 201..387)),
        FraudKind::Shrunk | FraudKind::SecondBoundary => 113,
        FraudKind::RetainBackwards => 120,
        FraudKind::PolicyBackwards => 96,
        FraudKind::SameSize if proof.to_bytes().len() == 201 + 2 * 114 => 114,
        _ => return None,
    };
    Some((201..201 + len, 201 + len..201 + 2 * len))
}

/// Swapped statements are still a proof where the kind has no order, and none where it has.
#[test]
fn swapped_objects() {
    for proof in proofs() {
        let bytes = proof.to_bytes();
        let Some((a, b)) = two_objects(&proof) else { continue };
        let swapped = [&bytes[..a.start], &bytes[b.clone()], &bytes[a.clone()], &bytes[b.end..]].concat();
        let no_order = [FraudKind::SameSize, FraudKind::TwoCertificates, FraudKind::SecondBoundary]
            .contains(&proof.kind());
        assert_eq!(accepted(&swapped), no_order, "{}", proof.kind());
        let twice = [&bytes[..a.end], &bytes[a.clone()], &bytes[b.end..]].concat();
        assert!(!accepted(&twice), "{}", proof.kind());
    }
}

#[test]
fn another_certificate_in_front() {
    let own = Certificate::sign_first(&server(), identity(3).public_key(), START).unwrap().to_bytes();
    let late = Certificate::sign_first(&server(), identity(2).public_key(), START + 60).unwrap().to_bytes();
    let foreign = Certificate::sign_first(&identity(9), identity(2).public_key(), START).unwrap().to_bytes();
    for proof in proofs() {
        for certificate in [own, late, foreign] {
            let mut bytes = proof.to_bytes();
            bytes[15..201].copy_from_slice(&certificate);
            // Two later certificates speak of an incarnation, whatever key it had.
            let of_certificates = bytes[14] == 1 && bytes[201] == 2 && bytes[388] == 2;
            assert_eq!(accepted(&bytes), of_certificates && certificate == own, "{}", proof.kind());
        }
    }
}

/// `S + ℓ` and other encodings of a signature verify nowhere: otherwise anybody could make a "second" certificate or
/// boundary checkpoint out of an honest one.
#[test]
fn signatures_have_one_form() {
    let signer = signer();
    let mut certificate = signer.certificate().to_bytes();
    let mut boundary = signer.boundary(256, [7; 32], START).unwrap().to_bytes();
    assert!(Checkpoint::from_bytes(&boundary, signer.certificate()).is_ok());
    add_group_order(&mut certificate);
    add_group_order(&mut boundary);
    assert!(Certificate::from_bytes(&certificate, &server().address()).is_err());
    assert!(Checkpoint::from_bytes(&boundary, signer.certificate()).is_err());
    // Signing again gives the same bytes.
    let again = crate::support::signer();
    assert_eq!(again.certificate().to_bytes(), signer.certificate().to_bytes());
    assert_eq!(
        again.boundary(256, [7; 32], START).unwrap().to_bytes(),
        signer.boundary(256, [7; 32], START).unwrap().to_bytes()
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Some bytes overwritten, inserted or removed.
    #[test]
    fn no_edit(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 1..4),
    ) {
        let all = proofs_once();
        let bytes = &all[which.index(all.len())];
        let mut edited = bytes.clone();
        for (at, value, how) in edits {
            let at = at.index(edited.len());
            match how {
                0 => edited.insert(at, value),
                1 => drop(edited.remove(at)),
                _ => edited[at] = value,
            }
        }
        prop_assert_eq!(accepted(&edited), edited == *bytes);
    }

    /// The text form gives back what was written, or nothing.
    #[test]
    fn no_edited_text(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), value in 32u8..127) {
        let all = proofs_once();
        let bytes = &all[which.index(all.len())];
        let proof = FraudProof::verify(bytes, &server().address()).unwrap();
        let mut text = armour::encode(&proof).into_bytes();
        let at = at.index(text.len());
        text[at] = value;
        if let Ok((address, read)) = armour::decode(str::from_utf8(&text).unwrap()) {
            let verified = FraudProof::verify(&read, &address);
            prop_assert_eq!(verified.is_ok(), address == server().address() && read == *bytes);
        }
    }
}

fn proofs_once() -> &'static [Vec<u8>] {
    static ALL: std::sync::LazyLock<Vec<Vec<u8>>> =
        std::sync::LazyLock::new(|| proofs().iter().map(FraudProof::to_bytes).collect());
    &ALL
}
