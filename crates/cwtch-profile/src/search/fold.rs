//! Folding of texts to terms: what is compared when somebody looks for words, in all scripts.
//!
//! A term is a word without regard to case, or one character of a script that is written without spaces between words, or one
//! sign or picture. Spaces, punctuation and what shows nothing stand between terms and are not compared. Each term has two
//! forms: as it is, and *bare*, without accents. Only the bare form is indexed; who types an accent means it, and the text decides.

use core::ops::Range;

use cwtch_primitives::text::is_invisible;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_script::{Script, UnicodeScript};
use unicode_segmentation::UnicodeSegmentation;

/// Grows when terms come out differently. With the versions of the tables below it says by which rules an index was made.
const RULES: u32 = 1;

/// A term of a text.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Term {
    /// Form with accents.
    pub(super) kept: String,
    /// Form without accents; never empty.
    pub(super) bare: String,
    /// True for a word, of which somebody may type the beginning.
    pub(super) word: bool,
    /// Place in the text, in bytes; at boundaries of characters as people see them.
    pub(super) place: Range<usize>,
}

/// Says how long the forms are: they are what somebody wrote.
impl core::fmt::Debug for Term {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Term({} bytes at {:?})", self.bare.len(), self.place)
    }
}

/// Rules by which terms are made, with the versions of Unicode's tables: an index that was made by others is made anew.
pub(super) fn rules() -> String {
    format!(
        "{RULES} {:?} {:?} {:?} {:?} {:?}",
        char::UNICODE_VERSION,
        unicode_normalization::UNICODE_VERSION,
        unicode_segmentation::UNICODE_VERSION,
        unicode_properties::UNICODE_VERSION,
        unicode_script::UNICODE_VERSION,
    )
}

/// The terms of a text, in its order.
pub(super) fn terms(text: &str) -> Vec<Term> {
    let mut fold = Fold::default();
    for (at, cluster) in text.grapheme_indices(true) {
        fold.cluster(at, cluster);
    }
    fold.close();
    fold.terms
}

/// Terms so far, and the word that may go on.
#[derive(Default)]
struct Fold {
    terms: Vec<Term>,
    word: Term,
}

impl Fold {
    /// Takes a character as people see it: a letter with its marks, a Korean syllable, a picture.
    fn cluster(&mut self, at: usize, cluster: &str) {
        let place = at..at + cluster.len();
        if let &[byte] = cluster.as_bytes() {
            // Most of what is written; the same as below.
            let c = char::from(byte.to_ascii_lowercase());
            if c.is_ascii_alphanumeric() {
                self.letter(c, c.encode_utf8(&mut [0; 4]), &place);
            } else {
                self.close();
            }
            return;
        }
        let visible = cluster.chars().filter(|c| !is_invisible(*c) && *c != TATWEEL);
        let folded: String = lower(visible.nfkc()).nfkc().map(alike).collect();
        let mut rest = folded.as_str();
        while let Some(first) = rest.chars().next() {
            let marks = rest.char_indices().skip(1).find(|(_, c)| !is_combining_mark(*c));
            let (unit, behind) =
                rest.split_at_checked(marks.map_or(rest.len(), |(at, _)| at)).unwrap_or((rest, ""));
            rest = behind;
            self.unit(first, unit, &place);
        }
    }

    /// Takes a character with the marks on it.
    fn unit(&mut self, first: char, unit: &str, place: &Range<usize>) {
        if without_spaces(first) {
            self.close();
            for c in unit.chars() {
                let form = c.to_string();
                self.push(Term { kept: form.clone(), bare: form, word: false, place: place.clone() });
            }
            return;
        }
        match first.general_category_group() {
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Number => self.letter(first, unit, place),
            // On nothing.
            GeneralCategoryGroup::Mark => {}
            GeneralCategoryGroup::Symbol if !first.is_ascii() => {
                self.close();
                let form = first.to_string();
                self.push(Term { kept: form.clone(), bare: form, word: false, place: place.clone() });
            }
            _ => self.close(),
        }
    }

    /// Takes a letter of a word.
    fn letter(&mut self, first: char, unit: &str, place: &Range<usize>) {
        let Term { kept, bare, place: whole, .. } = &mut self.word;
        if kept.is_empty() {
            *whole = place.clone();
        }
        whole.end = place.end;
        // The dot that lower case leaves on the Turkish capital I with one: i, with or without, is one letter.
        let dotted = first == 'i';
        kept.extend(unit.chars().filter(|c| !(dotted && *c == DOT)));
        if unit.is_ascii() {
            bare.push_str(unit);
        } else {
            bare.extend(plain(unit).nfc().map(alike));
        }
    }

    /// Ends the word, if there is one.
    fn close(&mut self) {
        let word = core::mem::take(&mut self.word);
        // Of accents alone nothing is left.
        if !word.bare.is_empty() {
            self.push(Term { word: true, ..word });
        }
    }

    fn push(&mut self, term: Term) {
        self.terms.push(term);
    }
}

/// The Arabic stroke that only makes a word longer.
const TATWEEL: char = '\u{640}';
/// A dot above.
const DOT: char = '\u{307}';

/// Case folding by way of capitals, letter by letter, so that ß is ss, also as a capital, and both small sigmas are one.
fn lower(chars: impl Iterator<Item = char>) -> impl Iterator<Item = char> {
    chars.flat_map(char::to_lowercase).flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Letters that are one and the same to who writes them, and have several numbers: keyboards for Arabic and Persian differ.
fn alike(c: char) -> char {
    match c {
        '\u{643}' => '\u{6a9}',
        '\u{649}' | '\u{64a}' => '\u{6cc}',
        c => c,
    }
}

/// A character and its marks without accents: decomposed, and letters with a stroke, which Unicode does not decompose, without it.
fn plain(unit: &str) -> impl Iterator<Item = char> {
    let mut base = '\0';
    unit.nfd().filter_map(move |c| {
        if is_combining_mark(c) {
            return (!is_accent(base, c)).then_some(c);
        }
        base = c;
        Some(match c {
            'đ' | 'ð' => 'd',
            'ħ' => 'h',
            'ł' => 'l',
            'ø' => 'o',
            'ŧ' => 't',
            c => c,
        })
    })
}

/// True if people leave a mark out when they are in a hurry: accents, and the points of Arabic and Hebrew. Not the marks without
/// which a letter is another one: of и and й, of Devanagari's vowels, of Thai tones, of kana.
fn is_accent(base: char, mark: char) -> bool {
    match mark {
        '\u{300}'..='\u{36f}' if base.script() == Script::Cyrillic => {
            // Stress, and the dots of ё.
            matches!(mark, '\u{300}' | '\u{301}') || (mark == '\u{308}' && base == 'е')
        }
        '\u{300}'..='\u{36f}'
        | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}'
        | '\u{20d0}'..='\u{20ff}' => true,
        // Hebrew, Arabic, and the dot of borrowed sounds in Devanagari.
        '\u{591}'..='\u{5c7}' => true,
        '\u{610}'..='\u{61a}' | '\u{64b}'..='\u{65f}' | '\u{670}' | '\u{6d6}'..='\u{6ed}' => true,
        '\u{93c}' => true,
        _ => false,
    }
}

/// True for the scripts in which words are not told apart by spaces, or, in Korean, what belongs to a word hangs on it.
fn without_spaces(c: char) -> bool {
    // The stroke of long vowels belongs to both kana, and to neither by its number.
    c == '\u{30fc}'
        || matches!(
            c.script(),
            Script::Han
                | Script::Hiragana
                | Script::Katakana
                | Script::Bopomofo
                | Script::Hangul
                | Script::Thai
                | Script::Lao
                | Script::Khmer
                | Script::Myanmar
        )
}
