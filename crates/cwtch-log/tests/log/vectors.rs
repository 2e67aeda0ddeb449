//! The frozen vectors of `vectors/log.json`, from which the log can be implemented in another language.
//!
//! `CWTCH_LOG_VECTORS=write cargo test -p cwtch-log --test log vectors` writes the file anew; what changes in it changes
//! the protocol.

use std::path::PathBuf;

use cwtch_log::tree::{consistency_proof, inclusion_path};
use cwtch_log::{
    Certificate, CertificateKind, Checkpoint, EntryId, FraudProof, Hash, LeafKind, MsgId, Policy, Previous,
    ProofError, Receipt, Retain, armour, tree,
};
use cwtch_primitives::Address;
use data_encoding::HEXLOWER;
use serde_json::{Value, json};

use crate::cases::{accepted_certificates, files, refused, refused_certificates};
use crate::support::{START, continued, entry, forked, identity, proofs, server, signer};

pub(crate) fn hex(bytes: impl AsRef<[u8]>) -> Value {
    HEXLOWER.encode(bytes.as_ref()).into()
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors/log.json")
}

fn hashes(hashes: &[Hash]) -> Vec<Value> {
    hashes.iter().map(hex).collect()
}

fn trees() -> Value {
    let tree = forked(u64::MAX, 300);
    let sizes = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 255, 256, 257, 300];
    let roots: Vec<Value> = sizes
        .iter()
        .map(|size| {
            let range = tree.range_at(*size).unwrap();
            json!({ "size": size, "root": hex(range.root()), "compact_range": hex(range.to_bytes()) })
        })
        .collect();
    let inclusion: Vec<Value> =
        [(0, 1), (0, 2), (1, 3), (2, 3), (6, 7), (4, 8), (0, 300), (255, 256), (256, 257), (299, 300)]
            .iter()
            .map(|(index, size)| {
                let path = inclusion_path(&mut &tree, *index, *size).unwrap();
                json!({ "index": index, "size": size, "path": hashes(&path) })
            })
            .collect();
    let consistency: Vec<Value> =
        [(1, 2), (1, 3), (2, 3), (3, 4), (4, 8), (6, 7), (64, 300), (255, 256), (256, 300), (299, 300)]
            .iter()
            .map(|(from, size)| {
                let proof = consistency_proof(&mut &tree, *from, *size).unwrap();
                json!({ "from": from, "size": size, "proof": hashes(&proof) })
            })
            .collect();
    json!({
        "entries": "entry i has as signature the u64 i (8 bytes, big-endian) and as ciphertext the ASCII bytes of \"true\"",
        "roots": roots,
        "inclusion": inclusion,
        "consistency": consistency,
    })
}

fn entries() -> Value {
    let ids: Vec<Value> =
        [(b"".as_slice(), b"".as_slice()), (b"signature", b"ciphertext"), (b"signature", b"another")]
            .iter()
            .map(|(signature, ciphertext)| {
                let id = EntryId::of(signature, ciphertext);
                json!({
                    "signature": hex(signature),
                    "ciphertext": hex(ciphertext),
                    "id": hex(id.as_bytes()),
                    "leaf": hex(id.leaf()),
                    "leaf_of_commitment": hex(tree::leaf_hash(LeafKind::Commitment, &id)),
                })
            })
            .collect();
    let plain = br#"{"Text":"hello"}"#;
    let message = MsgId::of(&[7; 16], plain);
    json!({
        "entry_ids": ids,
        "message_id": { "group": hex([7; 16]), "plain": hex(plain), "id": hex(message.as_bytes()) },
    })
}

/// Vectors of signed objects: the context or text that the specification names, and the bytes with their signature.
fn objects() -> Value {
    let (signer, tree) = (signer(), forked(u64::MAX, 600));
    let root = |size| tree.root_at(size).unwrap();
    let previous = Previous { incarnation: START, size: 500, root: root(500) };
    let checkpoint = signer.checkpoint(300, root(300), START + 60).unwrap();
    let receipt_path = inclusion_path(&mut &tree, 299, 300).unwrap();
    let receipt = Receipt::new(299, checkpoint.clone(), receipt_path).unwrap();
    json!({
        "certificate_first": hex(signer.certificate().to_bytes()),
        "certificate_continues": hex(continued(START + 86_400, previous).to_bytes()),
        "certificate_total_loss": hex(
            Certificate::sign_total_loss(&server(), identity(4).public_key(), START + 86_400).unwrap().to_bytes()
        ),
        "certificate_retired": hex(Certificate::sign_retired(&server(), START + 86_400, previous).unwrap().to_bytes()),
        "checkpoint": hex(checkpoint.to_bytes()),
        "checkpoint_boundary": hex(signer.boundary(256, root(256), START + 60).unwrap().to_bytes()),
        "checkpoint_empty": hex(signer.checkpoint(0, root(0), START).unwrap().to_bytes()),
        "policy": hex(signer.policy(START, 2_592_000, 100_000).unwrap().to_bytes()),
        "retain": hex(signer.retain(START + 60, 256, root(256)).unwrap().to_bytes()),
        "receipt": hex(receipt.to_bytes()),
        "receipt_entry_id": hex(entry("true", 299).as_bytes()),
        "checkpoint_text": format!(
            "cosignature/v1\ntime {}\ncwtch-log/1/{}/{START}\n300\n{}\n",
            START + 60,
            server().address(),
            data_encoding::BASE64.encode(&root(300))
        ),
    })
}

fn all() -> Value {
    let proven: Vec<Value> = proofs()
        .iter()
        .map(|proof| {
            json!({ "kind": proof.kind().number(), "name": proof.kind().name(), "bytes": hex(proof.to_bytes()) })
        })
        .collect();
    json!({
        "about": "Test vectors of the verifiable log, version 1 (docs/verifiable-log.md). Bytes are hex. Seeds are those of RFC 8032.",
        "keys": {
            "server": { "seed": hex([1; 32]), "public": hex(server().public_key().as_bytes()), "address": server().address().to_string() },
            "log": { "seed": hex([2; 32]), "public": hex(identity(2).public_key().as_bytes()) },
            "log_of_continuing_certificates": { "seed": hex([4; 32]), "public": hex(identity(4).public_key().as_bytes()) },
        },
        "incarnation": START,
        "ids": entries(),
        "tree": trees(),
        "objects": objects(),
        "proofs": proven,
        "armoured": { "text": armour::encode(&proofs()[0]), "bytes": hex(proofs()[0].to_bytes()) },
        "refused": refused(),
        "accepted_certificates": accepted_certificates(),
        "refused_certificates": refused_certificates(),
        "files": files(),
    })
}

#[test]
fn frozen() {
    let made = all();
    if std::env::var("CWTCH_LOG_VECTORS").is_ok_and(|value| value == "write") {
        std::fs::write(path(), format!("{made:#}\n")).unwrap();
    }
    let stored: Value = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
    assert!(stored == made, "vectors/log.json is not what this code makes");
}

/// The file alone, read as another implementation reads it.
#[test]
fn readable() {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(path()).unwrap()).unwrap();
    let bytes = |value: &Value| HEXLOWER.decode(value.as_str().unwrap().as_bytes()).unwrap();
    let address: Address = file["keys"]["server"]["address"].as_str().unwrap().parse().unwrap();
    let objects = &file["objects"];
    let kinds =
        ["certificate_first", "certificate_continues", "certificate_retired", "certificate_total_loss"];
    for (name, kind) in kinds.iter().zip([
        CertificateKind::First,
        CertificateKind::Continues,
        CertificateKind::Retired,
        CertificateKind::TotalLoss,
    ]) {
        let read = Certificate::from_bytes(&bytes(&objects[name]), &address).unwrap();
        assert_eq!(read.kind(), kind);
    }
    let log = Certificate::from_bytes(&bytes(&objects["certificate_first"]), &address).unwrap();
    for name in ["checkpoint", "checkpoint_boundary", "checkpoint_empty"] {
        Checkpoint::from_bytes(&bytes(&objects[name]), &log).unwrap();
    }
    Policy::from_bytes(&bytes(&objects["policy"]), &log).unwrap();
    Retain::from_bytes(&bytes(&objects["retain"]), &log).unwrap();
    let receipt = Receipt::from_bytes(&bytes(&objects["receipt"]), &log).unwrap();
    let id: [u8; 32] = bytes(&objects["receipt_entry_id"]).try_into().unwrap();
    assert!(receipt.verify_entry(&EntryId::from_bytes(id)));
    let text = objects["checkpoint_text"].as_str().unwrap();
    let signature = &bytes(&objects["checkpoint"])[49..];
    identity(2).public_key().verify(text.as_bytes(), signature).unwrap();

    for proof in file["proofs"].as_array().unwrap() {
        let verified = FraudProof::verify(&bytes(&proof["bytes"]), &address).unwrap();
        assert_eq!(u64::from(verified.kind().number()), proof["kind"].as_u64().unwrap());
    }
    let armoured = &file["armoured"];
    let read = armour::decode(armoured["text"].as_str().unwrap()).unwrap();
    assert_eq!(read, (address, bytes(&armoured["bytes"])));
    // The server that the proof is checked against: the one of the file, unless the case names another.
    let asked = |case: &Value| match &case["server"] {
        Value::Null => address,
        named => named.as_str().unwrap().parse().unwrap(),
    };
    for refused in file["refused"].as_array().unwrap() {
        let verdict = verdict(&bytes(&refused["bytes"]), &asked(refused));
        assert_eq!(refused["verdict"], verdict, "{}", refused["why"]);
    }
    for accepted in file["accepted_certificates"].as_array().unwrap() {
        Certificate::from_bytes(&bytes(&accepted["bytes"]), &address).unwrap();
    }
    for refused in file["refused_certificates"].as_array().unwrap() {
        let bytes = bytes(&refused["bytes"]);
        assert!(Certificate::from_bytes(&bytes, &asked(refused)).is_err(), "{}", refused["why"]);
    }
    for case in file["files"].as_array().unwrap() {
        let given = case["server"].as_str().map(|given| given.parse::<Address>().unwrap());
        let found = match (armour::read(&bytes(&case["bytes"])), given) {
            (Ok(armour::Content::Bytes(bytes)), Some(given)) => verdict(&bytes, &given),
            (Ok(armour::Content::Text { named, bytes }), given) => verdict(&bytes, &given.unwrap_or(named)),
            _ => "unreadable",
        };
        assert_eq!(case["verdict"], found, "{}", case["why"]);
    }
}

fn verdict(bytes: &[u8], server: &Address) -> &'static str {
    let verdict = match FraudProof::verify(bytes, server) {
        Ok(_) => "proven",
        Err(ProofError::NotProven(_)) => "not proven",
        Err(ProofError::Unreadable(_)) => "unreadable",
    };
    // A proof is readable or not, whatever server it is checked against.
    assert_eq!(FraudProof::accused(bytes).is_err(), verdict == "unreadable");
    verdict
}
