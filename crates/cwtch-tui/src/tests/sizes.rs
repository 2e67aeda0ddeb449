//! Windows of all sizes: nothing fails, and what matters is in sight.

use cwtch_app::{Input, Intent, Place, Target, Words};
use proptest::prelude::*;
use serde_json::json;

use super::Shown;

fn busy(words: Words, size: (u16, u16)) -> Shown {
    let contacts = json!([{"_": "contact"}, {"_": "contact", "address": "x", "state": "unknown", "shown": "Eve", "conversation": 0}]);
    let conversations = json!([
        {"_": "conversation", "unread": 3, "last": {"_": "message", "text": "The last thing that Bob said"}},
        {"_": "group", "conversation": 9, "unread": 1200},
    ]);
    let mut shown = Shown::open(words, size, &contacts, &conversations);
    shown.put(Input::Pointed(Target::Listed(Place::Conversation(7))));
    let long = "A long message that has to be broken over several lines, ".repeat(6);
    shown.answer(
        "messages",
        &json!([
            {"_": "message", "id": 1, "text": "Good morning", "received": 1_700_380_000},
            {"_": "own", "id": 2, "text": long},
            {"_": "message", "id": 3, "text": "שלום עולם, hello", "quoted": 1},
        ]),
    );
    shown
}

#[test]
fn in_a_small_window_everything_has_its_place_and_in_a_smaller_one_it_is_said() {
    let mut shown = busy(Words::english(), (40, 10));
    shown.put(Input::Text("A text that I write".to_owned()));
    shown.draw();
    let rows = shown.rows();
    let all = rows.join("\n");
    for seen in ["Bob", "A text that I write", "online"] {
        assert!(all.contains(seen), "{seen} in\n{all}");
    }
    shown.put(Input::Intent(Intent::Quit));
    shown.draw();
    let all = shown.rows().join("\n");
    assert!(all.contains("go offline"), "{all}");

    let mut tiny = busy(Words::english(), (29, 7));
    tiny.draw();
    assert!(tiny.rows().join(" ").contains("There is too little room"), "{:?}", tiny.rows());
}

#[test]
fn in_a_large_window_the_list_stands_beside_the_conversation() {
    let mut shown = busy(Words::english(), (300, 100));
    shown.draw();
    let border = shown.areas().list.unwrap().right();
    for row in 0..98 {
        assert_eq!(shown.cell(border, row).unwrap().contents(), "│", "row {row}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn no_size_and_no_page_fails(columns in 1u16..300, rows in 1u16..100, steps in proptest::collection::vec(0u8..12, 0..12), right in any::<bool>()) {
        let hebrew = [include_str!("../../../cwtch-words/tests/words/he/app.ftl")];
        let words = if right { Words::of("he", &hebrew).unwrap() } else { Words::pseudo() };
        let mut shown = busy(words, (columns, rows));
        shown.draw();
        for step in steps {
            let input = match step {
                0 => Input::Intent(Intent::Help),
                1 => Input::Intent(Intent::About),
                2 => Input::Intent(Intent::Quit),
                3 => Input::Intent(Intent::Back),
                4 => Input::Intent(Intent::Next),
                5 => Input::Intent(Intent::PageUp),
                6 => Input::Intent(Intent::PageDown),
                7 => Input::Intent(Intent::Confirm),
                8 => Input::Text("ein Text שלום 你好 👩\u{200d}👧 /".to_owned()),
                9 => Input::Intent(Intent::Search),
                10 => Input::Intent(Intent::Command),
                _ => Input::Intent(Intent::Step(cwtch_app::Move::Up)),
            };
            shown.put(input);
            shown.draw();
        }
    }
}
