//! The store's rules, by example and against a model.

mod accidents;
mod log;
mod migration;
mod model;
mod rules;
mod statements;
pub(crate) mod world;

use std::path::PathBuf;

use super::*;

const BOARD: &[u8] = b"board";

struct Fixture {
    dir: tempfile::TempDir,
    cap: Option<u64>,
}

impl Fixture {
    fn new(cap: Option<u64>) -> Self {
        Self { dir: tempfile::tempdir().unwrap(), cap }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join(SqliteStore::FILE)
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.path(), BOARD, self.cap).unwrap()
    }
}

fn token(n: u32) -> [u8; 32] {
    let mut token = [0; 32];
    token[..4].copy_from_slice(&n.to_be_bytes());
    token
}

fn post(n: u32, signature: &str, ciphertext: &str) -> NewPost {
    NewPost { token: token(n), entry: Some(NewEntry::new(signature.into(), ciphertext.into())) }
}

fn stored(seq: Seq) -> Outcome {
    Outcome::Stored { seq, index: seq.unsigned_abs() - 1, shadowed: false }
}

fn shadowed(seq: Seq) -> Outcome {
    Outcome::Stored { seq, index: seq.unsigned_abs() - 1, shadowed: true }
}

/// Everything that a replay from `last_commit` sends, checked against its announced count.
fn replay(store: &SqliteStore, last_commit: Option<&str>) -> Vec<(Seq, String)> {
    let mut reader = store.reader().unwrap();
    let plan = reader.plan(last_commit.map(str::as_bytes)).unwrap();
    let (mut found, mut next) = (Vec::new(), plan.from);
    while next <= plan.to {
        next = reader
            .read(next, plan.to, 2, &mut |entry| {
                found.push((entry.seq, String::from_utf8(entry.ciphertext.to_vec()).unwrap()));
            })
            .unwrap();
    }
    assert_eq!(found.len() as u64, plan.count);
    found
}

fn texts(found: &[(Seq, String)]) -> Vec<&str> {
    found.iter().map(|(_, text)| text.as_str()).collect()
}
