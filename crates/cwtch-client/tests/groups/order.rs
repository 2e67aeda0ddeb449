//! One order of a group for all its members, as a real server makes it.

use std::collections::HashMap;

use cwtch_client::api::{Command, Event, MessageInfo, MessageState, Reply};
use tokio::sync::broadcast::error::TryRecvError;

use crate::support::{Person, World};

/// Rounds in which everybody writes at once, and then answers what another one wrote.
const ROUNDS: usize = 4;

#[tokio::test(flavor = "multi_thread")]
async fn who_write_at_once_read_one_order_and_no_answer_before_its_question() {
    let world = World::new();
    let server = world.server().await;
    let people = [world.daemon("alice").await, world.daemon("bob").await, world.daemon("carol").await];
    let mut events = people.each_ref().map(|person| person.engine.subscribe());
    let created = people[0].new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = created.group.as_str();
    for person in &people[1..] {
        person.join(&created.tofubundle).await.unwrap();
    }
    for round in 0..ROUNDS {
        let question = |n: usize| format!("question {round} of {n}");
        let asked = all(&people, |n| (question(n), None), group).await;
        for person in &people {
            person.sync().await.unwrap();
        }
        // Each answers the next one's question, all at the same time.
        let mut quoted = Vec::new();
        for (n, person) in people.iter().enumerate() {
            let text = question((n + 1) % people.len());
            let held = person.messages(group).await;
            quoted.push(held.iter().find(|message| message.text == text).unwrap().id);
        }
        all(&people, |n| (format!("answer {round} of {n}"), Some(quoted[n])), group).await;
        assert_eq!(asked.len(), people.len());
    }
    for person in &people {
        person.sync().await.unwrap();
    }
    let expected = people[0].texts(group).await;
    assert_eq!(expected.len(), 2 * ROUNDS * people.len());
    for (person, events) in people.iter().zip(&mut events) {
        let shown = person.messages(group).await;
        assert_eq!(shown.iter().map(|message| message.text.clone()).collect::<Vec<_>>(), expected);
        let indexes: Vec<_> = shown.iter().map(|message| message.index.unwrap()).collect();
        assert!(indexes.is_sorted_by(|one, next| one < next), "{indexes:?}");
        assert!(shown.is_sorted_by_key(|message| (message.place, message.id)));
        for (place, message) in shown.iter().enumerate().filter(|(_, message)| message.overlay == 10) {
            let question = shown.iter().position(|other| Some(other.id) == message.quoted).unwrap();
            assert!(question < place, "{:?} stands before what it answers", message.text);
        }
        // Whoever only listens has the same.
        assert_eq!(heard(events, group), shown.iter().map(|message| message.id).collect::<Vec<_>>());
        // And whoever reads in pages.
        let mut paged: Vec<MessageInfo> = Vec::new();
        loop {
            let after = Some(paged.last().map_or(0, |last| last.id));
            let command = Command::Messages {
                conversation: group.to_owned(),
                since: None,
                after,
                before: None,
                around: None,
                limit: Some(5),
            };
            let Reply::Messages(mut page) = person.call(command).await.unwrap() else {
                panic!("no messages")
            };
            if page.is_empty() {
                break;
            }
            paged.append(&mut page);
        }
        assert_eq!(paged, shown);
    }
    // What cannot leave stands last.
    server.shutdown().await;
    let alice = &people[0];
    let waits = alice.send_as(group, "waits", Some(1), None).await.unwrap();
    assert_eq!(waits.state, MessageState::Queued);
    let last = alice.messages(group).await.pop().unwrap();
    assert_eq!((last.text.as_str(), last.state), ("waits", MessageState::Queued));
}

/// Everybody says something at once, as an answer or not; all of it is stored when this returns.
async fn all(
    people: &[Person; 3],
    say: impl Fn(usize) -> (String, Option<i64>),
    group: &str,
) -> [MessageInfo; 3] {
    let [one, two, three] = [0, 1, 2].map(|n| {
        let (text, reply_to) = say(n);
        async move { people[n].send_as(group, &text, None, reply_to).await.unwrap() }
    });
    tokio::join!(one, two, three).into()
}

/// The ids of a group's messages as somebody has them who knows nothing but the events.
fn heard(events: &mut cwtch_client::engine::Listener, group: &str) -> Vec<i64> {
    let mut places: HashMap<i64, i64> = HashMap::new();
    loop {
        match events.try_recv().as_deref() {
            Ok(Event::Message { message }) if message.with == group => {
                places.insert(message.id, message.place);
            }
            Ok(Event::MessageMoved { id, place, .. }) if places.contains_key(id) => {
                assert!(places.insert(*id, *place).is_some(), "it was told before");
            }
            Ok(_) => {}
            Err(TryRecvError::Empty) => break,
            Err(error) => panic!("{error}"),
        }
    }
    let mut ids: Vec<i64> = places.keys().copied().collect();
    ids.sort_unstable_by_key(|id| (places[id], *id));
    ids
}
