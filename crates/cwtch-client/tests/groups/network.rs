//! What servers see of the network's ways, and what groups do when it is away.

use std::collections::HashSet;
use std::time::Duration;

use cwtch_client::api::{Command, ErrorKind, MessageState, ServerPhase};
use cwtch_client::engine::Mode;
use cwtch_net::{Isolation, Obstacle, Readiness, Step};
use cwtch_primitives::{Address, Identity};

use crate::fake_server::{Answer, FakeServer};
use crate::support::{Person, World, soon, until_busily};

#[tokio::test]
async fn nothing_that_a_server_must_not_link_travels_together() {
    let world = World::new();
    let network = world.watched();
    let server = FakeServer::start(&world.network, &[Answer::HangUp, Answer::HangUp], None).await;
    let other = FakeServer::start(&world.network, &[], None).await;
    let alice = Person::start(world.profile("alice"), network.clone(), Mode::Daemon).await;
    alice.enable().await;
    let absent = Identity::from_seed(&[9; 32]).address();
    let add = Command::ContactAdd { address: absent.to_string(), name: None };
    alice.call(add).await.unwrap();
    let one = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    let two = alice.new_group("family", &other.bundle.to_server_string()).await.unwrap();
    // Two connections are lost on the way to the first success; a dozen posts need several purchases.
    for n in 0..12 {
        alice.send(&one.group, &format!("{n}")).await.unwrap();
        alice.send(&two.group, &format!("{n}")).await.unwrap();
    }
    soon("the absent contact to be dialled again", async {
        while network.dials().iter().filter(|(to, _)| *to == absent).count() < 2 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;

    let dials = network.dials();
    let ways = |to: &Address| -> Vec<Isolation> {
        dials.iter().filter(|(dialled, _)| dialled == to).map(|(_, way)| *way).collect()
    };
    assert!(ways(server.bundle.board()).len() >= 3);
    assert!(ways(server.bundle.token_service()).len() >= 2);
    let mut seen: HashSet<Isolation> = ways(&absent).into_iter().collect();
    assert_eq!(seen.len(), 1, "a contact keeps its way");
    for bundle in [&server.bundle, &other.bundle] {
        for way in [ways(bundle.board()), ways(bundle.token_service())].concat() {
            assert!(seen.insert(way), "a way was taken twice");
        }
    }
    alice.stop().await;
}

#[tokio::test]
async fn a_network_that_is_back_has_servers_asked_for_a_sign_of_life() {
    let world = World::new();
    let network = world.watched();
    let server = FakeServer::start(&world.network, &[], None).await;
    let mut alice = Person::start(world.profile("alice"), network.clone(), Mode::Daemon).await;
    alice.enable().await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.send(&created.group, "hello").await.unwrap();
    alice.sync().await.unwrap();
    let before = server.seen(|seen| seen.payloads);

    // It answers: the connection stays.
    let away = || Readiness::waiting(50, Step::Network);
    network.ready.send_replace(away());
    alice.until_network(false).await;
    assert_eq!(server.seen(|seen| seen.payloads), before, "nobody is asked over a network that is away");
    network.ready.send_replace(Readiness::ready());
    until_busily("a sign of life to be asked for", || server.seen(|seen| seen.payloads) > before).await;
    alice.sync().await.unwrap();
    assert_eq!(server.seen(|seen| seen.clients.len()), 1);

    // It does not: it is left earlier than by its own silence.
    server.set_silent(true);
    let before = server.seen(|seen| seen.payloads);
    network.ready.send_replace(away());
    alice.until_network(false).await;
    network.ready.send_replace(Readiness::ready());
    until_busily("a sign of life to be asked for", || server.seen(|seen| seen.payloads) > before).await;
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(61)).await;
    tokio::time::resume();
    let detail = alice.phase(ServerPhase::Offline).await.expect("a reason");
    assert!(detail.contains("not answered for 60 s"), "{detail}");
    server.set_silent(false);
    alice.phase(ServerPhase::Connecting).await;
    alice.phase(ServerPhase::Connected).await;
    alice.phase(ServerPhase::Synced).await;
    assert_eq!(alice.servers().await[0].trouble, None);
    alice.stop().await;
}

#[tokio::test]
async fn without_a_daemon_what_only_a_person_can_mend_is_said_at_once() {
    let world = World::new();
    let network = world.watched();
    let server = FakeServer::start(&world.network, &[], None).await;
    let wrong = crate::words::obstacle(&Obstacle::ControlPasswordWrong);
    network
        .ready
        .send_replace(Readiness::waiting(0, Step::ControlPort).with_trouble(Obstacle::ControlPasswordWrong));
    let alice = Person::start(world.profile("alice"), network.clone(), Mode::OneShot).await;
    alice.enable().await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    let why = alice.queues(&created.group, "hello", None).await;
    assert!(why.contains(&wrong) && why.contains("stays queued"), "{why}");
    let error = alice.sync().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    assert!(crate::words::error(&error).contains(&wrong), "{error}");
    assert!(network.dials().is_empty());

    // Mended: what was queued goes out.
    network.ready.send_replace(Readiness::ready());
    alice.sync().await.unwrap();
    assert_eq!(alice.messages(&created.group).await[0].state, MessageState::Stored);
    alice.stop().await;
}
