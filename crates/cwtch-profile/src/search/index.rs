//! The index: an FTS5 table of what messages say, as terms, that triggers keep (schema/0023_search.sql).
//!
//! It holds no texts, only where each term occurs. So a row is taken out by saying what is in it, and the triggers fold the
//! old text once more: by the same rules as before, or the words would stay. An index that was made by other rules is made anew when
//! the profile is opened, before anything else is done with it.

use core::fmt::Write as _;

use cwtch_wire::overlay::{Content as Meaning, KIND_GROUP_INVITE, Overlay};
use rusqlite::functions::FunctionFlags;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::fold::{rules, terms};
use crate::error::TxError;

/// The most characters of a term that the index holds: words are shorter, and what is not should not fill it.
const TERM_MAX: usize = 64;
/// The setting that says by which rules the index was made.
const RULES_KEY: &str = "search.rules";
/// Bytes of an author's key that are in a label.
const KEY_PART: usize = 8;

/// Label of the messages of a conversation, in the index beside their words. No term begins like it.
pub(super) fn of_conversation(conversation: i64) -> String {
    format!("_c{conversation}")
}

/// Label of the messages of an author. Several may share it.
pub(super) fn of_author(key: &[u8]) -> String {
    let mut label = "_a".to_owned();
    for byte in key.iter().take(KEY_PART) {
        // Writing to a string cannot fail.
        let _ = write!(label, "{byte:02x}");
    }
    label
}

/// Label of invites to groups.
pub(super) const INVITE: &str = "_i";

/// The words of a message; empty for what consists of no words: an invite holds a key, a suggested contact is an address.
pub(super) fn words(kind: u64, data: &str) -> String {
    match Meaning::from_overlay(Overlay { kind, data: data.to_owned() }) {
        Meaning::Text(text) => text,
        Meaning::Quote { body, .. } => body,
        Meaning::File(offer) => offer.name,
        Meaning::Unknown { data, .. } => data,
        Meaning::SuggestedContact(_) | Meaning::GroupInvite(_) => String::new(),
    }
}

/// The part of a term that the index holds.
pub(super) fn indexed(term: &str) -> &str {
    let end = term.char_indices().nth(TERM_MAX).map_or(term.len(), |(end, _)| end);
    term.get(..end).unwrap_or_default()
}

/// A message as it is indexed.
fn row(conversation: i64, author: &[u8], kind: i64, data: &str) -> String {
    let mut row = String::with_capacity(data.len() + 32);
    for term in terms(&words(kind.cast_unsigned(), data)) {
        row.push_str(indexed(&term.bare));
        row.push(' ');
    }
    row.push_str(&of_conversation(conversation));
    row.push(' ');
    row.push_str(&of_author(author));
    if kind.cast_unsigned() == KIND_GROUP_INVITE {
        row.push(' ');
        row.push_str(INVITE);
    }
    row
}

/// Gives a connection the function by which the triggers fold what they index.
pub(crate) fn register(conn: &Connection) -> Result<(), TxError> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    conn.create_scalar_function("indexed", 4, flags, |arguments| {
        let author = arguments.get_raw(1).as_blob()?;
        let data = arguments.get_raw(3).as_str()?;
        Ok(row(arguments.get(0)?, author, arguments.get(2)?, data))
    })?;
    Ok(())
}

/// Makes the index anew where it was made by other rules, or by none: after the migration that added it, and when a release
/// brings another version of Unicode. Memory stays bounded, whatever there is to index.
pub(crate) fn refresh(conn: &mut Connection) -> Result<(), TxError> {
    let rules = rules();
    let stored: Option<String> = conn
        .query_row("SELECT value FROM settings WHERE key = ?1", [RULES_KEY], |row| row.get(0))
        .optional()?;
    if stored.as_deref() == Some(&rules) {
        return Ok(());
    }
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
    tx.execute("INSERT INTO words (words) VALUES ('delete-all')", [])?;
    tx.execute(FILL, [])?;
    tx.execute("INSERT OR REPLACE INTO settings (key, value) VALUES (?1, ?2)", params![RULES_KEY, rules])?;
    tx.commit()?;
    Ok(())
}

/// Does something that takes many messages out of the index, in a transaction. Taken out one by one, each word of each of them has its page
/// written anew; here they are noted as gone, and the index is merged once behind it, which leaves no trace of them either.
pub(crate) fn in_bulk<T>(conn: &Connection, work: impl FnOnce() -> Result<T, TxError>) -> Result<T, TxError> {
    let set = |on: bool| -> Result<(), TxError> {
        conn.execute("INSERT INTO words (words, rank) VALUES ('secure-delete', ?1)", [on])?;
        Ok(())
    };
    set(false)?;
    let done = work()?;
    conn.execute("INSERT INTO words (words) VALUES ('optimize')", [])?;
    set(true)?;
    Ok(done)
}

/// Indexes all messages that say something.
const FILL: &str = "INSERT INTO words (rowid, text)
    SELECT id, indexed(conversation, author, kind, data) FROM messages
    WHERE erased = 0 AND forgotten = 0 ORDER BY id";
