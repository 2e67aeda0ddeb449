//! Packing of stored messages for a client: as deployed clients expect them, or as the log's stream.

use bytes::Bytes;
use cwtch_log::object::CheckpointBytes;
use cwtch_protocol::app::board_host::{self, BoardHost, BoardHostError};
use cwtch_wire::board::stream::Encoder;
use cwtch_wire::board::{EncryptedGroupMessage, LiveLog, MessageRef};
use cwtch_wire::packet::SEALED_MAX;

use super::tail::Payload;
use crate::store::{EntryRef, LogRecord, Seq, StoreError, StoreReader};

/// Number of packets in the largest piece, half a megabyte; of messages, where each takes a packet of its own.
pub(super) const PIECE: usize = 64;
/// Number of messages of the size that deployed clients post that fill a packet of the log's stream.
const STREAM_MESSAGES: usize = 3;
/// Bytes reserved for a message of the stream: those of deployed clients take 2,848.
const STREAM_MESSAGE: usize = 2880;

/// Format in which stored messages are packed.
#[derive(Debug)]
pub(super) enum Framing {
    /// Entries of a replay as deployed clients expect them.
    Bare,
    /// A deployed NewMessage for each message.
    NewMessage,
    /// The stream of a replay of the log.
    Stream(LogStream),
    /// A NewMessage with its place in the log for each message.
    Log(Box<LogTail>),
}

/// A stream of the log that is being written.
#[derive(Debug)]
pub(super) struct LogStream {
    encoder: Encoder,
    /// Bytes at the end of what was encoded that do not fill a packet yet.
    rest: Vec<u8>,
}

/// Newest signed state of the log, which the messages of [`Framing::Log`] lead up to.
#[derive(Debug)]
pub(super) struct LogTail {
    /// The log's size after the last of the messages.
    pub(super) size: u64,
    /// The checkpoint of that size.
    pub(super) checkpoint: CheckpointBytes,
}

/// Kind of payload as which the connection's machine takes the packed messages.
#[derive(Debug, Clone, Copy)]
pub(super) enum Form {
    Entry,
    Packet,
    Live,
}

impl Form {
    pub(super) fn give(self, host: &mut BoardHost, payload: Payload) -> Result<(), BoardHostError> {
        match self {
            Self::Entry => host.replay_entry(payload),
            Self::Packet => host.replay_packet(payload),
            Self::Live => host.new_message(payload).map(drop),
        }
    }
}

/// Some packed messages.
pub(super) struct Piece {
    /// State of the framing for the next piece.
    pub(super) framing: Framing,
    pub(super) payloads: Vec<Payload>,
    pub(super) messages: u64,
    /// Number of the first message of the next piece.
    pub(super) next: Seq,
}

impl Framing {
    pub(super) fn form(&self) -> Form {
        match self {
            Self::Bare => Form::Entry,
            Self::Stream(_) => Form::Packet,
            Self::NewMessage | Self::Log(_) => Form::Live,
        }
    }

    /// Reads the next piece of the messages `from..=to`, about `packets` packets long.
    pub(super) fn read(
        mut self,
        reader: &mut dyn StoreReader,
        from: Seq,
        to: Seq,
        packets: usize,
    ) -> Result<Piece, StoreError> {
        let mut payloads = Vec::with_capacity(packets + 1);
        let next = match &mut self {
            Self::Bare => reader.read(from, to, packets, &mut |entry| {
                payloads.push(board_host::entry(&owned(entry)));
            })?,
            Self::NewMessage => reader.read(from, to, packets, &mut |entry| {
                payloads.push(board_host::new_message(owned(entry)));
            })?,
            Self::Stream(stream) => stream.read(reader, (from, to), packets, &mut payloads)?,
            Self::Log(tail) => read_live(reader, tail, (from, to), packets, &mut payloads)?,
        };
        let messages = match &self {
            Self::Bare | Self::NewMessage => payloads.len() as u64,
            Self::Stream(_) | Self::Log(_) => u64::try_from(next - from).unwrap_or(0),
        };
        Ok(Piece { framing: self, payloads, messages, next })
    }
}

/// The error for a stored log in which a boundary checkpoint is missing, or that has an entry which no client could
/// have posted.
const BROKEN: StoreError = StoreError::Damaged { what: "its log cannot be sent" };

impl LogStream {
    /// A stream of `count` entries, the first of them at index `from`.
    pub(super) fn new(from: u64, count: u64) -> Self {
        Self { encoder: Encoder::new(from, count), rest: Vec::new() }
    }

    fn read(
        &mut self,
        reader: &mut dyn StoreReader,
        (from, to): (Seq, Seq),
        packets: usize,
        payloads: &mut Vec<Payload>,
    ) -> Result<Seq, StoreError> {
        let limit = STREAM_MESSAGES * packets;
        // What is left of the last piece is less than a packet.
        let mut bytes = Vec::with_capacity(limit * STREAM_MESSAGE + SEALED_MAX);
        bytes.append(&mut self.rest);
        let mut written = Ok(());
        let next = reader.read_log(from, to, limit, &mut |record| {
            written = written.and_then(|()| match record {
                LogRecord::Entry(entry) => self.encoder.entry(borrowed(entry), &mut bytes),
                LogRecord::Boundary(checkpoint) => self.encoder.boundary(checkpoint, &mut bytes),
            });
        })?;
        let ends = next > to;
        written.and_then(|()| if ends { self.encoder.finish() } else { Ok(()) }).map_err(|_| BROKEN)?;
        // The payloads share the buffer; nothing is copied until they are sealed.
        let mut bytes = Bytes::from(bytes);
        while bytes.len() >= SEALED_MAX {
            payloads.push(bytes.split_to(SEALED_MAX));
        }
        if ends && !bytes.is_empty() {
            payloads.push(bytes);
        } else {
            self.rest = bytes.to_vec();
        }
        Ok(next)
    }
}

fn read_live(
    reader: &mut dyn StoreReader,
    tail: &LogTail,
    (from, to): (Seq, Seq),
    limit: usize,
    payloads: &mut Vec<Payload>,
) -> Result<Seq, StoreError> {
    let mut encode = |message: MessageRef<'_>, log: &LiveLog| {
        let (first, notice) = board_host::log_message(message, log);
        payloads.extend([Some(first), notice].into_iter().flatten());
    };
    // A message is held back until it is known whether a boundary checkpoint follows it.
    let mut waiting: Option<(EncryptedGroupMessage, LiveLog)> = None;
    let next = reader.read_log(from, to, limit, &mut |record| match record {
        LogRecord::Entry(entry) => {
            if let Some((message, log)) = waiting.take() {
                encode(message.borrowed(), &log);
            }
            let index =
                tail.size.saturating_sub(1).saturating_sub(u64::try_from(to - entry.seq).unwrap_or(0));
            let checkpoint = (entry.seq == to).then_some(tail.checkpoint);
            waiting = Some((owned(entry), LiveLog { index, checkpoint, mark: None }));
        }
        LogRecord::Boundary(mark) => {
            if let Some((_, log)) = &mut waiting {
                log.mark = Some(*mark);
            }
        }
    })?;
    if let Some((message, log)) = waiting {
        encode(message.borrowed(), &log);
    }
    Ok(next)
}

fn owned(entry: EntryRef<'_>) -> EncryptedGroupMessage {
    EncryptedGroupMessage { ciphertext: entry.ciphertext.to_vec(), signature: entry.signature.to_vec() }
}

fn borrowed(entry: EntryRef<'_>) -> MessageRef<'_> {
    MessageRef { ciphertext: entry.ciphertext, signature: entry.signature }
}
