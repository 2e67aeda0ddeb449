//! Changes, written as the statements of one transaction.

use rusqlite::{Connection, params};

use crate::signer::Nonce;
use crate::store::StoreStatus;
use crate::store::rules::int;
use crate::store::tables::{Boundary, Change, LogRow, LogState, Node};

/// Writes a whole change into the open transaction.
pub(super) fn write(conn: &Connection, change: &Change<'_>) -> Result<(), rusqlite::Error> {
    let Change {
        delete_below,
        shown,
        spent,
        appended,
        nodes,
        void_boundaries_above,
        boundaries,
        certificates,
        row,
    } = change;
    if let Some(below) = delete_below {
        conn.prepare_cached("DELETE FROM messages WHERE seq < ?1")?.execute([below])?;
    }
    if !shown.is_empty() {
        let mut show = conn.prepare_cached("UPDATE messages SET shadowed = 0 WHERE seq = ?1")?;
        for seq in shown {
            show.execute([seq])?;
        }
    }
    if !spent.is_empty() {
        let mut spend = conn.prepare_cached("INSERT INTO spent (token) VALUES (?1)")?;
        for token in spent {
            spend.execute([token])?;
        }
    }
    if !appended.is_empty() {
        let mut message = conn.prepare_cached(
            "INSERT INTO messages (seq, shadowed, signature_hash, signature, ciphertext) \
             VALUES (?1, ?2, ?3, ?4, ?5)",
        )?;
        let mut id = conn.prepare_cached("INSERT INTO entries (seq, id) VALUES (?1, ?2)")?;
        for new in appended {
            let (seq, entry) = (new.seq, new.entry);
            let (signature, ciphertext) = (entry.signature(), entry.ciphertext());
            message.execute(params![seq, new.shadowed, entry.signature_hash(), signature, ciphertext])?;
            id.execute(params![seq, entry.id().as_bytes()])?;
        }
    }
    insert_nodes(conn, nodes)?;
    if let Some(above) = void_boundaries_above {
        conn.execute("DELETE FROM boundaries WHERE size > ?1", [int(*above)])?;
    }
    for Boundary { size, time, bytes } in boundaries {
        conn.prepare_cached("INSERT INTO boundaries (size, time, bytes) VALUES (?1, ?2, ?3)")?
            .execute(params![int(*size), int(*time), bytes])?;
    }
    for (incarnation, bytes) in certificates {
        conn.execute(
            "INSERT INTO certificates (incarnation, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            params![int(*incarnation), bytes],
        )?;
    }
    update_log(conn, row)
}

/// Inserts nodes of the log's tree.
pub(super) fn insert_nodes(conn: &Connection, nodes: &[Node]) -> Result<(), rusqlite::Error> {
    if nodes.is_empty() {
        return Ok(());
    }
    let mut insert = conn.prepare_cached("INSERT INTO nodes (level, place, hash) VALUES (?1, ?2, ?3)")?;
    for Node { level, place, hash } in nodes {
        insert.execute(params![level, int(*place), hash])?;
    }
    Ok(())
}

fn update_log(conn: &Connection, row: &LogRow) -> Result<(), rusqlite::Error> {
    let LogRow { status: StoreStatus { messages, spent, pruned, newest }, log } = row;
    // Where the log began never changes, and its incarnation is the newest certificate's.
    let LogState {
        began: _,
        nonce,
        time,
        signed_size,
        checkpoint,
        retention,
        cap,
        policy,
        min_index,
        retain,
        incarnation: _,
    } = log;
    conn.prepare_cached(
        "UPDATE log SET messages = ?1, spent = ?2, pruned = ?3, newest = ?4, nonce = ?5, time = ?6, \
         signed_size = ?7, checkpoint = ?8, retention = ?9, cap = ?10, policy = ?11, min_index = ?12, retain = ?13",
    )?
    .execute(params![
        int(*messages),
        int(*spent),
        int(*pruned),
        newest,
        nonce.as_ref().map(Nonce::as_bytes),
        int(*time),
        int(*signed_size),
        checkpoint,
        int(*retention),
        int(*cap),
        policy,
        int(*min_index),
        retain
    ])?;
    Ok(())
}
