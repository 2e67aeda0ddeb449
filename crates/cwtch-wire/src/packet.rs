//! Packets (§1.3): every packet is 8192 bytes, whatever it carries.

/// Length of every packet on a connection, in bytes.
pub const PACKET_LEN: usize = 8192;
/// The longest payload of a plain packet, in bytes.
pub const PLAIN_MAX: usize = PACKET_LEN - LENGTH_FIELD;
/// Length of the frame inside an encrypted packet: what nonce and authenticator leave, in bytes.
pub const SEALED_BODY: usize = PACKET_LEN - cwtch_primitives::secretbox::OVERHEAD;
/// The longest payload of an encrypted packet, in bytes.
pub const SEALED_MAX: usize = SEALED_BODY - LENGTH_FIELD;

const LENGTH_FIELD: usize = 2;

/// Reason why a frame cannot be written or read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PacketError {
    /// The payload is empty.
    #[error("a packet must carry at least one byte")]
    Empty,
    /// The payload does not fit.
    #[error("a payload of {len} bytes does not fit, at most {limit} do: shorten it")]
    TooLong {
        /// The payload's length in bytes.
        len: usize,
        /// The longest length that fits, in bytes.
        limit: usize,
    },
    /// The length field is one that no correct sender writes.
    #[error("the packet's length field is no two-byte varint in its shortest form")]
    LengthField,
    /// The buffer is neither a plain packet nor the inside of an encrypted one.
    #[error("a frame has 8192 or 8152 bytes, this has {0}")]
    FrameLength(usize),
}

/// The largest number of payload bytes that a frame of this length holds.
fn limit(frame: usize) -> Result<usize, PacketError> {
    match frame {
        PACKET_LEN | SEALED_BODY => Ok(frame - LENGTH_FIELD),
        other => Err(PacketError::FrameLength(other)),
    }
}

/// Fills `frame` ([`PACKET_LEN`] bytes of a plain packet, or the [`SEALED_BODY`] bytes that an encrypted
/// one seals) with the length field, the payload and zeros.
///
/// # Errors
/// [`PacketError`] for an empty or too long payload or a frame of another length; then `frame` is unchanged.
pub fn write_frame(payload: &[u8], frame: &mut [u8]) -> Result<(), PacketError> {
    let limit = limit(frame.len())?;
    let len = payload.len();
    if len == 0 {
        return Err(PacketError::Empty);
    }
    if len > limit {
        return Err(PacketError::TooLong { len, limit });
    }
    let (field, rest) = frame.split_at_mut(LENGTH_FIELD);
    // An unsigned LEB128 varint; the limit is below 2^14, so two bytes always suffice.
    let low = u8::try_from(len & 0x7f).unwrap_or_default();
    let high = u8::try_from(len >> 7).unwrap_or_default();
    field.copy_from_slice(&if high == 0 { [low, 0] } else { [low | 0x80, high] });
    let (body, padding) = rest.split_at_mut(len);
    body.copy_from_slice(payload);
    padding.fill(0);
    Ok(())
}

/// Reads the payload of a frame. The bytes after it are not looked at.
///
/// A length field that is not in its shortest form is refused: it would be a sender with another idea of
/// the field (a fixed 16-bit number), whose payload would be cut wrongly.
///
/// # Errors
/// [`PacketError`] for a length of 0, beyond the limit, or written wrongly, or a frame of another length.
pub fn read_frame(frame: &[u8]) -> Result<&[u8], PacketError> {
    let limit = limit(frame.len())?;
    let (field, rest) =
        frame.split_first_chunk::<LENGTH_FIELD>().ok_or(PacketError::FrameLength(frame.len()))?;
    let len = match *field {
        [0, 0] => return Err(PacketError::Empty),
        [low @ 1..0x80, 0] => usize::from(low),
        [low @ 0x80..=0xff, high @ 1..0x80] => usize::from(low & 0x7f) | usize::from(high) << 7,
        _ => return Err(PacketError::LengthField),
    };
    if len > limit {
        return Err(PacketError::TooLong { len, limit });
    }
    rest.get(..len).ok_or(PacketError::TooLong { len, limit })
}
