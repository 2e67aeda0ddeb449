//! Own prekeys: the private halves, from before anybody is told of them until nobody can have sealed anything to them that is
//! still to be read.

use core::fmt;

use cwtch_primitives::agreement::AgreementKey;
use cwtch_primitives::{Address, CryptoRngCore, SecretBytes, Zeroizing};
use cwtch_protocol::group::fork::{DAY, keys};
use cwtch_wire::group::fork::{Prekey, TIME_STEP};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::error::{StorageError, TxError};
use crate::{Profile, servers};

/// Age from which on a new prekey is made.
const RENEWED: u64 = 7 * DAY;
/// Time that a prekey may lie ahead of the clock before it counts as one of a wrong clock.
const AHEAD: u64 = DAY;
/// The most private halves that are kept.
const HALVES: u32 = 4;
/// Time after which a sync is noted again: a write for each sync would cost more than it tells.
const NOTED: u64 = TIME_STEP;

/// An own prekey with its private half.
#[derive(Clone)]
pub struct OwnPrekey {
    /// The hour in which it was made, unix seconds.
    pub created: u64,
    /// The key.
    pub key: AgreementKey,
    /// Time since which a server is known to have a message with it.
    pub confirmed: Option<u64>,
}

impl OwnPrekey {
    /// The half that a message tells.
    pub fn public(&self) -> Prekey {
        Prekey::new(self.created, *self.key.public_key())
    }
}

impl fmt::Debug for OwnPrekey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OwnPrekey").field("confirmed", &self.confirmed).finish_non_exhaustive()
    }
}

impl Profile {
    /// The own prekeys that are kept, newest first.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn own_prekeys(&self) -> Result<Vec<OwnPrekey>, StorageError> {
        self.read("read the own prekeys", all)
    }

    /// The prekey that a message would say now: the newest, or a new one that is durable when this returns. While no server is
    /// known to have the newest, none is made beside it: others may hold no other one of ours.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn prekey(&mut self, now: u64, rng: &mut impl CryptoRngCore) -> Result<OwnPrekey, StorageError> {
        let newest = self.read("read the own prekeys", newest)?;
        if let Some(newest) = newest.filter(|newest| !is_due(newest, now)) {
            return Ok(newest);
        }
        let key = AgreementKey::generate(rng);
        let created = Prekey::new(now, *key.public_key()).created();
        let spare = self.write("make a prekey", |tx| {
            tx.execute(
                "INSERT INTO own_prekeys (created, secret) VALUES (?1, ?2)",
                params![created.cast_signed(), key.to_bytes().expose()],
            )?;
            Ok(tx.execute(
                "DELETE FROM own_prekeys WHERE id NOT IN (SELECT id FROM own_prekeys ORDER BY id DESC LIMIT ?1)",
                [HALVES],
            )?)
        })?;
        self.erased(spare);
        Ok(OwnPrekey { created, key, confirmed: None })
    }

    /// Notes that a message with a prekey is known to be with a server.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn confirm_prekey(&mut self, prekey: &Prekey, now: u64) -> Result<(), StorageError> {
        self.write("note that a prekey is known", |tx| confirm(tx, prekey, now))
    }

    /// Notes a completed sync with a server, and erases the private halves that nothing needs any more. Tells how many.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn note_synced(&mut self, server: &Address, now: u64) -> Result<usize, StorageError> {
        let fresh = self.read("note a sync", |conn| {
            let row = servers::row_of(conn, server)?;
            let noted: Option<i64> =
                conn.query_row("SELECT synced FROM servers WHERE id = ?1", [row], |row| row.get(0))?;
            Ok(noted.is_some_and(|noted| now.abs_diff(noted.cast_unsigned()) < NOTED))
        })?;
        if fresh {
            return Ok(0);
        }
        let expired = self.write("note a sync", |tx| {
            let server = servers::row_of(tx, server)?;
            tx.execute("UPDATE servers SET synced = ?2 WHERE id = ?1", params![server, now.cast_signed()])?;
            expire(tx, now)
        })?;
        Ok(self.erased(expired))
    }
}

/// A message with a prekey is known to be with a server.
pub(super) fn confirm(conn: &Connection, public: &Prekey, now: u64) -> Result<(), TxError> {
    for (id, prekey) in numbered(conn)? {
        if prekey.public() == *public && prekey.confirmed.is_none() {
            conn.prepare_cached("UPDATE own_prekeys SET confirmed = ?2 WHERE id = ?1")?
                .execute(params![id, now.cast_signed()])?;
        }
    }
    Ok(())
}

/// Erases halves to which a newer one was confirmed long enough ago, once everything that was sealed before has been read: each
/// server of a group that is still read was synced since.
fn expire(conn: &Connection, now: u64) -> Result<usize, TxError> {
    let slowest: Option<i64> = conn
        .prepare_cached(
            "SELECT min(coalesce(s.synced, 0)) FROM servers s
             WHERE EXISTS (SELECT 1 FROM epochs e WHERE e.server = s.id AND e.key IS NOT NULL)
                 AND NOT EXISTS (SELECT 1 FROM logs l WHERE l.server = s.id AND l.stopped = 1)",
        )?
        .query_row([], |row| row.get(0))?;
    let synced = slowest.map_or(now, |time| time.cast_unsigned().min(now));
    let mut erased = 0;
    let mut newer_confirmed: Option<u64> = None;
    for (id, prekey) in numbered(conn)? {
        if keys::half_expires(newer_confirmed, synced) {
            erased += conn.prepare_cached("DELETE FROM own_prekeys WHERE id = ?1")?.execute([id])?;
        }
        // The first that was confirmed after this one was made.
        newer_confirmed = match (newer_confirmed, prekey.confirmed) {
            (Some(newer), Some(this)) => Some(newer.min(this)),
            (newer, this) => newer.or(this),
        };
    }
    Ok(erased)
}

fn is_due(newest: &OwnPrekey, now: u64) -> bool {
    let of_wrong_clock = newest.created > now.saturating_add(AHEAD);
    of_wrong_clock || (newest.confirmed.is_some() && now >= newest.created.saturating_add(RENEWED))
}

fn newest(conn: &Connection) -> Result<Option<OwnPrekey>, TxError> {
    let found = conn
        .prepare_cached("SELECT id, created, secret, confirmed FROM own_prekeys ORDER BY id DESC LIMIT 1")?
        .query_row([], read)
        .optional()?;
    Ok(found.map(|(_, prekey)| prekey))
}

pub(super) fn all(conn: &Connection) -> Result<Vec<OwnPrekey>, TxError> {
    Ok(numbered(conn)?.into_iter().map(|(_, prekey)| prekey).collect())
}

/// All with their numbers, newest first.
fn numbered(conn: &Connection) -> Result<Vec<(i64, OwnPrekey)>, TxError> {
    let mut statement =
        conn.prepare_cached("SELECT id, created, secret, confirmed FROM own_prekeys ORDER BY id DESC")?;
    let rows = statement.query_map([], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, OwnPrekey)> {
    let secret = Zeroizing::new(row.get::<_, [u8; 32]>(2)?);
    let prekey = OwnPrekey {
        created: row.get::<_, i64>(1)?.cast_unsigned(),
        key: AgreementKey::from_bytes(&SecretBytes::new(*secret)),
        confirmed: row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned),
    };
    Ok((row.get(0)?, prekey))
}
