//! Keeping what a message says, in the transaction that keeps the message.

use cwtch_log::{EntryId, EntryPrefix, MsgId};
use cwtch_primitives::Address;
use cwtch_protocol::transcript::Verdict;
use cwtch_wire::group::Extensions;
use rusqlite::{Connection, OptionalExtension, params};

use super::Touched;
use super::chains::{ChainName, Link};
use super::open::{code, held_message};
use crate::profile::columns::key_bytes;
use crate::profile::error::Fault;
use crate::profile::log;
use crate::profile::types::{ConversationId, LogPlace, MessageId};

/// A message that was just stored, and what it says.
pub(in crate::profile) struct Said<'a> {
    pub(in crate::profile) conversation: ConversationId,
    pub(in crate::profile) message: MessageId,
    pub(in crate::profile) author: &'a Address,
    pub(in crate::profile) id: MsgId,
    pub(in crate::profile) entry: &'a EntryId,
    /// Its place in a log that is verified up to there.
    pub(in crate::profile) place: Option<LogPlace>,
    pub(in crate::profile) extensions: Option<&'a Extensions>,
}

/// Keeps what a message says, and settles what was said about it before it came.
pub(in crate::profile) fn note(
    conn: &Connection,
    said: &Said<'_>,
    touched: &mut Touched,
) -> Result<(), Fault> {
    arrived(conn, said.conversation, &said.entry.prefix(), touched)?;
    let Some(extensions) = said.extensions else { return Ok(()) };
    keep_parents(conn, said, extensions)?;
    keep_chain(conn, said, extensions, touched)
}

/// An entry is here now: whoever named it is settled, but for those who named a place where another one stands.
fn arrived(
    conn: &Connection,
    conversation: ConversationId,
    entry: &EntryPrefix,
    touched: &mut Touched,
) -> Result<(), Fault> {
    let settled = params![conversation.0, entry.as_bytes(), code(Verdict::Fine), code(Verdict::AuthorLies)];
    let mut waiting = conn.prepare_cached(
        "SELECT message FROM parents WHERE conversation = ?1 AND entry = ?2 AND verdict NOT IN (?3, ?4)",
    )?;
    let waiting =
        waiting.query_map(settled, |row| Ok(MessageId(row.get(0)?)))?.collect::<Result<Vec<_>, _>>()?;
    if waiting.is_empty() {
        return Ok(());
    }
    touched.extend(waiting);
    conn.prepare_cached(
        "UPDATE parents SET verdict = ?3 WHERE conversation = ?1 AND entry = ?2 AND verdict NOT IN (?3, ?4)",
    )?
    .execute(settled)?;
    Ok(())
}

/// Whether an entry is here, by itself or as a copy.
pub(super) fn is_held(
    conn: &Connection,
    conversation: ConversationId,
    entry: &EntryPrefix,
) -> Result<bool, Fault> {
    let (least, greatest) = entry.range();
    let found = held_message(conn, conversation.0, entry)?.is_some()
        || conn
            .prepare_cached(
                "SELECT 1 FROM message_copies WHERE conversation = ?1 AND entry BETWEEN ?2 AND ?3",
            )?
            .exists(params![conversation.0, least.as_bytes(), greatest.as_bytes()])?;
    Ok(found)
}

fn keep_parents(conn: &Connection, said: &Said<'_>, extensions: &Extensions) -> Result<(), Fault> {
    let mut all_held = true;
    let mut insert = conn.prepare_cached(
        "INSERT INTO parents (message, number, conversation, entry, log_index, verdict)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (number, parent) in (0_i64..).zip(&extensions.parents) {
        let held = is_held(conn, said.conversation, &parent.id)?;
        all_held &= held;
        let verdict = code(if held { Verdict::Fine } else { Verdict::Waiting });
        insert.execute(params![
            said.message.0,
            number,
            said.conversation.0,
            parent.id.as_bytes(),
            parent.index.cast_signed(),
            verdict
        ])?;
    }
    let Some(gossip) = extensions.gossip else { return Ok(()) };
    let own: Option<[u8; 32]> = conn
        .prepare_cached(
            "SELECT log_root FROM messages WHERE conversation = ?1 AND log_index = ?2 AND log_root IS NOT NULL",
        )?
        .query_row(params![said.conversation.0, gossip.size.wrapping_sub(1).cast_signed()], |row| row.get(0))
        .optional()?;
    let agrees = own == Some(gossip.root);
    if agrees && all_held {
        return Ok(());
    }
    conn.prepare_cached(
        "INSERT INTO views (message, incarnation, size, root, differs) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![
        said.message.0,
        gossip.incarnation.cast_signed(),
        gossip.size.cast_signed(),
        gossip.root,
        agrees.then_some(false),
    ])?;
    Ok(())
}

fn keep_chain(
    conn: &Connection,
    said: &Said<'_>,
    extensions: &Extensions,
    touched: &mut Touched,
) -> Result<(), Fault> {
    let Some(chain) = extensions.chain else { return Ok(()) };
    let name =
        ChainName { conversation: said.conversation, author: key_bytes(said.author), label: chain.label };
    if !name.is_followed(conn)? {
        return Ok(());
    }
    let floor = min_index(conn, said.conversation)?;
    conn.prepare_cached("UPDATE epochs SET read_from = ?2 WHERE conversation = ?1 AND read_from IS NULL")?
        .execute(params![said.conversation.0, floor.unwrap_or(0).cast_signed()])?;
    let link = Link {
        sequence: chain.sequence,
        id: &said.id,
        index: said.place.map_or(0, |place| place.index),
        abandoned: &extensions.abandoned,
    };
    name.take(conn, &link, floor.is_some(), touched)?;
    conn.prepare_cached(
        "UPDATE messages SET chain_label = ?2, chain_sequence = ?3, chain_previous = ?4 WHERE id = ?1",
    )?
    .execute(params![
        said.message.0,
        chain.label,
        chain.sequence,
        Some(chain.previous).filter(|previous| *previous != EntryPrefix::NONE).map(|id| *id.as_bytes()),
    ])?;
    Ok(())
}

/// The index below which the server may have deleted entries; `None` without a log.
fn min_index(conn: &Connection, conversation: ConversationId) -> Result<Option<u64>, Fault> {
    let server = conn
        .prepare_cached("SELECT server FROM epochs WHERE conversation = ?1")?
        .query_row([conversation.0], |row| row.get(0))
        .optional()?;
    server.map_or(Ok(None), |server| log::min_index(conn, server))
}

/// A message came that is held: notes it if it is another entry.
pub(in crate::profile) fn copy(
    conn: &Connection,
    conversation: ConversationId,
    message: MessageId,
    entry: &EntryId,
    index: Option<u64>,
    touched: &mut Touched,
) -> Result<(), Fault> {
    let new = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO message_copies (conversation, entry, message, log_index)
             SELECT ?1, ?2, id, ?4 FROM messages WHERE id = ?3 AND entry_id IS NOT NULL AND entry_id <> ?2",
        )?
        .execute(params![conversation.0, entry.as_bytes(), message.0, index.map(u64::cast_signed)])?;
    if new > 0 {
        touched.insert(message);
        arrived(conn, conversation, &entry.prefix(), touched)?;
    }
    Ok(())
}
