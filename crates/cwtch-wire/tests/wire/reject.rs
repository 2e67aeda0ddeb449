//! Bytes that every decoder must refuse, and what it must say.

use cwtch_primitives::Identity;
use cwtch_primitives::secretbox::seal;
use cwtch_testkit::rng;
use cwtch_wire::WireError;
use cwtch_wire::auth::Hello;
use cwtch_wire::board::{ClientMessage, EncryptedGroupMessage, ServerMessage};
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::go_json::{Fields, JsonError, MAX_DEPTH, Value, parse};
use cwtch_wire::group::{
    ComposeError, PLAIN_MAX, RejectReason, TIMESTAMP_MAX, TIMESTAMP_SANE_MIN, compose, open, open_and_verify,
    parse_plain,
};
use cwtch_wire::invite::{GroupInvite, TofuBundle};
use cwtch_wire::overlay::{Content, Overlay};
use cwtch_wire::packet::{
    PACKET_LEN, PLAIN_MAX as PACKET_MAX, PacketError, SEALED_BODY, read_frame, write_frame,
};
use cwtch_wire::peer::{PeerMessage, PeerVersion};
use cwtch_wire::token::{SignedBatch, decode_request};

use super::support::{b64, bundle, group};

#[test]
fn json_that_is_none() {
    for text in [
        "",
        " ",
        "{",
        "[",
        "\"",
        "{}x",
        "{}{}",
        "[1,]",
        "[,1]",
        "{\"a\"}",
        "{\"a\":}",
        "{\"a\":1,}",
        "{a:1}",
        "{,}",
        "01",
        "+1",
        "1.",
        ".5",
        "1e",
        "-",
        "0x1",
        "NaN",
        "tru",
        "nul",
        "True",
        "'a'",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"a\nb\"",
        "\"\t\"",
        "\"\\",
        "\"\\\"",
        "\u{feff}{}",
        "// c\n1",
        "{\"a\":1 \"b\":2}",
        "\u{a0}1",
        "{\"a\":1\u{0}}",
    ] {
        assert!(parse(text.as_bytes()).is_err(), "{text:?}");
    }
    assert_eq!(parse(b"\xff"), Err(JsonError::Unexpected(0)));
    assert_eq!(parse(b"{\"a\":tru}"), Err(JsonError::Unexpected(8)));
    assert_eq!(parse(b"[\"ab"), Err(JsonError::End));
    assert_eq!(parse(br#"["\q"]"#), Err(JsonError::Escape(1)));
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert_eq!(parse(nested(MAX_DEPTH + 1).as_bytes()), Err(JsonError::Depth));
    assert_eq!(parse("{\"a\":".repeat(4000).as_bytes()), Err(JsonError::Depth));
}

#[test]
fn text_that_is_not_unicode_is_read_as_go_reads_it() {
    for (json, expected) in [
        (&b"\"a\xffb\""[..], "a\u{fffd}b"),
        // A truncated character: one replacement for each byte, not one for the character.
        (b"\"\xe2\x80\"", "\u{fffd}\u{fffd}"),
        (b"\"\xf0\x9f\xa7x\"", "\u{fffd}\u{fffd}\u{fffd}x"),
        // A surrogate in UTF-8.
        (b"\"\xed\xa0\x80\"", "\u{fffd}\u{fffd}\u{fffd}"),
        (b"\"\xc0\xaf\\n\xff\"", "\u{fffd}\u{fffd}\n\u{fffd}"),
        (br#""\ud83e\uddea""#, "🧪"),
        (br#""\uD83E\uDDEA""#, "🧪"),
        (br#""\ud83e""#, "\u{fffd}"),
        (br#""\uddea""#, "\u{fffd}"),
        (br#""\ud83e\u0041""#, "\u{fffd}A"),
        (br#""\ud83e\ud83e\uddea""#, "\u{fffd}🧪"),
        (br#""\ud83ex""#, "\u{fffd}x"),
        (br#""\/\b\f\u0000""#, "/\u{8}\u{c}\u{0}"),
    ] {
        assert_eq!(parse(json).unwrap(), Value::String(expected.into()), "{json:?}");
    }
}

#[test]
fn fields_are_found_as_go_finds_them() {
    let read = |json: &str| {
        Fields::parse("test", json.as_bytes(), 100, |f| Ok(f.string("Task")?.map(str::to_owned)))
    };
    for (json, expected) in [
        ("{}", None),
        ("null", None),
        (r#"{"Task":null}"#, None),
        (r#"{"Task":"a"}"#, Some("a")),
        (r#"{"tASK":"a"}"#, Some("a")),
        // The two characters beyond ASCII that fold into it.
        ("{\"ta\u{17f}\u{212a}\":\"a\"}", Some("a")),
        ("{\"t\u{e4}sk\":\"a\"}", None),
        (r#"{"Task":"a","TASK":"b"}"#, Some("b")),
        (r#"{"TASK":"b","Task":"a"}"#, Some("a")),
        (r#"{"Task":"a","Task":null}"#, Some("a")),
        (r#"{"Tasks":"a","Tas":"b"}"#, None),
    ] {
        assert_eq!(read(json).unwrap().as_deref(), expected, "{json}");
    }
    let wrong = WireError::Type { field: "Task", expected: "a text" };
    assert_eq!(read(r#"{"Task":1}"#), Err(wrong.clone()));
    assert_eq!(read(r#"{"Task":1,"Task":"a"}"#), Err(wrong));
    assert_eq!(read("[]"), Err(WireError::Type { field: "test", expected: "an object" }));
    let long = format!(r#"{{"Task":"{}"}}"#, "a".repeat(100));
    assert_eq!(read(&long), Err(WireError::TooLong { what: "test", bytes: 111, limit: 100 }));

    let int = |number: &str| {
        let json = format!(r#"{{"n":{number}}}"#);
        Fields::parse("test", json.as_bytes(), 100, |f| f.int("n"))
    };
    assert_eq!(int("-0"), Ok(Some(0)));
    assert_eq!(int("9223372036854775807"), Ok(Some(i64::MAX)));
    for number in ["9223372036854775808", "1.0", "1e3", "\"1\"", "true"] {
        assert!(int(number).is_err(), "{number}");
    }

    let bytes = |value: &str| {
        let json = format!(r#"{{"b":{value}}}"#);
        Fields::parse("test", json.as_bytes(), 100, |f| f.bytes("b"))
    };
    assert_eq!(bytes("null"), Ok(None));
    assert_eq!(bytes("\"\""), Ok(Some(vec![])));
    assert_eq!(bytes(r#""Z\ng==""#), Ok(Some(b"f".to_vec())));
    assert_eq!(bytes("[102,0,null,255]"), Ok(Some(vec![102, 0, 0, 255])));
    for value in ["[256]", "[-1]", "[\"a\"]", "\"Zg\"", "\"Z g==\"", "1", "{}"] {
        assert!(bytes(value).is_err(), "{value}");
    }
    assert_eq!(
        Fields::parse("test", br#"{"b":"Zg==","B":null}"#, 100, |f| f.bytes("b")),
        Ok(None),
        "the last one counts, null too"
    );
    // Nested structures merge.
    let merged = Fields::parse("test", br#"{"o":{"a":"1"},"O":{"b":"2"}}"#, 100, |f| {
        let inner = f.object("o")?.unwrap();
        Ok((inner.string("a")?.is_some(), inner.string("b")?.is_some()))
    });
    assert_eq!(merged, Ok((true, true)));
}

#[test]
fn frames_with_a_wrong_length() {
    let mut frame = vec![0; PACKET_LEN];
    let mut read = |field: [u8; 2]| {
        frame[..2].copy_from_slice(&field);
        read_frame(&frame).map(<[u8]>::len)
    };
    assert_eq!(read([1, 0]), Ok(1));
    assert_eq!(read([0xfe, 0x3f]), Ok(8190));
    assert_eq!(read([0, 0]), Err(PacketError::Empty));
    assert_eq!(read([0xff, 0x3f]), Err(PacketError::TooLong { len: 8191, limit: 8190 }));
    assert_eq!(read([0xff, 0x7f]), Err(PacketError::TooLong { len: 16383, limit: 8190 }));
    // 300 as a fixed 16-bit number, a varint that goes on, and ones that are too long for their value.
    for field in [[0x2c, 0x01], [0x80, 0x80], [0xff, 0xff], [0x81, 0x00], [0x80, 0x00], [0x00, 0x01]] {
        assert_eq!(read(field), Err(PacketError::LengthField), "{field:02x?}");
    }
    let mut sealed = vec![0; SEALED_BODY];
    sealed[..2].copy_from_slice(&[0xd7, 0x3f]);
    assert_eq!(read_frame(&sealed), Err(PacketError::TooLong { len: 8151, limit: 8150 }));
    for length in [0, 1, 2, 8151, 8191, 8193] {
        assert_eq!(read_frame(&vec![1; length]), Err(PacketError::FrameLength(length)));
        assert_eq!(write_frame(b"a", &mut vec![1; length]), Err(PacketError::FrameLength(length)));
    }
    let mut frame = vec![7; PACKET_LEN];
    assert_eq!(write_frame(b"", &mut frame), Err(PacketError::Empty));
    let too_long = PacketError::TooLong { len: PACKET_MAX + 1, limit: PACKET_MAX };
    assert_eq!(write_frame(&vec![0; PACKET_MAX + 1], &mut frame), Err(too_long));
    assert!(frame.iter().all(|b| *b == 7), "a refused payload must leave the frame alone");
}

#[test]
fn hellos() {
    let key = b64(&[1; 32]);
    for json in [
        "".to_owned(),
        "[]".to_owned(),
        "{}".to_owned(),
        "null".to_owned(),
        format!(r#"{{"LongTermPublicKey":"{key}"}}"#),
        format!(r#"{{"LongTermPublicKey":"{key}","EphemeralPublicKey":null}}"#),
        format!(r#"{{"LongTermPublicKey":"{key}","EphemeralPublicKey":""}}"#),
        format!(r#"{{"LongTermPublicKey":"{key}","EphemeralPublicKey":"{}"}}"#, b64(&[1; 31])),
        format!(r#"{{"LongTermPublicKey":"{key}","EphemeralPublicKey":"{}"}}"#, b64(&[1; 33])),
        format!(r#"{{"LongTermPublicKey":"{key}","EphemeralPublicKey":"{key}"}} x"#),
    ] {
        assert!(Hello::from_json(json.as_bytes()).is_err(), "{json}");
    }
}

#[test]
fn token_batches() {
    let element = b64(super::support::bundle().issuer().as_bytes());
    let request = |count: usize| {
        let items = vec![format!(r#"{{"P":"{element}"}}"#); count];
        decode_request(format!("[{}]", items.join(",")).as_bytes()).map(|list| list.len())
    };
    assert_eq!(request(1), Ok(1));
    assert_eq!(request(10), Ok(10));
    for count in [0, 11, 50] {
        let error = WireError::Count { what: "a token batch", min: 1, max: 10, actual: count };
        assert_eq!(request(count), Err(error));
    }
    let identity = b64(&[0; 32]);
    let not_canonical = b64(&[0xff; 32]);
    for bad in [
        "{}".to_owned(),
        "null".to_owned(),
        "[null]".to_owned(),
        "[{}]".to_owned(),
        "[1]".to_owned(),
        r#"[{"P":null}]"#.to_owned(),
        r#"[{"P":"AA=="}]"#.to_owned(),
        format!(r#"[{{"P":"{identity}"}}]"#),
        format!(r#"[{{"P":"{not_canonical}"}}]"#),
        format!(r#"[{{"P":"{element}"}},{{"P":"{identity}"}}]"#),
    ] {
        assert!(decode_request(bad.as_bytes()).is_err(), "{bad}");
    }

    let scalar = b64(&[1; 32].map(|b: u8| b & 0x0f));
    let list = format!(r#"[{{"Q":"{element}"}}]"#);
    let proof = format!(r#"{{"C":"{scalar}","S":"{scalar}"}}"#);
    let answer = |list: &str, proof: &str| {
        SignedBatch::from_json(format!(r#"{{"st":{list},"dp":{proof}}}"#).as_bytes())
    };
    assert!(answer(&list, &proof).is_ok());
    for (list, proof) in [
        ("null", proof.as_str()),
        ("[]", &proof),
        ("{}", &proof),
        (&list, "null"),
        (&list, "{}"),
        (&list, r#"{"C":"","S":""}"#),
        (&list, &format!(r#"{{"C":"{scalar}","S":"{not_canonical}"}}"#)),
    ] {
        assert!(answer(list, proof).is_err(), "{list} {proof}");
    }
}

#[test]
fn bundles() {
    let good = bundle();
    let json = good.to_json();
    let refused = |json: &str| KeyBundle::from_json(json.as_bytes()).unwrap_err();
    assert_eq!(refused("{}"), WireError::Missing { field: "Keys" });
    assert_eq!(refused(r#"{"Keys":{}}"#), WireError::Missing { field: "Signature" });
    assert_eq!(
        refused(r#"{"Keys":{},"Signature":""}"#),
        WireError::Missing { field: "bulletin_board_onion" }
    );
    assert_eq!(
        refused(r#"{"Keys":{"x":1},"Signature":""}"#),
        WireError::Type { field: "Keys", expected: "texts" }
    );
    let other = Identity::generate(&mut rng(9)).address();
    // Another board: the signature is not its own.
    assert_eq!(refused(&json.replace(good.board().as_str(), other.as_str())), WireError::BundleSignature);
    assert_eq!(
        refused(&json.replace(good.token_service().as_str(), other.as_str())),
        WireError::BundleSignature
    );
    // Names of keys are exact, unlike those of fields.
    assert!(KeyBundle::from_json(json.replace("Keys", "keys").as_bytes()).is_ok());
    assert_eq!(
        refused(&json.replace("bulletin_board", "Bulletin_board")),
        WireError::Missing { field: "bulletin_board_onion" }
    );

    // Signed by the board, and yet unusable.
    let server = &group().server;
    let signed = |keys: &str| {
        let signature = b64(&server.sign(format!(r#"{{"Keys":{keys},"Signature":null}}"#).as_bytes()));
        refused(&format!(r#"{{"Keys":{keys},"Signature":"{signature}"}}"#))
    };
    let (board, element) = (server.address(), b64(good.issuer().as_bytes()));
    let keys = |issuer: &str, service: &str| {
        format!(
            r#"{{"bulletin_board_onion":"{board}","privacy_pass_public_key":"{issuer}","token_service_onion":"{service}"}}"#
        )
    };
    assert!(matches!(signed(&keys(&element, "x")), WireError::Address { field: "token_service_onion", .. }));
    let identity = b64(&[0; 32]);
    assert_eq!(
        signed(&keys(&identity, other.as_str())),
        WireError::Element { field: "privacy_pass_public_key" }
    );
    assert_eq!(signed(&keys("", other.as_str())), WireError::Element { field: "privacy_pass_public_key" });
    assert_eq!(
        signed(&format!(r#"{{"bulletin_board_onion":"{board}"}}"#)),
        WireError::Missing { field: "token_service_onion" }
    );

    let text = good.to_server_string();
    let refused = |text: &str| KeyBundle::parse_server_string(text).unwrap_err();
    assert!(matches!(refused(&text[1..]), WireError::Prefix { .. }));
    assert!(matches!(refused(&text[..text.len() - 1]), WireError::Base64 { .. }));
    assert!(matches!(refused(&format!("server:{}", "A".repeat(20_000))), WireError::TooLong { .. }));
    assert!(matches!(refused("server:"), WireError::Json(JsonError::End)));
}

#[test]
fn invites() {
    let group = group();
    let json = |id: &str, key: &[u8], host: &str| {
        let json = format!(
            r#"{{"GroupID":"{id}","GroupName":"n","SignedGroupID":null,"Timestamp":0,"SharedKey":"{}","ServerHost":"{host}"}}"#,
            b64(key)
        );
        GroupInvite::parse(&format!("torv3{}", b64(json.as_bytes())))
    };
    let (id, key, host) = (group.id.to_string(), group.key.expose().as_slice(), group.address.as_str());
    assert!(json(&id, key, host).is_ok());
    for (id, key, host) in [
        (&id.replace(char::is_numeric, "a"), key, host),
        (&id.to_uppercase(), key, host),
        (&String::new(), key, host),
        (&id, &[7; 32][..], host),
        (&id, key, Identity::generate(&mut rng(10)).address().as_str()),
    ] {
        assert_eq!(json(id, key, host).unwrap_err(), WireError::GroupIdMismatch);
    }
    assert!(matches!(json(&id, &key[1..], host).unwrap_err(), WireError::Length { actual: 31, .. }));
    assert!(matches!(
        json(&id, key, &format!("{host}.onion")).unwrap_err(),
        WireError::Address { field: "ServerHost", .. }
    ));
    let refused = |text: &str| GroupInvite::parse(text).unwrap_err();
    assert!(matches!(refused("torv2AAAA"), WireError::Prefix { .. }));
    assert!(matches!(refused("torv3A"), WireError::Base64 { .. }));
    assert!(matches!(refused(&format!("torv3{}", "A".repeat(8000))), WireError::TooLong { .. }));
    assert_eq!(refused("torv3e30="), WireError::Missing { field: "GroupID" });
    let long = GroupInvite::new(&"n".repeat(257), group.key.clone(), &group.address);
    assert!(matches!(long.unwrap_err(), WireError::TooLong { bytes: 257, limit: 256, .. }));

    let other = Identity::generate(&mut rng(11)).address();
    let elsewhere = GroupInvite::new("n", group.key.clone(), &other).unwrap();
    let both = format!("tofubundle:{}||{}", bundle().to_server_string(), *elsewhere.to_text());
    assert_eq!(TofuBundle::parse(&both).unwrap_err(), WireError::ServerMismatch);
    assert!(matches!(TofuBundle::parse(&both[4..]).unwrap_err(), WireError::Prefix { .. }));
    let half = both.split_once("||").unwrap().0;
    assert_eq!(TofuBundle::parse(half).unwrap_err(), WireError::Missing { field: "group invite" });
}

#[test]
fn secrets_do_not_print() {
    let group = group();
    let invite = GroupInvite::new("name", group.key.clone(), &group.address).unwrap();
    assert_eq!(format!("{invite:?}"), "GroupInvite([redacted])");
    let both = TofuBundle::new(bundle(), invite).unwrap();
    assert_eq!(format!("{both:?}"), "TofuBundle([redacted])");
    let sent = compose(group.context(), &group.author, "secret", 1, &[], &mut rng(12)).unwrap();
    let read = open_and_verify(group.context(), &sent).unwrap();
    assert!(!format!("{read:?}{sent:?}{:?}", Content::Text("secret".into())).contains("secret"));
}

#[test]
fn board_messages() {
    for json in [
        "",
        "[]",
        "{}",
        "null",
        r#"{"MessageType":0}"#,
        r#"{"MessageType":0,"ReplayRequest":null}"#,
        r#"{"MessageType":0,"ReplayRequest":[]}"#,
        r#"{"MessageType":0,"ReplayRequest":{"LastCommit":"A"}}"#,
        r#"{"MessageType":2}"#,
        r#"{"MessageType":2,"PostRequest":null}"#,
        r#"{"MessageType":2,"PostRequest":{"Token":1}}"#,
        r#"{"MessageType":2,"PostRequest":{"EGM":{"Ciphertext":5}}}"#,
        r#"{"MessageType":"0","ReplayRequest":{}}"#,
        r#"{"MessageType":0.5,"ReplayRequest":{}}"#,
    ] {
        assert!(ClientMessage::from_json(json.as_bytes()).is_err(), "{json}");
    }
    for json in [r#"{"MessageType":1}"#, r#"{"MessageType":5}"#, r#"{"MessageType":-1}"#] {
        assert_eq!(ClientMessage::from_json(json.as_bytes()), Ok(None), "{json}");
    }
    assert_eq!(
        ClientMessage::from_json(br#"{"replayrequest":{}}"#),
        Ok(Some(ClientMessage::Replay { last_commit: None, log: None })),
        "the type's zero value is a replay"
    );
    // Tokens of a wrong shape are invalid tokens, answered as such.
    for token in ["null", "{}", r#"{"T":"AA==","MAC":"AA=="}"#] {
        let json = format!(r#"{{"MessageType":2,"PostRequest":{{"Token":{token}}}}}"#);
        let read = ClientMessage::from_json(json.as_bytes()).unwrap().unwrap();
        assert_eq!(
            read,
            ClientMessage::Post { token: None, message: EncryptedGroupMessage::default(), log: false }
        );
    }

    for json in [
        "",
        "[]",
        r#"{"MessageType":1}"#,
        r#"{"MessageType":1,"ReplayResult":{"NumMessages":-1}}"#,
        r#"{"MessageType":1,"ReplayResult":{"NumMessages":1.5}}"#,
        r#"{"MessageType":3}"#,
        r#"{"MessageType":3,"PostResult":{"Success":1}}"#,
        r#"{"MessageType":4}"#,
        r#"{"MessageType":4,"NewMessage":{}}"#,
    ] {
        assert!(ServerMessage::from_json(json.as_bytes()).is_err(), "{json}");
    }
    for json in ["{}", r#"{"MessageType":0}"#, r#"{"MessageType":5,"Other":{}}"#] {
        assert_eq!(ServerMessage::from_json(json.as_bytes()), Ok(None), "{json}");
    }
    // A live message is not an entry of a replay.
    let live = ServerMessage::NewMessage(EncryptedGroupMessage { ciphertext: vec![1], signature: vec![2] });
    assert!(EncryptedGroupMessage::from_json(&live.to_json()).is_err());
    assert!(EncryptedGroupMessage::from_json(&vec![b' '; 9000]).is_err());
}

#[test]
fn group_messages() {
    let group = group();
    let sealed = |plain: &str| EncryptedGroupMessage {
        ciphertext: seal(&group.key, plain.as_bytes(), &mut rng(13)),
        signature: vec![0; 64],
    };
    let id = b64(group.id.as_bytes());
    let plain = |author: &str, id: &str, timestamp: &str| {
        format!(r#"{{"Text":"t","Onion":"{author}","Timestamp":{timestamp},"SignedGroupID":{id}}}"#)
    };
    let refused = |plain: &str| open_and_verify(group.context(), &sealed(plain)).unwrap_err();
    let (author, id) = (group.author.address().to_string(), format!("\"{id}\""));
    assert_eq!(refused(&plain(&author, &id, "1")), RejectReason::BadSignature);
    assert_eq!(refused(&plain(&author, "null", "1")), RejectReason::WrongGroupId);
    assert_eq!(refused(&plain(&author.to_uppercase(), &id, "1")), RejectReason::BadAuthor);
    assert_eq!(refused(&plain("", &id, "1")), RejectReason::BadAuthor);
    for timestamp in ["1.5", "\"1\"", "99999999999999999999"] {
        assert_eq!(refused(&plain(&author, &id, timestamp)), RejectReason::Malformed);
    }
    assert_eq!(refused("[]"), RejectReason::Malformed);
    // Not even JSON's empty object names the group.
    assert_eq!(refused("{}"), RejectReason::WrongGroupId);

    let mut message = sealed("{}");
    message.ciphertext[30] ^= 1;
    assert_eq!(open(group.context(), &message).unwrap_err(), RejectReason::NotForAnyGroup);
    message.ciphertext.truncate(39);
    assert_eq!(open(group.context(), &message).unwrap_err(), RejectReason::NotForAnyGroup);
    message.ciphertext = vec![0; PLAIN_MAX + 41];
    assert_eq!(open(group.context(), &message).unwrap_err(), RejectReason::TooLong);
    assert_eq!(parse_plain(&vec![b' '; PLAIN_MAX + 1]).unwrap_err(), RejectReason::TooLong);

    let good = compose(group.context(), &group.author, "t", 1_700_000_000, &[], &mut rng(14)).unwrap();
    for length in [0, 63, 65] {
        let message = EncryptedGroupMessage { signature: vec![1; length], ..good.clone() };
        assert_eq!(open_and_verify(group.context(), &message).unwrap_err(), RejectReason::BadSignature);
    }
    // The same group elsewhere: its context differs, the signature does not hold there.
    let other = Identity::generate(&mut rng(15)).address();
    let elsewhere = cwtch_wire::group::GroupContext { server: &other, ..group.context() };
    assert_eq!(open_and_verify(elsewhere, &good).unwrap_err(), RejectReason::BadSignature);
    // Each byte that is no UTF-8 is read as a character of three bytes: a member may well sign what comes of it.
    let raw = [br#"{"Text":""#.as_slice(), &[0xff; 4000], br#"","Onion":""#].concat();
    let rest = format!(r#"{author}","Timestamp":1,"SignedGroupID":{id}}}"#);
    let swollen = [raw, rest.into_bytes()].concat();
    let read = parse_plain(&swollen).unwrap().unverified().to_json();
    assert!(swollen.len() <= PLAIN_MAX && read.len() > PLAIN_MAX);
    let signed = format!("{}{}{}", group.id, group.address, b64(&read));
    let message = EncryptedGroupMessage {
        ciphertext: seal(&group.key, &swollen, &mut rng(16)),
        signature: group.author.sign(signed.as_bytes()).to_vec(),
    };
    assert_eq!(open_and_verify(group.context(), &message).unwrap_err(), RejectReason::TooLong);
    for reason in [RejectReason::Malformed, RejectReason::TimestampOutOfRange, RejectReason::TooLong] {
        assert!(!reason.code().contains(' ') && reason.to_string().contains(' '));
    }
}

#[test]
fn sent_times() {
    let group = group();
    // Signed by hand, because `compose` refuses such times.
    let signed = |timestamp: i64| {
        let message = cwtch_wire::group::PlainGroupMessage {
            text: "t".into(),
            author: group.author.address().to_string(),
            timestamp,
            group_id: Some(group.id.as_bytes().to_vec()),
            previous: None,
            padding: None,
        };
        let plain = message.to_json();
        let text = format!("{}{}{}", group.id, group.address, b64(&plain));
        EncryptedGroupMessage {
            ciphertext: seal(&group.key, &plain, &mut rng(16)),
            signature: group.author.sign(text.as_bytes()).to_vec(),
        }
    };
    for timestamp in [-1, i64::MIN, TIMESTAMP_MAX + 1, i64::MAX] {
        let result = open_and_verify(group.context(), &signed(timestamp));
        assert_eq!(result.unwrap_err(), RejectReason::TimestampOutOfRange, "{timestamp}");
        let result = compose(group.context(), &group.author, "t", timestamp, &[], &mut rng(17));
        assert_eq!(result.unwrap_err(), ComposeError::Timestamp);
    }
    let now = 1_800_000_000;
    for (timestamp, sane) in [
        (0, false),
        (TIMESTAMP_SANE_MIN - 1, false),
        (TIMESTAMP_SANE_MIN, true),
        (now, true),
        (now + 86_400, true),
        (now + 86_401, false),
        (TIMESTAMP_MAX, false),
    ] {
        let read = open_and_verify(group.context(), &signed(timestamp)).unwrap();
        assert_eq!(read.sane_timestamp(now).is_some(), sane, "{timestamp}");
    }
}

#[test]
fn texts_that_groups_cannot_carry() {
    let group = group();
    let compose = |text: &str, previous: &[u8]| {
        compose(group.context(), &group.author, text, 1, previous, &mut rng(18)).map(|_| ())
    };
    assert_eq!(compose(&"x".repeat(1800), &[]), Ok(()));
    assert_eq!(compose(&"x".repeat(1801), &[]), Err(ComposeError::TooLong { bytes: 1801, limit: 1800 }));
    for (text, code) in
        [("a\u{8}".to_owned(), 8), ("\u{c}".to_owned(), 12), (Content::Text("\u{c}".into()).to_json(), 12)]
    {
        assert_eq!(compose(&text, &[]), Err(ComposeError::ForbiddenCharacter(code)));
    }
    assert_eq!(compose("\u{7}\u{b}\n\t\r\u{0}", &[]), Ok(()));
    assert_eq!(compose("x", &[0; 63]), Err(ComposeError::Previous(63)));
}

#[test]
fn peer_messages() {
    for (payload, version) in [
        (&b""[..], PeerVersion::V1),
        (b"{", PeerVersion::V1),
        (b"[]", PeerVersion::V1),
        (br#"{"ID":1}"#, PeerVersion::V1),
        (br#"{"Data":"A"}"#, PeerVersion::V1),
        (b"id|im.cwtch.raw|data", PeerVersion::V1),
        (b"id|im.cwtch.raw", PeerVersion::V2),
        (b"i-d|im.cwtch.raw|data", PeerVersion::V2),
        (b"id|im cwtch|data", PeerVersion::V2),
        (b"\xff|im|data", PeerVersion::V2),
    ] {
        assert!(PeerMessage::decode(payload, version).is_err(), "{payload:?}");
    }
    assert!(PeerMessage::decode(&[b'a'; 8151], PeerVersion::V2).is_err());
    for (id, context) in [("", "c"), ("i", ""), ("a|b", "c"), ("a", "c d"), ("é", "c")] {
        for version in [PeerVersion::V1, PeerVersion::V2] {
            let refused = PeerMessage::new(id, context, []).encode(version).unwrap_err();
            assert!(matches!(refused, WireError::Charset { .. }), "{id} {context}");
        }
    }
    let refused = PeerMessage::new("i", "c", vec![0; 8147]).encode(PeerVersion::V2).unwrap_err();
    assert_eq!(refused, WireError::TooLong { what: "message", bytes: 8151, limit: 8150 });
    assert_eq!(PeerMessage::new("im.cwtch.version", "im.cwtch.raw", [2]).announced_version(), None);
    assert_eq!(PeerMessage::new("x", "im.cwtch.getVal", [2]).announced_version(), None);
}

#[test]
fn overlays_that_are_none_or_unknown() {
    for json in ["", "hello", "{}", r#"{"o":-1,"d":""}"#, r#"{"o":"1"}"#, r#"{"o":1,"d":1}"#] {
        assert!(Overlay::from_json(json.as_bytes()).is_err(), "{json}");
    }
    for (kind, data) in [
        (2, "x"),
        (10, "x"),
        (10, r#"{"quotedHash":"AA==","body":"b"}"#),
        (100, "not an address"),
        (200, "{}"),
        (200, r#"{"f":"n","h":"00","n":"00","s":1}"#),
    ] {
        let content = Content::from_overlay(Overlay { kind, data: data.into() });
        assert_eq!(content, Content::Unknown { kind, data: data.into() });
    }
}
