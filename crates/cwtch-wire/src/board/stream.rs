//! Stream b1: the entries of a replay in binary, cut across full packets (section 5 of `docs/verifiable-log.md`).
//!
//! Both directions know from the sizes which record must come next, so a stream has one form: each entry that
//! completes a boundary is followed by its checkpoint, and nothing follows the last record.

use core::fmt;

use cwtch_log::BOUNDARY;
use cwtch_log::object::{CHECKPOINT_LEN, CheckpointBytes};

use super::{EncryptedGroupMessage, MESSAGE_MAX, MessageRef};

/// Bytes of the two lengths before a record.
const HEADER: usize = 4;

/// Fault of a stream, or of an attempt to write one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StreamError {
    /// An entry is one that no board can have.
    #[error(
        "an entry has a signature of {signature} and a ciphertext of {ciphertext} bytes; both have at least one, \
         together at most 6111"
    )]
    EntryLength {
        /// Length of the signature in bytes.
        signature: usize,
        /// Length of the ciphertext in bytes.
        ciphertext: usize,
    },
    /// A boundary checkpoint has the wrong length.
    #[error("a boundary checkpoint has {CHECKPOINT_LEN} bytes, this one {0}")]
    BoundaryLength(usize),
    /// A record is of the wrong kind: a boundary checkpoint is left out, or is where none belongs.
    #[error("the log's entries and boundary checkpoints are not in their order")]
    Order,
    /// Something follows the last record.
    #[error("the log's entries are followed by something else")]
    Trailing,
    /// The encoder was finished before everything that was announced had been written.
    #[error("fewer entries were written than announced; this is a bug in the server")]
    Unfinished,
    /// The bytes end in the middle of their only record.
    #[error("an entry is cut short")]
    Truncated,
}

/// One record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Record {
    /// The next entry.
    Entry(EncryptedGroupMessage),
    /// The boundary checkpoint of the entries up to here, not yet verified.
    Boundary(Box<CheckpointBytes>),
}

/// The record that comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    /// Index of the next entry: the log's size up to here.
    next: u64,
    size: u64,
    boundary_due: bool,
}

impl Place {
    fn new(from: u64, count: u64) -> Self {
        Self { next: from, size: from.saturating_add(count), boundary_due: false }
    }

    fn is_end(self) -> bool {
        self.next == self.size && !self.boundary_due
    }

    fn expects(self, boundary: bool) -> Result<(), StreamError> {
        if self.is_end() {
            return Err(StreamError::Trailing);
        }
        if self.boundary_due != boundary {
            return Err(StreamError::Order);
        }
        Ok(())
    }

    fn pass(&mut self, boundary: bool) {
        if boundary {
            self.boundary_due = false;
        } else {
            self.next += 1;
            self.boundary_due = self.next.is_multiple_of(BOUNDARY);
        }
    }
}

/// Encoder of a stream: one string of bytes, of which each packet carries the next
/// [`SEALED_MAX`](crate::packet::SEALED_MAX) and the last one the rest. There is no packet for a stream of no
/// entries.
#[derive(Debug)]
pub struct Encoder {
    place: Place,
}

impl Encoder {
    /// A stream of `count` entries, the first of them at index `from`.
    pub fn new(from: u64, count: u64) -> Self {
        Self { place: Place::new(from, count) }
    }

    /// The index of the next entry.
    pub fn next_index(&self) -> u64 {
        self.place.next
    }

    /// True if [`Encoder::boundary`] must be called before the next entry or the end.
    pub fn boundary_due(&self) -> bool {
        self.place.boundary_due
    }

    /// Appends the next entry to `out`.
    ///
    /// # Errors
    /// [`StreamError`] if an entry does not come next or cannot be in a log; nothing was written.
    pub fn entry(&mut self, message: MessageRef<'_>, out: &mut Vec<u8>) -> Result<(), StreamError> {
        self.place.expects(false)?;
        write_entry(message, out)?;
        self.place.pass(false);
        Ok(())
    }

    /// Appends the boundary checkpoint of the entries so far to `out`.
    ///
    /// # Errors
    /// [`StreamError`] if none comes next; nothing was written.
    pub fn boundary(&mut self, checkpoint: &CheckpointBytes, out: &mut Vec<u8>) -> Result<(), StreamError> {
        self.place.expects(true)?;
        self.place.pass(true);
        out.extend_from_slice(&BOUNDARY_HEADER);
        out.extend_from_slice(checkpoint);
        Ok(())
    }

    /// Checks that everything announced was written.
    ///
    /// # Errors
    /// [`StreamError::Unfinished`].
    pub fn finish(&self) -> Result<(), StreamError> {
        if self.place.is_end() { Ok(()) } else { Err(StreamError::Unfinished) }
    }
}

/// Decoder of a stream, however it was cut. Holds at most the beginning of one record.
pub struct Decoder {
    place: Place,
    partial: Vec<u8>,
}

impl Decoder {
    /// A stream of `count` entries, the first of them at index `from`.
    pub fn new(from: u64, count: u64) -> Self {
        Self { place: Place::new(from, count), partial: Vec::new() }
    }

    /// The index of the next entry, or the log's size up to here.
    pub fn next_index(&self) -> u64 {
        self.place.next
    }

    /// True if every record was read.
    pub fn is_complete(&self) -> bool {
        self.place.is_end()
    }

    /// Takes a payload and hands the records that it completes to `take`, each with the log's size before it.
    ///
    /// # Errors
    /// [`StreamError`]; the stream cannot be read further.
    pub fn push(&mut self, payload: &[u8], take: &mut impl FnMut(u64, Record)) -> Result<(), StreamError> {
        let mut partial = core::mem::take(&mut self.partial);
        let joined = !partial.is_empty();
        if joined {
            partial.extend_from_slice(payload);
        }
        let all = if joined { partial.as_slice() } else { payload };
        let mut rest = all;
        while let Some((header, body)) = rest.split_first_chunk::<HEADER>() {
            let lengths = Lengths::read(*header);
            self.place.expects(lengths.is_boundary())?;
            lengths.check()?;
            let Some((record, behind)) = lengths.record(body) else { break };
            take(self.place.next, record);
            self.place.pass(lengths.is_boundary());
            rest = behind;
        }
        if self.place.is_end() && !rest.is_empty() {
            return Err(StreamError::Trailing);
        }
        let read = all.len() - rest.len();
        if joined {
            partial.drain(..read);
        } else {
            partial.extend_from_slice(payload.get(read..).unwrap_or_default());
        }
        self.partial = partial;
        Ok(())
    }
}

/// Content of a record's header.
#[derive(Clone, Copy)]
struct Lengths {
    signature: usize,
    ciphertext: usize,
}

const BOUNDARY_HEADER: [u8; HEADER] = [0, 0, 0, CHECKPOINT_LEN as u8];

impl Lengths {
    fn read([s0, s1, c0, c1]: [u8; HEADER]) -> Self {
        Self {
            signature: u16::from_be_bytes([s0, s1]).into(),
            ciphertext: u16::from_be_bytes([c0, c1]).into(),
        }
    }

    fn is_boundary(self) -> bool {
        self.signature == 0
    }

    fn check(self) -> Result<(), StreamError> {
        let Self { signature, ciphertext } = self;
        if self.is_boundary() && ciphertext != CHECKPOINT_LEN {
            return Err(StreamError::BoundaryLength(ciphertext));
        }
        if ciphertext == 0 || signature + ciphertext > MESSAGE_MAX {
            return Err(StreamError::EntryLength { signature, ciphertext });
        }
        Ok(())
    }

    /// Reads the record, and returns it with the bytes after it; `None` if it is incomplete.
    fn record(self, body: &[u8]) -> Option<(Record, &[u8])> {
        let (signature, rest) = body.split_at_checked(self.signature)?;
        let (ciphertext, rest) = rest.split_at_checked(self.ciphertext)?;
        let record = match ciphertext.try_into() {
            Ok(checkpoint) if self.is_boundary() => Record::Boundary(Box::new(checkpoint)),
            _ => Record::Entry(EncryptedGroupMessage {
                ciphertext: ciphertext.to_vec(),
                signature: signature.to_vec(),
            }),
        };
        Some((record, rest))
    }
}

fn entry_header(message: MessageRef<'_>) -> Result<[u8; HEADER], StreamError> {
    let (signature, ciphertext) = (message.signature.len(), message.ciphertext.len());
    let wrong = StreamError::EntryLength { signature, ciphertext };
    if signature == 0 {
        return Err(wrong);
    }
    Lengths { signature, ciphertext }.check()?;
    let [s0, s1] = u16::try_from(signature).map_err(|_| wrong)?.to_be_bytes();
    let [c0, c1] = u16::try_from(ciphertext).map_err(|_| wrong)?.to_be_bytes();
    Ok([s0, s1, c0, c1])
}

/// Appends one entry as a record.
///
/// # Errors
/// [`StreamError::EntryLength`].
pub fn write_entry(message: MessageRef<'_>, out: &mut Vec<u8>) -> Result<(), StreamError> {
    let header = entry_header(message)?;
    [&header, message.signature, message.ciphertext].iter().for_each(|part| out.extend_from_slice(part));
    Ok(())
}

/// Reads bytes that are one entry's record and nothing else.
///
/// # Errors
/// [`StreamError`].
pub fn read_entry(bytes: &[u8]) -> Result<EncryptedGroupMessage, StreamError> {
    let (header, body) = bytes.split_first_chunk::<HEADER>().ok_or(StreamError::Truncated)?;
    let lengths = Lengths::read(*header);
    if lengths.is_boundary() {
        return Err(StreamError::Order);
    }
    lengths.check()?;
    match lengths.record(body).ok_or(StreamError::Truncated)? {
        (Record::Entry(message), []) => Ok(message),
        _ => Err(StreamError::Trailing),
    }
}

impl fmt::Debug for Decoder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Decoder({:?}, {} bytes)", self.place, self.partial.len())
    }
}
