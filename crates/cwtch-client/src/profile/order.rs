//! Where messages stand in their conversation: one order of a group for all its members.
//!
//! A message's *place* is a number; messages are read by growing place, and by growing id among equals. In a conversation with a
//! contact all places are 0, so that ids tell the order: that of arrival and of sending. In a group the server tells it:
//!
//! - A message with an index in its server's log stands at `2 × index + 1`. The server signed the index, so all members have
//!   the same order, whenever and by whatever way the message came.
//! - On a server without a log it stands at `PLAIN + 2 × position + 1`, in the order in which the server showed it; this lies
//!   before everything that the server shows once it has a log.
//! - What is on its way stands at `LAST`, behind everything.
//! - Even places are for what the server does not place: what was given up or confirmed without being shown stands behind
//!   what was there then, what the server lost before what replaces it, and what only a member could give before the
//!   message that shows that it was there earlier. So an answer never stands before its question.
//!
//! A trigger of the database gives a message its place whenever its state, index or position changes
//! (schema/0010_drafts.sql); here is what takes more than that message to decide.

use rusqlite::{Connection, params};

use super::changes::What;
use super::error::Fault;
use super::transcript::AUTHOR_LIES;
use super::types::{MessageId, MessageState};

/// The place of what is on its way.
pub(super) const LAST: i64 = 1 << 52;
/// The beginning of what servers without a log show.
const PLAIN: i64 = -(1 << 50);
/// The beginning of what was read before a log was read anew.
const EARLIER: i64 = -(1 << 52);
/// Indexes beyond it are no log's.
const INDEX_MAX: i64 = 1 << 48;

/// The place of a group message that is stored now.
pub(super) fn at_first(state: MessageState, index: Option<u64>, position: Option<i64>) -> i64 {
    match (state, index, position) {
        (MessageState::Queued | MessageState::Sent, ..) => LAST,
        (_, Some(index), _) => 2 * i64::try_from(index).unwrap_or(INDEX_MAX).min(INDEX_MAX) + 1,
        (_, None, Some(position)) => 2 * position + 1 + PLAIN,
        (_, None, None) => LAST,
    }
}

/// A message came that others had named, or that was missing in its author's chain: it stands before them although the
/// server shows it later, or not at all.
///
/// That is sound: a name is a hash of the message, so whoever names it has it, and the server signed where they stand.
/// Where it stood before them, its author's or another member's word tells: nobody here can see it any more.
pub(super) fn before_answers(conn: &Connection, message: MessageId) -> Result<(), Fault> {
    conn.prepare_cached(
        "UPDATE messages SET place = before.place FROM (
             SELECT min(place) AS place FROM (
                 SELECT min(child.place - 2 + (child.place & 1),
                            CASE WHEN p.log_index BETWEEN 0 AND child.log_index THEN 2 * p.log_index ELSE ?2 END) AS place
                 FROM messages m
                 JOIN parents p ON p.conversation = m.conversation AND p.entry = substr(m.entry_id, 1, 20)
                 JOIN messages child ON child.id = p.message
                 WHERE m.id = ?1 AND p.verdict <> ?3 AND child.place < ?2
                 UNION ALL
                 SELECT child.place - 2 + (child.place & 1) FROM messages m
                 JOIN messages child ON child.conversation = m.conversation AND child.author = m.author
                     AND child.chain_label = m.chain_label AND child.chain_sequence = m.chain_sequence + 1
                 WHERE m.id = ?1 AND child.place < ?2)) AS before
         WHERE id = ?1 AND before.place < messages.place",
    )?
    .execute(params![message.0, LAST, AUTHOR_LIES])?;
    Ok(())
}

/// A server declared the entries from an index on lost: those that are held stand before what comes in their place.
/// Called while they have their indexes.
pub(super) fn lost(conn: &Connection, server: i64, from: i64) -> Result<(), Fault> {
    move_many(conn, server, || {
        conn.prepare_cached(
            "UPDATE messages SET place = 2 * ?2 WHERE log_index >= ?2 AND place < ?3
                 AND conversation IN (SELECT conversation FROM epochs WHERE server = ?1)",
        )?
        .execute(params![server, from, LAST])
    })
}

/// The log of a server is read anew: what is held keeps its order, before all that comes.
pub(super) fn start_over(conn: &Connection, server: i64) -> Result<(), Fault> {
    move_many(conn, server, || {
        conn.prepare_cached(
            "UPDATE messages SET place = ?2 + 2 * ranked.number FROM (
                 SELECT id, row_number() OVER (PARTITION BY conversation ORDER BY place, id) AS number
                 FROM messages
                 WHERE place < ?3 AND conversation IN (SELECT conversation FROM epochs WHERE server = ?1)) AS ranked
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
) -> Result<(), Fault> {
    conn.execute("INSERT INTO moving (id) VALUES (1)", [])?;
    let moved = work()?;
    conn.execute("DELETE FROM moving", [])?;
    if moved > 0 {
        conn.execute(
            "INSERT INTO changes (conversation, what) SELECT conversation, ?2 FROM epochs WHERE server = ?1",
            params![server, What::Order.code()],
        )?;
    }
    Ok(())
}
