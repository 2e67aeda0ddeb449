//! The index below which a server may have deleted messages.

use cwtch_log::object::RetainFields;
use cwtch_log::{Certificate, Retain};
use rusqlite::{Connection, OptionalExtension, params};

use super::int;
use crate::columns;
use crate::error::TxError;

/// The index below which a server may have deleted entries of the log that it has now, as
/// [`Monitor::min_index`](cwtch_protocol::monitor::Monitor::min_index) has it; `None` without a log.
pub(super) fn min_index(conn: &Connection, server: i64) -> Result<Option<u64>, TxError> {
    let found = conn
        .prepare_cached(
            "SELECT l.pinned, l.retain, s.key FROM logs l JOIN servers s ON s.id = l.server
             WHERE l.server = ?1 AND l.pinned IS NOT NULL",
        )?
        .query_row([server], |row| {
            let (pinned, retain): (i64, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?);
            Ok((pinned.cast_unsigned(), retain, columns::address(row, 2)?))
        })
        .optional()?;
    let Some((pinned, retain, address)) = found else { return Ok(None) };
    let Some(said) = retain.as_deref().and_then(Retain::peek) else { return Ok(Some(0)) };
    let RetainFields { incarnation, min_index, .. } = said;
    let mut certificates =
        conn.prepare_cached("SELECT bytes FROM log_certificates WHERE server = ?1 AND incarnation = ?2")?;
    let mut at = pinned;
    while at != incarnation {
        let bytes: Option<Vec<u8>> =
            certificates.query_row(params![server, int(at)], |row| row.get(0)).optional()?;
        let certificate = bytes.and_then(|bytes| Certificate::from_bytes(&bytes, &address).ok());
        // What was deleted from a log that was lost since says nothing of the present one.
        let continued = certificate.as_ref().and_then(Certificate::previous);
        let Some(before) = continued.filter(|before| before.incarnation < at && min_index <= before.size)
        else {
            return Ok(Some(0));
        };
        at = before.incarnation;
    }
    Ok(Some(min_index))
}
