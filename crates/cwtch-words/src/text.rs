//! Pieces of sentences, and values in them.

use crate::words::Value;

/// Stands for something that is not known; no name is spelt so where it is used.
const NONE: &str = "none";

/// The text as a sentence of its own: with a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    match text {
        "" => String::new(),
        text => capital(text.trim_end_matches('.')) + ".",
    }
}

/// The text with a capital letter at its beginning.
pub(crate) fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// A number that stands in a sentence as it is.
pub fn number(number: impl ToString) -> Value<'static> {
    number.to_string().into()
}

/// A number that chooses the form of a sentence. One that is too large to be counted exactly stands as it is, with the form
/// for many.
pub fn count(count: u64) -> Value<'static> {
    if count <= 1 << f64::MANTISSA_DIGITS { count.into() } else { number(count) }
}

/// A technical cause without its full stop; `none` where nothing is known.
pub(crate) fn cause(detail: &str) -> Value<'_> {
    known(detail.trim().trim_end_matches('.'))
}

/// The text, or `none` where it is empty.
pub(crate) fn known(text: &str) -> Value<'_> {
    if text.is_empty() { NONE } else { text }.into()
}

/// The name, or `none`.
pub(crate) fn named(name: Option<&str>) -> Value<'_> {
    name.unwrap_or(NONE).into()
}

/// The text on one line, without anything that moves a cursor.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Sentences one behind the other, without those that are empty.
pub(crate) fn paragraph<const N: usize>(sentences: [&str; N]) -> String {
    let said: Vec<&str> = sentences.into_iter().filter(|sentence| !sentence.is_empty()).collect();
    said.join(" ")
}

/// The text in quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    format!("{text:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_begin_and_end_as_such() {
        assert_eq!(sentence("wrong password"), "Wrong password.");
        assert_eq!(sentence("Done."), "Done.");
        assert_eq!(sentence(""), "");
    }

    #[test]
    fn what_is_not_known_is_said_as_such() {
        assert_eq!(cause("no route."), "no route".into());
        assert_eq!(cause(" "), "none".into());
        assert_eq!(named(None), "none".into());
        assert_eq!(paragraph(["One.", "", "Two."]), "One. Two.");
    }

    #[test]
    fn no_number_loses_a_digit() {
        assert_eq!(count(u64::MAX), "18446744073709551615".into());
        assert_eq!(count(7), 7.into());
    }
}
