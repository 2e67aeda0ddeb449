//! The connection: SQLCipher's key, the settings that make commits durable, and named transactions.

use std::path::Path;
use std::sync::Once;
use std::time::Duration;

use cwtch_primitives::{Identity, Zeroizing};
use data_encoding::HEXLOWER;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::Profile;
use super::error::{Fault, StorageError};
use super::names;
use super::schema;
use super::vault::DatabaseKey;

/// The database's name inside the profile's directory.
pub(super) const FILE: &str = "profile.db";
/// How long a commit waits for another program that reads the file, a backup for example.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Statements kept prepared: every statement of this module fits.
const STATEMENTS: usize = 128;

/// Makes a database with an identity, complete and on disk when it returns.
pub(super) fn create(path: &Path, key: &DatabaseKey, identity: &Identity) -> Result<(), StorageError> {
    const DOING: &str = "make the database";
    // SQLite gives its journals the mode of this file.
    let file = cwtch_files::create_new(path).map_err(StorageError::file(DOING))?;
    let conn = open(path, key)?;
    conn.execute("INSERT INTO identity (id, seed) VALUES (1, ?1)", [identity.seed().expose().as_slice()])
        .map_err(|e| Fault::from(e).during(DOING))?;
    // Closing moves the write-ahead log into the file.
    conn.close().map_err(|(_, e)| Fault::from(e).during(DOING))?;
    file.sync_all().map_err(|e| StorageError::io(DOING, e))
}

/// Opens a database and brings it to the current version.
pub(super) fn open(path: &Path, key: &DatabaseKey) -> Result<Connection, StorageError> {
    const DOING: &str = "open the database";
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    initialise();
    let mut conn = Connection::open_with_flags(path, flags).map_err(|e| Fault::from(e).during(DOING))?;
    prepare(&mut conn, key).map_err(|fault| fault.during(DOING))?;
    names::refresh_all(&mut conn).map_err(|fault| fault.during(DOING))?;
    Ok(conn)
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

fn prepare(conn: &mut Connection, key: &DatabaseKey) -> Result<(), Fault> {
    conn.busy_timeout(BUSY_TIMEOUT)?;
    // SQLCipher writes to stderr by itself, a wrong key for example; our errors say it.
    conn.execute_batch("PRAGMA cipher_log_level = NONE")?;
    let hex = Zeroizing::new(HEXLOWER.encode(key.expose()));
    let statement = Zeroizing::new(format!("PRAGMA key = \"x'{}'\"", *hex));
    // rusqlite's error would quote the statement.
    conn.execute_batch(&statement).map_err(|_| StorageError::Damaged)?;
    // The profile's lock keeps other processes out, so SQLite needs no shared memory to talk to them: a file
    // that costs room, and whose lack of room SQLite reports as a broken disk. Said before the first read,
    // which would make that file.
    conn.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    // The first statement that reads the file: fails unless the key is right.
    conn.query_row("SELECT count(*) FROM sqlite_master", [], |_| Ok(()))?;
    // The cache and the journal (32 MiB each at most) let large syncs write a page once instead of many
    // times: each write encrypts it, each read of a page that fell out of the cache decrypts it.
    conn.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA checkpoint_fullfsync = ON;
         PRAGMA foreign_keys = ON;
         PRAGMA secure_delete = ON;
         PRAGMA temp_store = MEMORY;
         PRAGMA cache_size = -32768;
         PRAGMA wal_autocheckpoint = 8000;
         PRAGMA trusted_schema = OFF;",
    )?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    schema::migrate(conn)
}

impl Profile {
    /// Runs one durable transaction: everything in it happens, or nothing.
    pub(super) fn write<T>(
        &mut self,
        doing: &'static str,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>,
    ) -> Result<T, StorageError> {
        let run = |conn: &mut Connection| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let out = work(&tx)?;
            tx.commit()?;
            Ok(out)
        };
        run(&mut self.conn).map_err(|fault: Fault| fault.during(doing))
    }

    /// Runs queries. Nothing can change in between: this is the only connection.
    pub(super) fn read<T>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Connection) -> Result<T, Fault>,
    ) -> Result<T, StorageError> {
        work(&self.conn).map_err(|fault| fault.during(doing))
    }

    pub(super) fn load_identity(conn: &Connection) -> Result<Identity, StorageError> {
        conn.query_row("SELECT seed FROM identity WHERE id = 1", params![], |row| {
            Ok(Zeroizing::new(row.get::<_, [u8; 32]>(0)?))
        })
        .map(|seed| Identity::from_seed(&seed))
        .map_err(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => StorageError::Damaged,
            other => Fault::from(other).during("read the identity"),
        })
    }
}
