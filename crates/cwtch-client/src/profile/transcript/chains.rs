//! Authors' chains: loaded, given the next message, stored.

use cwtch_log::MsgId;
use cwtch_protocol::transcript::{AuthorChain, Hole, Taken};
use rusqlite::{Connection, OptionalExtension, params};

use super::Touched;
use crate::profile::columns::unsigned;
use crate::profile::error::Fault;
use crate::profile::types::{ConversationId, MessageId};

/// Chains of an author in a group that are followed; messages of further ones are weak.
const CHAINS_MAX: i64 = 16;

/// One chain of one author.
#[derive(Clone, Copy)]
pub(super) struct ChainName<'a> {
    pub(super) conversation: ConversationId,
    pub(super) author: &'a [u8; 32],
    pub(super) label: u32,
}

/// A message with its place in a chain.
pub(super) struct Link<'a> {
    pub(super) sequence: u32,
    pub(super) id: &'a MsgId,
    /// Its index; 0 where there is no log.
    pub(super) index: u64,
    /// What it says was given up.
    pub(super) abandoned: &'a [u32],
}

impl ChainName<'_> {
    /// Whether the chain is followed: it is known, or there is room for one more.
    pub(super) fn is_followed(&self, conn: &Connection) -> Result<bool, Fault> {
        if self.load(conn)?.is_some() {
            return Ok(true);
        }
        let others: i64 = conn
            .prepare_cached("SELECT count(*) FROM chains WHERE conversation = ?1 AND author = ?2")?
            .query_row(params![self.conversation.0, self.author], |row| row.get(0))?;
        Ok(others < CHAINS_MAX)
    }

    /// Takes a message. `from_start` says that everything before the first message should be here; else a chain begins
    /// with the first one that comes.
    pub(super) fn take(
        &self,
        conn: &Connection,
        link: &Link<'_>,
        from_start: bool,
        touched: &mut Touched,
    ) -> Result<(), Fault> {
        let mut chain = match self.load(conn)? {
            Some(chain) => chain,
            None if from_start => AuthorChain::new(),
            None => AuthorChain::restore(link.sequence.saturating_sub(1), None, Vec::new(), 0),
        };
        let before: Vec<Hole> = chain.holes().to_vec();
        let holder = self.holders(conn, link.sequence)?;
        let known = |_: u32| holder.first().map(|(_, id)| *id);
        let taken = chain.take(link.sequence, link.id, link.index, link.abandoned, known);
        if let Taken::Equivocation { .. } = taken {
            touched.extend(holder.iter().map(|(message, _)| *message));
        }
        // The messages behind holes that changed are the ones that speak of them.
        for hole in before.iter().filter(|hole| !chain.holes().contains(hole)) {
            touched
                .extend(self.holders(conn, hole.last.saturating_add(1))?.iter().map(|(message, _)| *message));
        }
        self.store(conn, &chain, &before)
    }

    fn load(&self, conn: &Connection) -> Result<Option<AuthorChain>, Fault> {
        let name = params![self.conversation.0, self.author, self.label];
        let row = conn
            .prepare_cached(
                "SELECT highest, highest_index, forgotten FROM chains
                 WHERE conversation = ?1 AND author = ?2 AND label = ?3",
            )?
            .query_row(name, |row| {
                Ok((row.get(0)?, row.get::<_, Option<i64>>(1)?.map(i64::cast_unsigned), row.get(2)?))
            })
            .optional()?;
        let Some((highest, index, forgotten)) = row else { return Ok(None) };
        let mut statement = conn.prepare_cached(
            "SELECT first, last, after_index, before_index FROM chain_holes
             WHERE conversation = ?1 AND author = ?2 AND label = ?3 ORDER BY first",
        )?;
        let holes = statement.query_map(name, |row| {
            Ok(Hole {
                first: row.get(0)?,
                last: row.get(1)?,
                after: row.get::<_, Option<i64>>(2)?.map(i64::cast_unsigned),
                before: unsigned(row, 3)?,
            })
        })?;
        let holes = holes.collect::<Result<_, _>>()?;
        Ok(Some(AuthorChain::restore(highest, index, holes, forgotten)))
    }

    fn store(&self, conn: &Connection, chain: &AuthorChain, before: &[Hole]) -> Result<(), Fault> {
        conn.prepare_cached(
            "INSERT OR REPLACE INTO chains (conversation, author, label, highest, highest_index, forgotten)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![
            self.conversation.0,
            self.author,
            self.label,
            chain.highest(),
            chain.highest_index().map(u64::cast_signed),
            chain.forgotten(),
        ])?;
        if chain.holes() == before {
            return Ok(());
        }
        conn.prepare_cached(
            "DELETE FROM chain_holes WHERE conversation = ?1 AND author = ?2 AND label = ?3",
        )?
        .execute(params![self.conversation.0, self.author, self.label])?;
        let mut insert = conn.prepare_cached(
            "INSERT INTO chain_holes (conversation, author, label, first, last, after_index, before_index)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        for hole in chain.holes() {
            insert.execute(params![
                self.conversation.0,
                self.author,
                self.label,
                hole.first,
                hole.last,
                hole.after.map(u64::cast_signed),
                hole.before.cast_signed(),
            ])?;
        }
        Ok(())
    }

    /// The messages that have a number: one, unless the author used it twice.
    fn holders(&self, conn: &Connection, number: u32) -> Result<Vec<(MessageId, MsgId)>, Fault> {
        let mut statement = conn.prepare_cached(
            "SELECT id, message_hash FROM messages WHERE conversation = ?1 AND author = ?2 AND chain_label = ?3
                 AND chain_sequence = ?4 AND message_hash IS NOT NULL ORDER BY id",
        )?;
        let found = statement
            .query_map(params![self.conversation.0, self.author, self.label, number], |row| {
                Ok((MessageId(row.get(0)?), MsgId::from_bytes(row.get(1)?)))
            })?;
        Ok(found.collect::<Result<_, _>>()?)
    }
}
