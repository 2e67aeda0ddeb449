//! Text from outside, made harmless for a terminal.
//!
//! A message may hold anything that is UTF-8: escape sequences that move the cursor, set the title or
//! answer as if typed, and marks that reverse the direction of reading. They are left out in one place for all interfaces
//! (`cwtch_app::clean`). In JSON nothing is left out, but what serde_json writes raw of these is escaped.

use cwtch_app::clean;
use cwtch_primitives::text::{is_invisible, is_part_of_writing};

/// One line: line breaks and tabs become spaces; escape sequences, control characters, marks that change the direction
/// of reading and what else shows nothing are left out, but for what belongs to how something is written.
pub(crate) fn line(text: &str) -> String {
    clean::line(text)
}

/// A text of several lines: as [`line()`], but line breaks stay and are followed by `indent`.
pub(crate) fn lines(text: &str, indent: &str) -> String {
    clean::clean(text.trim_end_matches(['\n', '\r']), &format!("\n{indent}"))
}

/// A line of JSON that means the same, as text in which nothing steers a terminal or ends the line: JSON
/// escapes the control characters below U+0020 only, while terminals obey those from U+0080 on, and readers
/// of lines in some languages (Python's `splitlines`) stop at U+0085, U+2028 and U+2029.
pub(crate) fn json(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    for c in line.chars() {
        // Outside of strings JSON has none of these.
        if c.is_control() || is_hidden(c) || matches!(c, '\u{2028}' | '\u{2029}') {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// True if a character shows nothing, changes the direction of what follows or hides something, and is no part of how a
/// text is written.
fn is_hidden(c: char) -> bool {
    is_invisible(c) && !is_part_of_writing(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Characters without which names are compared are not shown either: there is one list.
    #[test]
    fn what_shows_nothing_is_left_out_of_texts_too() {
        for c in '\0'..=char::MAX {
            let text = format!("🏴{c}x");
            if !c.is_whitespace() && !c.is_control() {
                let shown = line(&text).len() == text.len();
                assert_eq!(shown, !is_hidden(c), "{c:?}");
            }
        }
        assert_eq!(json("\"a\u{ad}\u{e0001}\""), r#""a\u00ad\udb40\udc01""#);
    }

    #[test]
    fn line_breaks_cannot_forge_a_line() {
        assert_eq!(line("hello\r\n12  Alice  I owe you\u{2028}x"), "hello 12  Alice  I owe you x");
        assert_eq!(lines("a\nb\r\nc\n", "  | "), "a\n  | b\n  | c");
        assert_eq!(lines("\u{1b}]0;never ends\nsecond", "  "), "\n  second");
    }

    #[test]
    fn json_keeps_its_meaning_on_one_line() {
        let hostile = "a\u{9b}31m\u{7f}\u{85}\u{2028}\u{2029}\u{202e}\u{feff} ü\n\u{1b}";
        let written = json(&serde_json::json!(hostile).to_string());
        let expected = r#""a\u009b31m\u007f\u0085\u2028\u2029\u202e\ufeff ü\n\u001b""#;
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), hostile);
    }

    proptest::proptest! {
        #[test]
        fn json_of_any_text_reads_back(text in "(?s).*") {
            let written = json(&serde_json::json!({"text": text}).to_string());
            proptest::prop_assert!(written.chars().all(|c| !c.is_control() && !is_hidden(c)));
            let read: serde_json::Value = serde_json::from_str(&written).unwrap();
            proptest::prop_assert_eq!(&read["text"], &text);
        }

        #[test]
        fn nothing_that_steers_a_terminal_survives(text in "\\PC*|(?s).*") {
            proptest::prop_assert!(line(&text).chars().all(|c| !c.is_control() && !is_hidden(c)));
            proptest::prop_assert!(lines(&text, "  ").chars().all(|c| c == '\n' || !c.is_control()));
        }
    }
}
