//! Stream b1: to the byte, in any cut, and with bytes that are wrong.

use cwtch_log::BOUNDARY;
use cwtch_log::object::{CHECKPOINT_LEN, CheckpointBytes};
use cwtch_primitives::secretbox::OVERHEAD;
use cwtch_wire::board::stream::{Decoder, Encoder, Record, StreamError, read_entry, write_entry};
use cwtch_wire::board::{EncryptedGroupMessage, MESSAGE_MAX};
use cwtch_wire::group::PLAIN_SHORT;
use cwtch_wire::packet::{PACKET_LEN, SEALED_MAX};
use proptest::collection::vec;
use proptest::prelude::*;

fn message(ciphertext: usize, signature: usize) -> EncryptedGroupMessage {
    let byte = (ciphertext % 251) as u8;
    EncryptedGroupMessage { ciphertext: vec![byte; ciphertext], signature: vec![byte ^ 0xff; signature] }
}

/// Encodes entries with a boundary checkpoint wherever one belongs.
fn encode(from: u64, entries: &[EncryptedGroupMessage]) -> Vec<Vec<u8>> {
    let mut stream = vec![];
    let mut encoder = Encoder::new(from, entries.len() as u64);
    for entry in entries {
        encoder.entry(entry.borrowed(), &mut stream).unwrap();
        if encoder.boundary_due() {
            encoder.boundary(&mark(encoder.next_index()), &mut stream).unwrap();
        }
    }
    encoder.finish().unwrap();
    stream.chunks(SEALED_MAX).map(<[u8]>::to_vec).collect()
}

fn mark(size: u64) -> CheckpointBytes {
    [(size / BOUNDARY) as u8; CHECKPOINT_LEN]
}

/// The records that a stream from `from` must hold, each with the log's size before it.
fn expected(from: u64, entries: &[EncryptedGroupMessage]) -> Vec<(u64, Record)> {
    let mut records = vec![];
    for (index, entry) in (from..).zip(entries) {
        records.push((index, Record::Entry(entry.clone())));
        let size = index + 1;
        if size % BOUNDARY == 0 {
            records.push((size, Record::Boundary(Box::new(mark(size)))));
        }
    }
    records
}

fn decode<'a>(
    from: u64,
    count: u64,
    payloads: impl IntoIterator<Item = &'a [u8]>,
) -> Result<Vec<(u64, Record)>, StreamError> {
    let mut records = vec![];
    let mut decoder = Decoder::new(from, count);
    for payload in payloads {
        decoder.push(payload, &mut |size, record| records.push((size, record)))?;
    }
    if decoder.is_complete() { Ok(records) } else { Err(StreamError::Unfinished) }
}

fn slices(packets: &[Vec<u8>]) -> impl Iterator<Item = &[u8]> {
    packets.iter().map(Vec::as_slice)
}

#[test]
fn records_to_the_byte() {
    let packets = encode(255, &[message(3, 2), message(1, 1)]);
    let mut bytes = vec![
        0, 2, // signature length
        0, 3, // ciphertext length
        0xfc, 0xfc, // signature
        3, 3, 3, // ciphertext
        0, 0, 0, 113, // a boundary checkpoint
    ];
    bytes.extend([1; 113]);
    bytes.extend([0, 1, 0, 1, 0xfe, 1]);
    assert_eq!(packets, [bytes]);
    let mut record = vec![];
    write_entry(message(3, 2).borrowed(), &mut record).unwrap();
    assert_eq!(record, packets[0][..9]);
    assert_eq!(read_entry(&record), Ok(message(3, 2)));
}

#[test]
fn a_thousand_messages_of_ours_stay_below_the_limit() {
    let packets = encode(0, &vec![message(PLAIN_SHORT + OVERHEAD, 64); 1000]);
    assert!(packets.iter().rev().skip(1).all(|packet| packet.len() == SEALED_MAX));
    assert!(packets.len() * PACKET_LEN <= 2_900_000, "{}", packets.len() * PACKET_LEN);
}

#[test]
fn full_packets_and_a_last_shorter_one() {
    // Exactly one packet, and a byte more.
    for (extra, lengths) in [(0, vec![SEALED_MAX]), (1, vec![SEALED_MAX, 1])] {
        let entries = [message(4000, 64), message(SEALED_MAX - 4068 - 68 + extra, 64)];
        let packets = encode(0, &entries);
        assert_eq!(packets.iter().map(Vec::len).collect::<Vec<_>>(), lengths);
        assert_eq!(decode(0, 2, slices(&packets)), Ok(expected(0, &entries)));
    }
    assert!(encode(256, &[]).is_empty(), "nothing for no entries, also at a boundary");
    assert!(Decoder::new(256, 0).is_complete());
}

#[test]
fn a_stream_that_ends_at_a_boundary_has_its_checkpoint() {
    let entries = [message(5, 5)];
    let packets = encode(BOUNDARY - 1, &entries);
    assert_eq!(decode(BOUNDARY - 1, 1, slices(&packets)), Ok(expected(BOUNDARY - 1, &entries)));
    // Without it the stream is not complete; with something else in its place it is wrong.
    let entry = &packets[0][..14];
    assert_eq!(decode(BOUNDARY - 1, 1, [entry]), Err(StreamError::Unfinished));
    assert_eq!(decode(BOUNDARY - 1, 2, [entry, entry]), Err(StreamError::Order));
}

#[test]
fn what_is_no_stream() {
    let entry = &encode(0, &[message(5, 5)])[0];
    let mark = &encode(255, &[message(5, 5)])[0][14..];
    let joined = |parts: &[&[u8]]| parts.concat();
    let wrong = |bytes: Vec<u8>| decode(0, 1, [bytes.as_slice()]).unwrap_err();
    assert_eq!(wrong(joined(&[entry, &[0]])), StreamError::Trailing);
    assert_eq!(wrong(joined(&[entry, entry])), StreamError::Trailing);
    assert_eq!(decode(0, 1, [entry.as_slice(), &[0]]), Err(StreamError::Trailing), "in its own packet");
    assert_eq!(decode(0, 0, [entry.as_slice()]), Err(StreamError::Trailing), "none was announced");
    assert_eq!(wrong(mark.to_vec()), StreamError::Order);
    assert_eq!(wrong(entry[..entry.len() - 1].to_vec()), StreamError::Unfinished);
    let lengths = |s: u16, c: u16| [s.to_be_bytes(), c.to_be_bytes()].concat();
    let entry_length = |signature, ciphertext| StreamError::EntryLength { signature, ciphertext };
    assert_eq!(wrong(lengths(1, 0)), entry_length(1, 0));
    let most = MESSAGE_MAX as u16;
    assert_eq!(wrong(lengths(1, most)), entry_length(1, MESSAGE_MAX), "known from the lengths alone");
    assert_eq!(wrong(lengths(u16::MAX, u16::MAX)), entry_length(0xffff, 0xffff));
    assert_eq!(wrong(lengths(1, most - 1)), StreamError::Unfinished, "the most that is allowed");
    for length in [0, 112, 114] {
        let bytes = [&entry[..], &lengths(0, length)].concat();
        let wrong = decode(255, 2, [bytes.as_slice()]).unwrap_err();
        assert_eq!(wrong, StreamError::BoundaryLength(length.into()));
    }
}

#[test]
fn an_encoder_that_is_misused() {
    let mut out = vec![];
    let mut encoder = Encoder::new(254, 2);
    assert_eq!(encoder.boundary(&mark(256), &mut out), Err(StreamError::Order));
    for bad in [message(0, 5), message(5, 0), message(MESSAGE_MAX - 4, 5), message(70_000, 5)] {
        let error = encoder.entry(bad.borrowed(), &mut out).unwrap_err();
        assert!(matches!(error, StreamError::EntryLength { .. }));
        assert!(write_entry(bad.borrowed(), &mut out).is_err());
    }
    assert!(out.is_empty(), "nothing is written of what is refused");
    encoder.entry(message(5, 5).borrowed(), &mut out).unwrap();
    encoder.entry(message(5, 5).borrowed(), &mut out).unwrap();
    assert_eq!(encoder.entry(message(5, 5).borrowed(), &mut out), Err(StreamError::Order));
    assert!(encoder.boundary_due());
    assert_eq!(encoder.finish(), Err(StreamError::Unfinished));
    let mut encoder = Encoder::new(0, 0);
    assert_eq!(encoder.entry(message(5, 5).borrowed(), &mut out), Err(StreamError::Trailing));
}

#[test]
fn a_single_record_is_exact() {
    let mut record = vec![];
    write_entry(message(30, 64).borrowed(), &mut record).unwrap();
    for end in 0..record.len() {
        assert_eq!(read_entry(&record[..end]), Err(StreamError::Truncated));
    }
    record.push(0);
    assert_eq!(read_entry(&record), Err(StreamError::Trailing));
    let boundary = [&[0, 0, 0, 113][..], &[1; 113]].concat();
    assert_eq!(read_entry(&boundary), Err(StreamError::Order));
}

proptest! {
    #[test]
    fn any_cut_gives_the_same_records(
        from in 0..2 * BOUNDARY,
        lengths in vec((1..400usize, 1..80usize), 0..300),
        cuts in vec(1..2000usize, 1..20),
    ) {
        let entries: Vec<_> = lengths.iter().map(|(c, s)| message(*c, *s)).collect();
        let packets = encode(from, &entries);
        let whole = packets.concat();
        prop_assert!(packets.iter().rev().skip(1).all(|packet| packet.len() == SEALED_MAX));
        let records = expected(from, &entries);
        prop_assert_eq!(decode(from, entries.len() as u64, slices(&packets)), Ok(records.clone()));
        let (mut pieces, mut rest, mut cuts) = (vec![], whole.as_slice(), cuts.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            pieces.push(piece);
            rest = behind;
        }
        prop_assert_eq!(decode(from, entries.len() as u64, pieces.iter().copied()), Ok(records));
        // A byte less is not the end, a byte more is too much.
        if let Some((_, shorter)) = whole.split_last() {
            prop_assert_eq!(decode(from, entries.len() as u64, [shorter]), Err(StreamError::Unfinished));
        }
        pieces.push(&[0]);
        prop_assert_eq!(decode(from, entries.len() as u64, pieces), Err(StreamError::Trailing));
    }

    #[test]
    fn garbage_is_refused_or_read_back(
        from in 0..BOUNDARY, count in 0..5u64, payloads in vec(vec(any::<u8>(), 0..300), 0..5),
    ) {
        if let Ok(records) = decode(from, count, slices(&payloads)) {
            let entries = records.iter().filter(|(_, record)| matches!(record, Record::Entry(_))).count();
            prop_assert_eq!(entries as u64, count);
        }
    }
}
