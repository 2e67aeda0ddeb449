//! Safety words against vectors of another implementation, and what has to hold for any two keys.

use cwtch_primitives::safety::{SAFETY_WORDS, safety_words};
use cwtch_primitives::{Identity, PublicKey};
use data_encoding::HEXLOWER;
use proptest::prelude::*;

use crate::cases;

const VECTORS: &str = include_str!("safety-words.txt");

fn key(hex: &str) -> PublicKey {
    let bytes = HEXLOWER.decode(hex.as_bytes()).unwrap().try_into().unwrap();
    PublicKey::from_bytes(&bytes).unwrap()
}

#[test]
fn the_words_of_known_keys() {
    let lines: Vec<&str> =
        VECTORS.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 3 * 6);
    for case in lines.chunks(3) {
        let words: Vec<&str> = case[2].split(' ').collect();
        assert_eq!(words.len(), SAFETY_WORDS);
        assert_eq!(safety_words(&key(case[0]), &key(case[1])).as_slice(), words);
    }
}

fn public() -> impl Strategy<Value = PublicKey> {
    any::<[u8; 32]>().prop_map(|seed| *Identity::from_seed(&seed).public_key())
}

proptest! {
    #![proptest_config(cases(12))]

    #[test]
    fn both_sides_see_the_same_words_and_whoever_stands_between_shows_others(
        mine in public(), theirs in public(), false_one in public(),
    ) {
        prop_assume!(mine != theirs && mine != false_one && theirs != false_one);
        let words = safety_words(&mine, &theirs);
        prop_assert_eq!(words, safety_words(&theirs, &mine));
        prop_assert!(words.iter().all(|word| !word.is_empty()));
        // Another key on either side, as each of both sees it.
        prop_assert_ne!(words, safety_words(&mine, &false_one));
        prop_assert_ne!(words, safety_words(&false_one, &theirs));
        prop_assert_ne!(safety_words(&mine, &false_one), safety_words(&theirs, &false_one));
    }
}
