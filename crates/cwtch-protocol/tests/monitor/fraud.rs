//! One hostile server for each kind of fraud: the client stops, and a third party believes the proof.

use cwtch_log::FraudKind;
use cwtch_protocol::monitor::{EvidenceKind, Malformed, Refused, Unproven};
use cwtch_testkit::log::{entry, entry_id};
use cwtch_wire::board::stream::Record;

use crate::support::{Client, Server};

pub(crate) const STOPPED: Result<(), Refused> = Err(Refused::Stopped);

/// A server, a fork of it that goes another way, and a client that read the log up to where they part.
pub(crate) fn forked(entries: u64) -> (Server, Server, Client) {
    let mut server = Server::new(9, 0);
    server.grow(entries);
    let mut client = Client::new(&server, 9);
    client.sync(&server).unwrap();
    let mut fork = server.clone();
    // Drawn as clones draw, both would append the same.
    fork.log.commit(fork.now, &[entry(u64::MAX)]);
    (server, fork, client)
}

#[test]
fn a_reply_without_one_of_its_entries_is_refused_without_a_proof() {
    let (mut server, _, mut client) = forked(100);
    server.grow(50);
    let asked = client.monitor.replay_request(&mut client.rng).from;
    let mut reply = server.log.reply(asked);
    let at = reply.records.len() - 10;
    reply.records[at] = Record::Entry(entry(12345));
    assert_eq!(client.receive(&reply, usize::MAX, server.now), Err(Refused::Stopped));
    assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::Entries));
    assert_eq!(client.monitor.verified_size(), 100);
    assert!(!client.entries.contains(&Some(entry_id(&entry(12345)))));
    // Also after a restart.
    client.restart();
    client.monitor.replay_request(&mut client.rng);
    assert_eq!(client.sync(&server), STOPPED);
}

#[test]
fn a_later_view_that_changes_what_was_read_is_proven() {
    for (common, mine, theirs) in [(0, 1, 2), (100, 1, 5), (700, 3, 800)] {
        let (mut server, mut fork, mut client) = forked(common);
        server.grow(mine);
        client.sync(&server).unwrap();
        fork.grow(theirs + mine);
        fork.pass(60);
        assert_eq!(client.sync(&fork), STOPPED);
        client.proved(FraudKind::Prefix);
    }
}

#[test]
fn another_view_of_the_same_size_is_proven() {
    let (mut server, fork, mut client) = forked(100);
    server.grow(1);
    client.sync(&server).unwrap();
    assert_eq!(client.sync(&fork), STOPPED);
    client.proved(FraudKind::SameSize);
}

/// The message is not signed and accuses nobody, the checkpoint beside it is.
#[test]
fn a_checkpoint_beside_a_live_message_that_does_not_fit_counts() {
    // Of a size that is verified already.
    let (mut server, fork, mut client) = forked(100);
    server.grow(1);
    client.sync(&server).unwrap();
    assert_eq!(client.live(&fork.log.live(100), server.now), Err(Refused::Stopped));
    client.proved(FraudKind::SameSize);

    // Beyond what is verified: it waits, and the next reply decides.
    let (mut server, fork, mut client) = forked(100);
    let mut provisional = {
        server.grow(1);
        server.log.live(100)
    };
    provisional.log.checkpoint = None;
    assert!(client.live(&provisional, server.now).is_ok());
    let other = client.live(&fork.log.live(100), server.now);
    assert_eq!(other, Err(Refused::Malformed(Malformed::Place)));
    client.disconnect();
    assert!(client.accusations().is_empty());
    client.restart();
    server.grow(5);
    assert_eq!(client.sync(&server), STOPPED);
    client.proved(FraudKind::Prefix);
}
