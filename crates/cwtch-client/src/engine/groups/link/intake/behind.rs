//! Messages that no key opened, and that stand behind a part of a fork: its key may open them.

use cwtch_protocol::board::follower::Received;

/// Most of them that are kept. What is beyond is read again.
const MOST: usize = 16_384;
/// Most of their bytes.
const MOST_BYTES: usize = 48 << 20;

/// Unopened messages from a part on, in their order.
#[derive(Default)]
pub(in crate::engine::groups) struct Behind {
    messages: Vec<Received>,
    bytes: usize,
    begun: bool,
    overflowed: bool,
}

impl Behind {
    /// Begins at a part; goes on if it has begun.
    pub(in crate::engine::groups) fn begin(&mut self) {
        self.begun = true;
    }

    /// Keeps a message that no key opened, if it stands behind a part.
    pub(in crate::engine::groups) fn keep(&mut self, message: Received) {
        if !self.begun || self.overflowed {
            return;
        }
        let bytes = message.message.ciphertext.len() + message.message.signature.len();
        if self.messages.len() >= MOST || self.bytes + bytes > MOST_BYTES {
            // Half of them would be worth nothing: the whole part is read again.
            *self = Self { begun: true, overflowed: true, ..Self::default() };
            return;
        }
        self.bytes += bytes;
        self.messages.push(message);
    }

    /// Gives all of them, to be tried; those that no key opens are to be kept again. Tells whether they are all that there were.
    pub(in crate::engine::groups) fn take(&mut self) -> (Vec<Received>, bool) {
        self.bytes = 0;
        (core::mem::take(&mut self.messages), !self.overflowed)
    }

    /// Forgets them.
    pub(in crate::engine::groups) fn end(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use cwtch_log::EntryId;
    use cwtch_protocol::board::follower::Place;
    use cwtch_wire::board::EncryptedGroupMessage;

    use super::*;

    fn message(len: usize) -> Received {
        let message = EncryptedGroupMessage { ciphertext: vec![0; len], signature: Vec::new() };
        let entry = EntryId::from_bytes([0; 32]);
        Received { message, entry, place: Place::Plain { moves_cursor: true }, known: false }
    }

    #[test]
    fn only_what_stands_behind_a_part_is_kept_and_not_more_than_fits() {
        let mut behind = Behind::default();
        behind.keep(message(1));
        behind.begin();
        behind.keep(message(2));
        let (messages, all) = behind.take();
        assert_eq!((messages.len(), all), (1, true));
        for _ in 0..3 {
            behind.keep(message(MOST_BYTES / 2));
        }
        behind.keep(message(1));
        let (messages, all) = behind.take();
        assert_eq!((messages.len(), all), (0, false));
        behind.end();
        behind.keep(message(1));
        assert_eq!(behind.take().0.len(), 0);
    }
}
