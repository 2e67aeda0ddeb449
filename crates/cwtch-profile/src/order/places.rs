//! Order of the messages of a conversation, also when their server takes their places in its log away.
//!
//! A message's *place* is a number; messages are read by growing place, and by growing id among equals. In a conversation with a
//! contact all places are 0, so that ids tell the order: that of arrival and of sending. In a group the machine says where a message
//! stands (`cwtch_protocol::group`); a trigger of the database does the same whenever its state, index or position changes
//! (schema/0021_moves.sql). What was given up or confirmed without being shown stands behind what was there then, and what the
//! server lost before what replaces it.

use cwtch_protocol::group::{EARLIER, LAST};
use rusqlite::{Connection, params};

use crate::changes::What;
use crate::error::TxError;

/// A server declared the entries from an index on lost: those that are held stand before what comes in their place.
/// Called while they have their indexes.
pub(crate) fn lost(conn: &Connection, server: i64, from: i64) -> Result<(), TxError> {
    move_many(conn, server, || {
        conn.prepare_cached(
            // As `Stretch::place` of what stands right before the index. What stands before the stretch was read before the
            // group came back to this server.
            "UPDATE messages SET place = CASE e.stretch WHEN 0 THEN 2 * ?2
                     ELSE e.stretch + 17592186044416 + min(2 * ?2, 17592186044414) END
             FROM epochs e
             WHERE e.server = ?1 AND messages.conversation = e.conversation AND messages.epoch = e.number
                 AND messages.log_index >= ?2 AND messages.place < ?3
                 AND (e.stretch = 0 OR messages.place >= e.stretch)",
        )?
        .execute(params![server, from, LAST])
    })
}

/// The log of a server is read anew: what is held keeps its order, before all that comes.
pub(crate) fn start_over(conn: &Connection, server: i64) -> Result<(), TxError> {
    move_many(conn, server, || {
        conn.prepare_cached(
            // Within a stretch, it is before what comes there; what stands in others does not move.
            "UPDATE messages SET place = ranked.begins + 2 * ranked.number FROM (
                 SELECT m.id, CASE e.stretch WHEN 0 THEN ?2 ELSE e.stretch END AS begins,
                     row_number() OVER (PARTITION BY m.conversation, e.stretch ORDER BY m.place, m.id) AS number
                 FROM epochs e JOIN messages m ON m.conversation = e.conversation AND m.epoch = e.number
                 WHERE e.server = ?1 AND m.place < ?3 AND (e.stretch = 0 OR m.place >= e.stretch)) AS ranked
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
