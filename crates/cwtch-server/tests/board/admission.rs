//! Admission: which clients get in, are served and must go while others flood, stall or say nothing.

use cwtch_net::Isolation;
use cwtch_primitives::token::SpentToken;
use cwtch_server::Config;

use crate::common::{Client, Place, TestServer, message};

/// A configuration of eight places: four for newcomers, four for residents, of whom two are kept.
fn eight_places() -> Config {
    let mut config = Config::default();
    config.limits.connections = 8;
    config.limits.newcomers = 4;
    config
}

/// Asks for everything and takes nothing of it.
async fn stall(server: &TestServer) -> Client {
    let mut client = server.connect().await;
    client.machine.request_replay(None).unwrap();
    client.flush().await;
    client
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replays_that_nobody_takes_delay_no_other() {
    // More than the system's buffers hold for the readers that stall.
    const STORED: u32 = 4000;
    let place = Place::new();
    place.fill(STORED);
    let mut config = Config::default();
    config.limits.replays = 2;
    // Nobody is closed for being slow while the test lasts, however slow the machine.
    config.deadlines.write_seconds = 3600;
    let server = place.start(config).await;
    let mut stalled = Vec::new();
    for _ in 0..4 {
        stalled.push(stall(&server).await);
    }
    // One that goes on, eight packets at a time and never to the end.
    let mut trickling = stall(&server).await;
    for _ in 0..8 {
        trickling.payload().await.unwrap();
    }
    server.until(|stats| stats.replays == 5).await;
    assert_eq!(server.connect().await.replay(None).await.len(), STORED as usize);
    assert_eq!(server.connect().await.replay_log(0).await.entries.len(), STORED as usize);
    for _ in 0..8 {
        trickling.payload().await.unwrap();
    }
    // They are counted a moment after their last packet. The others are not through, and nobody was closed for them.
    server.until(|stats| stats.replayed == 2 * u64::from(STORED)).await;
    let stats = server.server.stats();
    assert_eq!((stats.slow_readers, stats.evicted, stats.replays), (0, 0, 7));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_newcomers_cost_no_synced_client_its_place_and_keep_nobody_out() {
    let place = Place::new();
    let server = place.start(eight_places()).await;
    let mut synced = Vec::new();
    for _ in 0..3 {
        synced.push(server.synced().await);
    }
    // Sockets that say nothing, and clients that authenticate and then say nothing.
    let (mut sockets, mut clients) = (Vec::new(), Vec::new());
    for _ in 0..20 {
        sockets.push(place.network.dial(&server.address(), Isolation::new()).await.unwrap());
        clients.push(server.connect().await);
    }
    server.until(|stats| stats.evicted >= 40 - 5).await;
    let mut poster = server.connect().await;
    assert!(poster.post(&server.pay(&message(1)), &message(1)).await);
    for client in &mut synced {
        assert_eq!(client.new_message().await, message(1));
    }
    server.until(|stats| stats.board_open <= 8).await;
    assert_eq!(server.server.stats().synced, 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_holds_places_without_paying_keeps_nobody_out_and_who_paid_stays() {
    let place = Place::new();
    let server = place.start(eight_places()).await;
    let mut holders = Vec::new();
    for _ in 0..4 {
        holders.push(server.synced().await);
    }
    // The last of them pays: it is kept from now on, instead of the second.
    let mut poster = holders.pop().unwrap();
    assert!(poster.post(&server.pay(&message(0)), &message(0)).await);
    let mut crowd = Vec::new();
    for n in 0..10 {
        crowd.push(server.synced().await);
        server.until(|stats| stats.evicted > n && stats.board_open <= 8).await;
    }
    assert!(poster.post(&server.pay(&message(1)), &message(1)).await);
    let stats = server.server.stats();
    assert!(stats.synced <= 4 && stats.slow_readers == 0, "{stats:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_for_nothing_useful_is_closed_soon() {
    let place = Place::new();
    let mut config = Config::default();
    config.deadlines.first_request_seconds = 1;
    let server = place.start(config).await;
    let mut synced = server.synced().await;
    let mut silent = server.connect().await;
    // Useless packets do not prolong the time.
    let mut babbling = server.connect().await;
    babbling.raw(br#"{"MessageType":77}"#).await;
    babbling.raw_post(SpentToken { t: [0; 32], mac: [0; 64] }, message(7)).await;
    assert!(babbling.payload().await.is_some());
    assert_eq!(babbling.payload().await, None);
    assert_eq!(silent.payload().await, None);
    assert!(synced.post(&server.pay(&message(1)), &message(1)).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asked_for_no_messages_may_be_silent_for_its_own_time() {
    let place = Place::new();
    let mut config = Config::default();
    config.deadlines.idle_seconds = 1;
    let server = place.start(config).await;
    let mut synced = server.synced().await;
    let mut asked = server.connect().await;
    asked.head().await;
    assert_eq!(asked.payload().await, None);
    assert!(synced.post(&server.pay(&message(1)), &message(1)).await);
}
