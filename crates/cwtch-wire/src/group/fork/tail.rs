//! The plain tail of a package: notice, old part and server, filled up to the length of the package's class.

use cwtch_primitives::Zeroizing;
use cwtch_primitives::secretbox::MAC_LEN;

use super::notice::Notice;
use super::old_part::{OLD_PART_LEN, OldPart};
use super::read::Reader;
use super::server_part::{ReadFault, ServerPart};

/// Reason why an opened tail is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TailFault {
    /// The lengths inside lead beyond the tail's end.
    #[error("the lengths in the tail of the package lead beyond its end")]
    Lengths,
    /// The flags say something that does not exist.
    #[error("the flags in the tail of the package do not exist")]
    Flags,
    /// The filling is not zero.
    #[error("the filling of the package's tail is not zero")]
    Filling,
}

/// The pieces of a tail. The notice is not read yet.
pub(super) struct Tail<'a> {
    pub(super) notice: &'a [u8],
    pub(super) old: &'a [u8],
    pub(super) server: Option<ServerPart>,
}

/// Writes a tail of exactly `length` bytes; `None` if it does not fit.
pub(super) fn write_tail(
    notice: &Notice,
    old: &OldPart,
    server: Option<&ServerPart>,
    length: usize,
) -> Option<Zeroizing<Vec<u8>>> {
    let (notice, old) = (notice.to_bytes(), old.to_bytes().ok()?);
    // With room for the authenticator, so that sealing it in place moves nothing.
    let mut tail = Zeroizing::new(Vec::with_capacity(length + MAC_LEN));
    tail.extend_from_slice(&u16::try_from(notice.len()).ok()?.to_be_bytes());
    tail.extend_from_slice(&notice);
    tail.extend_from_slice(&old);
    ServerPart::write(server, &mut tail);
    if tail.len() > length {
        return None;
    }
    tail.resize(length, 0);
    Some(tail)
}

/// Cuts a tail into its pieces.
pub(super) fn read_tail(tail: &[u8]) -> Result<Tail<'_>, TailFault> {
    let mut reader = Reader::new(tail);
    let length = reader.u16().ok_or(TailFault::Lengths)?;
    let notice = reader.slice(length.into()).ok_or(TailFault::Lengths)?;
    let old = reader.slice(OLD_PART_LEN).ok_or(TailFault::Lengths)?;
    let server = ServerPart::read(&mut reader).map_err(|fault| match fault {
        ReadFault::Flags => TailFault::Flags,
        ReadFault::Length => TailFault::Lengths,
    })?;
    if reader.rest().iter().any(|byte| *byte != 0) {
        return Err(TailFault::Filling);
    }
    Ok(Tail { notice, old, server })
}
