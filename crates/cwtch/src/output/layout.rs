//! Lines on a terminal: whatever is written by others stays behind the line that it belongs to.
//!
//! A terminal goes on at its left edge with what is longer than it is wide. A text that is padded to that width could
//! begin a line that looks like one of this program's. So lines are cut here, and what goes on is indented.

use std::borrow::Cow;

use anstream::adapter::strip_str;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Columns by which a line goes on that has no indentation of its own.
const HANG: usize = 2;
/// The fewest columns that are used, however narrow the terminal says it is.
const NARROWEST: usize = 8;
/// The most columns that are kept together.
const WIDEST: usize = NARROWEST - HANG;
/// Mark of the column at which a line is continued, put into it by [`hang`]. Text from outside cannot contain it.
const MARK: char = '\u{1f}';

/// Put into a line, has it left as it is: for what people paste elsewhere. Text from outside cannot contain it, and must not
/// stand in such a line.
pub(crate) const UNCUT: char = '\u{1e}';

/// Has the continuation of a line stand where this is put into it.
pub(crate) const fn hang() -> char {
    MARK
}

/// The text for a terminal of so many columns; without them, for a pipe or a file, nothing is cut. Styles count for
/// nothing, and characters for as many columns as any terminal may give them.
pub(crate) fn fit(text: &str, columns: Option<usize>) -> Cow<'_, str> {
    let Some(columns) = columns.map(|columns| columns.max(NARROWEST)) else {
        let marks = [MARK, UNCUT];
        return if text.contains(marks) { text.replace(marks, "").into() } else { text.into() };
    };
    let mut out = String::with_capacity(text.len() + text.len() / 8);
    for line in text.split_inclusive('\n') {
        let (line, end) = line.strip_suffix('\n').map_or((line, ""), |line| (line, "\n"));
        if line.contains(UNCUT) {
            out.push_str(&line.replace(UNCUT, ""));
        } else {
            fit_line(line, columns, &mut out);
        }
        out.push_str(end);
    }
    out.into()
}

fn fit_line(line: &str, columns: usize, out: &mut String) {
    let indent = line.chars().take_while(|c| *c == ' ').count();
    let marked = line.split_once(MARK).map(|(before, _)| strip_str(before).to_string().width());
    // On a narrow terminal the text gets most of the line, wherever it would stand on a wide one.
    let most = columns / 3;
    let hang = marked.unwrap_or(indent).max(HANG).min(most.max(HANG));
    let line = if indent > hang { line.get(indent - hang..).unwrap_or(line) } else { line };
    let mut row = Row { columns, hang, used: 0, begun: false, word: String::new(), word_width: 0 };
    for piece in pieces(line) {
        row.take(&piece, out);
    }
    row.flush(out);
}

/// A part of a line that is not cut: a character as people see it, or a style.
struct Piece<'a> {
    text: &'a str,
    width: usize,
}

/// A line's parts. The mark is left out.
fn pieces(line: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(MARK);
        let first = rest.chars().next()?;
        let (length, width) = if first == '\u{1b}' {
            // Ours: others' are left out before. A style ends with its letter.
            (rest.find(|c: char| c.is_ascii_alphabetic()).map_or(rest.len(), |end| end + 1), 0)
        } else {
            match rest.graphemes(true).next().map(|cluster| (cluster.len(), columns_of(cluster))) {
                Some((length, width)) if width <= WIDEST => (length, width),
                // A chain of joined pictures may be as long as a text.
                _ => (first.len_utf8(), columns_of(first.encode_utf8(&mut [0; 4]))),
            }
        };
        let (text, behind) = rest.split_at_checked(length)?;
        rest = behind;
        Some(Piece { text, width })
    })
}

/// The most columns that a terminal may give a character: some show those of ambiguous width as wide, some each part of
/// a joined picture, and some a selected picture as wide.
fn columns_of(cluster: &str) -> usize {
    let widest = |c: char| match c {
        '\u{fe0f}' => 1,
        c => c.width_cjk().unwrap_or(0),
    };
    cluster.chars().map(widest).sum()
}

/// The row that is being filled.
struct Row {
    columns: usize,
    hang: usize,
    /// Columns used by what was written.
    used: usize,
    /// True if something besides the indentation was written.
    begun: bool,
    /// Text that is not written yet because it may have to go to the next row as a whole.
    word: String,
    word_width: usize,
}

impl Row {
    fn take(&mut self, piece: &Piece<'_>, out: &mut String) {
        if piece.text == " " {
            self.flush(out);
            if self.used < self.columns {
                out.push(' ');
                self.used += 1;
            }
            return;
        }
        // A word that fits into no row is cut where the row ends.
        if self.word_width + piece.width > self.columns - self.hang {
            self.flush(out);
        }
        self.word.push_str(piece.text);
        self.word_width += piece.width;
    }

    /// Writes the word, in the next row if this one has no room for it.
    fn flush(&mut self, out: &mut String) {
        if self.used + self.word_width > self.columns && self.begun {
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
            out.extend(std::iter::repeat_n(' ', self.hang));
            self.used = self.hang;
        }
        self.begun |= self.word_width > 0;
        self.used += self.word_width;
        out.push_str(&self.word);
        self.word.clear();
        self.word_width = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::output::{BOLD, DIM};

    fn width(line: &str) -> usize {
        pieces(line).map(|piece| piece.width).sum()
    }

    #[test]
    fn a_line_goes_on_behind_its_indentation() {
        let line = format!("{DIM}12{DIM:#}  {BOLD}Bob{BOLD:#}  {MARK}one two three four five six\n");
        let fitted = fit(&line, Some(24)).into_owned();
        let plain = strip_str(&fitted).to_string();
        assert_eq!(plain, "12  Bob  one two three\n        four five six\n");
        let piped = fit(&line, None).into_owned();
        assert_eq!(strip_str(&piped).to_string(), "12  Bob  one two three four five six\n");
    }

    #[test]
    fn padding_cannot_put_a_forged_line_at_the_left_edge() {
        let forged =
            format!("1  Bob  {MARK}Hi.{}{}", " ".repeat(70), "9  2025-01-01 00:00  you  ✓ I owe you");
        for line in fit(&forged, Some(80)).lines().skip(1) {
            assert!(line.starts_with("        "), "{line:?}");
        }
    }

    #[test]
    fn a_long_word_is_cut_and_wide_letters_count_as_what_they_take() {
        assert_eq!(fit("abcdefghijklmnopqrstuvwxyz", Some(10)), "abcdefgh\n  ijklmnop\n  qrstuvwx\n  yz");
        assert_eq!(fit("漢字漢字漢字漢字", Some(10)), "漢字漢字\n  漢字漢字");
        assert_eq!(fit("  indented and long", Some(12)), "  indented\n  and long");
        assert_eq!(fit("a\n\nb\n", Some(10)), "a\n\nb\n");
        let pasted = format!("abcdefghijklm{UNCUT}\nabcdefghijklm");
        assert_eq!(fit(&pasted, Some(10)), "abcdefghijklm\nabcdefgh\n  ijklm");
        assert_eq!(fit(&pasted, None), "abcdefghijklm\nabcdefghijklm");
    }

    proptest! {
        /// At every width, with any text of others behind any beginning of ours.
        #[test]
        fn nothing_goes_on_at_the_left_edge(
            columns in 10usize..120,
            before in "[a-z0-9 ]{2,40}",
            text in "(?s).{0,200}|[ab 漢\u{301}é👩\u{200d}\u{fe0f}\u{5d0}]{0,200}",
        ) {
            let text = crate::output::sanitize::lines(&text, &" ".repeat(before.len()));
            let whole = format!("x{DIM}{before}{DIM:#}{MARK}{text}");
            let fitted = fit(&whole, Some(columns)).into_owned();
            for (n, line) in fitted.split('\n').enumerate() {
                prop_assert!(width(line) <= columns, "{line:?}");
                prop_assert!(n == 0 || line.is_empty() || line.starts_with("  "), "{line:?} in {fitted:?}");
                prop_assert!(!line.contains(MARK));
            }
            // Nothing but white space is lost.
            let bare = |text: &str| text.replace([' ', '\n', MARK], "");
            prop_assert_eq!(bare(&fitted), bare(&whole));
        }
    }
}
