//! Parts of packages on a server that is not used any more because it cheated: own ones that go there as the last thing, and those
//! of others that are still found there. Nothing else of such a server is kept: no message, no place, no word of its log.

use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_protocol::group::fork::{Event, Member};
use cwtch_wire::group::fork::Part;
use rusqlite::params;

use super::act::{Act, epoch_of, epochs};
use super::packages::{self, PartKept};
use crate::Profile;
use crate::columns::key_bytes;
use crate::error::StorageError;
use crate::posts;
use crate::types::{MessageId, PendingPost};

/// A part that stood in a verified message of a group.
#[derive(Debug, Clone)]
pub struct Salvaged {
    /// The epoch of the message.
    pub group: GroupId,
    /// Its author, whose signature was verified.
    pub author: Member,
    /// The part.
    pub part: Part,
}

impl Profile {
    /// Queued messages to a server that carry a part of a package: all that goes to one that is not used any more.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn pending_parts(&self, server: &Address, limit: u32) -> Result<Vec<PendingPost>, StorageError> {
        let parts: Vec<i64> = self.read("read the queue", |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT p.message FROM posts p JOIN servers s ON s.id = p.server JOIN fork_posts f ON f.message = p.message
                 WHERE s.key = ?1 AND f.control = 1 AND f.part IS NOT NULL ORDER BY p.message LIMIT ?2",
            )?;
            let rows = statement.query_map(params![key_bytes(server), limit], |row| row.get(0))?;
            Ok(rows.collect::<Result<_, _>>()?)
        })?;
        let mut found = Vec::new();
        for part in parts {
            let post = self.pending_posts(server, MessageId(part - 1), 1)?;
            found.extend(post.into_iter().filter(|post| post.id.0 == part));
        }
        Ok(found)
    }

    /// A server that is not used any more did not take a part: it is given up, and a fork that waited for it goes on, as one
    /// that the server has not confirmed.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn part_refused(&mut self, post: MessageId) -> Result<(), StorageError> {
        let own = self.address;
        self.write("note a refused part", |tx| {
            tx.prepare_cached(
                "UPDATE fork_postings SET goes_on = 2 WHERE goes_on = 0 AND (conversation, fork) IN
                     (SELECT m.conversation, f.fork FROM fork_posts f JOIN messages m ON m.id = f.message WHERE m.id = ?1)",
            )?
            .execute([post.0])?;
            posts::give_up(tx, &own, post)
        })
    }

    /// Keeps parts that were found on a server that is not used any more, and lets the rules decide about packages that are
    /// whole. Tells whether that made an epoch known.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn keep_salvaged(&mut self, parts: &[Salvaged], now: u64) -> Result<bool, StorageError> {
        let own = self.address;
        self.write("keep parts of packages", |tx| {
            let act = Act { tx, own: &own, now, late: true };
            let before = epochs(tx)?;
            let mut whole = Vec::new();
            for Salvaged { group, author, part } in
                parts.iter().filter(|found| found.author != *own.public_key())
            {
                let Some((conversation, epoch)) = epoch_of(tx, group)? else { continue };
                if let PartKept::Complete(id) =
                    packages::keep(tx, conversation, author, Some(&epoch), part, now)?
                {
                    whole.push(id);
                }
            }
            for id in whole {
                if let Some(conversation) = act.open(id)? {
                    act.happens(conversation, &Event::Tick)?;
                }
            }
            Ok(before != epochs(tx)?)
        })
    }
}
