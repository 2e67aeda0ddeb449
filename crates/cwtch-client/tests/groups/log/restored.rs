//! Servers that go back: declared, and not.

use std::fs;
use std::path::Path;

use cwtch_client::api::{Advice, ErrorKind, LogNotice, MessageState, ServerPhase};
use cwtch_client::engine::Mode;
use cwtch_log::armour;
use cwtch_server::Declarations;

use super::honest::others;
use crate::support::{Person, World, soon};

pub fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    fs::set_permissions(to, fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &target);
        } else if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Puts a directory back as it was copied.
fn put_back(backup: &Path, dir: &Path) {
    fs::remove_dir_all(dir).unwrap();
    copy_all(backup, dir);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_restore_is_told_and_own_messages_go_out_again() {
    let world = World::new();
    let server = world.server().await;
    let (mut alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    alice.send(group, "kept").await.unwrap();
    assert_eq!(bob.incoming().await.text, "kept");
    server.shutdown().await;
    let backup = tempfile::tempdir().unwrap();
    copy_all(&world.server_dir(), backup.path());

    let server = world.server().await;
    let lost = alice.send(group, "lost").await.unwrap();
    assert_eq!(bob.incoming().await.text, "lost");
    alice.sync().await.unwrap();
    bob.sync().await.unwrap();
    assert_eq!(alice.log().await.unwrap().size, 2);
    server.shutdown().await;

    // The operator restores the database alone, as the guide says, and declares it.
    let database = "board.sqlite";
    for file in [database, "board.sqlite-wal", "board.sqlite-shm"] {
        let _ = fs::remove_file(world.server_dir().join(file));
    }
    fs::copy(backup.path().join(database), world.server_dir().join(database)).unwrap();
    let declared = Declarations { restore: true, ..Declarations::default() };
    let server = world.server_soon(declared, 0).await;
    let told = bob.notice(LogNotice::Lost).await;
    assert!(told.contains("lost 1 message"), "{told}");
    alice.state(lost.id, MessageState::Stored).await;
    for person in [&alice, &bob] {
        person.sync().await.unwrap();
        let log = person.log_until("two messages again", |log| log.size == 2).await;
        assert_eq!((log.alarm, log.reposts), (None, 0));
        assert_eq!((log.losses.len(), log.losses[0].from, log.losses[0].to), (1, 1, 2));
        let messages = person.messages(group).await;
        let seen: Vec<_> = messages.iter().map(|m| (m.text.as_str(), m.index, m.reposted)).collect();
        assert_eq!(seen, [("kept", Some(0), false), ("lost", Some(1), person.address == alice.address)]);
    }
    // And on.
    bob.send(group, "on we go").await.unwrap();
    assert_eq!(alice.incoming().await.text, "on we go");
    server.shutdown().await;
}

/// Leaves the three keys that the operators' guide says to back up.
fn lose_all_but_the_keys(dir: &Path) {
    for file in ["board.sqlite", "board.sqlite-wal", "board.sqlite-shm"] {
        let _ = fs::remove_file(dir.join(file));
    }
    for entry in fs::read_dir(dir.join("keys")).unwrap().map(Result::unwrap) {
        if entry.file_name().to_string_lossy().starts_with("log.") {
            fs::remove_file(entry.path()).unwrap();
        }
    }
}

/// Waits until somebody has exactly these messages, in whatever order; messages and notices do not wait for each other.
async fn reads(person: &Person, group: &str, wanted: &[&str]) {
    soon("these messages", async {
        loop {
            let mut texts = person.texts(group).await;
            texts.sort();
            if texts == wanted {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_declared_total_loss_is_told_once_and_accuses_nobody() {
    let world = World::new();
    let server = world.server().await;
    let (mut alice, mut bob) = (world.daemon("alice").await, world.daemon("bob").await);
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    bob.join(&created.tofubundle).await.unwrap();
    let one = alice.send(group, "one").await.unwrap();
    assert_eq!(bob.incoming().await.text, "one");
    bob.send(group, "two").await.unwrap();
    assert_eq!(alice.incoming().await.text, "two");
    for person in [&alice, &bob] {
        person.sync().await.unwrap();
        person.log_until("both are checked", |log| log.size == 2).await;
    }
    server.shutdown().await;

    // There is no backup of the database, and the operator says so.
    lose_all_but_the_keys(&world.server_dir());
    let declared = Declarations { total_loss: true, clock: true, ..Declarations::default() };
    let server = world.server_soon(declared, 0).await;
    for person in [&mut alice, &mut bob] {
        let told = person.notice(LogNotice::Lost).await;
        assert!(told.contains("lost everything that it had, 2 messages"), "{told}");
    }
    alice.state(one.id, MessageState::Stored).await;
    for person in [&alice, &bob] {
        person.sync().await.unwrap();
        let log = person.log_until("everybody's are there again", |log| log.size == 2).await;
        assert_eq!((log.alarm, log.reposts, log.evidence), (None, 0, 0));
        assert_eq!((log.losses.len(), log.losses[0].from, log.losses[0].to), (1, 0, 2));
        let mut texts = person.texts(group).await;
        texts.sort();
        assert_eq!(texts, ["one", "two"], "nothing that was read is gone, nothing is there twice");
    }
    // Who comes new has them, too, and is told what happened before.
    let mut carol = world.daemon("carol").await;
    carol.join(&created.tofubundle).await.unwrap();
    let told = carol.notice(LogNotice::Lost).await;
    assert!(told.contains("lost everything that it had until"), "{told}");
    reads(&carol, group, &["one", "two"]).await;
    bob.send(group, "on we go").await.unwrap();
    reads(&alice, group, &["on we go", "one", "two"]).await;
    server.shutdown().await;

    // Once is an accident.
    lose_all_but_the_keys(&world.server_dir());
    let server = world.server_soon(declared, 1).await;
    let (_, proven, evidence) = alice.alarm().await;
    assert_eq!((proven, evidence), (false, None));
    alice.sync().await.unwrap();
    server.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_was_rolled_back_is_proven_and_the_server_is_left_alone() {
    let world = World::new();
    let server = world.server().await;
    let address = server.address().to_string();
    let alice = world.daemon("alice").await;
    let created = alice.new_group("friends", &server.bundle().to_server_string()).await.unwrap();
    let group = &created.group;
    alice.send(group, "one").await.unwrap();
    server.shutdown().await;
    let backup = tempfile::tempdir().unwrap();
    copy_all(&world.server_dir(), backup.path());
    let server = world.server().await;
    alice.send(group, "two").await.unwrap();
    alice.sync().await.unwrap();
    assert_eq!(alice.log().await.unwrap().size, 2);
    server.shutdown().await;
    alice.stop().await;

    // Database, keys and guard are those of before: the server does not notice, and signs another second message.
    put_back(backup.path(), &world.server_dir());
    let server = world.server().await;
    world.post_by_hand(&server, &others(0, 3)).await;

    let mut alice = world.start("alice", Mode::Daemon).await;
    let (accused, proven, evidence) = alice.alarm().await;
    assert_eq!((&accused, proven), (&address, true));
    alice.phase(ServerPhase::Stopped).await.expect("why");
    let found = alice.evidence().await;
    assert_eq!((found.len(), Some(found[0].id)), (1, evidence));
    assert!(found[0].proven && found[0].server == address);

    // Anybody can check it.
    let text = alice.evidence_text(found[0].id).await.unwrap().text;
    let (claimed, bytes) = armour::decode(&text).unwrap();
    assert_eq!(claimed.to_string(), address);
    let proof = cwtch_log::FraudProof::verify(&bytes, server.address()).unwrap();
    assert_eq!(proof.kind().number(), found[0].kind);
    assert_eq!(alice.evidence_text(99).await.unwrap_err().kind(), ErrorKind::NotFound);

    // Everything that needs the server says why it does not work, also after a restart, and without a daemon.
    for restarted in [false, true] {
        if restarted {
            alice.stop().await;
            alice = world.start("alice", Mode::OneShot).await;
        }
        let error = alice.sync().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(
            crate::words::error(&error).contains(&address) && crate::words::error(&error).contains("cheated"),
            "{error}"
        );
        let error = alice.send(group, "three").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Refused);
        assert!(error.advice.contains(&Advice::EvidenceExport { id: found[0].id }), "{error}");
        assert_eq!(alice.texts(group).await, ["one", "two"], "nothing was queued, nothing was lost");
        let log = alice.log().await.unwrap();
        assert!(log.alarm.unwrap().contains("cheated"));
        assert_eq!((log.size, log.evidence), (2, 1));
    }

    // A person may insist.
    let resumed = alice.resume(&address).await.unwrap();
    assert_eq!(resumed.log.unwrap().alarm, None);
    alice.sync().await.unwrap();
    let log = alice.log().await.unwrap();
    assert_eq!((log.size, log.evidence, log.alarm), (4, 1, None));
    alice.send(group, "in spite of all").await.unwrap();
    assert_eq!(alice.evidence().await, found);
    server.shutdown().await;
}
