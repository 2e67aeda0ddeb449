//! Nonces: our own are always recognised, against reflection; received ones for a while, against replay.

use core::hash::Hasher;

use cwtch_primitives::CryptoRngCore;
use cwtch_primitives::secretbox::NONCE_LEN;
use siphasher::sip::SipHasher24;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

/// Bytes of the random part of our nonces. Among 2^32 packets of one connection two are alike with probability 2^-65.
const RANDOM_LEN: usize = 16;
/// Bytes of the tag after it. A peer's nonce is taken for one of our own with probability 2^-64; that would only close
/// the connection.
const TAG_LEN: usize = NONCE_LEN - RANDOM_LEN;

/// The nonces of one side of one connection, which it recognises whenever they come back.
///
/// A nonce is 16 random bytes and a MAC of them under a secret that never leaves this value. XSalsa20 needs nonces to
/// be different, not random, and the random part alone makes them so. To anybody without the secret the MAC looks
/// like eight more random bytes: nothing links two packets or tells this implementation from another.
pub(super) struct OwnNonces {
    secret: Zeroizing<[u8; 16]>,
}

impl OwnNonces {
    /// Draws a fresh secret.
    pub(super) fn new(rng: &mut impl CryptoRngCore) -> Self {
        let mut secret = Zeroizing::new([0; 16]);
        rng.fill_bytes(secret.as_mut_slice());
        Self { secret }
    }

    /// Draws the next nonce.
    pub(super) fn draw(&self, rng: &mut impl CryptoRngCore) -> [u8; NONCE_LEN] {
        let mut nonce = [0; NONCE_LEN];
        let (random, tag) = nonce.split_at_mut(RANDOM_LEN);
        rng.fill_bytes(random);
        tag.copy_from_slice(&self.tag(random));
        nonce
    }

    /// True if [`OwnNonces::draw`] made this nonce, however long ago.
    pub(super) fn made(&self, nonce: &[u8; NONCE_LEN]) -> bool {
        let (random, tag) = nonce.split_at(RANDOM_LEN);
        self.tag(random).ct_eq(tag).into()
    }

    fn tag(&self, random: &[u8]) -> [u8; TAG_LEN] {
        let mut mac = SipHasher24::new_with_key(&self.secret);
        mac.write(random);
        mac.finish().to_le_bytes()
    }
}

/// A memory of the last `N` nonces as 8-byte fingerprints, which grows only as they come: an idle connection holds a
/// handful.
///
/// A fingerprint is the exclusive or of the nonce's three words, so equal nonces are always found, and two different
/// random ones are taken for equal with probability 2^-64; that would only close a connection.
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
    fn own_nonces_are_recognised_and_no_others() {
        let mut rng = rng(2);
        let (own, other) = (OwnNonces::new(&mut rng), OwnNonces::new(&mut rng));
        let made: Vec<_> = (0..10_000).map(|_| own.draw(&mut rng)).collect();
        assert!(made.iter().all(|nonce| own.made(nonce)));
        assert!(made.iter().all(|nonce| !other.made(nonce)), "another connection's secret tells nothing");
        for byte in 0..NONCE_LEN {
            let mut changed = made[0];
            changed[byte] ^= 1;
            assert!(!own.made(&changed), "byte {byte}");
        }
    }

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
