//! A read transaction, as one state of all tables.

use cwtch_log::{EntryId, Hash};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::error::failed;
use crate::signer::Nonce;
use crate::store::rules::int;
use crate::store::tables::{
    Boundary, CertificateBytes, Ends, LogRow, LogState, Messages, Span, TableError, Token, View,
};
use crate::store::{EntryRef, Seq, ShortHash, StoreStatus};

/// A read transaction, which ends when this is dropped.
#[derive(Debug)]
pub struct SqliteView<'a> {
    conn: &'a mut Connection,
}

impl<'a> SqliteView<'a> {
    pub(super) fn begin(conn: &'a mut Connection) -> Result<Self, rusqlite::Error> {
        conn.execute_batch("BEGIN")?;
        Ok(Self { conn })
    }
}

impl Drop for SqliteView<'_> {
    fn drop(&mut self) {
        // If this fails, the next transaction cannot begin, and reports it.
        let _ = self.conn.execute_batch("ROLLBACK");
    }
}

impl View for SqliteView<'_> {
    async fn log(&mut self) -> Result<LogRow, TableError> {
        log(self.conn).map_err(failed)
    }

    async fn ends(&mut self) -> Result<Ends, TableError> {
        let ends = || {
            self.conn
                .prepare_cached("SELECT (SELECT min(seq) FROM messages), (SELECT max(seq) FROM entries)")?
                .query_row([], |row| Ok(Ends { first_message: row.get(0)?, last_entry: row.get(1)? }))
        };
        ends().map_err(failed)
    }

    async fn spent(&mut self, tokens: &[&Token]) -> Result<Vec<bool>, TableError> {
        let look = || {
            let mut spent = self.conn.prepare_cached("SELECT 1 FROM spent WHERE token = ?1")?;
            tokens.iter().map(|token| spent.exists([token])).collect::<Result<Vec<_>, _>>()
        };
        look().map_err(failed)
    }

    async fn numbers(&mut self, entries: &[&EntryId]) -> Result<Vec<Option<Seq>>, TableError> {
        let look = || {
            let mut find = self.conn.prepare_cached("SELECT seq FROM entries WHERE id = ?1")?;
            let mut number = |id: &&EntryId| find.query_row([id.as_bytes()], |row| row.get(0)).optional();
            entries.iter().map(&mut number).collect::<Result<Vec<_>, _>>()
        };
        look().map_err(failed)
    }

    async fn firsts(&mut self, signatures: &[&ShortHash], from: Seq) -> Result<Vec<Option<Seq>>, TableError> {
        let look = || {
            let mut first = self.conn.prepare_cached(FIRST)?;
            let mut number = |signature: &&ShortHash| {
                first.query_row(params![signature, from], |row| row.get(0)).optional()
            };
            signatures.iter().map(&mut number).collect::<Result<Vec<_>, _>>()
        };
        look().map_err(failed)
    }

    async fn shown_below(&mut self, below: Seq) -> Result<Vec<ShortHash>, TableError> {
        let read = || {
            self.conn
                .prepare_cached("SELECT signature_hash FROM messages WHERE seq < ?1 AND shadowed = 0")?
                .query_map([below], |row| row.get(0))?
                .collect::<Result<Vec<_>, _>>()
        };
        read().map_err(failed)
    }

    async fn count_shadowed(&mut self, from: Seq, to: Seq) -> Result<u64, TableError> {
        let read = || {
            self.conn
                .prepare_cached("SELECT count(*) FROM messages WHERE shadowed = 1 AND seq BETWEEN ?1 AND ?2")?
                .query_row([from, to], |row| count(row, 0))
        };
        read().map_err(failed)
    }

    async fn messages(
        &mut self,
        wanted: Messages,
        visit: &mut (dyn FnMut(EntryRef<'_>) + Send),
    ) -> Result<(), TableError> {
        let Messages { from, to, limit, shadowed } = wanted;
        let mut read = || {
            let mut statement = self.conn.prepare_cached(if shadowed { ALL } else { SHOWN })?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut rows = statement.query(params![from, to, limit])?;
            while let Some(row) = rows.next()? {
                visit(EntryRef {
                    seq: row.get(0)?,
                    signature: row.get_ref(1)?.as_blob()?,
                    ciphertext: row.get_ref(2)?.as_blob()?,
                });
            }
            Ok(())
        };
        read().map_err(failed)
    }

    async fn ids(&mut self, ranges: &[(Seq, Seq)]) -> Result<Vec<Vec<EntryId>>, TableError> {
        let read = || {
            let mut statement = self
                .conn
                .prepare_cached("SELECT id FROM entries WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq")?;
            let mut range = |(first, last): &(Seq, Seq)| {
                let ids = statement.query_map([first, last], |row| row.get(0).map(EntryId::from_bytes))?;
                ids.collect::<Result<Vec<_>, _>>()
            };
            ranges.iter().map(&mut range).collect::<Result<Vec<_>, _>>()
        };
        read().map_err(failed)
    }

    async fn nodes(&mut self, spans: &[Span]) -> Result<Vec<Vec<Hash>>, TableError> {
        let read = || {
            let mut statement = self.conn.prepare_cached(
                "SELECT hash FROM nodes WHERE level = ?1 AND place BETWEEN ?2 AND ?3 ORDER BY place",
            )?;
            let mut span = |span: &Span| {
                let last = span.first.saturating_add(span.count).saturating_sub(1);
                let hashes =
                    statement.query_map(params![span.level, int(span.first), int(last)], |row| row.get(0))?;
                hashes.collect::<Result<Vec<_>, _>>()
            };
            spans.iter().map(&mut span).collect::<Result<Vec<_>, _>>()
        };
        read().map_err(failed)
    }

    async fn certificates(&mut self, limit: usize) -> Result<Vec<CertificateBytes>, TableError> {
        let read = || {
            self.conn
                .prepare_cached("SELECT bytes FROM certificates ORDER BY incarnation DESC LIMIT ?1")?
                .query_map([i64::try_from(limit).unwrap_or(i64::MAX)], |row| row.get(0))?
                .collect::<Result<Vec<_>, _>>()
        };
        read().map_err(failed)
    }

    async fn boundaries(&mut self, from: u64, to: u64) -> Result<Vec<Boundary>, TableError> {
        let read = || {
            self.conn
                .prepare_cached(
                    "SELECT size, time, bytes FROM boundaries WHERE size BETWEEN ?1 AND ?2 ORDER BY size",
                )?
                .query_map([int(from), int(to)], boundary)?
                .collect::<Result<Vec<_>, _>>()
        };
        read().map_err(failed)
    }

    async fn boundary_by(&mut self, time: u64) -> Result<Option<Boundary>, TableError> {
        boundary_by(self.conn, time).map_err(failed)
    }
}

/// Query for the first message with a signature. The index holds the numbers under a signature in order, so it reads
/// one entry.
pub(super) const FIRST: &str =
    "SELECT seq FROM messages WHERE signature_hash = ?1 AND seq >= ?2 ORDER BY seq LIMIT 1";

const ALL: &str = "SELECT seq, signature, ciphertext FROM messages NOT INDEXED \
                   WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq LIMIT ?3";

const SHOWN: &str = "SELECT seq, signature, ciphertext FROM messages NOT INDEXED \
                     WHERE seq BETWEEN ?1 AND ?2 AND shadowed = 0 ORDER BY seq LIMIT ?3";

fn log(conn: &Connection) -> Result<LogRow, rusqlite::Error> {
    conn.prepare_cached(
        "SELECT messages, spent, pruned, newest, began, nonce, time, signed_size, checkpoint, retention, cap, \
         policy, min_index, retain, (SELECT max(incarnation) FROM certificates) FROM log",
    )?
    .query_row([], |row| {
        let status = StoreStatus {
            messages: count(row, 0)?,
            spent: count(row, 1)?,
            pruned: count(row, 2)?,
            newest: row.get(3)?,
        };
        let nonce = row.get_ref(5)?.as_blob_or_null()?;
        let log = LogState {
            began: row.get(4)?,
            nonce: nonce.and_then(Nonce::from_slice),
            time: count(row, 6)?,
            signed_size: count(row, 7)?,
            checkpoint: row.get(8)?,
            retention: count(row, 9)?,
            cap: count(row, 10)?,
            policy: row.get(11)?,
            min_index: count(row, 12)?,
            retain: row.get(13)?,
            incarnation: row.get::<_, Option<i64>>(14)?.map(i64::unsigned_abs),
        };
        Ok(LogRow { status, log })
    })
}

fn count(row: &Row<'_>, column: usize) -> Result<u64, rusqlite::Error> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

fn boundary(row: &Row<'_>) -> Result<Boundary, rusqlite::Error> {
    Ok(Boundary { size: count(row, 0)?, time: count(row, 1)?, bytes: row.get(2)? })
}

/// Finds the greatest boundary signed no later than `time`. The times have no index: they do not decrease with the
/// sizes, so a few lookups find one.
fn boundary_by(conn: &Connection, time: u64) -> Result<Option<Boundary>, rusqlite::Error> {
    let ends: (Option<i64>, Option<i64>) = conn
        .prepare_cached("SELECT (SELECT min(size) FROM boundaries), (SELECT max(size) FROM boundaries)")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let (Some(first), Some(last)) = ends else { return Ok(None) };
    let mut next = conn
        .prepare_cached("SELECT size, time, bytes FROM boundaries WHERE size >= ?1 ORDER BY size LIMIT 1")?;
    let mut from = |size: u64| next.query_row([int(size)], boundary);
    let newest = from(last.unsigned_abs())?;
    if newest.time <= time {
        return Ok(Some(newest));
    }
    let found = last_at(time, first.unsigned_abs(), last.unsigned_abs(), |size| {
        from(size).map(|boundary| (boundary.size, boundary.time))
    })?;
    found.map(from).transpose()
}

/// Finds the greatest size whose time is no later than `time`. `next` gives the first size from a given one on, and
/// its time; sizes lie between `low` and `high`, and times do not decrease with them, so each lookup halves what is
/// left.
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
