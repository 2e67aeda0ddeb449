//! What a terminal is given takes the room that is counted, and stands in the order that is seen.

use proptest::prelude::*;

use super::*;
use crate::clean;

fn texts(text: &str, columns: usize) -> Vec<String> {
    rows(&clean::text(text), columns).into_iter().map(|row| row.text).collect()
}

#[test]
fn lines_break_between_words_and_long_words_where_the_row_ends() {
    assert_eq!(texts("one two three", 8), ["one two", "three"]);
    assert_eq!(texts("abcdefghij kl", 4), ["abcd", "efgh", "ij", "kl"]);
    assert_eq!(texts("漢字漢字", 5), ["漢字", "漢字"]);
    assert_eq!(texts("a\n\nb", 5), ["a", "", "b"]);
    assert_eq!(texts("", 5), [""]);
    assert_eq!(texts("12345 ", 5), ["12345"]);
    assert_eq!(texts("ab cdefghi", 4), ["ab", "cdef", "ghi"]);
}

#[test]
fn what_terminals_count_differently_is_drawn_in_parts() {
    assert_eq!(texts("👩\u{200d}👩\u{200d}👧 👍🏽 ❤\u{fe0f}", 40), ["👩👩👧 👍 ❤"]);
    assert_eq!(texts("🇨🇿 🇨", 40), ["[CZ] [C]"]);
    assert_eq!(texts("🏴\u{e0067}\u{e007f}x", 40), ["🏴x"]);
}

#[test]
fn a_line_from_the_right_is_drawn_in_the_order_that_is_seen() {
    assert_eq!(texts("abc שלום def", 40), ["abc םולש def"]);
    let hebrew = &rows("שלום abc!", 40)[0];
    assert!(hebrew.from_right);
    assert_eq!(hebrew.text, "!abc םולש");
    // Brackets turn, marks stay on their letters.
    assert_eq!(rows("(שָׁלוֹם)", 40)[0].text, "(םוֹלשָׁ)");
    // The first words stand in the first row, although they are drawn at its right end.
    assert_eq!(texts("אחת שתים שלוש", 9), ["םיתש תחא", "שולש"]);
}

#[test]
fn marks_of_direction_of_our_own_work_and_are_not_drawn() {
    // A name from the right between words from the left, isolated: the number stays behind it.
    assert_eq!(rows("\u{2068}שלום\u{2069} 2", 40)[0].text, "םולש 2");
    assert_eq!(rows("from \u{2068}שלום\u{2069} 2", 40)[0].text, "from םולש 2");
}

#[test]
fn what_does_not_fit_is_cut_with_a_sign() {
    assert_eq!(cut("hello", 5).text, "hello");
    assert_eq!(cut("hello there", 6).text, "hello…");
    assert_eq!(cut("漢字漢字", 4).text, "漢…");
    assert_eq!(cut("שלום עולם", 5).text, "…םולש");
    assert_eq!(cut("x", 0).text, "");
}

#[test]
fn marks_stand_with_their_letter() {
    let all: Vec<(String, usize)> =
        cells("e\u{301}漢x").into_iter().map(|cell| (cell.text, cell.width)).collect();
    assert_eq!(all, [("e\u{301}".into(), 1), ("漢".into(), 2), ("x".into(), 1)]);
    assert_eq!(cells("\u{301}")[0].text, " \u{301}");
}

#[test]
fn what_takes_no_room_begins_no_row() {
    // A sign of Soyombo, which has no room and belongs to what is behind it, here a space.
    let text = plain(&clean::text("\u{11a84} !!¡a\u{1e00}¡¡"));
    for columns in 2..12 {
        for row in rows(&text, columns) {
            let drawn: usize = cells(&row.text).iter().map(|cell| cell.width).sum();
            assert_eq!(drawn, row.width, "{columns}: {row:?}");
        }
    }
    let all: Vec<String> = rows(&"\u{11a84}a".repeat(9), 4).into_iter().map(|row| row.text).collect();
    assert!(all.iter().all(|row| width(row) <= 4) && all.len() >= 3, "{all:?}");
    // One letter to people, three columns to terminals.
    assert!(rows("ぁ\u{17be}", 2).iter().all(|row| row.width <= 2));
}

proptest! {
    #[test]
    fn no_row_is_wider_than_it_may_be(
        text in "(?s).{0,200}|[ab 漢\u{301}é👩\u{200d}\u{fe0f}\u{5d0}\u{627}(1\n🇨🏽]{0,200}",
        columns in 2usize..60,
    ) {
        let cleaned = clean::text(&text);
        let all = rows(&cleaned, columns);
        for row in &all {
            prop_assert!(row.width <= columns, "{row:?}");
            let drawn: usize = cells(&row.text).iter().map(|cell| cell.width).sum();
            prop_assert!(drawn <= columns && cells(&row.text).iter().all(|cell| (1..=2).contains(&cell.width)));
            prop_assert!(!row.text.contains(char::is_control));
        }
        // Nothing is lost but spaces where rows end, and what is not drawn.
        let sorted = |text: String| {
            let mut all: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).map(|c| match c {
                ')' => '(',
                c => c,
            }).collect();
            all.sort_unstable();
            all
        };
        if !text.contains(['[', '{', '<', '«', '»', '>', '}', ']']) {
            let drawn = all.iter().map(|row| row.text.as_str()).collect::<String>();
            prop_assert_eq!(sorted(drawn).len(), sorted(plain(&cleaned)).len());
        }
        let short = cut(&cleaned, columns);
        prop_assert!(short.width <= columns);
    }
}
