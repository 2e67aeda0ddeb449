//! The machine was asleep, and its connections are dead without anybody having said so.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::fabric::Manner;
use crate::support::{World, turn, turn_until};

#[tokio::test(start_paused = true)]
async fn after_sleep_dead_connections_are_found_and_absent_contacts_dialled() {
    let world = World::new();
    let (mut alice, mut bob) = world.ordered(&Manner::default()).await;
    let absent = *world.profile("carol").address();
    alice.add(&absent).await;
    alice.add(&bob.address).await;
    bob.add(&alice.address).await;
    turn_until("a connection", Duration::from_secs(30), &mut [&mut alice, &mut bob], |people| {
        people.iter().all(|person| person.is_connected())
    })
    .await;
    // Long enough for long pauses.
    turn(Duration::from_secs(1200), &mut [&mut alice, &mut bob]).await;
    let before = alice.site.dials_to(&absent).len();

    for line in world.fabric.lines() {
        line.die();
    }
    world.ahead.fetch_add(8 * 3600, Ordering::AcqRel);
    turn_until(
        "the absent one to be dialled",
        Duration::from_secs(20),
        &mut [&mut alice, &mut bob],
        |people| people[0].site.dials_to(&absent).len() > before,
    )
    .await;
    assert_eq!(alice.offlines(), 0, "nothing is closed on suspicion");
    // At most fifteen seconds to notice, then the probe's deadline. Whoever finds it first dials, and the other one
    // may take the new connection before its own probe has ended.
    turn_until("the dead one to be found", Duration::from_secs(65), &mut [&mut alice, &mut bob], |people| {
        people.iter().any(|person| person.offlines() == 1)
    })
    .await;
    turn(Duration::from_secs(30), &mut [&mut alice, &mut bob]).await;
    assert!(alice.is_connected() && bob.is_connected());
    assert!(world.fabric.lines().len() >= 2);
    let sent = alice.begin_send(&bob.address, Some(10));
    turn_until("the acknowledgement", Duration::from_secs(11), &mut [&mut alice, &mut bob], |_| {
        sent.is_finished()
    })
    .await;
    assert!(sent.await.unwrap().is_ok());
    alice.stop().await;
    bob.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_survived_stays() {
    let world = World::new();
    let (mut alice, mut bob) = world.ordered(&Manner::default()).await;
    alice.add(&bob.address).await;
    bob.add(&alice.address).await;
    turn_until("a connection", Duration::from_secs(30), &mut [&mut alice, &mut bob], |people| {
        people.iter().all(|person| person.is_connected())
    })
    .await;
    for _ in 0..3 {
        world.ahead.fetch_add(600, Ordering::AcqRel);
        turn(Duration::from_secs(90), &mut [&mut alice, &mut bob]).await;
    }
    assert_eq!((alice.offlines(), bob.offlines()), (0, 0));
    alice.stop().await;
    bob.stop().await;
}
