//! Names and texts that others chose: whatever they are, each border stays, and no byte steers the terminal but our own.

use cwtch_app::{Input, Place, Target, Words};
use proptest::prelude::*;
use serde_json::json;

use super::Shown;

/// Pieces that have broken screens of other programs.
const PIECES: [&str; 34] = [
    "a",
    "word ",
    "\u{1b}[2J",
    "\u{1b}]0;x\u{7}",
    "\u{9b}31m",
    "\u{202e}",
    "\u{2066}",
    "\u{2069}",
    "\u{200f}",
    "\u{200d}",
    "👩\u{200d}👩\u{200d}👧",
    "👍\u{1f3fd}",
    "❤\u{fe0f}",
    "🇨🇿",
    "🏴\u{e0067}\u{e007f}",
    "1\u{fe0f}\u{20e3}",
    "漢字",
    "ｗｉｄｅ",
    "한국어",
    "שלום ",
    "مرحبا ",
    "لا",
    "हिन्दी",
    "ภาษาไทย",
    "ខ្មែរ",
    "\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
    "\u{115f}",
    "\u{3164}",
    "\t",
    "\r\n",
    "\u{2028}",
    "│",
    "─",
    "ﷺ",
];

pub(super) fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => (0..PIECES.len()).prop_map(|at| PIECES[at].to_owned()),
        1 => "\\PC{1,4}",
        1 => any::<char>().prop_map(String::from),
        1 => Just("\u{301}".repeat(300)),
        1 => Just("x".repeat(200)),
    ];
    proptest::collection::vec(piece, 1..12).prop_map(|pieces| pieces.concat())
}

/// Whether bytes steer in no other way than places, colours, weights and the cursor's being seen.
fn are_ours(bytes: &[u8]) -> Result<(), String> {
    let text = std::str::from_utf8(bytes).map_err(|e| e.to_string())?;
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\u{1b}' {
            if c.is_control() {
                return Err(format!("{c:?}"));
            }
            continue;
        }
        if rest.next() != Some('[') {
            return Err("a sequence that is none of ours".to_owned());
        }
        let end = rest.by_ref().find(|c| ('@'..='~').contains(c));
        if !matches!(end, Some('H' | 'm' | 'h' | 'l')) {
            return Err(format!("a sequence with the end {end:?}"));
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    /// Four texts in each of 500 screens.
    #[test]
    fn no_name_or_text_leaves_its_pane(
        name in hostile(), last in hostile(), text in hostile(), speaker in hostile(), columns in 64u16..160,
    ) {
        let contacts = json!([{"_": "contact", "shown": name}]);
        let conversations = json!([
            {"_": "conversation", "shown": name, "last": {"_": "message", "text": last}},
            {"_": "group", "conversation": 9, "shown": last, "with": "aa"},
        ]);
        let rows = 24;
        let mut shown = Shown::open(Words::english(), (columns, rows), &contacts, &conversations);
        prop_assert_eq!(are_ours(&shown.draw()), Ok(()));
        shown.put(Input::Pointed(Target::Listed(Place::Conversation(7))));
        shown.answer("messages", &json!([
            {"_": "message", "id": 1, "text": "Before"},
            {"_": "message", "id": 2, "speaker": {"_": "bob", "shown": speaker}, "text": text},
            {"_": "own", "id": 3, "text": text, "quoted": 2, "overlay": 10},
        ]));
        prop_assert_eq!(are_ours(&shown.draw()), Ok(()));
        shown.put(Input::Text(text.clone()));
        prop_assert_eq!(are_ours(&shown.draw()), Ok(()));
        let border = shown.areas().list.unwrap().right();
        for row in 0..rows - 2 {
            prop_assert_eq!(shown.cell(border, row).unwrap().contents(), "│", "row {}:\n{}", row, shown.rows().join("\n"));
        }
        // The screen as a terminal has it is the one that was meant, cell by cell.
        let buffer = shown.buffer();
        for row in 0..rows {
            for column in 0..columns {
                let (meant, seen) = (buffer.cell((column, row)).unwrap(), shown.cell(column, row).unwrap());
                if meant.symbol().is_ascii() && !seen.is_wide_continuation() {
                    let contents = if seen.contents().is_empty() { " " } else { seen.contents() };
                    prop_assert_eq!(contents, meant.symbol(), "row {}, column {}", row, column);
                }
            }
        }
    }
}
