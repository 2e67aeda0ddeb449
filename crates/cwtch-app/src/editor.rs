//! Text that a person edits, with a place where it goes on: moved and erased by characters as people see them.

use unicode_segmentation::UnicodeSegmentation;

use crate::clean;
use crate::input::Move;

/// The most bytes that may be typed: more than fits into any message.
const MAX: usize = 64 * 1024;

/// A text being edited.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Editor {
    text: String,
    /// The place in the text, in bytes, always between two characters.
    at: usize,
}

/// Leaves out what is typed.
impl core::fmt::Debug for Editor {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Editor({} bytes)", self.text.len())
    }
}

impl Editor {
    /// An editor with a text, at its end.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { at: text.len(), text }
    }

    /// The text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text before the place, and the text behind it.
    pub fn halves(&self) -> (&str, &str) {
        self.text.split_at_checked(self.at).unwrap_or((&self.text, ""))
    }

    /// True without a text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The text, which is gone from here.
    pub fn take(&mut self) -> String {
        self.at = 0;
        std::mem::take(&mut self.text)
    }

    /// Puts text at the place, [cleaned](clean::clean): what is pasted may come from anywhere. What is too long is left out.
    pub fn insert(&mut self, text: &str) {
        for c in clean::clean(text, "\n").chars() {
            if self.text.len() + c.len_utf8() > MAX {
                return;
            }
            self.text.insert(self.at, c);
            self.at += c.len_utf8();
        }
    }

    /// Moves the place.
    pub fn step(&mut self, step: Move) {
        self.at = self.target(step);
    }

    /// Erases from the place to where a move would lead.
    pub fn erase(&mut self, step: Move) {
        let to = self.target(step);
        let range = self.at.min(to)..self.at.max(to);
        self.at = range.start;
        self.text.replace_range(range, "");
    }

    /// The place to which a move leads; the same where it cannot lead on.
    fn target(&self, step: Move) -> usize {
        let (before, after) = self.halves();
        match step {
            Move::Back => before.grapheme_indices(true).next_back().map_or(0, |(at, _)| at),
            Move::On => self.at + after.graphemes(true).next().map_or(0, str::len),
            Move::WordBack => {
                let word = before.unicode_word_indices().next_back();
                word.map_or(0, |(at, _)| at)
            }
            Move::WordOn => {
                let word = after.unicode_word_indices().next();
                word.map_or(self.text.len(), |(at, word)| self.at + at + word.len())
            }
            Move::LineStart => before.rfind('\n').map_or(0, |at| at + 1),
            Move::LineEnd => after.find('\n').map_or(self.text.len(), |at| self.at + at),
            Move::Up => {
                let column = self.column();
                let line = before.rfind('\n').unwrap_or(0);
                let above = self.text.get(..line).unwrap_or_default();
                if line == 0 && !before.starts_with('\n') {
                    return self.at;
                }
                let start = above.rfind('\n').map_or(0, |at| at + 1);
                start + in_line(above.get(start..).unwrap_or_default(), column)
            }
            Move::Down => match after.find('\n') {
                None => self.at,
                Some(end) => {
                    let start = self.at + end + 1;
                    let below = self.text.get(start..).unwrap_or_default();
                    start + in_line(below.split('\n').next().unwrap_or_default(), self.column())
                }
            },
        }
    }

    /// The number of characters between the beginning of the line and the place.
    fn column(&self) -> usize {
        let before = self.halves().0;
        before.rsplit('\n').next().unwrap_or_default().graphemes(true).count()
    }
}

/// The place in a line behind so many characters, or its end.
fn in_line(line: &str, column: usize) -> usize {
    line.graphemes(true).take(column).map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_moved_over_and_erased_as_people_see_them() {
        let mut editor = Editor::new("e\u{301}👩\u{200d}👧x");
        editor.step(Move::Back);
        editor.erase(Move::Back);
        assert_eq!(editor.text(), "e\u{301}x");
        editor.erase(Move::Back);
        assert_eq!(editor.text(), "x");
        editor.erase(Move::Back);
        editor.erase(Move::On);
        assert!(editor.is_empty());
    }

    #[test]
    fn lines_and_words_are_steps_too() {
        let mut editor = Editor::new("first line\nab\nthird");
        editor.step(Move::Up);
        assert_eq!(editor.halves(), ("first line\nab", "\nthird"));
        editor.step(Move::Up);
        assert_eq!(editor.halves().0, "fi");
        editor.step(Move::Up);
        assert_eq!(editor.halves().0, "fi", "there is nothing above");
        editor.step(Move::LineEnd);
        editor.erase(Move::WordBack);
        assert_eq!(editor.text(), "first \nab\nthird");
        editor.step(Move::Down);
        editor.step(Move::Down);
        editor.step(Move::Down);
        assert_eq!(editor.halves().1, "ird");
        editor.step(Move::WordOn);
        assert_eq!(editor.halves().1, "");
    }

    #[test]
    fn pasted_text_steers_nothing_and_has_an_end() {
        let mut editor = Editor::default();
        editor.insert("a\u{1b}[31m\r\nb\u{202e}");
        assert_eq!(editor.text(), "a\nb");
        editor.insert(&"x".repeat(2 * MAX));
        assert_eq!(editor.text().len(), MAX);
    }

    proptest::proptest! {
        #[test]
        fn no_step_leaves_the_text(text in "[ab é漢\u{301}\n👩\u{200d}]{0,30}", steps in proptest::collection::vec((0usize..8, 0u8..3), 0..60)) {
            const MOVES: [Move; 8] = [Move::Back, Move::On, Move::WordBack, Move::WordOn, Move::LineStart, Move::LineEnd, Move::Up, Move::Down];
            let mut editor = Editor::new(text);
            for (step, what) in steps {
                match what {
                    0 => editor.step(MOVES[step]),
                    1 => editor.erase(MOVES[step]),
                    _ => editor.insert("z\u{301}"),
                }
                proptest::prop_assert!(editor.text.is_char_boundary(editor.at));
            }
        }
    }
}
