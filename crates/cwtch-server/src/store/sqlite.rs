//! The store in one SQLite database: WAL, `synchronous=FULL`, binary columns.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::sqlite_reader::SqliteReader;
use super::sqlite_writer::{SqliteWriter, WriterState};
use super::{Store, StoreError, StoreReader, StoreWriter, schema};
use crate::signer::Keeper;

/// A database file of a server.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    path: PathBuf,
    max_messages: Option<u64>,
}

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
        // SQLite gives its journal files the mode of the database.
        OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path)
            .map_err(|source| StoreError::File { path: path.to_owned(), source })?;
        let mut conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::migrate(&mut conn, path, board)?;
        WriterState::load(&conn)?.check(&conn)?;
        Ok(Self { path: path.to_owned(), max_messages })
    }

    /// Whether a file is the database of this server, from before there were logs.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn predates_logs(path: &Path, board: &[u8]) -> Result<bool, StoreError> {
        schema::predates_logs(&connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?, board)
    }

    /// The database of a data directory as it is, for reading only, also while a server runs.
    pub fn existing(data_dir: &Path) -> Self {
        Self { path: data_dir.join(Self::FILE), max_messages: None }
    }

    /// The writer, which signs the log as it grows; there must be one writer at a time.
    ///
    /// # Errors
    /// If the database cannot be opened.
    pub fn signing_writer(&self, keeper: Keeper) -> Result<Box<dyn StoreWriter>, StoreError> {
        Ok(Box::new(self.sqlite_writer(Some(keeper))?))
    }

    /// The storage cap.
    pub fn max_messages(&self) -> Option<u64> {
        self.max_messages
    }

    /// Size of the database and its journal on disk, in bytes.
    pub fn size_on_disk(&self) -> u64 {
        ["", "-wal"]
            .iter()
            .filter_map(|suffix| {
                let mut name = self.path.clone().into_os_string();
                name.push(suffix);
                std::fs::metadata(name).ok()
            })
            .map(|meta| meta.len())
            .sum()
    }

    #[cfg(test)]
    pub(super) fn writer_with(&self, pragma: &str) -> Result<Box<dyn StoreWriter>, StoreError> {
        let writer = self.sqlite_writer(None)?;
        writer.conn.execute_batch(pragma).map_err(StoreError::of("being limited"))?;
        Ok(Box::new(writer))
    }

    pub(super) fn connect(&self) -> Result<Connection, StoreError> {
        connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)
    }

    pub(super) fn sqlite_writer(&self, keeper: Option<Keeper>) -> Result<SqliteWriter, StoreError> {
        SqliteWriter::new(self.connect()?, keeper, self.max_messages)
    }
}

impl Store for SqliteStore {
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError> {
        Ok(Box::new(self.sqlite_writer(None)?))
    }

    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError> {
        let conn = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        schema::check(&conn, &self.path)?;
        // A replay reads each page once.
        conn.pragma_update(None, "cache_size", -256).map_err(StoreError::of("being opened"))?;
        Ok(Box::new(SqliteReader::new(conn)))
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let failed = StoreError::of("being opened");
    let conn =
        Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(&failed)?;
    // The default of 16 is fewer than a commit has, and preparing one costs as much as running it.
    conn.set_prepared_statement_cache_capacity(64);
    let prepare = || {
        conn.busy_timeout(Duration::from_secs(10))?;
        if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
            conn.pragma_update(None, "journal_mode", "WAL")?;
            conn.pragma_update(None, "synchronous", "FULL")?;
            // What is deleted is overwritten, and does not stay in pages that are free (docs/operating-a-server.md).
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
