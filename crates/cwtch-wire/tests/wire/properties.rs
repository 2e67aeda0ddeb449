//! Properties that must hold for every input.

use cwtch_primitives::Identity;
use cwtch_primitives::secretbox::OVERHEAD;
use cwtch_testkit::rng;
use cwtch_wire::auth::Hello;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage, spend_data};
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::go_json::{Fields, ObjectWriter, Value, decode_base64, escaped_len, parse, write_string};
use cwtch_wire::group::{
    ComposeError, ESCAPED_MAX, ESCAPED_MAX_SHORT, PADDING_RESERVE, PLAIN_LONG, PLAIN_SHORT,
    PlainGroupMessage, RejectReason, compose, open_and_verify, parse_plain,
};
use cwtch_wire::invite::{GroupInvite, TofuBundle};
use cwtch_wire::overlay::{Content, FileOffer, OVERLAY_MAX_V1, OVERLAY_MAX_V2, Overlay, TEXT_MAX_GROUP};
use cwtch_wire::packet::{PACKET_LEN, SEALED_BODY, SEALED_MAX, read_frame, write_frame};
use cwtch_wire::peer::{CONTEXT_RAW, GetVal, PeerMessage, PeerVersion, RetVal};
use cwtch_wire::token::{SignedBatch, decode_request};
use proptest::collection::vec;
use proptest::prelude::*;

use super::support::{bundle, group, tokens};

/// Text with many characters that need escapes.
fn any_text() -> impl Strategy<Value = String> {
    let special = prop::sample::select(
        "\"\\/<>&'\u{0}\u{7}\u{8}\t\n\u{b}\u{c}\r\u{1f} \u{7f}\u{85}\u{2027}\u{2028}\u{2029}\u{fffd}\u{ffff}é🧪"
            .chars()
            .collect::<Vec<_>>(),
    );
    vec(prop_oneof![special, any::<char>()], 0..80).prop_map(|chars| chars.into_iter().collect())
}

/// JSON-like bytes: fragments of our formats, so that the decoders get beyond the first byte.
fn json_like() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\u",
        "\\ud800",
        "null",
        "true",
        "1",
        "-0",
        "1e9",
        "\"\"",
        "\"AA==\"",
        "\"Text\"",
        "\"Onion\"",
        "\"Timestamp\"",
        "\"MessageType\"",
        "\"PostRequest\"",
        "\"ReplayRequest\"",
        "\"EGM\"",
        "\"Token\"",
        "\"T\"",
        "\"MAC\"",
        "\"Keys\"",
        "\"Signature\"",
        "\"st\"",
        "\"dp\"",
        "\"P\"",
        "\"o\"",
        "\"d\"",
        "|",
        "im.cwtch.raw",
        "\n",
        "\u{0}",
        "server:",
        "torv3",
        "tofubundle:server:",
        "||",
    ]);
    let piece = prop_oneof![4 => fragment.prop_map(|f| f.as_bytes().to_vec()), 1 => vec(any::<u8>(), 0..4)];
    vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn strings_survive_every_reader(text in any_text()) {
        let mut json = String::new();
        write_string(&mut json, &text);
        prop_assert_eq!(json.len(), escaped_len(&text) + 2);
        // An independent reader agrees, and so does ours.
        prop_assert_eq!(&serde_json::from_str::<String>(&json).unwrap(), &text);
        let Value::String(read) = parse(json.as_bytes()).unwrap() else { panic!("not a string") };
        prop_assert_eq!(&read, &text);
        let mut again = String::new();
        write_string(&mut again, &read);
        prop_assert_eq!(&again, &json);
        // Nothing in it that Go would have escaped.
        let raw = |c| c < ' ' || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        prop_assert!(!json.contains(raw));
    }

    #[test]
    fn what_the_oracle_writes_is_read_the_same(text in any_text(), number in any::<i64>()) {
        let json = serde_json::json!({ "t": text, "n": number, "x": [null, 1.5, {"y": false}] }).to_string();
        let read = Fields::parse("test", json.as_bytes(), 8190, |fields| {
            Ok((fields.string("t")?.unwrap().to_owned(), fields.int("n")?.unwrap()))
        });
        prop_assert_eq!(read.unwrap(), (text, number));
    }

    #[test]
    fn the_same_json_is_accepted_as_by_the_oracle(bytes in json_like()) {
        // Only where both have an opinion: the oracle refuses invalid UTF-8 and lone surrogates, and
        // numbers beyond a float's range.
        if serde_json::from_slice::<serde_json::Value>(&bytes).is_ok() {
            prop_assert!(parse(&bytes).is_ok());
        } else if core::str::from_utf8(&bytes).is_ok_and(|text| !text.contains("\\u") && !text.contains('e')) {
            prop_assert!(parse(&bytes).is_err());
        }
    }

    #[test]
    fn bytes_survive(bytes in vec(any::<u8>(), 0..200)) {
        let json = ObjectWriter::new(0).bytes("b", &bytes).finish();
        let read = Fields::parse("test", json.as_bytes(), 8190, |fields| fields.bytes("b"));
        prop_assert_eq!(read.unwrap().unwrap(), bytes);
    }

    #[test]
    fn no_decoder_panics(bytes in prop_oneof![json_like(), vec(any::<u8>(), 0..300)]) {
        let _ = parse(&bytes);
        let _ = decode_base64(&bytes);
        let _ = Hello::from_json(&bytes);
        let _ = decode_request(&bytes);
        let _ = SignedBatch::from_json(&bytes);
        let _ = KeyBundle::from_json(&bytes);
        let _ = ClientMessage::from_json(&bytes);
        let _ = ServerMessage::from_json(&bytes);
        let _ = EncryptedGroupMessage::from_json(&bytes);
        let _ = PeerMessage::decode(&bytes, PeerVersion::V1);
        let _ = PeerMessage::decode(&bytes, PeerVersion::V2);
        let _ = (GetVal::from_json(&bytes), RetVal::from_json(&bytes));
        let _ = Overlay::from_json(&bytes).map(Content::from_overlay);
        let _ = parse_plain(&bytes);
        let text = String::from_utf8_lossy(&bytes);
        let _ = (KeyBundle::parse_server_string(&text), TofuBundle::parse(&text), GroupInvite::parse(&text));
        let mut frame = vec![0; PACKET_LEN];
        frame.iter_mut().zip(&bytes).for_each(|(f, b)| *f = *b);
        let _ = read_frame(&frame);
        let _ = read_frame(&bytes);
    }

    #[test]
    fn frames_survive(payload in vec(any::<u8>(), 1..=SEALED_MAX), sealed in any::<bool>()) {
        let mut frame = vec![0xaa; if sealed { SEALED_BODY } else { PACKET_LEN }];
        write_frame(&payload, &mut frame).unwrap();
        prop_assert_eq!(read_frame(&frame).unwrap(), payload);
    }

    #[test]
    fn hellos_survive(long_term in any::<[u8; 32]>(), ephemeral in any::<[u8; 32]>()) {
        let hello = Hello { long_term, ephemeral };
        prop_assert_eq!(Hello::from_json(&hello.to_json()).unwrap(), hello);
    }

    #[test]
    fn board_messages_survive(
        ciphertext in vec(any::<u8>(), 1..300),
        signature in vec(any::<u8>(), 0..70),
        last in proptest::option::of(vec(any::<u8>(), 0..70)),
        count in 0..i64::MAX.unsigned_abs(),
        success in any::<bool>(),
    ) {
        let message = EncryptedGroupMessage { ciphertext, signature };
        prop_assert_eq!(&EncryptedGroupMessage::from_json(&message.to_json()).unwrap(), &message);
        let token = tokens(1).remove(0).spend(&spend_data(&message, &group().address));
        for sent in [
            ClientMessage::Replay { last_commit: last, log: None },
            ClientMessage::Post { token: Some(token), message: message.clone(), log: false },
            ClientMessage::Post { token: None, message: message.clone(), log: false },
        ] {
            prop_assert_eq!(ClientMessage::from_json(&sent.to_json()).unwrap().unwrap(), sent);
        }
        for sent in [
            ServerMessage::ReplayResult { count },
            ServerMessage::PostResult { success },
            ServerMessage::NewMessage(message),
        ] {
            prop_assert_eq!(ServerMessage::from_json(&sent.to_json()).unwrap().unwrap(), sent);
        }
    }

    #[test]
    fn peer_messages_survive(
        id in "[A-Za-z0-9.]{1,40}",
        context in "[A-Za-z0-9.]{1,40}",
        data in vec(any::<u8>(), 0..2000),
    ) {
        let message = PeerMessage::new(id, context, data);
        for version in [PeerVersion::V1, PeerVersion::V2] {
            let payload = message.encode(version).unwrap();
            prop_assert_eq!(PeerMessage::decode(&payload, version).unwrap(), message.clone());
            prop_assert_eq!(PeerMessage::decode(&payload, PeerVersion::V2).unwrap(), message.clone());
        }
    }

    #[test]
    fn overlays_survive(
        text in any_text(), kind in 0..i64::MAX.unsigned_abs(), hash in any::<[u8; 32]>(),
        root_hash in proptest::array::uniform32(any::<u8>()), nonce in any::<[u8; 24]>(),
        size in 0..i64::MAX.unsigned_abs(),
    ) {
        let mut whole = [0; 64];
        whole[..32].copy_from_slice(&root_hash);
        for content in [
            Content::Text(text.clone()),
            Content::Quote { hash, body: text.clone() },
            Content::SuggestedContact(group().address),
            Content::GroupInvite(text.clone()),
            Content::File(FileOffer { name: text.clone(), root_hash: whole, nonce, size }),
            Content::from_overlay(Overlay { kind, data: text.clone() }),
        ] {
            let overlay = Overlay::from_json(content.to_json().as_bytes()).unwrap();
            prop_assert_eq!(Content::from_overlay(overlay), content);
        }
    }

    #[test]
    fn group_messages_have_one_length_and_verify(
        text in any_text(), filler in 0..TEXT_MAX_GROUP, first in any::<bool>(), timestamp in 1_000_000_000..9_999_999_999i64,
    ) {
        let group = group();
        let mut body = text.replace(['\u{8}', '\u{c}'], "");
        body.push_str(&"x".repeat(filler.saturating_sub(6 * body.len() + 14)));
        let overlay = Content::Text(body).to_json();
        let previous: &[u8] = if first { &[] } else { &[9; 64] };
        let sent = compose(group.context(), &group.author, &overlay, timestamp, previous, &mut rng(4)).unwrap();
        let length = if escaped_len(&overlay) <= ESCAPED_MAX_SHORT { PLAIN_SHORT } else { PLAIN_LONG };
        prop_assert_eq!(sent.ciphertext.len(), length + OVERHEAD);

        let read = open_and_verify(group.context(), &sent).unwrap();
        prop_assert_eq!(read.text().trim_end_matches(' '), &overlay);
        prop_assert!(read.text().len() - overlay.len() < 4);
        prop_assert_eq!(read.author(), &group.author.address());
        prop_assert_eq!(read.timestamp(), timestamp);
        prop_assert_eq!(read.previous(), previous);
        prop_assert!(read.padding().len() >= PADDING_RESERVE);

        let mut forged = sent;
        forged.signature[3] ^= 1;
        prop_assert_eq!(open_and_verify(group.context(), &forged).unwrap_err(), RejectReason::BadSignature);
    }

    #[test]
    fn plain_group_messages_survive(
        text in any_text(), author in any_text(), timestamp in any::<i64>(),
        group_id in proptest::option::of(vec(any::<u8>(), 0..20)),
        previous in proptest::option::of(vec(any::<u8>(), 0..70)),
        padding in proptest::option::of(vec(any::<u8>(), 0..200)),
    ) {
        let message = PlainGroupMessage { text, author, timestamp, group_id, previous, padding };
        let json = message.to_json();
        let read = parse_plain(&json).unwrap();
        prop_assert_eq!(read.unverified(), &message);
        prop_assert_eq!(read.unverified().to_json(), json);
    }

    #[test]
    fn a_changed_bundle_never_verifies(at in any::<prop::sample::Index>(), bit in 0..7u8) {
        let good = bundle();
        let mut json = good.to_json().into_bytes();
        let at = at.index(json.len());
        json[at] ^= 1 << bit;
        // A change of case in a name, or of unused bits of the base64, is no change of what is said.
        if let Ok(read) = KeyBundle::from_json(&json) {
            prop_assert_eq!(read, good);
        }
    }
}

#[test]
fn every_text_length_gives_the_same_message_length() {
    let group = group();
    let mut rng = rng(5);
    for length in (0..=TEXT_MAX_GROUP).step_by(7).chain(TEXT_MAX_GROUP - 8..=TEXT_MAX_GROUP) {
        for previous in [&[][..], &[1; 64]] {
            let text = "x".repeat(length);
            let sent =
                compose(group.context(), &group.author, &text, 1_700_000_000, previous, &mut rng).unwrap();
            assert_eq!(sent.ciphertext.len(), PLAIN_SHORT + OVERHEAD, "{length}");
        }
    }
}

#[test]
fn escapes_at_each_limit() {
    let group = group();
    let mut rng = rng(6);
    let mut compose =
        |text: &str| compose(group.context(), &group.author, text, 1_700_000_000, &[2; 64], &mut rng);
    // `<` takes six bytes.
    let text = |escaped: usize| "<".repeat(escaped / 6) + &"x".repeat(escaped % 6);
    let length = |escaped: usize| move |m: EncryptedGroupMessage| m.ciphertext.len() == escaped + OVERHEAD;
    assert!(compose(&text(ESCAPED_MAX_SHORT)).is_ok_and(length(PLAIN_SHORT)));
    assert!(compose(&text(ESCAPED_MAX_SHORT + 1)).is_ok_and(length(PLAIN_LONG)));
    assert!(compose(&text(ESCAPED_MAX)).is_ok_and(length(PLAIN_LONG)));
    let error = ComposeError::EscapedTooLong { bytes: ESCAPED_MAX + 1, limit: ESCAPED_MAX };
    assert_eq!(compose(&text(ESCAPED_MAX + 1)).unwrap_err(), error);
}

#[test]
fn the_longest_post_fits_one_packet() {
    let message = EncryptedGroupMessage { ciphertext: vec![0; 5834 + OVERHEAD], signature: vec![0; 64] };
    let token = tokens(1).remove(0).spend(b"");
    let post = ClientMessage::Post { token: Some(token), message: message.clone(), log: false }.to_json();
    assert!(post.len() <= SEALED_MAX, "{}", post.len());
    assert!(ServerMessage::NewMessage(message).to_json().len() <= SEALED_MAX);
}

#[test]
fn the_longest_overlay_fits_one_packet() {
    let id = "0123456789abcdef0123456789abcdef";
    for (version, limit) in [(PeerVersion::V1, OVERLAY_MAX_V1), (PeerVersion::V2, OVERLAY_MAX_V2)] {
        assert!(PeerMessage::new(id, CONTEXT_RAW, vec![0; limit]).encode(version).is_ok());
    }
}

#[test]
fn invites_and_bundles_survive() {
    let group = group();
    let invite = GroupInvite::new("Tea & <cake>", group.key.clone(), &group.address).unwrap();
    assert_eq!(invite.group_id(), &group.id);
    assert!(GroupInvite::parse(&format!(" {}\n", *invite.to_text())).unwrap() == invite);
    let bundle = bundle();
    assert_eq!(KeyBundle::parse_server_string(&bundle.to_server_string()).unwrap(), bundle);
    let both = TofuBundle::new(bundle, invite).unwrap();
    assert!(TofuBundle::parse(&both.to_text()).unwrap() == both);
}

#[test]
fn an_invite_carries_the_certificate_of_a_log() {
    let group = group();
    let plain = GroupInvite::new("Tea", group.key.clone(), &group.address).unwrap();
    let with = plain.clone().with_log_certificate([7; 186]);
    let json = |invite: &GroupInvite| {
        let json = data_encoding::BASE64.decode(&invite.to_text().as_bytes()["torv3".len()..]).unwrap();
        String::from_utf8(json).unwrap()
    };
    // One more key at the end, over which deployed readers pass.
    let certificate = super::support::b64(&[7; 186]);
    let expected = json(&plain).replace('}', &format!(r#","LogCert":"{certificate}"}}"#));
    assert_eq!(json(&with), expected);
    let read = GroupInvite::parse(&with.to_text()).unwrap();
    assert!(read == with && read != plain);
    assert_eq!(read.log_certificate(), Some(&[7; 186]));
    assert_eq!(plain.log_certificate(), None);
    let both = TofuBundle::new(bundle(), with).unwrap();
    assert!(TofuBundle::parse(&both.to_text()).unwrap() == both);
    // A damaged one is no invite without one.
    for bad in ["\"AAAA\"", "1", "\"?\""] {
        let json = json(&plain).replace('}', &format!(r#","LogCert":{bad}}}"#));
        assert!(GroupInvite::parse(&format!("torv3{}", super::support::b64(json.as_bytes()))).is_err());
    }
}

#[test]
fn unknown_bundle_keys_survive_and_are_signed() {
    let group = group();
    let known = bundle();
    let issuer = super::support::b64(known.issuer().as_bytes());
    let keys = format!(
        r#"{{"a_new_key":"a\u003cb","bulletin_board_onion":"{}","privacy_pass_public_key":"{issuer}","token_service_onion":"{}"}}"#,
        known.board(),
        known.token_service()
    );
    let signature =
        super::support::b64(&group.server.sign(format!(r#"{{"Keys":{keys},"Signature":null}}"#).as_bytes()));
    let json = format!(r#"{{"Keys":{keys},"Signature":"{signature}"}}"#);
    let read = KeyBundle::from_json(json.as_bytes()).unwrap();
    assert_eq!(read.to_json(), json);
    // A new name is no change of the stored keys; its absence is one.
    assert_eq!(known.changed_key(&read), None);
    assert_eq!(read.changed_key(&known), Some("a_new_key"));
    // The signature covers it, in whatever order the names come.
    let without = json.replace(r#""a_new_key":"a\u003cb","#, "");
    assert!(KeyBundle::from_json(without.as_bytes()).is_err());
    let moved = json.replace(r#""a_new_key":"a\u003cb","#, "").replace("}}", r#"},"x":1}"#);
    assert!(KeyBundle::from_json(moved.as_bytes()).is_err());
    let reordered = json
        .replace(r#"{"a_new_key":"a\u003cb","#, "{")
        .replace(r#""},"Signature""#, r#"","a_new_key":"a<b"},"Signature""#);
    assert_eq!(KeyBundle::from_json(reordered.as_bytes()).unwrap(), read);
}

#[test]
fn a_changed_key_is_named() {
    let group = group();
    let old = bundle();
    let other = Identity::generate(&mut rng(8)).address();
    let new = KeyBundle::sign(&group.server, &other, old.issuer());
    assert_eq!(old.changed_key(&new), Some("token_service_onion"));
    assert_eq!(old.changed_key(&old), None);
}
