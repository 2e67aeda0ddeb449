//! The log's tree in the database.
//!
//! Of the complete subtrees those of the levels 4, 8, 12, … are stored, one row for sixteen of the level below. The
//! leaves follow from the entries' ids, and any other node is computed from at most eight that are stored; so a path or a
//! proof costs a few dozen reads at any size.

use cwtch_log::tree::{CompactRange, Nodes, TreeError, node_hash, range_of};
use cwtch_log::{EntryId, Hash};
use rusqlite::{Connection, params};

use super::{Seq, StoreError};

/// Every how many levels the subtrees are stored.
const STEP: u8 = 4;

/// The number of the entry with this index in a log that began behind `offset` messages.
pub(super) fn seq_of(index: u64, offset: Seq) -> Seq {
    i64::try_from(index).unwrap_or(i64::MAX).saturating_add(offset).saturating_add(1)
}

/// The index of the entry with this number.
pub(super) fn index_of(seq: Seq, offset: Seq) -> u64 {
    u64::try_from(seq - 1 - offset).unwrap_or(0)
}

/// A column that counts.
pub(super) fn int(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Appends an entry's leaf to a compact range and stores the subtrees that it completes, if their level is stored;
/// `completed` gets all of them, the leaf first.
pub(super) fn append(
    conn: &Connection,
    range: &mut CompactRange,
    id: &EntryId,
    completed: &mut impl FnMut(u8, u64, Hash),
) -> Result<(), rusqlite::Error> {
    let leaf = id.leaf();
    completed(0, range.size(), leaf);
    let mut kept = Vec::new();
    range.push_with(leaf, &mut |level, index, hash| {
        completed(level, index, hash);
        if level % STEP == 0 {
            kept.push((level, index, hash));
        }
    });
    for (level, index, hash) in kept {
        conn.prepare_cached("INSERT INTO nodes (level, place, hash) VALUES (?1, ?2, ?3)")?
            .execute(params![level, int(index), hash])?;
    }
    Ok(())
}

/// The stored tree.
pub(super) struct SqlNodes<'a> {
    conn: &'a Connection,
    offset: Seq,
}

impl<'a> SqlNodes<'a> {
    /// The tree of a log that began behind `offset` messages.
    pub(super) fn new(conn: &'a Connection, offset: Seq) -> Self {
        Self { conn, offset }
    }

    /// The compact range of a size.
    pub(super) fn range(&mut self, size: u64) -> Result<CompactRange, StoreError> {
        range_of(self, size).map_err(failed)
    }

    /// So many stored nodes of a level, beginning at an index.
    fn stored(&mut self, level: u8, index: u64, count: u64) -> Result<Vec<Hash>, rusqlite::Error> {
        let last = int(index.saturating_add(count - 1));
        if level == 0 {
            let (first, last) = (seq_of(index, self.offset), last.saturating_add(self.offset + 1));
            let mut statement = self
                .conn
                .prepare_cached("SELECT id FROM entries WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq")?;
            let ids = statement.query_map([first, last], |row| row.get::<_, [u8; 32]>(0))?;
            ids.map(|id| id.map(|id| EntryId::from_bytes(id).leaf())).collect()
        } else {
            let mut statement = self.conn.prepare_cached(
                "SELECT hash FROM nodes WHERE level = ?1 AND place BETWEEN ?2 AND ?3 ORDER BY place",
            )?;
            let hashes = statement.query_map(params![level, int(index), last], |row| row.get(0))?;
            hashes.collect()
        }
    }
}

impl Nodes for SqlNodes<'_> {
    type Error = StoreError;

    fn node(&mut self, level: u8, index: u64) -> Result<Hash, StoreError> {
        let above = level % STEP;
        let count = 1 << above;
        let stored = self.stored(level - above, index << above, count);
        let mut hashes = stored.map_err(StoreError::of("reading the log's tree"))?;
        if hashes.len() as u64 != count {
            return Err(StoreError::Damaged { what: "a part of the log's tree is missing" });
        }
        while hashes.len() > 1 {
            let (pairs, _) = hashes.as_chunks::<2>();
            hashes = pairs.iter().map(|[left, right]| node_hash(left, right)).collect();
        }
        hashes.pop().ok_or(StoreError::Damaged { what: "a part of the log's tree is missing" })
    }
}

/// What went wrong with a proof whose sizes had been checked.
pub(super) fn failed(error: TreeError<StoreError>) -> StoreError {
    match error {
        TreeError::Node(error) => error,
        TreeError::OutOfRange => StoreError::Damaged { what: "the log is shorter than it says" },
    }
}
