//! Carriers of packages that are false, or do not open: who put them into the group, or sent them. A carrier need not have made what
//! they carry.

use cwtch_protocol::group::fork::Member;
use cwtch_protocol::group::fork::delivery::Unopened;
use rusqlite::{Connection, params};

use super::packages::{self, CollectedState};
use super::rows::{member, time};
use crate::Profile;
use crate::changes::What;
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// Somebody who brought a package that is of no use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForkCarrier {
    /// The carrier: the author of messages of the group, or a contact who wrote in it.
    pub who: Member,
    /// Time at which its first part came, unix seconds.
    pub since: u64,
    /// True if something in it is false; otherwise it does not open.
    pub is_false: bool,
}

/// The groups that a package is told about: its own, or all in which the contact wrote who brought it.
const GROUPS: &str = "SELECT p.conversation FROM packages p WHERE p.id = ?1 AND p.epoch IS NOT NULL
    UNION SELECT a.conversation FROM packages p JOIN group_authors a ON a.author = p.carrier
        WHERE p.id = ?1 AND p.epoch IS NULL";

impl Profile {
    /// Carriers of packages of a group that are false, or did not open for a day, the newest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn fork_carriers(&self, conversation: ConversationId) -> Result<Vec<ForkCarrier>, StorageError> {
        self.read("read who brought packages", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT p.carrier, p.since, p.state FROM packages p
                 WHERE ((p.conversation = ?1 AND p.epoch IS NOT NULL) OR (p.epoch IS NULL AND EXISTS
                     (SELECT 1 FROM group_authors a WHERE a.conversation = ?1 AND a.author = p.carrier)))
                     AND (p.state = ?2 OR (p.state = ?3 AND p.told = 1))
                 ORDER BY p.since DESC, p.id DESC",
            )?;
            let (condemned, complete) = (CollectedState::Condemned.code(), CollectedState::Complete.code());
            let rows = statement.query_map(params![conversation.0, condemned, complete], |row| {
                let is_false = row.get::<_, i64>(2)? == condemned;
                Ok(ForkCarrier { who: member(row, 0)?, since: time(row, 1)?, is_false })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// Notes that something else is told of a package than before.
pub(super) fn changed(conn: &Connection, package: i64) -> Result<(), TxError> {
    conn.prepare_cached(&format!(
        "INSERT INTO changes (conversation, what) SELECT conversation, ?2 FROM ({GROUPS})"
    ))?
    .execute(params![package, What::Forks.code()])?;
    Ok(())
}

/// Packages that the person is to be told of now: whole for a day, and not open.
pub(super) fn due(conn: &Connection, now: u64) -> Result<Vec<i64>, TxError> {
    let whole = packages::in_state(conn, CollectedState::Complete)?;
    let due = |since, told| Unopened { since, told }.tells(now);
    Ok(whole
        .into_iter()
        .filter(|package| package.completed.is_some_and(|since| due(since, package.told)))
        .map(|package| package.id)
        .collect())
}

/// Tells of a package that does not open.
pub(super) fn tell(conn: &Connection, package: i64) -> Result<(), TxError> {
    conn.prepare_cached("UPDATE packages SET told = 1 WHERE id = ?1")?.execute([package])?;
    changed(conn, package)
}
