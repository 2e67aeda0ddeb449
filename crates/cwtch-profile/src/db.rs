//! The connection: SQLCipher's key, the settings that make commits durable, and named transactions.

use std::cell::RefCell;
use std::ops::Deref;
use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use cwtch_primitives::{Identity, Zeroizing};
use data_encoding::HEXLOWER;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::Profile;
use super::changes::News;
use super::error::{StorageError, TxError};
#[cfg(any(test, feature = "fixtures"))]
use super::fuse::Fuse;
use super::lookup;
use super::schema;
use super::search;
use super::types::StoredMessage;
use super::vault::DatabaseKey;

/// The database's name inside the profile's directory.
pub(super) const FILE: &str = "profile.db";
/// Longest time that a commit waits for another program that reads the file, a backup for example.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared: every statement of this module fits.
const STATEMENTS: usize = 128;
/// Name of the way in which SQLite opens files: for this process alone, so that its connections share the index of the
/// write-ahead log in memory. As a file, the index would cost room, and SQLite would report a lack of room as a broken
/// disk.
const VFS: &str = "unix-excl";
/// Pages of the cache, in KiB: large syncs write a page once instead of many times, and each write encrypts it.
const WRITER_CACHE: u32 = 32768;
const READER_CACHE: u32 = 8192;

/// Makes a database with an identity, complete and on disk when it returns.
pub(super) fn create(path: &Path, key: &DatabaseKey, identity: &Identity) -> Result<(), StorageError> {
    const DOING: &str = "make the database";
    // SQLite gives its journals the mode of this file.
    let file = cwtch_files::create_new(path).map_err(StorageError::file(DOING))?;
    let conn = open(path, key)?;
    conn.execute("INSERT INTO identity (id, seed) VALUES (1, ?1)", [identity.seed().expose().as_slice()])
        .map_err(|e| TxError::from(e).during(DOING))?;
    // Closing moves the write-ahead log into the file.
    conn.close().map_err(|(_, e)| TxError::from(e).during(DOING))?;
    file.sync_all().map_err(|e| StorageError::io(DOING, e))
}

/// Opens a database and brings it to the current version.
pub(super) fn open(path: &Path, key: &DatabaseKey) -> Result<Connection, StorageError> {
    const DOING: &str = "open the database";
    let run = || {
        let mut conn = connect(path, key, WRITER_CACHE)?;
        // The journal holds 32 MiB before it is moved into the file.
        conn.execute_batch(
            "PRAGMA journal_mode = WAL;
             PRAGMA synchronous = FULL;
             PRAGMA fullfsync = ON;
             PRAGMA checkpoint_fullfsync = ON;
             PRAGMA foreign_keys = ON;
             PRAGMA secure_delete = ON;
             PRAGMA wal_autocheckpoint = 8000;",
        )?;
        search::register(&conn)?;
        schema::migrate(&mut conn)?;
        lookup::refresh_all(&mut conn)?;
        search::refresh(&mut conn)?;
        Ok(conn)
    };
    run().map_err(|error: TxError| error.during(DOING))
}

/// Opens another connection with a database that is open, which changes nothing.
pub(super) fn open_reader(path: &Path, key: &DatabaseKey) -> Result<Connection, StorageError> {
    let run = || {
        let conn = connect(path, key, READER_CACHE)?;
        conn.execute_batch("PRAGMA query_only = ON")?;
        Ok(conn)
    };
    run().map_err(|error: TxError| error.during("open the database to read from it"))
}

/// Opens one connection that is for nothing, alone. SQLite counts itself as ready before SQLCipher is: a
/// thread that opened a program's second database while the first was being opened got a connection that
/// refuses every key.
fn initialise() {
    static READY: Once = Once::new();
    READY.call_once(|| {
        if let Err(error) = Connection::open_in_memory() {
            // Whatever it is, opening the profile will say it.
            tracing::warn!(%error, "the database library did not start");
        }
    });
}

/// A connection that has the key, with what holds for each.
fn connect(path: &Path, key: &DatabaseKey, cache: u32) -> Result<Connection, TxError> {
    initialise();
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags_and_vfs(path, flags, VFS)?;
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // SQLCipher writes to stderr by itself, a wrong key for example; our errors say it.
    conn.execute_batch("PRAGMA cipher_log_level = NONE")?;
    let hex = Zeroizing::new(HEXLOWER.encode(key.expose()));
    let statement = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", *hex));
    // rusqlite's error would quote the statement.
    conn.execute_batch(&statement).map_err(|_| StorageError::Damaged)?;
    // The first statement that reads the file: fails unless the key is right.
    conn.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    conn.execute_batch(&format!(
        "PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -{cache};
         PRAGMA trusted_schema = OFF;"
    ))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(conn)
}

/// Gives a database another key: all of it is written anew in one transaction. Whether that was done, SQLCipher keeps for
/// itself, and it shows in which key opens the file then. The connection may take a wrong key for its own, and is not to be
/// used any more.
pub(super) fn rekey(conn: &Connection, key: &DatabaseKey) {
    let hex = Zeroizing::new(HEXLOWER.encode(key.expose()));
    let statement = Zeroizing::new(format!("PRAGMA rekey = \"x'{}'\"", *hex));
    let answered = conn.query_row(&statement, [], |_| Ok(())).is_ok();
    tracing::debug!(answered, "the database was to get another key");
}

/// A transaction that is under way, with the messages that it stores: whoever is told of them need not read them back.
pub(super) struct Tx<'conn> {
    inner: Transaction<'conn>,
    /// `None` where nobody wants to be told.
    fresh: Option<RefCell<Vec<StoredMessage>>>,
}

impl Tx<'_> {
    /// Keeps a message that was just stored for those who are told of it.
    pub(super) fn stored(&self, message: impl FnOnce() -> StoredMessage) {
        if let Some(fresh) = &self.fresh {
            fresh.borrow_mut().push(message());
        }
    }
}

impl<'conn> Deref for Tx<'conn> {
    type Target = Transaction<'conn>;

    fn deref(&self) -> &Transaction<'conn> {
        &self.inner
    }
}

impl Profile {
    /// Runs one durable transaction: everything in it happens, or nothing.
    pub(super) fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Tx<'_>) -> Result<T, TxError>,
    ) -> Result<T, StorageError> {
        #[cfg(any(test, feature = "fixtures"))]
        if self.fuse.ends_before() {
            return Err(Fuse::died(doing));
        }
        #[cfg(any(test, feature = "fixtures"))]
        let full = self.fuse.is_full();
        let run = |conn: &mut Connection, news: &mut News| {
            let inner = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let tx = Tx { inner, fresh: news.wanted().then(RefCell::default) };
            let out = work(&tx)?;
            let Tx { inner, fresh } = tx;
            #[cfg(any(test, feature = "fixtures"))]
            if full {
                return Err(StorageError::DiskFull { doing }.into());
            }
            inner.commit()?;
            news.committed(fresh.map(RefCell::into_inner).unwrap_or_default());
            Ok(out)
        };
        let done = run(&mut self.conn, &mut self.news).map_err(|error: TxError| error.during(doing));
        #[cfg(any(test, feature = "fixtures"))]
        if self.fuse.ends_behind() {
            return Err(Fuse::died(doing));
        }
        done
    }

    /// Runs queries. Nothing can change in between: nobody else changes anything, and a [`Reader`](super::Reader) sees one
    /// moment.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, TxError>,
    ) -> Result<T, StorageError> {
        work(&self.conn).map_err(|error| error.during(doing))
    }

    pub(super) fn load_identity(conn: &Connection) -> Result<Identity, StorageError> {
        conn.query_row("SELECT seed FROM identity WHERE id = 1", params![], |row| {
            Ok(Zeroizing::new(row.get::<_, [u8; 32]>(0)?))
        })
        .map(|seed| Identity::from_seed(&seed))
        .map_err(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => StorageError::Damaged,
            other => TxError::from(other).during("read the identity"),
        })
    }
}
