//! The names that conversations show, and which conversation is meant by one. The rules are those of [`crate::names`];
//! the forms that they compare are stored and indexed, so that a name costs no more than an address.

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::columns::key_bytes;
use super::error::{StorageError, TxError};
use super::types::{Attribute, Contact, Conversation, ConversationId, Group, Naming};
use super::{Profile, contacts, groups};
use crate::names::{self, Candidate, Choice, Source};

/// The most conversations that are looked at for one name, and named where it could be any of them.
const ALIKE_MAX: usize = 32;
/// The setting that says by which tables the stored forms were made.
const FORMS_KEY: &str = "names.forms";
/// Grows when [`names::folded`] or [`names::look`] change.
const FORMS: u32 = 1;

/// The columns of a [`Naming`], for queries in which `n` is a conversation's row of `names` or nothing. Given names are
/// like other given names only: nobody else changes how they are shown.
pub(super) const NAMING: &str = "n.name, n.given, EXISTS (SELECT 1 FROM names o WHERE o.look = n.look
    AND o.conversation <> n.conversation AND o.given >= n.given)";

/// Result of looking up the conversation that a person named.
#[derive(Debug)]
pub enum Lookup<T> {
    /// This one.
    One(T),
    /// Nothing; these look like it.
    Nothing(Vec<Conversation>),
    /// Any of these: the person has to say which.
    Several(Vec<Conversation>),
}

impl<T> Lookup<T> {
    /// The one, where it is clear which.
    pub fn one(self) -> Option<T> {
        match self {
            Self::One(one) => Some(one),
            Self::Nothing(_) | Self::Several(_) => None,
        }
    }
}

/// Kinds of conversations that may be meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Contacts,
    Groups,
    All,
}

impl Profile {
    /// A contact by its conversation's number, by its address or by a name. What has the form of a number (`#7`) is never a
    /// name.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`] for an unknown number, [`StorageError::UnknownContact`] for an unknown address
    /// or a group's number, or trouble with the database.
    pub fn find_contact(&self, text: &str) -> Result<Lookup<Contact>, StorageError> {
        if let Some(number) = names::number(text) {
            return match self.conversation(ConversationId(number))? {
                Conversation::Contact(contact) => Ok(Lookup::One(contact)),
                Conversation::Group(_) => Err(StorageError::UnknownContact),
            };
        }
        if let Ok(address) = Address::parse_pasted(text) {
            return self.contact(&address)?.map(Lookup::One).ok_or(StorageError::UnknownContact);
        }
        Ok(match self.by_name(text, Wanted::Contacts)? {
            Lookup::One(Conversation::Contact(contact)) => Lookup::One(contact),
            Lookup::One(Conversation::Group(_)) => Lookup::Nothing(Vec::new()),
            Lookup::Nothing(alike) => Lookup::Nothing(alike),
            Lookup::Several(all) => Lookup::Several(all),
        })
    }

    /// A group by its conversation's number, by its id or by a name. What has the form of an id is never a name.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`] for an unknown number, [`StorageError::UnknownGroup`] for an unknown id or a
    /// contact's number, or trouble with the database.
    pub fn find_group(&self, text: &str) -> Result<Lookup<Group>, StorageError> {
        if let Some(number) = names::number(text) {
            return match self.conversation(ConversationId(number))? {
                Conversation::Group(group) => Ok(Lookup::One(group)),
                Conversation::Contact(_) => Err(StorageError::UnknownGroup),
            };
        }
        if let Ok(id) = text.trim().parse::<GroupId>() {
            return self.group(&id)?.map(Lookup::One).ok_or(StorageError::UnknownGroup);
        }
        Ok(match self.by_name(text, Wanted::Groups)? {
            Lookup::One(Conversation::Group(group)) => Lookup::One(group),
            Lookup::One(Conversation::Contact(_)) => Lookup::Nothing(Vec::new()),
            Lookup::Nothing(alike) => Lookup::Nothing(alike),
            Lookup::Several(all) => Lookup::Several(all),
        })
    }

    /// A conversation by its number, a contact by its address, a group by its id, or either by a name.
    ///
    /// # Errors
    /// [`StorageError::UnknownConversation`], [`StorageError::UnknownContact`] and [`StorageError::UnknownGroup`] for an unknown address or id, or trouble with
    /// the database.
    pub fn find_conversation(&self, text: &str) -> Result<Lookup<Conversation>, StorageError> {
        if let Some(number) = names::number(text) {
            return self.conversation(ConversationId(number)).map(Lookup::One);
        }
        if let Ok(address) = Address::parse_pasted(text) {
            let contact = self.contact(&address)?.ok_or(StorageError::UnknownContact)?;
            return Ok(Lookup::One(Conversation::Contact(contact)));
        }
        if let Ok(id) = text.trim().parse::<GroupId>() {
            let group = self.group(&id)?.ok_or(StorageError::UnknownGroup)?;
            return Ok(Lookup::One(Conversation::Group(group)));
        }
        self.by_name(text, Wanted::All)
    }

    /// The name that a conversation shows, if it has one.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn naming(&self, conversation: ConversationId) -> Result<Option<Naming>, StorageError> {
        self.read("read a name", |conn| {
            let sql = format!("SELECT {NAMING} FROM names n WHERE n.conversation = ?1");
            let mut statement = conn.prepare_cached(&sql)?;
            Ok(statement.query_row([conversation.0], |row| naming(row, 0)).optional()?.flatten())
        })
    }

    /// The name that an address shows; `None` inside for a contact without one, `None` for one that is no contact.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn naming_of(&self, address: &Address) -> Result<Option<Option<Naming>>, StorageError> {
        self.read("read a contact's name", |conn| {
            let sql = format!(
                "SELECT {NAMING} FROM contacts c LEFT JOIN names n ON n.conversation = c.conversation WHERE c.key = ?1"
            );
            let mut statement = conn.prepare_cached(&sql)?;
            Ok(statement.query_row([key_bytes(address)], |row| naming(row, 0)).optional()?)
        })
    }

    fn by_name(&self, typed: &str, wanted: Wanted) -> Result<Lookup<Conversation>, StorageError> {
        let typed = Typed::new(typed);
        self.read("look up a name", |conn| {
            let mut rows = alike(conn, &typed.name, wanted)?;
            if let Some(start) = &typed.id {
                rows.retain(|row| row.conversation.id_text().starts_with(start.as_str()));
            }
            let candidates: Vec<_> =
                rows.iter().map(|row| Candidate { name: &row.name, source: row.source }).collect();
            let choice = names::choose(&typed.name, &candidates);
            let mut all: Vec<_> = rows.into_iter().map(|row| Some(row.conversation)).collect();
            let mut take = |number: usize| all.get_mut(number).and_then(Option::take);
            Ok(match choice {
                Choice::One(number) => take(number).map_or(Lookup::Nothing(Vec::new()), Lookup::One),
                Choice::Several(numbers) => Lookup::Several(numbers.into_iter().filter_map(take).collect()),
                Choice::Nothing => Lookup::Nothing(all.into_iter().flatten().collect()),
            })
        })
    }
}

/// Name that a person typed, as others read it or as this program shows it: with quotation marks and the beginning of
/// an address or id.
struct Typed {
    name: String,
    id: Option<String>,
}

impl Typed {
    fn new(text: &str) -> Self {
        let text = names::clean(text);
        let shown = text.strip_suffix(')').and_then(|rest| rest.rsplit_once(" ("));
        let start = |id: &str| id.strip_suffix('…').or_else(|| id.strip_suffix("...")).map(str::to_owned);
        let (name, id) = match shown.and_then(|(name, id)| Some((name, start(id)?))) {
            Some((name, id)) => (name, Some(id)),
            None => (text.as_str(), None),
        };
        let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        Self { name: quoted.unwrap_or(name).to_owned(), id }
    }
}

/// A conversation that may be meant.
struct Alike {
    name: String,
    source: Source,
    conversation: Conversation,
}

/// Names with these forms (1, 2) of conversations of these kinds (3 to 4), at most so many (5).
pub(super) const ALIKE: &str = "SELECT n.conversation, n.name, n.given
    FROM names n JOIN conversations c ON c.id = n.conversation
    WHERE (n.folded = ?1 OR n.look = ?2) AND c.kind BETWEEN ?3 AND ?4
    ORDER BY n.given DESC, n.folded = ?1 DESC, n.conversation LIMIT ?5";

/// Conversations whose names are this one or look like it, those first of which a name is given or the same.
fn alike(conn: &Connection, name: &str, wanted: Wanted) -> Result<Vec<Alike>, TxError> {
    let (folded, look) = (names::folded(name), names::look(name));
    if folded.is_empty() {
        return Ok(Vec::new());
    }
    let (first, last) = match wanted {
        Wanted::Contacts => (1, 1),
        Wanted::Groups => (2, 2),
        Wanted::All => (1, 2),
    };
    let mut statement = conn.prepare_cached(ALIKE)?;
    let limit = i64::try_from(ALIKE_MAX).unwrap_or(i64::MAX);
    let rows = statement
        .query_map(params![folded, look, first, last, limit], |row| {
            Ok((ConversationId(row.get(0)?), row.get(1)?, row.get::<_, bool>(2)?))
        })?
        .collect::<Result<Vec<(ConversationId, String, bool)>, _>>()?;
    let mut found = Vec::with_capacity(rows.len());
    for (id, name, given) in rows {
        let conversation = contacts::conversation(conn, id)?.ok_or(StorageError::Damaged)?;
        found.push(Alike { name, source: source(given), conversation });
    }
    Ok(found)
}

fn source(given: bool) -> Source {
    if given { Source::Given } else { Source::Claimed }
}

/// A name of a query with the columns [`NAMING`], the first of which is this one; `None` without a row of `names`.
pub(super) fn naming(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Naming>> {
    let Some(name) = row.get::<_, Option<String>>(column)? else { return Ok(None) };
    Ok(Some(Naming { name, source: source(row.get(column + 1)?), alike: row.get(column + 2)? }))
}

/// Keeps what a contact shows: the person's name for it, else its own.
pub(super) fn refresh_contact(conn: &Connection, id: ConversationId) -> Result<(), TxError> {
    let (given, claimed): (Option<String>, Option<String>) = conn
        .prepare_cached(
            "SELECT v.title, a.value FROM contacts c JOIN conversations v ON v.id = c.conversation
             LEFT JOIN contact_attributes a ON a.conversation = c.conversation AND a.path = ?2
             WHERE c.conversation = ?1",
        )?
        .query_row(params![id.0, Attribute::Name.path()], |row| Ok((row.get(0)?, row.get(1)?)))?;
    put(conn, id, given.as_deref(), claimed.as_deref())
}

/// Keeps what a group shows: the person's name for it, else its maker's.
pub(super) fn refresh_group(conn: &Connection, id: ConversationId) -> Result<(), TxError> {
    let (given, claimed): (Option<String>, String) = conn
        .prepare_cached(
            "SELECT v.title, e.name FROM epochs e JOIN conversations v ON v.id = e.conversation
             WHERE e.conversation = ?1 AND e.state = 1",
        )?
        .query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    put(conn, id, given.as_deref(), Some(&claimed))
}

fn put(
    conn: &Connection,
    id: ConversationId,
    given: Option<&str>,
    claimed: Option<&str>,
) -> Result<(), TxError> {
    let visible = |name: Option<&str>| name.map(names::clean).filter(|name| !name.is_empty());
    let name = match visible(given) {
        Some(name) => Some((name, true)),
        None => visible(claimed).map(|name| (name, false)),
    };
    match name {
        Some((name, given)) => conn
            .prepare_cached(
                "INSERT OR REPLACE INTO names (conversation, name, given, folded, look) VALUES (?1, ?2, ?3, ?4, ?5)",
            )?
            .execute(params![id.0, name, given, names::folded(&name), names::look(&name)])?,
        None => conn.prepare_cached("DELETE FROM names WHERE conversation = ?1")?.execute([id.0])?,
    };
    Ok(())
}

/// Makes the stored forms anew where they were made by other tables: after the migration that added them, and when a
/// release brings another version of Unicode.
pub(super) fn refresh_all(conn: &mut Connection) -> Result<(), TxError> {
    let forms = format!(
        "{FORMS} {:?} {:?}",
        unicode_normalization::UNICODE_VERSION,
        unicode_security::UNICODE_VERSION
    );
    let stored: Option<String> = conn
        .query_row("SELECT value FROM settings WHERE key = ?1", [FORMS_KEY], |row| row.get(0))
        .optional()?;
    if stored.as_deref() == Some(&forms) {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute("DELETE FROM names", [])?;
    for id in ids(&tx, "SELECT conversation FROM contacts")? {
        refresh_contact(&tx, id)?;
    }
    for id in ids(&tx, groups::SHOWN)? {
        refresh_group(&tx, id)?;
    }
    tx.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)", [FORMS_KEY, &forms])?;
    tx.commit()?;
    Ok(())
}

fn ids(conn: &Connection, sql: &str) -> Result<Vec<ConversationId>, TxError> {
    let mut statement = conn.prepare(sql)?;
    Ok(statement.query_map([], |row| Ok(ConversationId(row.get(0)?)))?.collect::<Result<_, _>>()?)
}
