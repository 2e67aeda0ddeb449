//! What is copied is what is highlighted, whatever comes, goes and moves meanwhile.

use cwtch_app::{Effect, Input, Intent, Move, Place, Target, Words};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::Shown;
use crate::draw::CHOSEN;

#[derive(Debug, Clone)]
enum Happens {
    Arrives,
    Goes(usize),
    Steps(bool),
    Points(u16),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        3 => Just(Happens::Arrives),
        2 => (0usize..40).prop_map(Happens::Goes),
        3 => any::<bool>().prop_map(Happens::Steps),
        1 => (0u16..20).prop_map(Happens::Points),
    ]
}

fn message(id: i64) -> Value {
    json!({"_": "message", "id": id, "text": format!("text-{id}.")})
}

fn event(shown: &mut Shown, event: Value) {
    let filled = cwtch_app::scenarios::patterns::fill(event).unwrap();
    shown.put(Input::Heard(Box::new(serde_json::from_value(filled).unwrap())));
}

/// The texts that stand beside the mark of what is chosen.
fn highlighted(shown: &Shown) -> Vec<String> {
    let area = shown.areas().messages.unwrap();
    let rows = shown.rows();
    let marked = |row: &u16| shown.cell(area.x, *row).is_some_and(|cell| cell.contents() == CHOSEN);
    let text = |row: u16| {
        let (_, text) = rows[usize::from(row)].split_once("text-")?;
        Some(format!("text-{}.", text.split('.').next()?))
    };
    (area.y..area.bottom()).filter(marked).filter_map(text).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    #[test]
    fn what_is_copied_is_what_is_highlighted(history in proptest::collection::vec(happens(), 1..40)) {
        let conversations = json!([{"_": "conversation", "messages": 8}]);
        let mut shown = Shown::open(Words::english(), (80, 24), &json!([{"_": "contact"}]), &conversations);
        shown.put(Input::Pointed(Target::Listed(Place::Conversation(7))));
        let mut ids: Vec<i64> = (1..=8).collect();
        shown.answer("messages", &ids.iter().map(|id| message(*id)).collect());
        shown.draw();
        for step in history {
            match step {
                Happens::Arrives => {
                    let id = ids.last().copied().unwrap_or(0) + 1;
                    ids.push(id);
                    event(&mut shown, json!({"event": "message", "message": message(id)}));
                }
                Happens::Goes(at) if at < ids.len() => {
                    let id = ids.remove(at);
                    event(&mut shown, json!({"event": "message-deleted", "id": id, "conversation": 7}));
                }
                Happens::Goes(_) => {}
                Happens::Steps(up) => {
                    shown.put(Input::Intent(if up { Intent::PageUp } else { Intent::Step(Move::Down) }));
                }
                Happens::Points(row) => {
                    let area = shown.areas().messages.unwrap();
                    let target = shown.areas().at(area.x + 3, area.y + row.min(area.height - 1)).cloned();
                    if let Some(target) = target {
                        shown.put(Input::Pointed(target));
                    }
                }
            }
            shown.draw();
            let copied = shown.put(Input::Intent(Intent::Copy)).into_iter().find_map(|effect| match effect {
                Effect::Copy(text) => Some(text),
                _ => None,
            });
            prop_assert_eq!(highlighted(&shown), Vec::from_iter(copied));
        }
    }
}
