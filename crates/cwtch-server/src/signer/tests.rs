//! Starts: after crashes between any two writes, with a database that was set back, after a restore that was declared.

use std::path::Path;

use cwtch_log::{Certificate, CertificateKind, Checkpoint, FraudProof};
use cwtch_wire::board::HeadLog;

use super::{LogError, Mismatch};
use crate::store::tests::world::{BEGIN, Open, World};
use crate::store::tests::{Disk, on_every_back_end};
use crate::store::{NewEntry, NewPost};

fn post(open: &mut Open, n: u32) {
    let mut token = [0; 32];
    token[..4].copy_from_slice(&n.to_be_bytes());
    let entry = Some(NewEntry::new(format!("s{n}").into_bytes(), b"c".to_vec()));
    open.writer.commit(&[NewPost { token, entry }]).unwrap();
}

fn head(open: &Open) -> HeadLog {
    open.reader().log_head().unwrap().unwrap()
}

fn certificate(world: &World, open: &Open) -> Certificate {
    Certificate::from_bytes(&head(open).certificates.current, &world.server.address()).unwrap()
}

fn checkpoint(world: &World, open: &Open) -> Checkpoint {
    let certificate = certificate(world, open);
    Checkpoint::from_bytes(&head(open).state.unwrap().checkpoint, &certificate).unwrap()
}

fn mismatch(world: &mut World) -> Mismatch {
    match world.try_open(false).map(drop).unwrap_err() {
        LogError::Refused(mismatch) => mismatch,
        error => panic!("{error}"),
    }
}

/// The database's files alone: what a documented backup holds.
fn back_up(world: &World) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in ["board.sqlite", "board.sqlite-wal"] {
        if world.data().join(name).exists() {
            std::fs::copy(world.data().join(name), copy.path().join(name)).unwrap();
        }
    }
    copy
}

fn restore(world: &World, backup: &Path) {
    for name in ["board.sqlite", "board.sqlite-wal", "board.sqlite-shm"] {
        let _ = std::fs::remove_file(world.data().join(name));
    }
    for entry in std::fs::read_dir(backup).unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), world.data().join(entry.file_name())).unwrap();
    }
}

/// Opens, with a copy of all files after each durable write.
fn crashes(world: &mut World, declare: bool) -> Vec<tempfile::TempDir> {
    let data = world.data().to_owned();
    let mut copies = vec![world.snapshot()];
    let open = world.open_watched(declare, &mut || copies.push(copy(&data))).unwrap();
    drop(open);
    copies
}

fn copy(data: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    std::fs::create_dir(copy.path().join("keys")).unwrap();
    for dir in [Path::new(""), Path::new("keys")] {
        for entry in std::fs::read_dir(data.join(dir)).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_file() {
                std::fs::copy(entry.path(), copy.path().join(dir).join(entry.file_name())).unwrap();
            }
        }
    }
    copy
}

on_every_back_end! {
    a_crash_between_any_two_writes_of_the_first_start_is_nothing
    a_crash_between_any_two_writes_of_a_later_start_neither_refuses_nor_hides_a_restore
    a_crash_of_a_declared_restore_asks_again_or_is_over_with
    a_database_that_was_set_back_is_refused_until_it_is_declared
    of_two_copies_only_one_goes_on
    a_server_without_its_log_key_or_guard_is_refused
    a_restore_of_what_is_older_than_the_last_restore_continues_the_newest_incarnation
    a_retired_log_stays_so_and_messages_go_on
    a_restored_log_that_was_pruned_accuses_nobody
}

fn a_crash_between_any_two_writes_of_the_first_start_is_nothing(disk: Disk) {
    let mut world = World::on(disk);
    drop(world.store());
    let copies = crashes(&mut world, false);
    assert!(copies.len() >= 5);
    let mut incarnations = Vec::new();
    for (at, copy) in copies.iter().enumerate() {
        world.replace_files(copy.path());
        world.pass(60);
        let mut open = world.try_open(false).unwrap_or_else(|error| panic!("after write {at}: {error}"));
        post(&mut open, 1);
        assert_eq!(certificate(&world, &open).kind(), CertificateKind::First);
        incarnations.push(certificate(&world, &open).incarnation());
        drop(open);
        drop(world.open());
    }
    // Before the certificate was durable nobody had seen it; afterwards it stays.
    assert_eq!(incarnations.last(), Some(&BEGIN));
}

fn a_crash_between_any_two_writes_of_a_later_start_neither_refuses_nor_hides_a_restore(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    post(&mut open, 1);
    let backup = back_up(&world);
    world.pass(60);
    post(&mut open, 2);
    drop(open);
    let copies = crashes(&mut world, false);
    assert!(copies.len() >= 4);
    for (at, copy) in copies.iter().enumerate() {
        world.replace_files(copy.path());
        let open = world.try_open(false).unwrap_or_else(|error| panic!("after write {at}: {error}"));
        assert_eq!(checkpoint(&world, &open).size(), 2);
        drop(open);
        // The same crash, but somebody puts an old database into its place.
        world.replace_files(copy.path());
        restore(&world, backup.path());
        mismatch(&mut world);
    }
}

fn a_crash_of_a_declared_restore_asks_again_or_is_over_with(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    post(&mut open, 1);
    let backup = back_up(&world);
    world.pass(120);
    post(&mut open, 2);
    let old = certificate(&world, &open);
    let lost = checkpoint(&world, &open);
    open.writer.finish();
    drop(open);
    restore(&world, backup.path());
    let copies = crashes(&mut world, true);
    let mut done = 0;
    for copy in &copies {
        world.replace_files(copy.path());
        let open = match world.try_open(false) {
            Ok(open) => {
                done += 1;
                open
            }
            Err(LogError::Refused(_)) => {
                assert_eq!(done, 0, "refused after it had been declared");
                world.try_open(true).unwrap()
            }
            Err(error) => panic!("{error}"),
        };
        let new = certificate(&world, &open);
        assert_eq!((new.kind(), new.previous().unwrap().size), (CertificateKind::Continues, 1));
        assert!(new.incarnation() > lost.time());
        assert!(FraudProof::old_signer(&old, &new, &lost).is_none());
        assert!(checkpoint(&world, &open).time() >= new.incarnation());
    }
    assert!(done >= 2, "{done}");
}

fn a_database_that_was_set_back_is_refused_until_it_is_declared(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    post(&mut open, 1);
    let backup = back_up(&world);
    post(&mut open, 2);
    let first = certificate(&world, &open);
    // Within one run the nonce does not tell, but what was signed does.
    open.writer.finish();
    drop(open);
    restore(&world, backup.path());
    assert_eq!(mismatch(&mut world), Mismatch::Behind { knows: 1, signed: 2 });
    let error = world.try_open(false).map(drop).unwrap_err().to_string();
    assert!(error.contains("--declare-restore") && error.contains("ends at 1 entries"), "{error}");

    let mut open = world.try_open(true).unwrap();
    let second = certificate(&world, &open);
    let previous = second.previous().unwrap();
    assert_eq!((previous.incarnation, previous.size), (first.incarnation(), 1));
    assert_eq!(previous.root, open.store.root_at(1).unwrap());
    assert_ne!(second.log_key(), first.log_key());
    assert_eq!(head(&open).certificates.earlier, [first.to_bytes()]);
    post(&mut open, 3);
    assert_eq!(checkpoint(&world, &open).size(), 2);
    open.writer.finish();
    drop(open);
    // From the next start on all is as usual, also if the declaration stays on the command line.
    let open = world.try_open(true).unwrap();
    assert_eq!(certificate(&world, &open), second);
}

fn of_two_copies_only_one_goes_on(disk: Disk) {
    let mut world = World::on(disk);
    drop(world.open());
    let backup = back_up(&world);
    drop(world.open());
    restore(&world, backup.path());
    assert_eq!(mismatch(&mut world), Mismatch::OtherCopy);
}

fn a_server_without_its_log_key_or_guard_is_refused(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    post(&mut open, 1);
    drop(open);
    let whole = world.snapshot();
    let keys = [("log.key", Mismatch::KeyMissing), ("log.guard", Mismatch::GuardMissing)];
    for (file, expected) in keys {
        world.replace_files(whole.path());
        std::fs::remove_file(world.keys().join(file)).unwrap();
        assert_eq!(mismatch(&mut world), expected);
        let open = world.try_open(true).unwrap();
        let certificate = certificate(&world, &open);
        // Nothing was lost.
        assert_eq!(certificate.previous().unwrap().size, 1);
    }
    world.replace_files(whole.path());
    std::fs::write(world.keys().join("log.guard"), "nonsense").unwrap();
    assert_eq!(mismatch(&mut world), Mismatch::GuardDamaged);
    // No database beside the old key: a backup has to be there, or all is lost.
    world.replace_files(whole.path());
    restore(&world, tempfile::tempdir().unwrap().path());
    let refused = world.try_open(false).map(drop).unwrap_err();
    assert!(matches!(refused, LogError::NoDatabase), "{refused}");
    assert!(matches!(world.try_open(true).map(drop), Err(LogError::NothingToRestore)));
    assert!(!world.database().exists(), "a refused start makes none");
    world.loss = true;
    let open = world.try_open(false).unwrap();
    // The guard knows which log it was, so that the new one continues its beginning.
    assert_eq!(certificate(&world, &open).previous().unwrap().size, 0);
}

fn a_restore_of_what_is_older_than_the_last_restore_continues_the_newest_incarnation(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    post(&mut open, 1);
    let sunday = back_up(&world);
    post(&mut open, 2);
    let monday = back_up(&world);
    post(&mut open, 3);
    open.writer.finish();
    drop(open);
    restore(&world, monday.path());
    let open = world.try_open(true).unwrap();
    let second = certificate(&world, &open);
    drop(open);
    restore(&world, sunday.path());
    let open = world.try_open(true).unwrap();
    let third = certificate(&world, &open);
    let previous = third.previous().unwrap();
    assert_eq!((previous.incarnation, previous.size), (second.incarnation(), 1));
    assert!(third.incarnation() > second.incarnation());
    assert_eq!(head(&open).certificates.earlier[0], second.to_bytes());
}

fn a_retired_log_stays_so_and_messages_go_on(disk: Disk) {
    let mut world = World::on(disk);
    let mut open = world.open();
    post(&mut open, 1);
    drop(open);
    let whole = world.snapshot();
    let data = world.data().to_owned();
    let mut copies = Vec::new();
    world.retire_watched(&mut || copies.push(copy(&data))).unwrap();
    copies.push(world.snapshot());
    let mut ended = 0;
    for copy in &copies {
        world.replace_files(copy.path());
        let mut open = world.try_open(false).unwrap();
        let retired = certificate(&world, &open).is_retired();
        assert!(retired || ended == 0);
        ended += u32::from(retired);
        post(&mut open, 2);
        assert_eq!(open.reader().status().unwrap().messages, 2);
        assert_eq!(head(&open).state.is_none(), retired);
        assert_eq!(world.keys().join("log.key").exists(), !retired);
    }
    assert!(ended >= 2);
    assert!(matches!(world.retire_watched(&mut || {}), Err(LogError::AlreadyRetired)));
    // A backup from before does not bring it back.
    let backup = whole.path().join("board.sqlite");
    let only = tempfile::tempdir().unwrap();
    std::fs::copy(backup, only.path().join("board.sqlite")).unwrap();
    restore(&world, only.path());
    assert_eq!(mismatch(&mut world), Mismatch::KeyMissing);
    let open = world.try_open(true).unwrap();
    assert!(certificate(&world, &open).is_retired());
    drop(open);
    drop(world.open());
}

fn a_restored_log_that_was_pruned_accuses_nobody(disk: Disk) {
    let mut world = World::on(disk);
    world.cap = Some(300);
    let mut open = world.open();
    for n in 0..301 {
        post(&mut open, n);
    }
    while open.writer.prune_step().unwrap() {}
    let first = certificate(&world, &open);
    drop(open);
    std::fs::remove_file(world.keys().join("log.key")).unwrap();
    (world.retention, world.cap) = (86_400, Some(1000));
    let open = world.try_open(true).unwrap();
    let state = open.reader().log_state().unwrap().unwrap();
    assert_eq!((state.min_index, state.retention), (30, 86_400));
    let head = head(&open);
    let certificate = certificate(&world, &open);
    let state = head.state.unwrap();
    let policy = cwtch_log::Policy::from_bytes(&state.policy, &certificate).unwrap();
    let retain = cwtch_log::Retain::from_bytes(&state.retain.unwrap(), &certificate).unwrap();
    // The boundary that the first incarnation reached stays its own.
    let mark = Checkpoint::from_bytes(&state.mark.unwrap(), &first).unwrap();
    assert_eq!(mark.size(), 256);
    let early = FraudProof::pruned_early(&certificate, &policy, &checkpoint(&world, &open), &retain);
    assert!(early.is_none());
}
