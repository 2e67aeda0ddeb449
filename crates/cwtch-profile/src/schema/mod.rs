//! The database's versions: numbered migrations, each applied once, in one transaction.

use rusqlite::{Connection, TransactionBehavior};

use super::error::{StorageError, TxError};

/// One script for each version, in order. A released script never changes.
const MIGRATIONS: &[&str] = &[
    include_str!("0001_initial.sql"),
    include_str!("0002_last_seen.sql"),
    include_str!("0003_log.sql"),
    include_str!("0004_transcript.sql"),
    include_str!("0005_indexes.sql"),
    include_str!("0006_blocks.sql"),
    include_str!("0007_erased.sql"),
    include_str!("0008_order.sql"),
    include_str!("0009_names.sql"),
    include_str!("0010_drafts.sql"),
    include_str!("0011_changes.sql"),
    include_str!("0012_conversations.sql"),
    include_str!("0013_bounded.sql"),
    include_str!("0014_told.sql"),
    include_str!("0015_forks.sql"),
    include_str!("0016_days.sql"),
    include_str!("0017_epochs.sql"),
    include_str!("0018_forgetting.sql"),
    include_str!("0019_postings.sql"),
    include_str!("0020_between_contacts.sql"),
    include_str!("0021_moves.sql"),
    include_str!("0022_hidden.sql"),
    include_str!("0023_search.sql"),
    include_str!("0024_vanishing.sql"),
    include_str!("0025_people.sql"),
];

/// The version that this program writes.
pub(super) fn current_version() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Brings a database to [`current_version`]; each step is durable before the next one begins.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), TxError> {
    let mut version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if version < 0 {
        return Err(StorageError::Damaged.into());
    }
    if version > current_version() {
        return Err(StorageError::NewerVersion.into());
    }
    while let Some(script) = usize::try_from(version).ok().and_then(|done| MIGRATIONS.get(done)) {
        let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        tx.execute_batch(script)?;
        version += 1;
        tx.pragma_update(None, "user_version", version)?;
        tx.commit()?;
        tracing::debug!(version, "database migrated");
    }
    Ok(())
}
