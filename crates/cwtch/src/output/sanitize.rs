//! Text from outside, made harmless for a terminal.
//!
//! A message may hold anything that is UTF-8: escape sequences that move the cursor, set the title or
//! answer as if typed, and marks that reverse the direction of reading. In JSON nothing is left out, but
//! what serde_json writes raw of these is escaped.

use cwtch_primitives::text::{is_invisible, is_part_of_writing};

/// One line: line breaks and tabs become spaces; escape sequences, control characters, marks that change the direction
/// of reading and what else shows nothing are left out, but for what belongs to how something is written.
pub(crate) fn line(text: &str) -> String {
    clean(text, " ")
}

/// A text of several lines: as [`line()`], but line breaks stay and are followed by `indent`.
pub(crate) fn lines(text: &str, indent: &str) -> String {
    clean(text.trim_end_matches(['\n', '\r']), &format!("\n{indent}"))
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

fn clean(text: &str, line_break: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            // The one-character forms of ESC [ and of the sequences that carry a string.
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => out.push_str(line_break),
            '\t' => out.push(' '),
            c if c.is_control() || is_hidden(c) => {}
            c => out.push(c),
        }
    }
    out
}

/// True if a character shows nothing, changes the direction of what follows or hides something, and is no part of how a
/// text is written.
fn is_hidden(c: char) -> bool {
    is_invisible(c) && !is_part_of_writing(c)
}

type Rest<'a> = std::iter::Peekable<std::str::Chars<'a>>;

fn skip_escape(rest: &mut Rest<'_>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            skip_control_sequence(rest);
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            rest.next();
            skip_string(rest);
        }
        // Two characters, or three where the second is an intermediate one.
        Some(' '..='/') => {
            while rest.next_if(|c| (' '..='/').contains(c)).is_some() {}
            rest.next_if(|c| ('0'..='~').contains(c));
        }
        Some('0'..='~') => {
            rest.next();
        }
        _ => {}
    }
}

/// Parameters and intermediates up to the final character; a sequence that breaks off ends where it does.
fn skip_control_sequence(rest: &mut Rest<'_>) {
    while rest.next_if(|c| (' '..='?').contains(c)).is_some() {}
    rest.next_if(|c| ('@'..='~').contains(c));
}

/// Up to the terminator (BEL, ST, or ESC \) but never over the end of the line: a sequence that is not
/// terminated must not hide the rest of a message.
fn skip_string(rest: &mut Rest<'_>) {
    while let Some(c) = rest.next_if(|c| *c != '\n') {
        if matches!(c, '\u{07}' | '\u{9c}') {
            return;
        }
        if c == '\u{1b}' {
            rest.next_if_eq(&'\\');
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escape_sequences_are_left_out_whole() {
        for (hostile, shown) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{07}text", "text"),
            ("\u{1b}]8;;http://x\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Jgone", "gone"),
            ("\u{1b}(0box", "box"),
            ("\u{1b}cafter", "after"),
            ("broken \u{1b}[12", "broken "),
            ("lone \u{1b}", "lone "),
            ("bell\u{7}back\u{8}del\u{7f}nul\0", "bellbackdelnul"),
        ] {
            assert_eq!(line(hostile), shown, "{hostile:?}");
        }
    }

    #[test]
    fn marks_of_direction_are_left_out_and_letters_of_all_scripts_stay() {
        assert_eq!(line("user\u{202e}txt.exe\u{2066}"), "usertxt.exe");
        let scripts = "مرحبا 你好 👩\u{200d}👩 ñ می\u{200c}خواهم ❤\u{fe0f} \u{115f}\u{1161} ⠁\u{2800}⠁ 🏴\u{e0067}\u{e007f}";
        assert_eq!(line(scripts), scripts);
    }

    /// Characters without which names are compared are not shown either: there is one list.
    #[test]
    fn what_shows_nothing_is_left_out_of_texts_too() {
        assert_eq!(line("a\u{ad}b\u{17b4}c\u{e0001}d\u{1d173}e\u{fff0}f"), "abcdef");
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
