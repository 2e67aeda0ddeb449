//! How stored messages are packed for a client: as deployed clients have them, or as the log.

use cwtch_protocol::app::board_host::{self, BoardHost, BoardHostError};
use cwtch_wire::board::stream::Encoder;
use cwtch_wire::board::{CheckpointBytes, EncryptedGroupMessage, LiveLog, MessageRef};

use super::tail::Payload;
use crate::store::{EntryRef, LogRecord, Seq, StoreError, StoreReader};

/// Messages in a piece where each is a packet: half a megabyte.
const PIECE: usize = 64;
/// Messages in a piece of the log's stream: as many packets, where messages are those of deployed clients.
const STREAM_PIECE: usize = 3 * PIECE;

/// How stored messages are packed.
#[derive(Debug)]
pub(super) enum Framing {
    /// As the entries of a deployed replay.
    Bare,
    /// Each as a deployed NewMessage.
    NewMessage,
    /// As the stream of a replay of the log.
    Stream(Box<Encoder>),
    /// Each as a NewMessage with its place in the log.
    Log(Box<LogTail>),
}

/// What the messages of [`Framing::Log`] lead to.
#[derive(Debug)]
pub(super) struct LogTail {
    /// The log's size behind the last one.
    pub(super) size: u64,
    /// The checkpoint of that size.
    pub(super) checkpoint: CheckpointBytes,
}

/// What the connection's machine takes the payloads as.
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

/// Some messages, packed.
pub(super) struct Piece {
    /// For the next piece.
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

    /// Reads the next piece of the messages `from..=to`.
    pub(super) fn read(
        mut self,
        reader: &mut dyn StoreReader,
        from: Seq,
        to: Seq,
    ) -> Result<Piece, StoreError> {
        let mut payloads = Vec::with_capacity(PIECE + 1);
        let next = match &mut self {
            Self::Bare => reader.read(from, to, PIECE, &mut |entry| {
                payloads.push(board_host::entry(&owned(entry)));
            })?,
            Self::NewMessage => reader.read(from, to, PIECE, &mut |entry| {
                payloads.push(board_host::new_message(owned(entry)));
            })?,
            Self::Stream(encoder) => read_stream(reader, encoder, from, to, &mut payloads)?,
            Self::Log(tail) => read_live(reader, tail, from, to, &mut payloads)?,
        };
        let messages = match &self {
            Self::Bare | Self::NewMessage => payloads.len() as u64,
            Self::Stream(_) | Self::Log(_) => u64::try_from(next - from).unwrap_or(0),
        };
        if let Self::Stream(encoder) = &mut self
            && next > to
        {
            let encoder = std::mem::replace(encoder, Box::new(Encoder::new(0, 0)));
            encoder.finish(&mut |packet| payloads.push(packet.into())).map_err(|_| BROKEN)?;
        }
        Ok(Piece { framing: self, payloads, messages, next })
    }
}

/// A boundary checkpoint is missing, or an entry is one that no client could have posted.
const BROKEN: StoreError = StoreError::Damaged { what: "its log cannot be sent" };

fn read_stream(
    reader: &mut dyn StoreReader,
    encoder: &mut Encoder,
    from: Seq,
    to: Seq,
    payloads: &mut Vec<Payload>,
) -> Result<Seq, StoreError> {
    let mut written = Ok(());
    let next = reader.read_log(from, to, STREAM_PIECE, &mut |record| {
        let send = &mut |packet: &[u8]| payloads.push(packet.into());
        written = written.and_then(|()| match record {
            LogRecord::Entry(entry) => encoder.entry(borrowed(entry), send),
            LogRecord::Boundary(checkpoint) => encoder.boundary(checkpoint, send),
        });
    })?;
    written.map_err(|_| BROKEN)?;
    Ok(next)
}

fn read_live(
    reader: &mut dyn StoreReader,
    tail: &LogTail,
    from: Seq,
    to: Seq,
    payloads: &mut Vec<Payload>,
) -> Result<Seq, StoreError> {
    let mut encode = |message: MessageRef<'_>, log: &LiveLog| {
        let (first, notice) = board_host::log_message(message, log);
        payloads.extend([Some(first), notice].into_iter().flatten());
    };
    // A message waits for the checkpoint that may follow it.
    let mut waiting: Option<(EncryptedGroupMessage, LiveLog)> = None;
    let next = reader.read_log(from, to, PIECE, &mut |record| match record {
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
