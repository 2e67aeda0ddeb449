//! A choice is a message, whatever comes, moves or goes.

use cwtch_api::MessageInfo;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::timeline::{Entry, copied, entries};
use super::*;
use crate::words::Words;

fn message(id: i64, place: i64) -> MessageInfo {
    MessageInfo {
        id,
        conversation: 7,
        with: String::new(),
        conversation_name: Box::default(),
        author: String::new(),
        speaker: Box::default(),
        text: format!("text of {id}"),
        overlay: 1,
        sent: None,
        received: 1_700_000_000 + id,
        state: MessageState::Received,
        own: id % 3 == 0,
        previous: None,
        gap: false,
        quoted: None,
        offer: None,
        index: None,
        place,
        epoch: 1,
        begins: Vec::new(),
        old_key: None,
        reposted: false,
        forgotten: false,
        notes: Vec::new(),
        detail: None,
        why: None,
    }
}

fn of(ids: impl IntoIterator<Item = i64>) -> Thread {
    let mut thread = Thread::new(7, 0);
    assert_eq!(thread.wanted(), Some(Reading::Newest));
    thread.take(Reading::Newest, ids.into_iter().map(|id| message(id, 0)).collect());
    thread
}

/// The texts that are highlighted.
fn highlighted(thread: &Thread) -> Vec<String> {
    let all = entries(thread, &Words::english(), &TimeZone::UTC, 1_700_000_000);
    let chosen = |entry| match entry {
        Entry::Message(shown) if shown.chosen => Some(shown.text),
        _ => None,
    };
    all.into_iter().filter_map(chosen).collect()
}

#[test]
fn a_choice_moves_message_by_message_and_ends_at_the_end() {
    let mut thread = of([1, 2, 3]);
    assert_eq!(thread.chosen().map(|message| message.id), None);
    thread.step(-1);
    thread.step(-1);
    assert_eq!(thread.chosen().map(|message| message.id), Some(2));
    thread.step(-10);
    assert_eq!(thread.chosen().map(|message| message.id), Some(1));
    thread.step(2);
    thread.step(1);
    assert_eq!(thread.chosen().map(|message| message.id), None);
}

#[test]
fn a_conversation_is_read_on_in_both_directions_and_what_is_far_goes() {
    let mut thread = of(1001..=1060);
    assert_eq!(thread.wanted(), None, "the end is here");
    thread.to_first();
    let mut first = 1001;
    while thread.messages().len() < HELD_MAX {
        assert_eq!(thread.wanted(), Some(Reading::Before));
        assert_eq!(thread.wanted(), None, "it is asked for once");
        thread.take(Reading::Before, (first - 60..first).map(|id| message(id, 0)).collect());
        first -= 60;
        thread.to_first();
    }
    assert_eq!(thread.wanted(), Some(Reading::Before));
    thread.take(Reading::Before, (first - 20..first).map(|id| message(id, 0)).collect());
    assert_eq!(thread.messages().len(), HELD_MAX);
    assert!(!thread.is_at_end() && thread.is_from_start());
    // What comes now belongs behind what is not here.
    thread.arrived(message(1061, 0));
    assert!(thread.message(1061).is_none());
    thread.step(240);
    assert_eq!(thread.wanted(), None);
    thread.step(35);
    assert_eq!(thread.wanted(), Some(Reading::After));
    let last = thread.messages().last().unwrap().id;
    assert!(!thread.take(Reading::After, (last + 1..=1061).map(|id| message(id, 0)).collect()));
    assert!(thread.is_at_end() && thread.message(1061).is_some());
    assert_eq!(thread.messages().len(), HELD_MAX);
    assert!(!thread.is_from_start());
}

#[test]
fn what_was_deleted_while_an_answer_was_under_way_does_not_come_back() {
    let mut thread = Thread::new(7, 0);
    thread.wanted();
    thread.deleted(2);
    assert!(!thread.take(Reading::Newest, vec![message(1, 0), message(2, 0)]));
    assert_eq!(thread.messages().len(), 1);
    // What came meanwhile is asked for again.
    thread.read_again();
    thread.arrived(message(3, 0));
    assert!(thread.take(Reading::Newest, vec![message(1, 0)]));
    assert_eq!(thread.read_again(), Some(Reading::Newest));
    assert_eq!(thread.read_again(), None);
    assert!(thread.take(Reading::Newest, vec![message(1, 0), message(3, 0)]), "it changed once more");
}

#[test]
fn order_is_by_place_and_a_message_that_moves_takes_its_choice_along() {
    let mut thread = of([1, 2, 3]);
    thread.choose(Some(2));
    thread.moved(1, 9, Some(4));
    let ids: Vec<i64> = thread.messages().iter().map(|message| message.id).collect();
    assert_eq!(ids, [2, 3, 1]);
    assert_eq!(highlighted(&thread), ["text of 2"]);
}

#[derive(Debug, Clone)]
enum Happens {
    Arrives(i64),
    Goes(i64),
    Moves(i64, i64),
    Steps(isize),
    Chooses(i64),
    Reads,
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        4 => (0i64..6).prop_map(Happens::Arrives),
        2 => (0i64..60).prop_map(Happens::Goes),
        2 => ((0i64..60), (0i64..6)).prop_map(|(id, place)| Happens::Moves(id, place)),
        4 => (-3isize..4).prop_map(Happens::Steps),
        1 => (0i64..60).prop_map(Happens::Chooses),
        1 => Just(Happens::Reads),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]
    #[test]
    fn what_is_copied_is_what_is_highlighted(history in proptest::collection::vec(happens(), 1..120)) {
        let mut thread = of([1, 2, 3, 4, 5]);
        // The engine's side: what is stored.
        let mut stored: Vec<MessageInfo> = (1..=5).map(|id| message(id, 0)).collect();
        let mut last = 5;
        for step in history {
            let before = thread.chosen().map(|message| message.id);
            let mut gone = None;
            match step {
                Happens::Arrives(place) => {
                    last += 1;
                    stored.push(message(last, place));
                    thread.arrived(message(last, place));
                }
                Happens::Goes(id) => {
                    stored.retain(|message| message.id != id);
                    thread.deleted(id);
                    gone = Some(id);
                }
                Happens::Moves(id, place) => {
                    for message in stored.iter_mut().filter(|message| message.id == id) {
                        message.place = place;
                    }
                    thread.moved(id, place, None);
                }
                Happens::Steps(by) => thread.step(by),
                Happens::Chooses(id) => thread.choose(Some(id)),
                Happens::Reads => {
                    let reading = thread.read_again().unwrap();
                    let mut page = stored.clone();
                    page.sort_by_key(place);
                    prop_assert!(!thread.take(reading, page));
                    while let Some(reading) = thread.wanted() {
                        thread.take(reading, Vec::new());
                    }
                }
            }
            let chosen = thread.chosen().map(|message| message.id);
            if !matches!(step, Happens::Steps(_) | Happens::Chooses(_)) && before != gone {
                prop_assert_eq!(before, chosen, "only the person chooses another one");
            }
            // Nothing is chosen that is not there.
            prop_assert!(chosen.is_none_or(|id| stored.iter().any(|message| message.id == id)));
            let copied: Vec<String> = thread.chosen().map(copied).into_iter().collect();
            prop_assert_eq!(highlighted(&thread), copied);
        }
        // At the end of the conversation all of it is here again.
        thread.choose(None);
        stored.sort_by_key(place);
        while let Some(reading) = thread.wanted() {
            thread.take(reading, stored.clone());
        }
        let mut ids: Vec<(i64, i64)> = stored.iter().map(place).collect();
        ids.sort_unstable();
        let here: Vec<(i64, i64)> = thread.messages().iter().map(place).collect();
        prop_assert_eq!(here, ids, "everything is here, in its order");
    }
}
