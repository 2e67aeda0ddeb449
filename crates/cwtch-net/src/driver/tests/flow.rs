//! Many packets, cancelled receives, bounded memory, broken streams.

use std::task::Poll;

use cwtch_wire::packet::{PACKET_LEN, SEALED_MAX};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::loopback::Loopback;
use crate::network::Network;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_packets_pass_intact_over_sockets() {
    const COUNT: usize = 10_000;
    let root = tempfile::tempdir().unwrap();
    let network = Loopback::new(root.path());
    let mut listener = network.listen(&identity(2)).await.unwrap();
    let server = tokio::spawn(async move {
        let stream = listener.accept().await.unwrap();
        let mut b = SecureConnection::accept(stream, &identity(2), &deadlines(), rng(20)).await.unwrap();
        b.send_batch((0..COUNT).map(payload)).await.unwrap();
        b.close().await.unwrap();
    });
    let to = address(2);
    let mut a =
        SecureConnection::connect(&network, &identity(1), &to, Isolation::new(), &deadlines(), rng(10))
            .await
            .unwrap();
    for number in 0..COUNT {
        assert!(a.recv().await.unwrap().unwrap() == payload(number), "{number}");
    }
    assert!(a.recv().await.unwrap().is_none());
    server.await.unwrap();
}

#[tokio::test]
async fn two_sides_that_both_send_much_do_not_block_each_other() {
    // Far more than the stream holds, in both directions, from one select loop each.
    async fn exchange(mut connection: SecureConnection) {
        let (mut queued, mut received) = (0, 0);
        while received < 200 {
            let room = connection.has_room() && queued < 200;
            tokio::select! {
                biased;
                () = std::future::ready(()), if room => {
                    connection.queue(&payload(queued)).unwrap();
                    queued += 1;
                }
                got = connection.recv() => {
                    assert_eq!(got.unwrap().unwrap(), payload(received));
                    received += 1;
                }
            }
        }
        connection.close().await.unwrap();
    }
    let (a, b) = connected(PACKET_LEN, &deadlines()).await;
    tokio::join!(exchange(a), exchange(b));
}

#[tokio::test]
async fn recv_is_cancel_safe_wherever_it_is_dropped() {
    let (mut a, mut b) = connected(16 * PACKET_LEN, &deadlines()).await;
    for number in 0..7 {
        b.queue(&payload(number)).unwrap();
    }
    // Take the bytes out of the stream and hand them on in odd pieces, with a dropped receive after each.
    let (mut middle, near) = streams(16 * PACKET_LEN);
    b.flush().await.unwrap();
    let mut wire = vec![0; 7 * PACKET_LEN];
    let mut far = a.packets().swap_stream(near);
    far.read_exact(&mut wire).await.unwrap();
    let mut received = 0;
    for piece in wire.chunks(1237) {
        middle.write_all(piece).await.unwrap();
        tokio::select! {
            biased;
            got = a.recv() => {
                assert_eq!(got.unwrap().unwrap(), payload(received));
                received += 1;
            }
            () = std::future::ready(()) => {}
        }
    }
    while received < 7 {
        assert_eq!(a.recv().await.unwrap().unwrap(), payload(received));
        received += 1;
    }
}

#[tokio::test]
async fn a_connection_is_drained_once_the_stream_has_everything() {
    // Room for one packet and a half.
    let (mut a, mut b) = connected(PACKET_LEN + PACKET_LEN / 2, &deadlines()).await;
    assert!(b.is_drained());
    b.queue(&payload(0)).unwrap();
    assert!(!b.is_drained());
    assert!(nothing_received(&mut b).await && b.is_drained(), "receiving writes");
    b.queue(&payload(1)).unwrap();
    assert!(nothing_received(&mut b).await && !b.is_drained());
    assert_eq!(a.recv().await.unwrap().unwrap(), payload(0));
    assert!(nothing_received(&mut b).await && b.is_drained());
    assert_eq!(a.recv().await.unwrap().unwrap(), payload(1));
}

#[tokio::test]
async fn an_idle_connection_holds_no_buffer() {
    let (mut a, mut b) = connected(32 * PACKET_LEN, &deadlines()).await;
    for side in [&mut a, &mut b] {
        assert!(nothing_received(side).await);
        assert_eq!(side.packets().buffered_capacity(), 0);
    }
    b.send_batch((0..20).map(payload)).await.unwrap();
    assert_eq!(b.packets().buffered_capacity(), 0);
    for number in 0..20 {
        assert_eq!(a.recv().await.unwrap().unwrap(), payload(number));
        assert!(a.packets().buffered_capacity() <= 9 * PACKET_LEN);
    }
    assert!(nothing_received(&mut a).await);
    assert_eq!(a.packets().buffered_capacity(), 0);
}

/// Polls a receive once; true if there was nothing.
async fn nothing_received(connection: &mut SecureConnection) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(connection.poll_recv(cx).is_pending())).await
}

#[tokio::test]
async fn the_queue_is_bounded() {
    let (mut a, _b) = connected(PACKET_LEN, &deadlines()).await;
    assert!(nothing_received(&mut a).await);
    for number in 0..8 {
        assert!(a.has_room());
        a.queue(&payload(number)).unwrap();
    }
    assert!(!a.has_room());
    assert!(matches!(error(a.queue(b"x")), ConnError::Full));
    assert!(a.packets().buffered_capacity() <= 8 * PACKET_LEN);
}

#[tokio::test]
async fn a_refused_payload_changes_nothing() {
    let (mut a, mut b) = connected(4 * PACKET_LEN, &deadlines()).await;
    a.queue(b"before").unwrap();
    assert!(matches!(error(a.queue(&[])), ConnError::Unsendable(_)));
    assert!(matches!(error(a.queue(&vec![0; SEALED_MAX + 1])), ConnError::Unsendable(_)));
    a.send(&vec![1; SEALED_MAX]).await.unwrap();
    assert_eq!(b.recv().await.unwrap().unwrap(), b"before");
    assert_eq!(b.recv().await.unwrap().unwrap(), vec![1; SEALED_MAX]);
}

#[tokio::test]
async fn a_packet_that_does_not_open_ends_the_connection() {
    let (mut a, mut b) = connected(4 * PACKET_LEN, &deadlines()).await;
    b.packets().queue(&[0x33; PACKET_LEN]).unwrap();
    b.send(b"behind the garbage").await.unwrap();
    assert!(matches!(error(a.recv().await), ConnError::Channel(_)));
    assert!(matches!(error(a.recv().await), ConnError::Closed));
    assert!(matches!(error(a.send(b"x").await), ConnError::Closed));
}

#[tokio::test]
async fn an_end_inside_a_packet_is_an_error_and_between_packets_is_not() {
    for (extra, truncated) in [(0, false), (1, true), (PACKET_LEN - 1, true)] {
        let (mut a, mut b) = connected(4 * PACKET_LEN, &deadlines()).await;
        b.send(b"whole").await.unwrap();
        let mut stream = b.into_stream();
        stream.write_all(&vec![9; extra]).await.unwrap();
        stream.shutdown().await.unwrap();
        assert_eq!(a.recv().await.unwrap().unwrap(), b"whole");
        match a.recv().await {
            Ok(None) => assert!(!truncated),
            Err(ConnError::Truncated) => assert!(truncated),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn what_a_peer_sent_before_it_left_arrives_though_it_reads_no_more() {
    let (mut a, mut b) = connected(4 * PACKET_LEN, &deadlines()).await;
    b.send(b"last words").await.unwrap();
    drop(b);
    a.queue(b"never read").unwrap();
    assert_eq!(a.recv().await.unwrap().unwrap(), b"last words");
    assert!(a.recv().await.unwrap().is_none());
    assert!(matches!(error(a.queue(b"x")), ConnError::Closed));
}

#[tokio::test]
async fn writing_to_a_peer_that_left_is_an_error() {
    let (mut a, b) = connected(4 * PACKET_LEN, &deadlines()).await;
    drop(b);
    assert!(matches!(error(a.send(b"x").await), ConnError::Io { .. }));
    assert!(matches!(error(a.send(b"x").await), ConnError::Closed));
}
