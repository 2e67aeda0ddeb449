//! Answers of a log, as the values of `cwtch_wire::board`, not encoded.

use cwtch_wire::board::stream::{Encoder, Record};
use cwtch_wire::board::{EncryptedGroupMessage, LiveLog, PostLog, ReplayLog};
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
