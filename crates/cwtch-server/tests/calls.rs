//! Calls that the store makes to its tables: a fixed number, whatever goes in or comes out. Over a back end behind a
//! network they make up the time that a commit takes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests say what is wrong by panicking"
)]

#[path = "common/slow.rs"]
mod slow;

use cwtch_log::{Certificate, EntryId, Signer};
use cwtch_primitives::{Identity, OsRng};
use cwtch_server::signer::{Clock, Keeper, Nonce, Reading, Trust};
use cwtch_server::store::{
    Changes, NewEntry, NewPost, Outcome, SqliteDatabase, SqliteStore, Store, StoreWriter, TableStore,
};
use slow::{Behind, Line};

const NOW: u64 = 1_700_000_040;

/// A board with a log, behind a line that counts.
struct Place {
    _dir: tempfile::TempDir,
    line: Line,
    store: TableStore<Behind<SqliteDatabase>>,
}

impl Place {
    fn new(cap: Option<u64>) -> (Self, Box<dyn StoreWriter>) {
        let dir = tempfile::tempdir().unwrap();
        let database = SqliteDatabase::prepare(&dir.path().join(SqliteStore::FILE), b"board").unwrap();
        let line = Line::default();
        let store = TableStore::over(Behind::new(line.clone(), database), cap).unwrap();
        let (server, key) = (Identity::generate(&mut OsRng), Identity::generate(&mut OsRng));
        let certificate = Certificate::sign_first(&server, key.public_key(), NOW).unwrap();
        let clock = Clock::new(Box::new(|| Reading { wall: NOW, monotonic: 0 }), 0, Trust::Confirmed);
        let mut keeper = Keeper::unguarded(Signer::new(certificate, key).unwrap(), clock);
        let nonce = Nonce::generate(&mut OsRng);
        let changes = Changes { keeper: &mut keeper, begins: true, missing: &[], nonce, retention: 0 };
        store.start_log(changes).unwrap();
        let writer = store.signing_writer(keeper).unwrap();
        (Self { _dir: dir, line, store }, writer)
    }

    /// Counts the calls that some work makes.
    fn count<T>(&self, work: impl FnOnce() -> T) -> (u64, T) {
        let before = self.line.calls();
        let done = work();
        (self.line.calls() - before, done)
    }
}

fn posts(from: u32, count: u32) -> Vec<NewPost> {
    let post = |n: u32| {
        let mut token = [0; 32];
        token[..4].copy_from_slice(&n.to_be_bytes());
        NewPost { token, entry: Some(NewEntry::new(n.to_be_bytes().to_vec(), b"c".to_vec())) }
    };
    (from..from + count).map(post).collect()
}

#[test]
fn a_commit_asks_as_often_for_one_post_as_for_a_full_batch() {
    let (place, mut writer) = Place::new(Some(100_000));
    let mut next = 0;
    // The last ones reach boundaries of the log.
    for count in [1, 2, 64, 64, 512, 512] {
        let batch = posts(next, count);
        let (calls, commit) = place.count(|| writer.commit(&batch).unwrap());
        assert!(commit.outcomes.iter().all(|outcome| matches!(outcome, Outcome::Stored { .. })));
        // A view, the three kinds of keys, the change.
        assert_eq!(calls, 5, "for {count} posts");
        next += count;
    }
    // What is there already changes nothing, so nothing is written.
    let (calls, commit) = place.count(|| writer.commit(&posts(0, 512)).unwrap());
    assert!(commit.outcomes.iter().all(|outcome| *outcome == Outcome::Duplicate));
    assert_eq!(calls, 4);
}

#[test]
fn a_step_of_deleting_asks_as_often_whatever_it_deletes() {
    let (place, mut writer) = Place::new(Some(2000));
    writer.commit(&posts(0, 2600)).unwrap();
    let mut steps = Vec::new();
    loop {
        let (calls, more) = place.count(|| writer.prune_step().unwrap());
        steps.push(calls);
        if !more {
            break;
        }
    }
    assert_eq!(place.store.reader().unwrap().status().unwrap().messages, 2000);
    // The first one announces, and the last one deletes fewer.
    assert_eq!(steps[1..], [4, 4]);
    assert!(steps[0] <= 12, "{}", steps[0]);
}

#[test]
fn a_proof_asks_as_often_in_a_small_log_as_in_a_large_one() {
    let (place, mut writer) = Place::new(None);
    let mut most = 0;
    for (from, count) in [(0, 3), (3, 300), (303, 5000)] {
        writer.commit(&posts(from, count)).unwrap();
        let mut reader = place.store.reader().unwrap();
        let entry = EntryId::of(&1u32.to_be_bytes(), b"c");
        let (calls, receipt) = place.count(|| reader.receipt(&entry).unwrap());
        assert!(receipt.is_some());
        most = most.max(calls);
        let size = u64::from(from + count);
        let (calls, proof) = place.count(|| reader.log_proof(0, size).unwrap());
        assert!(proof.is_some() && calls <= 4);
    }
    // A view, the log, the number, ids, nodes.
    assert_eq!(most, 5);
}
