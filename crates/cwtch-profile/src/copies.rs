//! A profile that comes back from a copy, and a copy that runs elsewhere.
//!
//! A database can be put back as it was at any time before: then it has tokens that are spent, and chains whose next
//! numbers are used. Whether it was cannot be told for certain, so three things are seen. A *copied file* has another
//! inode than the one that it was written to. Of what was *posted since*, the server shows the messages
//! (`cwtch_protocol::group::came_from_elsewhere`), or that some of them may be gone. A *refused token* that was never sent
//! before was spent by another copy. Each makes the groups that it concerns begin new chains, and that is all: a
//! backup that was put back just goes on.
//!
//! What was written after this database was opened, under the own name and not here, is no past but a *twin*: another
//! copy that runs now. It is kept until the person has chosen.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use cwtch_primitives::Address;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::error::{StorageError, TxError};
use super::{Profile, changes, servers};

/// The setting that holds which file the database was in.
pub(super) const FILE_MARK: &str = "database.file";
/// The setting that holds how and when a twin was seen.
const TWIN: &str = "twin";

/// Sign by which it was noticed that another copy of the profile runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SeenBy {
    /// A message under the own name came to a group that was not written here.
    Message,
    /// The own address led to another process.
    Address,
}

/// Another copy of this profile runs elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Twin {
    /// Sign by which it was noticed first.
    pub by: SeenBy,
    /// Time at which it was noticed first, unix seconds.
    pub at: i64,
}

impl Twin {
    fn to_setting(self) -> String {
        let by = match self.by {
            SeenBy::Message => "message",
            SeenBy::Address => "address",
        };
        format!("{by} {}", self.at)
    }

    fn from_setting(text: &str) -> Option<Self> {
        let (by, at) = text.split_once(' ')?;
        let by = match by {
            "message" => SeenBy::Message,
            "address" => SeenBy::Address,
            _ => return None,
        };
        Some(Self { by, at: at.parse().ok()? })
    }
}

impl Profile {
    /// The twin that was seen and about which the person has not chosen.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn twin(&self) -> Result<Option<Twin>, StorageError> {
        // A value that does not read is one of a later version: it says that there is a twin.
        let unread = Twin { by: SeenBy::Message, at: 0 };
        Ok(self.setting(TWIN)?.map(|text| Twin::from_setting(&text).unwrap_or(unread)))
    }

    /// Keeps that a twin was seen; tells whether that is new.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn note_twin(&mut self, twin: Twin) -> Result<bool, StorageError> {
        self.write("note another copy of the profile", |tx| note_twin(tx, twin))
    }

    /// The person says that this is the only copy from now on: every group gets a new chain, and no token from before
    /// is used again. Posts on their way stay as they are.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn confirm_only_copy(&mut self) -> Result<(), StorageError> {
        self.write("go on as the only copy", |tx| {
            tx.execute("DELETE FROM settings WHERE key = ?1", [TWIN])?;
            begin_anew(tx)
        })
    }

    /// Has the groups of a server begin new chains: others may have numbers of the old ones that are not here.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn begin_new_chains(&mut self, server: &Address) -> Result<(), StorageError> {
        self.write("begin new chains", |tx| {
            let server = servers::row_of(tx, server)?;
            new_chains(tx, server)
        })
    }
}

/// Keeps that a twin was seen, unless one was seen before; tells whether that is new.
pub(super) fn note_twin(conn: &Connection, twin: Twin) -> Result<bool, TxError> {
    let new = conn
        .prepare_cached("INSERT OR IGNORE INTO settings (key, value) VALUES (?1, ?2)")?
        .execute(params![TWIN, twin.to_setting()])?;
    Ok(new > 0)
}

/// The groups of a server begin new chains.
pub(super) fn new_chains(conn: &Connection, server: i64) -> Result<(), TxError> {
    conn.prepare_cached(
        "DELETE FROM abandoned
         WHERE (conversation, epoch) IN (SELECT conversation, number FROM epochs WHERE server = ?1)",
    )?
    .execute([server])?;
    conn.prepare_cached("UPDATE epochs SET chain_label = NULL, chain_next = 1 WHERE server = ?1")?
        .execute([server])?;
    Ok(())
}

/// All groups begin new chains, and all wallets are emptied.
fn begin_anew(conn: &Connection) -> Result<(), TxError> {
    conn.execute("DELETE FROM abandoned", [])?;
    conn.execute("UPDATE epochs SET chain_label = NULL, chain_next = 1", [])?;
    conn.execute("DELETE FROM tokens", [])?;
    Ok(())
}

/// Begins anew if the database lies in another file than when it was opened last.
pub(super) fn notice_copy(conn: &mut Connection, file: &Path) -> Result<(), TxError> {
    // A file system that does not tell is no reason not to open.
    let Some(mark) = mark(file) else { return Ok(()) };
    let known: Option<String> = conn
        .query_row("SELECT value FROM settings WHERE key = ?1", [FILE_MARK], |row| row.get(0))
        .optional()?;
    if known.as_ref() == Some(&mark) {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    if known.is_some() {
        tracing::info!("the database was copied; chains and tokens begin anew");
        begin_anew(&tx)?;
        changes::begin_anew(&tx)?;
    }
    tx.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)", [FILE_MARK, &mark])?;
    Ok(tx.commit()?)
}

/// Identity of a file, which a copy of it does not share: its inode, and where the file system tells it, the time at
/// which that was made, in nanoseconds since 1970 (else 0). `None` if the file cannot be examined.
fn mark(file: &Path) -> Option<String> {
    let metadata = file.metadata().ok()?;
    let made = metadata.created().ok().and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    Some(format!("{} {}", metadata.ino(), made.map_or(0, |since| since.as_nanos())))
}
