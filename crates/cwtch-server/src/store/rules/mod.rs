//! The rules of the store: they decide what becomes of a post, what a reader is shown, what is deleted and when, and
//! what a start signs. They are the same over every back end, and know no SQL.

mod batch;
mod commit;
mod deletion;
mod fill;
mod log_reader;
mod reader;
mod start;
mod state;
mod tree;
mod wait;
mod writer;

use cwtch_log::{Certificate, Hash};

use super::tables::{Database, Tables, View};
use super::{Store, StoreError, StoreReader, StoreWriter};
use crate::signer::{Keeper, Nonce};
use reader::Reader;
use state::BoardState;
use tree::StoredTree;

pub use commit::{Commit, CommitLog};
#[cfg(test)]
pub(super) use deletion::STEP;
pub use fill::Fill;
pub use start::{Changes, Start};
pub(super) use tree::{append, int};
pub(super) use wait::wait;
pub(super) use writer::Writer;

/// The store over the tables of a database.
///
/// Its calls block until the database has answered, so they must be made off the async threads.
#[derive(Debug, Clone)]
pub struct TableStore<D> {
    database: D,
    max_messages: Option<u64>,
}

impl<D: Database> TableStore<D> {
    /// The store of a database that is ready for use. `max_messages` is the storage cap.
    ///
    /// # Errors
    /// [`StoreError::Damaged`], or if the database fails.
    pub fn over(database: D, max_messages: Option<u64>) -> Result<Self, StoreError> {
        wait(async {
            let mut tables = database.reading().await?;
            let mut view = tables.view().await.map_err(StoreError::of("being opened"))?;
            BoardState::load(&mut view).await?.check(&mut view).await
        })?;
        Ok(Self::unchecked(database, max_messages))
    }

    /// The store of a database that another process may be writing to.
    pub(super) fn unchecked(database: D, max_messages: Option<u64>) -> Self {
        Self { database, max_messages }
    }

    /// The storage cap.
    pub fn max_messages(&self) -> Option<u64> {
        self.max_messages
    }

    /// The database.
    pub fn database(&self) -> &D {
        &self.database
    }

    fn writer_of(&self, keeper: Option<Keeper>) -> Result<Box<dyn StoreWriter>, StoreError> {
        wait(async {
            let tables = self.database.writing().await?;
            Ok(Box::new(Writer::new(tables, keeper, self.max_messages).await?) as Box<dyn StoreWriter>)
        })
    }
}

impl<D: Database> Store for TableStore<D> {
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError> {
        self.writer_of(None)
    }

    fn signing_writer(&self, keeper: Keeper) -> Result<Box<dyn StoreWriter>, StoreError> {
        self.writer_of(Some(keeper))
    }

    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError> {
        Ok(Box::new(Reader::new(wait(self.database.reading())?)))
    }

    fn log_start(&self) -> Result<Start, StoreError> {
        wait(async { start::find(&mut self.database.reading().await?).await })
    }

    fn root_at(&self, size: u64) -> Result<Hash, StoreError> {
        wait(async {
            let reading = StoreError::of("reading its log");
            let mut tables = self.database.reading().await?;
            let mut view = tables.view().await.map_err(&reading)?;
            let began = view.log().await.map_err(&reading)?.log.began;
            Ok(StoredTree::new(&mut view, began).range(size).await?.root())
        })
    }

    fn start_log(&self, changes: Changes<'_>) -> Result<(u64, u64), StoreError> {
        let cap = self.max_messages.unwrap_or(0);
        wait(async { start::begin(&mut self.database.writing().await?, changes, cap).await })
    }

    fn end_log(&self, retired: &Certificate, nonce: Nonce) -> Result<(), StoreError> {
        wait(async { start::end(&mut self.database.writing().await?, retired, nonce).await })
    }

    #[cfg(test)]
    fn proof_between(&self, from: u64, size: u64) -> Vec<Hash> {
        wait(async {
            let mut tables = self.database.reading().await.unwrap();
            let mut view = tables.view().await.unwrap();
            let began = view.log().await.unwrap().log.began;
            StoredTree::new(&mut view, began).consistency_proof(from, size).await.unwrap()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::SqliteTables;

    /// Futures that wait for a database behind a socket may run on any thread, and move between threads.
    #[test]
    fn waiting_is_bound_to_no_thread() {
        fn is_sent<T: Send>(_: impl FnOnce(&'static mut Writer<SqliteTables>) -> T) {}
        is_sent(|writer| writer.store(&[]));
        is_sent(|writer| writer.read_again());
    }
}
