//! Writing the monitor's changes.

use std::collections::HashSet;
use std::rc::Rc;

use cwtch_protocol::group::leaves_own_chain;
use cwtch_protocol::monitor::{Change, Evidence, HeadSource, ObjectKind};
use rusqlite::{Connection, OptionalExtension, params};

use super::int;
use super::own;
use crate::copies;
use crate::error::TxError;

/// Stretches of a log that were passed over and are kept apart, for each server.
const UNREAD_MAX: u32 = 64;

/// Writes changes in their order, as [`cwtch_protocol::monitor::Snapshot::apply`] defines them.
pub(crate) fn apply(conn: &Connection, server: i64, changes: &[Change]) -> Result<(), TxError> {
    if changes.is_empty() {
        return Ok(());
    }
    conn.prepare_cached("INSERT OR IGNORE INTO logs (server) VALUES (?1)")?.execute([server])?;
    for (change, forgotten) in changes.iter().zip(forgotten(changes)) {
        one(conn, server, change, &forgotten)?;
    }
    Ok(())
}

/// Rows that later changes of the same transaction forget: they are not stored first.
#[derive(Clone, Default)]
struct Forgotten {
    /// Ids below this index: a replay adds hundreds at each boundary and keeps those of the last two.
    below: u64,
    /// Ranges of these sizes.
    ranges: Rc<HashSet<u64>>,
}

/// Rows that each change and those behind it forget: one item for each change, in their order.
fn forgotten(changes: &[Change]) -> Vec<Forgotten> {
    let mut so_far = Forgotten::default();
    let mut all: Vec<Forgotten> = changes
        .iter()
        .rev()
        .map(|change| {
            match change {
                Change::Grown { ids_from, ranges_gone, .. } => {
                    so_far.below = so_far.below.max(*ids_from);
                    Rc::make_mut(&mut so_far.ranges).extend(ranges_gone);
                }
                Change::Restarted { .. } | Change::Rewound { .. } | Change::StartedOver => {
                    so_far = Forgotten::default();
                }
                _ => {}
            }
            so_far.clone()
        })
        .collect();
    all.reverse();
    all
}

fn one(conn: &Connection, server: i64, change: &Change, forgotten: &Forgotten) -> Result<(), TxError> {
    if leaves_own_chain(change) {
        copies::new_chains(conn, server)?;
    }
    match change {
        Change::Certificate { incarnation, bytes } => run(
            conn,
            "INSERT OR REPLACE INTO log_certificates (server, incarnation, bytes) VALUES (?1, ?2, ?3)",
            params![server, int(*incarnation), bytes],
        ),
        Change::CertificateGone(incarnation) => run(
            conn,
            "DELETE FROM log_certificates WHERE server = ?1 AND incarnation = ?2",
            params![server, int(*incarnation)],
        ),
        Change::Pinned(incarnation) => {
            run(conn, "UPDATE logs SET pinned = ?2 WHERE server = ?1", params![server, int(*incarnation)])
        }
        Change::Restarted { size, range } => {
            passed_over(conn, server, *size)?;
            run(conn, "DELETE FROM log_ids WHERE server = ?1", params![server])?;
            run(conn, "DELETE FROM log_ranges WHERE server = ?1", params![server])?;
            // The range of size 0 goes without saying.
            if *size > 0 { add_range(conn, server, *size, range) } else { Ok(()) }
        }
        Change::Rewound { size } => {
            let size = int(*size);
            run(conn, "DELETE FROM log_ids WHERE server = ?1 AND place >= ?2", params![server, size])?;
            run(conn, "DELETE FROM log_ranges WHERE server = ?1 AND size > ?2", params![server, size])?;
            run(
                conn,
                "UPDATE logs SET head = NULL, head_incarnation = NULL WHERE server = ?1",
                params![server],
            )
        }
        Change::Grown { .. } => grown(conn, server, change, forgotten),
        Change::Boundary { size, incarnation, bytes } => run(
            conn,
            "INSERT OR REPLACE INTO log_boundaries (server, size, incarnation, bytes) VALUES (?1, ?2, ?3, ?4)",
            params![server, int(*size), int(*incarnation), bytes],
        ),
        Change::BoundaryGone { size, incarnation } => run(
            conn,
            "DELETE FROM log_boundaries WHERE server = ?1 AND size = ?2 AND incarnation = ?3",
            params![server, int(*size), int(*incarnation)],
        ),
        Change::Policy(bytes) => {
            run(conn, "UPDATE logs SET policy = ?2 WHERE server = ?1", params![server, bytes])
        }
        Change::Retain(bytes) => {
            own::forget_expired(conn, server, bytes)?;
            run(conn, "UPDATE logs SET retain = ?2 WHERE server = ?1", params![server, bytes])
        }
        Change::Noise(noise) => run(
            conn,
            "UPDATE logs SET noise_size = ?2, noise_draw = ?3, noise_block = ?4 WHERE server = ?1",
            params![server, int(noise.size), noise.draw, int(noise.block)],
        ),
        Change::HeadAdded(head) => {
            let (source, entry) = source_code(&head.source);
            run(
                conn,
                "INSERT OR REPLACE INTO log_heads (server, number, source, entry, incarnation, bytes)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![server, int(head.id), source, entry, int(head.incarnation), head.bytes],
            )
        }
        Change::HeadGone(id) => {
            run(conn, "DELETE FROM log_heads WHERE server = ?1 AND number = ?2", params![server, int(*id)])
        }
        Change::Loss { loss, replaces_last } => {
            if *replaces_last {
                run(
                    conn,
                    "DELETE FROM log_losses WHERE id = (SELECT max(id) FROM log_losses WHERE server = ?1)",
                    params![server],
                )?;
            }
            run(
                conn,
                "INSERT INTO log_losses (server, first, behind, incarnation, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![server, int(loss.from), int(loss.to), int(loss.incarnation), int(loss.at)],
            )?;
            own::queue_lost(conn, server, loss.from)
        }
        Change::Evidence(evidence) => keep_evidence(conn, server, evidence),
        Change::Stopped => run(conn, "UPDATE logs SET stopped = 1 WHERE server = ?1", params![server]),
        Change::Gossip(claim) => run(
            conn,
            "INSERT INTO log_gossip (server, author, incarnation, size, root, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![server, claim.author, int(claim.incarnation), int(claim.size), claim.root, int(claim.at)],
        ),
        Change::GossipGone { author } => run(
            conn,
            "DELETE FROM log_gossip WHERE id =
                 (SELECT min(id) FROM log_gossip WHERE server = ?1 AND author = ?2)",
            params![server, author],
        ),
        Change::StartedOver => start_over(conn, server),
    }
}

/// Entries up to a size were deleted by the server before they were read.
fn passed_over(conn: &Connection, server: i64, to: u64) -> Result<(), TxError> {
    run(
        conn,
        "INSERT OR REPLACE INTO log_unread (server, first, behind) SELECT ?1, size, ?2 FROM (
             SELECT coalesce((SELECT max(place) + 1 FROM log_ids WHERE server = ?1),
                             (SELECT max(size) FROM log_ranges WHERE server = ?1), 0) AS size)
         WHERE size < ?2",
        params![server, int(to)],
    )?;
    // The oldest are told together beyond a number: it only says that something may have expired.
    let surplus =
        "SELECT first, behind FROM log_unread WHERE server = ?1 ORDER BY first DESC LIMIT 1 OFFSET ?2";
    let oldest = conn
        .prepare_cached(surplus)?
        .query_row(params![server, UNREAD_MAX], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((first, behind)) = oldest else { return Ok(()) };
    run(conn, "DELETE FROM log_unread WHERE server = ?1 AND first = ?2", params![server, first])?;
    run(
        conn,
        "UPDATE log_unread SET first = ?2, behind = max(behind, ?3) WHERE server = ?1 AND first =
             (SELECT min(first) FROM log_unread WHERE server = ?1)",
        params![server, first, behind],
    )
}

fn grown(conn: &Connection, server: i64, change: &Change, forgotten: &Forgotten) -> Result<(), TxError> {
    let Change::Grown { first, ids, ranges, ids_from, ranges_gone, checkpoint, incarnation } = change else {
        return Ok(());
    };
    let mut add =
        conn.prepare_cached("INSERT OR REPLACE INTO log_ids (server, place, entry) VALUES (?1, ?2, ?3)")?;
    for (index, id) in (*first..).zip(ids).filter(|(index, _)| *index >= forgotten.below) {
        add.execute(params![server, int(index), id.as_bytes()])?;
    }
    for (size, hashes) in ranges.iter().filter(|(size, _)| !forgotten.ranges.contains(size)) {
        add_range(conn, server, *size, hashes)?;
    }
    run(conn, "DELETE FROM log_ids WHERE server = ?1 AND place < ?2", params![server, int(*ids_from)])?;
    let mut forget = conn.prepare_cached("DELETE FROM log_ranges WHERE server = ?1 AND size = ?2")?;
    for size in ranges_gone {
        forget.execute(params![server, int(*size)])?;
    }
    run(
        conn,
        "UPDATE logs SET head_incarnation = ?2, head = ?3 WHERE server = ?1",
        params![server, int(*incarnation), checkpoint],
    )
}

fn add_range(conn: &Connection, server: i64, size: u64, hashes: &[u8]) -> Result<(), TxError> {
    run(
        conn,
        "INSERT OR REPLACE INTO log_ranges (server, size, hashes) VALUES (?1, ?2, ?3)",
        params![server, int(size), hashes],
    )
}

fn keep_evidence(conn: &Connection, server: i64, evidence: &Evidence) -> Result<(), TxError> {
    run(
        conn,
        "INSERT INTO evidence (server, kind, incarnation, at, proof) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![server, evidence.kind.code(), int(evidence.incarnation), int(evidence.at), evidence.proof],
    )?;
    let id = conn.last_insert_rowid();
    for (number, object) in evidence.objects.iter().enumerate() {
        run(
            conn,
            "INSERT INTO evidence_objects (evidence, number, what, bytes) VALUES (?1, ?2, ?3, ?4)",
            params![id, i64::try_from(number).unwrap_or(i64::MAX), object_code(object.what), object.bytes],
        )?;
    }
    Ok(())
}

/// Everything about the log is forgotten but what the server did wrong or declared lost.
fn start_over(conn: &Connection, server: i64) -> Result<(), TxError> {
    for table in ["log_unread", "log_certificates", "log_ranges", "log_ids", "log_boundaries", "log_heads"] {
        run(conn, &format!("DELETE FROM {table} WHERE server = ?1"), params![server])?;
    }
    run(conn, "DELETE FROM logs WHERE server = ?1", params![server])?;
    run(conn, "INSERT INTO logs (server) VALUES (?1)", params![server])?;
    own::forget_places(conn, server)
}

/// A source's number, and the entry that it names.
fn source_code(source: &HeadSource) -> (u8, Option<&[u8; 32]>) {
    match source {
        HeadSource::Reply => (0, None),
        HeadSource::Probe => (1, None),
        HeadSource::Comparison => (2, None),
        HeadSource::Certificate => (3, None),
        HeadSource::Receipt { entry } => (4, Some(entry.as_bytes())),
    }
}

/// Number by which the database names the kind of an object of evidence.
fn object_code(what: ObjectKind) -> u8 {
    match what {
        ObjectKind::Certificate => 0,
        ObjectKind::Checkpoint => 1,
        ObjectKind::Policy => 2,
        ObjectKind::Retain => 3,
        ObjectKind::Receipt => 4,
    }
}

fn run(conn: &Connection, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<(), TxError> {
    conn.prepare_cached(sql)?.execute(params)?;
    Ok(())
}
