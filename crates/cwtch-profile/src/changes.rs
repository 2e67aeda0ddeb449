//! The change feed: each stored change that is shown to a person as a numbered row of its own transaction.
//!
//! Triggers of the database write the rows (schema/0011_changes.sql and later ones), so that a change and its row are durable together,
//! whichever part of the program made it. A row says what changed, not how: whoever reads it later reads the present state.
//! The newest [`KEPT`] rows are kept; who comes too late for the others hears so, and reads everything anew.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::Profile;
use super::columns::from_list;
use super::error::{FeedBounds, StorageError, TxError};
use super::types::{ConversationId, MessageId, StoredMessage};

/// So many of the newest changes are kept at least; the schema's trigger has this number, too.
pub const KEPT: i64 = 100_000;
/// Jump of the numbers when a database was put back: nobody has been told any of those numbers.
const JUMP: i64 = 1 << 32;

/// Meaning of a row of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum What {
    /// The feed begins here: what was before is not told.
    Begun,
    /// A message came, or was written.
    Message,
    /// A message's state changed, as far as a person is concerned.
    State,
    /// A message was deleted here.
    Erased,
    /// A message stands elsewhere in its conversation.
    Place,
    /// The notes about a message changed: all that there is to say beside its text.
    Notes,
    /// Many messages of the conversation stand elsewhere.
    Order,
    /// The notes about many messages of the conversation changed.
    ManyNotes,
    /// Texts of the conversation were forgotten.
    Texts,
    /// All that had been said in the conversation is deleted.
    Cleared,
    /// Somebody is known here for the first time.
    ContactNew,
    /// A contact's state, name or attributes changed.
    Contact,
    /// A contact was forgotten, with its messages.
    ContactRemoved,
    /// A group was made here.
    GroupMade,
    /// A group was joined.
    GroupJoined,
    /// A group has another name.
    Group,
    /// A group was left.
    GroupLeft,
    /// Another epoch of a group is known, or one came into another state.
    Epoch,
    /// The person is asked other things about forks of a group than before, or there is something to say of an own one.
    Forks,
    /// The person hides other members of a group than before.
    Hidden,
    /// The person did something with a conversation: read, muted, pinned or archived it, or wrote a draft. Or what a group
    /// that was joined had before is read.
    Conversation,
    /// Another time after which messages with a contact vanish is proposed or in force, or the contact's program does not know it.
    Vanishing,
    /// A server was added.
    ServerAdded,
    /// Another standing of a server's log is known, other than by reading on.
    Server,
    /// A server was forgotten.
    ServerRemoved,
    /// A server did what no honest server does, or that can be proven now.
    Alarm,
    /// Something was noticed about a server's log.
    Notice,
    /// Evidence against a server was found.
    Evidence,
    /// A message of a server failed a check.
    Rejected,
    /// The person chose something for the profile: attributes, experiments, its presence, whether strangers may ask.
    Settings,
    /// Another copy of the profile was seen, or the person said that this is the only one.
    Copy,
}

impl What {
    const ALL: [Self; 31] = [
        Self::Begun,
        Self::Message,
        Self::State,
        Self::Erased,
        Self::Place,
        Self::Notes,
        Self::Order,
        Self::ManyNotes,
        Self::Texts,
        Self::Cleared,
        Self::ContactNew,
        Self::Contact,
        Self::ContactRemoved,
        Self::GroupMade,
        Self::GroupJoined,
        Self::Group,
        Self::GroupLeft,
        Self::Epoch,
        Self::Forks,
        Self::Hidden,
        Self::Conversation,
        Self::Vanishing,
        Self::ServerAdded,
        Self::Server,
        Self::ServerRemoved,
        Self::Alarm,
        Self::Notice,
        Self::Evidence,
        Self::Rejected,
        Self::Settings,
        Self::Copy,
    ];

    /// The schema's number.
    pub(super) fn code(self) -> i64 {
        match self {
            Self::Begun => 0,
            Self::Message => 1,
            Self::State => 2,
            Self::Erased => 3,
            Self::Place => 4,
            Self::Notes => 5,
            Self::Order => 6,
            Self::ManyNotes => 7,
            Self::Texts => 8,
            Self::Cleared => 9,
            Self::ContactNew => 10,
            Self::Contact => 11,
            Self::ContactRemoved => 12,
            Self::GroupMade => 20,
            Self::GroupJoined => 21,
            Self::Group => 22,
            Self::GroupLeft => 23,
            Self::Epoch => 24,
            Self::Forks => 25,
            Self::Hidden => 26,
            Self::Conversation => 30,
            Self::Vanishing => 31,
            Self::ServerAdded => 40,
            Self::Server => 41,
            Self::ServerRemoved => 42,
            Self::Alarm => 43,
            Self::Notice => 44,
            Self::Evidence => 45,
            Self::Rejected => 46,
            Self::Settings => 50,
            Self::Copy => 51,
        }
    }

    fn from_code(code: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|what| what.code() == code)
    }
}

/// A row of the feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChangeRow {
    /// Its number.
    pub seq: i64,
    /// The conversation that it concerns, where it concerns one.
    pub conversation: Option<ConversationId>,
    /// The message, where it concerns one.
    pub message: Option<MessageId>,
    /// The number of what else it concerns: a server ([`Profile::server_by_number`]), a notice, a piece of evidence, a refused
    /// message; with a conversation, one of its epochs.
    pub about: Option<i64>,
    /// The kind of change.
    pub what: What,
}

/// News of what was just committed, for the owner of a profile, without reading it back.
#[derive(Debug, Default)]
pub(super) struct News {
    /// True while somebody listens.
    listening: bool,
    /// True if something was committed since it was last asked.
    written: bool,
    /// Messages that were stored since then, as they were stored.
    fresh: Vec<StoredMessage>,
}

impl News {
    /// True if messages that are stored now are to be kept.
    pub(super) fn wanted(&self) -> bool {
        self.listening
    }

    /// A transaction was committed; these messages were stored in it.
    pub(super) fn committed(&mut self, mut fresh: Vec<StoredMessage>) {
        self.written = true;
        self.fresh.append(&mut fresh);
    }
}

impl Profile {
    /// Rows with numbers above `after`, the lowest first, at most `limit`.
    ///
    /// # Errors
    /// [`StorageError::ChangesGone`] if not all of them are kept, or trouble with the database.
    pub fn changes_after(&self, after: i64, limit: u32) -> Result<Vec<ChangeRow>, StorageError> {
        self.read("read what changed", |conn| {
            let bounds = bounds(conn)?;
            if !bounds.covers(after) {
                return Err(StorageError::ChangesGone { after, bounds }.into());
            }
            rows_after(conn, after, limit)
        })
    }

    /// The same for who has read all rows up to `after` already.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn next_changes(&self, after: i64, limit: u32) -> Result<Vec<ChangeRow>, StorageError> {
        self.read("read what changed", |conn| rows_after(conn, after, limit))
    }

    /// The numbers that can be had.
    ///
    /// # Errors
    /// Trouble with the database.
    pub fn feed_bounds(&self) -> Result<FeedBounds, StorageError> {
        self.read("read what changed", bounds)
    }

    /// Keeps messages that are stored from now on for [`Profile::take_fresh`], or keeps none.
    pub fn listen(&mut self, listening: bool) {
        self.news.listening = listening;
    }

    /// True if something was committed since the last call.
    pub fn take_written(&mut self) -> bool {
        std::mem::take(&mut self.news.written)
    }

    /// The messages that were stored since the last call, as they were stored, if somebody listens.
    pub fn take_fresh(&mut self) -> Vec<StoredMessage> {
        std::mem::take(&mut self.news.fresh)
    }
}

fn rows_after(conn: &Connection, after: i64, limit: u32) -> Result<Vec<ChangeRow>, TxError> {
    let mut statement = conn.prepare_cached(
        "SELECT seq, conversation, message, about, what FROM changes WHERE seq > ?1 ORDER BY seq LIMIT ?2",
    )?;
    let rows = statement.query_map(params![after, limit], row)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn row(row: &Row<'_>) -> rusqlite::Result<ChangeRow> {
    Ok(ChangeRow {
        seq: row.get(0)?,
        conversation: row.get::<_, Option<i64>>(1)?.map(ConversationId),
        message: row.get::<_, Option<i64>>(2)?.map(MessageId),
        about: row.get(3)?,
        what: from_list(row, 4, What::from_code)?,
    })
}

fn bounds(conn: &Connection) -> Result<FeedBounds, TxError> {
    // Two look-ups; both in one query would read the whole table.
    let end = |order: &str| {
        let seq = conn
            .prepare_cached(&format!("SELECT seq FROM changes ORDER BY seq {order} LIMIT 1"))?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok::<Option<i64>, TxError>(seq)
    };
    Ok(FeedBounds { oldest: end("ASC")?.unwrap_or(1), newest: end("DESC")?.unwrap_or(0) })
}

/// The database was put back as it was before: numbers that were told meanwhile must not be given to other changes, and
/// whoever was told them has to read everything anew.
pub(super) fn begin_anew(conn: &Connection) -> Result<(), TxError> {
    let newest = bounds(conn)?.newest;
    conn.execute("DELETE FROM changes", [])?;
    conn.execute(
        "INSERT INTO changes (seq, what) VALUES (?1, ?2)",
        params![newest.saturating_add(JUMP), What::Begun.code()],
    )?;
    Ok(())
}
