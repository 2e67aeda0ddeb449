//! One hostile server for each kind of fraud: the client stops, and a third party believes the proof.

use cwtch_log::tree::{CompactRange, MemoryTree};
use cwtch_log::{Certificate, FraudKind, Previous, Receipt, Signer, TICK};
use cwtch_primitives::group::LogTag;
use cwtch_protocol::monitor::{ComparisonOutcome, EvidenceKind, Malformed, Notice, Refused, Unproven};
use cwtch_testkit::log::{entry, entry_id};
use cwtch_testkit::rng;
use cwtch_wire::board::PostLog;
use cwtch_wire::board::stream::Record;
use rand_core::RngCore;

use crate::support::{Client, Server};

pub(crate) const STOPPED: Result<(), Refused> = Err(Refused::Stopped);
const TAG: LogTag = LogTag::from_bytes([1; 16]);

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
    let asked = client.ask();
    let mut reply = server.log.reply(asked);
    let at = reply.records.len() - 10;
    reply.records[at] = Record::Entry(entry(12345));
    assert_eq!(client.receive(&reply, usize::MAX, server.now), Err(Refused::Stopped));
    assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::Entries));
    assert_eq!(client.monitor().verified_size(), 100);
    assert!(!client.entries.contains(&Some(entry_id(&entry(12345)))));
    assert_eq!(client.accusations().len(), 1);
    // Also after a restart.
    client.restart();
    assert_eq!(client.sync(&server), STOPPED);
    // What else may be asked proves nothing: the log itself is honest.
    client.gather(&server);
    assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::Entries));
}

#[test]
fn a_later_view_that_changes_what_was_read_is_proven_wherever_they_part() {
    let mut draw = rng(7);
    for round in 0..60 {
        let common = draw.next_u64() % [3, 70, 600, 1200][round % 4];
        let (mut server, mut fork, mut client) = forked(common);
        server.grow(1 + draw.next_u64() % [3, 300, 600][round % 3]);
        client.sync(&server).unwrap();
        fork.grow(server.size() - common + draw.next_u64() % 400);
        fork.pass(60);
        assert_eq!(client.sync(&fork), STOPPED);
        client.gather(&fork);
        let kind = client.monitor().evidence().last().unwrap().kind;
        let same_size = kind == EvidenceKind::Proven(FraudKind::SameSize);
        let boundary = kind == EvidenceKind::Proven(FraudKind::SecondBoundary);
        client.proved(if same_size || boundary { client_kind(kind) } else { FraudKind::Prefix });
    }
}

fn client_kind(kind: EvidenceKind) -> FraudKind {
    match kind {
        EvidenceKind::Proven(kind) => kind,
        EvidenceKind::Unproven(kind) => panic!("no proof: {kind:?}"),
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

#[test]
fn a_smaller_log_at_a_later_time_is_proven() {
    let (mut server, mut fork, mut client) = forked(100);
    server.grow(50);
    client.sync(&server).unwrap();
    fork.pass(60);
    assert_eq!(client.sync(&fork), STOPPED);
    client.proved(FraudKind::Shrunk);
}

#[test]
fn a_message_that_is_dropped_after_its_receipt_is_proven() {
    for (before, after) in [(0, 0), (0, 1), (10, 0), (10, 7), (10, 500), (250, 300)] {
        let (server, mut fork, mut client) = forked(before);
        let mut posted = server.clone();
        let message = posted.draw();
        let seen = client.monitor().seen();
        let answer = posted.log.commit(posted.now, std::slice::from_ref(&message)).answers.remove(0);
        client.monitor_mut().post_answer(entry_id(&message), seen, &answer, posted.now).unwrap();
        client.commit();
        client.restart();
        fork.grow(after);
        assert_eq!(client.sync(&fork), STOPPED, "{before} {after}");
        client.proved(if after == 0 { FraudKind::SameSize } else { FraudKind::Prefix });
    }
}

#[test]
fn a_view_that_is_kept_back_is_proven_by_a_receipt() {
    let (mut server, _, mut client) = forked(100);
    let mut frozen = server.clone();
    server.grow(10);
    let message = server.draw();
    let answer = server.log.commit(server.now, std::slice::from_ref(&message)).answers.remove(0);
    let seen = client.monitor().seen();
    client.monitor_mut().post_answer(entry_id(&message), seen, &answer, server.now).unwrap();
    client.commit();
    frozen.pass(60);
    assert_eq!(client.sync(&frozen), STOPPED);
    client.proved(FraudKind::Shrunk);
}

#[test]
fn a_cold_probe_that_sees_another_log_is_proven() {
    // One that is ahead, one that is behind, one of the same size; and as far back as ids are kept.
    for (mine, theirs) in [(1, 30), (30, 0), (1, 0), (300, 3)] {
        let (mut server, mut fork, mut client) = forked(400);
        server.grow(mine);
        fork.grow(theirs);
        client.sync(&server).unwrap();
        let first = client.probe(&fork.log.head(), fork.now);
        // What is ahead is compared when our own log gets there.
        if first.is_ok() {
            assert!(theirs > mine);
            client.restart();
            server.grow(100);
            assert_eq!(client.sync(&server), STOPPED);
        }
        client.proved(if mine == theirs + 1 { FraudKind::SameSize } else { FraudKind::Prefix });
    }
}

#[test]
fn a_second_certificate_is_proven() {
    let (server, _, mut client) = forked(10);
    let other = server.log.keys().log_key(server.incarnation(), 1);
    let second =
        Certificate::sign_first(server.log.keys().identity(), other.public_key(), server.incarnation());
    let learnt = client.monitor_mut().certificate_learnt(&second.unwrap().to_bytes(), server.now);
    assert_eq!(learnt, Err(Refused::Stopped));
    client.commit();
    client.proved(FraudKind::TwoCertificates);
}

#[test]
fn a_retain_that_goes_back_is_proven() {
    let (mut server, _, mut client) = forked(100);
    server.log.sign_retain(server.now, 50);
    client.sync(&server).unwrap();
    server.pass(60);
    server.log.sign_retain(server.now, 40);
    assert_eq!(client.sync(&server), STOPPED);
    client.proved(FraudKind::RetainBackwards);
}

#[test]
fn a_retain_of_another_log_is_proven() {
    for min_index in [102, 90, 64] {
        let (mut server, _, mut client) = forked(30);
        let mut other = server.clone();
        other.log.commit(other.now, &[entry(u64::MAX)]);
        other.grow(100);
        server.grow(100);
        client.sync(&server).unwrap();
        server.grow(1);
        other.log.sign_retain(other.now, min_index);
        let mut head = server.log.head();
        head.state.as_mut().unwrap().retain = other.log.head().state.unwrap().retain;
        assert_eq!(client.probe(&head, server.now), STOPPED);
        client.proved(FraudKind::Prefix);
    }
}

#[test]
fn an_old_signer_is_proven() {
    // By what was held when the new incarnation is learnt, and by what comes later.
    let (mut server, _, mut client) = forked(100);
    let mut old = server.clone();
    server.restore(100);
    old.now = server.now;
    old.grow(5);
    client.sync(&old).unwrap();
    assert_eq!(client.sync(&server), STOPPED);
    client.proved(FraudKind::OldSigner);

    let (mut server, _, mut client) = forked(100);
    let mut old = server.clone();
    server.restore(100);
    client.sync(&server).unwrap();
    old.now = server.now;
    let message = old.draw();
    let answer = old.log.commit(old.now, std::slice::from_ref(&message)).answers.remove(0);
    let seen = client.monitor().seen();
    let answer = client.monitor_mut().post_answer(entry_id(&message), seen, &answer, old.now);
    assert_eq!(answer, Err(Refused::Stopped));
    client.commit();
    client.proved(FraudKind::OldSigner);
}

/// A server whose new incarnation claims to continue `previous`, with a log of its own.
fn continued(server: &Server, previous: Previous) -> Vec<u8> {
    let keys = server.log.keys();
    let incarnation = server.log.time(server.now) + 2 * TICK;
    let log = keys.log_key(incarnation, 0);
    Certificate::sign_next(keys.identity(), log.public_key(), incarnation, previous)
        .unwrap()
        .to_bytes()
        .to_vec()
}

#[test]
fn a_new_incarnation_that_continues_something_else_is_proven() {
    // The same size, a smaller one, and a larger one.
    for size in [300, 290, 256, 310] {
        let common = if size > 300 { 280 } else { 200 };
        let (mut server, mut fork, mut client) = forked(common);
        server.grow(300 - common);
        client.sync(&server).unwrap();
        fork.grow(size - common - 1);
        if size > 300 {
            // It is compared when the log gets there.
            fork.restore(size);
            assert_eq!(client.sync(&fork), STOPPED);
        } else {
            let root = fork.log.root_at(size);
            let previous = Previous { incarnation: server.incarnation(), size, root };
            let learnt = client.monitor_mut().certificate_learnt(&continued(&server, previous), server.now);
            client.commit();
            assert_eq!(learnt, Err(Refused::Stopped));
        }
        client.proved(FraudKind::WrongStart);
    }
}

#[test]
fn deleting_before_the_promised_time_is_proven() {
    let mut server = Server::new(9, 86_400);
    server.pass(60);
    server.grow(100);
    let mut client = Client::new(&server, 9);
    client.sync(&server).unwrap();
    server.grow(10);
    server.pass(3600);
    server.log.sign_retain(server.now, 105);
    assert_eq!(client.sync(&server), STOPPED);
    client.proved(FraudKind::PrunedEarly);
}

#[test]
fn a_second_boundary_is_proven() {
    let (mut server, _, mut client) = forked(255);
    let mut other = server.clone();
    server.grow(1);
    client.sync(&server).unwrap();
    // The same tree, signed again.
    other.pass(60);
    other.log.append(server.log.entry(255).clone(), other.now);
    let mut head = server.log.head();
    head.state.as_mut().unwrap().mark = other.log.head().state.unwrap().mark;
    assert_eq!(client.probe(&head, server.now), STOPPED);
    client.proved(FraudKind::SecondBoundary);
}

#[test]
fn a_shorter_promise_is_proven() {
    let (mut server, _, mut client) = forked(10);
    server.pass(60);
    server.log.promise(server.now, 86_400, 0);
    client.sync(&server).unwrap();
    server.pass(60);
    let policy = server.log.signer().policy(server.log.time(server.now), 3600, 0).unwrap();
    server.log.keep_policy(policy);
    assert_eq!(client.sync(&server), STOPPED);
    client.proved(FraudKind::PolicyBackwards);
}

#[test]
fn two_contacts_with_different_views_both_get_the_proof() {
    let (mut server, mut fork, mut alice) = forked(200);
    let mut bob = Client::new(&server, 10);
    bob.sync(&fork).unwrap();
    server.grow(400);
    fork.grow(150);
    alice.sync(&server).unwrap();
    bob.sync(&fork).unwrap();
    // Alice tells her newest boundary, 512; Bob does not have it. Bob's is 256.
    assert_eq!(
        bob.monitor().compare_with(&alice.monitor().comparison(TAG).unwrap()),
        ComparisonOutcome::Unknown
    );
    let compare = bob.monitor().comparison(TAG).unwrap();
    assert_eq!(compare.size, 256);
    let ComparisonOutcome::Differs(evidence) = alice.monitor().compare_with(&compare) else { panic!() };
    assert!(!alice.monitor().is_stopped(), "a root accuses nobody");
    assert_eq!(bob.monitor_mut().mismatch_received(&evidence, server.now), Err(Refused::Stopped));
    bob.commit();
    bob.proved(FraudKind::SameSize);
    let answer = bob.monitor().mismatch(TAG, 256);
    assert_eq!(alice.monitor_mut().mismatch_received(&answer, server.now), Err(Refused::Stopped));
    alice.commit();
    alice.proved(FraudKind::SameSize);
    assert_eq!(alice.monitor().comparison(TAG), None);
}

#[test]
fn a_boundary_that_is_not_of_the_entries_is_proven_with_the_next_checkpoint() {
    let (mut server, mut fork, mut client) = forked(200);
    server.grow(400);
    fork.grow(400);
    let asked = client.ask();
    let mut reply = server.log.reply(asked);
    let other = fork.log.boundary(256).unwrap().to_bytes();
    for record in &mut reply.records {
        if let Record::Boundary(bytes) = record
            && bytes[1..9] == 256u64.to_be_bytes()
        {
            **bytes = other;
        }
    }
    assert_eq!(client.receive(&reply, usize::MAX, server.now), Err(Refused::Stopped));
    client.proved(FraudKind::Prefix);
    assert_eq!(client.monitor().verified_size(), 200);
}

#[test]
fn what_stands_in_for_deleted_entries_must_continue_the_own_log() {
    // Nothing signed at exactly that size: without a proof. With a boundary: proven.
    for (read, kind) in [(70, None), (256, Some(FraudKind::Prefix))] {
        let mut server = Server::new(9, 0);
        server.grow(40);
        let mut fork = server.clone();
        fork.log.commit(fork.now, &[entry(u64::MAX)]);
        server.grow(read - 40);
        fork.grow(800);
        let mut client = Client::new(&server, 9);
        client.sync(&server).unwrap();
        fork.log.sign_retain(fork.now, 700);
        // The noise may go further back than the boundary.
        while client.ask() != read / 64 * 64 {
            client.store.noise = None;
            client.restart();
        }
        client.commit();
        assert_eq!(client.sync(&fork), STOPPED);
        match kind {
            Some(kind) => client.proved(kind),
            None => assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::Skipped)),
        }
    }
}

#[test]
fn a_frontier_that_is_not_the_retains_is_refused() {
    let mut server = Server::new(9, 0);
    server.grow(300);
    server.log.sign_retain(server.now, 200);
    let mut client = Client::new(&server, 9);
    let asked = client.ask();
    let mut reply = server.log.reply(asked);
    let skipped = reply.log.start.as_mut().unwrap().skipped.as_mut().unwrap();
    skipped.frontier = CompactRange::from_hashes(200, vec![[7; 32]; 3]).unwrap().to_bytes();
    assert_eq!(client.receive(&reply, usize::MAX, server.now), Err(Refused::Stopped));
    assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::Skipped));
}

#[test]
fn failures_without_a_kind_of_proof_are_kept_and_stop() {
    // A certificate that begins anew.
    let (server, _, mut client) = forked(10);
    let incarnation = server.incarnation() + 600;
    let log = server.log.keys().log_key(incarnation, 0);
    let anew = Certificate::sign_first(server.log.keys().identity(), log.public_key(), incarnation).unwrap();
    assert_eq!(client.monitor_mut().certificate_learnt(&anew.to_bytes(), server.now), Err(Refused::Stopped));
    client.commit();
    assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::NotContinued));

    // A receipt for a place that was taken before.
    let (server, _, mut client) = forked(10);
    let (index, id) = (4, entry_id(server.log.entry(4)));
    let answer = PostLog::Receipt(server.log.receipt(index));
    let seen = client.monitor().seen();
    assert_eq!(client.monitor_mut().post_answer(id, seen, &answer, server.now), Err(Refused::Stopped));
    client.commit();
    assert_eq!(client.evidence().kind, EvidenceKind::Unproven(Unproven::ReceiptPlace));
}

#[test]
fn malformed_bytes_and_strangers_accuse_nobody() {
    let (server, _, mut client) = forked(10);
    let mut stranger = Server::new(77, 0);
    stranger.grow(20);
    assert!(matches!(client.sync(&stranger), Err(Refused::Malformed(_))));
    let asked = client.ask();
    let mut reply = server.log.reply(asked);
    reply.log.start.as_mut().unwrap().checkpoint[100] ^= 1;
    assert!(matches!(client.receive(&reply, usize::MAX, server.now), Err(Refused::Malformed(_))));
    // A receipt for somebody else's entry.
    let answer = PostLog::Receipt(server.log.receipt(3));
    let (mine, seen) = (entry_id(&entry(5)), client.monitor().seen());
    client.monitor_mut().post_answer(mine, seen, &answer, server.now).unwrap();
    client.commit();
    assert!(client.notices.contains(&Notice::NoReceipt { entry: mine }));
    // A checkpoint under a key that no certificate names.
    let tree = MemoryTree::new();
    let other = Signer::new(
        stranger.log.certificate().clone(),
        stranger.log.keys().log_key(stranger.incarnation(), 0),
    );
    let checkpoint = other.unwrap().checkpoint(0, tree.root(), stranger.incarnation()).unwrap();
    assert!(Receipt::new(0, checkpoint, Vec::new()).is_err());
    assert!(client.accusations().is_empty() && client.monitor().evidence().is_empty());
    client.sync(&server).unwrap();
}

/// A live message is not signed and accuses nobody; the checkpoint beside it is signed and does.
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
