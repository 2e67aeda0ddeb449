//! Entries for fuzz targets; not part of the interface.

use crate::system::auth::ProtocolInfo;
use crate::system::hosting;
use crate::system::publication::Upload;
use crate::system::reply::Replies;
use crate::system::status::{Phase, Status};
use crate::system::words::words;

/// Reads bytes of a control port in pieces of `cut` bytes, and every meaning that a reply can have. Returns the
/// number of replies; never panics.
pub fn control_replies(bytes: &[u8], cut: usize) -> usize {
    let mut replies = Replies::default();
    let mut status = Status::default();
    let mut count = 0;
    for piece in bytes.chunks(cut.max(1)) {
        replies.push(piece);
        loop {
            match replies.next() {
                Ok(Some(reply)) => {
                    count += 1;
                    let _ = (ProtocolInfo::of(&reply), Upload::of(&reply), status.event(&reply));
                    let _ = (hosting::answer(&reply), Phase::of(reply.first()), words(reply.first()));
                    let _ = status.readiness();
                }
                Ok(None) => break,
                Err(_) => return count,
            }
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_counted_however_they_are_cut() {
        let bytes = b"250-PROTOCOLINFO 1\r\n250 OK\r\n650 STATUS_CLIENT NOTICE BOOTSTRAP PROGRESS=1\r\n2";
        assert_eq!(control_replies(bytes, 1), 2);
        assert_eq!(control_replies(bytes, 1000), 2);
    }
}
