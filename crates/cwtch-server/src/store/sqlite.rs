//! The store in one SQLite database: WAL, `synchronous=FULL`, binary columns.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior, params};

use super::{
    EntryRef, NewEntry, NewPost, Outcome, ReplayPlan, Seq, Store, StoreError, StoreReader, StoreStatus,
    StoreWriter, schema, short_hash,
};

/// Rows deleted in one transaction, so that posts wait for milliseconds only while the cap is enforced.
const PRUNE_STEP: i64 = 1000;

/// A database file of a server.
#[derive(Debug, Clone)]
pub struct SqliteStore {
    path: PathBuf,
    max_messages: Option<u64>,
}

impl SqliteStore {
    /// Name of the database in a data directory.
    pub const FILE: &'static str = "board.sqlite";

    /// Opens or makes (mode 0600) the database of the server with this address. `max_messages` is the storage cap.
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
        let store = Self { path: path.to_owned(), max_messages };
        // Everything that counts a range relies on numbers without gaps.
        let state = WriterState::load(&conn)?;
        if i64::try_from(state.status.messages).unwrap_or(i64::MAX) != state.status.newest + 1 - state.oldest
        {
            return Err(StoreError::Damaged);
        }
        Ok(store)
    }

    /// The database of a data directory as it is, for reading only, also while a server runs.
    pub fn existing(data_dir: &Path) -> Self {
        Self { path: data_dir.join(Self::FILE), max_messages: None }
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
        let writer = self.sqlite_writer()?;
        writer.conn.execute_batch(pragma).map_err(failed("being limited"))?;
        Ok(Box::new(writer))
    }

    fn sqlite_writer(&self) -> Result<SqliteWriter, StoreError> {
        let conn = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let state = WriterState::load(&conn)?;
        Ok(SqliteWriter { conn, state, max_messages: self.max_messages, prune_below: 0 })
    }
}

impl Store for SqliteStore {
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError> {
        Ok(Box::new(self.sqlite_writer()?))
    }

    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError> {
        let conn = connect(&self.path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        schema::check(&conn, &self.path)?;
        // A replay reads each page once.
        conn.pragma_update(None, "cache_size", -256).map_err(failed("being opened"))?;
        Ok(Box::new(SqliteReader { conn }))
    }
}

fn connect(path: &Path, access: OpenFlags) -> Result<Connection, StoreError> {
    let conn = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(failed("being opened"))?;
    let prepare = || {
        conn.busy_timeout(Duration::from_secs(10))?;
        if access.contains(OpenFlags::SQLITE_OPEN_READ_WRITE) {
            conn.pragma_update(None, "journal_mode", "WAL")?;
            conn.pragma_update(None, "synchronous", "FULL")?;
            // 32 MiB between checkpoints: pages that many commits touch are copied back once.
            conn.pragma_update(None, "wal_autocheckpoint", 8192)?;
            conn.pragma_update(None, "journal_size_limit", 64 << 20)?;
            conn.pragma_update(None, "cache_size", -16384)?;
        }
        Ok(())
    };
    prepare().map_err(failed("being opened"))?;
    Ok(conn)
}

fn failed(action: &'static str) -> impl Fn(rusqlite::Error) -> StoreError {
    move |source| match source.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => StoreError::Full,
        Some(ErrorCode::NotADatabase) => StoreError::Sqlite { action, source },
        _ => StoreError::Sqlite { action, source },
    }
}

/// What the writer knows without asking: it is the only one that changes it.
#[derive(Debug, Clone, Copy, Default)]
struct WriterState {
    status: StoreStatus,
    /// Number of the oldest message held; one above the newest where there is none.
    oldest: Seq,
}

impl WriterState {
    fn load(conn: &Connection) -> Result<Self, StoreError> {
        let status = read_status(conn)?;
        let oldest: Option<Seq> = conn
            .query_row("SELECT min(seq) FROM messages", [], |row| row.get(0))
            .map_err(failed("reading its counters"))?;
        Ok(Self { status, oldest: oldest.unwrap_or(status.newest + 1) })
    }

    fn save(&self, transaction: &Transaction<'_>) -> Result<(), rusqlite::Error> {
        let mut update = transaction.prepare_cached("UPDATE counters SET value = ?2 WHERE name = ?1")?;
        let count = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        update.execute(params!["messages", count(self.status.messages)])?;
        update.execute(params!["spent", count(self.status.spent)])?;
        update.execute(params!["pruned", count(self.status.pruned)])?;
        update.execute(params!["newest", self.status.newest])?;
        Ok(())
    }
}

fn read_status(conn: &Connection) -> Result<StoreStatus, StoreError> {
    let read = || {
        let mut status = StoreStatus::default();
        let mut statement = conn.prepare_cached("SELECT name, value FROM counters")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let value: i64 = row.get(1)?;
            let count = u64::try_from(value).unwrap_or(0);
            match row.get_ref(0)?.as_str()? {
                "messages" => status.messages = count,
                "spent" => status.spent = count,
                "pruned" => status.pruned = count,
                "newest" => status.newest = value,
                _ => {}
            }
        }
        Ok(status)
    };
    read().map_err(failed("reading its counters"))
}

struct SqliteWriter {
    conn: Connection,
    state: WriterState,
    max_messages: Option<u64>,
    /// Messages below this number are on their way out.
    prune_below: Seq,
}

impl StoreWriter for SqliteWriter {
    fn commit(&mut self, batch: &[NewPost]) -> Result<Vec<Outcome>, StoreError> {
        let mut state = self.state;
        let mut write = || {
            // Dropped without commit, a transaction is rolled back.
            let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let mut outcomes = Vec::with_capacity(batch.len());
            for post in batch {
                outcomes.push(spend_and_append(&transaction, &mut state, post)?);
            }
            state.save(&transaction)?;
            transaction.commit()?;
            Ok(outcomes)
        };
        let outcomes = write().map_err(failed("storing posts"))?;
        self.state = state;
        Ok(outcomes)
    }

    fn prune_step(&mut self) -> Result<bool, StoreError> {
        let Some(cap) = self.max_messages else { return Ok(false) };
        let held = self.state.status.messages;
        if self.prune_below <= self.state.oldest && held > cap {
            let tenth = (held / 10).max(held - cap);
            self.prune_below = self.state.oldest.saturating_add(i64::try_from(tenth).unwrap_or(i64::MAX));
        }
        let end = self.prune_below.min(self.state.oldest.saturating_add(PRUNE_STEP));
        if end <= self.state.oldest {
            return Ok(false);
        }
        let mut state = self.state;
        let mut prune = || {
            let transaction = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let deleted =
                transaction.prepare_cached("DELETE FROM messages WHERE seq < ?1")?.execute([end])? as u64;
            // With the first entry of a signature gone, the next is the first.
            transaction
                .prepare_cached(
                    "UPDATE messages SET shadowed = 0 WHERE shadowed = 1 AND NOT EXISTS (SELECT 1 FROM messages AS e \
                     WHERE e.signature_hash = messages.signature_hash AND e.seq < messages.seq)",
                )?
                .execute([])?;
            state.oldest = end;
            state.status.messages = state.status.messages.saturating_sub(deleted);
            state.status.pruned += deleted;
            state.save(&transaction)?;
            transaction.commit()
        };
        prune().map_err(failed("deleting old messages"))?;
        self.state = state;
        Ok(self.prune_below > self.state.oldest)
    }
}

/// One post inside the transaction of its batch: the same message again costs nothing; else the token is
/// spent, and then the message stored.
fn spend_and_append(
    transaction: &Transaction<'_>,
    state: &mut WriterState,
    post: &NewPost,
) -> Result<Outcome, rusqlite::Error> {
    let mut shadowed = false;
    if let Some(entry) = &post.entry {
        let stored;
        (stored, shadowed) = transaction
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM messages WHERE signature_hash = ?1 AND ciphertext_hash = ?2), \
                 EXISTS (SELECT 1 FROM messages WHERE signature_hash = ?1)",
            )?
            .query_row(params![entry.signature_hash, entry.ciphertext_hash], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        if stored {
            return Ok(Outcome::Duplicate);
        }
    }
    let fresh = transaction
        .prepare_cached("INSERT INTO spent (token) VALUES (?1) ON CONFLICT DO NOTHING")?
        .execute([post.token])?;
    if fresh == 0 {
        return Ok(Outcome::TokenSpent);
    }
    state.status.spent += 1;
    let Some(entry) = &post.entry else { return Ok(Outcome::TokenOnly) };
    let seq = state.status.newest + 1;
    transaction
        .prepare_cached(
            "INSERT INTO messages (seq, shadowed, signature_hash, ciphertext_hash, signature, ciphertext) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            seq,
            shadowed,
            entry.signature_hash,
            entry.ciphertext_hash,
            entry.signature,
            entry.ciphertext
        ])?;
    state.status.newest = seq;
    state.status.messages += 1;
    Ok(Outcome::Stored { seq, shadowed })
}

struct SqliteReader {
    conn: Connection,
}

impl StoreReader for SqliteReader {
    fn contains(&mut self, entry: &NewEntry) -> Result<bool, StoreError> {
        let read = || {
            self.conn
                .prepare_cached(
                    "SELECT EXISTS (SELECT 1 FROM messages WHERE signature_hash = ?1 AND ciphertext_hash = ?2)",
                )?
                .query_row(params![entry.signature_hash, entry.ciphertext_hash], |row| row.get(0))
        };
        read().map_err(failed("looking for a message"))
    }

    fn plan(&mut self, last_commit: Option<&[u8]>) -> Result<ReplayPlan, StoreError> {
        let mut plan = || {
            // One transaction, so that the count belongs to the range.
            let transaction = self.conn.transaction()?;
            let (oldest, newest): (Option<Seq>, Option<Seq>) = transaction
                .prepare_cached("SELECT (SELECT min(seq) FROM messages), (SELECT max(seq) FROM messages)")?
                .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let (Some(oldest), Some(newest)) = (oldest, newest) else {
                let last: Seq =
                    transaction.query_row("SELECT value FROM counters WHERE name = 'newest'", [], |row| {
                        row.get(0)
                    })?;
                return Ok(ReplayPlan { from: last + 1, to: last, count: 0 });
            };
            let known: Option<Seq> = match last_commit.filter(|signature| !signature.is_empty()) {
                Some(signature) => transaction
                    .prepare_cached("SELECT min(seq) FROM messages WHERE signature_hash = ?1")?
                    .query_row([short_hash(signature)], |row| row.get(0))?,
                None => None,
            };
            let from = known.unwrap_or(oldest);
            let shadowed: i64 = transaction
                .prepare_cached("SELECT count(*) FROM messages WHERE shadowed = 1 AND seq BETWEEN ?1 AND ?2")?
                .query_row([from, newest], |row| row.get(0))?;
            let count = u64::try_from(newest - from + 1 - shadowed).unwrap_or(0);
            Ok(ReplayPlan { from, to: newest, count })
        };
        plan().map_err(failed("planning a replay"))
    }

    fn read(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut dyn FnMut(EntryRef<'_>),
    ) -> Result<Seq, StoreError> {
        let mut read = || {
            let mut statement = self.conn.prepare_cached(
                "SELECT seq, signature, ciphertext FROM messages NOT INDEXED \
                 WHERE seq BETWEEN ?1 AND ?2 AND shadowed = 0 ORDER BY seq LIMIT ?3",
            )?;
            let mut rows = statement.query(params![from, to, i64::try_from(limit).unwrap_or(i64::MAX)])?;
            let (mut next, mut seen) = (from, 0);
            while let Some(row) = rows.next()? {
                let seq: Seq = row.get(0)?;
                visit(EntryRef {
                    seq,
                    signature: row.get_ref(1)?.as_blob()?,
                    ciphertext: row.get_ref(2)?.as_blob()?,
                });
                next = seq + 1;
                seen += 1;
            }
            Ok(if seen < limit { to + 1 } else { next })
        };
        read().map_err(failed("reading messages"))
    }

    fn status(&mut self) -> Result<StoreStatus, StoreError> {
        read_status(&self.conn)
    }
}
