//! What the server keeps: messages, spent tokens, counters; and the rules that hold between them.
//!
//! - Messages are numbered from 1 without gaps; only a prefix is ever deleted.
//! - A message is unique by its signature and ciphertext together. Deployed clients take a signature for
//!   a message's name, so what repeats an earlier signature is *shadowed*: stored, but not sent to them.
//! - A token is spent in the same durable transaction that stores what it pays for.
//! - No time, no connection and no address is stored.

mod schema;
mod sqlite;
#[cfg(test)]
mod tests;
mod writer;

use std::path::PathBuf;

use sha2::{Digest, Sha256};

pub use sqlite::SqliteStore;
pub use writer::{Committed, Submission, Submitter, WriterHandle, spawn_writer};

/// Number of a message, from 1.
pub type Seq = i64;

/// A 128-bit name of bytes, short enough for an index: the first half of SHA-256.
pub type ShortHash = [u8; 16];

/// The short hash of some bytes.
pub fn short_hash(bytes: &[u8]) -> ShortHash {
    let mut out = [0; 16];
    out.iter_mut().zip(Sha256::digest(bytes)).for_each(|(o, h)| *o = h);
    out
}

/// A message to be stored, with the hashes that index it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEntry {
    signature: Vec<u8>,
    ciphertext: Vec<u8>,
    signature_hash: ShortHash,
    ciphertext_hash: ShortHash,
}

impl NewEntry {
    /// Takes the two byte strings of an encrypted group message (§1.8).
    pub fn new(signature: Vec<u8>, ciphertext: Vec<u8>) -> Self {
        let (signature_hash, ciphertext_hash) = (short_hash(&signature), short_hash(&ciphertext));
        Self { signature, ciphertext, signature_hash, ciphertext_hash }
    }

    /// The message's signature.
    pub fn signature(&self) -> &[u8] {
        &self.signature
    }

    /// The message's ciphertext.
    pub fn ciphertext(&self) -> &[u8] {
        &self.ciphertext
    }
}

/// A post whose token was found authentic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPost {
    /// The token's random part.
    pub token: [u8; 32],
    /// The message, or `None` where only the token is to be spent (§1.8: an empty signature).
    pub entry: Option<NewEntry>,
}

/// What became of one post of a commit that returned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Stored under a new number; the token is spent.
    Stored {
        /// The message's number.
        seq: Seq,
        /// Whether an earlier message has the same signature.
        shadowed: bool,
    },
    /// The very same message is stored already; the token is as it was.
    Duplicate,
    /// The token had been spent; nothing was stored.
    TokenSpent,
    /// The token is spent, and there was no message to store.
    TokenOnly,
}

/// A stored message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// Its number.
    pub seq: Seq,
    /// Its signature.
    pub signature: &'a [u8],
    /// Its ciphertext.
    pub ciphertext: &'a [u8],
}

/// What a replay will send: the unshadowed messages `from..=to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReplayPlan {
    /// First number.
    pub from: Seq,
    /// Last number; below `from` where there is nothing.
    pub to: Seq,
    /// How many unshadowed messages that is, exactly.
    pub count: u64,
}

/// The store's counters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreStatus {
    /// Messages held, shadowed ones included.
    pub messages: u64,
    /// Tokens spent, for ever.
    pub spent: u64,
    /// Messages deleted because of the storage cap.
    pub pruned: u64,
    /// Number of the newest message ever stored, 0 for none.
    pub newest: Seq,
}

/// The one writer.
pub trait StoreWriter: Send {
    /// Stores a batch in one durable transaction and tells, post by post, what became of it.
    ///
    /// # Errors
    /// On any error nothing of the batch is stored and no token of it is spent.
    fn commit(&mut self, batch: &[NewPost]) -> Result<Vec<Outcome>, StoreError>;

    /// Does a bounded piece of the deletion that the storage cap asks for; true if there is more to do.
    ///
    /// # Errors
    /// If the transaction fails; then nothing was deleted.
    fn prune_step(&mut self) -> Result<bool, StoreError>;
}

/// One of any number of readers. Reads see what has been committed.
pub trait StoreReader: Send {
    /// Whether this very message is stored.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn contains(&mut self, entry: &NewEntry) -> Result<bool, StoreError>;

    /// Plans a replay from the lowest message with this signature, inclusive; of everything where the
    /// signature is `None`, empty or unknown.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn plan(&mut self, last_commit: Option<&[u8]>) -> Result<ReplayPlan, StoreError>;

    /// Visits, in order, the first `limit` unshadowed messages of `from..=to`; returns the number after the
    /// last that was looked at (above `to` when the range is exhausted).
    ///
    /// # Errors
    /// If the database cannot be read.
    fn read(
        &mut self,
        from: Seq,
        to: Seq,
        limit: usize,
        visit: &mut dyn FnMut(EntryRef<'_>),
    ) -> Result<Seq, StoreError>;

    /// The counters.
    ///
    /// # Errors
    /// If the database cannot be read.
    fn status(&mut self) -> Result<StoreStatus, StoreError>;
}

/// A place that keeps messages.
pub trait Store: Send + Sync {
    /// The writer; there must be one at a time.
    ///
    /// # Errors
    /// If the database cannot be opened.
    fn writer(&self) -> Result<Box<dyn StoreWriter>, StoreError>;

    /// A further reader.
    ///
    /// # Errors
    /// If the database cannot be opened.
    fn reader(&self) -> Result<Box<dyn StoreReader>, StoreError>;
}

/// Why the store failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The database was written by a later version of this program.
    #[error("the database has schema version {found}, this program knows {known}: run a newer cwtch-server")]
    Newer {
        /// The database's version.
        found: i64,
        /// The newest version known here.
        known: i64,
    },
    /// Not a database of this program.
    #[error("{} is not the database of a cwtch server: move it away or name another directory", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The database belongs to another server's keys.
    #[error("the database belongs to another server key: restore database and keys from the same backup")]
    OtherServer,
    /// The numbering has a gap.
    #[error("the database is damaged (messages are missing from its middle): restore it from a backup")]
    Damaged,
    /// The disk is full.
    #[error("the disk is full: make room; nothing was half-written")]
    Full,
    /// SQLite failed.
    #[error("the database failed while {action}: {source}")]
    Sqlite {
        /// What was being done.
        action: &'static str,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// A file could not be made.
    #[error("the database file {} cannot be opened: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}
