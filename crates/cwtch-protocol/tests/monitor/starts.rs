//! The tree that a new incarnation claims to continue must be the one that it has: for a client that read the log
//! before, and for one that meets it for the first time (kind 13).

use cwtch_log::FraudKind;
use cwtch_testkit::log::entry;

use crate::fraud::STOPPED;
use crate::support::{Client, Server};

/// Index at which the two pasts part.
const PARTS: u64 = 290;
/// Number of entries that the certificate claims to continue.
const CONTINUED: u64 = 310;

/// A server whose new incarnation claims to continue 310 entries, and whose log has another one at 290; and one that
/// was honest up to then.
fn rewritten() -> (Server, Server) {
    let mut honest = Server::new(9, 0);
    honest.grow(PARTS);
    let mut other = honest.clone();
    honest.grow(CONTINUED - PARTS);
    other.log.commit(other.now, &[entry(u64::MAX)]);
    other.grow(CONTINUED - PARTS - 1);
    let (root, known) = (honest.log.root_at(CONTINUED), other.log.time(other.now));
    other.log.restore_as(other.now, CONTINUED, known, root);
    other.pass(200);
    (honest, other)
}

/// A client that read the first `size` entries.
fn reader(honest: &Server, size: u64) -> Client {
    let mut early = Server::new(9, 0);
    early.grow(size);
    assert_eq!(early.id(size - 1), honest.id(size - 1));
    let mut client = Client::new(&early, 9);
    client.sync(&early).unwrap();
    client
}

/// A client of which the next request begins as far back as it can, so that no draw decides.
fn from_far_back(client: &mut Client) {
    while client.ask() > 64 {
        // What was drawn is stored before it is asked for, and a restart would only ask for it again.
        client.store.noise = None;
        client.restart();
    }
    client.commit();
}

#[test]
fn another_past_under_a_declared_restore_is_proven() {
    // Below what was rewritten, and up to what the certificate says.
    for size in [1, 200, 256, 289, CONTINUED] {
        for more in [0, 1, 60, 700] {
            let (honest, mut other) = rewritten();
            let mut client = reader(&honest, size);
            if size > PARTS {
                from_far_back(&mut client);
            }
            other.grow(more);
            assert_eq!(client.sync(&other), STOPPED, "{size} and {more}");
            client.proved(FraudKind::NotContinued);
            assert!(client.monitor().verified_size() <= CONTINUED, "nothing of it was taken for verified");
            client.restart();
            assert_eq!(client.sync(&other), STOPPED);
        }
    }
}

#[test]
fn a_newcomer_compares_what_the_certificate_says_with_what_it_reads() {
    for more in [0, 1, 60, 700] {
        let (_, mut other) = rewritten();
        other.grow(more);
        let mut newcomer = Client::new(&other, 1);
        assert_eq!(newcomer.sync(&other), STOPPED, "{more}");
        newcomer.proved(FraudKind::NotContinued);
        assert!(newcomer.monitor().verified_size() <= CONTINUED);
    }
    // It knows the certificate before, from an invite, and is interrupted in the middle.
    let (_, mut other) = rewritten();
    other.grow(400);
    let mut newcomer = Client::new(&other, 1);
    newcomer.monitor_mut().certificate_learnt(&other.log.certificate().to_bytes(), other.now).unwrap();
    let asked = newcomer.ask();
    newcomer.receive(&other.log.reply(asked), 300, other.now).unwrap();
    newcomer.restart();
    assert_eq!(newcomer.sync(&other), STOPPED);
    newcomer.proved(FraudKind::NotContinued);
}

#[test]
fn an_honest_past_accuses_nobody() {
    let (mut server, _) = rewritten();
    for _ in 0..3 {
        server.restore(server.size());
        server.grow(30);
        server.pass(200);
        Client::new(&server, 1).sync(&server).unwrap();
        server.restore(server.size() - 7);
        server.pass(200);
        Client::new(&server, 2).sync(&server).unwrap();
    }
}

/// The certificate in between is the one that lies; the one in force tells the truth about it.
#[test]
fn a_link_of_the_chain_is_compared_too() {
    for more in [0, 50] {
        let (honest, mut other) = rewritten();
        other.grow(more);
        other.restore(other.size());
        other.grow(5);
        other.pass(200);
        let mut newcomer = Client::new(&other, 1);
        assert_eq!(newcomer.sync(&other), STOPPED, "{more}");
        newcomer.proved(FraudKind::NotContinued);
        let mut client = reader(&honest, 200);
        assert_eq!(client.sync(&other), STOPPED, "{more}");
        client.proved(FraudKind::NotContinued);
    }
}

#[test]
fn fewer_entries_than_the_certificate_says_are_proven() {
    let (honest, _) = rewritten();
    let mut server = honest.clone();
    server.restore(CONTINUED);
    server.log.truncate(CONTINUED - 5);
    server.log.sign(server.log.time(server.now));
    for mut client in [reader(&honest, 200), Client::new(&server, 1)] {
        assert_eq!(client.sync(&server), STOPPED);
        client.proved(FraudKind::NotContinued);
    }
    // Seen by a probe alone.
    let mut client = reader(&honest, 200);
    assert_eq!(client.probe(&server.log.head(), server.now), STOPPED);
    client.proved(FraudKind::NotContinued);
}

#[test]
fn what_stands_in_for_deleted_entries_is_what_the_certificate_says() {
    // The Retain states another root of the very size; and the reply begins there.
    let (honest, mut other) = rewritten();
    other.grow(10);
    other.log.sign_retain(other.log.time(other.now), CONTINUED);
    for mut client in [reader(&honest, 200), Client::new(&other, 1)] {
        assert_eq!(client.sync(&other), STOPPED);
        client.proved(FraudKind::NotContinued);
    }
    // What lies before the beginning of the reply is not seen by somebody new: nothing is found, and nobody accused.
    let (_, mut other) = rewritten();
    other.grow(10);
    other.log.sign_retain(other.log.time(other.now), CONTINUED + 5);
    let mut newcomer = Client::new(&other, 1);
    newcomer.sync(&other).unwrap();
}
