//! Status of a server's log, as a person is told of it.

use cwtch_log::{Certificate, Checkpoint};
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Change, Loss};
use rusqlite::{Connection, OptionalExtension};

use super::{floor, read};
use crate::Profile;
use crate::columns::{key_bytes, unsigned};
use crate::error::{StorageError, TxError};
use crate::servers;

/// Entries that a server declared lost.
pub type LogLoss = Loss;

/// Status of a server's log in this profile.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LogStatus {
    /// The server must show a log: its certificate is known.
    pub known: bool,
    /// The server ended its log, and said so.
    pub retired: bool,
    /// Entries that are checked.
    pub size: u64,
    /// The time of the newest checkpoint that was used, unix seconds.
    pub checked: Option<u64>,
    /// The index below which the server may have deleted messages.
    pub min_index: u64,
    /// The server cheated and is not synced any more.
    pub stopped: bool,
    /// The alarm about that waits until it is known what it is worth: see [`Profile::release_alarm`].
    pub alarm_held: bool,
    /// Time since when it shows no log although it has one, unix seconds.
    pub downgraded: Option<i64>,
    /// Entries that the server declared lost, oldest first.
    pub losses: Vec<LogLoss>,
    /// Number of pieces of evidence against the server.
    pub evidence: u64,
}

impl Profile {
    /// Reads the status of a server's log.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn log_status(&self, server: &Address) -> Result<LogStatus, StorageError> {
        self.read("read a server's log", |conn| status_of(conn, server))
    }

    /// The pinned certificate of a server's log.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn log_certificate(&self, server: &Address) -> Result<Option<Vec<u8>>, StorageError> {
        self.read("read a server's certificate", |conn| certificate(conn, server))
    }

    /// Notes that a server shows no log although it has one, or shows it again (`None`). Tells whether that is new.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn note_downgrade(&mut self, server: &Address, since: Option<i64>) -> Result<bool, StorageError> {
        self.write("note a missing log", |tx| {
            let row = servers::row_of(tx, server)?;
            let changed = tx.execute(
                "UPDATE logs SET downgraded = ?2 WHERE server = ?1 AND (downgraded IS NULL) <> (?2 IS NULL)",
                rusqlite::params![row, since],
            )?;
            Ok(changed > 0)
        })
    }

    /// Has the alarm about a server told that was held back when it was raised; of every server for `None`, as when a program
    /// ended before it knew what the alarm is worth.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn release_alarm(&mut self, server: Option<&Address>) -> Result<(), StorageError> {
        self.write("tell an alarm", |tx| {
            tx.execute(
                "UPDATE logs SET alarm_held = 0 WHERE alarm_held = 1
                     AND (?1 IS NULL OR server = (SELECT id FROM servers WHERE key = ?1))",
                [server.map(key_bytes)],
            )?;
            Ok(())
        })
    }
}

/// Holds the alarm back that these changes raise, until [`Profile::release_alarm`].
pub(crate) fn hold_alarm(conn: &Connection, server: i64, changes: &[Change]) -> Result<(), TxError> {
    if changes.iter().any(|change| matches!(change, Change::Stopped)) {
        conn.execute("UPDATE logs SET alarm_held = 1 WHERE server = ?1 AND stopped = 0", [server])?;
    }
    Ok(())
}

/// Reads the status of a server's log.
pub(crate) fn status_of(conn: &Connection, server: &Address) -> Result<LogStatus, TxError> {
    let row = servers::row_of(conn, server)?;
    status(conn, row, server)
}

/// The incarnation of a server's log, and how many of its entries are checked; `None` without a log.
pub(crate) fn place_of(conn: &Connection, server: &Address) -> Result<Option<(u64, u64)>, TxError> {
    let pinned: Option<Option<i64>> = conn
        .prepare_cached("SELECT l.pinned FROM servers s JOIN logs l ON l.server = s.id WHERE s.key = ?1")?
        .query_row([key_bytes(server)], |row| row.get(0))
        .optional()?;
    let Some(incarnation) = pinned.flatten() else { return Ok(None) };
    Ok(Some((incarnation.cast_unsigned(), status_of(conn, server)?.size)))
}

/// The pinned certificate of a server's log.
pub(crate) fn certificate(conn: &Connection, server: &Address) -> Result<Option<Vec<u8>>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT c.bytes FROM servers s JOIN logs l ON l.server = s.id
             JOIN log_certificates c ON c.server = s.id AND c.incarnation = l.pinned
             WHERE s.key = ?1",
        )?
        .query_row([key_bytes(server)], |row| row.get(0))
        .optional()?)
}

fn status(conn: &Connection, server: i64, address: &Address) -> Result<LogStatus, TxError> {
    let found = conn
        .prepare_cached(
            "SELECT c.bytes, l.head, l.stopped, l.downgraded,
                 coalesce((SELECT max(place) + 1 FROM log_ids WHERE server = l.server),
                          (SELECT max(size) FROM log_ranges WHERE server = l.server), 0), l.alarm_held
             FROM logs l LEFT JOIN log_certificates c ON c.server = l.server AND c.incarnation = l.pinned
             WHERE l.server = ?1",
        )?
        .query_row([server], |row| {
            let certificate: Option<Vec<u8>> = row.get(0)?;
            let certificate = certificate.and_then(|bytes| Certificate::from_bytes(&bytes, address).ok());
            let head: Option<Vec<u8>> = row.get(1)?;
            Ok(LogStatus {
                known: certificate.is_some(),
                retired: certificate.as_ref().is_some_and(Certificate::is_retired),
                size: unsigned(row, 4)?,
                checked: head.as_deref().and_then(Checkpoint::peek).map(|head| head.time),
                stopped: row.get(2)?,
                downgraded: row.get(3)?,
                alarm_held: row.get(5)?,
                ..LogStatus::default()
            })
        })
        .optional()?;
    let mut status = found.unwrap_or_default();
    status.min_index = floor::min_index(conn, server)?.unwrap_or(0);
    let mut losses = conn.prepare_cached(
        "SELECT first, behind, incarnation, at FROM log_losses WHERE server = ?1 ORDER BY id",
    )?;
    status.losses = losses.query_map([server], read::loss)?.collect::<Result<_, _>>()?;
    status.evidence = conn
        .prepare_cached("SELECT count(*) FROM evidence WHERE server = ?1")?
        .query_row([server], |row| unsigned(row, 0))?;
    Ok(status)
}
