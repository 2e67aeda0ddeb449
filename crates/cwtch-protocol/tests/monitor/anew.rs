//! Reading a log from its start, and following a server again that was stopped.

use cwtch_protocol::monitor::{Begun, EntryPlace, EvidenceKind, Refused, Unproven};
use cwtch_testkit::log::{entry, entry_id};
use cwtch_wire::board::stream::Record;

use crate::fraud::{STOPPED, forked};
use crate::support::{Client, Server};

/// A client that read a log of so many entries, the first of which were deleted since.
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
        let request = client.monitor.replay_request_from_start();
        assert_eq!((request.from, request.last_commit_allowed), (0, false));
        let reply = server.log.reply(0);
        let begun = client.monitor.begin_replay(&reply.log, reply.count, server.now).unwrap();
        assert_eq!(begun, Begun::Entries { from: min_index, size: entries + more });
        client.commit();
        assert_eq!(client.monitor.covered_size(), min_index);
        let mut index = min_index;
        for record in &reply.records {
            match record {
                Record::Entry(message) => {
                    let place = client.monitor.entry(entry_id(message)).unwrap();
                    let known = index < client.monitor.verified_size();
                    assert_eq!(place.index(), index);
                    assert_eq!(matches!(place, EntryPlace::Known { .. }), known);
                    index += 1;
                    assert_eq!(client.monitor.received_range().root(), server.log.root_at(index));
                }
                Record::Boundary(boundary) => {
                    client.monitor.boundary(boundary.as_slice()).unwrap();
                    assert_eq!(client.monitor.covered_size(), index);
                }
            }
            client.commit();
        }
        client.monitor.finish_replay(server.now).unwrap();
        client.commit();
        assert_eq!(client.monitor.covered_size(), entries + more);
        assert_eq!(client.monitor.root_at(entries + more), Some(server.log.root_at(entries + more)));
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
        client.monitor.replay_request_from_start();
        let mut reply = server.log.reply(0);
        let place =
            reply.records.iter().position(|record| *record == Record::Entry(server.log.entry(at).clone()));
        reply.records[place.unwrap()] = Record::Entry(entry(12345));
        client.monitor.begin_replay(&reply.log, reply.count, server.now).unwrap();
        let mut result = Ok(());
        for record in &reply.records {
            result = match record {
                Record::Entry(message) => client.monitor.entry(entry_id(message)).map(|_| ()),
                Record::Boundary(boundary) => client.monitor.boundary(boundary.as_slice()).map(|_| ()),
            };
            assert!(client.monitor.covered_size() <= at);
            if result.is_err() {
                break;
            }
        }
        let result = result.and_then(|()| client.monitor.finish_replay(server.now));
        assert_eq!(result, Err(Refused::Stopped));
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

    client.monitor.start_over();
    client.commit();
    client.restart();
    assert!(!client.monitor.is_stopped() && !client.monitor.expects_log());
    assert_eq!(client.monitor.verified_size(), 0);
    client.entries.clear();
    client.sync(&fork).unwrap();
    client.agrees_with(&fork);
    assert_eq!(client.monitor.evidence(), [evidence]);

    // It stops again if it is cheated again, though the evidence is known.
    assert_eq!(client.sync(&server), STOPPED);
    assert!(client.monitor.is_stopped());
}
