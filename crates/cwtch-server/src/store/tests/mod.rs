//! The rules, by example and against a model, over every back end.

use std::path::{Path, PathBuf};

use super::*;
use memory::MemoryDatabase;

/// Makes a test of each of these functions for each back end.
macro_rules! on_every_back_end {
    ($($test:ident)*) => {
        mod sqlite {
            $(#[test] fn $test() { super::$test(crate::store::tests::Disk::sqlite()) })*
        }
        mod memory {
            $(#[test] fn $test() { super::$test(crate::store::tests::Disk::memory()) })*
        }
    };
}
pub(crate) use on_every_back_end;

mod accidents;
mod log;
mod memory;
mod model;
mod rules;
mod statements;
pub(crate) mod world;

pub(in crate::store) const BOARD: &[u8] = b"board";

/// A back end, and where its databases lie: in files, which tests copy, put back and remove.
#[derive(Clone)]
pub(crate) enum Disk {
    Sqlite,
    Memory(memory::States),
}

impl Disk {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite
    }

    pub(crate) fn memory() -> Self {
        Self::Memory(memory::States::default())
    }

    /// Opens a database, which is made if it is not there.
    fn open(&self, path: &Path, board: &[u8], cap: Option<u64>) -> Result<Box<dyn Store>, StoreError> {
        Ok(match self {
            Self::Sqlite => Box::new(SqliteStore::open(path, board, cap)?),
            Self::Memory(states) => {
                Box::new(TableStore::over(MemoryDatabase::prepare(states, path, board)?, cap)?)
            }
        })
    }
}

pub(in crate::store) struct Fixture {
    pub(in crate::store) disk: Disk,
    pub(in crate::store) dir: tempfile::TempDir,
    pub(in crate::store) cap: Option<u64>,
}

impl Fixture {
    pub(in crate::store) fn new(disk: &Disk, cap: Option<u64>) -> Self {
        Self { disk: disk.clone(), dir: tempfile::tempdir().unwrap(), cap }
    }

    pub(in crate::store) fn path(&self) -> PathBuf {
        self.dir.path().join(SqliteStore::FILE)
    }

    pub(in crate::store) fn open(&self) -> Box<dyn Store> {
        self.disk.open(&self.path(), BOARD, self.cap).unwrap()
    }
}

pub(in crate::store) fn token(n: u32) -> [u8; 32] {
    let mut token = [0; 32];
    token[..4].copy_from_slice(&n.to_be_bytes());
    token
}

pub(in crate::store) fn post(n: u32, signature: &str, ciphertext: &str) -> NewPost {
    NewPost { token: token(n), entry: Some(NewEntry::new(signature.into(), ciphertext.into())) }
}

fn stored(seq: Seq) -> Outcome {
    Outcome::Stored { seq, index: seq.unsigned_abs() - 1, shadowed: false }
}

fn shadowed(seq: Seq) -> Outcome {
    Outcome::Stored { seq, index: seq.unsigned_abs() - 1, shadowed: true }
}

/// Everything that a replay from `last_commit` sends, checked against its announced count.
pub(in crate::store) fn replay(store: &dyn Store, last_commit: Option<&str>) -> Vec<(Seq, String)> {
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

pub(in crate::store) fn texts(found: &[(Seq, String)]) -> Vec<&str> {
    found.iter().map(|(_, text)| text.as_str()).collect()
}
