//! The tables in one SQLite database: WAL, `synchronous=FULL`, binary columns. All SQL is in this folder.

mod change;
mod error;
mod schema;
#[cfg(test)]
mod tests;
mod view;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::StoreError;
use super::rules::TableStore;
use super::tables::{Change, Database, TableError, Tables, WritableTables};
use error::{failed, of};
use view::SqliteView;

/// A database file of a server.
#[derive(Debug, Clone)]
pub struct SqliteDatabase {
    path: PathBuf,
}

/// The store in a database file.
pub type SqliteStore = TableStore<SqliteDatabase>;

impl SqliteStore {
    /// Name of the database in a data directory.
    pub const FILE: &'static str = "board.sqlite";

    /// Opens or makes (mode 0600) the database of the server with this address, and converts one of an earlier version.
    /// `max_messages` is the storage cap.
    ///
    /// # Errors
    /// [`StoreError::Newer`], [`StoreError::Foreign`], [`StoreError::OtherServer`], [`StoreError::Damaged`], or
    /// what the system said.
    pub fn open(path: &Path, board: &[u8], max_messages: Option<u64>) -> Result<Self, StoreError> {
        Self::over(SqliteDatabase::prepare(path, board)?, max_messages)
    }

    /// True if a file is this server's database from before there were logs.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn predates_logs(path: &Path, board: &[u8]) -> Result<bool, StoreError> {
        schema::predates_logs(&connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?, board)
    }

    /// The store over the database of a data directory as it is, for reading only; a server may be running.
    pub fn existing(data_dir: &Path) -> Self {
        Self::unchecked(SqliteDatabase { path: data_dir.join(Self::FILE) }, None)
    }

    /// Size of the database and its journal on disk, in bytes.
    pub fn size_on_disk(&self) -> u64 {
        ["", "-wal"]
            .iter()
            .filter_map(|suffix| {
                let mut name = self.database().path.clone().into_os_string();
                name.push(suffix);
                std::fs::metadata(name).ok()
            })
            .map(|meta| meta.len())
            .sum()
    }
}

impl SqliteDatabase {
    /// Opens or makes the database of the server with this address, and converts one of an earlier version.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn prepare(path: &Path, board: &[u8]) -> Result<Self, StoreError> {
        // SQLite gives its journal files the mode of the database.
        cwtch_files::open_or_create(path)
            .map_err(|error| StoreError::File { path: path.to_owned(), source: error.into_io() })?;
        let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::migrate(&mut conn, path, board)?;
        Ok(Self { path: path.to_owned() })
    }
}

impl Database for SqliteDatabase {
    type Reading = SqliteTables;
    type Writing = SqliteTables;

    async fn writing(&self) -> Result<SqliteTables, StoreError> {
        Ok(SqliteTables::new(connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?))
    }

    async fn reading(&self) -> Result<SqliteTables, StoreError> {
        let conn = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        schema::check(&conn, &self.path)?;
        // A replay reads each page once.
        conn.pragma_update(None, "cache_size", -256).map_err(of("being opened"))?;
        Ok(SqliteTables::new(conn))
    }
}

/// A connection to the database. Its futures are ready at once: they wait for nothing but the disk.
#[derive(Debug)]
pub struct SqliteTables {
    conn: Connection,
    /// Number of deletions since the journal was last moved into the database.
    deletions: u32,
}

impl SqliteTables {
    /// Number of deletions after which what they wrote to the journal, a megabyte each, is moved into the database.
    /// SQLite itself would do that after 32 of them, and posts would wait for it.
    const DELETIONS: u32 = 4;

    fn new(conn: Connection) -> Self {
        Self { conn, deletions: 0 }
    }

    /// Number of steps that SQLite has taken to find the first messages under signatures: a measure of the cost that
    /// is the same on any machine.
    #[cfg(test)]
    fn finding_work(&self) -> i32 {
        let statement = self.conn.prepare_cached(view::FIRST).unwrap();
        statement.get_status(rusqlite::StatementStatus::VmStep)
    }

    fn commit(&mut self, change: &Change<'_>) -> Result<(), rusqlite::Error> {
        // Dropped without commit, a transaction is rolled back.
        let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        change::write(&transaction, change)?;
        transaction.commit()?;
        if change.delete_below.is_some() {
            self.deletions = (self.deletions + 1) % Self::DELETIONS;
            if self.deletions == 0 {
                // A reader may keep a part of the journal from being moved; that part goes the next time.
                self.conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))?;
            }
        }
        Ok(())
    }
}

impl Tables for SqliteTables {
    type View<'a> = SqliteView<'a>;

    async fn view(&mut self) -> Result<SqliteView<'_>, TableError> {
        SqliteView::begin(&mut self.conn).map_err(failed)
    }
}

impl WritableTables for SqliteTables {
    async fn apply(&mut self, change: &Change<'_>) -> Result<(), TableError> {
        self.commit(change).map_err(failed)
    }

    #[cfg(test)]
    fn leave_room(&mut self, pages: Option<i64>) {
        let now: i64 = self.conn.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
        let most = pages.map_or(1 << 30, |pages| now + pages);
        self.conn.execute_batch(&format!("PRAGMA max_page_count = {most}")).unwrap();
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let failed = of("being opened");
    let conn =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(&failed)?;
    // The default of 16 is fewer than a commit has, and preparing one costs as much as running it.
    conn.set_prepared_statement_cache_capacity(64);
    let prepare = || {
        conn.busy_timeout(Duration::from_secs(10))?;
        if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
            conn.pragma_update(None, "journal_mode", "WAL")?;
            conn.pragma_update(None, "synchronous", "FULL")?;
            // Deleted bodies are overwritten, and do not stay in free pages (docs/operating-a-server.md).
            conn.pragma_update(None, "secure_delete", "ON")?;
            // 32 MiB between checkpoints: pages that many commits touch are copied back once.
            conn.pragma_update(None, "wal_autocheckpoint", 8192)?;
            conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
            conn.pragma_update(None, "cache_size", -16384)?;
        }
        Ok(())
    };
    prepare().map_err(failed)?;
    Ok(conn)
}
