//! Connections that are dead without anybody saying so.

use std::time::Duration;

use cwtch_client::api::ServerPhase;
use cwtch_protocol::channel::deadlines::{BOARD_ANSWER, BOARD_HEARTBEAT};

use crate::fake_server::FakeServer;
use crate::support::{World, until_busily};

#[tokio::test]
async fn a_silent_server_is_asked_for_a_sign_of_life_and_then_left() {
    let world = World::new();
    let server = FakeServer::start(&world.network, &[], None).await;
    let mut alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.send(&created.group, "hello").await.unwrap();
    alice.sync().await.unwrap();

    // It answers: the connection stays.
    tokio::time::pause();
    let before = server.seen(|seen| seen.payloads);
    tokio::time::advance(BOARD_HEARTBEAT * 2).await;
    until_busily("a sign of life to be asked for", || server.seen(|seen| seen.payloads) > before).await;
    tokio::time::resume();
    alice.sync().await.unwrap();
    assert_eq!(server.seen(|seen| seen.clients.len()), 1);

    // It does not: another connection is made.
    server.set_silent(true);
    tokio::time::pause();
    let before = server.seen(|seen| seen.payloads);
    tokio::time::advance(BOARD_HEARTBEAT * 2).await;
    until_busily("a sign of life to be asked for", || server.seen(|seen| seen.payloads) > before).await;
    tokio::time::advance(BOARD_ANSWER + Duration::from_secs(1)).await;
    tokio::time::resume();
    let detail = alice.phase(ServerPhase::Offline).await.expect("a reason");
    assert!(detail.contains("not answered"), "{detail}");
    server.set_silent(false);
    alice.sync().await.unwrap();
    assert!(server.seen(|seen| seen.clients.len()) >= 2);
    assert_eq!(alice.texts(&created.group).await, ["hello"]);
    alice.stop().await;
}
