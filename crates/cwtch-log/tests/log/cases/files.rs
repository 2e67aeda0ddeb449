//! Files: how forgiving the text form is, and which address decides.

use cwtch_log::{Checkpoint, FraudProof, armour};
use data_encoding::BASE64;
use serde_json::{Value, json};

use crate::support::{START, identity, proofs, server, signer};
use crate::vectors::hex;

/// Files, the address that was given to check them against (null for none), and the verdict (section 4.2).
pub(crate) fn files() -> Vec<Value> {
    // One whose base64 is padded.
    let proof = proofs().into_iter().find(|proof| proof.to_bytes().len() % 3 == 1).unwrap();
    let (bytes, text) = (proof.to_bytes(), armour::encode(&proof));
    let (address, other) = (server().address().to_string(), identity(9).address().to_string());
    let renamed = text.replace(&address, &other);
    let body = BASE64.encode(&bytes);
    let wrapped = |server: &str, body: &str| {
        format!(
            "-----BEGIN CWTCH FRAUD PROOF-----\nServer: {server}\n{body}\n-----END CWTCH FRAUD PROOF-----\n"
        )
    };
    let short_lines: Vec<String> =
        body.as_bytes().chunks(10).map(|line| str::from_utf8(line).unwrap().into()).collect();
    let between = format!("{}{}", BASE64.encode(&bytes[..10]), BASE64.encode(&bytes[10..]));
    let unused = {
        let mut body = body.clone().into_bytes();
        let at = body.iter().position(|byte| *byte == b'=').unwrap() - 1;
        body[at] += 1;
        String::from_utf8(body).unwrap()
    };
    let texts: Vec<(&str, String, &str)> = vec![
        ("as it is written", text.clone(), "proven"),
        ("with carriage returns", text.replace('\n', "\r\n"), "proven"),
        ("without the last line end", text.trim_end().to_owned(), "proven"),
        ("with spaces and tabs around lines", text.replace('\n', " \t\n\t "), "proven"),
        ("with empty lines between", text.replace('\n', "\n\n \n"), "proven"),
        (
            "with talk before and behind",
            format!("See:\n{text}\nBye,\n-----END CWTCH FRAUD PROOF-----\n"),
            "proven",
        ),
        (
            "an address in upper case with .onion",
            text.replace(&address, &format!("{}.ONION", address.to_uppercase())),
            "proven",
        ),
        ("no space before the address", text.replace("Server: ", "Server:"), "proven"),
        ("all base64 in one line", wrapped(&address, &body), "proven"),
        ("base64 in short lines", wrapped(&address, &short_lines.join("\n")), "proven"),
        (
            "two proofs: the first counts, and its address is another one's",
            format!("{renamed}{text}"),
            "not proven",
        ),
        ("no end", text.replace("-----END CWTCH FRAUD PROOF-----", ""), "unreadable"),
        ("no begin", text.replace("-----BEGIN CWTCH FRAUD PROOF-----", ""), "unreadable"),
        ("a begin in lower case", text.replace("BEGIN", "begin"), "unreadable"),
        ("something behind the begin", text.replacen("PROOF-----", "PROOF----- (mine)", 1), "unreadable"),
        ("begun twice", format!("-----BEGIN CWTCH FRAUD PROOF-----\n{text}"), "unreadable"),
        (
            "begun twice behind the address",
            text.replacen(&format!("{address}\n"), &format!("{address}\n{text}"), 1),
            "unreadable",
        ),
        ("quoted", text.lines().map(|line| format!("> {line}\n")).collect(), "unreadable"),
        ("without the server", text.replace(&format!("Server: {address}\n"), ""), "unreadable"),
        ("the server in lower case", text.replace("Server:", "server:"), "unreadable"),
        ("a mistyped address", text.replace(&address, &address.replacen('r', "s", 1)), "unreadable"),
        (
            "an address as people paste it",
            text.replace(&address, &format!("http://{address}.onion/")),
            "unreadable",
        ),
        ("another header", text.replacen('\n', "\nVersion: 1\n", 1), "unreadable"),
        ("base64 for URLs", wrapped(&address, &body.replace('+', "-").replace('/', "_")), "unreadable"),
        ("base64 without padding", wrapped(&address, body.trim_end_matches('=')), "unreadable"),
        ("base64 with padding in the middle", wrapped(&address, &between), "unreadable"),
        (
            "base64 with more padding than there is room for",
            wrapped(&address, &format!("{body}====")),
            "unreadable",
        ),
        ("base64 with an unused bit", wrapped(&address, &unused), "unreadable"),
        ("a space in the base64", wrapped(&address, &body.replacen('A', "A ", 1)), "unreadable"),
        ("a no-break space around a line", text.replace('\n', "\u{a0}\n"), "unreadable"),
        ("a form feed around a line", text.replace('\n', "\u{c}\n"), "unreadable"),
        ("carriage returns alone", text.replace('\n', "\r"), "unreadable"),
        ("nothing between", wrapped(&address, ""), "unreadable"),
        ("the base64 of more than 4,096 bytes", wrapped(&address, &BASE64.encode(&[0; 4_097])), "unreadable"),
        ("a text that begins as the bytes do", format!("cwtch-fraud/1\n{text}"), "unreadable"),
        ("nothing", String::new(), "unreadable"),
    ];
    let case = |why: &str, bytes: &[u8], given: Option<&str>, verdict: &str| json!({ "why": why, "bytes": hex(bytes), "server": given, "verdict": verdict });
    let mut all: Vec<Value> =
        texts.iter().map(|(why, text, verdict)| case(why, text.as_bytes(), None, verdict)).collect();
    let mut not_utf8 = vec![0xff, 0xfe, b'\n'];
    not_utf8.extend_from_slice(text.as_bytes());
    let holding = holding_a_begin();
    all.extend([
        case("behind bytes that are no text", &not_utf8, None, "proven"),
        case("a text, and its server is given", text.as_bytes(), Some(&address), "proven"),
        case("a text, and another server is given", text.as_bytes(), Some(&other), "not proven"),
        case("a text that names another server", renamed.as_bytes(), None, "not proven"),
        case(
            "a text that names another server, and that one is given",
            renamed.as_bytes(),
            Some(&other),
            "not proven",
        ),
        case(
            "a text that names another server, and the right one is given",
            renamed.as_bytes(),
            Some(&address),
            "proven",
        ),
        case("bare bytes", &bytes, Some(&address), "proven"),
        case("bare bytes, and another server is given", &bytes, Some(&other), "not proven"),
        case("bare bytes, and no server is given", &bytes, None, "unreadable"),
        case("bare bytes and a line end", &[bytes.as_slice(), b"\n"].concat(), Some(&address), "unreadable"),
        case("bare bytes that hold the begin of a text", &holding, Some(&address), "proven"),
    ]);
    all
}

/// A proof whose bytes contain the begin line of a text: a server signs any root.
fn holding_a_begin() -> Vec<u8> {
    let (root, time) = b"\n-----BEGIN CWTCH FRAUD PROOF-----\n".split_at(32);
    let late = u64::from_be_bytes([time[0], time[1], time[2], 0, 0, 0, 0, 0]);
    let late = late + 60 - late % 60;
    let signer = signer();
    let earlier = signer.checkpoint(120, [3; 32], START).unwrap();
    let later: Checkpoint = signer.checkpoint(80, root.try_into().unwrap(), late).unwrap();
    FraudProof::shrunk(signer.certificate(), &earlier, &later).unwrap().to_bytes()
}
