//! The plain connection of the token service.

use cwtch_wire::packet::{PACKET_LEN, PLAIN_MAX};
use tokio::io::AsyncWriteExt;

use super::*;
use crate::driver::{Awaiting, PlainConnection};
use crate::loopback::Loopback;
use crate::network::Network;

#[tokio::test]
async fn payloads_pass_in_both_directions_over_loopback() {
    let root = tempfile::tempdir().unwrap();
    let network = Loopback::new(root.path());
    let mut listener = network.listen(&identity(2)).await.unwrap();
    let (to, limits) = (address(2), deadlines());
    let (client, stream) =
        tokio::join!(PlainConnection::connect(&network, &to, Isolation::new(), &limits), listener.accept());
    let (mut client, mut service) = (client.unwrap(), PlainConnection::new(stream.unwrap(), &limits));
    service.send(b"seed").await.unwrap();
    assert_eq!(client.recv_within(LIMIT).await.unwrap(), b"seed");
    let longest = vec![7; PLAIN_MAX];
    client.send(&longest).await.unwrap();
    assert_eq!(service.recv().await.unwrap().unwrap(), longest);
    assert!(matches!(error(client.send(&vec![7; PLAIN_MAX + 1]).await), ConnError::Unsendable(_)));
    assert!(matches!(error(client.send(&[]).await), ConnError::Unsendable(_)));
    client.close().await.unwrap();
    assert!(matches!(error(service.recv_within(LIMIT).await), ConnError::ClosedEarly));
}

#[tokio::test]
async fn a_malformed_frame_ends_the_connection() {
    for bad in [[0; PACKET_LEN], [0xFF; PACKET_LEN]] {
        let (a, mut b) = streams(4 * PACKET_LEN);
        let mut a = PlainConnection::new(a, &deadlines());
        b.write_all(&bad).await.unwrap();
        assert!(matches!(error(a.recv().await), ConnError::Packet(_)));
        assert!(matches!(error(a.recv().await), ConnError::Closed));
    }
}

#[tokio::test(start_paused = true)]
async fn a_service_that_owes_an_answer_has_a_deadline() {
    let (a, _b) = streams(PACKET_LEN);
    let mut a = PlainConnection::new(a, &deadlines());
    match error(a.recv_within(LIMIT).await) {
        ConnError::Deadline(what) => assert_eq!(what, Awaiting::Answer),
        other => panic!("{other}"),
    }
}
