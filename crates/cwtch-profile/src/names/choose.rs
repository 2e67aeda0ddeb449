//! Choice of the conversation that a person means by a name.

use super::{Source, clean, folded};

/// A conversation whose name is the one that was typed, or looks like it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate<'a> {
    /// The name as it was chosen.
    pub name: &'a str,
    /// Source of the name: who chose it.
    pub source: Source,
}

/// Meaning of a typed name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// The candidate with this number.
    One(usize),
    /// Nothing has this name; candidates that look like it are no answer.
    Nothing,
    /// These candidates: the person has to say which.
    Several(Vec<usize>),
}

/// Chooses by a typed name among all conversations whose name has the same [`folded`] form or the same
/// [`super::look`].
///
/// A name that the person gave wins; of several that differ in nothing but case or form, the one that was typed
/// exactly. A name that others chose stands for its owner only if no other conversation has it or one that looks like it.
pub fn choose(typed: &str, candidates: &[Candidate<'_>]) -> Choice {
    let key = folded(typed);
    let all = || candidates.iter().enumerate();
    let same: Vec<usize> = all().filter(|(_, c)| folded(c.name) == key).map(|(n, _)| n).collect();
    let source_of = |n: &usize| candidates.get(*n).map(|c| c.source);
    let given: Vec<usize> = same.iter().copied().filter(|n| source_of(n) == Some(Source::Given)).collect();
    match given.as_slice() {
        [] => {}
        [one] => return Choice::One(*one),
        several => {
            let exact = clean(typed);
            let is_exact = |n: &&usize| candidates.get(**n).is_some_and(|c| clean(c.name) == exact);
            let mut exactly = several.iter().filter(is_exact);
            return match (exactly.next(), exactly.next()) {
                (Some(one), None) => Choice::One(*one),
                _ => Choice::Several(given),
            };
        }
    }
    match (same.as_slice(), candidates.len()) {
        ([], _) => Choice::Nothing,
        ([one], 1) => Choice::One(*one),
        _ => Choice::Several((0..candidates.len()).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(typed: &str, names: &[(&str, Source)]) -> Choice {
        let candidates: Vec<_> =
            names.iter().map(|(name, source)| Candidate { name, source: *source }).collect();
        choose(typed, &candidates)
    }

    #[test]
    fn a_given_name_wins_over_everybody_who_claims_it() {
        use Source::{Claimed, Given};
        let claimed =
            [("Bob", Claimed), ("BOB", Claimed), ("Bоb", Claimed), ("bob", Given), ("B0b", Claimed)];
        assert_eq!(chosen("Bob", &claimed), Choice::One(3));
        // Of several that the person gave, only the one that was typed exactly.
        let given = [("bob", Given), ("Bob", Given)];
        assert_eq!(chosen("Bob", &given), Choice::One(1));
        assert_eq!(chosen("BOB", &given), Choice::Several(vec![0, 1]));
        assert_eq!(
            chosen("Bob", &[("Bob", Given), ("Bob", Given), ("Bob", Claimed)]),
            Choice::Several(vec![0, 1])
        );
    }

    #[test]
    fn a_claimed_name_counts_only_where_nothing_else_looks_like_it() {
        use Source::{Claimed, Given};
        assert_eq!(chosen("bob", &[("Bob", Claimed)]), Choice::One(0));
        for rival in [("Bob", Claimed), ("BOB", Claimed), ("Bоb", Claimed), ("B0b", Given)] {
            assert_eq!(chosen("Bob", &[("Bob", Claimed), rival]), Choice::Several(vec![0, 1]), "{rival:?}");
        }
    }

    #[test]
    fn what_only_looks_like_the_typed_name_is_never_chosen() {
        use Source::{Claimed, Given};
        assert_eq!(chosen("Bob", &[("Bоb", Claimed), ("B0b", Given)]), Choice::Nothing);
        assert_eq!(chosen("Bob", &[]), Choice::Nothing);
    }
}
