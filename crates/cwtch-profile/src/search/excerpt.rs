//! Excerpts: the part of a text around what was found in it.

use core::ops::Range;

use unicode_segmentation::UnicodeSegmentation;

/// The most characters, as people see them, before the first place and behind its beginning.
const BEFORE: usize = 40;
/// See [`BEFORE`].
const BEHIND: usize = 120;
/// The most bytes of such a character that are shown: what stacks more marks on one letter is cut.
const CLUSTER_MAX: usize = 64;
/// Sign for what is left out.
const MORE: &str = "…";

/// A piece of an excerpt.
#[derive(Clone, PartialEq, Eq)]
pub struct Piece {
    /// Text of the piece.
    pub text: String,
    /// True if it is what was looked for.
    pub found: bool,
}

impl core::fmt::Debug for Piece {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Piece({} bytes, found: {})", self.text.len(), self.found)
    }
}

/// The part of a text around the first of some places, cut to where words or characters end, as pieces. The places are in
/// order and apart from each other; without one it is the text's beginning.
pub(super) fn excerpt(text: &str, places: &[Range<usize>]) -> Vec<Piece> {
    let at = places.first().map_or(0, |place| place.start);
    let (before, behind) = text.split_at_checked(at).unwrap_or((text, ""));
    let start = before.grapheme_indices(true).rev().take(BEFORE).last().map_or(at, |(start, _)| start);
    let end = behind.grapheme_indices(true).nth(BEHIND).map_or(text.len(), |(end, _)| at + end);
    let start = if start == 0 { 0 } else { next_word(text, start, at) };
    let mut pieces = Pieces::default();
    if start > 0 {
        pieces.push(MORE, false);
    }
    let mut from = start;
    for place in places.iter().filter(|place| place.start < end) {
        pieces.cut(text, from..place.start, false);
        pieces.cut(text, place.start..place.end.min(end), true);
        from = place.end.min(end);
    }
    pieces.cut(text, from..end, false);
    if end < text.len() {
        pieces.push(MORE, false);
    }
    pieces.0
}

/// The beginning of the next word behind a place, if there is one before another place: no word is shown by its end alone.
fn next_word(text: &str, start: usize, before: usize) -> usize {
    let part = text.get(start..before).unwrap_or_default();
    part.find(char::is_whitespace)
        .and_then(|space| {
            let rest = part.get(space..)?;
            Some(start + space + rest.find(|c: char| !c.is_whitespace())?)
        })
        .unwrap_or(start)
}

#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn cut(&mut self, text: &str, range: Range<usize>, found: bool) {
        for cluster in text.get(range).unwrap_or_default().graphemes(true) {
            let mut end = cluster.len().min(CLUSTER_MAX);
            while !cluster.is_char_boundary(end) {
                end -= 1;
            }
            self.push(cluster.get(..end).unwrap_or_default(), found);
        }
    }

    fn push(&mut self, text: &str, found: bool) {
        match self.0.last_mut() {
            Some(last) if last.found == found => last.text.push_str(text),
            _ => self.0.push(Piece { text: text.to_owned(), found }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, places: &[(usize, usize)]) -> String {
        let places: Vec<Range<usize>> = places.iter().map(|(start, end)| *start..*end).collect();
        let mark = |piece: Piece| if piece.found { format!("[{}]", piece.text) } else { piece.text };
        excerpt(text, &places).into_iter().map(mark).collect()
    }

    #[test]
    fn an_excerpt_is_the_text_around_what_was_found() {
        assert_eq!(shown("see you at noon, then", &[(11, 15)]), "see you at [noon], then");
        assert_eq!(shown("noon", &[(0, 4)]), "[noon]");
        assert_eq!(shown("a b a", &[(0, 1), (4, 5)]), "[a] b [a]");
        assert_eq!(shown("nothing", &[]), "nothing");
        assert_eq!(shown("", &[]), "");
        let long = format!("{}noon {}", "word ".repeat(50), "more ".repeat(50));
        let cut = shown(&long, &[(250, 254)]);
        assert!(cut.starts_with("…word ") && cut.contains("word [noon] more") && cut.ends_with('…'), "{cut}");
        assert!(cut.chars().count() < 170, "{cut}");
        // Within a long word, where it stands; and between characters as people see them.
        let long = format!("{}x{}", "é".repeat(300), "👩\u{200d}👩\u{200d}👧".repeat(300));
        let cut = shown(&long, &[(600, 601)]);
        assert!(cut.starts_with("…é") && cut.contains("[x]👩") && cut.ends_with("👧…"), "{cut}");
        assert_eq!(cut.graphemes(true).filter(|g| *g == "é").count(), BEFORE);
        let stacked = format!("x{}", "\u{301}".repeat(4000));
        let stacked_len = stacked.len();
        assert!(shown(&stacked, &[(0, stacked_len)]).len() <= CLUSTER_MAX + 2);
    }
}
