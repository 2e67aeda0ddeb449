//! Addresses, key agreement, signatures, group ids and the transcript.

use cwtch_primitives::group::{GroupId, GroupKey, LogTag};
use cwtch_primitives::transcript::Transcript;
use cwtch_primitives::{Address, AddressError, Identity, PublicKey, PublicKeyError};
use cwtch_testkit::{hex, hex_array, list, model, rng, text, transcript};
use proptest::prelude::*;

use crate::cases;

fn identity(field: &str) -> Identity {
    Identity::from_seed(&hex_array(&model()["auth"][field]))
}

#[test]
fn addresses_of_known_seeds() {
    for case in list(&model()["addresses"]["valid"]) {
        let address = text(&case["address"]);
        let key: [u8; 32] = hex_array(&case["public_key_hex"]);
        let identity = Identity::from_seed(&hex_array(&case["seed_hex"]));
        assert_eq!(identity.public_key().as_bytes(), &key);
        assert_eq!(identity.address().as_str(), address);
        let parsed: Address = address.parse().unwrap();
        assert_eq!(parsed.public_key().as_bytes(), &key);
        assert_eq!(parsed.to_string(), address);
        assert_eq!(identity.seed().expose(), &hex_array(&case["seed_hex"]));
    }
}

#[test]
fn every_kind_of_wrong_address_is_refused_for_its_reason() {
    use PublicKeyError::{NotAPoint, SmallOrder};
    let cases = list(&model()["addresses"]["invalid"]);
    assert_eq!(cases.len(), 13);
    for case in cases {
        let address = text(&case["address"]);
        let expected = match text(&case["reason"]) {
            "too short" | "too long" | "empty" | "suffix inside a protocol field" => {
                AddressError::Length(address.len())
            }
            "upper case" | "character outside the alphabet" => AddressError::Alphabet,
            "version 2" => AddressError::Version(2),
            "wrong checksum" => AddressError::Checksum,
            "key is not a point" | "key is a non-canonical encoding" => AddressError::Key(NotAPoint),
            "key is the identity" | "key of order 4" | "key of order 8" => AddressError::Key(SmallOrder),
            other => panic!("a new reason in the vectors: {other}"),
        };
        assert_eq!(address.parse::<Address>(), Err(expected), "{}", text(&case["reason"]));
    }
}

#[test]
fn people_may_type_an_address_with_suffix_spaces_and_capitals() {
    let address = text(&model()["addresses"]["valid"][0]["address"]);
    let typed = format!("  {}.ONION\n", address.to_uppercase());
    assert_eq!(Address::parse_lenient(&typed).unwrap().as_str(), address);
    assert!(Address::parse_lenient(&format!("{address}.onion.onion")).is_err());
}

const INVISIBLE: &[char] = &[
    '\u{200b}',
    '\u{ad}',
    '\u{feff}',
    '\u{202e}',
    '\u{2060}',
    ' ',
    '\n',
    '\r',
    '\t',
    '\u{a0}',
    '\u{e0041}',
    '\0',
];
const DRESSES: &[(&str, &str)] = &[
    ("", ""),
    (" <", "> \n"),
    ("\u{200e}\"", "\"."),
    ("http://", ".onion"),
    ("<https://", ".onion/>"),
    ("cwtch:", ""),
    ("cwtch://", ".onion"),
    ("(", ".onion)"),
];

#[test]
fn a_pasted_address_is_read_however_it_was_dressed_up() {
    let address = text(&model()["addresses"]["valid"][0]["address"]);
    let (start, end) = address.split_at(20);
    for pasted in [
        format!("\u{feff}\u{200b}{address}\u{2060}\u{200e}"),
        format!("<{address}>"),
        format!("\"{address}\"."),
        format!("“{address}.onion”,"),
        format!("http://{address}.onion/"),
        format!("HTTPS://{}.ONION", address.to_uppercase()),
        format!("<http://{address}.onion>"),
        format!("cwtch:{address}"),
        format!("cwtch://{address}/"),
        format!("{start}\r\n    {end}"),
        format!("{start}\u{ad}{end} \u{a0}.onion\n"),
        format!("({start}\u{200b}\n> {end})").replace("> ", ""),
    ] {
        assert_eq!(
            Address::parse_pasted(&pasted).map(|a| a.to_string()).as_deref(),
            Ok(address),
            "{pasted:?}"
        );
    }
}

#[test]
fn what_is_no_pasted_address_is_refused_for_its_reason() {
    use AddressError::{Alphabet, Behind, Character, Checksum, Length};
    let address = text(&model()["addresses"]["valid"][0]["address"]);
    let wrong_end = |end: &str| format!("{}{end}", &address[..55]);
    for (pasted, expected) in [
        (String::new(), Length(0)),
        ("\u{200b}<>".to_owned(), Length(0)),
        // Counted without what shows nothing.
        (format!("\u{200b}{}\u{200b}", &address[..55]), Length(55)),
        (format!("{address}\n{address}"), Length(112)),
        (wrong_end("0"), Character('0')),
        (wrong_end("\u{430}"), Character('\u{430}')),
        (wrong_end("-"), Character('-')),
        (format!("http://{address}.onion/page"), Behind),
        (format!("http://{address}.onion:80"), Behind),
        (format!("{address}.onion.onion"), Behind),
        (format!("{address}.com"), Character('.')),
        (format!("ftp://{address}"), Character(':')),
        (address.replacen(&address[3..4], if &address[3..4] == "a" { "b" } else { "a" }, 1), Checksum),
    ] {
        assert_eq!(Address::parse_pasted(&pasted), Err(expected), "{pasted:?}");
    }
    assert_ne!(Address::parse_pasted(&wrong_end("\u{200b}")), Err(Alphabet));
    let said = Character('\u{430}').to_string();
    assert!(said.contains("U+0430"), "{said}");
    assert!(Character('0').to_string().ends_with("`0`"));
}

proptest! {
    #![proptest_config(cases(256))]

    /// Characters that show nothing may stand anywhere in an address, in any case, with anything usual around it.
    #[test]
    fn an_address_survives_being_pasted(
        seed: [u8; 32],
        places in proptest::collection::vec((0usize..56, proptest::sample::select(INVISIBLE)), 0..8),
        upper: bool,
        (before, behind) in proptest::sample::select(DRESSES),
    ) {
        let address = Identity::from_seed(&seed).address();
        let mut letters: Vec<char> = address.as_str().chars().collect();
        for (place, c) in places {
            letters.insert(place, c);
        }
        let dressed: String = before.chars().chain(letters).chain(behind.chars()).collect();
        let dressed = if upper { dressed.to_uppercase() } else { dressed };
        prop_assert_eq!(Address::parse_pasted(&dressed), Ok(address));
    }

    /// Nothing is read into a text that is not in it: an accepted text holds the address's letters in their order.
    #[test]
    fn what_is_read_as_an_address_is_one(text in "\\PC{0,80}|[a-z2-7<>./\\s\u{200b}]{50,70}") {
        if let Ok(address) = Address::parse_pasted(&text) {
            let letters: String = text.chars().filter(char::is_ascii_alphanumeric).collect();
            prop_assert!(letters.to_ascii_lowercase().contains(address.as_str()));
        }
    }

    #[test]
    fn any_address_survives_its_text(seed: [u8; 32]) {
        let address = Identity::from_seed(&seed).address();
        prop_assert_eq!(address.as_str().parse::<Address>(), Ok(address));
    }

    #[test]
    fn one_changed_character_is_noticed(seed: [u8; 32], place in 0usize..56, to in 0usize..32) {
        let address = Identity::from_seed(&seed).address();
        let mut changed = *address.as_bytes();
        changed[place] = b"abcdefghijklmnopqrstuvwxyz234567"[to];
        prop_assert_eq!(Address::from_bytes(&changed).is_ok(), changed == *address.as_bytes());
    }

    #[test]
    fn garbage_is_no_address(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(Address::from_bytes(&bytes).is_err());
    }
}

#[test]
fn key_agreements_of_the_handshake() {
    let (ol, oe) = (identity("outbound_long_seed_hex"), identity("outbound_ephemeral_seed_hex"));
    let (il, ie) = (identity("inbound_long_seed_hex"), identity("inbound_ephemeral_seed_hex"));
    let auth = &model()["auth"];
    for (a, b, field) in [
        (&ol, &ie, "dh_outbound_long_inbound_ephemeral_hex"),
        (&il, &oe, "dh_inbound_long_outbound_ephemeral_hex"),
        (&oe, &ie, "dh_ephemeral_ephemeral_hex"),
    ] {
        let expected: [u8; 32] = hex_array(&auth[field]);
        assert_eq!(a.diffie_hellman(b.public_key()).unwrap().expose(), &expected, "{field}");
        assert_eq!(
            b.diffie_hellman(a.public_key()).unwrap().expose(),
            &expected,
            "{field}, from the other side"
        );
    }
    assert_eq!(ol.address().as_str(), text(&auth["outbound_address"]));
    assert_eq!(il.address().as_str(), text(&auth["inbound_address"]));
}

#[test]
fn unusable_public_keys_are_refused() {
    let mut one = [0; 32];
    one[0] = 1;
    assert_eq!(PublicKey::from_bytes(&one), Err(PublicKeyError::SmallOrder));
    // The identity with a sign bit: the same point, another encoding.
    one[31] = 0x80;
    assert_eq!(PublicKey::from_bytes(&one), Err(PublicKeyError::NotAPoint));
    // y = 2 is on no point of the curve.
    let mut two = [0; 32];
    two[0] = 2;
    assert_eq!(PublicKey::from_bytes(&two), Err(PublicKeyError::NotAPoint));
}

#[test]
fn signatures_verify_strictly() {
    let identity = Identity::generate(&mut rng(1));
    let signature = identity.sign(b"text");
    assert!(identity.public_key().verify(b"text", &signature).is_ok());
    assert!(identity.public_key().verify(b"test", &signature).is_err());
    assert!(identity.public_key().verify(b"text", &signature[..63]).is_err());
    assert!(identity.public_key().verify(b"text", &[]).is_err());
    let other = Identity::generate(&mut rng(2));
    assert_eq!(other.public_key().verify(b"text", &signature), Err(PublicKeyError::Signature));
    for byte in 0..64 {
        let mut changed = signature;
        changed[byte] ^= 1;
        assert!(identity.public_key().verify(b"text", &changed).is_err(), "byte {byte}");
    }
    // S + L is the same scalar in another encoding: a malleable signature.
    let order = hex(&"edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010".into());
    let mut malleable = signature;
    let mut carry = 0u16;
    for (s, l) in malleable[32..].iter_mut().zip(&order) {
        let sum = u16::from(*s) + u16::from(*l) + carry;
        *s = sum as u8;
        carry = sum >> 8;
    }
    assert!(identity.public_key().verify(b"text", &malleable).is_err());
}

#[test]
fn group_id_of_a_known_key() {
    let group = &model()["group"];
    let key = GroupKey::new(hex_array(&group["group_key_hex"]));
    let server = PublicKey::from_bytes(&hex_array(&group["server_public_key_hex"])).unwrap();
    let id = GroupId::derive(&key, &server);
    assert_eq!(id.to_string(), text(&group["group_id"]));
    assert_eq!(id.to_string().parse::<GroupId>(), Ok(id));
    assert_eq!(GroupId::from_bytes(*id.as_bytes()), id);
    let other = Identity::generate(&mut rng(3));
    assert_ne!(GroupId::derive(&key, other.public_key()), id);
    let another = GroupKey::generate(&mut rng(4));
    assert_ne!(GroupId::derive(&another, &server), id);
}

#[test]
fn texts_that_are_no_group_id() {
    let id = text(&model()["group"]["group_id"]);
    for wrong in ["", &id[1..], &format!("{id}0"), &id.to_uppercase(), &format!("g{}", &id[1..])] {
        assert!(wrong.parse::<GroupId>().is_err(), "{wrong}");
    }
}

#[test]
fn transcript_of_the_deployed_protocol() {
    let vector = transcript();
    let mut transcript = None;
    let mut last = [0; 64];
    for step in list(&vector["steps"]) {
        match text(&step[0]) {
            "new" => {
                assert_eq!(text(&step[1]), "label");
                transcript = Some(Transcript::with_label(b"label"));
            }
            "add" => {
                assert_eq!(text(&step[1]), "action");
                let data = text(&step[2]).strip_prefix("utf8:").unwrap();
                transcript.as_mut().unwrap().add("action", data.as_bytes());
            }
            "commit" => {
                let label = match text(&step[1]) {
                    "first commit" => "first commit",
                    "second commit" => "second commit",
                    "third commit" => "third commit",
                    other => panic!("a new label in the vectors: {other}"),
                };
                last = transcript.as_mut().unwrap().commit(label);
            }
            other => panic!("a new step in the vectors: {other}"),
        }
    }
    assert_eq!(last.as_slice(), hex(&vector["third_commit_hex"]));
}

/// A tag that was computed with another implementation of HMAC-SHA256 and of Ed25519.
#[test]
fn the_tag_of_a_log_depends_on_group_and_server() {
    let (key, server) = (GroupKey::new([7; 32]), Identity::from_seed(&[9; 32]));
    let tag = LogTag::of(&key, server.public_key());
    assert_eq!(data_encoding::HEXLOWER.encode(tag.as_bytes()), "43de574908ad672def13b14959fc4d0b");
    assert_eq!(LogTag::from_bytes(*tag.as_bytes()), tag);
    assert_ne!(LogTag::of(&GroupKey::new([8; 32]), server.public_key()), tag);
    assert_ne!(LogTag::of(&key, Identity::from_seed(&[10; 32]).public_key()), tag);
}
