//! Groups: their keys, names and where their message chain stands.

use cwtch_api::Purpose;
use cwtch_primitives::forks::DayKey;
use cwtch_primitives::group::{GroupId, GroupKey};
use cwtch_primitives::{Address, SecretBytes, Zeroizing};
use cwtch_wire::group::fork::{DayKeys, ForkId, Mode, Notice, ServerPart};
use rusqlite::{Connection, OptionalExtension, Row, ToSql, params};

use super::Profile;
use super::columns::{
    address, broken_blob, broken_integer, check_given_name, check_name, from_list, group_id, key_bytes,
    unsigned, writes_code, writes_of,
};
use super::error::{StorageError, TxError};
use super::lookup::{self, NAMING, naming};
use super::servers;
use super::types::{Added, ConversationId, Group, GroupCounts, History, NewGroup, NewNotice, Stretch};
use crate::names::clean;

const COLUMNS: &str =
    "SELECT g.conversation, g.group_id, g.key, g.name, s.key, g.joined, g.last_signature, g.unread,
     g.mode, g.fork_id, g.first_day, g.oldest_day, g.day_key, g.writes, g.number, g.stretch";
const FROM: &str = "FROM epochs g JOIN servers s ON s.id = g.server
    LEFT JOIN names n ON n.conversation = g.conversation";

/// The conversations of all groups that are shown.
pub(super) const SHOWN: &str = "SELECT conversation FROM epochs WHERE state = 1";

/// Epochs of one group whose keys are tried at most: the one that is written in, and the newest of the others.
pub(super) const EPOCHS_TRIED: usize = 8;

/// A query for groups, with what stands behind `FROM`.
fn select(rest: &str) -> String {
    format!("{COLUMNS}, {NAMING} {FROM} {rest}")
}

impl Profile {
    /// Adds a group. One that was joined ([`History::Replay`]) sends its server's sync back to the start,
    /// because what was passed over before may have been this group's.
    ///
    /// # Errors
    /// [`StorageError::UnknownServer`], [`StorageError::GroupChanged`] if the id is known with another
    /// key or server, [`StorageError::Text`] for a bad name, or trouble with the database.
    pub fn add_group(&mut self, new: &NewGroup, now: i64) -> Result<Added<Group>, StorageError> {
        match new.history {
            History::Empty => check_given_name(Purpose::GroupName, &new.name)?,
            History::Replay => check_name(Purpose::GroupName, &new.name)?,
        }
        self.write("add a group", |tx| {
            let server = servers::row_of(tx, &new.server)?;
            if let Some(written) = of_any_id(tx, &new.id)? {
                // Of one that is closed the key is gone: whatever the invite says of it, it leads here.
                let known = by_id(tx, &new.id)?;
                if known.is_some_and(|known| known.key != new.key || known.server != new.server) {
                    return Err(StorageError::GroupChanged.into());
                }
                return Ok(Added::Known(written));
            }
            // Who makes a group gives it its name; an invite's name is anybody's words.
            // Here the person wants to be, and now.
            tx.execute("UPDATE servers SET wait_since = NULL, wait_seconds = NULL WHERE id = ?1", [server])?;
            let title = (new.history == History::Empty).then_some(&new.name);
            tx.execute("INSERT INTO conversations (kind, title) VALUES (2, ?1)", [title])?;
            let conversation = ConversationId(tx.last_insert_rowid());
            tx.execute(
                "INSERT INTO epochs (conversation, number, group_id, key, name, server, joined, unread, since)
                 VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?6)",
                params![
                    conversation.0,
                    new.id.as_bytes(),
                    new.key.expose(),
                    new.name,
                    server,
                    now,
                    new.history == History::Replay,
                ],
            )?;
            if let Some(announced) = &new.notice {
                announce(tx, &new.id, announced)?;
            }
            lookup::refresh_group(tx, conversation)?;
            if new.history == History::Replay {
                tx.execute(
                    "UPDATE servers SET cursor = NULL, refetch = 1, refetch_index = NULL, refetch_after = 0,
                         epoch = epoch + 1
                     WHERE id = ?1",
                    [server],
                )?;
            }
            Ok(Added::New(by_id(tx, &new.id)?.ok_or(StorageError::UnknownGroup)?))
        })
    }

    /// All groups, in the order in which they were added, each as it is written to.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn groups(&self) -> Result<Vec<Group>, StorageError> {
        self.read("list the groups", |conn| {
            let mut statement = conn.prepare_cached(&select("WHERE g.state = 1 ORDER BY g.conversation"))?;
            let found = statement.query_map([], group)?.collect::<Result<_, _>>()?;
            Ok(found)
        })
    }

    /// A group as it is written to, by the id of any of its epochs, be it closed.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn group(&self, id: &GroupId) -> Result<Option<Group>, StorageError> {
        self.read("read a group", |conn| of_any_id(conn, id))
    }

    /// An epoch of a group that is read, by its own id.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn epoch(&self, id: &GroupId) -> Result<Option<Group>, StorageError> {
        self.read("read an epoch", |conn| by_id(conn, id))
    }

    /// The epochs of all groups that are read: those that are written in, that are undecided and that are closing.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn epochs_read(&self) -> Result<Vec<Group>, StorageError> {
        self.read("list the epochs", |conn| tried(conn, "", params![]))
    }

    /// The notice that announced a group, verified again; `None` for a group without one.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn notice_of(&self, id: &GroupId) -> Result<Option<Notice>, StorageError> {
        self.read("read a group's notice", |conn| notice_of(conn, id))
    }

    /// The keys of a group's server as its notice or its invite brought them; `None` where neither did.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], or trouble with the database.
    pub fn server_part_of(&self, id: &GroupId) -> Result<Option<ServerPart>, StorageError> {
        self.read("read a group's notice", |conn| {
            let bytes: Option<Vec<u8>> = conn
                .prepare_cached("SELECT server_part FROM epochs WHERE group_id = ?1")?
                .query_row([id.as_bytes()], |row| row.get(0))
                .optional()?
                .ok_or(StorageError::UnknownGroup)?;
            Ok(bytes.as_deref().and_then(ServerPart::from_bytes))
        })
    }

    /// The group of a conversation.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn group_of(&self, conversation: ConversationId) -> Result<Option<Group>, StorageError> {
        self.read("read a group", |conn| by_conversation(conn, conversation))
    }

    /// Gives a group a name of the person's own, or with `None` shows its maker's again. Invites keep the maker's.
    ///
    /// # Errors
    /// [`StorageError::UnknownGroup`], [`StorageError::Text`], [`StorageError::Name`], or trouble with the database.
    pub fn rename_group(&mut self, id: &GroupId, name: Option<&str>) -> Result<Group, StorageError> {
        if let Some(name) = name {
            check_given_name(Purpose::GroupName, name)?;
        }
        self.write("rename a group", |tx| {
            let group = of_any_id(tx, id)?.ok_or(StorageError::UnknownGroup)?;
            tx.execute(
                "UPDATE conversations SET title = ?2 WHERE id = ?1",
                params![group.conversation.0, name.map(clean)],
            )?;
            lookup::refresh_group(tx, group.conversation)?;
            Ok(of_any_id(tx, id)?.ok_or(StorageError::UnknownGroup)?)
        })
    }

    /// Counts the messages and the authors of a group; both are 0 for an unknown conversation.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn group_counts(&self, conversation: ConversationId) -> Result<GroupCounts, StorageError> {
        self.read("count a group's messages", |conn| {
            Ok(conn
                .prepare_cached("SELECT messages, authors FROM conversations WHERE id = ?1")?
                .query_row([conversation.0], |row| {
                    Ok(GroupCounts { messages: unsigned(row, 0)?, authors: unsigned(row, 1)? })
                })
                .optional()?
                .unwrap_or_default())
        })
    }
}

/// Keeps what a notice makes of a group.
pub(super) fn announce(conn: &Connection, group: &GroupId, new: &NewNotice) -> Result<(), TxError> {
    let (notice, days) = (&new.notice, new.days.as_ref());
    if notice.fields().mode.is_daily() != days.is_some() {
        return Err(StorageError::Damaged.into());
    }
    conn.execute(
        "UPDATE epochs SET mode = ?2, notice = ?3, fork_id = ?4, first_day = ?5, oldest_day = ?6, day_key = ?7,
             writes = ?8, inviter = ?9, server_part = ?10 WHERE group_id = ?1",
        params![
            group.as_bytes(),
            notice.fields().mode.byte(),
            notice.to_bytes(),
            notice.fork_id().as_bytes(),
            days.map(|_| notice.first_day().cast_signed()),
            days.map(DayKeys::oldest),
            days.map(|days| days.oldest_key().box_key().expose()),
            writes_code(new.writes),
            new.inviter.as_ref().map(key_bytes),
            new.server.as_ref().map(ServerPart::to_bytes),
        ],
    )?;
    Ok(())
}

/// The epoch with this id, where it is read.
pub(super) fn by_id(conn: &Connection, id: &GroupId) -> Result<Option<Group>, TxError> {
    let clause = "WHERE g.group_id = ?1 AND g.key IS NOT NULL";
    Ok(conn.prepare_cached(&select(clause))?.query_row([id.as_bytes()], group).optional()?)
}

/// The notice that announced a group.
pub(super) fn notice_of(conn: &Connection, id: &GroupId) -> Result<Option<Notice>, TxError> {
    let bytes: Option<Vec<u8>> = conn
        .prepare_cached("SELECT notice FROM epochs WHERE group_id = ?1")?
        .query_row([id.as_bytes()], |row| row.get(0))
        .optional()?
        .ok_or(StorageError::UnknownGroup)?;
    let Some(bytes) = bytes else { return Ok(None) };
    Ok(Some(Notice::from_bytes(&bytes).map_err(|_| broken_blob(0))?))
}

/// The group with an epoch that has or had this id, as it is written to.
pub(super) fn of_any_id(conn: &Connection, id: &GroupId) -> Result<Option<Group>, TxError> {
    let clause =
        "WHERE g.state = 1 AND g.conversation = (SELECT conversation FROM epochs WHERE group_id = ?1)";
    Ok(conn.prepare_cached(&select(clause))?.query_row([id.as_bytes()], group).optional()?)
}

/// The group of a conversation, as it is written to.
pub(super) fn by_conversation(conn: &Connection, id: ConversationId) -> Result<Option<Group>, TxError> {
    let clause = "WHERE g.conversation = ?1 AND g.state = 1";
    Ok(conn.prepare_cached(&select(clause))?.query_row([id.0], group).optional()?)
}

/// An epoch of a conversation, where it is read.
pub(super) fn by_number(
    conn: &Connection,
    conversation: ConversationId,
    number: i64,
) -> Result<Option<Group>, TxError> {
    let clause = "WHERE g.conversation = ?1 AND g.number = ?2 AND g.key IS NOT NULL";
    Ok(conn.prepare_cached(&select(clause))?.query_row([conversation.0, number], group).optional()?)
}

/// The epochs on a server that are read, whose keys are tried.
pub(super) fn of_server(conn: &Connection, server: &Address) -> Result<Vec<Group>, TxError> {
    tried(conn, "AND s.key = ?1", params![key_bytes(server)])
}

/// All epochs on a server whose keys are there, whether they are tried or not.
pub(super) fn with_keys(conn: &Connection, server: &Address) -> Result<Vec<Group>, TxError> {
    let clause = "WHERE g.key IS NOT NULL AND s.key = ?1 ORDER BY g.conversation, g.number";
    let mut statement = conn.prepare_cached(&select(clause))?;
    let found = statement.query_map([key_bytes(server)], group)?;
    Ok(found.collect::<Result<_, _>>()?)
}

/// The epochs that are read: of each group the one that is written in first, then those of which the state is the newest.
fn tried(conn: &Connection, and: &str, params: &[&dyn ToSql]) -> Result<Vec<Group>, TxError> {
    let mut statement = conn.prepare_cached(&select(&format!(
        "WHERE g.key IS NOT NULL {and}
         ORDER BY g.conversation, g.state <> 1, g.since DESC, g.number DESC"
    )))?;
    let mut found: Vec<Group> = statement.query_map(params, group)?.collect::<Result<_, _>>()?;
    let mut of_one = (None, 0);
    found.retain(|group| {
        of_one = if of_one.0 == Some(group.conversation) {
            (of_one.0, of_one.1 + 1)
        } else {
            (Some(group.conversation), 1)
        };
        of_one.1 <= EPOCHS_TRIED
    });
    Ok(found)
}

fn group(row: &Row<'_>) -> rusqlite::Result<Group> {
    let key = Zeroizing::new(row.get::<_, [u8; 32]>(2)?);
    Ok(Group {
        conversation: ConversationId(row.get(0)?),
        id: group_id(row, 1)?,
        key: GroupKey::new(*key),
        name: row.get(3)?,
        server: address(row, 4)?,
        joined: row.get(5)?,
        last_signature: row.get(6)?,
        unread: row.get(7)?,
        mode: mode(row, 8)?,
        fork_id: row.get::<_, Option<[u8; 32]>>(9)?.map_or(ForkId::NONE, ForkId::from_bytes),
        days: days(row, 10)?,
        writes: from_list(row, 13, writes_of)?,
        epoch: unsigned(row, 14)?,
        stretch: Stretch::beginning(row.get(15)?),
        naming: naming(row, 16)?,
    })
}

/// The mode of an epoch.
pub(super) fn mode(row: &Row<'_>, column: usize) -> rusqlite::Result<Mode> {
    Mode::from_byte(row.get(column)?).ok_or_else(|| broken_integer(column))
}

/// `first_day`, `oldest_day` and `day_key`, from three columns in a row.
fn days(row: &Row<'_>, first: usize) -> rusqlite::Result<Option<DayKeys>> {
    let Some(first_day) = row.get::<_, Option<i64>>(first)? else { return Ok(None) };
    let Some(key) = row.get::<_, Option<[u8; 32]>>(first + 2)?.map(Zeroizing::new) else { return Ok(None) };
    let key = DayKey::new(SecretBytes::new(*key));
    Ok(Some(DayKeys::new(first_day.cast_unsigned(), row.get(first + 1)?, key)))
}
