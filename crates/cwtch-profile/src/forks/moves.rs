//! Forks that lead to another server. Such a server is added when the fork is followed, and not before: who only knows of a fork
//! dials nobody for it. It is dialled for the first time at a random moment, so that its operator does not see who moves with
//! whom, and what is known of it before is what its board signed: keys and the log's certificate.

use core::ops::RangeInclusive;

use cwtch_primitives::{Address, CryptoRngCore, PublicKey};
use cwtch_protocol::group::fork::delivery::Wait;
use cwtch_protocol::monitor::Monitor;
use cwtch_wire::bundle::KeyBundle;
use cwtch_wire::group::fork::ServerPart;
use rusqlite::{Connection, OptionalExtension, params};

use super::contents::ForkContent;
use crate::columns::key_bytes;
use crate::error::{StorageError, TxError};
use crate::types::NewServer;
use crate::{Profile, log, servers};

/// Length of the wait before a server is dialled for the first time, in seconds.
const FIRST_DIAL: RangeInclusive<u64> = 0..=6 * 3_600;

/// The moment from which on a server is dialled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FirstDial {
    /// It may be dialled.
    Free,
    /// A wait begins as soon as its length is drawn: [`Profile::draw_first_dials`].
    Undrawn,
    /// It is not dialled before this time, unix seconds.
    At(u64),
}

impl Profile {
    /// Tells when a server is dialled for the first time.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn first_dial(&self, server: &Address, now: u64) -> Result<FirstDial, StorageError> {
        self.read("read when a server is dialled", |conn| {
            let (since, seconds): (Option<i64>, Option<i64>) = conn
                .prepare_cached("SELECT wait_since, wait_seconds FROM servers WHERE key = ?1")?
                .query_row([key_bytes(server)], |row| Ok((row.get(0)?, row.get(1)?)))
                .optional()?
                .ok_or(StorageError::UnknownServer)?;
            let Some(since) = since else { return Ok(FirstDial::Free) };
            let Some(seconds) = seconds else { return Ok(FirstDial::Undrawn) };
            let wait = Wait::new(since.cast_unsigned(), seconds.cast_unsigned());
            Ok(if wait.is_over(now) { FirstDial::Free } else { FirstDial::At(wait.end()) })
        })
    }

    /// Draws the lengths of the waits that have none yet. Durable when this returns, so that a restart draws none again.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn draw_first_dials(&mut self, now: u64, rng: &mut impl CryptoRngCore) -> Result<(), StorageError> {
        let undrawn: Vec<i64> = self.read("read when servers are dialled", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT id FROM servers WHERE wait_since IS NOT NULL AND wait_seconds IS NULL ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        if undrawn.is_empty() {
            return Ok(());
        }
        self.write("draw when servers are dialled", |tx| {
            for server in undrawn {
                let Wait { since, seconds } = Wait::drawn(now, FIRST_DIAL, rng);
                tx.execute(
                    "UPDATE servers SET wait_since = ?2, wait_seconds = ?3 WHERE id = ?1",
                    params![server, since.cast_signed(), seconds.cast_signed()],
                )?;
            }
            Ok(())
        })
    }

    /// Servers that are dialled by themselves: those with an epoch of a group that is written in or closing. Of an epoch that
    /// nobody has decided on, its server is not to hear.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn servers_dialled(&self) -> Result<Vec<Address>, StorageError> {
        self.read("list the servers that are dialled", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT key FROM servers s WHERE EXISTS
                     (SELECT 1 FROM epochs e WHERE e.server = s.id AND e.state IN (1, 3) AND e.key IS NOT NULL)
                 ORDER BY id",
            )?;
            let rows = statement.query_map([], |row| crate::columns::address(row, 0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// The keys of the server that a fork leads to, as its package has them; `None` for one that stays.
pub(super) fn server_part(content: &ForkContent) -> Result<Option<ServerPart>, TxError> {
    let secret = content.secret.as_ref().ok_or(StorageError::Damaged)?;
    let opened = content.package.open_with(secret).map_err(|_| StorageError::Damaged)?;
    Ok(opened.server)
}

/// True if a server is known under other keys than these: the first ones that were seen count.
pub(super) fn contradicts(conn: &Connection, part: &ServerPart, board: &PublicKey) -> Result<bool, TxError> {
    let Ok((bundle, _)) = part.verify(board) else { return Ok(true) };
    let known = servers::find(conn, bundle.board())?;
    Ok(known.is_some_and(|known| {
        known.token_service != *bundle.token_service() || known.issuer != *bundle.issuer()
    }))
}

/// Adds the server of a fork where the profile does not have it, and pins the certificate of its log: from the first connection
/// on, it must show that log. True if it is new here.
pub(super) fn add_server(
    conn: &Connection,
    part: &ServerPart,
    board: &PublicKey,
    now: u64,
) -> Result<bool, TxError> {
    let (bundle, certificate) = part.verify(board).map_err(|_| StorageError::Damaged)?;
    let added = servers::add(conn, &new_server(&bundle), now.cast_signed())?.is_new();
    let Some(certificate) = certificate.filter(|_| added) else { return Ok(added) };
    let row = servers::row_of(conn, bundle.board())?;
    let mut monitor = Monitor::restore(*bundle.board(), &log::snapshot(conn, row)?)
        .map_err(|_| StorageError::DamagedLog)?;
    // One that is not used says nothing: the log is pinned when the server shows it.
    if monitor.certificate_learnt(&certificate.to_bytes(), now).is_ok() {
        log::apply(conn, row, &monitor.take_changes())?;
    }
    Ok(added)
}

fn new_server(bundle: &KeyBundle) -> NewServer {
    NewServer {
        board: *bundle.board(),
        token_service: *bundle.token_service(),
        issuer: *bundle.issuer(),
        bundle: bundle.to_json().into_bytes(),
    }
}

/// A server whose first epoch was entered because of somebody else's fork waits for a random moment; one that is dialled for
/// another epoch goes on.
pub(super) fn wait_to_dial(conn: &Connection, board: &PublicKey, now: u64) -> Result<(), TxError> {
    conn.prepare_cached(
        "UPDATE servers SET wait_since = ?2, wait_seconds = NULL
         WHERE key = ?1 AND 1 = (SELECT count(*) FROM epochs e
             WHERE e.server = servers.id AND e.state IN (1, 3) AND e.key IS NOT NULL)",
    )?
    .execute(params![board.as_bytes(), now.cast_signed()])?;
    Ok(())
}
