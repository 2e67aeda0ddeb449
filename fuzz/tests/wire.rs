//! Every decoder of `cwtch-wire`: it never panics, and what it accepts survives writing and reading.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use bolero::check;
use cwtch_fuzz::edited;
use cwtch_wire::packet::PACKET_LEN;

/// Inputs for each target without `cargo bolero`, where nothing else ends it.
const ITERATIONS: usize = 4_000;

/// Gives `target` the input as it is, and a correct `sample` with the edits that the input describes:
/// without a corpus, random bytes alone hardly get past a parser's first character.
fn run(sample: &[u8], target: impl Fn(&[u8]) + core::panic::RefUnwindSafe) {
    check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        target(input);
        target(&edited(sample, input));
    });
}

mod json {
    use super::*;
    use cwtch_wire::go_json::{Fields, ObjectWriter, Value, decode_base64, parse, write_string};

    /// Writes every text in a tree and reads it again.
    fn rewrite(value: &Value<'_>) {
        match value {
            Value::String(text) => {
                let mut json = String::new();
                write_string(&mut json, text);
                assert_eq!(parse(json.as_bytes()).unwrap(), Value::String(text.as_ref().into()));
            }
            Value::Array(items) => items.iter().for_each(rewrite),
            Value::Object(entries) => entries.iter().for_each(|(_, value)| rewrite(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    #[test]
    fn value() {
        run(br#"{"a":[1,-0.5e+3,null,true,"\ud83e\uddea\u2028\n"],"b":{"":"\u00e9"}}"#, |input| {
            if let Ok(value) = parse(input) {
                rewrite(&value);
            }
        });
    }

    #[test]
    fn base64() {
        run(b"Zm9v\nYmE=", |input| {
            if let Some(bytes) = decode_base64(input) {
                let json = ObjectWriter::new(0).bytes("b", &bytes).finish();
                let read = Fields::parse("test", json.as_bytes(), json.len(), |fields| fields.bytes("b"));
                assert_eq!(read, Ok(Some(bytes)));
            }
        });
    }
}

mod packet {
    use super::*;
    use cwtch_wire::packet::{SEALED_BODY, read_frame, write_frame};

    #[test]
    fn frame() {
        check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
            for length in [PACKET_LEN, SEALED_BODY] {
                let mut frame = vec![0; length];
                frame.iter_mut().zip(input).for_each(|(f, i)| *f = *i);
                if let Ok(payload) = read_frame(&frame) {
                    let mut again = vec![0; length];
                    write_frame(payload, &mut again).unwrap();
                    assert_eq!(again[..2 + payload.len()], frame[..2 + payload.len()]);
                }
            }
            let _ = read_frame(input);
        });
    }
}

mod auth {
    use super::*;
    use cwtch_wire::auth::Hello;

    #[test]
    fn hello() {
        run(&sample::hello(), |input| {
            if let Ok(hello) = Hello::from_json(input) {
                assert_eq!(Hello::from_json(&hello.to_json()), Ok(hello));
            }
        });
    }
}

mod token {
    use super::*;
    use cwtch_wire::token::{SignedBatch, decode_request, encode_request};

    #[test]
    fn request() {
        run(&sample::request(), |input| {
            if let Ok(elements) = decode_request(input) {
                assert_eq!(decode_request(&encode_request(&elements)), Ok(elements));
            }
        });
    }

    #[test]
    fn answer() {
        run(&sample::answer(), |input| {
            if let Ok(batch) = SignedBatch::from_json(input) {
                assert_eq!(SignedBatch::from_json(&batch.to_json()), Ok(batch));
            }
        });
    }
}

mod server {
    use super::*;
    use cwtch_wire::bundle::KeyBundle;
    use cwtch_wire::invite::{GroupInvite, TofuBundle};

    /// Bundle and invites, also behind the prefixes and the base64 that a random input never has.
    fn wrap(prefix: &str, input: &[u8]) -> String {
        format!("{prefix}{}", data_encoding::BASE64.encode(input))
    }

    #[test]
    fn bundle() {
        run(sample::bundle().to_json().as_bytes(), |input| {
            if let Ok(bundle) = KeyBundle::from_json(input) {
                assert_eq!(KeyBundle::parse_server_string(&bundle.to_server_string()), Ok(bundle));
            }
            let _ = KeyBundle::parse_server_string(&wrap("server:", input));
        });
    }

    #[test]
    fn invite() {
        run(&sample::invite_json(), |input| {
            if let Ok(invite) = GroupInvite::parse(&wrap("torv3", input)) {
                assert!(GroupInvite::parse(&invite.to_text()).unwrap() == invite);
            }
            let _ = GroupInvite::parse(&String::from_utf8_lossy(input));
        });
    }

    #[test]
    fn server_with_invite() {
        run(sample::server_with_invite().as_bytes(), |input| {
            let _ = TofuBundle::parse(&String::from_utf8_lossy(input));
            let _ = TofuBundle::parse(&format!(
                "tofubundle:{}||{}",
                wrap("server:", input),
                wrap("torv3", input)
            ));
        });
    }
}

mod board {
    use super::*;
    use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage};

    #[test]
    fn client_message() {
        run(&sample::post(), |input| {
            if let Ok(Some(message)) = ClientMessage::from_json(input) {
                assert_eq!(ClientMessage::from_json(&message.to_json()), Ok(Some(message)));
            }
        });
    }

    #[test]
    fn server_message() {
        run(br#"{"MessageType":4,"NewMessage":{"EGM":{"Ciphertext":"AAAA","Signature":"AAAA"}}}"#, |input| {
            if let Ok(Some(message)) = ServerMessage::from_json(input) {
                assert_eq!(ServerMessage::from_json(&message.to_json()), Ok(Some(message)));
            }
        });
    }

    #[test]
    fn replay_entry() {
        run(br#"{"Ciphertext":"AAAA","Signature":"AAAA"}"#, |input| {
            if let Ok(message) = EncryptedGroupMessage::from_json(input) {
                assert_eq!(EncryptedGroupMessage::from_json(&message.to_json()), Ok(message));
            }
        });
    }
}

mod group {
    use super::*;
    use cwtch_primitives::group::GroupKey;
    use cwtch_wire::group::{PLAIN_MAX, parse_plain, try_open_into};

    #[test]
    fn plain_message() {
        run(&sample::plain_group_message(), |input| {
            if let Ok(received) = parse_plain(input) {
                let json = received.unverified().to_json();
                // Escapes may make it longer than any real message.
                if json.len() <= PLAIN_MAX {
                    assert_eq!(parse_plain(&json).unwrap(), received);
                }
            }
        });
    }

    #[test]
    fn sealed_message() {
        let key = GroupKey::new([7; 32]);
        check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
            assert!(try_open_into(&key, input, &mut Vec::new()).is_none());
        });
    }
}

mod peer {
    use super::*;
    use cwtch_wire::overlay::{Content, Overlay};
    use cwtch_wire::peer::{GetVal, PeerMessage, PeerVersion, RetVal};

    #[test]
    fn message() {
        run(br#"{"ID":"1","Context":"im.cwtch.raw","Data":"aGVsbG8="}"#, |input| {
            for version in [PeerVersion::V1, PeerVersion::V2] {
                // Version 1 reads ids that neither version writes.
                if let Ok(message) = PeerMessage::decode(input, version)
                    && let Ok(payload) = message.encode(version)
                {
                    assert_eq!(PeerMessage::decode(&payload, version), Ok(message));
                }
            }
        });
    }

    #[test]
    fn attributes() {
        run(br#"{"Scope":"public","Path":"profile.name","Val":"Alice","Exists":true}"#, |input| {
            if let Ok(question) = GetVal::from_json(input) {
                assert_eq!(GetVal::from_json(&question.to_json()), Ok(question));
            }
            if let Ok(answer) = RetVal::from_json(input) {
                assert_eq!(RetVal::from_json(&answer.to_json()), Ok(answer));
            }
        });
    }

    #[test]
    fn vanishing() {
        use cwtch_wire::peer_vanish::Vanish;
        run(&[1, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 14, 16], |input| {
            if let Ok(read) = Vanish::from_bytes(input) {
                assert_eq!(read.to_bytes(), input);
            }
        });
    }

    #[test]
    fn overlay() {
        run(br#"{"o":10,"d":"{\"quotedHash\":\"AA==\",\"body\":\"this\"}"}"#, |input| {
            if let Ok(overlay) = Overlay::from_json(input) {
                let content = Content::from_overlay(overlay);
                let again = Overlay::from_json(content.to_json().as_bytes()).unwrap();
                assert_eq!(Content::from_overlay(again), content);
            }
        });
    }
}

/// One correct input for each format.
mod sample {
    use cwtch_primitives::group::GroupKey;
    use cwtch_primitives::token::{IssuerKey, PendingToken};
    use cwtch_primitives::transcript::Transcript;
    use cwtch_primitives::{Identity, secretbox};
    use cwtch_testkit::rng;
    use cwtch_wire::auth::Hello;
    use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, spend_data};
    use cwtch_wire::bundle::KeyBundle;
    use cwtch_wire::group::{GroupContext, compose};
    use cwtch_wire::invite::{GroupInvite, TofuBundle};
    use cwtch_wire::token::{SignedBatch, encode_request};

    pub(crate) fn hello() -> Vec<u8> {
        Hello { long_term: [1; 32], ephemeral: [2; 32] }.to_json()
    }

    fn batch() -> (Vec<PendingToken>, SignedBatch, IssuerKey) {
        let mut rng = rng(1);
        let issuer = IssuerKey::generate(&mut rng);
        let pending: Vec<_> = (0..2).map(|_| PendingToken::generate(&mut rng)).collect();
        let blinded: Vec<_> = pending.iter().map(|p| *p.blinded()).collect();
        let (signed, proof) = issuer.sign_batch(&mut Transcript::new(), &blinded, &mut rng).unwrap();
        (pending, SignedBatch { signed, proof }, issuer)
    }

    pub(crate) fn request() -> Vec<u8> {
        let blinded: Vec<_> = batch().0.iter().map(|p| *p.blinded()).collect();
        encode_request(&blinded)
    }

    pub(crate) fn answer() -> Vec<u8> {
        batch().1.to_json()
    }

    fn server() -> Identity {
        Identity::generate(&mut rng(2))
    }

    pub(crate) fn bundle() -> KeyBundle {
        KeyBundle::sign(&server(), &Identity::generate(&mut rng(3)).address(), batch().2.public())
    }

    fn invite() -> GroupInvite {
        GroupInvite::new("Tea", GroupKey::new([5; 32]), &server().address()).unwrap()
    }

    pub(crate) fn invite_json() -> Vec<u8> {
        data_encoding::BASE64.decode(&invite().to_text().as_bytes()["torv3".len()..]).unwrap()
    }

    pub(crate) fn server_with_invite() -> String {
        TofuBundle::new(bundle(), invite()).unwrap().to_text().to_string()
    }

    pub(crate) fn post() -> Vec<u8> {
        let (pending, batch, issuer) = batch();
        let transcript = &mut Transcript::new();
        let token =
            PendingToken::finish_batch(transcript, issuer.public(), &pending, &batch.signed, &batch.proof)
                .unwrap()
                .remove(0);
        let message = EncryptedGroupMessage { ciphertext: vec![7; 60], signature: vec![8; 64] };
        let token = Some(token.spend(&spend_data(&message, &server().address())));
        ClientMessage::Post { token, message, log: false }.to_json()
    }

    pub(crate) fn plain_group_message() -> Vec<u8> {
        let invite = invite();
        let context = GroupContext { id: invite.group_id(), key: invite.key(), server: invite.server() };
        let text = r#"{"o":1,"d":"a\u003cb"}"#;
        let author = Identity::generate(&mut rng(4));
        let sent = compose(context, &author, text, 1_700_000_000, &[9; 64], &mut rng(5)).unwrap();
        secretbox::open(invite.key(), &sent.ciphertext).unwrap()
    }
}
