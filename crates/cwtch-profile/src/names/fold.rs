//! Forms of a name: as it is shown, as it is looked up, as it looks.

use cwtch_primitives::text::is_invisible;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;
use unicode_width::UnicodeWidthChar;

use super::NAME_MAX;

/// Marks that may stand on one letter; more of them reach over the lines around it (TR 39 allows four).
const MARKS_MAX: usize = 4;
/// The most repetitions of the steps of [`look`] until nothing changes; two are enough for what is known.
const ROUNDS: usize = 4;

/// A name as it may be shown on one line: without control characters and what shows nothing, with single spaces, at
/// most [`NAME_MAX`] bytes. Joiners stay where scripts and pictures need them. Empty if nothing is left to see.
pub fn clean(name: &str) -> String {
    let mut out = String::with_capacity(name.len().min(NAME_MAX));
    let mut marks = 0;
    let mut seen = false;
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        let c = match c {
            c if c.is_whitespace() => ' ',
            c if c.is_control() => continue,
            // Zero-width joiners and the selector of coloured pictures, between characters that are not ASCII.
            '\u{200c}' | '\u{200d}' | '\u{fe0f}' => {
                let before = out.chars().next_back().is_some_and(|c| !c.is_ascii() && !is_invisible(c));
                let joined =
                    c == '\u{fe0f}' || chars.peek().is_some_and(|c| !c.is_ascii() && !is_invisible(*c));
                let picture = out.ends_with('\u{fe0f}') && c == '\u{200d}' && joined;
                if !(before && joined || picture) {
                    continue;
                }
                c
            }
            c if is_invisible(c) => continue,
            c => c,
        };
        if c == ' ' && (out.is_empty() || out.ends_with(' ')) {
            continue;
        }
        marks = if c.width() == Some(0) { marks + 1 } else { 0 };
        if marks > MARKS_MAX {
            continue;
        }
        if out.len() + c.len_utf8() > NAME_MAX {
            break;
        }
        seen |= c != ' ' && c.width() != Some(0);
        out.push(c);
    }
    out.truncate(out.trim_end_matches([' ', '\u{200c}', '\u{200d}']).len());
    if seen { out } else { String::new() }
}

/// A name as it is looked up: without regard to case, to compatible forms of letters (full width, ligatures) and to
/// what shows nothing. Equal where a person would say that it is the same name.
pub fn folded(name: &str) -> String {
    let visible: String = clean(name).chars().filter(|c| !is_invisible(*c)).nfkc().collect();
    let folded: String = lower(&visible).nfkc().collect();
    // Forms may unfold to spaces.
    let folded = folded.split_whitespace().collect::<Vec<_>>().join(" ");
    // A sign like ¨ unfolds to a mark without a letter, which alone is nothing to see: it stays as it is.
    if clean(&folded).is_empty() { visible_as_it_is(name) } else { folded }
}

fn visible_as_it_is(name: &str) -> String {
    lower(&clean(name).chars().filter(|c| !is_invisible(*c)).collect::<String>())
}

/// Look of a name: equal for names that can be taken for each other, whether they use letters of other scripts,
/// digits, accents, punctuation or spaces. It is for comparison only and nothing to show. Empty only for an empty name.
pub(super) fn look(name: &str) -> String {
    let clean = clean(name);
    let mut now: String = folded(&clean);
    for _ in 0..ROUNDS {
        // The small letter i is no skeleton of l, but the capital is; after folding the two cannot be told apart.
        let next: String = lower(&skeleton(&now).collect::<String>())
            .chars()
            .map(|c| if c == 'i' { 'l' } else { c })
            .collect();
        if next == now {
            break;
        }
        now = next;
    }
    let bare: String = now.chars().filter(|c| !is_accent(*c) && !c.is_whitespace()).collect();
    let letters: String = bare.chars().filter(|c| !is_punctuation(*c)).collect();
    match (letters.is_empty(), bare.is_empty()) {
        (false, _) => letters,
        (true, false) => bare,
        (true, true) => clean,
    }
}

/// Case folding by way of capitals, letter by letter, so that ß is ss and both small sigmas are one.
fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_uppercase).flat_map(char::to_lowercase).collect()
}

/// The combining diacritical marks of Latin, Greek and Cyrillic letters.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}')
}

fn is_punctuation(c: char) -> bool {
    c.is_ascii_punctuation()
        || matches!(c, '\u{a1}' | '\u{b7}' | '\u{bf}' | '\u{2010}'..='\u{205e}' | '\u{3001}'..='\u{3003}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_shown_of_a_name_can_be_seen() {
        let long = "x".repeat(500);
        for (name, shown) in [
            ("Bob", "Bob"),
            ("  Bob \t\n Smith\u{a0}", "Bob Smith"),
            ("B\u{200b}o\u{ad}b\u{202e}", "Bob"),
            ("\u{200d}\u{fe0f}\u{3164}\u{2800}", ""),
            ("\u{301}\u{301}", ""),
            ("a\u{200d}b", "ab"),
            ("👩\u{200d}👩", "👩\u{200d}👩"),
            ("❤\u{fe0f}\u{200d}🔥", "❤\u{fe0f}\u{200d}🔥"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("Bob\u{1b}[2J", "Bob[2J"),
            ("a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}b", "a\u{301}\u{301}\u{301}\u{301}b"),
            (&long, &"x".repeat(NAME_MAX)),
        ] {
            assert_eq!(clean(name), shown, "{name:?}");
        }
    }

    #[test]
    fn the_same_name_is_found_however_it_is_written() {
        for (one, other) in [
            ("Bob", "bOB"),
            ("Bob", " B\u{200b}ob "),
            ("STRASSE", "straße"),
            ("ΣΊΣΥΦΟΣ", "σίσυφος"),
            ("Bob", "Ｂｏｂ"),
            ("Zoe\u{308}", "zoë"),
            ("ﬁne", "FINE"),
            ("Bob  Smith", "bob smith"),
        ] {
            assert_eq!(folded(one), folded(other), "{one:?} {other:?}");
        }
        for (one, other) in [("Bob", "Bоb"), ("Bob", "Bob 2"), ("Ali", "All"), ("José", "Jose")] {
            assert_ne!(folded(one), folded(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn names_that_can_be_taken_for_each_other_look_alike() {
        for (one, other) in [
            ("Bob", "Bоb"),
            ("Bob", "B0b"),
            ("Paypal", "PaypaI"),
            ("paypal", "paypa1"),
            ("Bob", "B.o.b."),
            ("Bob", "Bọb"),
            ("Bob", "B o b"),
            ("Martin", "Martln"),
            ("Mom", "rnom"),
            ("you", "уоυ"),
        ] {
            assert_eq!(look(one), look(other), "{one:?} {other:?}");
        }
        for (one, other) in
            [("Bob", "Rob"), ("Alice", "Alex"), ("Bob", "Bob 2"), ("李明", "李朋"), ("!!", "??")]
        {
            assert_ne!(look(one), look(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn a_sign_that_unfolds_to_a_bare_mark_is_a_name_of_its_own() {
        for sign in ["¨", "´", "¸", "¨ ´", "\u{2d9}"] {
            assert_eq!(folded(sign), sign);
            assert_eq!(folded(&folded(sign)), folded(sign));
            assert_eq!(look(&folded(sign)), look(sign));
            assert!(!look(sign).is_empty());
        }
        assert_eq!(folded("¨a"), "\u{308}a");
    }

    proptest! {
        #[test]
        fn forms_are_stable_and_what_is_the_same_looks_the_same(name in "(?s).{0,40}|[a-zA-Zа-я0-9 .\u{200b}\u{301}]{0,20}") {
            let shown = clean(&name);
            prop_assert_eq!(&clean(&shown), &shown);
            prop_assert!(shown.len() <= NAME_MAX && shown.chars().all(|c| !c.is_control()));
            prop_assert_eq!(folded(&shown), folded(&name));
            prop_assert_eq!(look(&shown), look(&name));
            prop_assert_eq!(look(&folded(&name)), look(&name));
            prop_assert_eq!(look(&name).is_empty(), shown.is_empty());
        }

        /// Nothing that shows nothing, and no case, makes another name of one.
        #[test]
        fn a_name_cannot_be_told_from_its_disguises(
            name in "[a-zA-Z]{1,12}",
            hidden in proptest::sample::select(vec!['\u{200b}', '\u{ad}', '\u{2060}', '\u{202e}', '\u{e0061}', '\u{115f}', '\0']),
            place in 0usize..12,
        ) {
            let mut disguised = name.clone();
            disguised.insert(place.min(name.len()), hidden);
            prop_assert_eq!(folded(&disguised), folded(&name));
            prop_assert_eq!(folded(&disguised.to_uppercase()), folded(&name));
            prop_assert_eq!(look(&disguised), look(&name));
        }
    }
}
