//! Slow peers, on a paused clock: it jumps ahead whenever nothing else can happen.

use async_trait::async_trait;
use cwtch_protocol::channel::handshake::Start;
use cwtch_wire::packet::PACKET_LEN;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::{Instant, sleep};

use super::*;
use crate::driver::Awaiting;
use crate::network::{Listener, NetError, Network};

fn awaiting<T>(result: Result<T, ConnError>) -> Awaiting {
    match error(result) {
        ConnError::Deadline(what) => what,
        other => panic!("{other}"),
    }
}

/// A network on which nothing ever happens.
struct Silent;

#[async_trait]
impl Network for Silent {
    async fn listen(&self, _: &Identity) -> Result<Box<dyn Listener>, NetError> {
        std::future::pending().await
    }
    async fn dial(&self, _: &Address, _: Isolation) -> Result<BoxStream, NetError> {
        std::future::pending().await
    }
    fn describe(&self) -> &'static str {
        "silent"
    }
}

#[tokio::test(start_paused = true)]
async fn the_dial_has_a_deadline() {
    let limits = Deadlines { dial: Duration::from_secs(7), ..deadlines() };
    let start = Instant::now();
    let to = address(2);
    let result =
        SecureConnection::connect(&Silent, &identity(1), &to, Isolation::new(), &limits, rng(100)).await;
    assert_eq!(awaiting(result), Awaiting::Dial);
    assert_eq!(start.elapsed().as_secs(), 7);
}

async fn accept_error(stream: BoxStream) -> Awaiting {
    awaiting(SecureConnection::accept(stream, &identity(2), &deadlines(), rng(100)).await)
}

#[tokio::test(start_paused = true)]
async fn each_step_of_the_handshake_has_a_deadline() {
    let hello = || Start::outbound(&identity(1), &address(2), &mut rng(5)).1;
    let start = Instant::now();

    // Takes nothing at all.
    let (a, _b) = streams(PACKET_LEN - 1);
    assert_eq!(accept_error(a).await, Awaiting::TakeHello);
    assert_eq!(start.elapsed(), LIMIT);

    // Takes our hello and says nothing.
    let (a, _b) = streams(PACKET_LEN);
    assert_eq!(accept_error(a).await, Awaiting::Hello);
    assert_eq!(start.elapsed(), 2 * LIMIT);

    // Says hello, and takes one packet only.
    let (a, mut b) = streams(PACKET_LEN);
    b.write_all(&hello()[..]).await.unwrap();
    assert_eq!(accept_error(a).await, Awaiting::TakeProof);
    assert_eq!(start.elapsed(), 3 * LIMIT);

    // Proves nothing.
    let (a, mut b) = streams(2 * PACKET_LEN);
    b.write_all(&hello()[..]).await.unwrap();
    assert_eq!(accept_error(a).await, Awaiting::Proof);
    assert_eq!(start.elapsed(), 4 * LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_trickle_does_not_extend_the_handshake() {
    let (a, mut b) = streams(2 * PACKET_LEN);
    let start = Instant::now();
    let trickle = async {
        loop {
            b.write_all(&[0]).await.unwrap();
            sleep(Duration::from_secs(1)).await;
        }
    };
    tokio::select! {
        step = accept_error(a) => assert_eq!(step, Awaiting::Hello),
        () = trickle => {}
    }
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_dropped() {
    let (mut a, _b) = connected(2 * PACKET_LEN, &deadlines()).await;
    let start = Instant::now();
    // Two packets fit the stream.
    assert_eq!(awaiting(a.send_batch((0..5).map(payload)).await), Awaiting::Write);
    assert_eq!(start.elapsed(), LIMIT);
    assert!(matches!(error(a.send(b"x").await), ConnError::Closed));
    assert!(matches!(error(a.queue(b"x")), ConnError::Closed));
    assert!(matches!(error(a.recv().await), ConnError::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_does_not_read_is_dropped_while_we_receive() {
    let (mut a, mut b) = connected(2 * PACKET_LEN, &deadlines()).await;
    for number in 0..5 {
        a.queue(&payload(number)).unwrap();
    }
    // It goes on sending, which does not save it.
    let chatter = async {
        loop {
            b.send(b"chatter").await.unwrap();
            sleep(Duration::from_secs(10)).await;
        }
    };
    let receive = async {
        loop {
            match a.recv().await {
                Ok(received) => assert_eq!(received.unwrap(), b"chatter"),
                Err(e) => return e,
            }
        }
    };
    let start = Instant::now();
    tokio::select! {
        e = receive => assert!(matches!(e, ConnError::Deadline(Awaiting::Write)), "{e}"),
        () = chatter => {}
    }
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn a_reader_that_takes_a_trickle_is_dropped_and_a_steady_one_is_not() {
    for (bytes, steady) in [(1usize, false), (PACKET_LEN, true)] {
        let (mut a, b) = connected(PACKET_LEN, &deadlines()).await;
        let mut b = b.into_stream();
        let slow = async move {
            let mut buffer = vec![0; bytes];
            for _ in 0..1000 {
                sleep(Duration::from_secs(20)).await;
                if b.read_exact(&mut buffer).await.is_err() {
                    break;
                }
            }
        };
        let slow = tokio::spawn(slow);
        let sent = a.send_batch((0..9).map(payload)).await;
        assert_eq!(sent.is_ok(), steady, "{bytes}");
        if !steady {
            assert_eq!(awaiting(sent), Awaiting::Write);
        }
        slow.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_packet_that_began_must_end() {
    let (mut a, b) = connected(4 * PACKET_LEN, &deadlines()).await;
    let mut b = b.into_stream();
    // No limit for the first byte.
    tokio::select! {
        _ = a.recv() => panic!("nothing was sent"),
        () = sleep(10 * LIMIT) => {}
    }
    let start = Instant::now();
    b.write_all(&[7; 100]).await.unwrap();
    // Dropping and calling again does not extend the time.
    tokio::select! {
        _ = a.recv() => panic!("too early"),
        () = sleep(LIMIT / 2) => {}
    }
    assert_eq!(awaiting(a.recv().await), Awaiting::RestOfPacket);
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn silence_has_a_limit_only_where_one_is_set() {
    let limits = Deadlines { idle: Some(2 * LIMIT), ..deadlines() };
    let (mut a, mut b) = connected(4 * PACKET_LEN, &limits).await;
    let start = Instant::now();
    let receive = async {
        loop {
            match a.recv().await {
                Ok(received) => assert_eq!(received.unwrap(), b"alive"),
                Err(e) => return e,
            }
        }
    };
    let alive = async {
        for _ in 0..3 {
            sleep(LIMIT).await;
            b.send(b"alive").await.unwrap();
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        e = receive => assert!(matches!(e, ConnError::Deadline(Awaiting::Silence)), "{e}"),
        () = alive => {}
    }
    assert_eq!(start.elapsed(), 5 * LIMIT);
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_owed_has_a_deadline() {
    let (mut a, _b) = connected(4 * PACKET_LEN, &deadlines()).await;
    let start = Instant::now();
    assert_eq!(awaiting(a.recv_within(LIMIT).await), Awaiting::Answer);
    assert_eq!(start.elapsed(), LIMIT);
}

#[tokio::test(start_paused = true)]
async fn close_does_not_wait_for_ever() {
    let (mut a, _b) = connected(PACKET_LEN, &deadlines()).await;
    for number in 0..3 {
        a.queue(&payload(number)).unwrap();
    }
    assert_eq!(awaiting(a.close().await), Awaiting::Write);
}
