//! The handshake over real sockets and against peers that break it.

use cwtch_protocol::channel::HandshakeError;
use cwtch_protocol::channel::handshake::Start;
use cwtch_wire::packet::PACKET_LEN;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::driver::AtFault;
use crate::loopback::Loopback;
use crate::network::{NetError, Network};

#[tokio::test]
async fn both_sides_learn_each_other_over_loopback() {
    let root = tempfile::tempdir().unwrap();
    let network = Loopback::new(root.path());
    let (dialler, acceptor, to) = (identity(1), identity(2), address(2));
    let mut listener = network.listen(&acceptor).await.unwrap();
    let limits = deadlines();
    let served = async {
        let stream = listener.accept().await.unwrap();
        SecureConnection::accept(stream, &acceptor, &limits, rng(20)).await
    };
    let dialled = SecureConnection::connect(&network, &dialler, &to, Isolation::new(), &limits, rng(10));
    let (mut a, mut b) = {
        let (a, b) = tokio::join!(dialled, served);
        (a.unwrap(), b.unwrap())
    };
    assert_eq!((*a.local(), *a.peer()), (address(1), address(2)));
    assert_eq!((*b.local(), *b.peer()), (address(2), address(1)));

    a.send(b"hello").await.unwrap();
    assert_eq!(b.recv_within(LIMIT).await.unwrap(), b"hello");
    b.send_batch([b"one".as_slice(), b"two"]).await.unwrap();
    assert_eq!(a.recv().await.unwrap().unwrap(), b"one");
    assert_eq!(a.recv().await.unwrap().unwrap(), b"two");
    a.close().await.unwrap();
    assert!(b.recv().await.unwrap().is_none());
    assert!(b.recv().await.unwrap().is_none());
}

#[tokio::test]
async fn nobody_there_is_the_networks_fault() {
    let root = tempfile::tempdir().unwrap();
    let network = Loopback::new(root.path());
    let to = address(2);
    let result =
        SecureConnection::connect(&network, &identity(1), &to, Isolation::new(), &deadlines(), rng(100))
            .await;
    let error = error(result);
    assert!(matches!(error, ConnError::Network(NetError::Unreachable { .. })), "{error}");
    assert_eq!(error.at_fault(), AtFault::Network);
}

#[tokio::test]
async fn a_wrong_host_is_refused() {
    // Identity 3 listens, and somebody published its port under the address of identity 2.
    let root = tempfile::tempdir().unwrap();
    let network = Loopback::new(root.path());
    let (impostor, to) = (identity(3), address(2));
    let mut listener = network.listen(&impostor).await.unwrap();
    let file = |address: &Address| root.path().join(address.as_str());
    std::fs::copy(file(&address(3)), file(&to)).unwrap();

    let limits = deadlines();
    let served = async {
        let stream = listener.accept().await.unwrap();
        SecureConnection::accept(stream, &impostor, &limits, rng(20)).await
    };
    let dialler = identity(1);
    let dialled = SecureConnection::connect(&network, &dialler, &to, Isolation::new(), &limits, rng(10));
    let (a, b) = tokio::join!(dialled, served);
    let refused = error(a);
    assert!(matches!(refused, ConnError::Handshake(HandshakeError::WrongHost)), "{refused}");
    assert_eq!(refused.at_fault(), AtFault::Peer);
    error(b);
}

#[tokio::test]
async fn garbage_is_no_hello() {
    for (hello, name) in [([0xA5; PACKET_LEN], "bytes"), ([0; PACKET_LEN], "zeros")] {
        let (a, mut b) = streams(3 * PACKET_LEN);
        b.write_all(&hello).await.unwrap();
        let result = SecureConnection::accept(a, &identity(2), &deadlines(), rng(100)).await;
        assert!(
            matches!(error(result), ConnError::Handshake(HandshakeError::Packet(_) | HandshakeError::Hello)),
            "{name}"
        );
    }
}

#[tokio::test]
async fn garbage_is_no_proof() {
    let (a, mut b) = streams(3 * PACKET_LEN);
    let (_, hello) = Start::outbound(&identity(1), &address(2), &mut rng(5));
    b.write_all(&hello[..]).await.unwrap();
    b.write_all(&[0x5A; PACKET_LEN]).await.unwrap();
    let result = SecureConnection::accept(a, &identity(2), &deadlines(), rng(100)).await;
    assert!(matches!(error(result), ConnError::Handshake(HandshakeError::WrongKey)));
}

#[tokio::test]
async fn an_echo_is_refused() {
    let (a, b) = streams(3 * PACKET_LEN);
    let (mut read, mut write) = tokio::io::split(b);
    let dialler = identity(1);
    let echo = async { tokio::io::copy(&mut read, &mut write).await };
    let limits = deadlines();
    let (to, mut echo) = (address(2), Box::pin(echo));
    let result = tokio::select! {
        result = SecureConnection::outbound(a, &dialler, &to, &limits, rng(100)) => result,
        _ = &mut echo => panic!("the stream ended first"),
    };
    assert!(matches!(error(result), ConnError::Handshake(HandshakeError::Reflected)));
}

#[tokio::test]
async fn an_end_between_and_inside_packets_is_told_apart() {
    let (_, hello) = Start::outbound(&identity(1), &address(2), &mut rng(5));
    for (length, truncated) in [(0, false), (1, true), (PACKET_LEN - 1, true), (PACKET_LEN, false)] {
        let (a, mut b) = streams(3 * PACKET_LEN);
        b.write_all(&hello[..length]).await.unwrap();
        b.shutdown().await.unwrap();
        let result = SecureConnection::accept(a, &identity(2), &deadlines(), rng(100)).await;
        match error(result) {
            ConnError::Truncated => assert!(truncated, "{length}"),
            ConnError::ClosedEarly => assert!(!truncated, "{length}"),
            other => panic!("{length}: {other}"),
        }
        // The other side got our hello, whole, all the same.
        let mut ours = vec![];
        b.read_to_end(&mut ours).await.unwrap();
        assert_eq!(ours.len() % PACKET_LEN, 0);
        assert!(!ours.is_empty());
    }
}
