//! The state machines of `cwtch-protocol`, fed by a hostile peer: they refuse, they do not panic, and what
//! they queue stays bounded.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use bolero::check;
use cwtch_primitives::Identity;
use cwtch_primitives::token::IssuerKey;
use cwtch_protocol::app::board_client::BoardClient;
use cwtch_protocol::app::board_host::BoardHost;
use cwtch_protocol::app::peer::Peer;
use cwtch_protocol::app::token_client::TokenClient;
use cwtch_protocol::app::token_issuer::TokenIssuer;
use cwtch_protocol::channel::{Start, empty_packet};
use cwtch_testkit::rng;
use cwtch_wire::board::{Certificates, ReplayLog, ReplayStart, ServerMessage};
use cwtch_wire::packet::PACKET_LEN;

/// Inputs for each target without `cargo bolero`, where nothing else ends it.
const ITERATIONS: usize = 500;

/// Cuts an input into payloads: each is a known one, or (first byte even) the bytes up to the next 0xff.
fn payloads<'a>(input: &'a [u8], known: &[&'a [u8]]) -> Vec<&'a [u8]> {
    input
        .split(|b| *b == 0xff)
        .filter_map(|part| part.split_first())
        .map(|(kind, rest)| match kind % 2 {
            0 => rest,
            _ => known[usize::from(*kind) % known.len()],
        })
        .collect()
}

#[test]
fn handshake() {
    let (ours, theirs) = (Identity::from_seed(&[1; 32]), Identity::from_seed(&[2; 32]));
    check!().with_iterations(ITERATIONS).with_max_len(64).for_each(|input: &[u8]| {
        let mut rng = rng(1);
        let (waiting, _) = Start::inbound(&ours, &mut rng);
        let (_, mut hello) = Start::outbound(&theirs, &ours.address(), &mut rng);
        for edit in input.as_chunks::<3>().0 {
            let at = usize::from(u16::from_be_bytes([edit[0], edit[1]])) % PACKET_LEN;
            // Mostly where the hello is.
            hello[if edit[0] < 200 { at % 140 } else { at }] = edit[2];
        }
        if let Ok((waiting, _)) = waiting.on_packet(&hello, &mut rng) {
            let mut packet = empty_packet();
            packet.iter_mut().zip(input).for_each(|(p, i)| *p = *i);
            // Nobody without the keys has a proof.
            assert!(waiting.on_packet(&packet).is_err());
        }
    });
}

#[test]
fn board_host() {
    let known: [&[u8]; 7] = [
        br#"{"MessageType":0,"ReplayRequest":{"LastCommit":null}}"#,
        br#"{"MessageType":0,"ReplayRequest":{"LastCommit":null,"Log":{"v":1,"from":64,"flags":0}}}"#,
        br#"{"MessageType":2,"PostRequest":{"Token":null,"EGM":{"Ciphertext":"AAAA","Signature":"AAAA"}}}"#,
        br#"{"MessageType":5,"LogHead":{}}"#,
        br#"{"MessageType":6,"LogProof":{"from":0,"size":64}}"#,
        br#"{"MessageType":9}"#,
        b"{}",
    ];
    check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        let mut host = BoardHost::new();
        for payload in payloads(input, &known) {
            if !host.wants_input() || host.handle(payload).is_err() {
                break;
            }
        }
        let actions = core::iter::from_fn(|| host.poll_action()).count();
        assert!(actions <= 1000, "{actions} actions without an answer");
    });
}

fn drive(client: &mut BoardClient, payloads: Vec<&[u8]>) {
    for payload in payloads {
        if client.handle(payload).is_err() {
            break;
        }
        while client.poll_event().is_some() {}
    }
}

#[test]
fn board_client() {
    let known: [&[u8]; 5] = [
        br#"{"MessageType":1,"ReplayResult":{"NumMessages":2}}"#,
        br#"{"MessageType":1,"ReplayResult":{"NumMessages":9223372036854775807}}"#,
        br#"{"MessageType":3,"PostResult":{"Success":true}}"#,
        br#"{"MessageType":4,"NewMessage":{"EGM":{"Ciphertext":"AAAA","Signature":"AAAA"}}}"#,
        br#"{"Ciphertext":"AAAA","Signature":"AAAA"}"#,
    ];
    check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        let mut client = BoardClient::new(100);
        client.request_replay(None).unwrap();
        drive(&mut client, payloads(input, &known));
    });
}

#[test]
fn board_client_of_a_log() {
    let start = ReplayStart { checkpoint: [2; 113], policy: [3; 96], from: 64, retain: None, skipped: None };
    let certificates = Certificates { current: [1; 186], earlier: vec![] };
    let log = Box::new(ReplayLog { certificates, start: Some(start) });
    let result = ServerMessage::LogReplayResult { count: 2, log }.to_json();
    let known: [&[u8]; 6] = [
        &result,
        &[0, 1, 0, 1, 7, 7],
        br#"{"MessageType":3,"PostResult":{"Success":false,"Log":{"err":"full"}}}"#,
        br#"{"MessageType":4,"NewMessage":{"Log":{"index":66}}}"#,
        br#"{"MessageType":6,"LogProof":{"from":0,"size":64,"proof":""}}"#,
        br#"{"MessageType":1,"ReplayResult":{"NumMessages":2}}"#,
    ];
    check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        let mut client = BoardClient::new(100);
        client.request_log_replay(64, None).unwrap();
        client.request_proof(0, 64).unwrap();
        drive(&mut client, [vec![result.as_slice()], payloads(input, &known)].concat());
    });
}

#[test]
fn peer() {
    let known: [&[u8]; 5] = [
        br#"{"ID":"im.cwtch.version","Context":"im.cwtch.getVal","Data":"Ag=="}"#,
        br#"{"ID":"1","Context":"im.cwtch.raw","Data":"aGVsbG8="}"#,
        br#"{"ID":"1","Context":"im.cwtch.getVal","Data":"e30="}"#,
        b"1|im.cwtch.acknowledgement|",
        b"1|im.cwtch.retVal|{}",
    ];
    check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        let mut peer = Peer::new();
        for payload in payloads(input, &known) {
            if peer.handle(payload).is_err() {
                break;
            }
            while peer.poll_event().is_some() {}
            while peer.poll_send().is_some() {}
        }
    });
}

#[test]
fn token_service() {
    let key = IssuerKey::generate(&mut rng(2));
    check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        let mut rng = rng(3);
        let mut issuer = TokenIssuer::new(&mut rng);
        let mut client = TokenClient::new(*key.public(), 2, &mut rng).unwrap();
        for payload in payloads(input, &[b"seed"]) {
            let _ = issuer.handle(payload, &key, &mut rng);
            let _ = client.handle(payload);
            let _ = client.work(4);
            // Without the service's key there is no proof, and so no tokens.
            assert!(client.take_tokens().is_none());
        }
    });
}
