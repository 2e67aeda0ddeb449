//! Peers that open streams and do nothing with them.

use std::time::Duration;

use cwtch_client::api::ContactPhase;
use cwtch_net::{BoxStream, Isolation, Network};
use tokio::task::yield_now;

use crate::fabric::Manner;
use crate::support::{World, finished, settle, turn, turn_until};

#[tokio::test(start_paused = true)]
async fn a_contact_that_stalls_in_the_handshake_is_left_and_dialled_again() {
    let world = World::new();
    let mut alice = world.daemon("alice", Manner::default()).await;
    let bob = *world.profile("bob").address();
    let mut streams = world.fabric.listen_by_hand(bob);
    alice.add(&bob).await;
    let mut held: Vec<BoxStream> = Vec::new();
    turn_until("the handshake to begin", Duration::from_secs(5), &mut [&mut alice], |people| {
        people[0].phases().last() == Some(&ContactPhase::Connected)
    })
    .await;
    turn_until("another attempt", Duration::from_secs(60), &mut [&mut alice], |people| {
        held.extend(std::iter::from_fn(|| streams.try_recv().ok()));
        people[0].site.dials_to(&bob).len() == 2
    })
    .await;
    let trouble = alice.contact(&bob).await.connection.unwrap().trouble.unwrap();
    assert!(trouble.contains("too slow or gone"), "{trouble}");
    alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn strangers_who_stall_keep_others_out_no_longer_than_a_handshake_may_take() {
    let world = World::new();
    let (mut alice, mut bob) = world.ordered(&Manner::default()).await;
    alice.add(&bob.address).await;
    bob.site.set(|manner| manner.refuse = None);
    alice.site.set(|manner| manner.refuse = Some(cwtch_net::UnreachableWhy::NoDescriptor));
    let mallory = world.fabric.site(Manner::default());
    let mut held = Vec::new();
    // More than may authenticate at once.
    for _ in 0..200 {
        let (site, to) = (mallory.clone(), alice.address);
        let dialling = tokio::spawn(async move { site.dial(&to, Isolation::new()).await });
        held.push(finished(dialling).await.unwrap());
        yield_now().await;
    }
    settle(&mut [&mut alice, &mut bob]).await;
    bob.add(&alice.address).await;
    // Bob's stream is open: what he waits for is a place for his handshake, and nothing else.
    turn_until("a stream", Duration::from_secs(15), &mut [&mut alice, &mut bob], |people| {
        people[1].phases().last() == Some(&ContactPhase::Connected)
    })
    .await;
    turn(Duration::from_secs(5), &mut [&mut alice, &mut bob]).await;
    assert_eq!(bob.phases().last(), Some(&ContactPhase::Connected), "all places are taken");
    assert!(!bob.is_connected() && !alice.is_connected());
    turn_until("a connection", Duration::from_secs(200), &mut [&mut alice, &mut bob], |people| {
        people.iter().all(|person| person.is_connected())
    })
    .await;
    alice.stop().await;
    bob.stop().await;
}
