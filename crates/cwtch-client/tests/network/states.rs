//! What people are told of the way to a contact.

use std::time::Duration;

use cwtch_client::api::{Advice, Command, ContactPhase, ErrorKind, Event, SeenBy};
use cwtch_net::{Obstacle, Readiness, Step, UnreachableWhy};

use crate::fabric::Manner;
use crate::support::{NOW, World, finished, settle, turn, turn_until};

fn slow() -> Manner {
    Manner { dial: Duration::from_secs(5), latency: Duration::from_secs(1), ..Manner::default() }
}

#[tokio::test(start_paused = true)]
async fn each_step_of_the_way_is_told() {
    use ContactPhase::{Authenticated, Connected, Connecting};
    let world = World::new();
    let (mut alice, mut bob) = (world.daemon("alice", slow()).await, world.daemon("bob", slow()).await);
    bob.add(&alice.address).await;
    bob.site.set(|manner| manner.refuse = Some(UnreachableWhy::NoDescriptor));
    alice.add(&bob.address).await;
    turn_until("a connection", Duration::from_secs(30), &mut [&mut alice, &mut bob], |people| {
        people[0].is_connected()
    })
    .await;
    assert_eq!(alice.phases(), [Connecting, Connected, Authenticated]);
    turn(Duration::from_secs(5), &mut [&mut alice, &mut bob]).await;
    let contact = alice.contact(&bob.address).await;
    assert_eq!(contact.online, Some(true));
    let connection = contact.connection.unwrap();
    assert_eq!((connection.phase, connection.trouble), (Authenticated, None));
    assert!((NOW..NOW + 60).contains(&connection.last_seen.unwrap()));
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(start_paused = true)]
async fn the_reason_of_a_failure_is_a_sentence_and_goes_when_one_succeeds() {
    let world = World::new();
    let (mut alice, mut bob) = (world.daemon("alice", slow()).await, world.daemon("bob", slow()).await);
    alice.site.set(|manner| manner.refuse = Some(UnreachableWhy::NoDescriptor));
    alice.add(&bob.address).await;
    turn_until("a failure", Duration::from_secs(30), &mut [&mut alice, &mut bob], |people| {
        people[0].phases().len() >= 2
    })
    .await;
    let connection = alice.contact(&bob.address).await.connection.unwrap();
    assert_eq!((connection.phase, connection.last_seen), (ContactPhase::Offline, None));
    let why = connection.trouble.unwrap();
    assert!(why.starts_with("The peer cannot be reached") && why.ends_with('.'), "{why}");
    assert!(!why.contains(bob.address.as_str()));
    let told = alice.events.iter().rev().find_map(|event| match event {
        Event::ContactConnection { detail, .. } => Some(detail.clone()),
        _ => None,
    });
    assert_eq!(told.unwrap(), Some(why));

    alice.site.set(|manner| manner.refuse = None);
    bob.add(&alice.address).await;
    turn_until("a connection", Duration::from_secs(30), &mut [&mut alice, &mut bob], |people| {
        people[0].is_connected()
    })
    .await;
    assert_eq!(alice.contact(&bob.address).await.connection.unwrap().trouble, None);

    // A blocked contact is nobody's trouble.
    alice.call(Command::ContactBlock { contact: bob.address.to_string() }).await.unwrap();
    settle(&mut [&mut alice, &mut bob]).await;
    let connection = alice.contact(&bob.address).await.connection.unwrap();
    assert_eq!((connection.phase, connection.trouble), (ContactPhase::Offline, None));
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(start_paused = true)]
async fn who_was_seen_lately_is_dialled_again_within_half_a_minute_and_others_later() {
    let world = World::new();
    let (mut alice, mut bob) = world.ordered(&Manner::default()).await;
    let stranger = *world.profile("carol").address();
    alice.add(&bob.address).await;
    alice.add(&stranger).await;
    bob.add(&alice.address).await;
    turn_until("a connection", Duration::from_secs(30), &mut [&mut alice, &mut bob], |people| {
        people[0].is_connected()
    })
    .await;
    let address = bob.address;
    bob.stop().await;
    turn(Duration::from_secs(1200), &mut [&mut alice]).await;
    let before = (alice.site.dials_to(&address).len(), alice.site.dials_to(&stranger).len());
    turn(Duration::from_secs(300), &mut [&mut alice]).await;
    let seen = alice.site.dials_to(&address).len() - before.0;
    let unseen = alice.site.dials_to(&stranger).len() - before.1;
    assert!((9..=21).contains(&seen), "{seen} dials in five minutes");
    assert!(unseen <= 2, "{unseen} dials in five minutes");
    alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_address_that_leads_elsewhere_stops_sending_until_the_person_chooses() {
    let world = World::new();
    let (mut alice, mut bob) = (world.daemon("alice", slow()).await, world.daemon("bob", slow()).await);
    bob.add(&alice.address).await;
    alice.add(&bob.address).await;
    let soon = Duration::from_secs(60);
    turn_until("a connection", soon, &mut [&mut alice, &mut bob], |people| people[0].is_connected()).await;
    // One look that came out elsewhere is told, and no more.
    let doubt = Readiness::waiting(95, Step::OtherStops).with_trouble(Obstacle::ServedElsewhere);
    alice.site.published.send_replace(doubt.clone());
    turn(Duration::from_secs(5), &mut [&mut alice, &mut bob]).await;
    assert_eq!(alice.status().await.runs_elsewhere, None);
    alice.site.published.send_replace(doubt.served_elsewhere());
    let told = |event: &Event| matches!(event, Event::RunsElsewhere { seen: SeenBy::Address, .. });
    turn_until("the news", soon, &mut [&mut alice, &mut bob], |people| people[0].count(told) > 0).await;
    let refused = finished(alice.begin_send(&bob.address, None)).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Refused);
    assert_eq!(refused.advice, [Advice::ConfirmOnlyCopy], "{refused}");
    // What others say is heard.
    let heard = bob.begin_send(&alice.address, None);
    turn_until("an acknowledgement", soon, &mut [&mut alice, &mut bob], |_| heard.is_finished()).await;
    heard.await.unwrap().unwrap();

    alice.call(Command::ConfirmOnlyCopy).await.unwrap();
    assert_eq!(alice.status().await.runs_elsewhere, None);
    let sent = alice.begin_send(&bob.address, None);
    turn_until("an acknowledgement", soon, &mut [&mut alice, &mut bob], |_| sent.is_finished()).await;
    sent.await.unwrap().unwrap();
    assert_eq!(alice.count(told), 1);
    alice.stop().await;
    bob.stop().await;
}
