//! Notices about servers' logs, as they are told: kept for whoever was away when they came.

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_protocol::monitor::{Loss, Notice};
use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::Profile;
use crate::columns::{address, broken_integer, unsigned};
use crate::contacts::known_conversation;
use crate::error::{StorageError, TxError};
use crate::servers;
use crate::types::ConversationId;

/// Notices of one kind that are kept for each server; the schema's trigger has this number, too.
#[cfg(test)]
pub(crate) const KEPT: usize = 32;
/// Notices of one kind that are newly kept for each server within an hour: a server decides how often it answers badly.
const HOURLY_MAX: u32 = 8;
/// An hour, in seconds.
const HOUR: i64 = 3600;
/// Own messages that a notice is read back with, at most.
const OWN_MAX: u64 = 100_000;

const LOST: i64 = 7;
const LOST_AGAIN: i64 = 11;
const DIFFERS: i64 = 12;

/// Something that was noticed about a server's log, with the number by which the change feed names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNotice {
    /// The server.
    pub server: Address,
    /// Time at which it was noticed, unix seconds.
    pub at: i64,
    /// Its content.
    pub what: Noticed,
}

/// Content of a [`StoredNotice`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Noticed {
    /// A notice of the server's monitor. Of entries and of times only what it says to a person is kept.
    Monitor(Notice),
    /// A second declared loss within a short time: an alarm.
    LostAgain(Notice),
    /// A contact is shown another log, or says so.
    Differs(ConversationId),
}

impl Profile {
    /// Keeps that a contact is shown another log of a server, or says so. Of somebody who is no contact any more nothing is
    /// kept.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], or trouble with the database.
    pub fn note_differing_log(
        &mut self,
        server: &Address,
        contact: &Address,
        now: i64,
    ) -> Result<(), StorageError> {
        self.write("note that logs differ", |tx| {
            let server = servers::row_of(tx, server)?;
            match known_conversation(tx, contact)? {
                Some(contact) => {
                    let row = Columns { kind: DIFFERS, conversation: Some(contact.0), ..Columns::default() };
                    keep(tx, server, &row, now)
                }
                None => Ok(()),
            }
        })
    }

    /// A notice by its number; `None` if it is not kept any more.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn notice(&self, number: i64) -> Result<Option<StoredNotice>, StorageError> {
        self.read("read a notice", |conn| {
            let sql = "SELECT s.key, n.at, n.kind, n.first, n.behind, n.own, n.conversation
                FROM notices n JOIN servers s ON s.id = n.server WHERE n.id = ?1";
            Ok(conn.prepare_cached(sql)?.query_row([number], stored).optional()?)
        })
    }
}

/// Keeps those notices that are for a person, in the transaction of what they are about.
pub(crate) fn note(conn: &Connection, server: i64, notices: &[Notice], now: i64) -> Result<(), TxError> {
    for row in notices.iter().flat_map(columns) {
        keep(conn, server, &row, now)?;
    }
    Ok(())
}

/// A notice as it is stored.
#[derive(Default)]
struct Columns {
    kind: i64,
    first: Option<i64>,
    behind: Option<i64>,
    own: Option<i64>,
    conversation: Option<i64>,
}

/// The rows of a notice; none for what is told in another way, or not at all.
fn columns(notice: &Notice) -> Vec<Columns> {
    let plain = |kind| Columns { kind, ..Columns::default() };
    let seconds = |kind, seconds: &u64| Columns { first: Some(seconds.cast_signed()), ..plain(kind) };
    vec![match notice {
        Notice::ClockAhead { by } => seconds(1, by),
        Notice::Stale { by } => seconds(2, by),
        Notice::Older => plain(3),
        Notice::EarlierCertificate => plain(4),
        Notice::Unlinked => plain(5),
        Notice::Retired => plain(6),
        Notice::Lost { loss, void, again } => {
            let row = |kind| Columns {
                first: Some(loss.from.cast_signed()),
                behind: Some(loss.to.cast_signed()),
                own: Some(i64::try_from(void.len()).unwrap_or(i64::MAX)),
                ..plain(kind)
            };
            return if *again { vec![row(LOST), row(LOST_AGAIN)] } else { vec![row(LOST)] };
        }
        Notice::LostBefore { ago } => seconds(8, ago),
        Notice::Expired { from, to } => {
            Columns { first: Some(from.cast_signed()), behind: Some(to.cast_signed()), ..plain(9) }
        }
        Notice::NoReceipt { .. } => plain(10),
        // Alarms, which have rows of their own, and what is no news for a person.
        Notice::Downgrade
        | Notice::Fraud(_)
        | Notice::Pinned
        | Notice::Continued
        | Notice::Agrees { .. }
        | Notice::Confirmed { .. }
        | Notice::Unchecked { .. } => return Vec::new(),
    }]
}

fn keep(conn: &Connection, server: i64, row: &Columns, now: i64) -> Result<(), TxError> {
    conn.prepare_cached(
        "INSERT INTO notices (server, kind, first, behind, own, conversation, at)
         SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
         WHERE (SELECT count(*) FROM notices WHERE server = ?1 AND kind = ?2 AND at BETWEEN ?7 - ?8 AND ?7) < ?9",
    )?
    .execute(params![
        server,
        row.kind,
        row.first,
        row.behind,
        row.own,
        row.conversation,
        now,
        HOUR,
        HOURLY_MAX
    ])?;
    Ok(())
}

fn stored(row: &Row<'_>) -> rusqlite::Result<StoredNotice> {
    let number = |column| unsigned(row, column);
    let lost = |again| {
        let own = usize::try_from(number(5)?.min(OWN_MAX)).unwrap_or(0);
        let loss = Loss { from: number(3)?, to: number(4)?, incarnation: 0, at: unsigned(row, 1)? };
        Ok::<_, rusqlite::Error>(Notice::Lost { loss, void: vec![EntryId::from_bytes([0; 32]); own], again })
    };
    let what = match row.get::<_, i64>(2)? {
        1 => Noticed::Monitor(Notice::ClockAhead { by: number(3)? }),
        2 => Noticed::Monitor(Notice::Stale { by: number(3)? }),
        3 => Noticed::Monitor(Notice::Older),
        4 => Noticed::Monitor(Notice::EarlierCertificate),
        5 => Noticed::Monitor(Notice::Unlinked),
        6 => Noticed::Monitor(Notice::Retired),
        LOST => Noticed::Monitor(lost(false)?),
        8 => Noticed::Monitor(Notice::LostBefore { ago: number(3)? }),
        9 => Noticed::Monitor(Notice::Expired { from: number(3)?, to: number(4)? }),
        10 => Noticed::Monitor(Notice::NoReceipt { entry: EntryId::from_bytes([0; 32]) }),
        LOST_AGAIN => Noticed::LostAgain(lost(true)?),
        DIFFERS => Noticed::Differs(ConversationId(row.get(6)?)),
        _ => return Err(broken_integer(2)),
    };
    Ok(StoredNotice { server: address(row, 0)?, at: row.get(1)?, what })
}
