//! Text as a terminal can be trusted to draw it: each character in as many columns as it is counted for, in the order in
//! which it is seen.
//!
//! Terminals disagree about joined pictures, skin tones, selected forms and flags, and those that reorder lines of mixed
//! directions move text over the border of its pane. So pictures are drawn in parts, flags as letters, and the order is
//! made here; the terminal is told to keep it.

mod order;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthChar;

use self::order::Paragraph;

/// The columns of the narrowest row, and of the widest character.
const NARROWEST: usize = 2;

/// A line as it is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// The characters from left to right.
    pub text: String,
    /// The columns that they take.
    pub width: usize,
    /// True if the line is read from the right, and begins at the right edge.
    pub from_right: bool,
}

/// A part of a row that is drawn at once: a character with the marks that it carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cell {
    /// The character and its marks.
    pub text: String,
    /// The columns that it takes: 1 or 2.
    pub width: usize,
}

/// A [cleaned](crate::clean) text in rows of at most so many columns. It is broken between words, and a word that fits into no
/// row where the row ends. There is at least one row.
pub fn rows(text: &str, columns: usize) -> Vec<Row> {
    let columns = columns.max(NARROWEST);
    let text = plain(text);
    let mut rows = Vec::new();
    for paragraph in text.split('\n') {
        let order = Paragraph::of(paragraph);
        for range in breaks(paragraph, columns) {
            rows.push(order.row(range));
        }
    }
    rows
}

/// The beginning of a text in one row of at most so many columns, with `…` where something is left out.
pub fn cut(text: &str, columns: usize) -> Row {
    let text = plain(text).replace('\n', " ");
    let whole = width(&text);
    let kept = if whole <= columns {
        text
    } else {
        let room = columns.saturating_sub(1);
        let (mut used, mut kept) = (0, String::new());
        for cluster in text.graphemes(true) {
            used += width(cluster);
            if used > room {
                break;
            }
            kept.push_str(cluster);
        }
        if columns > 0 {
            kept.push('…');
        }
        kept
    };
    Paragraph::of(&kept).row(0..kept.len())
}

/// A [cleaned](crate::clean) text on one line, in the order in which it is read: for what is spoken, or written on in a braille line.
pub fn spoken(text: &str) -> String {
    plain(text).chars().filter(|c| !order::is_mark(*c)).map(|c| if c == '\n' { ' ' } else { c }).collect()
}

/// The columns that a text takes that was made for a terminal.
pub fn width(text: &str) -> usize {
    text.chars().map(columns_of).sum()
}

/// The parts of a row's text, each to be drawn behind the one before it.
pub fn cells(text: &str) -> Vec<Cell> {
    let mut cells: Vec<Cell> = Vec::new();
    for c in text.chars() {
        match (columns_of(c), cells.last_mut()) {
            (0, Some(before)) => before.text.push(c),
            (0, None) => cells.push(Cell { text: format!(" {c}"), width: 1 }),
            (width, _) => cells.push(Cell { text: c.to_string(), width }),
        }
    }
    cells
}

fn columns_of(c: char) -> usize {
    c.width().unwrap_or(0)
}

/// The text without what terminals count differently: joined pictures in their parts, without skin tones and selectors; flags
/// as letters in brackets.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.chars().peekable();
    // True behind what can carry a mark.
    let mut carries = false;
    while let Some(c) = rest.next() {
        match c {
            '\u{200c}'
            | '\u{200d}'
            | '\u{34f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{1f3fb}'..='\u{1f3ff}'
            | '\u{180b}'..='\u{180f}'
            | '\u{e0020}'..='\u{e007f}'
            | '\u{e0100}'..='\u{e01ef}' => {}
            '\u{1f1e6}'..='\u{1f1ff}' => {
                out.push('[');
                out.push(letter(c));
                if let Some(second) = rest.next_if(|c| ('\u{1f1e6}'..='\u{1f1ff}').contains(c)) {
                    out.push(letter(second));
                }
                out.push(']');
                carries = true;
            }
            // Left out by some terminals.
            '\u{fffd}' => {
                out.push('?');
                carries = true;
            }
            // The filler of a Korean syllable is two columns wide in some terminals and none in others.
            '\u{115f}'..='\u{1160}' | '\u{3164}' | '\u{ffa0}' => {
                out.push(' ');
                carries = true;
            }
            // Three columns wide; the signs that it is made of are one each.
            '\u{17d8}' => {
                out.push_str("\u{17d4}\u{179b}\u{17d4}");
                carries = true;
            }
            c if columns_of(c) > NARROWEST => {
                out.push('?');
                carries = true;
            }
            c => {
                let steers = order::is_mark(c);
                // A mark without a letter gets one that shows nothing.
                if !carries && !steers && c != '\n' && columns_of(c) == 0 {
                    out.push(' ');
                }
                carries = !steers && c != '\n';
                out.push(c);
            }
        }
    }
    out
}

/// The letter that half of a flag stands for.
fn letter(half: char) -> char {
    char::from_u32(u32::from('A') + (u32::from(half) - 0x1_f1e6)).unwrap_or('?')
}

/// The parts of a paragraph that are not cut: characters as people see them, as far as they are no wider than any row. What takes no room
/// stays with what is before it, also with a space: at the beginning of a row it would be given some. Some scripts have signs without room
/// that count as a part of what is behind them.
fn units(paragraph: &str) -> Vec<(usize, &str)> {
    let mut starts = vec![0];
    for (at, cluster) in paragraph.grapheme_indices(true) {
        let taken = cluster.char_indices().filter(|(_, c)| columns_of(*c) > 0).map(|(place, _)| at + place);
        let whole = width(cluster) <= NARROWEST;
        starts.extend(taken.take(if whole { 1 } else { usize::MAX }).filter(|start| *start > 0));
    }
    let ends = starts.iter().copied().skip(1).chain([paragraph.len()]);
    starts
        .iter()
        .zip(ends)
        .map(|(start, end)| (*start, paragraph.get(*start..end).unwrap_or_default()))
        .collect()
}

/// The parts of a paragraph that fit into one row each.
fn breaks(paragraph: &str, columns: usize) -> Vec<std::ops::Range<usize>> {
    let mut rows = Vec::new();
    let (mut begin, mut used) = (0, 0);
    // The place behind the last space of the row, and the columns up to it.
    let mut space: Option<(usize, usize)> = None;
    for (at, cluster) in units(paragraph) {
        let wide = width(cluster);
        if used + wide > columns && cluster != " " {
            match space.take() {
                Some((behind, before)) => {
                    rows.push(begin..behind);
                    (begin, used) = (behind, used - before);
                }
                None => {
                    rows.push(begin..at);
                    (begin, used) = (at, 0);
                }
            }
            // The word itself may be longer than a row.
            if used + wide > columns {
                rows.push(begin..at);
                (begin, used) = (at, 0);
            }
        }
        used += wide;
        if cluster == " " {
            space = Some((at + 1, used));
        }
    }
    rows.push(begin..paragraph.len());
    rows.retain(|row| !row.is_empty() || paragraph.is_empty());
    rows
}

#[cfg(test)]
mod tests;
