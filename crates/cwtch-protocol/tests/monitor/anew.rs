//! Reading a log from its start, and following a server again that was stopped.

use cwtch_protocol::monitor::{EvidenceKind, Refused, Unproven};
use cwtch_testkit::log::entry;
use cwtch_wire::board::stream::Record;

use crate::fraud::{STOPPED, forked};
use crate::support::{Client, Server};

/// A client that read a log of `entries` entries, the first of which have been deleted since.
fn read(entries: u64, min_index: u64) -> (Server, Client) {
    let mut server = Server::new(5, 0);
    server.grow(entries);
    let mut client = Client::new(&server, 5);
    client.sync(&server).unwrap();
    server.pass(120);
    if min_index > 0 {
        server.log.prune(server.now, min_index);
    }
    (server, client)
}

#[test]
fn everything_that_is_held_can_be_fetched_again() {
    for (entries, min_index, more) in [(0, 0, 5), (700, 0, 0), (700, 0, 300), (700, 300, 300), (700, 700, 1)]
    {
        let (mut server, mut client) = read(entries, min_index);
        server.grow(more);
        let reply = server.log.reply(0);
        let (verified, known) = (client.monitor().verified_size(), client.reader.known);
        let ended = client.refetch(&reply, server.now, |client| {
            let (received, covered) = (client.monitor().received_range(), client.monitor().covered_size());
            assert!((min_index..=received.size()).contains(&covered));
            assert_eq!(received.root(), server.log.root_at(received.size()));
        });
        assert_eq!(ended, None);
        assert_eq!(client.reader.known - known, verified - min_index, "they are handed on again");
        assert_eq!(client.reader.refetched, 1);
        assert_eq!(client.monitor().covered_size(), entries + more);
        assert_eq!(client.monitor().root_at(entries + more), Some(server.log.root_at(entries + more)));
        // From now on as ever.
        client.restart();
        server.grow(3);
        client.sync(&server).unwrap();
        assert!(client.accusations().is_empty());
    }
}

#[test]
fn a_change_in_what_was_read_before_is_found_and_never_covered() {
    for at in [3, 255, 256, 600] {
        let (server, mut client) = read(700, 0);
        let mut reply = server.log.reply(0);
        let place =
            reply.records.iter().position(|record| *record == Record::Entry(server.log.entry(at).clone()));
        reply.records[place.unwrap()] = Record::Entry(entry(12345));
        let ended = client.refetch(&reply, server.now, |client| {
            assert!(client.reader.caught || client.monitor().covered_size() <= at);
        });
        assert_eq!(ended, Some(Refused::Stopped));
        client.commit();
        assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::Entries));
    }
}

#[test]
fn who_starts_over_follows_what_the_server_shows_now_and_keeps_the_evidence() {
    let (mut server, mut fork, mut client) = forked(300);
    server.grow(5);
    client.sync(&server).unwrap();
    fork.grow(1);
    fork.pass(60);
    assert_eq!(client.sync(&fork), STOPPED);
    let evidence = client.evidence().clone();

    client.monitor_mut().start_over();
    client.commit();
    client.restart();
    assert!(!client.monitor().is_stopped() && !client.monitor().expects_log());
    assert_eq!(client.monitor().verified_size(), 0);
    client.entries.clear();
    client.sync(&fork).unwrap();
    client.agrees_with(&fork);
    assert_eq!(client.monitor().evidence(), [evidence]);

    // It stops again if it is cheated again, though the evidence is known.
    assert_eq!(client.sync(&server), STOPPED);
    assert!(client.monitor().is_stopped());
}
