//! Writing the monitor's changes.

use cwtch_protocol::monitor::{Change, Evidence, HeadSource, ObjectKind};
use rusqlite::{Connection, params};

use super::int;
use super::own;
use crate::profile::error::Fault;

/// Writes changes in their order, as [`cwtch_protocol::monitor::Snapshot::apply`] defines them.
pub(in crate::profile) fn apply(conn: &Connection, server: i64, changes: &[Change]) -> Result<(), Fault> {
    if changes.is_empty() {
        return Ok(());
    }
    conn.prepare_cached("INSERT OR IGNORE INTO logs (server) VALUES (?1)")?.execute([server])?;
    for (change, floor) in changes.iter().zip(floors(changes)) {
        one(conn, server, change, floor)?;
    }
    Ok(())
}

/// For each change, the index below which the ids that it adds are forgotten by a later one of the same transaction:
/// a replay adds hundreds at each boundary and keeps those of the last two.
fn floors(changes: &[Change]) -> Vec<u64> {
    let mut floor = 0;
    let mut floors: Vec<u64> = changes
        .iter()
        .rev()
        .map(|change| match change {
            Change::Grown { ids_from, .. } => {
                floor = floor.max(*ids_from);
                floor
            }
            Change::Restarted { .. } | Change::Rewound { .. } | Change::StartedOver => {
                floor = 0;
                0
            }
            _ => floor,
        })
        .collect();
    floors.reverse();
    floors
}

fn one(conn: &Connection, server: i64, change: &Change, floor: u64) -> Result<(), Fault> {
    match change {
        Change::Certificate { incarnation, bytes } => run(
            conn,
            "INSERT OR REPLACE INTO log_certificates (server, incarnation, bytes) VALUES (?1, ?2, ?3)",
            params![server, int(*incarnation), bytes],
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
        Change::Grown { .. } => grown(conn, server, change, floor),
        Change::Boundary { size, incarnation, bytes } => run(
            conn,
            "INSERT OR REPLACE INTO log_boundaries (server, size, incarnation, bytes) VALUES (?1, ?2, ?3, ?4)",
            params![server, int(*size), int(*incarnation), bytes],
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
            "UPDATE logs SET noise_size = ?2, noise_draw = ?3 WHERE server = ?1",
            params![server, int(noise.size), noise.draw],
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
fn passed_over(conn: &Connection, server: i64, to: u64) -> Result<(), Fault> {
    run(
        conn,
        "INSERT OR REPLACE INTO log_unread (server, first, behind) SELECT ?1, size, ?2 FROM (
             SELECT coalesce((SELECT max(place) + 1 FROM log_ids WHERE server = ?1),
                             (SELECT max(size) FROM log_ranges WHERE server = ?1), 0) AS size)
         WHERE size < ?2",
        params![server, int(to)],
    )
}

fn grown(conn: &Connection, server: i64, change: &Change, floor: u64) -> Result<(), Fault> {
    let Change::Grown { first, ids, ranges, ids_from, ranges_from, checkpoint, incarnation } = change else {
        return Ok(());
    };
    let mut add =
        conn.prepare_cached("INSERT OR REPLACE INTO log_ids (server, place, entry) VALUES (?1, ?2, ?3)")?;
    for (index, id) in (*first..).zip(ids).filter(|(index, _)| *index >= floor) {
        add.execute(params![server, int(index), id.as_bytes()])?;
    }
    for (size, hashes) in ranges {
        add_range(conn, server, *size, hashes)?;
    }
    run(conn, "DELETE FROM log_ids WHERE server = ?1 AND place < ?2", params![server, int(*ids_from)])?;
    run(conn, "DELETE FROM log_ranges WHERE server = ?1 AND size < ?2", params![server, int(*ranges_from)])?;
    run(
        conn,
        "UPDATE logs SET head_incarnation = ?2, head = ?3 WHERE server = ?1",
        params![server, int(*incarnation), checkpoint],
    )
}

fn add_range(conn: &Connection, server: i64, size: u64, hashes: &[u8]) -> Result<(), Fault> {
    run(
        conn,
        "INSERT OR REPLACE INTO log_ranges (server, size, hashes) VALUES (?1, ?2, ?3)",
        params![server, int(size), hashes],
    )
}

fn keep_evidence(conn: &Connection, server: i64, evidence: &Evidence) -> Result<(), Fault> {
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
fn start_over(conn: &Connection, server: i64) -> Result<(), Fault> {
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

/// What an object of evidence is, as a number.
fn object_code(what: ObjectKind) -> u8 {
    match what {
        ObjectKind::Certificate => 0,
        ObjectKind::Checkpoint => 1,
        ObjectKind::Policy => 2,
        ObjectKind::Retain => 3,
        ObjectKind::Receipt => 4,
    }
}

fn run(conn: &Connection, sql: &str, params: &[&dyn rusqlite::ToSql]) -> Result<(), Fault> {
    conn.prepare_cached(sql)?.execute(params)?;
    Ok(())
}
