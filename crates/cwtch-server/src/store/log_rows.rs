//! The rows of the log: what was signed last, the certificates, the boundary checkpoints.

use cwtch_log::{Certificate, Checkpoint, Policy, Retain};
use cwtch_wire::board::{CERTIFICATE_LEN, CHAIN_MAX, Certificates, CheckpointBytes, POLICY_LEN, RETAIN_LEN};
use rusqlite::{Connection, OptionalExtension, params};

use super::tree::int;
use super::{Seq, StoreError};
use crate::signer::Nonce;

type CertificateBytes = [u8; CERTIFICATE_LEN];

/// Where the log stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LogState {
    /// Messages that had been deleted before the log began.
    pub(crate) began: Seq,
    /// What the guard beside the log key must have, too.
    pub(crate) nonce: Option<Nonce>,
    /// The last signed time, in unix seconds; 0 if nothing was signed.
    pub time: u64,
    /// The size of the newest checkpoint.
    pub signed_size: u64,
    /// Its bytes; `None` if there is none of this incarnation.
    pub(crate) checkpoint: Option<CheckpointBytes>,
    /// How long bodies are kept, as promised, in seconds.
    pub retention: u64,
    /// The storage cap of the newest policy, 0 for none.
    pub(crate) cap: u64,
    pub(crate) policy: Option<[u8; POLICY_LEN]>,
    /// Bodies below this index may be gone.
    pub min_index: u64,
    pub(crate) retain: Option<[u8; RETAIN_LEN]>,
    /// The newest certificate's `not_before`, in unix seconds; `None` while there is no log.
    pub incarnation: Option<u64>,
}

impl LogState {
    pub(super) fn load(conn: &Connection) -> Result<Self, StoreError> {
        let load = || {
            conn.prepare_cached(
                "SELECT began, nonce, time, signed_size, checkpoint, retention, cap, policy, min_index, retain, \
                 (SELECT max(incarnation) FROM certificates) FROM log",
            )?
            .query_row([], |row| {
                let nonce: Option<Vec<u8>> = row.get(1)?;
                Ok(Self {
                    began: row.get(0)?,
                    nonce: nonce.as_deref().and_then(Nonce::from_slice),
                    time: count(row, 2)?,
                    signed_size: count(row, 3)?,
                    checkpoint: row.get(4)?,
                    retention: count(row, 5)?,
                    cap: count(row, 6)?,
                    policy: row.get(7)?,
                    min_index: count(row, 8)?,
                    retain: row.get(9)?,
                    incarnation: row.get::<_, Option<i64>>(10)?.map(i64::unsigned_abs),
                })
            })
        };
        load().map_err(StoreError::of("reading the state of its log"))
    }

    /// Whether the log has ended: it has a certificate, and signs nothing.
    pub fn is_retired(&self) -> bool {
        self.incarnation.is_some() && self.checkpoint.is_none()
    }

    /// Takes a checkpoint that was signed.
    pub(super) fn set_checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.time = checkpoint.time();
        self.signed_size = checkpoint.size();
        self.checkpoint = Some(checkpoint.to_bytes());
    }

    pub(super) fn set_policy(&mut self, policy: &Policy) {
        (self.retention, self.cap) = (policy.retention(), policy.cap());
        self.time = policy.time();
        self.policy = Some(policy.to_bytes());
    }

    pub(super) fn set_retain(&mut self, retain: &Retain) {
        self.min_index = retain.min_index();
        self.time = retain.time();
        self.retain = Some(retain.to_bytes());
    }

    /// Everything but the nonce, the certificates and where the log began.
    pub(super) fn save(&self, conn: &Connection) -> Result<(), rusqlite::Error> {
        conn.prepare_cached(
            "UPDATE log SET time = ?1, signed_size = ?2, checkpoint = ?3, retention = ?4, cap = ?5, policy = ?6, \
             min_index = ?7, retain = ?8",
        )?
        .execute(params![
            int(self.time),
            int(self.signed_size),
            self.checkpoint,
            int(self.retention),
            int(self.cap),
            self.policy,
            int(self.min_index),
            self.retain
        ])?;
        Ok(())
    }
}

pub(super) fn count(row: &rusqlite::Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

pub(super) fn save_nonce(conn: &Connection, nonce: Nonce) -> Result<(), rusqlite::Error> {
    conn.execute("UPDATE log SET nonce = ?1", [nonce.as_bytes()])?;
    Ok(())
}

pub(super) fn save_certificate(conn: &Connection, certificate: &Certificate) -> Result<(), rusqlite::Error> {
    conn.execute(
        "INSERT INTO certificates (incarnation, bytes) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        params![int(certificate.incarnation()), certificate.to_bytes()],
    )?;
    Ok(())
}

/// The newest certificate and those before it; `None` while there is no log.
pub(super) fn certificates(conn: &Connection) -> Result<Option<Certificates>, rusqlite::Error> {
    let mut statement =
        conn.prepare_cached("SELECT bytes FROM certificates ORDER BY incarnation DESC LIMIT ?1")?;
    let mut rows =
        statement.query_map([int(CHAIN_MAX as u64 + 1)], |row| row.get::<_, CertificateBytes>(0))?;
    let Some(current) = rows.next().transpose()? else { return Ok(None) };
    Ok(Some(Certificates { current, earlier: rows.collect::<Result<_, _>>()? }))
}

/// An incarnation begins at a size: above it the boundary checkpoints of the earlier ones are void.
pub(super) fn drop_boundaries(conn: &Connection, above: u64) -> Result<(), rusqlite::Error> {
    conn.execute("DELETE FROM boundaries WHERE size > ?1", [int(above)])?;
    Ok(())
}

pub(super) fn save_boundary(conn: &Connection, boundary: &Checkpoint) -> Result<(), rusqlite::Error> {
    conn.prepare_cached("INSERT INTO boundaries (size, time, bytes) VALUES (?1, ?2, ?3)")?
        .execute(params![int(boundary.size()), int(boundary.time()), boundary.to_bytes()])?;
    Ok(())
}

/// The newest boundary checkpoint and its size.
pub(super) fn newest_boundary(conn: &Connection) -> Result<Option<(u64, CheckpointBytes)>, rusqlite::Error> {
    conn.prepare_cached("SELECT size, bytes FROM boundaries ORDER BY size DESC LIMIT 1")?
        .query_row([], |row| Ok((count(row, 0)?, row.get(1)?)))
        .optional()
}

/// The size of the greatest boundary that was signed no later than `time`, 0 for none.
pub(super) fn boundary_before(conn: &Connection, time: u64) -> Result<u64, rusqlite::Error> {
    let ends: (Option<i64>, Option<i64>) = conn
        .prepare_cached("SELECT (SELECT min(size) FROM boundaries), (SELECT max(size) FROM boundaries)")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(first), Some(last)) = ends else { return Ok(0) };
    let mut next =
        conn.prepare_cached("SELECT size, time FROM boundaries WHERE size >= ?1 ORDER BY size LIMIT 1")?;
    let found = last_at(time, first.unsigned_abs(), last.unsigned_abs(), |size| {
        next.query_row([int(size)], |row| Ok((count(row, 0)?, count(row, 1)?)))
    });
    Ok(found?.unwrap_or(0))
}

/// The greatest size whose time is no later than `time`. `next` gives the first size from one on, and its time; sizes lie
/// between `low` and `high`, and times do not decrease with them, so each look halves what is left.
fn last_at<E>(
    time: u64,
    mut low: u64,
    mut high: u64,
    mut next: impl FnMut(u64) -> Result<(u64, u64), E>,
) -> Result<Option<u64>, E> {
    let mut found = None;
    while low <= high {
        let middle = low + (high - low) / 2;
        let (size, at) = next(middle)?;
        if at <= time {
            found = Some(size);
            low = size.saturating_add(1);
        } else if let Some(below) = middle.checked_sub(1) {
            high = below;
        } else {
            break;
        }
    }
    Ok(found)
}

/// The boundary checkpoints whose sizes are in `from..=to`, in order.
pub(super) fn boundaries(
    conn: &Connection,
    from: u64,
    to: u64,
) -> Result<Vec<(u64, CheckpointBytes)>, rusqlite::Error> {
    let mut statement =
        conn.prepare_cached("SELECT size, bytes FROM boundaries WHERE size BETWEEN ?1 AND ?2 ORDER BY size")?;
    let rows = statement.query_map([int(from), int(to)], |row| Ok((count(row, 0)?, row.get(1)?)))?;
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_boundary_is_found_by_its_time_in_few_looks(
            steps in prop::collection::vec((1u64..4, 0u64..3), 1..400), time in 0u64..700,
        ) {
            let mut boundaries = vec![(256, 0)];
            for (blocks, minutes) in steps {
                let (size, at) = boundaries[boundaries.len() - 1];
                boundaries.push((size + 256 * blocks, at + minutes));
            }
            let expected = boundaries.iter().rfind(|(_, at)| *at <= time).map(|(size, _)| *size);
            let mut looks = 0;
            let found = last_at(time, 256, boundaries[boundaries.len() - 1].0, |size| {
                looks += 1;
                boundaries.iter().find(|(at, _)| *at >= size).copied().ok_or(())
            });
            prop_assert_eq!(found, Ok(expected));
            prop_assert!(looks <= 20, "{} looks at {} boundaries", looks, boundaries.len());
        }
    }
}
