//! Traces of erased rows in the files, and how they go.
//!
//! SQLite overwrites what is erased in the page that it writes (`secure_delete`); but pages go into the write-ahead log, and
//! the page with the words stays in the database file until the log is moved there, and older copies of it stay in the log
//! until that is cut to nothing. So an erasing transaction is not done when it is committed: it has left *traces*, and is
//! done with the [`Profile::sweep`] after which there are none. That needs a moment in which nobody reads.

use std::time::Duration;

use super::Profile;
use super::db::{BUSY_TIMEOUT, Tx};
use super::error::{StorageError, TxError};

/// Step that failed, in errors: what is erased is gone for everybody who asks the program, and not yet from the disk.
const SWEEP: &str = "remove what was erased from the files";

impl Profile {
    /// Runs one durable transaction that erases something; see [`Profile::sweep`] for when it is done.
    pub(super) fn erase<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Result<T, TxError>,
    ) -> Result<T, StorageError> {
        let done = self.write(doing, work);
        // Also after an error: a transaction whose commit failed may have written pages, and a sweep for nothing costs little.
        self.traces = true;
        done
    }

    /// Notes that the transaction before erased something that nobody had asked to be erased.
    pub(super) fn erased(&mut self, rows: usize) -> usize {
        self.traces |= rows > 0;
        rows
    }

    /// True while something that was erased can be found in the files.
    pub fn has_traces(&self) -> bool {
        self.traces
    }

    /// Removes what erased rows left in the files. False if somebody was reading, so that it has to be tried again; true
    /// once there is nothing to remove.
    ///
    /// # Errors
    /// Trouble with the database, a full disk above all: it has to be tried again.
    pub fn sweep(&mut self) -> Result<bool, StorageError> {
        if self.traces {
            self.traces = !self.cut_log()?;
        }
        Ok(!self.traces)
    }

    /// Moves the write-ahead log into the file and cuts it to nothing, unless somebody reads; tells whether that was done.
    fn cut_log(&self) -> Result<bool, StorageError> {
        // Whoever reads is not waited for here: this thread has others to serve.
        self.read(SWEEP, |conn| Ok(conn.busy_timeout(Duration::ZERO)?))?;
        let done = self.read(SWEEP, |conn| {
            let row = |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?));
            // Busy or not, and how much is left in the log.
            Ok(conn.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], row)? == (0, 0))
        });
        self.read(SWEEP, |conn| Ok(conn.busy_timeout(BUSY_TIMEOUT)?))?;
        done
    }
}
