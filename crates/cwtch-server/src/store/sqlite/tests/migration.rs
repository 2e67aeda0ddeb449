//! Databases as earlier versions of this program wrote them: version 1 before it had a log, version 2 before the counters were
//! part of it.

use std::path::Path;

use cwtch_log::EntryId;
use cwtch_log::tree::MemoryTree;
use cwtch_primitives::Identity;

use super::*;

/// A copy of one of the frozen databases, and the address of its server.
fn frozen(name: &str) -> (tempfile::TempDir, PathBuf, Vec<u8>) {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let seed = std::fs::read(fixtures.join("data-v1/keys/board.key")).unwrap();
    let board = Identity::from_seed(&seed.try_into().unwrap()).address();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("db");
    std::fs::copy(fixtures.join(name), &path).unwrap();
    (dir, path, board.as_bytes().to_vec())
}

fn id(signature: &str, ciphertext: &str) -> EntryId {
    EntryId::of(signature.as_bytes(), ciphertext.as_bytes())
}

#[test]
fn a_whole_database_becomes_a_log_from_its_first_message_on() {
    let (_dir, path, board) = frozen("data-v1/whole.sqlite");
    let store = SqliteStore::open(&path, &board, None).unwrap();
    assert_eq!(replay(&store, None).len(), 20, "22 messages, two of them shadowed");
    assert_eq!(texts(&replay(&store, Some("signature 18"))), ["ciphertext 18", "ciphertext 19"]);
    let start = store.log_start().unwrap();
    assert_eq!((start.size, start.log.began), (22, 0));
    let mut tree = MemoryTree::new();
    (0..18).for_each(|n| tree.push(id(&format!("signature {n}"), &format!("ciphertext {n}")).leaf()));
    for n in [1, 9] {
        tree.push(id(&format!("signature {n}"), &format!("another ciphertext of {n}")).leaf());
    }
    (18..20).for_each(|n| tree.push(id(&format!("signature {n}"), &format!("ciphertext {n}")).leaf()));
    for size in 0..=22 {
        assert_eq!(store.root_at(size).unwrap(), tree.root_at(size).unwrap());
    }
}

#[test]
fn a_pruned_database_becomes_a_log_of_what_is_held() {
    let (_dir, path, board) = frozen("data-v1/board.sqlite");
    let store = SqliteStore::open(&path, &board, Some(20)).unwrap();
    let start = store.log_start().unwrap();
    assert_eq!((start.size, start.log.began), (20, 2));
    assert_eq!(replay(&store, None).first(), Some(&(3, "ciphertext 2".to_owned())));
    let mut writer = store.writer().unwrap();
    // Held messages are known; those deleted before there was a log are not; numbers continue.
    let post = |n: u32, s: &str, c: &str| post(5000 + n, s, c);
    let outcomes = writer
        .commit(&[post(0, "signature 2", "ciphertext 2"), post(1, "signature 0", "ciphertext 0")])
        .unwrap()
        .outcomes;
    assert_eq!(outcomes, [Outcome::Duplicate, Outcome::Stored { seq: 23, index: 20, shadowed: false }]);
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!((status.messages, status.pruned, status.newest), (21, 2, 23));
    // Spent tokens stay spent.
    let mut spent = [0xee; 32];
    spent[..4].copy_from_slice(&3u32.to_be_bytes());
    let again = NewPost { token: spent, entry: Some(NewEntry::new(b"n".to_vec(), b"n".to_vec())) };
    assert_eq!(writer.commit(&[again]).unwrap().outcomes, [Outcome::TokenSpent]);
    drop(writer);
    SqliteStore::open(&path, &board, Some(20)).unwrap();
}

#[test]
fn a_database_with_a_log_keeps_it_and_its_counters() {
    let (_dir, path, board) = frozen("data-v2/board.sqlite");
    let store = SqliteStore::open(&path, &board, Some(20)).unwrap();
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!(status, StoreStatus { messages: 20, spent: 23, pruned: 2, newest: 22 });
    let start = store.log_start().unwrap();
    assert_eq!((start.size, start.log.began, start.log.signed_size), (20, 2, 20));
    assert!(start.log.checkpoint.is_some() && start.certificate.is_some());
    // Opened again, it is as it was, and numbers continue.
    let store = SqliteStore::open(&path, &board, Some(20)).unwrap();
    let outcomes = store.writer().unwrap().commit(&[post(9000, "new", "new")]).unwrap().outcomes;
    assert_eq!(outcomes, [Outcome::Stored { seq: 23, index: 20, shadowed: false }]);
    assert_eq!(store.reader().unwrap().status().unwrap().newest, 23);
}

#[test]
fn a_reader_says_that_an_old_database_is_to_be_converted_first() {
    let (dir, path, _) = frozen("data-v1/board.sqlite");
    std::fs::rename(&path, dir.path().join(SqliteStore::FILE)).unwrap();
    let error = SqliteStore::existing(dir.path()).reader().map(drop).unwrap_err();
    assert!(matches!(error, StoreError::Older { found: 1, .. }), "{error}");
}
