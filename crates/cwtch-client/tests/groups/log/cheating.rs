//! Servers in memory that show what no honest server shows, and some that are only slow.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use cwtch_client::api::{ErrorKind, LogNotice, MessageState, ServerPhase};
use cwtch_client::engine::{EngineOptions, Mode, Probes};
use cwtch_primitives::group::GroupKey;
use cwtch_testkit::log::{HonestLog, START, ServerKeys, entry};
use cwtch_testkit::malice::Forger;
use cwtch_wire::invite::{GroupInvite, TofuBundle};

use super::memory_server::MemoryServer;
use crate::support::{Person, World};

/// A server with three messages of others, and a clock for clients.
pub(super) async fn server(world: &World) -> (MemoryServer, Arc<AtomicI64>) {
    let keys = ServerKeys::new(7);
    let mut log = HonestLog::first(keys.clone(), START, 0);
    log.commit(START, &[entry(1), entry(2), entry(3)]);
    let server = MemoryServer::start(&world.network, keys, log, START).await;
    (server, Arc::new(AtomicI64::new(START as i64 + 1)))
}

pub(super) async fn person(world: &World, mode: Mode, clock: &Arc<AtomicI64>, probes: Probes) -> Person {
    let clock = clock.clone();
    let mut options = EngineOptions::new(mode);
    options.clock = Some(Arc::new(move || clock.load(Ordering::Acquire)));
    options.probes = probes;
    let person = Person::start_with(world.profile("alice"), world.network.clone(), options).await;
    person.enable().await;
    person
}

pub(super) fn never() -> Probes {
    Probes::new(|| None)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_who_is_shown_another_log_has_the_proof() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let probes = Probes::new(|| Some(Duration::ZERO));
    let mut alice = person(&world, Mode::Daemon, &clock, probes).await;
    let server_string = server.bundle.to_server_string();
    let created = alice.new_group("friends", &server_string).await.unwrap();
    alice.send(&created.group, "mine").await.unwrap();
    // As long as everybody is shown the same, nothing happens.
    alice.sync().await.unwrap();
    crate::support::soon("a probe", async {
        while server.with(|state| state.heads.is_empty()) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    assert!(server.with(|state| state.heads.iter().all(|asked| !asked)), "on a connection of its own");
    assert!(alice.evidence().await.is_empty());

    server.with(|state| {
        let mut other = HonestLog::first(ServerKeys::new(7), START, 0);
        other.commit(START, &[entry(1), entry(2), entry(3), entry(4)]);
        state.other = Some(other);
    });
    // The probe behind it may be faster than its answer.
    let _ = alice.sync().await;
    let (_, proven, _) = alice.alarm().await;
    assert!(proven);
    alice.phase(ServerPhase::Stopped).await;
    assert_eq!(alice.evidence().await[0].kind, 1, "two trees of one size");
    assert_eq!(alice.sync().await.unwrap_err().kind(), ErrorKind::Refused);
    alice.stop().await;
}

/// Where each that is joined while the log is read had it read once more at once, ten would cost ten times the log.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_is_not_read_again_at_once_for_a_group_that_was_joined_while_it_was_read() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let alice = person(&world, Mode::Daemon, &clock, never()).await;
    let invite = |n: u8| {
        let invite = GroupInvite::new("friends", GroupKey::new([n; 32]), server.bundle.board()).unwrap();
        TofuBundle::new(server.bundle.clone(), invite).unwrap().to_text()
    };
    alice.join(&invite(1)).await.unwrap();
    alice.sync().await.unwrap();
    let before = server.with(|state| {
        state.held = true;
        state.asked
    });
    let asked = async |count: usize| {
        crate::support::soon("a request", async {
            while server.with(|state| state.asked) < before + count {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
    };
    alice.join(&invite(2)).await.unwrap();
    asked(1).await;
    alice.join(&invite(3)).await.unwrap();
    let released = Instant::now();
    server.with(|state| {
        // Something is stored that the third group may have had a part in.
        state.log.commit(START, &[entry(4)]);
        state.held = false;
    });
    asked(2).await;
    // A pause in which others may be joined, too; a slow machine only makes it longer.
    assert!(released.elapsed() >= Duration::from_secs(1), "{:?}", released.elapsed());
    alice.sync().await.unwrap();
    assert_eq!(alice.log().await.unwrap().size, 4);
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_daemon_nobody_waits_for_a_probe() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let alice = person(&world, Mode::OneShot, &clock, Probes::new(|| Some(Duration::ZERO))).await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.send(&created.group, "mine").await.unwrap();
    alice.sync().await.unwrap();
    alice.stop().await;
    assert!(server.with(|state| state.heads.is_empty()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_in_an_invite_makes_a_missing_log_an_alarm_from_the_first_contact() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    server.with(|state| state.legacy = true);
    let board = *server.bundle.board();
    let invite = GroupInvite::new("friends", GroupKey::new([3; 32]), &board).unwrap();
    let certificate = server.with(|state| state.log.certificate().to_bytes());
    let with =
        TofuBundle::new(server.bundle.clone(), invite.clone().with_log_certificate(certificate)).unwrap();
    let without = TofuBundle::new(server.bundle.clone(), invite).unwrap();

    // Without it, the server is read as one of the deployed ones.
    let carol = world.daemon("carol").await;
    carol.join(&without.to_text()).await.unwrap();
    carol.sync().await.unwrap();
    assert_eq!(carol.log().await, None);
    assert_eq!(server.with(|state| state.replays.last().copied()), Some((Some(0), false)));

    let mut alice = person(&world, Mode::Daemon, &clock, never()).await;
    let joined = alice.join(&with.to_text()).await.unwrap();
    let (_, proven, evidence) = alice.alarm().await;
    assert_eq!((proven, evidence), (false, None));
    let error = alice.sync().await.unwrap_err();
    assert!(crate::words::error(&error).contains("no longer shows its record"), "{error}");
    assert!(alice.log().await.unwrap().alarm.is_some());
    // It is asked again, and the alarm is over when it shows its log.
    server.with(|state| state.legacy = false);
    let log = alice.log_until("the log", |log| log.size == 3).await;
    assert_eq!(log.alarm, None);
    alice.send(&joined.group, "here").await.unwrap();

    // An invite of ours carries it.
    let tofu = alice.new_group("more", board.as_str()).await.unwrap().tofubundle;
    let (_, invite) = TofuBundle::parse(&tofu).unwrap().into_parts();
    assert_eq!(invite.log_certificate(), Some(&certificate));
    carol.stop().await;
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stale_answers_and_clocks_are_told_once_and_accuse_nobody() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let mut alice = person(&world, Mode::Daemon, &clock, never()).await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.sync().await.unwrap();
    // An hour later the server still shows the same.
    clock.fetch_add(3600, Ordering::AcqRel);
    alice.sync().await.unwrap();
    assert!(alice.notice(LogNotice::Stale).await.contains("60 minutes old"));
    assert!(alice.servers().await[0].trouble.as_ref().unwrap().contains("is 60 minutes old"));
    alice.sync().await.unwrap();
    // Then it goes on.
    let now = START + 3600;
    server.with(|state| {
        state.now = now;
        state.log.tick(now);
    });
    alice.sync().await.unwrap();
    assert_eq!(alice.servers().await[0].trouble, None);

    // The own clock goes back by a day: nothing new is read, and it is said.
    clock.fetch_sub(86_400, Ordering::AcqRel);
    let error = alice.sync().await.unwrap_err();
    assert!(crate::words::error(&error).contains("in the future"), "{error}");
    assert!(alice.notice(LogNotice::ClockAhead).await.contains("ahead of yours"));
    clock.fetch_add(86_400, Ordering::AcqRel);
    alice.sync().await.unwrap();
    alice.send(&created.group, "well again").await.unwrap();
    assert!(alice.evidence().await.is_empty());
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_yes_without_a_receipt_is_told() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let mut alice = person(&world, Mode::Daemon, &clock, never()).await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.send(&created.group, "with").await.unwrap();
    server.with(|state| state.no_receipts = true);
    let sent = alice.send(&created.group, "without").await.unwrap();
    assert_eq!(sent.state, MessageState::Stored);
    assert!(alice.notice(LogNotice::NoReceipt).await.contains("no valid receipt"));
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_sends_when_the_fraud_shows_hears_of_it_and_the_message_stays() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let alice = person(&world, Mode::Daemon, &clock, never()).await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.sync().await.unwrap();
    // The third message is gone; the next post gets its place.
    server.with(|state| {
        state.log = HonestLog::first(ServerKeys::new(7), START, 0);
        state.log.commit(START, &[entry(1), entry(2)]);
    });
    let error = alice.send(&created.group, "to nowhere").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Refused);
    assert!(crate::words::error(&error).contains("cheated"), "{error}");
    let message = alice.messages(&created.group).await.pop().unwrap();
    assert_eq!((message.text.as_str(), message.state), ("to nowhere", MessageState::Queued));
    assert_eq!(alice.evidence().await[0].kind, 1);
    // With the person's word it goes out.
    alice.resume(server.bundle.board().as_str()).await.unwrap();
    alice.sync().await.unwrap();
    let log = alice.log_until("the message", |log| log.size == 3).await;
    assert_eq!((log.alarm, log.evidence), (None, 1));
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_number_of_certificates_frees_a_server_from_what_it_signed() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let alice = person(&world, Mode::Daemon, &clock, never()).await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.sync().await.unwrap();
    // Every reply brings four certificates that nobody needs, valid ones.
    server.with(|state| state.forger = Some(Forger::new(7)));
    for _ in 0..40 {
        alice.sync().await.unwrap();
    }
    // What is stored can be read again: nothing is wrong, and nobody is told to forget anything.
    alice.stop().await;
    let mut alice = person(&world, Mode::Daemon, &clock, never()).await;
    alice.send(&created.group, "still here").await.unwrap();
    let log = alice.log_until("the message", |log| log.size == 4).await;
    assert_eq!((log.alarm, log.evidence), (None, 0));
    // The rollback that this was for is proven.
    server.with(|state| {
        state.log = HonestLog::first(ServerKeys::new(7), START, 0);
        state.log.commit(START, &[entry(1), entry(2), entry(3), entry(4)]);
    });
    let error = alice.sync().await.unwrap_err();
    assert!(error.kind() == ErrorKind::Refused && crate::words::error(&error).contains("cheated"), "{error}");
    let (_, proven, _) = alice.alarm().await;
    assert!(proven);
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_reply_alone_does_not_prove_the_server_is_asked_for() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let mut more: Vec<_> = (10..2210).map(entry).collect();
    server.with(|state| state.log.commit(START, &more));
    let mut alice = person(&world, Mode::Daemon, &clock, never()).await;
    alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    alice.sync().await.unwrap();
    assert_eq!(alice.log().await.unwrap().size, 2203);
    // How far back the client asks is drawn once for each size. Behind a boundary that it holds it would be given the
    // proof; one time in eight it is, and another size is tried.
    let asked = |server: &MemoryServer| server.with(|state| state.replays.last().and_then(|(from, _)| *from));
    for n in 2210.. {
        alice.sync().await.unwrap();
        if asked(&server).is_some_and(|from| from >= 2048) {
            break;
        }
        assert!(n < 2300, "the client asks from {:?}", asked(&server));
        more.push(entry(n));
        server.with(|state| state.log.commit(START, &[entry(n)]));
        alice.sync().await.unwrap();
    }
    // The two logs part before the block from which the client asks.
    server.with(|state| {
        state.log = HonestLog::first(ServerKeys::new(7), START, 0);
        state.log.commit(START, &[entry(1), entry(2), entry(4)]);
        state.log.commit(START, &more);
        state.log.commit(START, &[entry(9)]);
    });
    let error = alice.sync().await.unwrap_err();
    assert!(crate::words::error(&error).contains("cheated"), "{error}");
    let (_, proven, evidence) = alice.alarm().await;
    assert!(proven, "told once, when it is known what it is worth");
    let found = alice.evidence().await;
    let kinds: Vec<_> = found.iter().map(|piece| (piece.proven, piece.kind)).collect();
    assert_eq!(kinds, [(false, 100), (true, 12)]);
    assert_eq!(evidence, Some(found[1].id));
    let report = alice.evidence_text(found[0].id).await.unwrap().text;
    assert!(report.contains("no proof") && report.contains(server.bundle.board().as_str()), "{report}");
    assert!(alice.evidence_text(found[1].id).await.unwrap().text.contains("BEGIN CWTCH FRAUD PROOF"));
    alice.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cursor_names_no_message_once_the_log_is_known() {
    let world = World::new();
    let (server, clock) = server(&world).await;
    let alice = person(&world, Mode::OneShot, &clock, never()).await;
    let created = alice.new_group("friends", &server.bundle.to_server_string()).await.unwrap();
    server.with(|state| {
        let more: Vec<_> = (10..2000).map(entry).collect();
        state.log.commit(START, &more);
    });
    for n in 0..3 {
        alice.send(&created.group, &n.to_string()).await.unwrap();
        alice.sync().await.unwrap();
    }
    alice.stop().await;
    let replays = server.with(|state| state.replays.clone());
    assert!(replays.len() > 3);
    assert!(
        replays.iter().all(|(from, last_commit)| from.is_some_and(|from| from % 64 == 0) && !last_commit)
    );
    assert!(replays.iter().any(|(from, _)| *from != Some(0)));
}
