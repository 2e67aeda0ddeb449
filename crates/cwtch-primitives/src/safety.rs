//! Safety words: twelve words that belong to two identities together. Both sides compute the same ones, and compare them
//! over another channel: in person, or by a call in which they know each other's voice.
//!
//! Each word is one of 2,048, so twelve are 132 bits. Whoever wants to stand between two people must show the same words to
//! both, under two keys of their own: a collision, which is found among 2^66 pairs of keys where twelve words are all that is
//! compared. So the hash is done many times over, which nobody notices who does it once, and which makes it 2^80 hashes. There
//! is no shorter form: each word less would take 2^5.5 of them away.

use sha3::{Digest, Sha3_512};

use crate::identity::PublicKey;

/// Number of words.
pub const SAFETY_WORDS: usize = 12;
/// Bits of a word: an index into the list.
const WORD_BITS: usize = 11;
/// The list, see `words/README.md`.
const LIST: &str = include_str!("../words/english.txt");
/// Label that sets these hashes apart from all others.
const LABEL: &[u8] = b"cwtch safety words, version 1";
/// Number of hashes, one over the other: some milliseconds.
const ROUNDS: usize = 1 << 14;

/// Computes the words of two identities, in whichever order they are given.
///
/// The first digest is SHA3-512 of the label and both keys, the lower one first; each of the following ones is SHA3-512 of the
/// one before and both keys. The first 132 bits of the last one, the most significant ones first, are the words' indexes.
pub fn safety_words(one: &PublicKey, other: &PublicKey) -> [&'static str; SAFETY_WORDS] {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let (low, high) = if one <= other { (one, other) } else { (other, one) };
    let hash = |before: &[u8]| -> [u8; 64] {
        Sha3_512::new().chain_update(before).chain_update(low).chain_update(high).finalize().into()
    };
    let digest = (1..ROUNDS).fold(hash(LABEL), |digest, _| hash(&digest));
    let mut bits = digest.iter().flat_map(|byte| (0..8).rev().map(move |bit| usize::from((byte >> bit) & 1)));
    core::array::from_fn(|_| {
        let index = bits.by_ref().take(WORD_BITS).fold(0, |index, bit| (index << 1) | bit);
        LIST.lines().nth(index).unwrap_or_default()
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use data_encoding::HEXLOWER;
    use sha3::Sha3_256;

    use super::*;

    #[test]
    fn the_list_has_as_many_words_as_an_index_can_name_and_four_letters_tell_them_apart() {
        let words: Vec<&str> = LIST.lines().collect();
        assert_eq!(words.len(), 1 << WORD_BITS);
        assert!(words.is_sorted() && words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase())));
        let begins: BTreeSet<&str> = words.iter().map(|word| word.get(..4).unwrap_or(word)).collect();
        assert_eq!(begins.len(), words.len());
        // The published list, byte for byte: other programs have to show the same words.
        let digest = HEXLOWER.encode(&Sha3_256::digest(LIST));
        assert_eq!(digest, "72edddf549c15ed6957da7bc5881061db05b375c7c409c9d88bbf0034d6987fd");
    }
}
