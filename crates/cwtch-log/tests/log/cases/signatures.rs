//! Signatures that RFC 8032 leaves open, and keys that no verifier should take.

use curve25519_dalek::constants::{ED25519_BASEPOINT_POINT as BASE, EIGHT_TORSION};
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::{Scalar, clamp_integer};
use curve25519_dalek::traits::IsIdentity;
use cwtch_log::Certificate;
use cwtch_primitives::{Address, Identity, PublicKey};
use sha2::{Digest, Sha512};

use crate::support::{START, identity, server};

pub(super) const CERTIFICATE: &[u8] = b"cwtch-log-cert/1\n";

/// The scalar of a seed (RFC 8032, section 5.1.5).
fn scalar(seed: &[u8; 32]) -> Scalar {
    let hash = Sha512::digest(seed);
    Scalar::from_bytes_mod_order(clamp_integer(hash[..32].try_into().unwrap()))
}

fn challenge(r: &EdwardsPoint, key: &[u8; 32], text: &[u8]) -> Scalar {
    let hash = Sha512::new().chain_update(r.compress().as_bytes()).chain_update(key).chain_update(text);
    Scalar::from_bytes_mod_order_wide(&hash.finalize().into())
}

fn signature(r: &EdwardsPoint, s: &Scalar) -> [u8; 64] {
    [*r.compress().as_bytes(), s.to_bytes()].concat().try_into().unwrap()
}

/// A signature with a torsion component in `R`.
pub(super) fn with_torsion(seed: &[u8; 32], key: &PublicKey, text: &[u8]) -> [u8; 64] {
    let nonce = Scalar::from(7u64);
    let r = BASE * nonce + EIGHT_TORSION[1];
    let k = challenge(&r, key.as_bytes(), text);
    let s = nonce + k * scalar(seed);
    let point = CompressedEdwardsY(*key.as_bytes()).decompress().unwrap();
    let rest = BASE * s - point * k - r;
    assert!(!rest.is_identity() && rest.mul_by_cofactor().is_identity(), "the equations differ here");
    signature(&r, &s)
}

/// A signature whose `R` is the neutral point, for which both equations hold.
pub(super) fn with_neutral_r(seed: &[u8; 32], key: &PublicKey, text: &[u8]) -> [u8; 64] {
    let r = EIGHT_TORSION[0];
    let s = challenge(&r, key.as_bytes(), text) * scalar(seed);
    signature(&r, &s)
}

/// Two certificates of one incarnation, of a server whose key has a torsion component and an address all the same. Where
/// 8 divides the challenge, the torsion vanishes and the equation holds.
pub(super) fn torsion_server() -> ([[u8; 186]; 2], Address) {
    let key = CompressedEdwardsY(*server().public_key().as_bytes()).decompress().unwrap() + EIGHT_TORSION[1];
    let key = PublicKey::from_bytes(key.compress().as_bytes()).unwrap();
    let certificate = |log: &Identity| {
        let mut bytes = Certificate::sign_first(&server(), log.public_key(), START).unwrap().to_bytes();
        bytes[10..42].copy_from_slice(key.as_bytes());
        let text = [CERTIFICATE, &bytes[..122]].concat();
        let signed = (1u64..).find_map(|nonce| {
            let nonce = Scalar::from(nonce);
            let r = BASE * nonce;
            let k = challenge(&r, key.as_bytes(), &text);
            k.to_bytes()[0].is_multiple_of(8).then(|| signature(&r, &(nonce + k * scalar(&[1; 32]))))
        });
        bytes[122..].copy_from_slice(&signed.unwrap());
        assert!(key.verify(&text, &bytes[122..]).is_ok(), "but for the key it is valid");
        bytes
    };
    ([certificate(&identity(2)), certificate(&identity(3))], Address::from_public_key(&key))
}

/// A point written with a `y` that is not below p.
pub(super) fn not_canonical() -> [u8; 32] {
    let written = (2u8..19).map(|y| {
        let mut bytes = [0xff; 32];
        (bytes[0], bytes[31]) = (0xed + y, 0x7f);
        bytes
    });
    written.into_iter().find(|bytes| CompressedEdwardsY(*bytes).decompress().is_some()).unwrap()
}
