//! Two people agree that messages vanish, by two daemons.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use cwtch_client::api::{Command, ConversationInfo, ErrorKind, Event, Reply, VanishInfo, VanishState};
use cwtch_client::engine::{EngineOptions, Mode};
use cwtch_client::profile::fixtures::each_value;
use cwtch_protocol::app::peer::Event as PeerEvent;

use crate::person::Person;
use crate::support::{Stranger, World};

const NOW: i64 = 1_700_000_000;
const WORDS: &str = "the meeting is at noon";

async fn person(world: &World, name: &str, clock: &Arc<AtomicI64>) -> Person {
    let clock = clock.clone();
    let mut options = EngineOptions::new(Mode::Daemon);
    options.clock = Some(Arc::new(move || clock.load(Ordering::Acquire)));
    world.start_with(name, options).await
}

fn conversation(reply: Reply) -> ConversationInfo {
    match reply {
        Reply::Conversation(info) => info,
        other => panic!("no conversation: {other:?}"),
    }
}

async fn vanish(person: &Person, with: &str, seconds: Option<u64>) -> VanishInfo {
    let command = Command::ConversationVanish { conversation: with.to_owned(), seconds };
    conversation(person.call(command).await.unwrap()).vanish.unwrap()
}

/// Waits until a person is told of this.
async fn told(person: &mut Person, state: VanishState, seconds: Option<u64>) {
    person
        .event("the agreement", |event| match event {
            Event::VanishingChanged { conversation } => {
                let now = conversation.vanish.unwrap();
                ((now.state, now.seconds) == (state, seconds)).then_some(())
            }
            _ => None,
        })
        .await;
}

async fn read(person: &Person, with: &str) {
    let command = Command::ConversationRead { conversation: with.to_owned(), up_to: None };
    person.call(command).await.unwrap();
}

/// Waits until a person is told that texts went.
async fn texts_go(person: &mut Person) {
    let told = |event: &Event| matches!(event, Event::TextsForgotten { .. }).then_some(());
    person.event("texts to be forgotten", told).await;
}

/// True if the words are anywhere in a profile's database, as they were said or in the search index.
fn says(world: &World, name: &str, words: &str) -> bool {
    let profile = world.profile(name);
    let mut found = false;
    each_value(&profile, |_, bytes| {
        found |= bytes.windows(words.len()).any(|part| part == words.as_bytes());
    });
    found
}

#[tokio::test]
async fn two_people_agree_and_what_they_say_vanishes_on_both_sides() {
    let world = World::new();
    let clock = Arc::new(AtomicI64::new(NOW));
    let (mut alice, mut bob) = (person(&world, "alice", &clock).await, person(&world, "bob", &clock).await);
    let (to_alice, to_bob) = (alice.address.clone(), bob.address.clone());
    alice.add(&to_bob).await;
    // Bob is away, or does not know her yet: it waits.
    let proposed = vanish(&alice, &to_bob, Some(3_600)).await;
    assert_eq!(proposed, VanishInfo { state: VanishState::Proposed, seconds: None, wanted: Some(3_600) });
    bob.add(&to_alice).await;
    told(&mut alice, VanishState::Agreed, Some(3_600)).await;
    told(&mut bob, VanishState::Agreed, Some(3_600)).await;

    alice.send(&to_bob, WORDS).await.unwrap();
    assert_eq!(bob.incoming().await.text, WORDS);
    read(&bob, &to_alice).await;
    // An hour is over.
    clock.store(NOW + 3_599, Ordering::Release);
    read(&bob, &to_alice).await;
    assert_eq!(alice.texts(&to_bob).await, [WORDS]);
    assert_eq!(bob.texts(&to_alice).await, [WORDS]);
    bob.send(&to_alice, "something else").await.unwrap();
    clock.store(NOW + 3_600, Ordering::Release);
    // Whoever reads or is acknowledged now has it looked for at once.
    read(&alice, &to_bob).await;
    texts_go(&mut alice).await;
    read(&bob, &to_alice).await;
    texts_go(&mut bob).await;
    for (person, with) in [(&alice, &to_bob), (&bob, &to_alice)] {
        let messages = person.messages(with).await;
        let [first, second] = messages.as_slice() else { panic!("two messages: {messages:?}") };
        assert!(first.forgotten && first.text.is_empty() && second.text == "something else");
    }

    // Either side ends it, and what is said then stays.
    let ended = vanish(&bob, &to_alice, None).await;
    assert_eq!((ended.state, ended.seconds), (VanishState::Proposed, Some(3_600)), "until she knows");
    told(&mut bob, VanishState::Off, None).await;
    told(&mut alice, VanishState::Off, None).await;
    alice.send(&to_bob, "for good").await.unwrap();
    for wrong in [0, 59, 31_536_001] {
        let command = Command::ConversationVanish { conversation: to_bob.clone(), seconds: Some(wrong) };
        assert_eq!(alice.call(command).await.unwrap_err().kind(), ErrorKind::Usage);
    }
    alice.stop().await;
    bob.stop().await;
    for name in ["alice", "bob"] {
        assert!(
            says(&world, name, "for good") && says(&world, name, "something else"),
            "the look finds what is there"
        );
        assert!(!says(&world, name, WORDS) && !says(&world, name, "noon"), "{name}");
    }
    // What counted while nobody looked is gone before anything is shown.
    clock.store(NOW + 100 * 3_600, Ordering::Release);
    let alice = person(&world, "alice", &clock).await;
    let texts = alice.texts(&to_bob).await;
    assert_eq!(texts, ["", "", "for good"]);
    alice.stop().await;
    assert!(!says(&world, "alice", "something else"));
}

#[tokio::test]
async fn a_contact_whose_program_does_not_know_vanishing_is_said_to_and_ignores_it() {
    let world = World::new();
    let mut bob = world.daemon("bob").await;
    let peer = Stranger::new(9);
    bob.add(&peer.address()).await;
    assert_eq!(vanish(&bob, &peer.address(), Some(60)).await.state, VanishState::Proposed);
    let mut line = peer.dial(&world, &bob.address).await;
    // As deployed programs answer whatever they are asked and do not know.
    let answer = async {
        loop {
            let asked = line
                .event(|event| match event {
                    PeerEvent::GetVal { id, .. } => Some(id),
                    _ => None,
                })
                .await;
            let Some(id) = asked else { return };
            line.machine.ret_val(&id, None).unwrap();
        }
    };
    tokio::select! {
        () = answer => panic!("the line ended"),
        () = told(&mut bob, VanishState::Unsupported, None) => {}
    }
    let ended = vanish(&bob, &peer.address(), None).await;
    assert_eq!((ended.state, ended.wanted), (VanishState::Off, None), "its end waits for nobody");
    bob.stop().await;
}
