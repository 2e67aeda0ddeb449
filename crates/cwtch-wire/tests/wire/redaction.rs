//! `Debug` output of messages, invites and packets, which must show nothing of their content.

use cwtch_primitives::group::GroupKey;
use cwtch_primitives::token::SpentToken;
use cwtch_primitives::{Identity, OsRng};
use cwtch_wire::board::stream::Record;
use cwtch_wire::board::{EncryptedGroupMessage, ServerMessage};
use cwtch_wire::go_json::{ObjectWriter, Value, parse};
use cwtch_wire::group::{GroupContext, compose};
use cwtch_wire::invite::GroupInvite;

/// The word that is looked for: as a text, as bytes in decimals, as hex and as base64.
const WORD: &str = "hush-hush";
const BYTE: u8 = 0xc5;

fn shows_nothing(shown: &str) {
    for trace in [WORD, "197", "c5c5", "C5C5", "xcXF", "shared"] {
        assert!(!shown.contains(trace), "{trace}: {shown}");
    }
}

#[test]
fn what_is_secret_stays_out_of_debug() {
    let message = || EncryptedGroupMessage { signature: vec![BYTE; 64], ciphertext: vec![BYTE; 99] };
    shows_nothing(&format!("{:?} {:?}", message(), Record::Entry(message())));
    shows_nothing(&format!("{:?}", SpentToken { t: [BYTE; 32], mac: [BYTE; 64] }));

    let server = Identity::from_seed(&[1; 32]).address();
    let invite = GroupInvite::new(WORD, GroupKey::new([BYTE; 32]), &server).unwrap();
    shows_nothing(&format!("{invite:?}"));
    let text = invite.to_text();
    shows_nothing(&format!("{:?}", GroupInvite::parse(&text).unwrap()));
    let (id, key) = (*invite.group_id(), GroupKey::new([BYTE; 32]));
    let context = GroupContext { id: &id, key: &key, server: &server };
    shows_nothing(&format!("{context:?}"));
    let composed =
        compose(context, &Identity::from_seed(&[2; 32]), WORD, 1_700_000_000, &[BYTE; 64], &mut OsRng);
    let composed = composed.unwrap();
    let ciphertext = format!("{:?}", composed.ciphertext);
    shows_nothing(&format!("{composed:?}"));
    assert!(!format!("{composed:?}").contains(&ciphertext[..40]));

    let writer = ObjectWriter::new(200).string("a", WORD).bytes("b", &[BYTE; 32]);
    shows_nothing(&format!("{writer:?}"));
    let json = writer.finish();
    let value: Value<'_> = parse(json.as_bytes()).unwrap();
    shows_nothing(&format!("{value:?}"));
    let live = ServerMessage::NewMessage(message());
    shows_nothing(&format!("{live:?}"));
}

/// Erasing decoded copies changes nothing of what is read, with escapes, arrays of numbers and duplicates among it.
#[test]
fn an_invite_reads_alike_however_its_key_is_written() {
    use data_encoding::BASE64;
    let server = Identity::from_seed(&[1; 32]).address();
    let invite = GroupInvite::new("name", GroupKey::new([BYTE; 32]), &server).unwrap();
    let json = BASE64.decode(invite.to_text()["torv3".len()..].as_bytes()).unwrap();
    let json = String::from_utf8(json).unwrap();
    let key = BASE64.encode(&[BYTE; 32]);
    let numbers = format!("[{}]", vec![BYTE.to_string(); 32].join(","));
    let written = [
        format!("\"{}\"", key.replace('x', "\\u0078")),
        format!("\"{}\"", key.replacen("xc", "x\\r\\nc", 3)),
        numbers,
        format!("\"{}\",\"SharedKey\":\"{key}\"", BASE64.encode(&[1; 32])),
    ];
    for written in written {
        let json = json.replace(&format!("\"{key}\""), &written);
        let read = GroupInvite::parse(&format!("torv3{}", BASE64.encode(json.as_bytes()))).unwrap();
        assert!(read == invite, "{written}");
    }
    for written in ["\"\"", "null", "7", "\"xcXF\"", &format!("\"{key}AAAA\"")] {
        let json = json.replace(&format!("\"{key}\""), written);
        assert!(
            GroupInvite::parse(&format!("torv3{}", BASE64.encode(json.as_bytes()))).is_err(),
            "{written}"
        );
    }
}
