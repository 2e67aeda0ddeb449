//! Pieces of sentences.

/// The text as a sentence of its own: with a capital letter and a full stop.
pub fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), chars.as_str().trim_end_matches('.')),
        None => String::new(),
    }
}

/// A technical cause behind a clause, with the full stop; the stop alone where nothing is known.
pub(crate) fn because(detail: &str) -> String {
    match detail.trim().trim_end_matches('.') {
        "" => ".".to_owned(),
        detail => format!(": {detail}."),
    }
}

/// A technical cause in brackets, with the space before it; nothing where none is known.
pub(crate) fn in_brackets(detail: &str) -> String {
    match detail.trim().trim_end_matches('.') {
        "" => String::new(),
        detail => format!(" ({detail})"),
    }
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
    fn a_cause_that_is_not_known_leaves_no_gap() {
        assert_eq!(format!("It failed{}", because("no route.")), "It failed: no route.");
        assert_eq!(format!("It failed{}", because(" ")), "It failed.");
        assert_eq!(paragraph(["One.", "", "Two."]), "One. Two.");
    }
}
