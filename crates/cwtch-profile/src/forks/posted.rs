//! Rows of packages that are being put into the group, and of the rounds in which they are put there again.

use cwtch_protocol::group::fork::delivery::{Announcement, Posting, Rounds, Standing, Wait};
use cwtch_wire::group::fork::{Class, ForkId, PackageId, Part};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::rows::{fork_id, time};
use crate::error::TxError;
use crate::types::ConversationId;

/// A package that is being put into the group.
pub(super) struct Posted {
    pub(super) fork: ForkId,
    /// True if it has been there before.
    pub(super) again: bool,
    pub(super) announcement: Announcement,
    /// 1 if other messages may leave under the new key, 2 if they may although not all parts are with the server.
    pub(super) goes_on: i64,
}

/// Puts an own fork into the group, or with `quiet` does not.
pub(super) fn announce(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
    class: Class,
    quiet: bool,
    now: u64,
) -> Result<(), TxError> {
    let announcement = Announcement::new(class, quiet, now);
    save(conn, conversation, &Posted { fork: *fork, again: false, announcement, goes_on: i64::from(quiet) })
}

/// The server has a part of an own post.
pub(super) fn part_confirmed(conn: &Connection, name: &PackageId, part: u8, now: u64) -> Result<(), TxError> {
    let found: Option<(ConversationId, ForkId)> = conn
        .prepare_cached("SELECT conversation, fork FROM fork_contents WHERE name = ?1")?
        .query_row([name.as_bytes()], |row| Ok((ConversationId(row.get(0)?), fork_id(row, 1)?)))
        .optional()?;
    let Some((conversation, fork)) = found else { return Ok(()) };
    let Some(mut row) = find(conn, conversation, &fork)? else { return Ok(()) };
    row.announcement.confirmed(part);
    stand(&mut row, now);
    save(conn, conversation, &row)
}

/// Somebody put a part into the group: perhaps the round is theirs.
pub(super) fn part_seen(
    conn: &Connection,
    conversation: ConversationId,
    part: &Part,
    at: u64,
) -> Result<(), TxError> {
    let fork: Option<ForkId> = conn
        .prepare_cached("SELECT fork FROM fork_contents WHERE conversation = ?1 AND name = ?2")?
        .query_row(params![conversation.0, part.package().as_bytes()], |row| fork_id(row, 0))
        .optional()?;
    let Some(fork) = fork else { return Ok(()) };
    let Some(mut rounds) = rounds(conn, conversation, &fork)? else { return Ok(()) };
    rounds.sees(part.index(), part.class(), at);
    save_rounds(conn, conversation, &fork, &rounds)
}

/// A fork that goes on never waits again.
pub(super) fn stand(row: &mut Posted, now: u64) {
    if row.goes_on == 0 {
        row.goes_on = match row.announcement.standing(now) {
            Standing::Waits => 0,
            Standing::Announced => 1,
            Standing::Quiet => 2,
        };
    }
}

fn find(conn: &Connection, conversation: ConversationId, fork: &ForkId) -> Result<Option<Posted>, TxError> {
    Ok(all(conn, conversation)?.into_iter().find(|row| row.fork == *fork))
}

pub(super) fn all(conn: &Connection, conversation: ConversationId) -> Result<Vec<Posted>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT fork, again, parts, next, pause_since, pause_seconds, hour_since, hour_seconds, confirmed, goes_on
         FROM fork_postings WHERE conversation = ?1",
    )?;
    let rows = statement.query_map([conversation.0], read)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Posted> {
    let wait = |since, seconds| {
        Ok::<_, rusqlite::Error>(Wait { since: time(row, since)?, seconds: time(row, seconds)? })
    };
    let parts: u8 = row.get(2)?;
    let posting = Posting { parts, next: row.get(3)?, pause: wait(4, 5)? };
    let announcement =
        Announcement { posting: (parts > 0).then_some(posting), hour: wait(6, 7)?, confirmed: row.get(8)? };
    Ok(Posted { fork: fork_id(row, 0)?, again: row.get(1)?, announcement, goes_on: row.get(9)? })
}

pub(super) fn save(conn: &Connection, conversation: ConversationId, row: &Posted) -> Result<(), TxError> {
    let Announcement { posting, hour, confirmed } = row.announcement;
    let pause = posting.map_or(Wait::new(0, 0), |posting| posting.pause);
    conn.prepare_cached(
        "INSERT INTO fork_postings (conversation, fork, again, parts, next, pause_since, pause_seconds, hour_since,
             hour_seconds, confirmed, goes_on)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
         ON CONFLICT (conversation, fork) DO UPDATE SET again = excluded.again, parts = excluded.parts,
             next = excluded.next, pause_since = excluded.pause_since, pause_seconds = excluded.pause_seconds,
             hour_since = excluded.hour_since, hour_seconds = excluded.hour_seconds,
             confirmed = excluded.confirmed, goes_on = excluded.goes_on",
    )?
    .execute(params![
        conversation.0,
        row.fork.as_bytes(),
        row.again,
        posting.map_or(0, |posting| posting.parts),
        posting.map_or(0, |posting| posting.next),
        pause.since.cast_signed(),
        pause.seconds.cast_signed(),
        hour.since.cast_signed(),
        hour.seconds.cast_signed(),
        confirmed,
        row.goes_on,
    ])?;
    Ok(())
}

pub(super) fn rounds(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
) -> Result<Option<Rounds>, TxError> {
    Ok(conn
        .prepare_cached(
            "SELECT since, first, second, third, next, seen FROM fork_rounds WHERE conversation = ?1 AND fork = ?2",
        )?
        .query_row(params![conversation.0, fork.as_bytes()], |row| {
            Ok(Rounds {
                since: time(row, 0)?,
                waits: [time(row, 1)?, time(row, 2)?, time(row, 3)?],
                next: row.get(4)?,
                seen: row.get(5)?,
            })
        })
        .optional()?)
}

pub(super) fn save_rounds(
    conn: &Connection,
    conversation: ConversationId,
    fork: &ForkId,
    rounds: &Rounds,
) -> Result<(), TxError> {
    let [first, second, third] = rounds.waits.map(u64::cast_signed);
    conn.prepare_cached(
        "INSERT OR REPLACE INTO fork_rounds (conversation, fork, since, first, second, third, next, seen)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?
    .execute(params![
        conversation.0,
        fork.as_bytes(),
        rounds.since.cast_signed(),
        first,
        second,
        third,
        rounds.next,
        rounds.seen,
    ])?;
    Ok(())
}
