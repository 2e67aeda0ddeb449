//! Decisions of the server by section 6 of `docs/verifiable-log.md`, against the vectors of that document.

#![allow(clippy::panic, clippy::indexing_slicing, reason = "a test that fails may panic")]

use std::sync::{Arc, Mutex};

use cwtch_primitives::OsRng;
use cwtch_server::keys::ServerKeys;
use cwtch_server::signer::{Opened, Opening, Reading, Trust};
use cwtch_server::store::{LogRecord, NewEntry, NewPost, SqliteStore, Store, StoreWriter};
use cwtch_testkit::{Value, list, number, text};

/// A server's files and clocks, without the server.
struct Lab {
    dir: tempfile::TempDir,
    keys: ServerKeys,
    clock: Arc<Mutex<Reading>>,
    retention: u64,
    posted: u32,
}

impl Lab {
    fn new(epoch: u64, retention: u64) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let keys = ServerKeys::load_or_create(dir.path(), false, &mut OsRng).unwrap();
        let clock = Arc::new(Mutex::new(Reading { wall: epoch, monotonic: 0 }));
        Self { dir, keys, clock, retention, posted: 0 }
    }

    fn set(&self, epoch: u64, at: &Value) {
        let (wall, monotonic) = (epoch + number(&at["wall"]), number(&at["passed"]));
        *self.clock.lock().unwrap() = Reading { wall, monotonic };
    }

    fn store(&self, cap: Option<u64>) -> SqliteStore {
        let board = self.keys.board.address();
        SqliteStore::open(&self.dir.path().join(SqliteStore::FILE), board.as_bytes(), cap).unwrap()
    }

    /// Opens the log, and begins it if there is none yet.
    fn open(&self, cap: Option<u64>) -> Box<dyn StoreWriter> {
        let clock = Arc::clone(&self.clock);
        let clock = Box::new(move || *clock.lock().unwrap());
        let mut opening = Opening::new(&self.keys.board, self.dir.path().join("keys"), clock);
        (opening.retention, opening.trust) = (self.retention, Trust::Confirmed);
        let store = self.store(cap);
        let Opened::Signing(keeper) = opening.open(&store, &mut OsRng).unwrap() else { panic!("no log") };
        store.signing_writer(*keeper).unwrap()
    }

    fn post(&mut self, writer: &mut dyn StoreWriter, count: u64) {
        let posts: Vec<NewPost> = (0..count)
            .map(|_| {
                self.posted += 1;
                let mut token = [7; 32];
                token[..4].copy_from_slice(&self.posted.to_be_bytes());
                let words = self.posted.to_string().into_bytes();
                NewPost { token, entry: Some(NewEntry::new(words.clone(), words)) }
            })
            .collect();
        for commit in posts.chunks(100) {
            writer.commit(commit).unwrap();
        }
    }

    /// Sizes and times of the boundary checkpoints, as a client that replays everything gets them.
    fn boundaries(&self) -> Vec<(u64, u64)> {
        let mut reader = SqliteStore::existing(self.dir.path()).reader().unwrap();
        let Some(replay) = reader.log_replay(0).unwrap() else { return Vec::new() };
        let mut found = Vec::new();
        let (mut next, end) = (replay.entries.from, replay.entries.to);
        while next <= end {
            let mut visit = |record: LogRecord<'_>| {
                if let LogRecord::Boundary(bytes) = record {
                    let field = |at: usize| u64::from_be_bytes(bytes[at..at + 8].try_into().unwrap());
                    found.push((field(1), field(41)));
                }
            };
            next = reader.read_log(next, end, 1000, &mut visit).unwrap();
        }
        found
    }
}

fn vectors() -> Value {
    serde_json::from_str(include_str!("../../../cwtch-log/vectors/rules.json")).unwrap()
}

#[test]
fn what_may_be_deleted_and_when_is_what_the_specification_says() {
    let vectors = vectors();
    let epoch = number(&vectors["epoch"]);
    for case in list(&vectors["pruning"]) {
        let why = text(&case["why"]);
        let mut lab = Lab::new(epoch, number(&case["retention"]));
        let mut writer = lab.open(None);
        for step in list(&case["steps"]) {
            lab.set(epoch, step);
            lab.post(&mut *writer, number(&step["post"]));
        }
        let expected = list(&case["boundaries"]).iter();
        let expected: Vec<_> = expected.map(|mark| (number(&mark[0]), epoch + number(&mark[1]))).collect();
        assert_eq!(lab.boundaries(), expected, "{why}");
        lab.set(epoch, &case["now"]);
        // Everything is too much from now on.
        writer.finish();
        drop(writer);
        let mut writer = lab.open(Some(1));
        while writer.prune_step().unwrap() {}
        let pruned = lab.store(Some(1)).reader().unwrap().status().unwrap().pruned;
        // A cap of one leaves one.
        let prunable = number(&case["prunable"]);
        assert_eq!(pruned, prunable.min(u64::from(lab.posted) - 1), "{why}");
    }
}

#[test]
fn the_boundaries_that_a_log_begins_with_are_what_the_specification_says() {
    let vectors = vectors();
    let epoch = number(&vectors["epoch"]);
    for case in list(&vectors["late_boundaries"]) {
        let mut lab = Lab::new(epoch, 0);
        // Before there is a log.
        let mut writer = lab.store(None).writer().unwrap();
        lab.post(&mut *writer, number(&case["held"]));
        drop(writer);
        assert_eq!(lab.boundaries(), []);
        drop(lab.open(None));
        let expected: Vec<_> = list(&case["boundaries"]).iter().map(|size| (number(size), epoch)).collect();
        assert_eq!(lab.boundaries(), expected, "{}", text(&case["why"]));
    }
}
