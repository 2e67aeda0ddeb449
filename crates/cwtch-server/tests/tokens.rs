//! The token service as its clients see it.

#![allow(clippy::unwrap_used, reason = "a test that fails may panic")]

mod common;

use common::{PATIENCE, Place, TestServer, message};
use cwtch_net::{Deadlines, Isolation, PlainConnection};
use cwtch_primitives::OsRng;
use cwtch_primitives::pow::Challenge;
use cwtch_primitives::token::{PendingToken, Token};
use cwtch_primitives::transcript::Transcript;
use cwtch_protocol::app::board_client::pay;
use cwtch_protocol::app::token_client::{Progress, TokenClient};
use cwtch_server::Config;
use cwtch_wire::token::encode_request;

async fn dial(place: &Place, server: &TestServer) -> PlainConnection {
    let service = *server.server.bundle().token_service();
    PlainConnection::connect(&*place.network, &service, Isolation::new(), &Deadlines::all(PATIENCE))
        .await
        .unwrap()
}

async fn receive(conn: &mut PlainConnection) -> Option<Vec<u8>> {
    // A reset counts as closed.
    tokio::time::timeout(PATIENCE, conn.recv()).await.unwrap().unwrap_or(None)
}

async fn buy(place: &Place, server: &TestServer, count: usize) -> Vec<Token> {
    let mut conn = dial(place, server).await;
    let mut machine = TokenClient::new(*server.server.bundle().issuer(), count, &mut OsRng).unwrap();
    machine.handle(&receive(&mut conn).await.unwrap()).unwrap();
    while machine.work(1 << 20).unwrap() != Progress::Done {}
    while let Some(payload) = machine.poll_send() {
        conn.send(&payload).await.unwrap();
    }
    machine.handle(&receive(&mut conn).await.unwrap()).unwrap();
    assert_eq!(receive(&mut conn).await, None);
    machine.take_tokens().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bought_tokens_pay_for_posts() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    let tokens = buy(&place, &server, 10).await;
    assert_eq!(tokens.len(), 10);
    let mut client = server.connect().await;
    for (n, token) in (0..).zip(tokens) {
        assert!(client.post(&pay(token, &message(n), &server.address()), &message(n)).await);
    }
    assert_eq!(buy(&place, &server, 1).await.len(), 1);
    assert_eq!(server.server.stats().token_batches, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_proof_of_work_closes_the_connection() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    for wrong in [vec![0; 31], vec![7; 33], b"[]".to_vec()] {
        let mut conn = dial(&place, &server).await;
        assert_eq!(receive(&mut conn).await.unwrap().len(), 32);
        conn.send(&wrong).await.unwrap();
        assert_eq!(receive(&mut conn).await, None);
    }
    // Right length, wrong hash.
    let mut conn = dial(&place, &server).await;
    let challenge = Challenge::new(&mut Transcript::new(), &receive(&mut conn).await.unwrap());
    let wrong = (0..=255).map(|n| [n; 32]).find(|candidate| !challenge.check(candidate)).unwrap();
    conn.send(&wrong).await.unwrap();
    assert_eq!(receive(&mut conn).await, None);
    server.until(|stats| stats.misbehaved == 4).await;
    assert_eq!(server.server.stats().token_batches, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_of_none_or_of_eleven_closes_the_connection() {
    let place = Place::new();
    let server = place.start(Config::default()).await;
    for count in [0, 11] {
        let mut conn = dial(&place, &server).await;
        let mut challenge = Challenge::new(&mut Transcript::new(), &receive(&mut conn).await.unwrap());
        conn.send(&challenge.search(u32::MAX).unwrap()).await.unwrap();
        let blinded: Vec<_> = (0..count).map(|_| *PendingToken::generate(&mut OsRng).blinded()).collect();
        conn.send(&encode_request(&blinded)).await.unwrap();
        assert_eq!(receive(&mut conn).await, None);
    }
    server.until(|stats| stats.misbehaved == 2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_of_work_has_a_deadline() {
    let place = Place::new();
    let mut config = Config::default();
    config.deadlines.proof_of_work_seconds = 1;
    let server = place.start(config).await;
    let mut waiting = dial(&place, &server).await;
    assert!(receive(&mut waiting).await.is_some());
    assert_eq!(receive(&mut waiting).await, None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_connections_keep_nobody_from_buying_and_the_latest_stay() {
    let place = Place::new();
    let mut config = Config::default();
    config.limits.token_connections = 8;
    let server = place.start(config).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        let mut conn = dial(&place, &server).await;
        assert!(receive(&mut conn).await.is_some());
        silent.push(conn);
    }
    assert_eq!(buy(&place, &server, 10).await.len(), 10);
    assert_eq!(server.server.stats().evicted, 40 + 1 - 8);
    // The oldest went; whoever came last still has its place, and can go on with its work.
    assert_eq!(receive(&mut silent[0]).await, None);
    server.until(|stats| stats.token_open <= 7).await;
}
