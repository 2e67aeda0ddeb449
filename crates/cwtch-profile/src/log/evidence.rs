//! Evidence against servers, as it is listed and exported.

use cwtch_primitives::Address;
use cwtch_protocol::monitor::Evidence;
use rusqlite::OptionalExtension;

use super::read;
use crate::Profile;
use crate::columns::address;
use crate::error::StorageError;

/// A piece of evidence with the number by which a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEvidence {
    /// Its number in this profile, from 1.
    pub id: i64,
    /// The server.
    pub server: Address,
    /// Evidence that the monitor found.
    pub evidence: Evidence,
}

const COLUMNS: &str = "SELECT e.id, s.key, e.kind, e.incarnation, e.at, e.proof
    FROM evidence e JOIN servers s ON s.id = e.server";

impl Profile {
    /// All evidence against all servers, oldest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn evidence(&self) -> Result<Vec<StoredEvidence>, StorageError> {
        self.read("list the evidence", |conn| {
            let mut statement = conn.prepare_cached(&format!("{COLUMNS} ORDER BY e.id"))?;
            let mut found: Vec<StoredEvidence> =
                statement.query_map([], stored)?.collect::<Result<_, _>>()?;
            for piece in &mut found {
                piece.evidence.objects = read::objects(conn, piece.id)?;
            }
            Ok(found)
        })
    }

    /// A piece of evidence by its number.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn evidence_by_id(&self, id: i64) -> Result<Option<StoredEvidence>, StorageError> {
        self.read("read the evidence", |conn| {
            let found = conn
                .prepare_cached(&format!("{COLUMNS} WHERE e.id = ?1"))?
                .query_row([id], stored)
                .optional()?;
            let Some(mut piece) = found else { return Ok(None) };
            piece.evidence.objects = read::objects(conn, piece.id)?;
            Ok(Some(piece))
        })
    }
}

fn stored(row: &rusqlite::Row<'_>) -> rusqlite::Result<StoredEvidence> {
    Ok(StoredEvidence { id: row.get(0)?, server: address(row, 1)?, evidence: read::evidence(row, 2)? })
}
