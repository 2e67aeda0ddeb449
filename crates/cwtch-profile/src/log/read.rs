//! Reading what the monitor's changes left.

use std::collections::BTreeSet;

use cwtch_log::{BOUNDARY, EntryId, GRID};
use cwtch_protocol::monitor::{
    Evidence, EvidenceKind, EvidenceObject, GossipClaim, HeadSource, Loss, Noise, ObjectKind, Snapshot,
    StoredHead,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::columns::{broken_blob, broken_integer, unsigned};
use crate::error::TxError;

/// All of a server's log.
pub(in super::super) fn snapshot(conn: &Connection, server: i64) -> Result<Snapshot, TxError> {
    let mut snapshot = tree(conn, server)?;
    let boundaries = "SELECT size, incarnation, bytes FROM log_boundaries WHERE server = ?1";
    snapshot.boundaries = all(conn, boundaries, server, boundary)?;
    let heads = "SELECT number, source, entry, incarnation, bytes FROM log_heads WHERE server = ?1";
    snapshot.heads = all(conn, heads, server, |row| head(row).map(|head| (head.id, head)))?;
    let gossip = "SELECT author, incarnation, size, root, at FROM log_gossip WHERE server = ?1 ORDER BY id";
    snapshot.gossip = all(conn, gossip, server, |row| {
        Ok(GossipClaim {
            author: row.get(0)?,
            incarnation: unsigned(row, 1)?,
            size: unsigned(row, 2)?,
            root: row.get(3)?,
            at: unsigned(row, 4)?,
        })
    })?;
    let found = "SELECT id, kind, incarnation, at, proof FROM evidence WHERE server = ?1 ORDER BY id";
    let found: Vec<(i64, Evidence)> = all(conn, found, server, |row| Ok((row.get(0)?, evidence(row, 1)?)))?;
    for (id, mut evidence) in found {
        evidence.objects = objects(conn, id)?;
        snapshot.evidence.push(evidence);
    }
    Ok(snapshot)
}

/// Snapshot with the part of a server's log by which members' statements about it are judged: the tree, and of the
/// boundary checkpoints, whose number grows with the log, those of the given sizes.
pub(super) fn for_judging(
    conn: &Connection,
    server: i64,
    sizes: &BTreeSet<u64>,
) -> Result<Snapshot, TxError> {
    let mut snapshot = tree(conn, server)?;
    let mut found = conn.prepare_cached(
        "SELECT size, incarnation, bytes FROM log_boundaries WHERE server = ?1 AND size = ?2",
    )?;
    for size in sizes.iter().filter(|size| size.is_multiple_of(BOUNDARY)) {
        let rows = found.query_map(params![server, size.cast_signed()], boundary)?;
        snapshot.boundaries.extend(rows.collect::<Result<Vec<_>, _>>()?);
    }
    Ok(snapshot)
}

/// The tree, who signs it, and what it lost.
fn tree(conn: &Connection, server: i64) -> Result<Snapshot, TxError> {
    let mut snapshot = conn
        .prepare_cached(
            "SELECT pinned, head_incarnation, head, policy, retain, noise_size, noise_draw, stopped, noise_block
             FROM logs WHERE server = ?1",
        )?
        .query_row([server], fixed_part)
        .optional()?
        .unwrap_or_default();
    let certificates = "SELECT incarnation, bytes FROM log_certificates WHERE server = ?1";
    snapshot.certificates = all(conn, certificates, server, |row| Ok((unsigned(row, 0)?, row.get(1)?)))?;
    let ranges = "SELECT size, hashes FROM log_ranges WHERE server = ?1";
    snapshot.ranges = all(conn, ranges, server, |row| Ok((unsigned(row, 0)?, row.get(1)?)))?;
    let ids = "SELECT place, entry FROM log_ids WHERE server = ?1";
    snapshot.ids = all(conn, ids, server, |row| Ok((unsigned(row, 0)?, entry(row, 1)?)))?;
    let losses = "SELECT first, behind, incarnation, at FROM log_losses WHERE server = ?1 ORDER BY id";
    snapshot.losses = all(conn, losses, server, loss)?;
    Ok(snapshot)
}

fn boundary(row: &Row<'_>) -> rusqlite::Result<((u64, u64), Vec<u8>)> {
    Ok(((unsigned(row, 0)?, unsigned(row, 1)?), row.get(2)?))
}

fn all<T, C: FromIterator<T>>(
    conn: &Connection,
    sql: &str,
    key: i64,
    read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<C, TxError> {
    let mut statement = conn.prepare_cached(sql)?;
    let rows = statement.query_map([key], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Part of a snapshot that stands in a row of `logs`.
fn fixed_part(row: &Row<'_>) -> rusqlite::Result<Snapshot> {
    let number =
        |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned));
    let verified = number(1)?.zip(row.get(2)?);
    // Before version 6 every block had 64 entries.
    let block = number(8)?.unwrap_or(GRID);
    let noise = number(5)?.zip(row.get(6)?).map(|(size, draw)| Noise { size, draw, block });
    Ok(Snapshot {
        pinned: number(0)?,
        verified,
        policy: row.get(3)?,
        retain: row.get(4)?,
        noise,
        stopped: row.get(7)?,
        ..Snapshot::default()
    })
}

fn head(row: &Row<'_>) -> rusqlite::Result<StoredHead> {
    let source = match row.get::<_, i64>(1)? {
        0 => HeadSource::Reply,
        1 => HeadSource::Probe,
        2 => HeadSource::Comparison,
        3 => HeadSource::Certificate,
        4 => HeadSource::Receipt { entry: entry(row, 2)? },
        _ => return Err(broken_integer(1)),
    };
    Ok(StoredHead { id: unsigned(row, 0)?, source, incarnation: unsigned(row, 3)?, bytes: row.get(4)? })
}

/// `first`, `behind`, `incarnation` and `at`.
pub(super) fn loss(row: &Row<'_>) -> rusqlite::Result<Loss> {
    Ok(Loss {
        from: unsigned(row, 0)?,
        to: unsigned(row, 1)?,
        incarnation: unsigned(row, 2)?,
        at: unsigned(row, 3)?,
    })
}

/// `kind`, `incarnation`, `at` and `proof` from a column on, without the objects.
pub(super) fn evidence(row: &Row<'_>, first: usize) -> rusqlite::Result<Evidence> {
    let kind = EvidenceKind::from_code(row.get(first)?).ok_or_else(|| broken_integer(first))?;
    Ok(Evidence {
        kind,
        incarnation: unsigned(row, first + 1)?,
        at: unsigned(row, first + 2)?,
        proof: row.get(first + 3)?,
        objects: Vec::new(),
    })
}

/// The objects of a piece of evidence.
pub(super) fn objects(conn: &Connection, evidence: i64) -> Result<Vec<EvidenceObject>, TxError> {
    let sql = "SELECT what, bytes FROM evidence_objects WHERE evidence = ?1 ORDER BY number";
    all(conn, sql, evidence, |row| Ok(EvidenceObject { what: object_kind(row, 0)?, bytes: row.get(1)? }))
}

fn object_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<ObjectKind> {
    Ok(match row.get::<_, i64>(column)? {
        0 => ObjectKind::Certificate,
        1 => ObjectKind::Checkpoint,
        2 => ObjectKind::Policy,
        3 => ObjectKind::Retain,
        4 => ObjectKind::Receipt,
        _ => return Err(broken_integer(column)),
    })
}

fn entry(row: &Row<'_>, column: usize) -> rusqlite::Result<EntryId> {
    let bytes: Option<[u8; 32]> = row.get(column)?;
    bytes.map(EntryId::from_bytes).ok_or_else(|| broken_blob(column))
}
