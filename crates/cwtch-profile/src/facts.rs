//! Facts about a group that lists do not show.

use std::collections::HashMap;

use cwtch_primitives::Address;
use rusqlite::params;

use super::Profile;
use super::columns::{address, unsigned};
use super::epochs::{self, EpochFacts};
use super::error::{StorageError, TxError};
use super::types::ConversationId;

/// Authors that are listed at most: those who wrote most.
pub const AUTHORS_LISTED: u32 = 1_000;

/// Newest messages of a group that are looked at for when an author was heard last.
const LOOKED_AT: u32 = 2_000;

/// Facts about a group that lists do not show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFacts {
    /// Authors, who wrote most first; at most [`AUTHORS_LISTED`].
    pub authors: Vec<AuthorFacts>,
    /// Own messages that nobody has confirmed.
    pub queued: u64,
    /// Its epochs, oldest first.
    pub epochs: Vec<EpochFacts>,
}

/// Somebody who wrote in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorFacts {
    /// The author.
    pub author: Address,
    /// Messages of this author that are held.
    pub messages: u64,
    /// Time at which the newest of them came or was written; `None` if that is not among the newest of the group.
    pub last: Option<i64>,
}

impl Profile {
    /// Facts about a group.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn group_facts(&self, conversation: ConversationId) -> Result<GroupFacts, StorageError> {
        self.read("look at a group", |conn| {
            // No index leads to an author's newest message, and a group may have very many.
            let mut statement = conn.prepare_cached(
                "SELECT author, max(received) FROM (
                     SELECT author, received FROM messages WHERE conversation = ?1 AND erased = 0
                     ORDER BY id DESC LIMIT ?2)
                 GROUP BY author",
            )?;
            let heard = statement
                .query_map(params![conversation.0, LOOKED_AT], |row| Ok((address(row, 0)?, row.get(1)?)))?;
            let heard = heard.collect::<Result<HashMap<Address, i64>, _>>()?;
            let mut statement = conn.prepare_cached(
                "SELECT author, sum(messages) AS wrote FROM group_authors WHERE conversation = ?1
                 GROUP BY author ORDER BY wrote DESC, author LIMIT ?2",
            )?;
            let authors = statement.query_map(params![conversation.0, AUTHORS_LISTED], |row| {
                let author = address(row, 0)?;
                let last = heard.get(&author).copied();
                Ok(AuthorFacts { author, messages: unsigned(row, 1)?, last })
            })?;
            let authors = authors.collect::<Result<_, _>>()?;
            let queued = conn
                .prepare_cached(
                    "SELECT count(*) FROM messages INDEXED BY messages_unconfirmed
                     WHERE conversation = ?1 AND state IN (1, 2) AND erased = 0",
                )?
                .query_row([conversation.0], |row| unsigned(row, 0))?;
            let epochs = epochs::all(conn, conversation)?;
            Ok::<_, TxError>(GroupFacts { authors, queued, epochs })
        })
    }
}
