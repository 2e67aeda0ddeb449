//! Which dials may share a way through the network.

use std::collections::HashSet;
use std::time::Duration;

use cwtch_net::{Isolation, UnreachableWhy};

use crate::fabric::Manner;
use crate::support::{World, turn, turn_until};

fn distinct(isolations: &[Isolation]) -> usize {
    isolations.iter().collect::<HashSet<_>>().len()
}

#[tokio::test(start_paused = true)]
async fn a_contact_keeps_its_way_and_shares_it_with_nobody() {
    let world = World::new();
    let mut alice = world.daemon("alice", Manner::default()).await;
    let contacts = ["bob", "carol", "dave"].map(|name| *world.profile(name).address());
    for contact in &contacts {
        alice.add(contact).await;
    }
    turn(Duration::from_secs(60), &mut [&mut alice]).await;
    let mut ways = Vec::new();
    for contact in &contacts {
        let dials = alice.site.dials_to(contact);
        assert!(dials.len() >= 3);
        assert_eq!(distinct(&dials), 1, "who is not online is no dead end");
        ways.push(dials[0]);
    }
    assert_eq!(distinct(&ways), 3);
    alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_way_that_proved_to_be_a_dead_end_is_not_taken_again() {
    let world = World::new();
    let mut alice = world.daemon("alice", Manner::default()).await;
    let bob = *world.profile("bob").address();
    alice.site.set(|manner| manner.refuse = Some(UnreachableWhy::TimedOut));
    alice.add(&bob).await;
    turn(Duration::from_secs(30), &mut [&mut alice]).await;
    let dials = alice.site.dials_to(&bob);
    assert!(dials.len() >= 3);
    assert_eq!(distinct(&dials), dials.len(), "nobody answered in time");

    // A stream that ends in the handshake.
    alice.site.set(|manner| manner.refuse = None);
    let mut streams = world.fabric.listen_by_hand(bob);
    let before = dials.len();
    // Three pauses are 224 s together at most.
    turn_until("more dials", Duration::from_secs(300), &mut [&mut alice], |people| {
        while streams.try_recv().is_ok() {}
        people[0].site.dials_to(&bob).len() >= before + 3
    })
    .await;
    let dials = alice.site.dials_to(&bob);
    assert_eq!(distinct(&dials[before..]), dials.len() - before);
    alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_fell_silent_is_replaced_over_another_way() {
    let world = World::new();
    // The first one dials; the other one cannot.
    let (mut alice, mut bob) = world.ordered(&Manner::default()).await;
    bob.site.set(|manner| manner.refuse = Some(UnreachableWhy::NoDescriptor));
    alice.add(&bob.address).await;
    bob.add(&alice.address).await;
    let connected =
        |people: &[&mut crate::support::Person]| people.iter().all(|person| person.is_connected());
    turn_until("a connection", Duration::from_secs(30), &mut [&mut alice, &mut bob], connected).await;
    world.fabric.lines().last().unwrap().die();
    turn_until("the silence", Duration::from_secs(200), &mut [&mut alice, &mut bob], |people| {
        people[0].offlines() == 1
    })
    .await;
    turn_until("a connection", Duration::from_secs(200), &mut [&mut alice, &mut bob], connected).await;
    // What both say at first is said: nothing is under way when the other one ends.
    turn(Duration::from_secs(5), &mut [&mut alice, &mut bob]).await;
    let silent = alice.site.dials_to(&bob.address);
    assert_eq!(distinct(&silent), silent.len());

    // One that ended as it should says nothing against its way.
    let address = bob.address;
    alice.site.set(|manner| manner.refuse = Some(UnreachableWhy::NoDescriptor));
    bob.stop().await;
    turn_until("a dial", Duration::from_secs(30), &mut [&mut alice], |people| {
        people[0].site.dials_to(&address).len() > silent.len()
    })
    .await;
    assert_eq!(alice.site.dials_to(&address)[silent.len()], *silent.last().unwrap());
    alice.stop().await;
}
