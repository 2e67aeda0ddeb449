//! Order of the messages of a conversation, also when their server takes their places in its log away.
//!
//! A message's *place* is a number; messages are read by growing place, and by growing id among equals. In a conversation with a
//! contact all places are 0, so that ids tell the order: that of arrival and of sending. In a group the machine says where a message
//! stands (`cwtch_protocol::group`); a trigger of the database does the same whenever its state, index or position changes
//! (schema/0010_drafts.sql). What was given up or confirmed without being shown stands behind what was there then, and what the
//! server lost before what replaces it.

use cwtch_protocol::group::LAST;
use rusqlite::{Connection, params};

use crate::changes::What;
use crate::error::TxError;

/// The beginning of what was read before a log was read anew.
const EARLIER: i64 = -(1 << 52);

/// A server declared the entries from an index on lost: those that are held stand before what comes in their place.
/// Called while they have their indexes.
pub(crate) fn lost(conn: &Connection, server: i64, from: i64) -> Result<(), TxError> {
    move_many(conn, server, || {
        conn.prepare_cached(
            "UPDATE messages SET place = 2 * ?2 WHERE log_index >= ?2 AND place < ?3
                 AND (conversation, epoch) IN (SELECT conversation, number FROM epochs WHERE server = ?1)",
        )?
        .execute(params![server, from, LAST])
    })
}

/// The log of a server is read anew: what is held keeps its order, before all that comes.
pub(crate) fn start_over(conn: &Connection, server: i64) -> Result<(), TxError> {
    move_many(conn, server, || {
        conn.prepare_cached(
            "UPDATE messages SET place = ?2 + 2 * ranked.number FROM (
                 SELECT id, row_number() OVER (PARTITION BY conversation ORDER BY place, id) AS number
                 FROM messages
                 WHERE place < ?3 AND (conversation, epoch) IN
                     (SELECT conversation, number FROM epochs WHERE server = ?1)) AS ranked
             WHERE messages.id = ranked.id",
        )?
        .execute(params![server, EARLIER, LAST])
    })
}

/// Moves messages of a server's groups; of each group, one change is told, not one of each message.
fn move_many(
    conn: &Connection,
    server: i64,
    work: impl FnOnce() -> rusqlite::Result<usize>,
) -> Result<(), TxError> {
    conn.execute("INSERT INTO moving (id) VALUES (1)", [])?;
    let moved = work()?;
    conn.execute("DELETE FROM moving", [])?;
    if moved > 0 {
        conn.execute(
            "INSERT INTO changes (conversation, what) SELECT DISTINCT conversation, ?2 FROM epochs WHERE server = ?1",
            params![server, What::Order.code()],
        )?;
    }
    Ok(())
}
