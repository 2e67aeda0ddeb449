//! The vectors of the independent model, field by field.

use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::secretbox::{MAC_LEN, NONCE_LEN, seal_into};
use cwtch_primitives::token::{BatchProof, Element, SpentToken};
use cwtch_primitives::{Address, Identity, PublicKey};
use cwtch_testkit::{Value, b64, hex, hex_array, list, model, number, text};
use cwtch_wire::auth::Hello;
use cwtch_wire::board::{EncryptedGroupMessage, spend_data};
use cwtch_wire::group::{GroupContext, PlainGroupMessage, RejectReason, open_and_verify, parse_plain};
use cwtch_wire::invite::GroupInvite;
use cwtch_wire::overlay::{Content, Overlay, quoted_hash};
use cwtch_wire::packet::{PACKET_LEN, PLAIN_MAX, SEALED_BODY, SEALED_MAX, read_frame, write_frame};
use cwtch_wire::peer::{GetVal, PeerMessage, PeerVersion, RetVal, version_announcement};
use cwtch_wire::token::{SignedBatch, decode_request, encode_request, spent_to_json};

#[test]
fn packet_lengths() {
    for entry in list(&model()["packets"]["lengths"]) {
        let length = usize::try_from(number(&entry["payload_length"])).unwrap();
        let payload = vec![7; length];
        let mut frame = vec![0xff; PACKET_LEN];
        write_frame(&payload, &mut frame).unwrap();
        assert_eq!(frame[..2], hex(&entry["length_bytes_hex"]));
        assert!(frame[2 + length..].iter().all(|b| *b == 0));
        assert_eq!(read_frame(&frame).unwrap(), payload);
    }
    assert_eq!((PLAIN_MAX, SEALED_BODY, SEALED_MAX), (8190, 8152, 8150));
}

#[test]
fn encrypted_packet() {
    use sha2::{Digest, Sha256};
    let entry = &model()["packets"]["encrypted"];
    let (key, nonce) = (GroupKey::new(hex_array(&entry["key_hex"])), hex_array(&entry["nonce_hex"]));
    let mut frame = vec![0; SEALED_BODY];
    write_frame(text(&entry["payload"]).as_bytes(), &mut frame).unwrap();
    let mut packet = vec![0; PACKET_LEN];
    packet[..NONCE_LEN].copy_from_slice(&nonce);
    seal_into(&key, &nonce, &frame, &mut packet[NONCE_LEN..]).unwrap();
    assert_eq!(packet[..128], hex(&entry["packet_first_128_bytes_hex"]));
    assert_eq!(Sha256::digest(&packet)[..], hex(&entry["packet_sha256_hex"]));
}

#[test]
fn authentication_messages() {
    let auth = &model()["auth"];
    for side in ["outbound", "inbound"] {
        let public = |which: &str| {
            let seed = hex_array(&auth[format!("{side}_{which}_seed_hex")]);
            *Identity::from_seed(&seed).public_key().as_bytes()
        };
        let hello = Hello { long_term: public("long"), ephemeral: public("ephemeral") };
        let json = text(&auth[format!("{side}_json")]).as_bytes();
        assert_eq!(hello.to_json(), json);
        assert_eq!(Hello::from_json(json).unwrap(), hello);
    }
}

#[test]
fn token_request_and_answer() {
    let service = &model()["token_service"];
    let elements = |field: &str| -> Vec<Element> {
        list(&service["tokens"]).iter().map(|t| Element::from_bytes(&hex(&t[field])).unwrap()).collect()
    };
    let request = text(&service["request_json"]).as_bytes();
    assert_eq!(encode_request(&elements("P_hex")), request);
    assert_eq!(decode_request(request).unwrap(), elements("P_hex"));

    let proof = BatchProof::from_bytes(&hex(&service["proof_C_hex"]), &hex(&service["proof_S_hex"])).unwrap();
    let batch = SignedBatch { signed: elements("Q_hex"), proof };
    let answer = text(&service["answer_json"]);
    assert_eq!(batch.to_json(), answer.as_bytes());
    assert_eq!(SignedBatch::from_json(answer.as_bytes()).unwrap(), batch);
    // Either pair of names alone is enough.
    let value: Value = serde_json::from_str(answer).unwrap();
    for (list, proof) in [("st", "dp"), ("SignedTokens", "Proof")] {
        let alone = serde_json::json!({ list: value[list], proof: value[proof] }).to_string();
        assert_eq!(SignedBatch::from_json(alone.as_bytes()).unwrap(), batch);
    }
}

#[test]
fn spending() {
    let service = &model()["token_service"];
    let board: Address = text(&service["board_address"]).parse().unwrap();
    let message = EncryptedGroupMessage::from_json(text(&service["spend_message_json"]).as_bytes()).unwrap();
    assert_eq!(message.to_json(), text(&service["spend_message_json"]).as_bytes());
    assert_eq!(spend_data(&message, &board), text(&service["spend_data"]).as_bytes());
    for token in list(&service["tokens"]) {
        let spent = SpentToken { t: hex_array(&token["t_hex"]), mac: hex_array(&token["spend_mac_hex"]) };
        assert_eq!(spent_to_json(&spent), text(&token["spent_token_json"]));
    }
}

#[test]
fn group_invite() {
    let group = &model()["group"];
    let invite = GroupInvite::parse(text(&group["invite"])).unwrap();
    assert_eq!(invite.group_id().to_string(), text(&group["group_id"]));
    assert_eq!(invite.key().expose()[..], hex(&group["group_key_hex"]));
    let server = PublicKey::from_bytes(&hex_array(&group["server_public_key_hex"])).unwrap();
    assert_eq!(invite.server(), &server.address());
    assert_eq!(invite.name(), "Vectors & <tests> \u{2028} 🧪");
    assert_eq!(invite.to_text().as_str(), text(&group["invite"]));
    let made = GroupInvite::new(invite.name(), invite.key().clone(), invite.server()).unwrap();
    assert_eq!(made.to_text(), invite.to_text());
}

struct ModelGroup {
    id: GroupId,
    key: GroupKey,
    server: Address,
    author: Identity,
}

impl ModelGroup {
    fn load() -> Self {
        let group = &model()["group"];
        let server = PublicKey::from_bytes(&hex_array(&group["server_public_key_hex"])).unwrap();
        Self {
            id: text(&group["group_id"]).parse().unwrap(),
            key: GroupKey::new(hex_array(&group["group_key_hex"])),
            server: server.address(),
            author: Identity::from_seed(&hex_array(&group["author_seed_hex"])),
        }
    }

    fn context(&self) -> GroupContext<'_> {
        GroupContext { id: &self.id, key: &self.key, server: &self.server }
    }
}

fn encrypted(entry: &Value) -> EncryptedGroupMessage {
    EncryptedGroupMessage {
        ciphertext: b64(&entry["ciphertext_b64"]),
        signature: b64(&entry["signature_b64"]),
    }
}

#[test]
fn group_messages_write_as_the_model_writes() {
    let group = ModelGroup::load();
    for entry in list(&model()["group"]["messages"]) {
        let name = text(&entry["name"]);
        let expected = hex(&entry["plain_json_hex"]);
        let received = parse_plain(&expected).unwrap();
        let message = PlainGroupMessage {
            text: String::from_utf8(hex(&entry["text_hex"])).unwrap(),
            author: group.author.address().to_string(),
            timestamp: i64::try_from(number(&entry["timestamp"])).unwrap(),
            group_id: Some(group.id.as_bytes().to_vec()),
            previous: Some(b64(&entry["previous_b64"])),
            padding: received.unverified().padding.clone(),
        };
        assert_eq!(&message, received.unverified(), "{name}");
        let plain = message.to_json();
        assert_eq!(plain, expected, "{name}");
        // The rule of the deployed protocol.
        assert_eq!(message.padding.unwrap().len(), 1800 - message.text.len(), "{name}");

        let nonce: [u8; NONCE_LEN] = hex_array(&entry["nonce_hex"]);
        let mut ciphertext = nonce.to_vec();
        ciphertext.resize(NONCE_LEN + MAC_LEN + plain.len(), 0);
        seal_into(&group.key, &nonce, &plain, &mut ciphertext[NONCE_LEN..]).unwrap();
        let signed = format!("{}{}{}", group.id, group.server, super::support::b64(&plain));
        let signature = group.author.sign(signed.as_bytes()).to_vec();
        assert_eq!(EncryptedGroupMessage { ciphertext, signature }, encrypted(entry), "{name}");
    }
}

#[test]
fn group_messages_verify_as_the_model_says() {
    let group = ModelGroup::load();
    let entries = ["messages", "edge_cases"].into_iter().flat_map(|part| list(&model()["group"][part]));
    let mut seen = (0, 0);
    for entry in entries {
        let name = text(&entry["name"]);
        let result = open_and_verify(group.context(), &encrypted(entry));
        if entry["valid"].as_bool().unwrap() {
            let message = result.unwrap_or_else(|reason| panic!("{name}: {reason}"));
            assert_eq!(message.text().as_bytes(), hex(&entry["text_hex"]), "{name}");
            assert_eq!(message.timestamp().unsigned_abs(), number(&entry["timestamp"]), "{name}");
            assert_eq!(message.previous(), b64(&entry["previous_b64"]), "{name}");
            assert_eq!(message.author(), &group.author.address(), "{name}");
            seen.0 += 1;
        } else {
            let expected = match name {
                "ID of another group" => RejectReason::WrongGroupId,
                "not JSON" => RejectReason::Malformed,
                _ => RejectReason::BadSignature,
            };
            assert_eq!(result.unwrap_err(), expected, "{name}");
            seen.1 += 1;
        }
    }
    assert_eq!(seen, (10, 4));
}

#[test]
fn peer_messages() {
    let entries = list(&model()["peer"]["messages"]);
    for entry in entries {
        let message = PeerMessage::new(text(&entry["id"]), text(&entry["context"]), hex(&entry["data_hex"]));
        let v1 = text(&entry["version1_json"]).as_bytes();
        let v2 = hex(&entry["version2_hex"]);
        assert_eq!(message.encode(PeerVersion::V1).unwrap(), v1);
        assert_eq!(message.encode(PeerVersion::V2).unwrap(), v2);
        assert_eq!(PeerMessage::decode(v1, PeerVersion::V1).unwrap(), message);
        assert_eq!(PeerMessage::decode(&v2, PeerVersion::V2).unwrap(), message);
        assert_eq!(PeerMessage::decode(v1, PeerVersion::V2).unwrap(), message);
    }
    let data = |index: usize| hex(&entries[index]["data_hex"]);
    let announcement = version_announcement();
    assert_eq!(announcement.encode(PeerVersion::V1).unwrap(), text(&entries[0]["version1_json"]).as_bytes());
    assert_eq!(announcement.announced_version(), Some(2));
    let question = GetVal { scope: "public".into(), path: "profile.name".into() };
    assert_eq!(question.to_json(), data(3));
    assert!(GetVal::from_json(&data(3)).unwrap() == question);
    for (index, answer) in [(4, RetVal { value: "Alice".into(), exists: true }), (5, RetVal::default())] {
        assert_eq!(answer.to_json(), data(index));
        assert!(RetVal::from_json(&data(index)).unwrap() == answer);
    }
}

#[test]
fn quoted_reply() {
    let quote = &model()["peer"]["quote"];
    let author: Address = text(&quote["author_address"]).parse().unwrap();
    let quoted = text(&quote["quoted_overlay_json"]);
    assert_eq!(Content::Text("What <is> it?".into()).to_json(), quoted);
    let hash = quoted_hash(&author, quoted.as_bytes());
    assert_eq!(hash.to_vec(), b64(&quote["quoted_hash_b64"]));
    let reply = Content::Quote { hash, body: "this".into() };
    assert_eq!(reply.to_json(), text(&quote["overlay_json"]));
    let read = Overlay::from_json(text(&quote["overlay_json"]).as_bytes()).unwrap();
    assert!(Content::from_overlay(read) == reply);
}

#[test]
fn file_offer() {
    let files = &model()["files"];
    let overlay = Overlay::from_json(text(&files["overlay_json"]).as_bytes()).unwrap();
    let Content::File(offer) = Content::from_overlay(overlay) else { panic!("not a file") };
    assert_eq!((offer.name.as_str(), offer.size), ("a file.bin", 9000));
    assert_eq!(offer.key(), text(&files["file_key"]));
    assert_eq!(Content::File(offer).to_json(), text(&files["overlay_json"]));
}

#[test]
fn json_is_decoded_and_encoded_again_as_go_does() {
    let cases = include_str!("go_cases.txt").lines().filter(|line| !line.starts_with('#'));
    let mut accepted = 0;
    for case in cases {
        let (input, expected) = case.split_once(' ').unwrap();
        let input = hex(&Value::from(input));
        let shown = String::from_utf8_lossy(&input);
        match parse_plain(&input) {
            Ok(message) => {
                accepted += 1;
                let expected = String::from_utf8(hex(&Value::from(expected))).unwrap();
                assert_eq!(String::from_utf8(message.unverified().to_json()).unwrap(), expected, "{shown}");
            }
            Err(_) => assert_eq!(expected, "ERR", "{shown}"),
        }
    }
    assert_eq!(accepted, 110);
}
