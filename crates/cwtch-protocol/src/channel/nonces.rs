//! A short memory of nonces, against reflection and replay.

use cwtch_primitives::secretbox::NONCE_LEN;

/// Remembers the last `N` nonces as 8-byte fingerprints and grows only as they come: an idle
/// connection holds a handful.
///
/// A fingerprint is the exclusive or of the nonce's three words, so equal nonces are always found, and
/// two different random ones are taken for equal with probability 2^-64; that would close a connection, no more.
#[derive(Debug, Default)]
pub(super) struct NonceMemory<const N: usize> {
    seen: Vec<u64>,
    next: usize,
}

impl<const N: usize> NonceMemory<N> {
    pub(super) fn contains(&self, nonce: &[u8; NONCE_LEN]) -> bool {
        self.seen.contains(&fingerprint(nonce))
    }

    /// Remembers a nonce; the oldest makes room.
    pub(super) fn insert(&mut self, nonce: &[u8; NONCE_LEN]) {
        let print = fingerprint(nonce);
        if self.seen.len() < N {
            self.seen.push(print);
        } else if let Some(oldest) = self.seen.get_mut(self.next) {
            *oldest = print;
            self.next = (self.next + 1) % N;
        }
    }

    #[cfg(test)]
    pub(super) fn heap_bytes(&self) -> usize {
        self.seen.capacity() * size_of::<u64>()
    }
}

fn fingerprint(nonce: &[u8; NONCE_LEN]) -> u64 {
    let (words, _) = nonce.as_chunks::<8>();
    words.iter().fold(0, |all, word| all ^ u64::from_le_bytes(*word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cwtch_testkit::rng;
    use rand_core::RngCore;

    #[test]
    fn remembers_exactly_the_last_n() {
        let mut rng = rng(1);
        let nonces: Vec<[u8; NONCE_LEN]> = (0..200)
            .map(|_| {
                let mut nonce = [0; NONCE_LEN];
                rng.fill_bytes(&mut nonce);
                nonce
            })
            .collect();
        let mut memory = NonceMemory::<64>::default();
        for (i, nonce) in nonces.iter().enumerate() {
            assert!(!memory.contains(nonce));
            memory.insert(nonce);
            for (j, earlier) in nonces.iter().enumerate().take(i + 1) {
                assert_eq!(memory.contains(earlier), i - j < 64, "{j} after {i}");
            }
        }
        assert!(memory.heap_bytes() <= 64 * 8);
    }

    #[test]
    fn counting_nonces_are_all_different() {
        let mut memory = NonceMemory::<256>::default();
        for n in 0..=255u8 {
            let mut nonce = [0; NONCE_LEN];
            nonce[23] = n;
            assert!(!memory.contains(&nonce));
            memory.insert(&nonce);
        }
    }
}
