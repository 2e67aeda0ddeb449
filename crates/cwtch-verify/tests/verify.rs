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

/// A proof against a server that signs 120 messages, and an hour later 80.
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
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("proof-{}.txt", std::process::id()));
    std::fs::write(&path, armour::encode(&proof())).unwrap();
    assert_eq!(run(b"", &[path.to_str().unwrap()]).0, Some(0));
    let missing = path.with_file_name("no-such-file");
    let (code, _, err) = run(b"", &[missing.to_str().unwrap()]);
    assert_eq!(code, Some(2));
    assert!(err.contains("cannot read") && err.contains("no-such-file"), "{err}");
}

#[test]
fn another_server_is_not_accused() {
    let accused = format!("it is about another server, {}.onion", server().address());
    for input in [proof().to_bytes(), armour::encode(&proof()).into_bytes()] {
        let (code, out, err) = run(&input, &["-", "--server", &other()]);
        assert_eq!((code, err.as_str()), (Some(1), ""));
        assert!(out.starts_with("NOT PROVEN: ") && out.contains(&accused), "{out}");
    }
    // Nor if somebody writes its address over the text, whichever of the two is asked about.
    let text = renamed();
    let (code, out, _) = run(text.as_bytes(), &["-"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(&format!(
        "names {}.onion, but the proof in it is about {}",
        other(),
        server().address()
    )));
    let (code, out, _) = run(text.as_bytes(), &["-", "--server", &other()]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains(&accused), "{out}");
}

/// The text names another server than the proof is about.
fn renamed() -> String {
    armour::encode(&proof()).replace(&server().address().to_string(), &other())
}

/// Text around a proof cannot make it worth less: the given address decides.
#[test]
fn the_server_that_is_asked_about_decides() {
    let address = server().address().to_string();
    let (code, out, err) = run(renamed().as_bytes(), &["-", "--server", &address]);
    assert_eq!((code, err.as_str()), (Some(0), ""));
    assert!(out.contains(&format!("Server: {address}.onion")), "{out}");
    assert!(
        out.contains(&format!("names another server, {}.onion. Nothing is proven about that one.", other())),
        "{out}"
    );
}

/// A server that writes the first line of the text form into what it signs does not make its proofs unreadable.
#[test]
fn the_begin_of_a_text_inside_bare_bytes_is_nothing() {
    let begin = b"\n-----BEGIN CWTCH FRAUD PROOF-----\n";
    let (root, rest) = begin.split_first_chunk::<32>().unwrap();
    let time: [u8; 3] = rest.try_into().unwrap();
    let key = Identity::from_seed(&[2; 32]);
    let certificate = Certificate::sign_first(&server(), key.public_key(), START).unwrap();
    let signer = Signer::new(certificate.clone(), key).unwrap();
    let late = u64::from_be_bytes([time[0], time[1], time[2], 0, 0, 0, 0, 0]);
    let later = signer.checkpoint(80, *root, late + 60 - late % 60).unwrap();
    let earlier = signer.checkpoint(120, [3; 32], START).unwrap();
    let bytes = FraudProof::shrunk(&certificate, &earlier, &later).unwrap().to_bytes();
    assert!(bytes.windows(begin.len()).any(|window| window == begin));
    assert_eq!(run(&bytes, &["-", "--server", &server().address().to_string()]).0, Some(0));
}

#[test]
fn a_proof_far_down_in_a_long_text_is_found() {
    let talk = "They removed messages!\n".repeat(300 * 1024 / 23);
    let text = format!("{talk}{}{talk}", armour::encode(&proof()));
    assert!(talk.len() > 256 * 1024);
    assert_eq!(run(text.as_bytes(), &["-"]).0, Some(0));
    // Beyond what is read it says so, and nothing else.
    let text = format!("{}{text}", " \n".repeat(armour::MAX_TEXT_LEN / 2));
    let (code, _, err) = run(text.as_bytes(), &["-"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("longer than 16 MiB"), "{err}");
}

#[test]
fn a_log_that_was_ended_is_not_called_replaced() {
    let key = Identity::from_seed(&[2; 32]);
    let first = Certificate::sign_first(&server(), key.public_key(), START).unwrap();
    let previous = cwtch_log::Previous { incarnation: START, size: 80, root: [4; 32] };
    let retired = Certificate::sign_retired(&server(), START + 600, previous).unwrap();
    let late = Signer::new(first.clone(), key).unwrap().checkpoint(80, [4; 32], START + 900).unwrap();
    let proof = FraudProof::old_signer(&first, &retired, &late).unwrap();
    let (code, out, _) = run(armour::encode(&proof).as_bytes(), &["-"]);
    assert_eq!(code, Some(0));
    assert!(out.contains("ended this log for good") && !out.contains("replaced"), "{out}");
}

/// A verdict that cannot be written is none.
#[test]
fn an_answer_that_cannot_be_written_is_an_error() {
    let text = armour::encode(&proof());
    let mut child = Command::new(env!("CARGO_BIN_EXE_cwtch-verify"))
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The reader is gone before there is anything to read.
    drop(child.stdout.take());
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!(status.code(), Some(3));
    assert!(String::from_utf8(stderr).unwrap().contains("cannot write the answer"));
}

/// Terms from inside the specification are no answer to somebody who reads one proof.
#[test]
fn kinds_have_names_that_say_something() {
    for kind in cwtch_log::FraudKind::ALL {
        let name = kind.name();
        assert!(name.split(' ').count() >= 3, "{name}");
        for inside in ["node", "prefix", "Retain", "incarnation", "checkpoint"] {
            assert!(!name.contains(inside), "{name}");
        }
    }
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

/// The files of the log's vectors, which any verifier can be held against.
#[test]
fn every_file_of_the_vectors_has_its_verdict() {
    let vectors = include_str!("../../cwtch-log/vectors/log.json");
    let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
    for case in vectors["files"].as_array().unwrap() {
        let bytes = data_encoding::HEXLOWER.decode(case["bytes"].as_str().unwrap().as_bytes()).unwrap();
        let mut args = vec!["-"];
        args.extend(case["server"].as_str().iter().flat_map(|server| ["--server", server]));
        let (code, out, err) = run(&bytes, &args);
        let verdict = match (code, out.split_once(['.', ':'])) {
            (Some(0), Some(("PROVEN", _))) => "proven",
            (Some(1), Some(("NOT PROVEN", _))) => "not proven",
            (Some(2), None) => "unreadable",
            _ => panic!("{}: {code:?} {out} {err}", case["why"]),
        };
        assert_eq!(case["verdict"], verdict, "{}: {out} {err}", case["why"]);
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
    for part in [
        "EXIT CODES",
        "  3  the answer could not be written",
        "EXAMPLES",
        "--server <ADDRESS>",
        "standard input",
    ] {
        assert!(out.contains(part), "{part} is not in {out}");
    }
}
