//! Messages of contacts about a log: to the byte, and with bytes that are wrong.

use cwtch_log::EntryPrefix;
use cwtch_primitives::group::LogTag;
use cwtch_primitives::secretbox::OVERHEAD;
use cwtch_wire::board::EncryptedGroupMessage;
use cwtch_wire::group::PLAIN_MAX;
use cwtch_wire::peer::{PeerMessage, PeerVersion};
use cwtch_wire::peer_log::{
    BoundaryEvidence, CONTEXT_LOG_COMPARE, CONTEXT_LOG_HAVE, CONTEXT_LOG_MISMATCH, CONTEXT_LOG_WANT, Compare,
    Have, Mismatch, Want,
};
use proptest::collection::vec;
use proptest::prelude::*;

const TAG: LogTag = LogTag::from_bytes([1; 16]);

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[test]
fn each_to_the_byte() {
    let compare = Compare { tag: TAG, incarnation: 0x0102, size: 0x0304, root: [2; 32] };
    let bytes = joined(&[&[1; 16], &[0, 0, 0, 0, 0, 0, 1, 2], &[0, 0, 0, 0, 0, 0, 3, 4], &[2; 32]]);
    assert_eq!(compare.to_bytes(), bytes);
    assert_eq!(Compare::from_bytes(&bytes), Ok(compare));

    let evidence = Box::new(BoundaryEvidence { checkpoint: [3; 113], certificate: [4; 186] });
    let mismatch = Mismatch { tag: TAG, evidence: Some(evidence) };
    let bytes = joined(&[&[1; 16], &[3; 113], &[4; 186]]);
    assert_eq!(mismatch.to_bytes(), bytes);
    assert_eq!(Mismatch::from_bytes(&bytes), Ok(mismatch));
    let empty_handed = Mismatch { tag: TAG, evidence: None };
    assert_eq!(empty_handed.to_bytes(), [1; 16]);
    assert_eq!(Mismatch::from_bytes(&[1; 16]), Ok(empty_handed));

    let want = Want { tag: TAG, entry: EntryPrefix::from_bytes([5; 20]) };
    let bytes = joined(&[&[1; 16], &[5; 20]]);
    assert_eq!(want.to_bytes(), bytes);
    assert_eq!(Want::from_bytes(&bytes), Ok(want));

    let message = EncryptedGroupMessage { ciphertext: vec![7; 3], signature: vec![6; 2] };
    let have = Have { tag: TAG, message };
    let bytes = joined(&[&[1; 16], &[0, 2, 0, 3], &[6; 2], &[7; 3]]);
    assert_eq!(have.to_bytes(), Ok(bytes.clone()));
    assert_eq!(Have::from_bytes(&bytes), Ok(have));
}

#[test]
fn a_byte_more_or_less_is_malformed() {
    for length in 0..400 {
        let data = vec![0; length];
        assert_eq!(Compare::from_bytes(&data).is_ok(), length == 64, "{length}");
        assert_eq!(Mismatch::from_bytes(&data).is_ok(), matches!(length, 16 | 315), "{length}");
        assert_eq!(Want::from_bytes(&data).is_ok(), length == 36, "{length}");
        assert!(Have::from_bytes(&data).is_err(), "{length}");
    }
    let message = EncryptedGroupMessage { ciphertext: vec![7; 50], signature: vec![6; 64] };
    let bytes = Have { tag: TAG, message }.to_bytes().unwrap();
    assert!((0..bytes.len()).all(|end| Have::from_bytes(&bytes[..end]).is_err()));
    assert!(Have::from_bytes(&joined(&[&bytes, &[0]])).is_err());
    // A size that no log has.
    let mut compare = vec![0; 64];
    compare[24] = 1;
    assert!(Compare::from_bytes(&compare).is_err());
    let nothing = EncryptedGroupMessage { ciphertext: vec![], signature: vec![1] };
    assert!(Have { tag: TAG, message: nothing }.to_bytes().is_err());
}

#[test]
fn the_longest_entry_fits_a_peer_message() {
    let message = EncryptedGroupMessage { ciphertext: vec![7; PLAIN_MAX + OVERHEAD], signature: vec![6; 64] };
    let data = Have { tag: TAG, message }.to_bytes().unwrap();
    for version in [PeerVersion::V1, PeerVersion::V2] {
        let id = "0123456789abcdef0123456789abcdef";
        let sent = PeerMessage::new(id, CONTEXT_LOG_HAVE, data.clone());
        let payload = sent.encode(version).unwrap();
        assert_eq!(PeerMessage::decode(&payload, version), Ok(sent));
    }
    for context in [CONTEXT_LOG_COMPARE, CONTEXT_LOG_MISMATCH, CONTEXT_LOG_WANT] {
        assert!(PeerMessage::new("1", context, [1]).encode(PeerVersion::V2).is_ok());
    }
}

#[test]
fn nothing_of_it_is_shown() {
    let compare = Compare { tag: TAG, incarnation: 77, size: 77, root: [77; 32] };
    let message = EncryptedGroupMessage { ciphertext: vec![77; 50], signature: vec![77; 64] };
    let (want, have) =
        (Want { tag: TAG, entry: EntryPrefix::from_bytes([77; 20]) }, Have { tag: TAG, message });
    let evidence = Box::new(BoundaryEvidence { checkpoint: [77; 113], certificate: [77; 186] });
    let shown = format!("{compare:?}{want:?}{have:?}{evidence:?}{:?}", Mismatch { tag: TAG, evidence: None });
    assert!(!shown.contains("77"), "{shown}");
}

proptest! {
    #[test]
    fn what_is_read_is_written_the_same(data in vec(any::<u8>(), 0..400)) {
        if let Ok(read) = Compare::from_bytes(&data) {
            prop_assert_eq!(read.to_bytes(), data.clone());
        }
        if let Ok(read) = Mismatch::from_bytes(&data) {
            prop_assert_eq!(read.to_bytes(), data.clone());
        }
        if let Ok(read) = Want::from_bytes(&data) {
            prop_assert_eq!(read.to_bytes(), data.clone());
        }
        if let Ok(read) = Have::from_bytes(&data) {
            prop_assert_eq!(read.to_bytes(), Ok(data));
        }
    }
}
