//! The buffer of bytes that were read and are not consumed yet.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use cwtch_wire::packet::PACKET_LEN;
use tokio::io::{AsyncRead, ReadBuf};

use crate::network::BoxStream;

/// The most bytes that one read takes: eight packets, through the stack.
const READ_MAX: usize = 8 * PACKET_LEN;

/// A buffer of at most [`READ_MAX`] bytes and a packet, without memory while idle.
#[derive(Default)]
pub(super) struct Inbox {
    bytes: Vec<u8>,
    /// Place of the first byte that is not consumed.
    start: usize,
}

impl Inbox {
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or_default()
    }

    /// The first packet, if it is complete.
    pub(super) fn front(&self) -> Option<&[u8; PACKET_LEN]> {
        self.rest().first_chunk()
    }

    /// Drops the first packet.
    pub(super) fn pop(&mut self) {
        self.start = (self.start + PACKET_LEN).min(self.bytes.len());
    }

    pub(super) fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Reads once; to be called when no packet is complete. 0 is the end of the stream. Frees the buffer if it is
    /// empty and there is nothing to read.
    pub(super) fn poll_fill(
        &mut self,
        stream: &mut BoxStream,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        let mut space = [const { MaybeUninit::<u8>::uninit() }; READ_MAX];
        let mut read = ReadBuf::uninit(&mut space);
        let polled = Pin::new(stream).poll_read(cx, &mut read);
        if self.is_empty() {
            self.start = 0;
            if polled.is_pending() {
                self.bytes = Vec::new();
            } else {
                self.bytes.clear();
            }
        }
        ready!(polled)?;
        let got = read.filled();
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(got);
        Poll::Ready(Ok(got.len()))
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
