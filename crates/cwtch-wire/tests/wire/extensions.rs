//! Extensions in the padding: to the byte, beside every text, and with bytes that are wrong.

use cwtch_log::{EntryPrefix, MsgId, PREFIX_LEN};
use cwtch_primitives::secretbox::{OVERHEAD, open, seal};
use cwtch_testkit::rng;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::{
    ABANDONED_MAX, Chain, ComposeError, Composed, ESCAPED_MAX, ESCAPED_MAX_SHORT, Extensions,
    ExtensionsError, Gossip, INDEX_END, Included, PADDING_RESERVE, PARENTS_MAX, PLAIN_LONG, PLAIN_SHORT,
    Parent, REQUIRED_ROOM, compose, compose_with, extensions_room, open_and_verify,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::support::group;

const TIME: i64 = 1_700_000_000;

fn parents(count: usize) -> Vec<Parent> {
    (0..count)
        .map(|n| Parent { id: EntryPrefix::from_bytes([n as u8 + 1; 20]), index: INDEX_END - 2 - n as u64 })
        .collect()
}

/// Extensions with as much as a message can say.
fn everything() -> Extensions {
    Extensions {
        parents: parents(PARENTS_MAX),
        chain: Some(Chain { label: 7, sequence: u32::MAX, previous: EntryPrefix::from_bytes([8; 20]) }),
        gossip: Some(Gossip { incarnation: 9, size: INDEX_END - 1, root: [10; 32] }),
        abandoned: (1..=ABANDONED_MAX as u32).collect(),
        certificate: Some(Box::new([11; 186])),
    }
}

/// Extensions with everything that must never be left out.
fn required() -> Extensions {
    Extensions { abandoned: vec![], certificate: None, ..everything() }
}

fn record(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind][..], &(value.len() as u16).to_be_bytes(), value].concat()
}

/// A padding with these records and the end.
fn padding(records: &[Vec<u8>]) -> Vec<u8> {
    [b"CWX1".to_vec(), records.concat(), vec![0]].concat()
}

fn write(extensions: &Extensions, text: &str, seed: u64) -> Result<Composed, ComposeError> {
    let group = group();
    let rng = &mut rng(seed);
    compose_with(group.context(), &group.author, text, TIME, &[9; 64], extensions, rng)
}

#[test]
fn every_record_to_the_byte() {
    let extensions = Extensions {
        parents: vec![
            Parent { id: EntryPrefix::from_bytes([1; 20]), index: 0x0102_0304_0506 },
            Parent { id: EntryPrefix::from_bytes([2; 20]), index: 3 },
        ],
        chain: Some(Chain { label: 0x0a0b_0c0d, sequence: 5, previous: EntryPrefix::from_bytes([4; 20]) }),
        gossip: Some(Gossip { incarnation: 0x0a, size: 0x0102_0304_0507, root: [5; 32] }),
        abandoned: vec![2, 3],
        certificate: Some(Box::new([6; 186])),
    };
    let parents = [&[1; 20][..], &[1, 2, 3, 4, 5, 6], &[2; 20], &[0, 0, 0, 0, 0, 3]].concat();
    let chain = [&[0x0a, 0x0b, 0x0c, 0x0d, 0, 0, 0, 5][..], &[4; 20]].concat();
    let gossip = [&[0, 0, 0, 0, 0, 0, 0, 0x0a, 1, 2, 3, 4, 5, 7][..], &[5; 32]].concat();
    let bytes = padding(&[
        record(1, &parents),
        record(2, &chain),
        record(3, &gossip),
        record(4, &[0, 0, 0, 2, 0, 0, 0, 3]),
        record(5, &[6; 186]),
    ]);
    let (encoded, included) = extensions.encode(bytes.len()).unwrap();
    assert_eq!(encoded, bytes);
    assert_eq!(included, Included { abandoned: 2, certificate: true });
    // Whatever follows the end is random.
    assert_eq!(Extensions::decode(&[&bytes[..], b"CWX1..."].concat()), Some(extensions));
    assert_eq!(Extensions::default().encode(5).unwrap().0, padding(&[]));
    assert_eq!(Extensions::decode(&padding(&[])), Some(Extensions::default()));
}

#[test]
fn parents_chain_and_gossip_fit_beside_any_text() {
    let largest = required().encode(PADDING_RESERVE).unwrap().0;
    assert_eq!(largest.len(), REQUIRED_ROOM);
    let no_room = ExtensionsError::NoRoom { room: REQUIRED_ROOM - 1, needed: REQUIRED_ROOM };
    assert_eq!(everything().encode(REQUIRED_ROOM - 1), Err(no_room));

    let text = |escaped: usize| "<".repeat(escaped / 6) + &"x".repeat(escaped % 6);
    for length in [0, 1, ESCAPED_MAX_SHORT, ESCAPED_MAX_SHORT + 1, ESCAPED_MAX - 1, ESCAPED_MAX] {
        let text = text(length);
        let sent = write(&everything(), &text, 1).unwrap();
        let read = open_and_verify(group().context(), &sent.message).unwrap().extensions().unwrap();
        let kept = Extensions {
            abandoned: read.abandoned.clone(),
            certificate: read.certificate.clone(),
            ..everything()
        };
        assert_eq!(read, kept, "{length}");
        assert_eq!(read.abandoned.len(), sent.included.abandoned);
        assert_eq!(read.certificate.is_some(), sent.included.certificate);
        let room = extensions_room(&text, TIME, &[9; 64]).unwrap();
        assert!(room >= PADDING_RESERVE, "{length}: {room}");
        assert_eq!(sent.included.certificate, room >= REQUIRED_ROOM + 35 + 189, "{length}");
    }
    let tight = write(&everything(), &text(ESCAPED_MAX), 1).unwrap();
    assert_eq!(tight.included, Included { abandoned: 1, certificate: false });
    let roomy = write(&everything(), "", 1).unwrap();
    assert_eq!(roomy.included, Included { abandoned: ABANDONED_MAX, certificate: true });
}

#[test]
fn the_certificate_goes_first_then_abandoned_numbers_from_the_last() {
    let included = |room| everything().encode(room).unwrap().1;
    for room in REQUIRED_ROOM..REQUIRED_ROOM + 300 {
        let more = room - REQUIRED_ROOM;
        let abandoned = more.saturating_sub(3).div_euclid(4).min(ABANDONED_MAX);
        let certificate = more >= 35 + 189;
        assert_eq!(included(room), Included { abandoned, certificate }, "{more}");
        let (bytes, _) = everything().encode(room).unwrap();
        assert!(bytes.len() <= room);
        let read = Extensions::decode(&bytes).unwrap();
        assert_eq!(read.abandoned, everything().abandoned[..abandoned]);
    }
    // More than one message takes: the first of them.
    let many = Extensions { abandoned: (1..100).collect(), ..Extensions::default() };
    let (bytes, included) = many.encode(1000).unwrap();
    assert_eq!(included.abandoned, ABANDONED_MAX);
    assert_eq!(Extensions::decode(&bytes).unwrap().abandoned, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn what_cannot_be_written() {
    let error = |extensions: Extensions| extensions.encode(1000).unwrap_err();
    let gossip = |size| Some(Gossip { incarnation: 1, size, root: [0; 32] });
    let with = |parents, gossip| Extensions { parents, gossip, ..Extensions::default() };
    assert_eq!(error(with(parents(5), None)), ExtensionsError::TooManyParents(5));
    let far = vec![Parent { id: EntryPrefix::NONE, index: INDEX_END }];
    assert_eq!(error(with(far, None)), ExtensionsError::Index);
    assert_eq!(
        error(with(vec![Parent { id: EntryPrefix::NONE, index: INDEX_END - 1 }], gossip(INDEX_END))),
        ExtensionsError::Index
    );
    for (parents, gossip) in
        [(vec![], gossip(0)), (parents(1), gossip(1)), (parents(2), gossip(INDEX_END - 2))]
    {
        assert_eq!(error(with(parents, gossip)), ExtensionsError::GossipSize);
    }
    let chain = Some(Chain { label: 0, sequence: 0, previous: EntryPrefix::NONE });
    assert_eq!(error(Extensions { chain, ..Extensions::default() }), ExtensionsError::Sequence);
    assert_eq!(error(Extensions { abandoned: vec![0], ..Extensions::default() }), ExtensionsError::Sequence);
    let wrong = write(&with(parents(5), None), "x", 1).unwrap_err();
    assert_eq!(wrong, ComposeError::Extensions(ExtensionsError::TooManyParents(5)));
}

#[test]
fn what_is_malformed_is_no_extension() {
    let good = everything().encode(1000).unwrap().0;
    assert!(Extensions::decode(&good).is_some());
    assert!((0..good.len()).all(|end| Extensions::decode(&good[..end]).is_none()), "cut anywhere");
    for bytes in [&b""[..], b"CWX", b"CWX2\0", b"cwx1\0", b"random bytes"] {
        assert_eq!(Extensions::decode(bytes), None);
    }
    let parent = [7; 26];
    let chain = [1; 28];
    let gossip = [&[0; 8][..], &[7, 7, 7, 7, 7, 8], &[1; 32]].concat();
    let certificate = [6; 186];
    let none = |records: &[Vec<u8>]| assert_eq!(Extensions::decode(&padding(records)), None, "{records:?}");
    let some = |records: &[Vec<u8>]| assert!(Extensions::decode(&padding(records)).is_some(), "{records:?}");
    // Lengths.
    some(&[record(1, &[])]);
    some(&[record(1, &parent.repeat(4))]);
    none(&[record(1, &parent.repeat(5))]);
    for (kind, value) in [(1, &parent[..]), (2, &chain), (5, &certificate), (4, &[1; 32])] {
        some(&[record(kind, value)]);
        none(&[record(kind, &value[1..])]);
        none(&[record(kind, &[value, &[1]].concat())]);
        none(&[record(kind, value), record(kind, value)]);
    }
    some(&[record(4, &[])]);
    none(&[record(4, &[1; 36])]);
    none(&[record(2, &[])]);
    // Values.
    some(&[record(1, &parent), record(3, &gossip)]);
    some(&[record(3, &gossip), record(1, &parent)]);
    none(&[record(3, &gossip)]);
    none(&[record(1, &[6; 26]), record(3, &gossip)]);
    none(&[record(2, &[&[1, 1, 1, 1, 0, 0, 0, 0][..], &[1; 20]].concat())]);
    none(&[record(4, &[0; 4])]);
    // What is not known is passed over, as often as it comes, but must end.
    let unknown = Extensions::decode(&padding(&[
        record(6, &[1; 9]),
        record(200, &[]),
        record(6, &[]),
        record(2, &chain),
    ]));
    assert!(unknown.unwrap().chain.is_some());
    assert_eq!(Extensions::decode(b"CWX1\x09\x00\x05ab\0"), None);
    let endless = [b"CWX1".to_vec(), record(9, &[0; 5])].concat();
    assert_eq!(Extensions::decode(&endless), None, "no end");
}

#[test]
fn a_message_of_the_same_length_and_beginning() {
    let group = group();
    for text in ["", "hello", &"<".repeat(600)] {
        let plain = compose(group.context(), &group.author, text, TIME, &[9; 64], &mut rng(3)).unwrap();
        let with = write(&everything(), text, 3).unwrap().message;
        assert_eq!(plain.ciphertext.len(), with.ciphertext.len());
        // With the same randomness they differ in the padding alone.
        let read = |message| open_and_verify(group.context(), message).unwrap();
        let (plain, with) = (read(&plain), read(&with));
        assert_eq!(
            (plain.text(), plain.timestamp(), plain.previous()),
            (with.text(), with.timestamp(), with.previous())
        );
        let used = with.padding().len()
            - plain
                .padding()
                .iter()
                .rev()
                .zip(with.padding().iter().rev())
                .take_while(|(a, b)| a == b)
                .count();
        assert!(used.abs_diff(everything().encode(with.padding().len()).unwrap().0.len()) <= 2, "{used}");
        assert!(plain.extensions().is_none() && with.extensions().is_some());
    }
}

#[test]
fn copies_of_a_message_have_one_id() {
    let group = group();
    let sent = write(&everything(), "hello", 4).unwrap();
    let plain = open(&group.key, &sent.message.ciphertext).unwrap();
    let hash = Sha256::new_with_prefix("cwtch-msg/1").chain_update(group.id.as_bytes()).chain_update(&plain);
    let expected = MsgId::from_bytes(hash.finalize().into());
    assert_eq!(sent.id, expected);
    let read = |message: &EncryptedGroupMessage| open_and_verify(group.context(), message).unwrap().msg_id();
    assert_eq!(read(&sent.message), expected);
    // Another box around the same words; other JSON that says the same.
    let spaced = String::from_utf8(plain.clone()).unwrap().replacen("{\"Text\":", "{ \"text\" : ", 1);
    for words in [plain, spaced.into_bytes()] {
        let ciphertext = seal(&group.key, &words, &mut rng(5));
        let copy = EncryptedGroupMessage { ciphertext, signature: sent.message.signature.clone() };
        assert_ne!(copy, sent.message);
        assert_eq!(read(&copy), expected);
    }
    let other = write(&everything(), "hello", 6).unwrap();
    assert_ne!(other.id, expected, "the padding is a part of it");
    assert_eq!(format!("{other:?}").matches('…').count(), 1, "{other:?}");
}

fn prefix() -> impl Strategy<Value = EntryPrefix> {
    any::<[u8; PREFIX_LEN]>().prop_map(EntryPrefix::from_bytes)
}

prop_compose! {
    fn any_extensions()(
        parents in vec((prefix(), 0..INDEX_END - 1), 0..=PARENTS_MAX),
        chain in option::of((any::<u32>(), 1..=u32::MAX, prefix())),
        gossip in option::of((any::<u64>(), any::<[u8; 32]>())),
        abandoned in vec(1..=u32::MAX, 0..=ABANDONED_MAX),
        certificate in option::of(any::<u8>()),
    ) -> Extensions {
        let parents: Vec<_> = parents.into_iter().map(|(id, index)| Parent { id, index }).collect();
        let newest = parents.iter().map(|p| p.index + 1).max();
        Extensions {
            chain: chain.map(|(label, sequence, previous)| Chain { label, sequence, previous }),
            gossip: gossip.zip(newest).map(|((incarnation, root), size)| Gossip { incarnation, size, root }),
            parents, abandoned,
            certificate: certificate.map(|byte| Box::new([byte; 186])),
        }
    }
}

proptest! {
    #[test]
    fn extensions_survive(extensions in any_extensions(), room in REQUIRED_ROOM..600, behind in vec(any::<u8>(), 0..50)) {
        let (mut bytes, included) = extensions.encode(room).unwrap();
        prop_assert!(bytes.len() <= room);
        bytes.extend(behind);
        let mut expected = extensions;
        expected.abandoned.truncate(included.abandoned);
        if !included.certificate {
            expected.certificate = None;
        }
        prop_assert_eq!(Extensions::decode(&bytes), Some(expected));
    }

    #[test]
    fn a_message_with_extensions_has_its_length_and_room(
        extensions in any_extensions(), length in 0..=1800usize, escapes in 0..600usize,
        timestamp in 1_000_000_000..9_999_999_999i64, first: bool,
    ) {
        let group = group();
        let text = "<".repeat(escapes) + &"x".repeat(length.saturating_sub(escapes));
        let previous: &[u8] = if first { &[] } else { &[9; 64] };
        let room = extensions_room(&text, timestamp, previous).unwrap();
        prop_assert!(room >= PADDING_RESERVE);
        let sent = compose_with(
            group.context(), &group.author, &text, timestamp, previous, &extensions, &mut rng(7),
        ).unwrap();
        let escaped = text.len() + 5 * escapes;
        let total = if escaped <= ESCAPED_MAX_SHORT { PLAIN_SHORT } else { PLAIN_LONG };
        prop_assert_eq!(sent.message.ciphertext.len(), total + OVERHEAD);
        let read = open_and_verify(group.context(), &sent.message).unwrap();
        prop_assert_eq!(read.padding().len(), room);
        let found = read.extensions().unwrap();
        prop_assert_eq!((found.parents, found.chain, found.gossip), (extensions.parents, extensions.chain, extensions.gossip));
    }

    #[test]
    fn decoding_is_total(bytes in vec(any::<u8>(), 0..300)) {
        let padding = [&b"CWX1"[..], &bytes].concat();
        for padding in [&bytes, &padding] {
            if let Some(read) = Extensions::decode(padding) {
                let (again, _) = read.encode(1000).unwrap();
                prop_assert_eq!(Extensions::decode(&again), Some(read));
            }
        }
    }
}
