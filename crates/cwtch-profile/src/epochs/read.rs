//! Epochs as they are shown and asked about.

use cwtch_log::EntryId;
use cwtch_primitives::Address;
use cwtch_primitives::group::GroupId;
use cwtch_wire::group::fork::{ForkId, Mode};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::EpochState;
use crate::Profile;
use crate::columns::{address, address_of, from_list, group_id, key_bytes, unsigned};
use crate::error::{StorageError, TxError};
use crate::groups;
use crate::hidden::UNHIDDEN;
use crate::types::{ConversationId, MessageId};

/// An epoch of a group, as it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EpochFacts {
    /// Its number among the group's epochs, from 1.
    pub number: u64,
    /// Its id.
    pub id: GroupId,
    /// The board that carries it.
    pub server: Address,
    /// The mode of its messages.
    pub mode: Mode,
    /// The name of its notice; [`ForkId::NONE`] without one.
    pub fork_id: ForkId,
    /// Its state.
    pub state: EpochState,
    /// Time at which it came into its state, unix seconds.
    pub since: i64,
    /// Time at which its key came here, unix seconds.
    pub joined: i64,
    /// True while messages that its server had before are still to be read.
    pub unread: bool,
    /// The index below which the server may have deleted messages when the epoch was read first.
    pub read_from: Option<u64>,
    /// The number of the newest own message, 0 before the first.
    pub own_sequence: u64,
    /// The number of the epoch that it was made from; `None` for one that was founded or joined.
    pub parent: Option<u64>,
    /// The maker, where it was made from another one.
    pub forker: Option<Address>,
    /// Time at which it was made, as its maker says, unix seconds.
    pub made: Option<i64>,
    /// The number of members that it lists.
    pub listed: u64,
    /// The numbers of members of the epoch before whom it leaves out, and of those whom it adds.
    pub left_out_count: u64,
    /// The number of members whom it adds.
    pub added_count: u64,
    /// Whom it leaves out; forgotten when it is closed.
    pub left_out: Vec<Address>,
    /// Whom it adds; forgotten when it is closed.
    pub added: Vec<Address>,
    /// The size of the log of its parent's server when it was made.
    pub begins: Option<u64>,
    /// True if it is on another server than its parent.
    pub moved: bool,
    /// Place in the conversation's order behind which it begins; `None` for the first, and until it is entered.
    pub place: Option<i64>,
    /// Entries that wait for the decision on it, or to enter the conversation.
    pub buffered: u64,
    /// The number of those who wrote in it.
    pub wrote: u64,
}

/// The newest own message of an epoch that may have left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OwnEnd {
    /// Its number.
    pub sequence: u32,
    /// Its entry.
    pub entry: EntryId,
}

impl Profile {
    /// The epochs of a group, oldest first; none for an unknown conversation.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn epochs(&self, conversation: ConversationId) -> Result<Vec<EpochFacts>, StorageError> {
        self.read("read a group's epochs", |conn| all(conn, conversation))
    }

    /// The epochs of a group that begin somewhere in its order, each with the message that stands first behind its beginning.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn beginnings(
        &self,
        conversation: ConversationId,
    ) -> Result<Vec<(MessageId, EpochFacts)>, StorageError> {
        self.read("find where epochs begin", |conn| {
            let mut first = conn.prepare_cached(&format!(
                "SELECT id FROM messages INDEXED BY messages_by_place
                 WHERE conversation = ?1 AND place > ?2 AND erased = 0 AND {UNHIDDEN} ORDER BY place, id LIMIT 1"
            ))?;
            let mut found = Vec::new();
            for epoch in all(conn, conversation)? {
                let Some(place) = epoch.place else { continue };
                let behind = first.query_row(params![conversation.0, place], |row| row.get(0)).optional()?;
                found.extend(behind.map(|id| (MessageId(id), epoch)));
            }
            Ok(found)
        })
    }

    /// The newest own message of an epoch that was composed and not given up: what the first message in the epoch behind it
    /// says. `None` without one.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn own_end(&self, conversation: ConversationId, epoch: u64) -> Result<Option<OwnEnd>, StorageError> {
        self.read("find the end of the own messages", |conn| {
            own_end(conn, &self.address, conversation, epoch)
        })
    }
}

/// As [`Profile::epochs`].
pub(crate) fn all(conn: &Connection, conversation: ConversationId) -> Result<Vec<EpochFacts>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT e.number, e.group_id, s.key, e.state, e.since, e.joined, e.unread, e.read_from,
             CASE WHEN e.chain_label IS NULL THEN 0 ELSE e.chain_next - 1 END, e.parent, e.forker, e.made, e.listed,
             e.left_out, e.added, e.begins, e.place, e.buffered, e.id,
             e.mode, e.fork_id,
             (SELECT count(*) FROM group_authors a WHERE a.conversation = e.conversation AND a.epoch = e.number),
             EXISTS (SELECT 1 FROM epochs p
                 WHERE p.conversation = e.conversation AND p.number = e.parent AND p.server <> e.server)
         FROM epochs e JOIN servers s ON s.id = e.server WHERE e.conversation = ?1 ORDER BY e.number",
    )?;
    let mut people =
        conn.prepare_cached("SELECT person, how FROM epoch_people WHERE epoch = ?1 ORDER BY person")?;
    let found = statement.query_map([conversation.0], |row| Ok((facts(row)?, row.get::<_, i64>(18)?)))?;
    let mut epochs = Vec::new();
    for row in found {
        let (mut epoch, id) = row?;
        for person in people.query_map([id], |row| Ok((address(row, 0)?, row.get::<_, i64>(1)?)))? {
            match person? {
                (person, 1) => epoch.left_out.push(person),
                (person, _) => epoch.added.push(person),
            }
        }
        epochs.push(epoch);
    }
    Ok(epochs)
}

fn facts(row: &Row<'_>) -> rusqlite::Result<EpochFacts> {
    let index = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<i64>>(column)?.map(i64::cast_unsigned));
    let forker: Option<[u8; 32]> = row.get(10)?;
    Ok(EpochFacts {
        number: unsigned(row, 0)?,
        id: group_id(row, 1)?,
        server: address(row, 2)?,
        mode: groups::mode(row, 19)?,
        fork_id: row.get::<_, Option<[u8; 32]>>(20)?.map_or(ForkId::NONE, ForkId::from_bytes),
        state: from_list(row, 3, EpochState::from_code)?,
        since: row.get(4)?,
        joined: row.get(5)?,
        unread: row.get(6)?,
        read_from: index(7)?,
        own_sequence: unsigned(row, 8)?,
        parent: index(9)?,
        forker: forker.map(|key| address_of(&key)).transpose()?,
        made: row.get(11)?,
        listed: unsigned(row, 12)?,
        left_out_count: unsigned(row, 13)?,
        added_count: unsigned(row, 14)?,
        left_out: Vec::new(),
        added: Vec::new(),
        begins: index(15)?,
        moved: row.get(22)?,
        place: row.get(16)?,
        buffered: unsigned(row, 17)?,
        wrote: unsigned(row, 21)?,
    })
}

/// As [`Profile::own_end`].
pub(crate) fn own_end(
    conn: &Connection,
    own: &Address,
    conversation: ConversationId,
    epoch: u64,
) -> Result<Option<OwnEnd>, TxError> {
    // State 5: given up. Of the chain that is the own one now: an earlier one may be a copy's.
    Ok(conn
        .prepare_cached(
            "SELECT m.chain_sequence, m.entry_id FROM epochs e JOIN messages m ON m.conversation = e.conversation
                 AND m.epoch = e.number AND m.author = ?3 AND m.chain_label = e.chain_label
             WHERE e.conversation = ?1 AND e.number = ?2 AND m.state <> 5 AND m.entry_id IS NOT NULL
             ORDER BY m.chain_sequence DESC LIMIT 1",
        )?
        .query_row(params![conversation.0, epoch.cast_signed(), key_bytes(own)], |row| {
            Ok(OwnEnd { sequence: row.get(0)?, entry: EntryId::from_bytes(row.get(1)?) })
        })
        .optional()?)
}
