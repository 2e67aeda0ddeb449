//! Strangers who connected: who of them is remembered, so that the person can say whether they are welcome.
//!
//! An address costs nothing to make, so a flood of strangers must not push out those whom the person waits for. What a
//! flood cannot choose is to have come earlier, or at a quiet time. So at most [`PERIOD_MAX`] strangers of one hour are
//! remembered, and where [`UNKNOWN_MAX`] are, the newest of the most crowded hour makes room. Who came in an hour with few
//! others stays, whatever comes later; who came in the midst of a flood may have to come again.

use cwtch_primitives::Address;
use rusqlite::{Connection, OptionalExtension, params};

use super::Profile;
use super::contacts::{put_state, state_of};
use super::error::{StorageError, TxError};
use super::types::ContactState;

/// Maximum number of unknown peers that are remembered.
pub const UNKNOWN_MAX: u32 = 256;
/// Maximum number of unknown peers that are newly remembered within an hour.
pub const PERIOD_MAX: u32 = 32;
/// An hour, in seconds.
const PERIOD: i64 = 3600;
/// Maximum number of rejected peers that are remembered; beyond that the first one is forgotten, and may ask again.
const REJECTED_MAX: u32 = 256;
/// The setting that says that the person wants to hear of no stranger.
const BLOCKED_KEY: &str = "contacts.unknown-blocked";

/// Result of noting a peer that connected: it was known, is new, or is unwanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotedPeer {
    /// The peer was known.
    Known(ContactState),
    /// The peer is new, and remembered as [`ContactState::Unknown`].
    New,
    /// The peer is not to be talked with: too many strangers came, or the person wants none.
    Unwanted,
}

impl Profile {
    /// Remembers that an authenticated peer connected, and tells what it may do.
    ///
    /// # Errors
    /// [`StorageError::OwnAddress`], or trouble with the database.
    pub fn note_peer(&mut self, address: &Address, now: i64) -> Result<NotedPeer, StorageError> {
        self.refuse_own(address)?;
        let blocked = self.unknown_blocked()?;
        match self.contact_state(address)? {
            Some(ContactState::Unknown | ContactState::Rejected) if blocked => {
                return Ok(NotedPeer::Unwanted);
            }
            Some(state) => return Ok(NotedPeer::Known(state)),
            None if blocked => return Ok(NotedPeer::Unwanted),
            None => {}
        }
        self.write("remember a peer", |tx| {
            if !make_room(tx, now)? {
                return Ok(NotedPeer::Unwanted);
            }
            put_state(tx, address, ContactState::Unknown, now)?;
            Ok(NotedPeer::New)
        })
    }

    /// Rejects somebody unknown who connected: they are not asked about again, and may learn no more than before.
    ///
    /// # Errors
    /// [`StorageError::UnknownContact`], [`StorageError::NoRequest`] for a contact, or trouble with the database.
    pub fn reject_peer(&mut self, address: &Address, now: i64) -> Result<(), StorageError> {
        self.write("reject somebody", |tx| {
            match state_of(tx, address)?.ok_or(StorageError::UnknownContact)? {
                ContactState::Unknown => {}
                ContactState::Rejected => return Ok(()),
                ContactState::Accepted | ContactState::Blocked => return Err(StorageError::NoRequest.into()),
            }
            tx.execute(
                &format!(
                    "DELETE FROM conversations WHERE id IN (
                         SELECT c.conversation FROM contacts c WHERE c.state = ?1 AND {UNUSED}
                         ORDER BY c.conversation DESC LIMIT -1 OFFSET ?2)"
                ),
                params![ContactState::Rejected.code(), REJECTED_MAX - 1],
            )?;
            put_state(tx, address, ContactState::Rejected, now)?;
            Ok(())
        })
    }

    /// True if the person wants to hear of no stranger.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn unknown_blocked(&self) -> Result<bool, StorageError> {
        Ok(self.setting(BLOCKED_KEY)?.is_some())
    }

    /// Says whether the person wants to hear of no stranger. Those who are remembered stay.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn block_unknown(&mut self, blocked: bool) -> Result<(), StorageError> {
        self.set_setting(BLOCKED_KEY, blocked.then_some("1"))
    }
}

/// A peer that nothing but a connection is known of.
const UNUSED: &str =
    "NOT EXISTS (SELECT 1 FROM conversations v WHERE v.id = c.conversation AND v.title IS NOT NULL)
    AND NOT EXISTS (SELECT 1 FROM messages m WHERE m.conversation = c.conversation)";

/// Makes room for a stranger who came now; false if somebody else has a better claim to each place.
fn make_room(conn: &Connection, now: i64) -> Result<bool, TxError> {
    let strangers = format!("FROM contacts c WHERE c.state = {} AND {UNUSED}", ContactState::Unknown.code());
    let (all, of_now): (u32, u32) = conn
        .prepare_cached(&format!(
            "SELECT count(*), coalesce(sum(c.added / {PERIOD} = ?1 / {PERIOD}), 0) {strangers}"
        ))?
        .query_row([now], |row| Ok((row.get(0)?, row.get(1)?)))?;
    if of_now >= PERIOD_MAX {
        return Ok(false);
    }
    if all < UNKNOWN_MAX {
        return Ok(true);
    }
    // Of hours that are alike, the first one: nobody waits for ever.
    let crowded: Option<(u32, i64)> = conn
        .prepare_cached(&format!(
            "SELECT count(*), max(c.conversation) {strangers} GROUP BY c.added / {PERIOD}
             ORDER BY 1 DESC, c.added / {PERIOD} LIMIT 1"
        ))?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    match crowded {
        Some((count, newest)) if count > of_now => {
            conn.execute("DELETE FROM conversations WHERE id = ?1", [newest])?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
