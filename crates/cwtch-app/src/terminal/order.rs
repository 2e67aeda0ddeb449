//! The order in which a line is drawn: from left to right, whichever way it is read.

use std::ops::Range;

use unicode_bidi::{BidiInfo, Level};

use super::{Row, width};

/// A paragraph with the directions of its parts.
pub(super) struct Paragraph<'a> {
    text: &'a str,
    /// Directions; absent where everything is read from the left, which costs nothing then.
    mixed: Option<BidiInfo<'a>>,
}

impl<'a> Paragraph<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let mixed = (!text.is_ascii()).then(|| BidiInfo::new(text, None)).filter(BidiInfo::has_rtl);
        Self { text, mixed }
    }

    /// A part of it as a row, without spaces at its end.
    pub(super) fn row(&self, range: Range<usize>) -> Row {
        let part = self.text.get(range.clone()).unwrap_or_default().trim_end_matches(' ');
        let range = range.start..range.start + part.len();
        let Some((info, paragraph)) =
            self.mixed.as_ref().and_then(|info| Some((info, info.paragraphs.first()?)))
        else {
            let text = drawn(part);
            return Row { width: width(&text), text, from_right: false };
        };
        let levels = info.reordered_levels(paragraph, range.clone());
        // A character with its marks moves as one.
        let mut parts: Vec<(String, Level)> = Vec::new();
        for (at, c) in part.char_indices().filter(|(_, c)| !is_mark(*c)) {
            match parts.last_mut() {
                Some((before, _)) if width(c.encode_utf8(&mut [0; 4])) == 0 => before.push(c),
                _ => {
                    let level = levels.get(range.start + at).copied().unwrap_or_else(Level::ltr);
                    let shown = if level.is_rtl() { mirrored(c) } else { c };
                    parts.push((shown.to_string(), level));
                }
            }
        }
        let levels: Vec<Level> = parts.iter().map(|(_, level)| *level).collect();
        let order = BidiInfo::reorder_visual(&levels);
        let text: String =
            order.iter().filter_map(|at| parts.get(*at)).map(|(part, _)| part.as_str()).collect();
        Row { width: width(&text), text, from_right: paragraph.level.is_rtl() }
    }
}

/// The text without marks of direction, which have done their work.
fn drawn(text: &str) -> String {
    text.chars().filter(|c| !is_mark(*c)).collect()
}

/// True for marks of direction. Only those of our own words come here.
pub(super) fn is_mark(c: char) -> bool {
    matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Brackets and signs that point the other way where a text is read from the right.
fn mirrored(c: char) -> char {
    const PAIRS: [(char, char); 13] = [
        ('(', ')'),
        ('[', ']'),
        ('{', '}'),
        ('<', '>'),
        ('«', '»'),
        ('‹', '›'),
        ('≤', '≥'),
        ('⟨', '⟩'),
        ('「', '」'),
        ('『', '』'),
        ('《', '》'),
        ('（', '）'),
        ('【', '】'),
    ];
    for (open, close) in PAIRS {
        if c == open {
            return close;
        }
        if c == close {
            return open;
        }
    }
    c
}
