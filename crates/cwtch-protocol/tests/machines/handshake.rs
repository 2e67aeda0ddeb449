//! Handshakes that must succeed, and the bytes they are made of.

use cwtch_primitives::Identity;
use cwtch_primitives::secretbox::{BoxKey, open, seal};
use cwtch_protocol::channel::{Packet, Role, Start};
use cwtch_testkit::{b64, hex, hex_array, model, rng, text};
use cwtch_wire::packet::read_frame;
use sha2::{Digest, Sha256};

use crate::support::{Scripted, connected, identity, packet, plain};

#[test]
fn byte_for_byte_as_the_model() {
    let v = &model()["auth"];
    let outbound = Identity::from_seed(&hex_array(&v["outbound_long_seed_hex"]));
    let inbound = Identity::from_seed(&hex_array(&v["inbound_long_seed_hex"]));
    let nonce = hex(&v["nonce_hex"]);
    // What is drawn after the ephemeral key: the secret of our own nonces, and the random part of the first.
    let drawn = [[7; 16], [8; 16]].concat();
    let mut out_rng = Scripted::new(&[&hex(&v["outbound_ephemeral_seed_hex"]), &drawn]);
    let mut in_rng = Scripted::new(&[&hex(&v["inbound_ephemeral_seed_hex"]), &drawn]);

    let (o, o_hello) = Start::outbound(&outbound, &inbound.address(), &mut out_rng);
    let (i, i_hello) = Start::inbound(&inbound, &mut in_rng);
    assert_eq!((o.role(), i.role()), (Role::Outbound, Role::Inbound));
    assert_eq!(read_frame(o_hello.as_slice()).unwrap(), text(&v["outbound_json"]).as_bytes());
    assert_eq!(read_frame(i_hello.as_slice()).unwrap(), text(&v["inbound_json"]).as_bytes());

    let (_, o_proof) = o.on_packet(&i_hello, &mut out_rng).unwrap();
    let (i, i_proof) = i.on_packet(&o_hello, &mut in_rng).unwrap();
    assert!(out_rng.is_used_up() && in_rng.is_used_up());
    // Of our own nonces only a part is drawn: under the model's nonce the packets are the model's.
    let key = BoxKey::new(hex_array(&v["key_hex"]));
    let again = |packet: &Packet| seal(&key, &open(&key, packet).unwrap(), &mut Scripted::new(&[&nonce]));
    let model = b64(&v["outbound_challenge_packet_b64"]);
    assert_eq!(again(&o_proof), model);
    let hash = Sha256::digest(again(&i_proof));
    assert_eq!(hash.as_slice(), hex(&v["inbound_challenge_packet_sha256_hex"]));
    assert_eq!(i.on_packet(&packet(&model)).unwrap().peer(), &outbound.address());
}

#[test]
fn both_learn_who_the_other_is() {
    let (mut a, mut b) = connected(1);
    assert_eq!(a.peer(), &identity(2).address());
    assert_eq!(b.peer(), &identity(1).address());
    assert_eq!((a.local(), b.local()), (b.peer(), a.peer()));
    let mut rng = rng(2);
    let mut packet = Box::new([0; 8192]);
    a.seal(b"to bob", &mut rng, &mut packet).unwrap();
    assert_eq!(b.open(&packet).unwrap(), b"to bob");
    b.seal(b"to alice", &mut rng, &mut packet).unwrap();
    assert_eq!(a.open(&packet).unwrap(), b"to alice");
}

#[test]
fn every_connection_has_its_own_key() {
    let (mut a, _) = connected(1);
    let (_, mut b) = connected(2);
    let mut packet = Box::new([0; 8192]);
    a.seal(b"text", &mut rng(3), &mut packet).unwrap();
    assert!(b.open(&packet).is_err());
}

/// The transcript covers the hello as it was sent, so a peer that writes its JSON in another way (order,
/// white space, an extension's field) is understood.
#[test]
fn a_hello_written_differently_is_understood() {
    let (alice, bob) = (identity(1), identity(2));
    let mut rng = rng(4);
    let (a, a_hello) = Start::outbound(&alice, &bob.address(), &mut rng);
    let mallory = crate::hostile_handshake::RawPeer::new(&bob, 5);
    let json = mallory.hello_json();
    let json = json.replace('{', "{ \"Extension\": [1, {}], ").replace("\",\"", "\" ,\n\"");
    let (a, a_proof) = a.on_packet(&plain(json.as_bytes()), &mut rng).unwrap();
    let session = mallory.answer(read_frame(a_hello.as_slice()).unwrap(), json.as_bytes());
    assert_eq!(session.open(&a_proof), session.proof_of(&alice.address()));
    let channel = a.on_packet(&session.seal(&session.proof_of(&bob.address()), &mut rng)).unwrap();
    assert_eq!(channel.peer(), &bob.address());
}

#[test]
fn nothing_secret_is_printed() {
    let (alice, bob) = (identity(1), identity(2));
    let mut rng = rng(6);
    let (a, _) = Start::outbound(&alice, &bob.address(), &mut rng);
    let (_, b_hello) = Start::inbound(&bob, &mut rng);
    assert_eq!(format!("{a:?}"), "AwaitHello { role: Outbound, .. }");
    let (a, _) = a.on_packet(&b_hello, &mut rng).unwrap();
    assert_eq!(format!("{a:?}"), "AwaitProof([redacted])");
    let (channel, _) = connected(1);
    assert_eq!(format!("{channel:?}"), "Channel { closed: false, .. }");
}
