//! Text that others chose, made harmless for whoever draws it.
//!
//! A name or a message may hold anything that is UTF-8: sequences that steer a terminal, marks that reverse the direction
//! of what stands beside it, hundreds of accents on one letter. All of that goes here, before any interface has it. What
//! belongs to how something is written stays, in all scripts. A [terminal](crate::terminal) leaves out more.

use unicode_width::UnicodeWidthChar;

/// The most marks that take no room of their own on one letter. Vietnamese and pointed Hebrew need three.
pub const MARKS_MAX: usize = 4;

/// A text on one line: line breaks and tabs become spaces.
pub fn line(text: &str) -> String {
    clean(text, " ")
}

/// A text of several lines, without line breaks at its end.
pub fn text(text: &str) -> String {
    clean(text.trim_end_matches(['\n', '\r']), "\n")
}

/// A text in which each line break becomes this one.
pub fn clean(text: &str, line_break: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    let (mut marks, mut flag) = (0, false);
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => skip_escape(&mut rest),
            // The one-character forms of ESC [ and of the sequences that carry a string.
            '\u{9b}' => skip_control_sequence(&mut rest),
            '\u{90}' | '\u{98}' | '\u{9d}' | '\u{9e}' | '\u{9f}' => skip_string(&mut rest),
            '\r' if rest.peek() == Some(&'\n') => {}
            '\n' | '\r' | '\u{2028}' | '\u{2029}' => {
                (marks, flag) = (0, false);
                out.push_str(line_break);
            }
            '\t' => out.push(' '),
            // Letters of the name of a flag, which say something in nobody's eyes elsewhere.
            '\u{e0020}'..='\u{e007f}' => {
                if flag {
                    out.push(c);
                }
                flag &= c != '\u{e007f}';
            }
            c if is_hidden(c) => {}
            c => {
                flag = c == '\u{1f3f4}';
                marks = if takes_no_room(c) { marks + 1 } else { 0 };
                if marks <= MARKS_MAX {
                    out.push(c);
                }
            }
        }
    }
    out
}

/// True if a character stands over, under or beside the one before it and takes no room of its own.
pub(crate) fn takes_no_room(c: char) -> bool {
    c.width().unwrap_or(0) == 0
}

/// True if a character shows nothing and is no part of how a text is written: it steers, reverses or hides.
fn is_hidden(c: char) -> bool {
    match c {
        // Joiners of letters and pictures, selectors of their forms, the fillers of Korean and Mongolian, the empty Braille cell.
        '\u{34f}'
        | '\u{115f}'..='\u{1160}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200c}'..='\u{200d}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{e0100}'..='\u{e01ef}' => false,
        // All others that Unicode calls ignorable, and the marks of notes between lines; the tests of `cwtch` compare the list.
        '\u{ad}'
        | '\u{61c}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{200b}'..='\u{200f}'
        | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}' => true,
        c => c.is_control(),
    }
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
    fn what_steers_or_hides_goes_and_letters_of_all_scripts_stay() {
        assert_eq!(line("user\u{202e}txt.exe\u{2066}"), "usertxt.exe");
        assert_eq!(line("a\u{ad}b\u{17b4}c\u{e0001}d\u{1d173}e\u{fff0}f"), "abcdef");
        let scripts = "مرحبا 你好 👩\u{200d}👩 ñ می\u{200c}خواهم ❤\u{fe0f} \u{115f}\u{1161} ⠁\u{2800}⠁ हिन्दी ภาษาไทย ខ្មែរ \u{600}١٢";
        assert_eq!(line(scripts), scripts);
    }

    #[test]
    fn tags_stay_in_flags_and_nowhere_else() {
        let wales = "🏴\u{e0067}\u{e0062}\u{e0077}\u{e006c}\u{e0073}\u{e007f}";
        assert_eq!(line(wales), wales);
        assert_eq!(line(&format!("{wales}\u{e0061}b")), format!("{wales}b"));
        assert_eq!(line("a\u{e0068}\u{e0069}b"), "ab");
    }

    #[test]
    fn a_letter_carries_at_most_four_marks() {
        let tower = format!("a{}b\u{301}", "\u{301}".repeat(300));
        assert_eq!(line(&tower), "a\u{301}\u{301}\u{301}\u{301}b\u{301}");
        let pointed = "שִׁ֔בְעָה ngữ nghĩa ệ";
        assert_eq!(line(pointed), pointed);
        // Also where there is no letter to carry them.
        assert_eq!(line(&"\u{301}".repeat(300)).chars().count(), MARKS_MAX);
    }

    #[test]
    fn line_breaks_stay_where_a_text_has_several_lines() {
        assert_eq!(line("hello\r\n12  Alice\u{2028}x"), "hello 12  Alice x");
        assert_eq!(text("a\nb\r\nc\n"), "a\nb\nc");
        assert_eq!(text("\u{1b}]0;never ends\nsecond"), "\nsecond");
    }

    proptest::proptest! {
        #[test]
        fn no_text_steers(hostile in "\\PC*|(?s).*") {
            let cleaned = line(&hostile);
            proptest::prop_assert!(cleaned.chars().all(|c| !is_hidden(c)));
            proptest::prop_assert_eq!(line(&cleaned), cleaned.clone(), "once is enough");
            let mut marks = 0;
            for c in cleaned.chars() {
                marks = if takes_no_room(c) { marks + 1 } else { 0 };
                proptest::prop_assert!(marks <= MARKS_MAX);
            }
        }
    }
}
