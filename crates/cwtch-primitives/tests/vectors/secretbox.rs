//! The box against a vector and against an independent implementation.

use crypto_secretbox::{AeadInPlace, KeyInit, XSalsa20Poly1305};
use cwtch_primitives::secretbox::{
    BoxError, BoxKey, MAC_LEN, NONCE_LEN, OVERHEAD, open, open_into, open_to, seal, seal_in_place, seal_into,
};
use cwtch_testkit::{hex, hex_array, model, rng, text, to_hex};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::cases;

/// Authenticator and ciphertext, made by the other implementation.
fn oracle_seal(key: &[u8; 32], nonce: &[u8; 24], plain: &[u8]) -> Vec<u8> {
    let mut buffer = plain.to_vec();
    let tag =
        XSalsa20Poly1305::new(key.into()).encrypt_in_place_detached(nonce.into(), b"", &mut buffer).unwrap();
    [tag.as_slice(), &buffer].concat()
}

#[test]
fn encrypted_packet() {
    let vector = &model()["packets"]["encrypted"];
    let key = BoxKey::new(hex_array(&vector["key_hex"]));
    let nonce: [u8; NONCE_LEN] = hex_array(&vector["nonce_hex"]);
    let payload = text(&vector["payload"]).as_bytes();
    let mut plain = vec![0; 8152];
    plain[..2].copy_from_slice(&[0xac, 0x02]);
    plain[2..2 + payload.len()].copy_from_slice(payload);
    let mut packet = vec![0; 8192];
    packet[..NONCE_LEN].copy_from_slice(&nonce);
    seal_into(&key, &nonce, &plain, &mut packet[NONCE_LEN..]).unwrap();
    assert_eq!(to_hex(&packet[..128]), text(&vector["packet_first_128_bytes_hex"]));
    assert_eq!(Sha256::digest(&packet).as_slice(), hex(&vector["packet_sha256_hex"]));
    assert_eq!(open(&key, &packet).unwrap(), plain);
}

#[test]
fn wrong_buffers_are_errors() {
    let key = BoxKey::new([1; 32]);
    let nonce = [2; NONCE_LEN];
    for len in [0, 15, 4 + MAC_LEN - 1, 4 + MAC_LEN + 1] {
        assert_eq!(seal_into(&key, &nonce, b"text", &mut vec![0; len]), Err(BoxError::Length), "{len}");
    }
    assert_eq!(seal_in_place(&key, &nonce, &mut [0; MAC_LEN - 1]), Err(BoxError::Length));
    let sealed = seal(&key, b"text", &mut rng(1));
    assert_eq!(sealed.len(), 4 + OVERHEAD);
    for len in [0, 3, 5] {
        assert_eq!(open_to(&key, &sealed, &mut vec![0; len]), Err(BoxError::Length), "{len}");
    }
    for len in 0..MAC_LEN {
        assert_eq!(open_into(&key, &nonce, &vec![0; len], &mut []), Err(BoxError::Open), "{len}");
    }
    for len in 0..OVERHEAD {
        assert_eq!(open(&key, &vec![0; len]), Err(BoxError::Open), "{len}");
    }
}

#[test]
fn a_fresh_nonce_each_time() {
    let (key, mut rng) = (BoxKey::new([1; 32]), rng(2));
    assert_ne!(seal(&key, b"text", &mut rng)[..NONCE_LEN], seal(&key, b"text", &mut rng)[..NONCE_LEN]);
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn the_other_implementation_makes_the_same_box(
        key: [u8; 32],
        nonce: [u8; 24],
        plain in proptest::collection::vec(any::<u8>(), 0..9000),
    ) {
        let expected = oracle_seal(&key, &nonce, &plain);
        let mut boxed = vec![0; plain.len() + MAC_LEN];
        seal_into(&BoxKey::new(key), &nonce, &plain, &mut boxed).unwrap();
        prop_assert_eq!(&boxed, &expected);
        let mut data = [&plain[..], &[0xee; MAC_LEN]].concat();
        seal_in_place(&BoxKey::new(key), &nonce, &mut data).unwrap();
        prop_assert_eq!(&data, &expected, "whatever lies in the room for the authenticator");
        let mut opened = vec![0; plain.len()];
        open_into(&BoxKey::new(key), &nonce, &boxed, &mut opened).unwrap();
        prop_assert_eq!(opened, plain);
    }

    #[test]
    fn any_change_is_noticed(
        plain in proptest::collection::vec(any::<u8>(), 0..300),
        place: prop::sample::Index,
        bit in 0u32..8,
        cut: prop::sample::Index,
    ) {
        let key = BoxKey::new([7; 32]);
        let sealed = seal(&key, &plain, &mut rng(3));
        prop_assert_eq!(open(&key, &sealed).unwrap(), plain);
        let mut changed = sealed.clone();
        changed[place.index(sealed.len())] ^= 1 << bit;
        prop_assert_eq!(open(&key, &changed), Err(BoxError::Open));
        prop_assert_eq!(open(&key, &sealed[..cut.index(sealed.len())]), Err(BoxError::Open));
        prop_assert_eq!(open(&BoxKey::new([8; 32]), &sealed), Err(BoxError::Open));
    }
}
