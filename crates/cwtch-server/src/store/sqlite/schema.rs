//! The database's tables, versioned by `user_version`.

use std::path::Path;

use cwtch_log::EntryId;
use cwtch_log::tree::CompactRange;
use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};

use super::change;
use super::error::of;
use crate::store::StoreError;
use crate::store::rules::append;

/// The schema version that this program writes.
pub(super) const VERSION: i64 = 3;
/// SQLite's application id, which marks the file as this program's ("CwSv").
const APPLICATION_ID: i64 = 0x4377_5376;

/// Version 1: `messages` is read by number and found by the short hashes of its two fields; the index on shadowed
/// rows alone makes counting a range cheap, since numbers have no gaps. (The first programs made the number an
/// AUTOINCREMENT, which wrote one page more for each commit. The number is always given, so both kinds of table go on
/// as they are.)
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
    seq             INTEGER PRIMARY KEY,
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

/// Version 2: adds the log (docs/verifiable-log.md). `entries` holds the id of every message since the log began,
/// also of those whose bodies were deleted; `nodes` the tree over them (`rules::tree`); `boundaries` the boundary
/// checkpoints. `log` has one row: the last signed time, the newest statements and what they say. `began` is the
/// number of the last message that had been deleted before there was a log: the index of a message is its number − 1
/// − `began`. A message is now unique by its id, so the hash of the ciphertext goes.
const V2: &str = "
DROP INDEX messages_entry;
ALTER TABLE messages DROP COLUMN ciphertext_hash;
CREATE INDEX messages_signature ON messages (signature_hash);
CREATE TABLE entries (
    seq INTEGER PRIMARY KEY,
    id  BLOB NOT NULL UNIQUE
);
CREATE TABLE nodes (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash  BLOB NOT NULL,
    PRIMARY KEY (level, place)
) WITHOUT ROWID;
CREATE TABLE certificates (
    incarnation INTEGER PRIMARY KEY,
    bytes       BLOB NOT NULL
);
CREATE TABLE boundaries (
    size  INTEGER PRIMARY KEY,
    time  INTEGER NOT NULL,
    bytes BLOB NOT NULL
);
CREATE TABLE log (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    began       INTEGER NOT NULL,
    nonce       BLOB,
    time        INTEGER NOT NULL DEFAULT 0,
    signed_size INTEGER NOT NULL DEFAULT 0,
    checkpoint  BLOB,
    retention   INTEGER NOT NULL DEFAULT 0,
    cap         INTEGER NOT NULL DEFAULT 0,
    policy      BLOB,
    min_index   INTEGER NOT NULL DEFAULT 0,
    retain      BLOB
);
";

/// Version 3: moves the counters into the row of the log, so that a commit writes one page for both.
const V3: &str = "
ALTER TABLE log ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN spent INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN pruned INTEGER NOT NULL DEFAULT 0;
ALTER TABLE log ADD COLUMN newest INTEGER NOT NULL DEFAULT 0;
UPDATE log SET
    messages = (SELECT value FROM counters WHERE name = 'messages'),
    spent = (SELECT value FROM counters WHERE name = 'spent'),
    pruned = (SELECT value FROM counters WHERE name = 'pruned'),
    newest = (SELECT value FROM counters WHERE name = 'newest');
DROP TABLE counters;
";

/// Brings a database to [`VERSION`] and ties it to the server's address, in one transaction. Refuses a foreign or
/// newer database.
pub(super) fn migrate(conn: &mut Connection, path: &Path, board: &[u8]) -> Result<(), StoreError> {
    let fail = of("preparing its tables");
    let transaction = conn.transaction_with_behavior(TransactionBehavior::Immediate).map_err(&fail)?;
    let version =
        transaction.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(&fail)?;
    let id =
        transaction.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).map_err(&fail)?;
    match (version, id) {
        (0, 0) => {
            let tables: i64 = transaction
                .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
                .map_err(&fail)?;
            if tables != 0 {
                return Err(StoreError::Foreign { path: path.to_owned() });
            }
            transaction.execute_batch(V1).map_err(&fail)?;
            transaction.execute("INSERT INTO meta VALUES ('board', ?1)", [board]).map_err(&fail)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(&fail)?;
        }
        (_, APPLICATION_ID) if version > VERSION => {
            return Err(StoreError::Newer { found: version, known: VERSION });
        }
        (1..=VERSION, APPLICATION_ID) => {}
        _ => return Err(StoreError::Foreign { path: path.to_owned() }),
    }
    let owner: Option<Vec<u8>> = transaction
        .query_row("SELECT value FROM meta WHERE name = 'board'", [], |row| row.get(0))
        .optional()
        .map_err(&fail)?;
    if owner.as_deref() != Some(board) {
        return Err(StoreError::OtherServer);
    }
    if version < 2 {
        begin_log(&transaction).map_err(of("being converted for the log"))?;
    }
    if version < VERSION {
        transaction.execute_batch(V3).map_err(of("being converted"))?;
        transaction.pragma_update(None, "user_version", VERSION).map_err(&fail)?;
    }
    transaction.commit().map_err(&fail)
}

/// True if a database is this server's and of version 1, which had no log.
pub(super) fn predates_logs(conn: &Connection, board: &[u8]) -> Result<bool, StoreError> {
    let fail = of("being opened");
    let version = conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(&fail)?;
    let id = conn.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).map_err(&fail)?;
    if (version, id) != (1, APPLICATION_ID) {
        return Ok(false);
    }
    let owner: Option<Vec<u8>> = conn
        .query_row("SELECT value FROM meta WHERE name = 'board'", [], |row| row.get(0))
        .optional()
        .map_err(&fail)?;
    Ok(owner.as_deref() == Some(board))
}

/// Converts version 1 to 2: the log begins with the messages that are held.
fn begin_log(transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
    transaction.execute_batch(V2)?;
    let began: i64 = transaction.query_row(
        "SELECT coalesce((SELECT min(seq) - 1 FROM messages), \
         (SELECT value FROM counters WHERE name = 'newest'))",
        [],
        |row| row.get(0),
    )?;
    transaction.execute("INSERT INTO log (one, began) VALUES (1, ?1)", [began])?;
    let (mut range, mut nodes) = (CompactRange::new(), Vec::new());
    let mut statement =
        transaction.prepare("SELECT seq, signature, ciphertext FROM messages ORDER BY seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let seq: i64 = row.get(0)?;
        let id = EntryId::of(row.get_ref(1)?.as_blob()?, row.get_ref(2)?.as_blob()?);
        transaction
            .prepare_cached("INSERT INTO entries (seq, id) VALUES (?1, ?2)")?
            .execute(params![seq, id.as_bytes()])?;
        append(&mut range, &id, &mut nodes, &mut |_, _, _| {});
        change::insert_nodes(transaction, &nodes)?;
        nodes.clear();
    }
    Ok(())
}

/// Refuses a database that a reader could not understand, without changing it.
pub(super) fn check(conn: &Connection, path: &Path) -> Result<(), StoreError> {
    let fail = of("being opened");
    let version = conn.pragma_query_value(None, "user_version", |row| row.get::<_, i64>(0)).map_err(&fail)?;
    let id = conn.pragma_query_value(None, "application_id", |row| row.get::<_, i64>(0)).map_err(&fail)?;
    match (version, id) {
        (VERSION, APPLICATION_ID) => Ok(()),
        (1.., APPLICATION_ID) if version < VERSION => {
            Err(StoreError::Older { found: version, known: VERSION })
        }
        (_, APPLICATION_ID) => Err(StoreError::Newer { found: version, known: VERSION }),
        _ => Err(StoreError::Foreign { path: path.to_owned() }),
    }
}
