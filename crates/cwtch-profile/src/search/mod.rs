//! Search for words in messages, in all scripts.
//!
//! Texts and queries are folded to terms by the same rules ([`fold`]); an index of the terms, which the database's triggers keep
//! ([`index`]), names candidates, the newest first; and the text of each candidate decides ([`query`]). What is not shown is not found: deleted,
//! forgotten, of whoever is hidden, of a group that was left.

mod excerpt;
mod fold;
mod index;
mod query;

use cwtch_primitives::Address;
use cwtch_wire::overlay::KIND_GROUP_INVITE;
use rusqlite::{Connection, params};

pub use self::excerpt::Piece;
pub(crate) use self::index::{in_bulk, refresh, register};
use self::query::Query;
pub use self::query::{QUERY_MAX, QUERY_WORDS_MAX};
use crate::Profile;
use crate::columns::key_bytes;
use crate::error::{StorageError, TxError};
use crate::messages;
use crate::types::{ConversationId, MessageId, StoredMessage};

/// The most candidates that one call looks at: some tens of milliseconds.
const LOOKED_AT: u32 = 1_024;

/// Messages that somebody looks for. A message is found if all of it is true of it.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Search {
    /// Words and phrases, see [`QUERY_MAX`]. Empty where others of the conditions are enough.
    pub words: String,
    /// Author of the message.
    pub from: Option<Address>,
    /// Conversation that it belongs to.
    pub within: Option<ConversationId>,
    /// First moment at which it came or was written, unix seconds.
    pub after: Option<i64>,
    /// First moment that is too late.
    pub before: Option<i64>,
    /// Only invites to groups.
    pub invites: bool,
    /// Only messages between contacts.
    pub without_groups: bool,
}

/// Says nothing of what is looked for.
impl core::fmt::Debug for Search {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "Search({} bytes)", self.words.len())
    }
}

/// A message that was found.
#[derive(Debug, Clone)]
pub struct Hit {
    /// The message.
    pub message: StoredMessage,
    /// The part of its words around what was found; empty for a message without words.
    pub excerpt: Vec<Piece>,
}

/// A page of what was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Messages, the newest first: by their numbers, which grow with what comes.
    pub hits: Vec<Hit>,
    /// Number below which to go on; `None` if nothing is left. There may be more although the page is not full.
    pub next: Option<MessageId>,
}

impl Profile {
    /// Searches for messages with numbers below `below` (`None`: all), at most `limit`. It takes a bounded time, and
    /// goes on where [`Found::next`] says.
    ///
    /// # Errors
    /// [`StorageError::QueryEmpty`] without a word, an author, a conversation or invites to look for, [`StorageError::QueryTooLong`], or trouble
    /// with the database.
    pub fn search(
        &self,
        search: &Search,
        below: Option<MessageId>,
        limit: u32,
    ) -> Result<Found, StorageError> {
        let query = Query::parse(&search.words)?;
        let labels = search.labels();
        if query.is_empty() && labels.is_empty() {
            return Err(StorageError::QueryEmpty);
        }
        let question = query.to_index(&labels);
        self.read("search", |conn| {
            let Some((first, last)) = numbers(conn, search)? else { return Ok(Found::default()) };
            let last = below.map_or(last, |below| last.min(below.0.saturating_sub(1)));
            let mut statement = conn.prepare_cached(
                "SELECT rowid FROM words WHERE words MATCH ?1 AND rowid BETWEEN ?2 AND ?3 ORDER BY rowid DESC",
            )?;
            let mut candidates = statement.query(params![question, first, last])?;
            let mut found = Found::default();
            let mut looked_at = 0;
            while let Some(row) = candidates.next()? {
                let id = MessageId(row.get(0)?);
                found.hits.extend(search.judge(conn, &query, id)?);
                looked_at += 1;
                if looked_at == LOOKED_AT || found.hits.len() >= usize::try_from(limit).unwrap_or(usize::MAX) {
                    found.next = candidates.next()?.map(|_| id);
                    break;
                }
            }
            Ok(found)
        })
    }
}

impl Search {
    fn labels(&self) -> Vec<String> {
        let within = self.within.map(|conversation| index::of_conversation(conversation.0));
        let from = self.from.map(|author| index::of_author(key_bytes(&author)));
        let invites = self.invites.then(|| index::INVITE.to_owned());
        within.into_iter().chain(from).chain(invites).collect()
    }

    /// Looks at a candidate.
    fn judge(&self, conn: &Connection, query: &Query, id: MessageId) -> Result<Option<Hit>, TxError> {
        let Some(message) = messages::searched(conn, id, self.without_groups)? else { return Ok(None) };
        let fits = self.from.is_none_or(|author| author == message.author)
            && self.within.is_none_or(|conversation| conversation == message.conversation)
            && self.after.is_none_or(|after| message.received >= after)
            && self.before.is_none_or(|before| message.received < before)
            && (!self.invites || message.content.kind == KIND_GROUP_INVITE);
        if !fits {
            return Ok(None);
        }
        let words = index::words(message.content.kind, &message.content.data);
        let places = query.places(&words);
        Ok(places.map(|places| Hit { excerpt: excerpt::excerpt(&words, &places), message }))
    }
}

/// The numbers between which messages of the wanted time are, so that others are not looked at one by one; `None` if there are none.
fn numbers(conn: &Connection, search: &Search) -> Result<Option<(i64, i64)>, TxError> {
    if search.after.is_none() && search.before.is_none() {
        return Ok(Some((i64::MIN, i64::MAX)));
    }
    // Numbers grow with time, unless a clock was put back: so both ends are looked up, in an index that holds the times.
    let found = conn
        .prepare_cached(
            "SELECT min(id), max(id) FROM messages INDEXED BY messages_to_forget
             WHERE erased = 0 AND forgotten = 0 AND received >= ?1 AND received < ?2
                 AND (?3 IS NULL OR conversation = ?3)",
        )?
        .query_row(
            params![
                search.after.unwrap_or(i64::MIN),
                search.before.unwrap_or(i64::MAX),
                search.within.map(|conversation| conversation.0)
            ],
            |row| Ok((row.get::<_, Option<i64>>(0)?, row.get::<_, Option<i64>>(1)?)),
        )?;
    Ok(found.0.zip(found.1))
}
