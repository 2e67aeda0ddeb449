//! The content of forks that opened: what their keys come from, and what is handed on to others.

use core::fmt;

use cwtch_primitives::Zeroizing;
use cwtch_primitives::forks::{EpochKeys, ForkSecret};
use cwtch_wire::group::fork::{ForkId, Notice, OldPart, Package};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::packages;
use crate::Profile;
use crate::columns::broken_blob;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// The content of a fork.
#[derive(Clone, PartialEq, Eq)]
pub struct ForkContent {
    /// Its notice.
    pub notice: Notice,
    /// The group that was forked.
    pub old: OldPart,
    /// Source of the epoch's keys; `None` once it is erased.
    pub secret: Option<ForkSecret>,
    /// The package.
    pub package: Package,
}

impl fmt::Debug for ForkContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ForkContent([redacted])")
    }
}

impl Profile {
    /// The content of a fork that opened.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn fork_content(
        &self,
        conversation: ConversationId,
        fork: &ForkId,
    ) -> Result<Option<ForkContent>, StorageError> {
        self.read("read a fork", |conn| content(conn, conversation, fork))
    }
}

impl ForkContent {
    /// The keys of the epoch; `None` once the secret is erased.
    pub(crate) fn keys(&self) -> Option<EpochKeys> {
        self.secret.as_ref().map(|secret| EpochKeys::derive(secret, &self.notice.core()))
    }
}

/// Keeps the content of a fork, and forgets its package where that was collected.
pub(super) fn keep(
    conn: &Connection,
    conversation: ConversationId,
    content: &ForkContent,
) -> Result<(), TxError> {
    let fork = content.notice.fork_id();
    // A size that no log has was refused where it was read.
    let old = content.old.to_bytes().map_err(|_| StorageError::Damaged)?;
    let name = content.package.id();
    conn.prepare_cached(
        "INSERT OR IGNORE INTO fork_contents (conversation, fork, notice, old, secret, package, name)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        conversation.0,
        fork.as_bytes(),
        content.notice.to_bytes(),
        old,
        content.secret.as_ref().map(ForkSecret::expose),
        content.package.as_bytes(),
        name.as_bytes(),
    ])?;
    packages::settled(conn, &name)
}

pub(super) fn content(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
) -> Result<Option<ForkContent>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT notice, old, secret, package FROM fork_contents WHERE conversation = ?1 AND fork = ?2",
        )?
        .query_row(params![conversation.0, fork.as_bytes()], read)
        .optional()?)
}

/// Forgets the content of a fork.
/// Erases a fork's secret.
pub(super) fn forget_secret(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
) -> Result<(), TxError> {
    conn.prepare_cached("UPDATE fork_contents SET secret = NULL WHERE conversation = ?1 AND fork = ?2")?
        .execute(params![conversation.0, fork.as_bytes()])?;
    Ok(())
}

pub(super) fn forget(conn: &Connection, conversation: ConversationId, fork: &ForkId) -> Result<(), TxError> {
    conn.prepare_cached("DELETE FROM fork_contents WHERE conversation = ?1 AND fork = ?2")?
        .execute(params![conversation.0, fork.as_bytes()])?;
    Ok(())
}

fn read(row: &Row<'_>) -> rusqlite::Result<ForkContent> {
    let (notice, old, package): (Vec<u8>, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(3)?);
    let secret = row.get::<_, Option<[u8; 32]>>(2)?.map(Zeroizing::new);
    Ok(ForkContent {
        notice: Notice::from_bytes(&notice).map_err(|_| broken_blob(0))?,
        old: OldPart::from_bytes(&old).map_err(|_| broken_blob(1))?,
        secret: secret.map(|secret| ForkSecret::new(*secret)),
        package: Package::from_bytes(package).map_err(|_| broken_blob(3))?,
    })
}
