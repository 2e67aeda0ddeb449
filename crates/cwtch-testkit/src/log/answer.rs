//! Answers of a log, as the values of `cwtch_wire::board`, not encoded.

use cwtch_wire::board::stream::{Encoder, Record};
use cwtch_wire::board::{EncryptedGroupMessage, LiveLog, PostLog, ReplayLog, ServerMessage};
use cwtch_wire::packet::SEALED_MAX;

/// A ReplayResult and its stream.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The `Log` object.
    pub log: ReplayLog,
    /// `NumMessages`: the entries in `records`.
    pub count: u64,
    /// The entries and boundary checkpoints, in the stream's order.
    pub records: Vec<Record>,
}

impl Reply {
    /// The payloads of the packets that follow the ReplayResult.
    ///
    /// # Panics
    /// If the records are not in the order of a stream: such a reply is not encodable.
    pub fn payloads(&self) -> Vec<Vec<u8>> {
        let from = self.log.start.as_ref().map_or(0, |start| start.from);
        let mut stream = Vec::new();
        let mut encoder = Encoder::new(from, self.count);
        for record in &self.records {
            match record {
                Record::Entry(entry) => {
                    encoder.entry(entry.borrowed(), &mut stream).expect("an entry is due")
                }
                Record::Boundary(boundary) => {
                    encoder.boundary(boundary, &mut stream).expect("a boundary is due");
                }
            }
        }
        encoder.finish().expect("as many entries as announced");
        stream.chunks(SEALED_MAX).map(<[u8]>::to_vec).collect()
    }

    /// The ReplayResult, and what follows it with each record in a payload of its own, for connections that end between two
    /// of them.
    ///
    /// # Panics
    /// If the records are not in the order of a stream.
    pub fn one_by_one(&self) -> Vec<Vec<u8>> {
        let log = Box::new(self.log.clone());
        let mut payloads = vec![ServerMessage::LogReplayResult { count: self.count, log }.to_json()];
        let start = self.log.start.as_ref();
        let mut encoder = Encoder::new(start.map_or(0, |start| start.from), self.count);
        payloads.extend(self.records.iter().map(|record| {
            let mut bytes = Vec::new();
            match record {
                Record::Entry(entry) if start.is_none() => bytes = entry.to_json(),
                Record::Entry(entry) => encoder.entry(entry.borrowed(), &mut bytes).expect("an entry is due"),
                Record::Boundary(boundary) => {
                    encoder.boundary(boundary, &mut bytes).expect("a boundary is due");
                }
            }
            bytes
        }));
        payloads
    }
}

/// A NewMessage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Live {
    /// The message.
    pub message: EncryptedGroupMessage,
    /// Its `Log` object.
    pub log: LiveLog,
}

/// The result of a commit: everything that may be sent after it, and not before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// The answer to each post, in the order in which they were given.
    pub answers: Vec<PostLog>,
    /// The messages for those who are synced.
    pub live: Vec<Live>,
}
