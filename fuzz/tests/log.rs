//! The formats of the verifiable log in `cwtch-wire`: never a panic, and what is accepted survives writing and
//! reading.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use bolero::check;
use cwtch_fuzz::edited;
use cwtch_wire::packet::PACKET_LEN;

/// Inputs for each target without `cargo bolero`, where nothing else ends it.
const ITERATIONS: usize = 4_000;

/// Gives `target` the input as it is, and a correct `sample` with the edits that the input describes.
fn run(sample: &[u8], target: impl Fn(&[u8]) + core::panic::RefUnwindSafe) {
    check!().with_iterations(ITERATIONS).with_max_len(PACKET_LEN).for_each(|input: &[u8]| {
        target(input);
        target(&edited(sample, input));
    });
}

mod board {
    use super::*;
    use cwtch_wire::board::{
        Certificates, ClientMessage, HeadLog, HeadState, LiveLog, PostLog, ReplayLog, ReplayStart,
        ServerMessage, Skipped,
    };

    fn request(input: &[u8]) {
        if let Ok(Some(message)) = ClientMessage::from_json(input) {
            assert_eq!(ClientMessage::from_json(&message.to_json()), Ok(Some(message)));
        }
    }

    fn answer(input: &[u8]) {
        if let Ok(Some(message)) = ServerMessage::from_json(input) {
            assert_eq!(ServerMessage::from_json(&message.to_json()), Ok(Some(message)));
        }
    }

    fn certificates() -> Certificates {
        Certificates { current: [1; 186], earlier: vec![[2; 186]] }
    }

    #[test]
    fn replay_request() {
        run(&ClientMessage::Replay { last_commit: None, log: Some(64) }.to_json(), request);
    }

    #[test]
    fn proof_request() {
        run(&ClientMessage::LogProof { from: 64, size: 128 }.to_json(), request);
    }

    #[test]
    fn replay_result() {
        let start = ReplayStart {
            checkpoint: [3; 113],
            policy: [4; 96],
            from: 65,
            retain: Some([5; 120]),
            skipped: Some(Skipped { frontier: vec![6; 64], proof: vec![7; 32] }),
        };
        let log = Box::new(ReplayLog { certificates: certificates(), start: Some(start) });
        run(&ServerMessage::LogReplayResult { count: 3, log }.to_json(), answer);
    }

    #[test]
    fn post_result() {
        run(&ServerMessage::LogPostResult(PostLog::Receipt(vec![8; 153])).to_json(), answer);
    }

    #[test]
    fn live() {
        let log = Box::new(LiveLog { index: 255, checkpoint: Some([3; 113]), mark: Some([9; 113]) });
        run(&ServerMessage::LogNewMessage { message: None, log }.to_json(), answer);
    }

    #[test]
    fn head() {
        let state =
            HeadState { checkpoint: [3; 113], policy: [4; 96], retain: Some([5; 120]), mark: Some([9; 113]) };
        let log = Box::new(HeadLog { certificates: certificates(), state: Some(state) });
        run(&ServerMessage::LogHead(log).to_json(), answer);
    }

    #[test]
    fn proof() {
        run(&ServerMessage::LogProof { from: 64, size: 128, proof: vec![7; 64] }.to_json(), answer);
    }
}

mod stream {
    use super::*;
    use cwtch_wire::board::EncryptedGroupMessage;
    use cwtch_wire::board::stream::{Decoder, Encoder, Record, read_entry, write_entry};

    const FROM: u64 = 255;
    const COUNT: u64 = 2;

    /// Writes records as one byte string.
    fn write(records: &[Record]) -> Vec<u8> {
        let mut out = vec![];
        let mut encoder = Encoder::new(FROM, COUNT);
        for record in records {
            match record {
                Record::Entry(message) => encoder.entry(message.borrowed(), &mut out).unwrap(),
                Record::Boundary(checkpoint) => encoder.boundary(checkpoint, &mut out).unwrap(),
            }
        }
        encoder.finish().unwrap();
        out
    }

    fn sample() -> Vec<Record> {
        let entry = |n| EncryptedGroupMessage { ciphertext: vec![n; 50], signature: vec![n; 64] };
        vec![Record::Entry(entry(1)), Record::Boundary(Box::new([2; 113])), Record::Entry(entry(3))]
    }

    #[test]
    fn records() {
        run(&write(&sample()), |input| {
            let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
                let mut records = vec![];
                let mut decoder = Decoder::new(FROM, COUNT);
                for piece in pieces {
                    decoder.push(piece, &mut |_, record| records.push(record)).ok()?;
                }
                decoder.is_complete().then_some(records)
            };
            let whole = read(&mut core::iter::once(input));
            let first = input.first().map_or(1, |n| usize::from(*n) + 1);
            assert_eq!(whole, read(&mut input.chunks(first)), "whatever the cut");
            if let Some(records) = whole {
                assert_eq!(write(&records), input);
            }
        });
    }

    #[test]
    fn single_entry() {
        run(&[0, 2, 0, 3, 1, 1, 2, 2, 2], |input| {
            if let Ok(message) = read_entry(input) {
                let mut again = vec![];
                write_entry(message.borrowed(), &mut again).unwrap();
                assert_eq!(again, input);
            }
        });
    }
}

mod group {
    use super::*;
    use cwtch_log::object::CERTIFICATE_LEN;
    use cwtch_log::{EntryPrefix, PREFIX_LEN};
    use cwtch_wire::group::{Chain, Extensions, Gossip, Parent};

    fn entry(n: u8) -> EntryPrefix {
        EntryPrefix::from_bytes([n; PREFIX_LEN])
    }

    #[test]
    fn extensions() {
        let sample = Extensions {
            parents: vec![Parent { id: entry(1), index: 6 }, Parent { id: entry(2), index: 5 }],
            chain: Some(Chain { label: 3, sequence: 4, previous: entry(5) }),
            gossip: Some(Gossip { incarnation: 6, size: 7, root: [8; 32] }),
            abandoned: vec![2, 3],
            certificate: Some(Box::new([9; CERTIFICATE_LEN])),
        };
        run(&sample.encode(600).unwrap().0, |input| {
            let padding = [b"CWX1", input].concat();
            for padding in [input, &padding] {
                if let Some(extensions) = Extensions::decode(padding) {
                    let (again, _) = extensions.encode(600).unwrap();
                    assert_eq!(Extensions::decode(&again), Some(extensions));
                }
            }
        });
    }
}

mod peer {
    use super::*;
    use cwtch_primitives::group::LogTag;
    use cwtch_wire::board::EncryptedGroupMessage;
    use cwtch_wire::peer_log::{Compare, Have, Mismatch, Want};

    fn target(input: &[u8]) {
        if let Ok(read) = Compare::from_bytes(input) {
            assert_eq!(read.to_bytes(), input);
        }
        if let Ok(read) = Mismatch::from_bytes(input) {
            assert_eq!(read.to_bytes(), input);
        }
        if let Ok(read) = Want::from_bytes(input) {
            assert_eq!(read.to_bytes(), input);
        }
        if let Ok(read) = Have::from_bytes(input) {
            assert_eq!(read.to_bytes().unwrap(), input);
        }
    }

    #[test]
    fn comparison() {
        let tag = LogTag::from_bytes([1; 16]);
        run(&Compare { tag, incarnation: 1, size: 256, root: [2; 32] }.to_bytes(), target);
    }

    #[test]
    fn entry() {
        let message = EncryptedGroupMessage { ciphertext: vec![3; 50], signature: vec![4; 64] };
        run(&Have { tag: LogTag::from_bytes([1; 16]), message }.to_bytes().unwrap(), target);
    }
}
