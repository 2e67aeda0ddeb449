//! Sealing a group: everything about it goes that is not needed to go on talking, and the database gets another key.

use cwtch_primitives::CryptoRngCore;
use cwtch_primitives::group::GroupId;
use rusqlite::params;

use super::invites::scrub_all;
use super::list::{POSTED, SECRET};
use super::texts::forget_older;
use crate::afterwards::take_back;
use crate::columns::unsigned;
use crate::epochs::change::close;
use crate::error::StorageError;
use crate::search::in_bulk;
use crate::types::MessageId;
use crate::{Profile, groups};

/// Result of sealing a group: how much was erased.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sealed {
    /// Messages whose texts were forgotten because of their age.
    pub texts: u64,
    /// Messages that held an invite to the group, in all conversations.
    pub invites: u64,
    /// Own messages that waited to be sent, and are given up.
    pub given_up: Vec<MessageId>,
}

impl Profile {
    /// Seals a group. Erased are what messages say that came before a moment (`None`: nothing), invites to the group in all
    /// conversations, all of its messages as they were posted, its queued posts, which are given up, and the keys of epochs that
    /// were left. Then the whole
    /// database is written anew under a fresh key. When it returns, nothing of that is in the files, and no copy of them from
    /// before says anything about what comes later; after a crash either key opens the database.
    ///
    /// No [`Reader`](crate::Reader) may be open: its key is not the database's any more.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database, a full disk above all: then it may be erased, and not be
    /// written anew, and sealing again goes on.
    pub fn seal_group(
        &mut self,
        group: &GroupId,
        before: Option<i64>,
        now: i64,
        rng: &mut impl CryptoRngCore,
    ) -> Result<Sealed, StorageError> {
        const DOING: &str = "seal a group";
        let own = self.address;
        let (sealed, conversation) = self.erase(DOING, |tx| {
            let conversation = groups::of_any_id(tx, group)?.ok_or(StorageError::UnknownGroup)?.conversation;
            // The server had these and lost them: they were sent, and are not posted again.
            tx.execute(
                "UPDATE messages SET state = 4 WHERE conversation = ?1 AND state IN (1, 2) AND reposted = 1",
                [conversation.0],
            )?;
            let mut statement =
                tx.prepare("SELECT id FROM messages WHERE conversation = ?1 AND own = 1 AND state IN (1, 2)")?;
            let queued = statement.query_map([conversation.0], |row| Ok(MessageId(row.get(0)?)))?;
            let queued = queued.collect::<Result<Vec<_>, _>>()?;
            for message in &queued {
                take_back(tx, &own, *message)?;
            }
            let texts = match before {
                Some(before) => in_bulk(tx, || forget_older(tx, conversation, before, -1))?,
                None => 0,
            };
            for table in POSTED {
                tx.execute(
                    &format!(
                        "DELETE FROM {table} WHERE message IN (SELECT id FROM messages WHERE conversation = ?1)"
                    ),
                    [conversation.0],
                )?;
            }
            let invites = scrub_all(tx, &own, conversation)?;
            // Epochs that are read on for those who come late are read no more.
            let mut statement = tx.prepare("SELECT number FROM epochs WHERE conversation = ?1 AND state = 3")?;
            let closing = statement.query_map([conversation.0], |row| unsigned(row, 0))?;
            for number in closing.collect::<Result<Vec<_>, _>>()? {
                close(tx, &own, conversation, number, now)?;
            }
            let mut statement = tx.prepare("SELECT id FROM epochs WHERE conversation = ?1 AND state = 1")?;
            let written = statement.query_map([conversation.0], |row| row.get::<_, i64>(0))?;
            for row in written.collect::<Result<Vec<_>, _>>()? {
                tx.execute(SECRET, [row])?;
            }
            Ok((Sealed { texts, invites, given_up: queued }, conversation))
        })?;
        self.renew(rng)?;
        self.write(DOING, |tx| {
            let sealed = params![conversation.0, now];
            tx.execute("UPDATE conversations SET sealed = ?2 WHERE id = ?1", sealed)?;
            Ok(())
        })?;
        Ok(sealed)
    }
}
