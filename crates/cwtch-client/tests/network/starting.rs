//! A network that is not ready yet, or not any more.

use std::time::Duration;

use cwtch_client::api::{ErrorKind, Event};
use cwtch_client::engine::Mode;
use cwtch_net::{Obstacle, Readiness, Step};

use crate::fabric::{Manner, Refusal};
use crate::support::{Person, World, settle, turn, turn_until};

const SOON: Duration = Duration::from_secs(10);

fn readiness(person: &Person) -> Vec<&Event> {
    let told = |event: &&Event| {
        matches!(
            event,
            Event::Network(_) | Event::Reachability(_) | Event::Online { .. } | Event::Offline { .. }
        )
    };
    person.events.iter().filter(told).collect()
}

#[tokio::test(start_paused = true)]
async fn a_daemon_starts_before_its_network_is_ready_and_is_online_once_others_can_reach_it() {
    let world = World::new();
    let site = world.fabric.site(Manner::default());
    let blocked = Readiness::waiting(15, Step::Directory).with_trouble(Obstacle::NetworkDown);
    site.ready.send_replace(blocked);
    site.published.send_replace(Readiness::waiting(0, Step::Network));
    let mut alice = world.start("alice", site.clone(), Mode::Daemon).await.unwrap();
    settle(&mut [&mut alice]).await;
    let status = alice.status().await;
    assert!(!status.online);
    let network = status.network_readiness;
    assert_eq!((network.percent, network.step, network.ready), (15, Some(Step::Directory), false));
    assert_eq!((network.why, network.needs_person), (Some(Obstacle::NetworkDown), false));
    assert_eq!(status.address_readiness.unwrap().step, Some(Step::Network));
    assert!(readiness(&alice).is_empty(), "nothing has changed");

    site.ready.send_replace(Readiness::waiting(60, Step::FirstCircuit));
    site.ready.send_replace(Readiness::ready());
    site.ready.send_replace(Readiness::ready());
    settle(&mut [&mut alice]).await;
    let [Event::Network(network)] = readiness(&alice)[..] else { panic!("{:?}", readiness(&alice)) };
    assert!(network.ready && network.why.is_none());
    assert!(!alice.status().await.online, "nobody has seen its address yet");

    site.published.send_replace(Readiness::ready());
    settle(&mut [&mut alice]).await;
    assert!(matches!(readiness(&alice)[1..], [Event::Reachability(_), Event::Online { .. }]));
    assert!(alice.status().await.online);

    site.published.send_replace(Readiness::waiting(10, Step::Introduction));
    settle(&mut [&mut alice]).await;
    let Event::Offline { address, detail, .. } = readiness(&alice)[4] else { panic!() };
    assert_eq!(address, alice.address.as_str());
    assert!(detail.contains("introduction points"), "{detail}");
    assert!(!alice.status().await.online);
    site.published.send_replace(Readiness::ready());
    settle(&mut [&mut alice]).await;
    assert!(matches!(readiness(&alice)[5..], [Event::Reachability(_), Event::Online { .. }]));
    alice.stop().await;
    assert!(*site.left.borrow(), "the network is left in the end");
}

#[tokio::test(start_paused = true)]
async fn only_what_waiting_does_not_mend_keeps_a_daemon_from_starting() {
    let world = World::new();
    let site = world.fabric.site(Manner { listen: vec![Refusal::Setup], ..Manner::default() });
    let error = world.start("alice", site, Mode::Daemon).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(crate::words::error(&error).contains("refuses the password"), "{error}");

    // What fails for good only later is tried again: somebody may have mended it.
    let listen = vec![Refusal::NotReady, Refusal::NotReady, Refusal::Setup];
    let site = world.fabric.site(Manner { listen, ..Manner::default() });
    let mut alice = world.start("alice", site, Mode::Daemon).await.unwrap();
    turn_until("the address", SOON, &mut [&mut alice], |people| {
        people[0].count(|event| matches!(event, Event::Online { .. })) == 1
    })
    .await;
    let troubles: Vec<bool> = alice
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Reachability(info) => info.why.as_ref().map(|_| info.needs_person),
            _ => None,
        })
        .collect();
    assert_eq!(troubles.last(), Some(&true), "the person hears what only a person can mend");
    alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_listener_that_the_network_took_away_is_made_anew() {
    let world = World::new();
    let mut alice = world.daemon("alice", Manner::default()).await;
    settle(&mut [&mut alice]).await;
    assert!(alice.status().await.online);
    world.fabric.drop_listener(&alice.address);
    turn_until("the address", SOON, &mut [&mut alice], |people| {
        people[0].count(|event| matches!(event, Event::Online { .. })) == 1
    })
    .await;
    assert_eq!(alice.count(|event| matches!(event, Event::Offline { .. })), 1);
    alice.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_network_that_is_away_costs_no_attempts_and_closes_nothing() {
    let world = World::new();
    let manner = Manner { dial: Duration::from_secs(2), ..Manner::default() };
    let (mut alice, mut bob) = world.ordered(&manner).await;
    let absent = *world.profile("carol").address();
    alice.site.ready.send_replace(Readiness::waiting(50, Step::Network));
    settle(&mut [&mut alice, &mut bob]).await;
    alice.add(&bob.address).await;
    alice.add(&absent).await;
    turn(Duration::from_secs(1800), &mut [&mut alice, &mut bob]).await;
    assert!(alice.site.dials().is_empty());

    // It is there again: everybody is dialled at once, as if for the first time.
    alice.site.ready.send_replace(Readiness::ready());
    bob.add(&alice.address).await;
    turn_until("a connection", SOON, &mut [&mut alice, &mut bob], |people| {
        people.iter().all(|person| person.is_connected())
    })
    .await;
    assert!(!alice.site.dials_to(&absent).is_empty());

    // It goes and comes: the connection has survived.
    alice.site.ready.send_replace(Readiness::waiting(50, Step::Network));
    turn(Duration::from_secs(60), &mut [&mut alice, &mut bob]).await;
    let before = alice.site.dials_to(&absent).len();
    turn(Duration::from_secs(300), &mut [&mut alice, &mut bob]).await;
    assert_eq!(alice.site.dials_to(&absent).len(), before);
    alice.site.ready.send_replace(Readiness::ready());
    turn_until("a dial", SOON, &mut [&mut alice, &mut bob], |people| {
        people[0].site.dials_to(&absent).len() > before
    })
    .await;
    turn(Duration::from_secs(100), &mut [&mut alice, &mut bob]).await;
    assert_eq!((alice.offlines(), bob.offlines()), (0, 0));
    alice.stop().await;
    bob.stop().await;
}
