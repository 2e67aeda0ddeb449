//! The change feed: whoever follows it hears each change once, however late or slow.

use cwtch_client::api::{Command, ErrorKind, Event, Problem, Told};
use cwtch_client::engine::Follower;

use crate::person::caught_up;
use crate::support::{Person, World, soon};

/// The texts that are told as new, in order.
fn texts(told: &[Told]) -> Vec<String> {
    let text = |told: &Told| match &told.event {
        Event::Message { message } => Some(message.text.clone()),
        _ => None,
    };
    told.iter().filter_map(text).collect()
}

fn numbers_grow(told: &[Told]) {
    let numbers: Vec<i64> = told.iter().filter_map(|told| told.seq).collect();
    assert!(numbers.is_sorted_by(|one, next| one < next), "{numbers:?}");
}

/// Reads until a text is told.
async fn until_text(follower: &mut Follower, text: &str) -> Vec<Told> {
    let mut told = Vec::new();
    loop {
        told.push(soon("an event", follower.next()).await.unwrap().expect("the engine runs"));
        if texts(&told).last().is_some_and(|last| last == text) {
            return told;
        }
    }
}

async fn say(from: &Person, to: &str, numbers: impl IntoIterator<Item = u32>) -> Vec<String> {
    let mut said = Vec::new();
    for number in numbers {
        let text = format!("message {number}");
        from.send(to, &text).await.unwrap();
        said.push(text);
    }
    said
}

#[tokio::test]
async fn who_follows_from_any_number_hears_each_change_once_over_restarts() {
    let world = World::new();
    let (mut alice, bob) = world.friends().await;
    let bob_address = bob.address.clone();
    let first = say(&bob, &alice.address, 0..10).await;

    let mut follower = alice.engine.follow(Some(0)).await.unwrap();
    let told = caught_up(&mut follower).await;
    numbers_grow(&told);
    assert_eq!(texts(&told), first);
    let added = |told: &Told| matches!(&told.event, Event::ContactChanged { contact } if contact.address == bob_address);
    assert!(told.iter().any(added));
    // From any number in between: all that is behind it.
    let fifth = told.iter().find(|told| texts(std::slice::from_ref(told)) == ["message 4"]).unwrap();
    let mut other = alice.engine.follow(fifth.seq).await.unwrap();
    assert_eq!(texts(&caught_up(&mut other).await), first[5..]);

    // And then what happens, as it happens.
    let second = say(&bob, &alice.address, 10..20).await;
    let told = until_text(&mut follower, "message 19").await;
    numbers_grow(&told);
    assert_eq!(texts(&told), second);
    let last = follower.after();

    // What comes while it is not asked, and while the engine stands still, is told behind the number that was kept.
    let third = say(&bob, &alice.address, 20..25).await;
    alice.stop().await;
    alice = world.daemon("alice").await;
    let fourth = say(&bob, &alice.address, 25..30).await;
    let mut follower = alice.engine.follow(Some(last)).await.unwrap();
    let told = caught_up(&mut follower).await;
    numbers_grow(&told);
    assert_eq!(texts(&told), [third, fourth].concat());
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test]
async fn who_reads_far_too_slowly_goes_on_where_it_was() {
    let world = World::new();
    let (alice, bob) = world.friends().await;
    let mut follower = alice.engine.follow(None).await.unwrap();
    let mut beside = alice.engine.subscribe();
    let begins = follower.after();
    // More than is kept for who listens.
    let mut names = Vec::new();
    for number in 0..1500 {
        let name = format!("Bob {number}");
        let rename = Command::ContactRename { contact: bob.address.clone(), name: Some(name.clone()) };
        alice.call(rename).await.unwrap();
        names.push(name);
    }
    let said = say(&bob, &alice.address, 0..3).await;
    let lost = std::iter::from_fn(|| Some(beside.try_recv())).any(|event| event.is_err());
    assert!(lost, "who does not follow loses some");

    let told = caught_up(&mut follower).await;
    numbers_grow(&told);
    assert_eq!(texts(&told), said);
    let renamed =
        |told: &Told| matches!(&told.event, Event::ContactChanged { contact } if contact.name == "Bob 1499");
    assert!(told.iter().any(renamed), "as it is now");
    assert!(told.iter().filter_map(|told| told.seq).all(|seq| seq > begins));
    // How it stands with what is not stored is told, too.
    let online =
        |told: &Told| matches!(&told.event, Event::ContactOnline { address, .. } if *address == bob.address);
    assert!(told.iter().any(online));
    let more = say(&bob, &alice.address, 3..5).await;
    assert_eq!(texts(&until_text(&mut follower, "message 4").await), more);
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test]
async fn numbers_that_are_not_there_are_told_with_those_that_are() {
    let world = World::new();
    let alice = world.daemon("alice").await;
    let newest = alice.engine.follow(None).await.unwrap().after();
    let error = alice.engine.follow(Some(newest + 1)).await.err().expect("it has not happened yet");
    assert_eq!(error.kind(), ErrorKind::ChangesGone);
    assert!(matches!(error.problem, Problem::ChangesGone { newest: told, .. } if told == newest), "{error}");
    assert!(alice.engine.follow(Some(newest)).await.is_ok());
    alice.stop().await;
}

#[tokio::test]
async fn what_goes_is_told_by_its_number_and_live_by_its_name() {
    let world = World::new();
    let (mut alice, bob) = world.friends().await;
    let before = alice.engine.follow(None).await.unwrap().after();
    let remove = Command::ContactRemove { contact: bob.address.clone() };
    alice.call(remove).await.unwrap();
    let live = alice
        .event("the removal", |event| match event {
            Event::ContactRemoved { conversation, address, who } => {
                Some((*conversation, address.clone(), who.is_some()))
            }
            _ => None,
        })
        .await;
    assert_eq!((live.1.as_deref(), live.2), (Some(bob.address.as_str()), true));
    let mut later = alice.engine.follow(Some(before)).await.unwrap();
    let told = caught_up(&mut later).await;
    let gone = Event::ContactRemoved { conversation: live.0, address: None, who: None };
    assert!(told.iter().any(|told| told.event == gone), "{told:?}");
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test]
async fn every_subscription_begins_with_how_everything_stands() {
    let world = World::new();
    let (alice, bob) = world.friends().await;
    say(&bob, &alice.address, 0..1).await;
    let mut follower = alice.engine.follow(None).await.unwrap();
    let told = caught_up(&mut follower).await;
    assert!(told.iter().all(|told| told.seq.is_none()), "nothing that happened before: {told:?}");
    let stands = |wanted: &dyn Fn(&Event) -> bool| told.iter().any(|told| wanted(&told.event));
    assert!(stands(&|event| matches!(event, Event::Network(now) if now.ready)), "{told:?}");
    assert!(stands(&|event| matches!(event, Event::Presence(_))), "{told:?}");
    let online =
        |event: &Event| matches!(event, Event::ContactOnline { address, .. } if *address == bob.address);
    assert!(stands(&online), "{told:?}");
    // What changes from then on is told as it changes.
    let address = bob.address.clone();
    bob.stop().await;
    loop {
        let next = soon("an event", follower.next()).await.unwrap().expect("the engine runs");
        if matches!(&next.event, Event::ContactOffline { address: gone, .. } if *gone == address) {
            break;
        }
    }
    alice.stop().await;
}
