//! Contacts: who they are, whether they may talk to us, and how a person names them.

use cwtch_api::Purpose;
use cwtch_primitives::Address;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::columns::{address, check_given_name, from_list, key_bytes, limit};
use super::error::{StorageError, TxError};
use super::lookup::{self, NAMING, naming};
use super::types::{Added, Attribute, Contact, ContactState, Conversation, ConversationId, Note};
use super::{Profile, groups};
use crate::names::clean;

const COLUMNS: &str =
    "SELECT c.conversation, c.key, v.title, c.state, c.added, c.last_seen, c.compared, v.note";
const FROM: &str = "FROM contacts c JOIN conversations v ON v.id = c.conversation LEFT JOIN names n ON n.conversation = c.conversation";

/// A query for contacts, with what stands behind `FROM`.
fn select(rest: &str) -> String {
    format!("{COLUMNS}, {NAMING} {FROM} {rest}")
}

impl Profile {
    /// Adds a contact as accepted, with a name if the person gives one: a new one, or somebody who connected and is not
    /// accepted yet. One that is a contact already stays as it is.
    ///
    /// # Errors
    /// [`StorageError::OwnAddress`], [`StorageError::Text`] and [`StorageError::Name`] for a bad name,
    /// [`StorageError::Blocked`] for one that is blocked, [`StorageError::Named`] for one with another name, or trouble with
    /// the database.
    pub fn add_contact(
        &mut self,
        address: &Address,
        name: Option<&str>,
        now: i64,
    ) -> Result<Added<Contact>, StorageError> {
        if let Some(name) = name {
            check_given_name(Purpose::ContactName, name)?;
        }
        self.refuse_own(address)?;
        self.write("add a contact", |tx| {
            match find(tx, address)? {
                Some(known) if known.state == ContactState::Blocked => {
                    return Err(StorageError::Blocked.into());
                }
                Some(known) if known.state == ContactState::Accepted => {
                    let name = name.map(clean);
                    if name.is_some() && name != known.local_name {
                        return Err(StorageError::Named.into());
                    }
                    return Ok(Added::Known(known));
                }
                _ => {}
            }
            let known = put_state(tx, address, ContactState::Accepted, now)?;
            if let Some(name) = name {
                set_name(tx, address, Some(name))?;
            }
            let contact = load(tx, address)?;
            Ok(if known { Added::Known(contact) } else { Added::New(contact) })
        })
    }

    /// Accepts or blocks an address (or makes it unknown again), known or not.
    ///
    /// # Errors
    /// [`StorageError::OwnAddress`], or trouble with the database.
    pub fn set_contact_state(
        &mut self,
        address: &Address,
        state: ContactState,
        now: i64,
    ) -> Result<Contact, StorageError> {
        self.refuse_own(address)?;
        self.write("change a contact", |tx| {
            put_state(tx, address, state, now)?;
            load(tx, address)
        })
    }

    /// Sets or removes the local name of a contact.
    ///
    /// # Errors
    /// [`StorageError::UnknownContact`], [`StorageError::Text`], or trouble with the database.
    pub fn rename_contact(&mut self, address: &Address, name: Option<&str>) -> Result<Contact, StorageError> {
        if let Some(name) = name {
            check_given_name(Purpose::ContactName, name)?;
        }
        self.write("rename a contact", |tx| {
            set_name(tx, address, name)?;
            load(tx, address)
        })
    }

    /// Notes that the person compared the safety words with a contact at a time, or did not.
    ///
    /// # Errors
    /// [`StorageError::UnknownContact`], or trouble with the database.
    pub fn set_compared(&mut self, address: &Address, at: Option<i64>) -> Result<Contact, StorageError> {
        self.write("note that words were compared", |tx| {
            tx.execute("UPDATE contacts SET compared = ?2 WHERE key = ?1", params![key_bytes(address), at])?;
            load(tx, address)
        })
    }

    /// Forgets a contact and the messages with it; done with [`Profile::sweep`].
    ///
    /// # Errors
    /// [`StorageError::UnknownContact`], or trouble with the database.
    pub fn remove_contact(&mut self, address: &Address) -> Result<(), StorageError> {
        self.erase("remove a contact", |tx| {
            let conversation = conversation_of(tx, address)?;
            tx.execute("DELETE FROM conversations WHERE id = ?1", [conversation.0])?;
            Ok(())
        })
    }

    /// Keeps what a contact said about itself; `None` for an attribute that it does not have. Tells
    /// whether that was new.
    ///
    /// # Errors
    /// [`StorageError::UnknownContact`], [`StorageError::TooLong`] above [`Attribute::MAX`] bytes, or
    /// trouble with the database.
    pub fn set_contact_attribute(
        &mut self,
        address: &Address,
        attribute: Attribute,
        value: Option<&str>,
    ) -> Result<bool, StorageError> {
        limit(Purpose::Attribute, value.map_or(0, str::len), Attribute::MAX)?;
        self.write("keep a contact's attribute", |tx| {
            let conversation = conversation_of(tx, address)?;
            let changed = match value {
                Some(value) => tx.execute(
                    "INSERT INTO contact_attributes (conversation, path, value) VALUES (?1, ?2, ?3)
                     ON CONFLICT (conversation, path) DO UPDATE SET value = excluded.value
                     WHERE value <> excluded.value",
                    params![conversation.0, attribute.path(), value],
                )?,
                None => tx.execute(
                    "DELETE FROM contact_attributes WHERE conversation = ?1 AND path = ?2",
                    params![conversation.0, attribute.path()],
                )?,
            };
            if changed > 0 && attribute == Attribute::Name {
                lookup::refresh_contact(tx, conversation)?;
            }
            Ok(changed > 0)
        })
    }

    /// All contacts, in the order in which they were added.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn contacts(&self) -> Result<Vec<Contact>, StorageError> {
        self.read("list the contacts", |conn| {
            let mut statement = conn.prepare_cached(&select("ORDER BY c.conversation"))?;
            let found = statement.query_map([], contact)?.collect::<Result<Vec<_>, _>>()?;
            found.into_iter().map(|c| with_attributes(conn, c)).collect()
        })
    }

    /// A contact by its address.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn contact(&self, address: &Address) -> Result<Option<Contact>, StorageError> {
        self.read("read a contact", |conn| find(conn, address))
    }

    /// Reads whether an address may talk to us; `None` if it is not known at all.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn contact_state(&self, address: &Address) -> Result<Option<ContactState>, StorageError> {
        self.read("read a contact", |conn| state_of(conn, address))
    }

    /// The conversation with a number, as messages carry it.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`], or trouble with the database.
    pub fn conversation(&self, id: ConversationId) -> Result<Conversation, StorageError> {
        self.read("read a conversation", |conn| {
            Ok(conversation(conn, id)?.ok_or(StorageError::UnknownConversation)?)
        })
    }

    pub(super) fn refuse_own(&self, address: &Address) -> Result<(), StorageError> {
        if *address == self.address { Err(StorageError::OwnAddress) } else { Ok(()) }
    }
}

/// The conversation with a number.
pub(super) fn conversation(conn: &Connection, id: ConversationId) -> Result<Option<Conversation>, TxError> {
    let contact =
        conn.prepare_cached(&select("WHERE c.conversation = ?1"))?.query_row([id.0], contact).optional()?;
    if let Some(contact) = contact {
        return Ok(Some(Conversation::Contact(with_attributes(conn, contact)?)));
    }
    Ok(groups::by_conversation(conn, id)?.map(Conversation::Group))
}

/// The number of a contact's conversation.
pub(super) fn conversation_of(conn: &Connection, address: &Address) -> Result<ConversationId, TxError> {
    Ok(known_conversation(conn, address)?.ok_or(StorageError::UnknownContact)?)
}

/// The number of a contact's conversation, if it is a contact.
pub(super) fn known_conversation(
    conn: &Connection,
    address: &Address,
) -> Result<Option<ConversationId>, TxError> {
    Ok(conn
        .prepare_cached("SELECT conversation FROM contacts WHERE key = ?1")?
        .query_row([key_bytes(address)], |row| Ok(ConversationId(row.get(0)?)))
        .optional()?)
}

pub(super) fn state_of(conn: &Connection, address: &Address) -> Result<Option<ContactState>, TxError> {
    Ok(conn
        .prepare_cached("SELECT state FROM contacts WHERE key = ?1")?
        .query_row([key_bytes(address)], |row| from_list(row, 0, ContactState::from_code))
        .optional()?)
}

/// Sets the state of a contact, adding it if need be; tells whether it was known.
pub(super) fn put_state(
    conn: &Connection,
    address: &Address,
    state: ContactState,
    now: i64,
) -> Result<bool, TxError> {
    let changed = conn.execute(
        "UPDATE contacts SET state = ?2 WHERE key = ?1",
        params![key_bytes(address), state.code()],
    )?;
    if changed > 0 {
        return Ok(true);
    }
    conn.execute("INSERT INTO conversations (kind) VALUES (1)", [])?;
    conn.execute(
        "INSERT INTO contacts (conversation, key, state, added) VALUES (?1, ?2, ?3, ?4)",
        params![conn.last_insert_rowid(), key_bytes(address), state.code(), now],
    )?;
    Ok(false)
}

fn set_name(conn: &Connection, address: &Address, name: Option<&str>) -> Result<(), TxError> {
    let conversation = conversation_of(conn, address)?;
    conn.execute(
        "UPDATE conversations SET title = ?2 WHERE id = ?1",
        params![conversation.0, name.map(clean)],
    )?;
    lookup::refresh_contact(conn, conversation)
}

fn find(conn: &Connection, address: &Address) -> Result<Option<Contact>, TxError> {
    let found = conn
        .prepare_cached(&select("WHERE c.key = ?1"))?
        .query_row([key_bytes(address)], contact)
        .optional()?;
    found.map(|c| with_attributes(conn, c)).transpose()
}

fn load(conn: &Connection, address: &Address) -> Result<Contact, TxError> {
    Ok(find(conn, address)?.ok_or(StorageError::UnknownContact)?)
}

fn contact(row: &Row<'_>) -> rusqlite::Result<Contact> {
    Ok(Contact {
        conversation: ConversationId(row.get(0)?),
        address: address(row, 1)?,
        local_name: row.get(2)?,
        state: from_list(row, 3, ContactState::from_code)?,
        added: row.get(4)?,
        last_seen: row.get(5)?,
        compared: row.get(6)?,
        note: row.get::<_, Option<String>>(7)?.map(Note),
        attributes: Vec::new(),
        naming: naming(row, 8)?,
    })
}

fn with_attributes(conn: &Connection, mut contact: Contact) -> Result<Contact, TxError> {
    let mut statement =
        conn.prepare_cached("SELECT path, value FROM contact_attributes WHERE conversation = ?1")?;
    let rows =
        statement.query_map([contact.conversation.0], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    for row in rows {
        let (path, value) = row?;
        // A path of a later version is kept in the database and not shown by this one.
        if let Some(attribute) = Attribute::from_path(&path) {
            contact.attributes.push((attribute, value));
        }
    }
    contact.attributes.sort_by_key(|(attribute, _)| *attribute);
    Ok(contact)
}
