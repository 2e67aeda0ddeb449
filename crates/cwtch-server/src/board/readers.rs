//! A pool of database readers, which run off the async threads.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinHandle;

use crate::store::{Store, StoreError, StoreReader};

/// A pool of open readers. A reader is kept for the next use unless it failed or enough are kept already.
pub(crate) struct ReaderPool {
    store: Arc<dyn Store>,
    free: Mutex<Vec<Box<dyn StoreReader>>>,
    keep: usize,
}

impl ReaderPool {
    /// A pool that keeps at most `keep` free readers.
    pub(crate) fn new(store: Arc<dyn Store>, keep: usize) -> Self {
        Self { store, free: Mutex::new(Vec::new()), keep }
    }

    /// Runs `work` with a reader on a blocking thread.
    pub(crate) async fn run<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut dyn StoreReader) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ReadFailed> {
        self.begin(work).await.unwrap_or(Err(ReadFailed))
    }

    /// Begins `work` with a reader on a blocking thread, without waiting for it.
    pub(crate) fn begin<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&mut dyn StoreReader) -> Result<T, StoreError> + Send + 'static,
    ) -> JoinHandle<Result<T, ReadFailed>> {
        let pool = Arc::clone(self);
        tokio::task::spawn_blocking(move || pool.run_here(work))
    }

    fn run_here<T>(
        &self,
        work: impl FnOnce(&mut dyn StoreReader) -> Result<T, StoreError>,
    ) -> Result<T, ReadFailed> {
        let take = || {
            let free = self.free.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let mut reader = match free {
                Some(reader) => reader,
                None => self.store.reader()?,
            };
            let result = work(reader.as_mut())?;
            let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
            if free.len() < self.keep {
                free.push(reader);
            }
            Ok(result)
        };
        take().map_err(|error: StoreError| {
            match error {
                StoreError::Pruned => tracing::debug!("{error}"),
                _ => tracing::error!("{error}"),
            }
            ReadFailed
        })
    }
}

/// The database could not be read; the reason has been logged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the server could not read its database")]
pub(crate) struct ReadFailed;
