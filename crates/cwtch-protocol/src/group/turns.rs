//! The first of many, by turns: of each author the newest, then of each the second, and so on.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use cwtch_log::EntryPrefix;

/// The beginnings of entries that messages name, the first so many by turns: none is sorted that does not come into it,
/// and of each author no more than so many are held.
#[derive(Debug)]
pub struct Turns {
    most: usize,
    authors: BTreeMap<[u8; 32], Named>,
}

/// Entries that the messages of one author name.
#[derive(Debug, Default)]
struct Named {
    /// Entries, each beside the newest message that names it; sorted by that.
    newest: BTreeSet<(i64, EntryPrefix)>,
    by: BTreeMap<EntryPrefix, i64>,
}

impl Turns {
    /// Makes an empty set, of which the first `most` will be taken.
    pub fn new(most: usize) -> Self {
        Self { most, authors: BTreeMap::new() }
    }

    /// A message of an author names an entry. In any order, and as often as it does.
    pub fn add(&mut self, author: [u8; 32], message: i64, entry: EntryPrefix) {
        let named = self.authors.entry(author).or_default();
        let full = named.newest.len() >= self.most;
        if let Some(at) = named.by.get_mut(&entry) {
            if *at < message {
                named.newest.remove(&(*at, entry));
                named.newest.insert((message, entry));
                *at = message;
            }
        } else if !full || named.newest.first().is_some_and(|oldest| *oldest < (message, entry)) {
            named.newest.insert((message, entry));
            named.by.insert(entry, message);
            if full && let Some((_, oldest)) = named.newest.pop_first() {
                named.by.remove(&oldest);
            }
        }
    }

    /// The first of them; within a turn those that the newest messages name come first.
    pub fn first(self) -> Vec<EntryPrefix> {
        let mut authors: Vec<_> =
            self.authors.into_values().map(|named| named.newest.into_iter().rev()).collect();
        let (mut all, mut seen) = (Vec::new(), HashSet::new());
        while all.len() < self.most {
            let mut turn: Vec<_> = authors.iter_mut().filter_map(Iterator::next).collect();
            if turn.is_empty() {
                break;
            }
            turn.sort_unstable_by_key(|named| Reverse(*named));
            all.extend(turn.into_iter().map(|(_, entry)| entry).filter(|entry| seen.insert(*entry)));
        }
        all.truncate(self.most);
        all
    }
}

#[cfg(test)]
mod tests {
    use cwtch_log::PREFIX_LEN;
    use proptest::prelude::*;

    use super::*;

    fn entry(n: u8) -> EntryPrefix {
        EntryPrefix::from_bytes([n; PREFIX_LEN])
    }

    fn of(most: usize, named: &[(u8, i64, u8)]) -> Turns {
        let mut turns = Turns::new(most);
        named.iter().for_each(|(author, message, n)| turns.add([*author; 32], *message, entry(*n)));
        turns
    }

    #[test]
    fn each_author_s_newest_come_before_anybody_s_second() {
        let named = [(1, 1, 1), (1, 2, 2), (1, 3, 3), (2, 9, 9), (1, 10, 10), (3, 4, 4)];
        let firsts = |most| of(most, &named).first();
        assert_eq!(firsts(9), [10, 9, 4, 3, 2, 1].map(entry));
        assert_eq!(firsts(2), [10, 9].map(entry));
        assert!(firsts(0).is_empty());
    }

    #[test]
    fn of_an_author_who_names_many_no_more_are_held_than_are_asked_for() {
        let mut turns = Turns::new(8);
        for n in 0..100_000_i64 {
            let mut bytes = [1; PREFIX_LEN];
            bytes[..8].copy_from_slice(&(n % 1000).to_be_bytes());
            turns.add([1; 32], n, EntryPrefix::from_bytes(bytes));
        }
        let named = &turns.authors[&[1; 32]];
        assert_eq!((named.newest.len(), named.by.len()), (8, 8));
    }

    proptest! {
        /// However few are held, they are the first of all.
        #[test]
        fn a_bounded_choice_is_the_beginning_of_the_whole_one(
            named in proptest::collection::vec((0u8..4, 0i64..40, 0u8..30), 0..200),
            most in 0usize..40,
        ) {
            let whole = of(usize::MAX, &named).first();
            let bounded = of(most, &named).first();
            prop_assert_eq!(&bounded, &whole[..most.min(whole.len())]);
            let distinct: HashSet<_> = named.iter().map(|(_, _, n)| entry(*n)).collect();
            prop_assert_eq!(whole.len(), distinct.len());
        }
    }
}
