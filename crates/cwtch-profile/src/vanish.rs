//! Agreements with contacts about a time after which messages vanish (section 2.9 of `docs/protocol.md`). What becomes of the messages is in
//! [`crate::forget`].

use cwtch_primitives::Address;
use cwtch_protocol::app::vanish::Agreement;
use cwtch_wire::peer_vanish::{Timer, Vanish};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Profile;
use super::columns::{broken_integer, unsigned};
use super::contacts::{known_conversation, state_of};
use super::error::{StorageError, TxError};
use super::types::{ContactState, ConversationId};

impl Profile {
    /// Has a time after which messages vanish proposed to a contact, in seconds, or the end of it; the contact, to whom it is to be said.
    ///
    /// # Errors
    /// [`StorageError::Vanishing`] for a time that cannot be agreed on, [`StorageError::NoContact`] for a group,
    /// [`StorageError::UnknownConversation`], or trouble with the database.
    pub fn propose_vanishing(
        &mut self,
        conversation: ConversationId,
        seconds: Option<u64>,
    ) -> Result<Address, StorageError> {
        let unfit = |_| StorageError::Vanishing;
        let seconds = seconds.map(u32::try_from).transpose().map_err(unfit)?;
        self.write("propose that messages vanish", |tx| {
            let found = super::contacts::conversation(tx, conversation)?;
            let contact = match found.ok_or(StorageError::UnknownConversation)? {
                crate::Conversation::Contact(contact) => contact.address,
                crate::Conversation::Group(_) => return Err(StorageError::NoContact.into()),
            };
            let mut agreement = agreement(tx, conversation)?;
            agreement.propose(seconds).map_err(|_| StorageError::Vanishing)?;
            keep(tx, conversation, &agreement)?;
            Ok(contact)
        })
    }

    /// Takes a contact's word about vanishing; the answer to it, which may be said once this returns. Nothing is heard of who is
    /// not accepted.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn hear_vanishing(
        &mut self,
        from: &Address,
        word: Vanish,
        now: i64,
    ) -> Result<Option<Vanish>, StorageError> {
        self.change_vanishing(from, |agreement| agreement.hear(word, now)).map(Option::flatten)
    }

    /// Learns whether a contact's program knows vanishing.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn learn_vanishing(&mut self, of: &Address, able: bool) -> Result<(), StorageError> {
        self.change_vanishing(of, |agreement| agreement.learn(able)).map(|_| ())
    }

    /// The word about vanishing with which a connection with a contact begins; `None` where nothing was ever proposed.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn opening_vanishing(&self, to: &Address) -> Result<Option<Vanish>, StorageError> {
        self.read("read what messages vanish by", |conn| {
            let Some(conversation) = known_conversation(conn, to)? else { return Ok(None) };
            Ok(agreement(conn, conversation)?.opening())
        })
    }

    /// Changes the agreement with an accepted contact; what the change gave. Writes only what is new.
    fn change_vanishing<T>(
        &mut self,
        with: &Address,
        change: impl FnOnce(&mut Agreement) -> T,
    ) -> Result<Option<T>, StorageError> {
        let found = self.read("read what messages vanish by", |conn| {
            if state_of(conn, with)? != Some(ContactState::Accepted) {
                return Ok(None);
            }
            let Some(conversation) = known_conversation(conn, with)? else { return Ok(None) };
            Ok(Some((conversation, agreement(conn, conversation)?)))
        })?;
        let Some((conversation, before)) = found else { return Ok(None) };
        let mut after = before;
        let given = change(&mut after);
        if after != before {
            self.write("note what messages vanish by", |tx| keep(tx, conversation, &after))?;
        }
        Ok(Some(given))
    }
}

/// The agreement in a conversation.
pub(super) fn agreement(conn: &Connection, conversation: ConversationId) -> Result<Agreement, TxError> {
    let found = conn
        .prepare_cached(
            "SELECT number, seconds, settled, in_force, able, changes, since FROM vanishing WHERE conversation = ?1",
        )?
        .query_row([conversation.0], read)
        .optional()?;
    Ok(found.unwrap_or_default())
}

fn read(row: &Row<'_>) -> rusqlite::Result<Agreement> {
    let seconds = |column| -> rusqlite::Result<Option<u32>> {
        Ok(Some(row.get::<_, u32>(column)?).filter(|seconds| *seconds != 0))
    };
    let timer = Timer::new(unsigned(row, 0)?, seconds(1)?).map_err(|_| broken_integer(0))?;
    Ok(Agreement {
        held: Some(timer),
        settled: row.get(2)?,
        in_force: seconds(3)?,
        able: row.get(4)?,
        changes: row.get(5)?,
        since: row.get(6)?,
    })
}

/// Keeps an agreement; one without a timer is nothing to be kept.
fn keep(conn: &Connection, conversation: ConversationId, agreement: &Agreement) -> Result<(), TxError> {
    let Some(held) = agreement.held else { return Ok(()) };
    conn.prepare_cached(
        "INSERT INTO vanishing (conversation, number, seconds, settled, in_force, able, changes, since)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (conversation) DO UPDATE SET number = ?2, seconds = ?3, settled = ?4, in_force = ?5, able = ?6,
             changes = ?7, since = ?8",
    )?
    .execute(params![
        conversation.0,
        held.number().cast_signed(),
        held.seconds().unwrap_or(0),
        agreement.settled,
        agreement.in_force.unwrap_or(0),
        agreement.able,
        agreement.changes,
        agreement.since,
    ])?;
    Ok(())
}
