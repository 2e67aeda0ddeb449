//! Several profiles over one network.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use cwtch_client::api::{Command, ErrorKind, MessageState, Reply};
use cwtch_client::engine::{EngineOptions, Host, Mode};

use crate::fabric::{Manner, Refusal, Site};
use crate::support::{Person, World, ended, turn, turn_until};

const SOON: Duration = Duration::from_secs(30);

/// A host with its site.
fn home(world: &World) -> (Arc<Host>, Arc<Site>) {
    let site = world.fabric.site(Manner::default());
    (Arc::new(Host::new(site.clone())), site)
}

async fn shut(host: &Arc<Host>) {
    let host = host.clone();
    ended(tokio::spawn(async move { host.shutdown().await })).await;
}

async fn close(host: &Arc<Host>, label: &'static str) -> bool {
    let host = host.clone();
    ended(tokio::spawn(async move { host.close(label).await })).await
}

#[tokio::test(start_paused = true)]
async fn profiles_of_one_host_never_share_a_way_not_even_to_the_same_contact() {
    let world = World::new();
    let (host, site) = home(&world);
    let mut alice = world.open(&host, &site, "alice").await.unwrap();
    let mut bob = world.open(&host, &site, "bob").await.unwrap();
    let [carol, dave] = ["carol", "dave"].map(|name| *world.profile(name).address());
    for person in [&alice, &bob] {
        person.add(&carol).await;
    }
    alice.add(&dave).await;
    turn(Duration::from_secs(60), &mut [&mut alice, &mut bob]).await;
    let ways = |to| site.dials_to(to).into_iter().collect::<HashSet<_>>();
    assert!(site.dials_to(&carol).len() >= 6 && site.dials_to(&dave).len() >= 3);
    assert_eq!((ways(&carol).len(), ways(&dave).len()), (2, 1), "one for each profile and contact");
    assert!(ways(&carol).is_disjoint(&ways(&dave)));
    shut(&host).await;
}

#[tokio::test(start_paused = true)]
async fn closing_a_profile_leaves_the_others_connected_and_only_the_host_leaves_the_network() {
    let world = World::new();
    let (host, site) = home(&world);
    let mut alice = world.open(&host, &site, "alice").await.unwrap();
    let mut bob = world.open(&host, &site, "bob").await.unwrap();
    let mut carol = world.daemon("carol", Manner::default()).await;
    for (one, other) in [(&alice, &bob), (&alice, &carol), (&bob, &carol)] {
        one.add(&other.address).await;
        other.add(&one.address).await;
    }
    // Two who live in one process know each other as any two do.
    turn_until("everybody's connections", SOON, &mut [&mut alice, &mut bob, &mut carol], |people| {
        people.iter().all(|person| person.onlines() - person.offlines() == 2)
    })
    .await;
    assert!(close(&host, "alice").await);
    assert!(!close(&host, "alice").await, "it is closed");
    turn_until("goodbyes", SOON, &mut [&mut bob, &mut carol], |people| {
        people.iter().all(|person| person.onlines() - person.offlines() == 1)
    })
    .await;
    assert!(!*site.left.borrow(), "others use it");
    assert_eq!(alice.call(Command::ContactList).await.unwrap_err().kind(), ErrorKind::Closed);
    let dials = site.dials_to(&carol.address).len();
    let sending = bob.begin_send(&carol.address, Some(10));
    turn_until("an acknowledgement", SOON, &mut [&mut bob, &mut carol], |_| sending.is_finished()).await;
    let Reply::Message(sent) = sending.await.unwrap().unwrap() else { panic!() };
    assert_eq!(sent.state, MessageState::Acknowledged);
    assert_eq!(site.dials_to(&carol.address).len(), dials, "over the connection that it had");

    let mut alice = world.open(&host, &site, "alice").await.unwrap();
    let met = |people: &[&mut Person]| people[0].onlines() == 2;
    turn_until("its connections", SOON, &mut [&mut alice, &mut bob, &mut carol], met).await;
    shut(&host).await;
    assert!(*site.left.borrow());
    assert!(host.accounts().is_empty());
    carol.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_profile_that_cannot_be_opened_disturbs_nobody_and_takes_no_place() {
    let world = World::new();
    let (host, site) = home(&world);
    let mut alice = world.open(&host, &site, "alice").await.unwrap();
    let mut carol = world.daemon("carol", Manner::default()).await;
    alice.add(&carol.address).await;
    carol.add(&alice.address).await;
    site.set(|manner| manner.listen = vec![Refusal::Setup]);
    let error = world.open(&host, &site, "bob").await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(!*site.left.borrow());
    // One of the same label.
    let other = world.profile("other");
    let same = host.open("alice", other, EngineOptions::new(Mode::OneShot)).await.err().unwrap();
    assert_eq!((same.kind(), crate::words::error(&same).contains("alice")), (ErrorKind::Refused, true));
    turn_until("a connection", SOON, &mut [&mut alice, &mut carol], |people| {
        people.iter().all(|person| person.is_connected())
    })
    .await;
    world.open(&host, &site, "bob").await.unwrap();
    assert_eq!(host.accounts().len(), 2);
    shut(&host).await;
    carol.stop().await;
}
