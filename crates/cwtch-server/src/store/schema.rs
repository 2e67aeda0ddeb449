//! The database's tables, versioned by `user_version`.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior};

use super::StoreError;

/// The schema version that this program writes.
pub(super) const VERSION: i64 = 1;
/// Marks the file as this program's ("CwSv").
const APPLICATION_ID: i64 = 0x4377_5376;

/// Version 1. `messages` is read by number, found by the short hashes of its two fields; the index on
/// shadowed rows alone makes counting a range cheap, since numbers have no gaps.
const V1: &str = "
CREATE TABLE meta (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE counters (
    name  TEXT PRIMARY KEY,
    value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO counters VALUES ('messages', 0), ('spent', 0), ('pruned', 0), ('newest', 0);
CREATE TABLE messages (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    shadowed        INTEGER NOT NULL,
    signature_hash  BLOB NOT NULL,
    ciphertext_hash BLOB NOT NULL,
    signature       BLOB NOT NULL,
    ciphertext      BLOB NOT NULL
);
CREATE UNIQUE INDEX messages_entry ON messages (signature_hash, ciphertext_hash);
CREATE INDEX messages_shadowed ON messages (seq) WHERE shadowed = 1;
CREATE TABLE spent (
    token BLOB PRIMARY KEY
) WITHOUT ROWID;
";

/// Brings a database to [`VERSION`] and ties it to the server's address; refuses a foreign or newer one.
pub(super) fn migrate(conn: &mut Connection, path: &Path, board: &[u8]) -> Result<(), StoreError> {
    let fail = |source| StoreError::Sqlite { action: "preparing its tables", source };
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fail)?;
    let version =
        transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(fail)?;
    let id =
        transaction.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).map_err(fail)?;
    match (version, id) {
        (0, 0) => {
            let tables: i64 = transaction
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .map_err(fail)?;
            if tables != 0 {
                return Err(StoreError::Foreign { path: path.to_owned() });
            }
            transaction.execute_batch(V1).map_err(fail)?;
            transaction.execute("INSERT INTO meta VALUES ('board', ?1)", [board]).map_err(fail)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(fail)?;
            transaction.pragma_update(None, "user_version", VERSION).map_err(fail)?;
        }
        (_, APPLICATION_ID) if version > VERSION => {
            return Err(StoreError::Newer { found: version, known: VERSION });
        }
        (VERSION, APPLICATION_ID) => {}
        _ => return Err(StoreError::Foreign { path: path.to_owned() }),
    }
    let owner: Option<Vec<u8>> = transaction
        .query_row("SELECT value FROM meta WHERE name = 'board'", [], |row| row.get(0))
        .optional()
        .map_err(fail)?;
    if owner.as_deref() != Some(board) {
        return Err(StoreError::OtherServer);
    }
    transaction.commit().map_err(fail)
}

/// Refuses a database that a reader could not understand, without changing it.
pub(super) fn check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = |source| StoreError::Sqlite { action: "being opened", source };
    let version = conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(fail)?;
    let id = conn.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).map_err(fail)?;
    match (version, id) {
        (VERSION, APPLICATION_ID) => Ok(()),
        (_, APPLICATION_ID) => Err(StoreError::Newer { found: version, known: VERSION }),
        _ => Err(StoreError::Foreign { path: path.to_owned() }),
    }
}
