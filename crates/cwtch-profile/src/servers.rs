//! Servers: what their key bundles said first, and what became of their messages.

use cwtch_api::Purpose;
use cwtch_primitives::Address;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Profile;
use super::columns::{address, group_id, issuer, key_bytes, limit, unsigned};
use super::error::{StorageError, TxError};
use super::types::{Added, NewServer, Reject, Server};

/// Maximum number of refused messages that are kept for explanation, for each server; all are counted.
pub const REJECTS_MAX: u32 = 1000;
/// The most bytes of a bundle's JSON.
const BUNDLE_MAX: usize = 64 * 1024;

const COLUMNS: &str = "SELECT key, token_service, issuer, bundle, added, received,
    (SELECT coalesce(sum(count), 0) FROM reject_counts c WHERE c.server = servers.id),
    (SELECT count(*) FROM tokens t WHERE t.server = servers.id)
    FROM servers";

const REJECTS: &str = "SELECT s.key, g.group_id, r.reason, r.at FROM rejects r
    JOIN servers s ON s.id = r.server
    LEFT JOIN epochs g ON g.conversation = r.conversation AND g.state = 1";

impl Profile {
    /// Keeps a server as its verified bundle describes it. The first bundle of a board counts (§1.7).
    ///
    /// # Errors
    /// [`StorageError::BundleChanged`] if another key was seen first: nothing changes.
    /// [`StorageError::TooLong`], or trouble with the database.
    pub fn add_server(&mut self, new: &NewServer, now: i64) -> Result<Added<Server>, StorageError> {
        limit(Purpose::KeyBundle, new.bundle.len(), BUNDLE_MAX)?;
        self.write("add a server", |tx| add(tx, new, now))
    }

    /// All servers, in the order in which they were added.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn servers(&self) -> Result<Vec<Server>, StorageError> {
        self.read("list the servers", |conn| {
            let mut statement = conn.prepare_cached(&format!("{COLUMNS} ORDER BY id"))?;
            let found = statement.query_map([], server)?.collect::<Result<_, _>>()?;
            Ok(found)
        })
    }

    /// A server by its board's address.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn server(&self, board: &Address) -> Result<Option<Server>, StorageError> {
        self.read("read a server", |conn| find(conn, board))
    }

    /// A server by its local number, by which the change feed names it.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn server_by_number(&self, number: i64) -> Result<Option<Server>, StorageError> {
        self.read("read a server", |conn| {
            Ok(conn
                .prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
                .query_row([number], server)
                .optional()?)
        })
    }

    /// The local number of a server.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn server_number(&self, board: &Address) -> Result<i64, StorageError> {
        self.read("look up a server", |conn| row_of(conn, board))
    }

    /// Forgets a server that carries no group: its tokens, its record of messages and what was pinned of it. A group that
    /// names it later meets it for the first time. Done with [`Profile::sweep`].
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], [`StorageError::ServerInUse`], [`StorageError::ServerHasEvidence`], or trouble with
    /// the database.
    pub fn remove_server(&mut self, board: &Address) -> Result<(), StorageError> {
        self.erase("remove a server", |tx| {
            let server = row_of(tx, board)?;
            let has = |sql: &str| tx.prepare_cached(sql)?.exists([server]);
            if has("SELECT 1 FROM epochs WHERE server = ?1")? {
                return Err(StorageError::ServerInUse.into());
            }
            if has("SELECT 1 FROM evidence WHERE server = ?1")? {
                return Err(StorageError::ServerHasEvidence.into());
            }
            tx.execute("DELETE FROM servers WHERE id = ?1", [server])?;
            Ok(())
        })
    }

    /// The newest refused messages of all servers, newest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn rejects(&self, limit: u32) -> Result<Vec<Reject>, StorageError> {
        self.read("list the refused messages", |conn| {
            let mut statement = conn.prepare_cached(&format!("{REJECTS} ORDER BY r.id DESC LIMIT ?1"))?;
            let rows = statement.query_map([limit], reject)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }

    /// A refused message by its number; `None` if it is not kept any more.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn reject(&self, number: i64) -> Result<Option<Reject>, StorageError> {
        self.read("read a refused message", |conn| {
            let sql = format!("{REJECTS} WHERE r.id = ?1");
            Ok(conn.prepare_cached(&sql)?.query_row([number], reject).optional()?)
        })
    }

    /// Number of a server's refused messages for each reason, sorted by reason.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn reject_counts(&self, board: &Address) -> Result<Vec<(String, u64)>, StorageError> {
        self.read("count the refused messages", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT reason, count FROM reject_counts c JOIN servers s ON s.id = c.server
                 WHERE s.key = ?1 ORDER BY reason",
            )?;
            let rows = statement.query_map([key_bytes(board)], |row| Ok((row.get(0)?, unsigned(row, 1)?)))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// As [`Profile::add_server`], whose limits are kept by whoever calls this.
pub(super) fn add(conn: &Connection, new: &NewServer, now: i64) -> Result<Added<Server>, TxError> {
    if let Some(known) = find(conn, &new.board)? {
        if known.token_service != new.token_service || known.issuer != new.issuer {
            return Err(StorageError::BundleChanged.into());
        }
        return Ok(Added::Known(known));
    }
    conn.execute(
        "INSERT INTO servers (key, token_service, issuer, bundle, added) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![key_bytes(&new.board), key_bytes(&new.token_service), new.issuer.as_bytes(), new.bundle, now],
    )?;
    Ok(Added::New(find(conn, &new.board)?.ok_or(StorageError::UnknownServer)?))
}

/// The local number of a server.
pub(super) fn row_of(conn: &Connection, board: &Address) -> Result<i64, TxError> {
    let found = conn
        .prepare_cached("SELECT id FROM servers WHERE key = ?1")?
        .query_row([key_bytes(board)], |row| row.get(0))
        .optional()?;
    Ok(found.ok_or(StorageError::UnknownServer)?)
}

pub(super) fn find(conn: &Connection, board: &Address) -> Result<Option<Server>, TxError> {
    Ok(conn
        .prepare_cached(&format!("{COLUMNS} WHERE key = ?1"))?
        .query_row([key_bytes(board)], server)
        .optional()?)
}

fn server(row: &Row<'_>) -> rusqlite::Result<Server> {
    Ok(Server {
        board: address(row, 0)?,
        token_service: address(row, 1)?,
        issuer: issuer(row, 2)?,
        bundle: row.get(3)?,
        added: row.get(4)?,
        received: unsigned(row, 5)?,
        rejected: unsigned(row, 6)?,
        tokens: unsigned(row, 7)?,
    })
}

fn reject(row: &Row<'_>) -> rusqlite::Result<Reject> {
    let group = row.get::<_, Option<[u8; 16]>>(1)?.map(|_| group_id(row, 1)).transpose()?;
    Ok(Reject { server: address(row, 0)?, group, reason: row.get(2)?, at: row.get(3)? })
}
