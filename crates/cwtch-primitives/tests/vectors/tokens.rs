//! Proof of work, blind signatures, the batch's proof and spending, on one transcript.

use curve25519_dalek::scalar::Scalar;
use cwtch_primitives::pow::{self, Challenge};
use cwtch_primitives::token::{
    BatchProof, Element, IssuerKey, IssuerPublicKey, MAX_BATCH, PendingToken, SpentToken, TOKEN_LEN, Token,
    TokenError,
};
use cwtch_primitives::transcript::Transcript;
use cwtch_testkit::{Value, hex, hex_array, list, model, number, rng, text};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use crate::cases;

fn vector() -> &'static Value {
    &model()["token_service"]
}

fn scalar(value: &Value) -> Scalar {
    Scalar::from_canonical_bytes(hex_array(value)).unwrap()
}

fn element(value: &Value) -> Element {
    Element::from_bytes(&hex(value)).unwrap()
}

/// The transcript where the proof of work ends and the batch begins.
fn at_batch() -> Transcript {
    let mut transcript = Transcript::new();
    let challenge = Challenge::new(&mut transcript, &hex(&vector()["pow"]["seed_hex"]));
    let solution = hex_array(&vector()["pow"]["solution_hex"]);
    assert!(challenge.check(&solution));
    pow::accept(&mut transcript, &solution);
    transcript.new_protocol("token-app");
    transcript
}

fn batch() -> (Vec<PendingToken>, Vec<Element>, Vec<Element>) {
    let tokens = list(&vector()["tokens"]);
    (
        tokens
            .iter()
            .map(|t| PendingToken::from_parts(hex_array(&t["t_hex"]), scalar(&t["r_hex"])).unwrap())
            .collect(),
        tokens.iter().map(|t| element(&t["P_hex"])).collect(),
        tokens.iter().map(|t| element(&t["Q_hex"])).collect(),
    )
}

fn issuer() -> IssuerKey {
    IssuerKey::from_bytes(&hex_array(&vector()["k_hex"])).unwrap()
}

#[test]
fn proof_of_work_finds_the_first_solution_where_it_is() {
    let pow = &vector()["pow"];
    let mut challenge = Challenge::new(&mut Transcript::new(), &hex(&pow["seed_hex"]));
    assert_eq!(challenge.bytes().as_slice(), hex(&pow["challenge_hex"]));
    let draws = u32::try_from(number(&pow["draws_until_first_solution"])).unwrap();
    // In uneven slices: the search goes on where it stopped.
    assert_eq!(challenge.search(draws / 3), None);
    assert_eq!(challenge.search(draws - 1 - draws / 3), None);
    let solution = challenge.search(1).unwrap();
    assert_eq!(solution.as_slice(), hex(&pow["solution_hex"]));
    let hash = Sha256::new().chain_update(solution).chain_update(challenge.bytes()).finalize();
    assert_eq!(hash.as_slice(), hex(&pow["sha256_hex"]));
    let mut wrong = solution;
    wrong[31] ^= 1;
    assert!(!challenge.check(&wrong));
}

#[test]
fn blinding_and_signing() {
    let key = issuer();
    assert_eq!(key.public().as_bytes().as_slice(), hex(&vector()["Y_hex"]));
    assert_eq!(key.to_bytes().expose().as_slice(), hex(&vector()["k_hex"]));
    for token in list(&vector()["tokens"]) {
        let t = hex_array(&token["t_hex"]);
        // With r = 1 the blinded element is the token's own.
        let plain = PendingToken::from_parts(t, Scalar::ONE).unwrap();
        assert_eq!(plain.blinded().as_bytes().as_slice(), hex(&token["T_hex"]));
        let pending = PendingToken::from_parts(t, scalar(&token["r_hex"])).unwrap();
        assert_eq!(pending.blinded().as_bytes().as_slice(), hex(&token["P_hex"]));
    }
    let (_, blinded, expected) = batch();
    let (signed, _) = key.sign_batch(&mut at_batch(), &blinded, &mut rng(1)).unwrap();
    assert_eq!(signed, expected);
}

#[test]
fn the_batch_proof_is_the_models_to_the_byte() {
    let (pending, blinded, signed) = batch();
    let mut transcript = at_batch();
    let proof =
        BatchProof::prove(&mut transcript, &issuer(), &blinded, &signed, scalar(&vector()["proof_t_hex"]));
    assert_eq!(proof.c().as_slice(), hex(&vector()["proof_C_hex"]));
    assert_eq!(proof.s().as_slice(), hex(&vector()["proof_S_hex"]));

    let given =
        BatchProof::from_bytes(&hex(&vector()["proof_C_hex"]), &hex(&vector()["proof_S_hex"])).unwrap();
    let y = IssuerPublicKey::from_bytes(&hex(&vector()["Y_hex"])).unwrap();
    let mut transcript = at_batch();
    let tokens = PendingToken::finish_batch(&mut transcript, &y, &pending, &signed, &given).unwrap();
    for (token, expected) in tokens.iter().zip(list(&vector()["tokens"])) {
        let bytes = token.to_bytes();
        assert_eq!(bytes.expose()[..32], hex(&expected["t_hex"]));
        assert_eq!(bytes.expose()[32..], hex(&expected["W_hex"]));
    }
}

#[test]
fn spending() {
    let data = text(&vector()["spend_data"]).as_bytes();
    for expected in list(&vector()["tokens"]) {
        let bytes = [hex(&expected["t_hex"]), hex(&expected["W_hex"])].concat();
        let spent = Token::from_bytes(&bytes).unwrap().spend(data);
        assert_eq!(spent.t.as_slice(), hex(&expected["t_hex"]));
        assert_eq!(spent.mac.as_slice(), hex(&expected["spend_mac_hex"]));
        assert_eq!(issuer().redeem(&spent, data), Ok(()));
        assert_eq!(issuer().redeem(&spent, b"something else"), Err(TokenError::Mac));
        assert_eq!(IssuerKey::generate(&mut rng(9)).redeem(&spent, data), Err(TokenError::Mac));
        let mut other = spent.clone();
        other.t[0] ^= 1;
        assert_eq!(issuer().redeem(&other, data), Err(TokenError::Mac));
        for byte in [0, 31, 63] {
            let mut forged: SpentToken = spent.clone();
            forged.mac[byte] ^= 0x80;
            assert_eq!(issuer().redeem(&forged, data), Err(TokenError::Mac), "byte {byte}");
        }
    }
    assert!(Token::from_bytes(&[0; 63]).is_none());
    assert!(Token::from_bytes(&[0; 65]).is_none());
}

/// A batch of fresh tokens, signed by each token's own key; the proof is by the first.
fn dishonest(keys: &[&IssuerKey]) -> (Vec<PendingToken>, Vec<Element>, BatchProof) {
    let mut rng = rng(5);
    let pending: Vec<_> = keys.iter().map(|_| PendingToken::generate(&mut rng)).collect();
    let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
    let signed: Vec<_> = keys
        .iter()
        .zip(&blinded)
        .map(|(key, b)| key.sign_batch(&mut Transcript::new(), &[*b], &mut rng).unwrap().0[0])
        .collect();
    let t = Scalar::random(&mut rng);
    let proof = BatchProof::prove(&mut Transcript::new(), keys[0], &blinded, &signed, t);
    (pending, signed, proof)
}

#[test]
fn an_issuer_cannot_mark_people_by_another_key() {
    let (key, other) = (IssuerKey::generate(&mut rng(10)), IssuerKey::generate(&mut rng(11)));
    let finish = |issuer: &IssuerKey, pending: &[PendingToken], signed: &[Element], proof: &BatchProof| {
        PendingToken::finish_batch(&mut Transcript::new(), issuer.public(), pending, signed, proof)
            .map(|_| ())
    };
    let (pending, signed, proof) = dishonest(&[&key, &key, &key]);
    assert_eq!(finish(&key, &pending, &signed, &proof), Ok(()));
    assert_eq!(
        finish(&other, &pending, &signed, &proof),
        Err(TokenError::Proof),
        "another key than published"
    );

    for mixed in [[&key, &other, &key], [&key, &key, &other], [&other, &key, &key]] {
        let (pending, signed, proof) = dishonest(&mixed);
        assert_eq!(finish(&key, &pending, &signed, &proof), Err(TokenError::Proof), "mixed keys");
    }

    let mut swapped = signed.clone();
    swapped.swap(0, 1);
    assert_eq!(finish(&key, &pending, &swapped, &proof), Err(TokenError::Proof), "swapped answers");
    assert_eq!(finish(&key, &pending, &signed[..2], &proof), Err(TokenError::BatchSize), "too few");
    let many = [signed.clone(), signed.clone()].concat();
    assert_eq!(finish(&key, &pending, &many, &proof), Err(TokenError::BatchSize), "too many");
    assert_eq!(finish(&key, &[], &[], &proof), Err(TokenError::BatchSize), "none");

    let mut elsewhere = Transcript::new();
    elsewhere.add("pow-solution", b"another run");
    assert!(
        PendingToken::finish_batch(&mut elsewhere, key.public(), &pending, &signed, &proof).is_err(),
        "a proof from another connection"
    );
}

#[test]
fn a_batch_has_one_to_ten_tokens() {
    let (key, mut rng) = (issuer(), rng(6));
    let element = *PendingToken::generate(&mut rng).blinded();
    for (n, allowed) in [(0, false), (1, true), (MAX_BATCH, true), (MAX_BATCH + 1, false)] {
        let result = key.sign_batch(&mut Transcript::new(), &vec![element; n], &mut rng);
        assert_eq!(result.is_ok(), allowed, "{n}");
    }
}

#[test]
fn identity_and_non_canonical_encodings_are_refused() {
    assert_eq!(Element::from_bytes(&[0; TOKEN_LEN]), Err(TokenError::Element), "the identity");
    assert_eq!(Element::from_bytes(&[0xff; TOKEN_LEN]), Err(TokenError::Element), "not canonical");
    let mut negative = [0; TOKEN_LEN];
    negative[0] = 1;
    assert_eq!(Element::from_bytes(&negative), Err(TokenError::Element), "negative");
    assert_eq!(Element::from_bytes(&[0; 31]), Err(TokenError::Element), "short");
    assert!(IssuerKey::from_bytes(&[0; 32]).is_err(), "zero key");
    assert!(IssuerKey::from_bytes(&[0xff; 32]).is_err(), "a scalar beyond the order");
    assert!(IssuerPublicKey::from_bytes(&[0; 32]).is_err());
    assert!(PendingToken::from_parts([1; 32], Scalar::ZERO).is_err(), "blinded by zero");
    assert_eq!(BatchProof::from_bytes(&[0xff; 32], &[0; 32]), Err(TokenError::Scalar));
    assert_eq!(BatchProof::from_bytes(&[0; 32], &[0; 33]), Err(TokenError::Scalar));
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn bytes_never_panic_and_decode_to_themselves(bytes in proptest::collection::vec(any::<u8>(), 30..34)) {
        if let Ok(element) = Element::from_bytes(&bytes) {
            prop_assert_eq!(element.as_bytes().as_slice(), bytes);
        }
    }

    #[test]
    fn any_batch_is_issued_and_spent(seed: u64, n in 1usize..=MAX_BATCH) {
        let mut rng = rng(seed);
        let key = IssuerKey::generate(&mut rng);
        let pending: Vec<_> = (0..n).map(|_| PendingToken::generate(&mut rng)).collect();
        let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
        let (mut server, mut client) = (Transcript::new(), Transcript::new());
        let (signed, proof) = key.sign_batch(&mut server, &blinded, &mut rng).unwrap();
        let tokens =
            PendingToken::finish_batch(&mut client, key.public(), &pending, &signed, &proof).unwrap();
        // Both sides' transcripts stand at the same place afterwards.
        prop_assert_eq!(server.commit("after"), client.commit("after"));
        for token in tokens {
            prop_assert_eq!(key.redeem(&token.spend(b"data"), b"data"), Ok(()));
        }
    }
}
