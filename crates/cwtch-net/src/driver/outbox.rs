//! Packets that wait to be written.

use cwtch_wire::packet::PACKET_LEN;

/// The largest number of bytes that wait: eight packets, the size of one write.
const CAPACITY: usize = 8 * PACKET_LEN;

/// A bounded queue of packets, without memory while it is empty.
#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    /// Number of `bytes` that are written.
    written: usize,
}

impl Outbox {
    /// True if one more packet may be queued.
    pub(super) fn has_room(&self) -> bool {
        self.bytes.len() + PACKET_LEN <= CAPACITY
    }

    /// Lets `fill` write a packet at the end; on its error nothing is queued. The caller checks
    /// [`has_room`](Self::has_room).
    pub(super) fn push<E>(
        &mut self,
        fill: impl FnOnce(&mut [u8; PACKET_LEN]) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = self.bytes.len();
        if self.bytes.capacity() < before + PACKET_LEN {
            // A lone packet takes its own size; a second one says that it is a batch.
            let wanted = if before == 0 { PACKET_LEN } else { CAPACITY };
            self.bytes.reserve_exact(wanted.saturating_sub(before).max(PACKET_LEN));
        }
        self.bytes.resize(before + PACKET_LEN, 0);
        let result = match self.bytes.last_chunk_mut() {
            Some(packet) => fill(packet),
            None => Ok(()),
        };
        if result.is_err() {
            self.bytes.truncate(before);
        }
        result
    }

    /// Bytes that are still to be written.
    pub(super) fn pending(&self) -> &[u8] {
        self.bytes.get(self.written..).unwrap_or_default()
    }

    /// Notes that `count` bytes were written. The space of written packets is used again once all are written.
    pub(super) fn advance(&mut self, count: usize) {
        self.written += count;
        if self.written >= self.bytes.len() {
            self.bytes.clear();
            self.written = 0;
        }
    }

    /// Gives the memory back if nothing waits.
    pub(super) fn release(&mut self) {
        if self.bytes.is_empty() {
            self.bytes = Vec::new();
        }
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.capacity()
    }
}
