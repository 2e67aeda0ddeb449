//! Certificates that are refused, and odd ones that are not.

use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::CompressedEdwardsY;
use cwtch_log::tree::MemoryTree;
use cwtch_log::{Certificate, Previous};
use cwtch_primitives::PublicKey;
use serde_json::{Value, json};

use super::LATE;
use super::signatures::{CERTIFICATE, not_canonical, torsion_server, with_neutral_r, with_torsion};
use crate::support::{START, add_group_order, continued, identity, server, signer};
use crate::vectors::hex;

/// Certificates that are refused; `server` is the server that they are verified for, if it is not the usual one.
pub(crate) fn refused_certificates() -> Vec<Value> {
    let good = signer().certificate().to_bytes();
    let resigned = |bytes: &[u8; 186]| {
        let mut bytes = *bytes;
        let signature = server().sign(&[CERTIFICATE, &bytes[..122]].concat());
        bytes[122..].copy_from_slice(&signature);
        bytes
    };
    let signed = |at: usize, value: &[u8]| {
        let mut bytes = good;
        bytes[at..at + value.len()].copy_from_slice(value);
        resigned(&bytes)
    };
    let by = |how: fn(&[u8; 32], &PublicKey, &[u8]) -> [u8; 64]| {
        let mut bytes = good;
        let text = [CERTIFICATE, &bytes[..122]].concat();
        bytes[122..].copy_from_slice(&how(&[1; 32], server().public_key(), &text));
        bytes
    };
    let continues = continued(LATE, Previous { incarnation: START, size: 9, root: [7; 32] }).to_bytes();
    let signed_next = |at: usize, value: &[u8]| {
        let mut bytes = continues;
        bytes[at..at + value.len()].copy_from_slice(value);
        resigned(&bytes)
    };
    // Kind 3, the keys as they were, a previous size.
    let mut previous_size = good[9..90].to_vec();
    (previous_size[0], previous_size[80]) = (3, 1);
    let mut unreduced = good;
    add_group_order(&mut unreduced);
    let log_key = CompressedEdwardsY(*identity(2).public_key().as_bytes()).decompress().unwrap();
    let torsion = (log_key + EIGHT_TORSION[1]).compress();
    let (mixed, address) = torsion_server();
    let mut all: Vec<Value> = [
        ("the signature's S is not reduced", unreduced),
        ("a signature that only the equation with the cofactor accepts", by(with_torsion)),
        ("a signature whose R is the neutral point", by(with_neutral_r)),
        ("the log key has a torsion component", signed(42, torsion.as_bytes())),
        ("the log key is of small order", signed(42, EIGHT_TORSION[1].compress().as_bytes())),
        ("the log key is the neutral point", signed(42, EIGHT_TORSION[0].compress().as_bytes())),
        ("the log key is not written canonically", signed(42, &not_canonical())),
        ("the log key is the server's", signed(42, server().public_key().as_bytes())),
        ("the log key is zeros", signed(42, &[0; 32])),
        ("the version is 2", signed(8, &[2])),
        ("the kind is 4", signed(9, &[4])),
        ("the incarnation is no multiple of 60", signed(0, &(START + 1).to_be_bytes())),
        ("a first one with a previous size", signed(82, &1u64.to_be_bytes())),
        ("one of a total loss with a previous size", signed(9, &previous_size)),
        ("a retired one with a log key", signed_next(9, &[2])),
        ("the previous incarnation is its own", signed_next(74, &LATE.to_be_bytes())),
        ("the previous incarnation is no multiple of 60", signed_next(74, &(START + 1).to_be_bytes())),
        ("the previous size is 2^48", signed_next(82, &(1u64 << 48).to_be_bytes())),
        ("the previous size is 0, and the root that of a log with messages", signed_next(82, &[0; 8])),
    ]
    .into_iter()
    .map(|(why, bytes)| json!({ "why": why, "bytes": hex(bytes) }))
    .collect();
    all.push(json!({
        "why": "the server's key has a torsion component, and the signature is valid but for that",
        "bytes": hex(mixed[0]),
        "server": address.to_string(),
    }));
    all
}

/// Certificates that are accepted: no clock says that they are too old or too new.
pub(crate) fn accepted_certificates() -> Vec<Value> {
    let key = identity(2);
    let last = u64::MAX - u64::MAX % 60;
    let empty = Previous { incarnation: 0, size: 0, root: MemoryTree::new().root() };
    let largest = Previous { incarnation: START, size: (1 << 48) - 1, root: [7; 32] };
    [
        ("a first one of 1970", Certificate::sign_first(&server(), key.public_key(), 0)),
        (
            "a first one of the last minute there is",
            Certificate::sign_first(&server(), key.public_key(), last),
        ),
        (
            "one that continues an empty log",
            Certificate::sign_next(&server(), key.public_key(), START, empty),
        ),
        (
            "one that continues the largest log there is",
            Certificate::sign_next(&server(), key.public_key(), LATE, largest),
        ),
        ("a retired one, a minute after the log began", Certificate::sign_retired(&server(), 60, empty)),
    ]
    .into_iter()
    .map(|(why, certificate)| json!({ "why": why, "bytes": hex(certificate.unwrap().to_bytes()) }))
    .collect()
}
