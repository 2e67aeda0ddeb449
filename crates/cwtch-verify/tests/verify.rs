//! The program as people run it.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use cwtch_log::{Certificate, FraudProof, Signer, armour};
use cwtch_primitives::Identity;

const START: u64 = 1_772_359_200;

fn server() -> Identity {
    Identity::from_seed(&[1; 32])
}

fn other() -> String {
    Identity::from_seed(&[9; 32]).address().to_string()
}

/// The server signs 120 messages, and an hour later 80.
fn proof() -> FraudProof {
    let key = Identity::from_seed(&[2; 32]);
    let certificate = Certificate::sign_first(&server(), key.public_key(), START).unwrap();
    let signer = Signer::new(certificate.clone(), key).unwrap();
    let earlier = signer.checkpoint(120, [3; 32], START).unwrap();
    let later = signer.checkpoint(80, [4; 32], START + 3_600).unwrap();
    FraudProof::shrunk(&certificate, &earlier, &later).unwrap()
}

/// Runs the program on this standard input, which `-` names.
fn run(input: &[u8], args: &[&str]) -> (Option<i32>, String, String) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_cwtch-verify"))
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that refuses its arguments does not read.
    let _ = child.stdin.take().unwrap().write_all(input);
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn text_is_proven_in_words() {
    let address = server().address().to_string();
    let text = format!("Look at this!\r\n\r\n{}\r\nRegards", armour::encode(&proof()).replace('\n', "\r\n"));
    let (code, out, err) = run(text.as_bytes(), &["-"]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.starts_with("PROVEN: this server cheated."), "{out}");
    for part in [
        format!("Server: {address}.onion"),
        "2026-03-01 10:00 UTC that its log had 120 messages".into(),
        "2026-03-01 11:00 UTC, that it had only 80 messages".into(),
        "The address is the one in the file".into(),
    ] {
        assert!(out.contains(&part), "{part} is not in {out}");
    }
    for address in [address.clone(), format!("{address}.onion"), address.to_uppercase()] {
        let (code, out, _) = run(text.as_bytes(), &["-", "--server", &address]);
        assert_eq!(code, Some(0));
        assert!(!out.contains("in the file"), "{out}");
    }
}

#[test]
fn bytes_need_the_address() {
    let bytes = proof().to_bytes();
    let address = server().address().to_string();
    assert_eq!(run(&bytes, &["-", "--server", &address]).0, Some(0));
    let (code, out, err) = run(&bytes, &["-"]);
    assert_eq!((code, out.as_str()), (Some(2), ""));
    assert!(err.contains("--server"), "{err}");
}

#[test]
fn files_are_read() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("proof.txt");
    std::fs::write(&path, armour::encode(&proof())).unwrap();
    assert_eq!(run(b"", &[path.to_str().unwrap()]).0, Some(0));
    let missing = path.with_file_name("no-such-file");
    let (code, _, err) = run(b"", &[missing.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(err.contains("cannot read") && err.contains("no-such-file"), "{err}");
}

#[test]
fn another_server_is_not_accused() {
    for input in [proof().to_bytes(), armour::encode(&proof()).into_bytes()] {
        let (code, out, err) = run(&input, &["-", "--server", &other()]);
        assert_eq!((code, err.as_str()), (Some(1), ""));
        assert!(out.starts_with("NOT PROVEN: ") && out.contains("another server"), "{out}");
    }
    // Nor if somebody writes its address over the text.
    let text = armour::encode(&proof()).replace(&server().address().to_string(), &other());
    let (code, out, _) = run(text.as_bytes(), &["-"]);
    assert_eq!(code, Some(1), "{out}");
}

#[test]
fn a_changed_proof_is_not_proven() {
    let mut bytes = proof().to_bytes();
    // The last byte belongs to the second checkpoint's signature.
    *bytes.last_mut().unwrap() ^= 1;
    let (code, out, _) = run(&bytes, &["-", "--server", &server().address().to_string()]);
    assert_eq!(code, Some(1));
    assert!(out.contains("its signature is not valid"), "{out}");
}

#[test]
fn what_is_no_proof_is_unreadable() {
    let address = server().address().to_string();
    let text = armour::encode(&proof());
    let (body, _) = text.split_at(text.len() - 80);
    let huge = vec![b'x'; 2 * armour::MAX_TEXT_LEN];
    for input in [b"".as_slice(), b"hello", body.as_bytes(), &huge, &proof().to_bytes()[..200]] {
        let (code, out, err) = run(input, &["-", "--server", &address]);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{err}");
        assert!(err.starts_with("cwtch-verify: "), "{err}");
    }
}

#[test]
fn wrong_usage_has_the_same_code() {
    for args in [&[][..], &["-", "--server", "short"], &["-", "--server"], &["a", "b"], &["--unknown"]] {
        let (code, out, err) = run(b"", args);
        assert_eq!((code, out.as_str()), (Some(2), ""), "{args:?}: {err}");
    }
    let (_, _, err) = run(b"", &["-", "--server", "short"]);
    assert!(err.contains("an address has 56 characters"), "{err}");
}

#[test]
fn help_is_complete() {
    let (code, out, _) = run(b"", &["--help"]);
    assert_eq!(code, Some(0));
    for part in ["EXIT CODES", "EXAMPLES", "--server <ADDRESS>", "standard input"] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
}
