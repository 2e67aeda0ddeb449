//! The writer's state, which it need not read again, because nothing else changes it.

use cwtch_log::tree::CompactRange;

use super::tree::{StoredTree, index_of, int, seq_of};
use crate::store::tables::{LogRow, View};
use crate::store::{Seq, StoreError};

/// The counters, the newest statements and the right edge of the log's tree.
#[derive(Debug, Clone)]
pub(super) struct BoardState {
    pub(super) row: LogRow,
    /// Number of the oldest message held; one above the newest where there is none.
    pub(super) oldest: Seq,
    pub(super) range: CompactRange,
}

impl BoardState {
    /// Reads the state.
    ///
    /// # Errors
    /// If the database fails.
    pub(super) async fn load(view: &mut impl View) -> Result<Self, StoreError> {
        let reading = StoreError::of("reading its counters");
        let row = view.log().await.map_err(&reading)?;
        let first = view.ends().await.map_err(&reading)?.first_message;
        let (newest, began) = (row.status.newest, row.log.began);
        let range = StoredTree::new(view, began).range(index_of(newest + 1, began)).await?;
        Ok(Self { row, oldest: first.unwrap_or(newest + 1), range })
    }

    /// Refuses a database whose tables contradict each other: everything that counts a range relies on numbers without
    /// gaps.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], or if the database fails.
    pub(super) async fn check(&self, view: &mut impl View) -> Result<(), StoreError> {
        if int(self.row.status.messages) != self.row.status.newest + 1 - self.oldest {
            return Err(StoreError::Damaged { what: "messages are missing from its middle" });
        }
        let ends = view.ends().await.map_err(StoreError::of("reading its log"))?;
        if ends.last_entry.unwrap_or(self.row.log.began) != self.row.status.newest {
            return Err(StoreError::Damaged { what: "messages and log do not have the same end" });
        }
        Ok(())
    }

    /// Number of entries in the log.
    pub(super) fn size(&self) -> u64 {
        self.range.size()
    }

    /// The number of the entry with this index.
    pub(super) fn seq_of(&self, index: u64) -> Seq {
        seq_of(index, self.row.log.began)
    }

    /// The index of the entry with this number.
    pub(super) fn index_of(&self, seq: Seq) -> u64 {
        index_of(seq, self.row.log.began)
    }
}
