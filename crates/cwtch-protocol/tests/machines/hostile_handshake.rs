//! Every deviation in a handshake ends it with the error that names it.

use cwtch_primitives::secretbox::{BoxKey, open, seal};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Address, CryptoRngCore, Identity, PublicKey, PublicKeyError};
use cwtch_protocol::channel::{AwaitHello, AwaitProof, HandshakeError, Packet, Start};
use cwtch_testkit::rng;
use cwtch_wire::auth::Hello;
use cwtch_wire::packet::{PacketError, SEALED_BODY, read_frame, write_frame};
use proptest::prelude::*;
use rand_core::RngCore;
use sha3::{Digest, Sha3_256};

use crate::support::{cases, identity, packet, plain};

/// The accepting side, written down again by hand, that does whatever a test wants.
pub(crate) struct RawPeer {
    long: Identity,
    ephemeral: Identity,
}

/// Secrets that it knows after the hellos.
pub(crate) struct Session {
    key: BoxKey,
    challenge: [u8; 64],
}

impl RawPeer {
    pub(crate) fn new(long: &Identity, seed: u64) -> Self {
        Self { long: long.clone(), ephemeral: identity(seed) }
    }

    fn hello(&self) -> Hello {
        Hello {
            long_term: *self.long.public_key().as_bytes(),
            ephemeral: *self.ephemeral.public_key().as_bytes(),
        }
    }

    pub(crate) fn hello_json(&self) -> String {
        String::from_utf8(self.hello().to_json()).unwrap()
    }

    /// Computes as the inbound side, with its own hello as it was sent.
    pub(crate) fn answer(&self, outbound_json: &[u8], inbound_json: &[u8]) -> Session {
        let theirs = Hello::from_json(outbound_json).unwrap();
        let long = PublicKey::from_bytes(&theirs.long_term).unwrap();
        let ephemeral = PublicKey::from_bytes(&theirs.ephemeral).unwrap();
        let key = Sha3_256::new()
            .chain_update(self.ephemeral.diffie_hellman(&long).unwrap().expose())
            .chain_update(self.long.diffie_hellman(&ephemeral).unwrap().expose())
            .chain_update(self.ephemeral.diffie_hellman(&ephemeral).unwrap().expose())
            .finalize();
        let mut transcript = Transcript::new();
        transcript.new_protocol("auth-app");
        transcript.add("outbound-hostname", long.address().as_bytes());
        transcript.add("inbound-hostname", self.long.address().as_bytes());
        transcript.add("outbound-challenge", outbound_json);
        transcript.add("inbound-challenge", inbound_json);
        Session { key: BoxKey::new(key.into()), challenge: transcript.commit("3dh-auth-challenge") }
    }
}

impl Session {
    pub(crate) fn proof_of(&self, address: &Address) -> Vec<u8> {
        [self.challenge.as_slice(), address.as_bytes()].concat()
    }

    pub(crate) fn seal(&self, payload: &[u8], rng: &mut impl CryptoRngCore) -> Box<Packet> {
        let mut body = vec![0; SEALED_BODY];
        write_frame(payload, &mut body).unwrap();
        packet(&seal(&self.key, &body, rng))
    }

    pub(crate) fn open(&self, packet: &Packet) -> Vec<u8> {
        read_frame(&open(&self.key, packet).unwrap()).unwrap().to_vec()
    }
}

/// Alice dials Bob.
fn dial() -> (AwaitHello, Box<Packet>) {
    Start::outbound(&identity(1), &identity(2).address(), &mut rng(10))
}

/// Alice dials Bob and gets this hello.
fn greet(hello: &[u8]) -> Result<AwaitProof, HandshakeError> {
    dial().0.on_packet(&plain(hello), &mut rng(11)).map(|(next, _)| next)
}

/// Alice dials Bob, who is hand-written; both hellos are exchanged.
fn before_proof() -> (AwaitProof, Box<Packet>, Session) {
    let (alice, hello) = dial();
    let bob = RawPeer::new(&identity(2), 12);
    let json = bob.hello_json();
    let (alice, proof) = alice.on_packet(&plain(json.as_bytes()), &mut rng(11)).unwrap();
    let session = bob.answer(read_frame(hello.as_slice()).unwrap(), json.as_bytes());
    (alice, proof, session)
}

fn failure<T>(result: Result<T, HandshakeError>) -> HandshakeError {
    result.err().expect("the handshake must fail")
}

#[test]
fn the_hand_written_peer_is_right_when_it_is_honest() {
    let (alice, proof, session) = before_proof();
    assert_eq!(session.open(&proof), session.proof_of(&identity(1).address()));
    let bob = identity(2).address();
    assert!(alice.on_packet(&session.seal(&session.proof_of(&bob), &mut rng(13))).is_ok());
}

#[test]
fn wrong_host() {
    let carol = RawPeer::new(&identity(3), 12);
    assert_eq!(failure(greet(&carol.hello().to_json())), HandshakeError::WrongHost);
}

#[test]
fn reflected_hello() {
    let (alice, hello) = dial();
    assert_eq!(failure(alice.on_packet(&hello, &mut rng(11))), HandshakeError::Reflected);
    let (bob, hello) = Start::inbound(&identity(2), &mut rng(14));
    assert_eq!(failure(bob.on_packet(&hello, &mut rng(11))), HandshakeError::Reflected);
}

#[test]
fn a_hello_with_any_key_of_ours() {
    let (_, hello) = dial();
    let own = Hello::from_json(read_frame(hello.as_slice()).unwrap()).unwrap();
    let theirs = RawPeer::new(&identity(2), 12).hello();
    for (long_term, ephemeral) in [
        (own.long_term, theirs.ephemeral),
        (theirs.long_term, own.ephemeral),
        (own.ephemeral, theirs.ephemeral),
        (theirs.long_term, own.long_term),
    ] {
        let json = Hello { long_term, ephemeral }.to_json();
        assert_eq!(failure(greet(&json)), HandshakeError::Reflected);
    }
}

#[test]
fn dialling_oneself_is_refused() {
    let me = identity(1);
    let (out, _) = Start::outbound(&me, &me.address(), &mut rng(20));
    let (_, hello) = Start::inbound(&me, &mut rng(21));
    assert_eq!(failure(out.on_packet(&hello, &mut rng(22))), HandshakeError::Reflected);
}

#[test]
fn unusable_points() {
    let good = RawPeer::new(&identity(2), 12).hello();
    let mut identity_point = [0; 32];
    identity_point[0] = 1;
    let order_four = [0; 32];
    let mut not_canonical = [0xff; 32];
    not_canonical[0] = 0xee;
    not_canonical[31] = 0x7f;
    let mut no_point = [0; 32];
    no_point[0] = 2;
    use PublicKeyError::{NotAPoint, SmallOrder};
    for (bad, why) in [
        (identity_point, SmallOrder),
        (order_four, SmallOrder),
        (not_canonical, NotAPoint),
        (no_point, NotAPoint),
        ([0xff; 32], NotAPoint),
    ] {
        let long_term = Hello { long_term: bad, ..good }.to_json();
        assert_eq!(failure(greet(&long_term)), HandshakeError::LongTermKey(why));
        let ephemeral = Hello { ephemeral: bad, ..good }.to_json();
        assert_eq!(failure(greet(&ephemeral)), HandshakeError::EphemeralKey(why));
        // The accepting side, which expects nobody in particular, too.
        let (bob, _) = Start::inbound(&identity(2), &mut rng(14));
        let hello = plain(&Hello { long_term: bad, ..RawPeer::new(&identity(3), 12).hello() }.to_json());
        assert_eq!(failure(bob.on_packet(&hello, &mut rng(15))), HandshakeError::LongTermKey(why));
    }
}

#[test]
fn bad_length_of_the_first_packet() {
    for (field, error) in [
        ([0, 0], PacketError::Empty),
        ([0xff, 0x3f], PacketError::TooLong { len: 8191, limit: 8190 }),
        ([0xff, 0xff], PacketError::LengthField),
        ([0x80, 0x00], PacketError::LengthField),
    ] {
        let mut bytes = *plain(&RawPeer::new(&identity(2), 12).hello().to_json());
        bytes[..2].copy_from_slice(&field);
        assert_eq!(failure(dial().0.on_packet(&bytes, &mut rng(11))), HandshakeError::Packet(error));
    }
}

#[test]
fn first_packets_that_are_no_hello() {
    let json = RawPeer::new(&identity(2), 12).hello_json();
    let short = json.replace("==", "=").replacen("=\"", "\"", 1);
    for bad in
        ["GET / HTTP/1.1", "{}", "null", "[]", &json[..json.len() - 1], &format!("{json}{json}"), &short]
    {
        assert_eq!(failure(greet(bad.as_bytes())), HandshakeError::Hello, "{bad}");
    }
}

#[test]
fn a_replayed_conversation() {
    // Mallory recorded Alice dialling Bob, and plays Alice's side to Bob again.
    let (alice, recorded_hello) = dial();
    let (bob, bob_hello) = Start::inbound(&identity(2), &mut rng(30));
    let (_, recorded_proof) = alice.on_packet(&bob_hello, &mut rng(31)).unwrap();
    let (bob, _) = bob.on_packet(&recorded_hello, &mut rng(32)).unwrap();
    assert!(bob.on_packet(&recorded_proof).is_ok(), "the recorded conversation was a good one");

    let (bob, _) = Start::inbound(&identity(2), &mut rng(33));
    let (bob, _) = bob.on_packet(&recorded_hello, &mut rng(34)).unwrap();
    assert_eq!(failure(bob.on_packet(&recorded_proof)), HandshakeError::WrongKey);
}

#[test]
fn somebody_who_has_no_keys() {
    // Mallory shows Bob's public key, but has not the secret one.
    let mallory = RawPeer::new(&identity(66), 12);
    let hello = Hello { long_term: *identity(2).public_key().as_bytes(), ..mallory.hello() }.to_json();
    let (alice, alice_hello) = dial();
    let (alice, _) = alice.on_packet(&plain(&hello), &mut rng(11)).unwrap();
    let session = mallory.answer(read_frame(alice_hello.as_slice()).unwrap(), &hello);
    let proof = session.seal(&session.proof_of(&identity(2).address()), &mut rng(13));
    assert_eq!(failure(alice.on_packet(&proof)), HandshakeError::WrongKey);
}

#[test]
fn somebody_between_who_changes_a_hello() {
    // Mallory adds white space, which changes no key: the transcripts differ all the same.
    let mut rng = rng(40);
    let (alice, alice_hello) = dial();
    let (bob, bob_hello) = Start::inbound(&identity(2), &mut rng);
    let mut changed = read_frame(bob_hello.as_slice()).unwrap().to_vec();
    changed.push(b' ');
    let (alice, alice_proof) = alice.on_packet(&plain(&changed), &mut rng).unwrap();
    let (bob, bob_proof) = bob.on_packet(&alice_hello, &mut rng).unwrap();
    assert_eq!(failure(alice.on_packet(&bob_proof)), HandshakeError::Proof);
    assert_eq!(failure(bob.on_packet(&alice_proof)), HandshakeError::Proof);
}

#[test]
fn a_reflected_proof() {
    let (alice, own_proof, _) = before_proof();
    assert_eq!(failure(alice.on_packet(&own_proof)), HandshakeError::Reflected);
    // With another nonce it is no better: the proof names the wrong side.
    let (alice, own_proof, session) = before_proof();
    let again = session.seal(&session.open(&own_proof), &mut rng(16));
    assert_eq!(failure(alice.on_packet(&again)), HandshakeError::Proof);
}

#[test]
fn truncated_or_trailing_proof() {
    let bob = identity(2).address();
    for len in [1, 56, 64, 119, 121, 176, 8150] {
        let (alice, _, session) = before_proof();
        let mut proof = session.proof_of(&bob);
        proof.resize(len, 0);
        let packet = session.seal(&proof, &mut rng(17));
        assert_eq!(failure(alice.on_packet(&packet)), HandshakeError::ProofForm, "{len} bytes");
    }
    let (alice, _, session) = before_proof();
    let empty = packet(&seal(&session.key, &[0; SEALED_BODY], &mut rng(18)));
    assert_eq!(failure(alice.on_packet(&empty)), HandshakeError::ProofForm);
}

#[test]
fn a_proof_with_any_wrong_byte() {
    for byte in 0..120 {
        let (alice, _, session) = before_proof();
        let mut proof = session.proof_of(&identity(2).address());
        proof[byte] ^= 1;
        let packet = session.seal(&proof, &mut rng(19));
        assert_eq!(failure(alice.on_packet(&packet)), HandshakeError::Proof, "byte {byte}");
    }
}

#[test]
fn a_proof_in_the_clear() {
    let (alice, _, session) = before_proof();
    let clear = plain(&session.proof_of(&identity(2).address()));
    assert_eq!(failure(alice.on_packet(&clear)), HandshakeError::WrongKey);
}

#[test]
fn two_sides_that_both_dialled_do_not_connect() {
    let (alice, alice_hello) = dial();
    let mut rng = rng(50);
    let (bob, bob_hello) = Start::outbound(&identity(2), &identity(1).address(), &mut rng);
    let (alice, _) = alice.on_packet(&bob_hello, &mut rng).unwrap();
    let (_, bob_proof) = bob.on_packet(&alice_hello, &mut rng).unwrap();
    assert_eq!(failure(alice.on_packet(&bob_proof)), HandshakeError::WrongKey);
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn random_packets_authenticate_nobody(seed: u64, len in 0u16..8200) {
        let mut noise = [0; 8192];
        rng(seed).fill_bytes(&mut noise);
        noise[..2].copy_from_slice(&[len as u8 | 0x80, (len >> 7) as u8]);
        prop_assert!(dial().0.on_packet(&noise, &mut rng(11)).is_err());
        let (alice, _, _) = before_proof();
        prop_assert!(alice.on_packet(&noise).is_err());
    }

    #[test]
    fn random_payloads_authenticate_nobody(payload in proptest::collection::vec(any::<u8>(), 1..400)) {
        prop_assert_eq!(failure(greet(&payload)), HandshakeError::Hello);
        let (alice, _, session) = before_proof();
        prop_assert!(alice.on_packet(&session.seal(&payload, &mut rng(60))).is_err());
    }

    #[test]
    fn a_flipped_bit_in_a_hello_is_noticed_unless_it_is_padding(
        place in prop_oneof![0usize..150, 0usize..8192],
        bit in 0u32..8,
    ) {
        let (alice, alice_hello) = dial();
        let (bob, bob_hello) = Start::inbound(&identity(2), &mut rng(61));
        let mut changed = bob_hello.clone();
        changed[place] ^= 1 << bit;
        let in_payload = read_frame(changed.as_slice()) != read_frame(bob_hello.as_slice());
        let (_, bob_proof) = bob.on_packet(&alice_hello, &mut rng(62)).unwrap();
        let channel = alice.on_packet(&changed, &mut rng(63)).and_then(|(alice, _)| alice.on_packet(&bob_proof));
        prop_assert_eq!(channel.is_err(), in_payload);
    }

    #[test]
    fn a_flipped_bit_in_a_proof_is_noticed(place in 0usize..8192, bit in 0u32..8) {
        let (alice, _, session) = before_proof();
        let mut proof = session.seal(&session.proof_of(&identity(2).address()), &mut rng(64));
        proof[place] ^= 1 << bit;
        prop_assert_eq!(failure(alice.on_packet(&proof)), HandshakeError::WrongKey);
    }
}
