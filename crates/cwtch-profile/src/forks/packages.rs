//! Packages that are being collected from parts. Parts combine only within one author of a group, or one contact, so that what
//! one of them sends cannot spoil what another does.

use cwtch_protocol::group::fork::{DAY, Member};
use cwtch_wire::group::fork::{ForkId, Package, PackageId, Part};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::carriers;
use super::rows::{member, optional_fork_id, optional_time};
use crate::Profile;
use crate::columns::{broken_blob, from_list};
use crate::error::{StorageError, TxError};
use crate::types::ConversationId;

/// The most packages of one author or contact.
const OF_CARRIER: u32 = 2;
/// The most packages of a conversation.
const OF_CONVERSATION: u32 = 64;
/// Time for which parts are kept.
const KEPT: u64 = 30 * DAY;

/// State of a package that is not a fork that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollectedState {
    /// Parts are missing.
    Collecting,
    /// All parts are here, and no box opened, or nobody tried.
    Complete,
    /// It opened, and is looked at again: its time lies ahead, or its maker is not known yet.
    Waits,
    /// Something in it is false. Its parts are gone.
    Condemned,
}

impl CollectedState {
    pub(super) const fn code(self) -> i64 {
        match self {
            Self::Collecting => 1,
            Self::Complete => 2,
            Self::Waits => 3,
            Self::Condemned => 4,
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        let all = [Self::Collecting, Self::Complete, Self::Waits, Self::Condemned];
        all.into_iter().find(|state| state.code() == code)
    }
}

/// A package that is being collected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collected {
    /// Local number.
    pub id: i64,
    /// The group in which its parts stand, or the conversation with the contact who sent them.
    pub conversation: ConversationId,
    /// The author, or the contact.
    pub carrier: Member,
    /// The package's name.
    pub package: PackageId,
    /// Its state.
    pub state: CollectedState,
    /// Time at which it was complete.
    pub completed: Option<u64>,
    /// The fork that it says it is of.
    pub fork: Option<ForkId>,
    /// The epoch in whose messages it came; `None` where a contact brought it.
    pub epoch: Option<ForkId>,
    /// True if the person was told that it does not open.
    pub told: bool,
}

/// Fate of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartKept {
    /// It is of no use: the package is a known fork's, or complete, or false.
    Known,
    /// Others are missing.
    Waits,
    /// All parts are here now: the row's number.
    Complete(i64),
    /// The parts do not make the package that they say; they are gone.
    False,
}

impl Profile {
    /// Keeps a part that stood in a verified message of a group.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn keep_authors_part(
        &mut self,
        conversation: ConversationId,
        author: &Member,
        epoch: &ForkId,
        part: &Part,
        now: u64,
    ) -> Result<PartKept, StorageError> {
        self.write("keep a part of a package", |tx| keep(tx, conversation, author, Some(epoch), part, now))
    }

    /// Packages in a state, the oldest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn collected(&self, state: CollectedState) -> Result<Vec<Collected>, StorageError> {
        self.read("read collected packages", |conn| in_state(conn, state))
    }

    /// The bytes of a package all of whose parts are here.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn collected_package(&self, id: i64) -> Result<Option<Package>, StorageError> {
        self.read("read a collected package", |conn| package(conn, id))
    }

    /// Notes what a package was found to be. Of one that is condemned only the name stays.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn judge_package(&mut self, id: i64, state: CollectedState) -> Result<(), StorageError> {
        self.write("judge a package", |tx| judge(tx, id, state))
    }

    /// Forgets packages whose parts have been here for too long.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn expire_packages(&mut self, now: u64) -> Result<usize, StorageError> {
        let before = now.saturating_sub(KEPT).cast_signed();
        let old = "SELECT 1 FROM packages WHERE since < ?1";
        if !self.read("look for old packages", |conn| Ok(conn.prepare_cached(old)?.exists([before])?))? {
            return Ok(0);
        }
        let forgotten = self.write("forget old packages", |tx| {
            Ok(tx.prepare_cached("DELETE FROM packages WHERE since < ?1")?.execute([before])?)
        })?;
        Ok(self.erased(forgotten))
    }
}

/// Keeps a part of an author's message in an epoch, or of a contact.
pub(super) fn keep(
    conn: &Connection,
    conversation: ConversationId,
    carrier: &Member,
    epoch: Option<&ForkId>,
    part: &Part,
    now: u64,
) -> Result<PartKept, TxError> {
    let name = part.package();
    if is_known(conn, &name)? {
        return Ok(PartKept::Known);
    }
    let id = row_of(conn, conversation, carrier, epoch, part, now)?;
    let piece = part.to_bytes();
    let before: Option<Vec<u8>> = conn
        .prepare_cached("SELECT bytes FROM package_parts WHERE package = ?1 AND part = ?2")?
        .query_row(params![id, part.index()], |row| row.get(0))
        .optional()?;
    if before.is_some() {
        // The first one counts: the whole must have the name that each of them says.
        return Ok(PartKept::Waits);
    }
    conn.prepare_cached("INSERT INTO package_parts (package, part, bytes) VALUES (?1, ?2, ?3)")?
        .execute(params![id, part.index(), piece])?;
    let parts = parts(conn, id)?;
    if parts.len() < usize::from(part.class().parts()) {
        return Ok(PartKept::Waits);
    }
    let Ok(package) = Package::from_parts(&parts) else {
        conn.prepare_cached("DELETE FROM packages WHERE id = ?1")?.execute([id])?;
        return Ok(PartKept::False);
    };
    conn.prepare_cached("UPDATE packages SET state = ?2, completed = ?3, fork = ?4 WHERE id = ?1")?.execute(
        params![id, CollectedState::Complete.code(), now.cast_signed(), package.fork_id().as_bytes()],
    )?;
    Ok(PartKept::Complete(id))
}

/// True if a package of this name is whole already, whoever brought it, or was found false.
fn is_known(conn: &Connection, name: &PackageId) -> Result<bool, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM fork_contents WHERE name = ?1)
                 OR EXISTS (SELECT 1 FROM packages WHERE package = ?1 AND state <> 1)",
        )?
        .query_row([name.as_bytes()], |row| row.get(0))?)
}

/// The row of a package; where there is no room for a new one, the oldest goes.
fn row_of(
    conn: &Connection,
    conversation: ConversationId,
    carrier: &Member,
    epoch: Option<&ForkId>,
    part: &Part,
    now: u64,
) -> Result<i64, TxError> {
    let (name, parts) = (part.package(), part.class().parts());
    let known: Option<(i64, u8)> = conn
        .prepare_cached(
            "SELECT id, parts FROM packages WHERE conversation = ?1 AND carrier = ?2 AND package = ?3",
        )?
        .query_row(params![conversation.0, carrier.as_bytes(), name.as_bytes()], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    match known {
        Some((id, count)) if count == parts => return Ok(id),
        // Of another size: one of the two is a lie, and both are of one carrier.
        Some((id, _)) => drop(conn.prepare_cached("DELETE FROM packages WHERE id = ?1")?.execute([id])?),
        None => {}
    }
    conn.prepare_cached(
        "DELETE FROM packages WHERE id IN (
             SELECT id FROM packages WHERE conversation = ?1 AND carrier = ?2 ORDER BY id DESC LIMIT -1 OFFSET ?3)",
    )?
    .execute(params![conversation.0, carrier.as_bytes(), OF_CARRIER - 1])?;
    conn.prepare_cached(
        "DELETE FROM packages WHERE id IN (
             SELECT id FROM packages WHERE conversation = ?1 ORDER BY id DESC LIMIT -1 OFFSET ?2)",
    )?
    .execute(params![conversation.0, OF_CONVERSATION - 1])?;
    conn.prepare_cached(
        "INSERT INTO packages (conversation, carrier, package, parts, state, since, epoch)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![
        conversation.0,
        carrier.as_bytes(),
        name.as_bytes(),
        parts,
        CollectedState::Collecting.code(),
        now.cast_signed(),
        epoch.map(ForkId::as_bytes),
    ])?;
    Ok(conn.last_insert_rowid())
}

pub(super) fn package(conn: &Connection, id: i64) -> Result<Option<Package>, TxError> {
    Ok(Package::from_parts(&parts(conn, id)?).ok())
}

fn parts(conn: &Connection, id: i64) -> Result<Vec<Part>, TxError> {
    let mut statement =
        conn.prepare_cached("SELECT bytes FROM package_parts WHERE package = ?1 ORDER BY part")?;
    let rows = statement.query_map([id], |row| {
        let bytes: Vec<u8> = row.get(0)?;
        Part::from_bytes(&bytes).map_err(|_| broken_blob(0))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn judge(conn: &Connection, id: i64, state: CollectedState) -> Result<(), TxError> {
    conn.prepare_cached("UPDATE packages SET state = ?2 WHERE id = ?1")?
        .execute(params![id, state.code()])?;
    if state == CollectedState::Condemned {
        conn.prepare_cached("DELETE FROM package_parts WHERE package = ?1")?.execute([id])?;
    }
    Ok(())
}

/// Something in a package is false: of it only the name stays, and who brought it, which is told.
pub(super) fn condemn(conn: &Connection, id: i64) -> Result<(), TxError> {
    judge(conn, id, CollectedState::Condemned)?;
    carriers::changed(conn, id)
}

/// Forgets a package that is a known fork's now, whoever brought it.
pub(super) fn settled(conn: &Connection, name: &PackageId) -> Result<(), TxError> {
    conn.prepare_cached("DELETE FROM packages WHERE package = ?1")?.execute([name.as_bytes()])?;
    Ok(())
}

pub(super) fn in_state(conn: &Connection, state: CollectedState) -> Result<Vec<Collected>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT id, conversation, carrier, package, state, completed, fork, epoch, told FROM packages
         WHERE state = ?1 AND conversation NOT IN (SELECT conversation FROM erasing) ORDER BY id",
    )?;
    let rows = statement.query_map([state.code()], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Collected> {
    Ok(Collected {
        id: row.get(0)?,
        conversation: ConversationId(row.get(1)?),
        carrier: member(row, 2)?,
        package: PackageId::from_bytes(row.get(3)?),
        state: from_list(row, 4, CollectedState::from_code)?,
        completed: optional_time(row, 5)?,
        fork: optional_fork_id(row, 6)?,
        epoch: optional_fork_id(row, 7)?,
        told: row.get(8)?,
    })
}
